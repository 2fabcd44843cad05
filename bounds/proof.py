"""Proofs as data: steps that engines check, with falsified variants that the same engines must refute.

A step states a claim in one line, the engine that checks it, and at least one falsified variant (a constant made
smaller, an inequality reversed, a hypothesis dropped). A step whose falsified variant is not refuted is a failed step:
either the variant is true, and the claim is not the sharpest, or the engine cannot tell true from false.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .engines.engine import Engine, Fact, given
from .engines.relations import substituted
from .outcome import Outcome, Verdict

__all__ = ["Fact", "Falsified", "Proof", "ProofReport", "Step", "StepReport", "check_proof", "given"]


@dataclass(frozen=True)
class Falsified:
    """What was changed in the claim, and the changed claim, which its engine has to refute."""

    change: str
    engine: Engine


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a proof.

    `uses` names earlier steps that the claim rests on besides those whose conclusions are among the engine's facts.
    """

    name: str
    claim: str
    engine: Engine
    falsified: tuple[Falsified, ...]
    uses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.falsified:
            raise ValueError(f"step {self.name} has no falsified variant: a check that nothing fails shows nothing")

    def at(self, values: Mapping[Any, Any] | None = None) -> Fact:
        """The conclusion as a fact for later steps, with symbols replaced."""
        if self.engine.conclusion is None:
            raise ValueError(f"step {self.name} has no conclusion in symbols: name it under `uses` instead")
        return Fact(self.name, substituted(self.engine.conclusion, dict(values or {})), assumed=False)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The names of the assumed facts that the engine uses."""
        return tuple(dict.fromkeys(fact.source for fact in self.engine.facts if fact.assumed))

    @property
    def premises(self) -> tuple[str, ...]:
        """The names of the earlier steps that the claim rests on."""
        return tuple(dict.fromkeys((*self.uses, *(fact.source for fact in self.engine.facts if not fact.assumed))))


@dataclass(frozen=True)
class Proof:
    """The steps of one theorem's proof, in an order in which each uses only earlier ones.

    `rests_on` are proofs, with those that they rest on, whose steps may be used as well.
    """

    theorem: str
    title: str
    steps: tuple[Step, ...]
    rests_on: tuple[Proof, ...] = ()

    def __post_init__(self) -> None:
        known = set().union(*(proof.step_names for proof in self.rests_on))
        for step in self.steps:
            unknown = [name for name in step.premises if name not in known]
            if unknown:
                raise ValueError(f"step {step.name} uses {unknown[0]}, which is no earlier step of {self.theorem}")
            if step.name in known:
                raise ValueError(f"two steps of {self.theorem} are called {step.name}")
            known.add(step.name)

    @property
    def step_names(self) -> set[str]:
        """The names of all steps, those of the proofs that this one rests on included."""
        return {step.name for step in self.steps}.union(*(proof.step_names for proof in self.rests_on))


@dataclass(frozen=True)
class StepReport:
    """What became of a step, and of its falsified variants where they were tried."""

    step: Step
    found: Outcome
    seconds: float
    falsified: tuple[tuple[str, Outcome], ...] = ()

    @property
    def outcome(self) -> Verdict:
        """The verdict on the step: inconclusive if a falsified variant was not refuted."""
        if any(outcome.verdict is not Verdict.REFUTED for _, outcome in self.falsified):
            return Verdict.INCONCLUSIVE
        return self.found.verdict

    @property
    def reason(self) -> str:
        """Why the verdict is what it is."""
        missed = [change for change, outcome in self.falsified if outcome.verdict is not Verdict.REFUTED]
        return f"falsified but not refuted: {missed[0]}" if missed else self.found.reason

    def to_json(self) -> dict[str, Any]:
        counterexample = self.found.counterexample
        return {
            "name": self.step.name,
            "claim": self.step.claim,
            "engine": self.step.engine.name,
            "outcome": self.outcome.value,
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
            "counterexample": None if counterexample is None else str(counterexample),
            "uses": list(self.step.premises),
            "assumes": list(self.step.assumptions),
            "falsified": [{"change": change, **outcome.to_json()} for change, outcome in self.falsified],
        }


@dataclass(frozen=True)
class ProofReport:
    """The checked proof of one theorem."""

    proof: Proof
    steps: tuple[StepReport, ...]

    @property
    def outcome(self) -> Verdict:
        """Proved if every step is; cited if some rest on a citation; else the worst verdict among the steps."""
        found = {step.outcome for step in self.steps}
        for verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.UNSUPPORTED, Verdict.CITED):
            if verdict in found:
                return verdict
        return Verdict.PROVED

    def count(self, verdict: Verdict) -> int:
        """How many steps have that verdict."""
        return sum(step.outcome is verdict for step in self.steps)


def check_proof(proof: Proof, *, falsify: bool = False) -> ProofReport:
    """Check every step of `proof`; with `falsify`, also that every falsified variant is refuted."""
    return ProofReport(proof, tuple(_checked(proof.steps, falsify)))


def _checked(steps: Iterable[Step], falsify: bool) -> Iterable[StepReport]:
    for step in steps:
        begin = time.perf_counter()
        found = _outcome(step.engine)
        variants = step.falsified if falsify else ()
        tried = tuple((variant.change, _outcome(variant.engine)) for variant in variants)
        yield StepReport(step, found, time.perf_counter() - begin, tried)


def _outcome(engine: Engine) -> Outcome:
    """The engine's outcome; a claim that it cannot read is unsupported, not an error of the whole ledger."""
    try:
        return engine.check()
    except (ValueError, NotImplementedError) as error:
        return Outcome.unsupported(f"{engine.name}: {error}")
