"""The search for a counterexample to a claim, by Hypothesis: random examples, climbing towards equality, shrinking."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from ...bounds import InvalidInput, Outcome, Verdict
from .claim import Claim
from .strategies import require_hypothesis

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Finding:
    """What a search came to.

    ``examples`` counts the examples evaluated until the first counterexample, or all of them. ``ratio`` is the largest
    ``lhs / rhs`` met, at most 1 without a counterexample; ``case`` is where that was, or the smallest counterexample.
    """

    claim: Claim
    outcome: Outcome
    examples: int
    ratio: float
    case: Any
    seed: int
    seconds: float

    @property
    def refuted(self) -> bool:
        return self.outcome.verdict is Verdict.REFUTED

    @property
    def snippet(self) -> str:
        """Python that evaluates the claim at `case` again."""
        of = f".falsified({self.claim.factor!r})" if self.claim.factor != 1.0 else ""
        return (
            "from robustntk.verify.checking.cases import *\n"
            "from robustntk.verify.checking.registry import get_claim\n"
            f"case = {self.case!r}\n"
            f"print(get_claim({self.claim.id!r}){of}.margins(case))  # a negative one refutes the claim\n"
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "claim": self.claim.id,
            "theorem": self.claim.theorem,
            "statement": self.claim.statement,
            "factor": self.claim.factor,
            **self.outcome.to_json(),
            "examples": self.examples,
            "ratio": self.ratio if math.isfinite(self.ratio) else None,
            "case": repr(self.case),
            "snippet": self.snippet if self.refuted else None,
            "slack": self.claim.slack or None,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
        }


class _Record:
    """What the search has seen so far."""

    def __init__(self, claim: Claim) -> None:
        self.claim, self.examples, self.ratio = claim, 0, 0.0
        self.closest: Any = None
        self.found = False

    def violates(self, case: Any) -> bool:
        """Evaluate the claim, and tell Hypothesis how close to equality it is."""
        from hypothesis import target

        sides = self.claim.sides(case)
        ratio = sides.ratio(self.claim.factor)
        holds = bool((sides.margins(self.claim.factor) >= 0.0).all())
        if not self.found:
            self.examples += 1
            if self.closest is None or not ratio <= self.ratio:
                self.ratio, self.closest = ratio, case
            target(ratio if math.isfinite(ratio) else 1e3)
        self.found = self.found or not holds
        return not holds


def search(claim: Claim, *, examples: int = 200, seed: int = 0, shrink: bool = True) -> Finding:
    """Look for a counterexample among ``examples`` examples; the same ones for the same seed.

    The outcome is ``refuted``, with the smallest counterexample found (any, with ``shrink=False``), or
    ``inconclusive``: a search never proves.

    Raises:
        InvalidInput: Hypothesis is not installed, or a number out of range.
    """
    require_hypothesis()
    for name, value, least in (("examples", examples, 1), ("seed", seed, 0)):
        if value < least:
            raise InvalidInput(f"{name} is {value}: expected an integer of at least {least}")
    started = time.perf_counter()
    record = _Record(claim)
    case = _smallest(record, examples, Random(f"{seed} {claim.id}"), shrink=shrink)
    seconds = time.perf_counter() - started
    if case is None:
        outcome = Outcome.inconclusive(f"no counterexample in {record.examples} examples")
        return Finding(claim, outcome, record.examples, record.ratio, record.closest, seed, seconds)
    reason = f"counterexample after {record.examples} examples"
    return Finding(claim, Outcome.refuted(case, reason), record.examples, claim.ratio(case), case, seed, seconds)


def _smallest(record: _Record, examples: int, random: Random, *, shrink: bool) -> Any:
    """The smallest counterexample that Hypothesis finds, or None."""
    import hypothesis
    from hypothesis.errors import NoSuchExample

    phases = [hypothesis.Phase.generate, hypothesis.Phase.target, *([hypothesis.Phase.shrink] if shrink else [])]
    settings = hypothesis.settings(
        max_examples=examples,
        phases=phases,
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
        report_multiple_bugs=False,
    )
    try:
        return hypothesis.find(record.claim.cases(), record.violates, settings=settings, random=random)
    except NoSuchExample:
        return None


def search_all(
    claims: Iterable[Claim],
    *,
    examples: int = 200,
    seed: int = 0,
    shrink: bool = True,
    report: Progress | None = None,
) -> tuple[Finding, ...]:
    """`search` for each claim; ``report(stage, done, total)`` says how far it got."""
    chosen = tuple(claims)
    found = []
    for index, claim in enumerate(chosen):
        if report is not None:
            report(f"check: {claim.id}", index, len(chosen))
        found.append(search(claim, examples=examples, seed=seed, shrink=shrink))
    return tuple(found)
