"""Asking every theorem, or the one that was named: what each finds, and why the others find nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .convergence import ConvergenceTheorem
from .convergence_theorems import CONVERGENCE_THEOREMS
from .errors import HypothesisError, InvalidInput, TooFewIterations, WidthTooSmall, expected_one_of
from .problem import Problem
from .scaling_laws import SCALING_LAWS
from .theorem import Hypothesis, require

AUTO = "auto"
Found = TypeVar("Found")


@dataclass(frozen=True)
class Refusal:
    """Why a theorem finds nothing: a hypothesis fails, or what is asked for cannot be had."""

    theorem: ConvergenceTheorem
    error: InvalidInput
    failed: tuple[Hypothesis, ...] = ()

    @property
    def reason(self) -> str:
        """In short."""
        return self.failed[0].reason if self.failed else str(self.error)


@dataclass(frozen=True)
class Answers(Generic[Found]):
    """What the theorems found, by theorem, in their own order; `found` is not empty."""

    found: tuple[tuple[ConvergenceTheorem, Found], ...]
    refused: tuple[Refusal, ...]


def ask(name: str, problem: Problem, question: Callable[[ConvergenceTheorem], Found]) -> Answers[Found]:
    """The answers of the theorem called `name`, or of all for "auto".

    Raises InvalidInput for an unknown name. If no theorem has an answer: WidthTooSmall or TooFewIterations with the
    least that would do, else the refusal of the first theorem that applies, else HypothesisError with the reason of
    the theorem that is nearest to applying.
    """
    found: list[tuple[ConvergenceTheorem, Found]] = []
    refused: list[Refusal] = []
    for theorem in _theorems(name):
        failed = tuple(item for item in theorem.hypotheses(problem) if item.satisfied is False)
        try:
            require(theorem.id, failed)
            found.append((theorem, question(theorem)))
        except InvalidInput as error:
            refused.append(Refusal(theorem, error, failed))
    if not found:
        raise _most_telling(refused)
    return Answers(tuple(found), tuple(refused))


def _theorems(name: str) -> Iterable[ConvergenceTheorem]:
    if name in SCALING_LAWS:
        raise InvalidInput(
            f"theorem {name} is a scaling law with constants that the paper does not give, so it "
            "guarantees no width: evaluate it with constants of your own by "
            f"scaling_law({name!r}).evaluate(...)"
        )
    if name == AUTO:
        return CONVERGENCE_THEOREMS.values()
    if name not in CONVERGENCE_THEOREMS:
        known = (AUTO, *CONVERGENCE_THEOREMS, *SCALING_LAWS)
        raise InvalidInput(f"unknown theorem {name!r}: {expected_one_of(name, known)}")
    return (CONVERGENCE_THEOREMS[name],)


def _most_telling(refused: list[Refusal]) -> InvalidInput:
    for kind in (WidthTooSmall, TooFewIterations):
        limits = [refusal.error for refusal in refused if isinstance(refusal.error, kind)]
        if limits:
            return min(limits, key=lambda error: error.required)
    asked = [refusal for refusal in refused if not refusal.failed]
    if asked:
        return asked[0].error
    nearest = min(refused, key=lambda refusal: len(refusal.failed))
    if len(refused) == 1:
        return nearest.error
    hypothesis = nearest.failed[0]
    return HypothesisError(
        f"no theorem applies: {nearest.theorem.id} is the nearest and needs {hypothesis.text}, but {hypothesis.reason}"
    )
