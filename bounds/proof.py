"""Proofs as data: steps that engines check, with falsified variants that the same engines must refute.

A step states a claim in one line, the engine that checks it, and at least one falsified variant (a constant made
smaller, an inequality reversed, a hypothesis dropped). A step whose falsified variant is not refuted is a failed step:
either the variant is true, and the claim is not the sharpest, or the engine cannot tell true from false.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from .engines.engine import Engine, Fact, defined, given
from .engines.relations import substituted
from .errors import InvalidInput
from .outcome import Outcome, Verdict
from .proof_display import proof_markdown, step_markdown

__all__ = [
    "Fact",
    "Falsified",
    "Proof",
    "ProofReport",
    "Step",
    "StepReport",
    "check_proof",
    "check_step",
    "defined",
    "given",
]


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
        """The conclusion as a fact for later steps, with symbols replaced.

        What the step supposed of a replaced symbol, by its declaration or by a hypothesis, becomes a premise of the
        fact: whoever uses the fact has to know it of the value. The counter and the state of an induction are exempt,
        since its step facts hold for all members; for other symbols of the step facts, put in what they are in general.
        Whether a value is an integer is not asked.
        """
        if self.engine.conclusion is None:
            raise ValueError(f"step {self.name} has no conclusion in symbols: name it under `uses` instead")
        replaced = dict(values or {})
        conclusion = substituted(self.engine.conclusion, replaced)
        premises, kept = _instantiated(self.hypotheses, replaced, getattr(self.engine, "changing", frozenset()))
        if premises:
            conclusion = sympy.Implies(sympy.And(*premises, evaluate=False), conclusion, evaluate=False)
        return Fact(self.name, conclusion, assumed=False, hypotheses=kept, values=tuple(replaced.items()))

    @property
    def hypotheses(self) -> tuple[Any, ...]:
        """The assumed relations that the conclusion rests on, through earlier steps as well, definitions apart."""
        facts = [fact for fact in self.engine.facts if not fact.by_definition]
        return tuple(
            dict.fromkeys(h for fact in facts for h in ((fact.relation,) if fact.assumed else fact.hypotheses))
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The names of the hypotheses that the engine uses."""
        facts = self.engine.facts
        return tuple(dict.fromkeys(fact.source for fact in facts if fact.assumed and not fact.by_definition))

    @property
    def definitions(self) -> tuple[str, ...]:
        """The names of the definitions and textbook facts that the engine uses."""
        return tuple(dict.fromkeys(fact.source for fact in self.engine.facts if fact.by_definition))

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
        known: dict[str, Step] = {}
        for step in (step for proof in self.foundations.values() for step in proof.steps):
            self._add(step, known)
        for step in self.steps:
            self._check_premises(step, known)
            self._add(step, known)

    @property
    def foundations(self) -> dict[str, Proof]:
        """The proofs that this one rests on, those behind them first, by theorem."""
        found: dict[str, Proof] = {}
        for proof in self.rests_on:
            found = found | proof.foundations | {proof.theorem: proof}
        return found

    def _add(self, step: Step, known: dict[str, Step]) -> None:
        if step.name in known:
            raise ValueError(f"two steps of {self.theorem} or of what it rests on are called {step.name}")
        known[step.name] = step

    def _check_premises(self, step: Step, known: Mapping[str, Step]) -> None:
        unknown = [name for name in step.premises if name not in known]
        if unknown:
            raise ValueError(f"step {step.name} uses {unknown[0]}, which is no earlier step of {self.theorem}")
        for fact in step.engine.facts:
            if not fact.assumed and fact != known[fact.source].at(dict(fact.values)):
                raise ValueError(f"step {step.name} takes from {fact.source} what that step does not conclude")


@dataclass(frozen=True)
class StepReport:
    """What became of a step, and of its falsified variants where they were tried."""

    step: Step
    found: Outcome
    seconds: float
    falsified: tuple[tuple[str, Outcome], ...] = ()

    @property
    def outcome(self) -> Verdict:
        """The verdict on the step: what would hold is inconclusive if a falsified variant was not refuted."""
        holds = self.found.verdict in (Verdict.PROVED, Verdict.CITED)
        return Verdict.INCONCLUSIVE if holds and self.missed else self.found.verdict

    @property
    def missed(self) -> tuple[str, ...]:
        """The falsified variants that were tried and not refuted."""
        return tuple(change for change, outcome in self.falsified if outcome.verdict is not Verdict.REFUTED)

    @property
    def reason(self) -> str:
        """Why the verdict is what it is."""
        missed = self.outcome is not self.found.verdict
        return f"falsified but not refuted: {self.missed[0]}" if missed else self.found.reason

    def _repr_markdown_(self) -> str:
        return step_markdown(self)

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
            "defines": list(self.step.definitions),
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

    @property
    def holds(self) -> bool:
        """Whether there are steps, all are proved or cited, and every planted fault that was tried was refuted."""
        return bool(self.steps) and all(step.outcome in (Verdict.PROVED, Verdict.CITED) for step in self.steps)

    def __getitem__(self, name: str) -> StepReport:
        """The report on the step of that name.

        Raises
        ------
        InvalidInput
            If no step that was checked has that name.
        """
        found = {step.step.name: step for step in self.steps}
        if name not in found:
            raise InvalidInput(f"step {name!r}: {self.proof.theorem} was checked for {', '.join(found)}")
        return found[name]

    def count(self, verdict: Verdict) -> int:
        """How many steps have that verdict."""
        return sum(step.outcome is verdict for step in self.steps)

    def _repr_markdown_(self) -> str:
        return proof_markdown(self)


def check_proof(proof: Proof, *, steps: Collection[str] | None = None, falsify: bool = False) -> ProofReport:
    """Check the steps of `proof`, or those named; with `falsify`, also that every falsified variant is refuted.

    The proofs that it rests on are not checked again. In a notebook the report shows itself as a table, and
    ``report["E1.a"]`` as what that step claims, supposes and rests on.

    Raises
    ------
    InvalidInput
        If a step is asked for that the proof does not have.
    """
    names = [step.name for step in proof.steps]
    for name in steps or ():
        if name not in names:
            raise InvalidInput(f"step {name!r}: the proof of {proof.theorem} has {', '.join(names)}")
    asked = [step for step in proof.steps if steps is None or step.name in steps]
    return ProofReport(proof, tuple(check_step(step, falsify=falsify) for step in asked))


def check_step(step: Step, *, falsify: bool = False) -> StepReport:
    """Check one step; with `falsify`, also that its falsified variants are refuted."""
    begin = time.perf_counter()
    found = _outcome(step.engine)
    variants = step.falsified if falsify else ()
    tried = tuple((variant.change, _outcome(variant.engine)) for variant in variants)
    return StepReport(step, found, time.perf_counter() - begin, tried)


def _outcome(engine: Engine) -> Outcome:
    """The engine's outcome. A check that fails is unsupported: one bad step must not hide the rest of the ledger."""
    try:
        return engine.check()
    except TimeoutError as error:
        return Outcome.inconclusive(str(error))
    except Exception as error:
        return Outcome.unsupported(f"{engine.name}: {type(error).__name__}: {error}")


def _instantiated(
    hypotheses: Iterable[Any], replaced: Mapping[Any, Any], changing: frozenset[Any]
) -> tuple[list[Any], tuple[Any, ...]]:
    """What has to be known of the values that replace symbols, and the hypotheses that do not mention these symbols."""
    premises: list[Any] = []
    kept: list[Any] = []
    changed = {symbol: value for symbol, value in replaced.items() if symbol not in changing}
    for hypothesis in hypotheses:
        premise = substituted(hypothesis, changed)
        (kept if premise == hypothesis else premises).append(premise)
    signs = (_sign(symbol, sympy.sympify(value)) for symbol, value in replaced.items())
    return [*(sign for sign in signs if sign is not None), *premises], tuple(kept)


def _sign(symbol: Any, value: Any) -> Any:
    """The sign that `symbol` is declared with, as a relation for `value`; None if SymPy knows it of the value."""
    for name, relation in _SIGNS.items():
        if getattr(symbol, name):
            return None if getattr(value, name) else relation(value, 0, evaluate=False)
    return None


_SIGNS = {
    "is_positive": sympy.Gt,
    "is_negative": sympy.Lt,
    "is_nonnegative": sympy.Ge,
    "is_nonpositive": sympy.Le,
    "is_nonzero": sympy.Ne,
}
