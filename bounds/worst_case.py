"""How loose is the regret of E1.c? It is put beside the worst case that performance estimation computes.

>>> from robustntk.bounds.worst_case import Measure, worst_case
>>> case = worst_case(iterations=4, step_size="1/2", measure=Measure.BEST)
>>> round(case.worst_case, 6), case.bound, round(case.ratio, 6)
(0.5, 1/2, 1.0)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import sympy

from .attained_regret import STEP_OF_E1
from .engines.engine import Fact
from .errors import InvalidInput, expected_one_of
from .exact import Number, nearest_float, positive, whole_number
from .letters import G, L, R, T, alpha
from .outcome import Outcome, Verdict
from .performance_estimation import SOLVER, Domain, Estimate, Measure, estimate
from .two_layer import REGRET

__all__ = ["Domain", "Measure", "NoWorseCase", "WorstCase", "compare", "step_of_e1", "worst_case"]

_MOST_ITERATIONS = 20  # seconds there, minutes soon after: the program has about 2 T^2 constraints
_TOLERANCE = 1e-6  # in units of R M; the solver's own is 1e-7


@dataclass(frozen=True, kw_only=True)
class WorstCase:
    """The worst case of T projected subgradient steps beside a bound on it, both in units of the loss.

    `worst_case` is the solution of a semidefinite program in floating point, attained up to `accuracy` (its duality
    gap): computed, neither proved nor a guarantee. `bound` is exact.
    """

    iterations: int
    step_size: sympy.Expr
    radius: sympy.Expr
    lipschitz: sympy.Expr
    measure: Measure
    domain: Domain
    estimate: Estimate
    bound: sympy.Expr

    @property
    def scale(self) -> float:
        """R M, the unit in which the program is solved."""
        return nearest_float(self.radius * self.lipschitz)

    @property
    def worst_case(self) -> float:
        """The computed worst case; NaN if the solver failed."""
        return self.scale * self.estimate.value

    @property
    def accuracy(self) -> float:
        """The duality gap of the computed worst case; NaN if the solver failed."""
        return self.scale * self.estimate.accuracy

    @property
    def ratio(self) -> float:
        """Worst case over bound: 1 where the bound cannot be improved, infinite if the bound is no positive number."""
        bound = nearest_float(self.bound)
        return self.worst_case / bound if bound > 0 else math.inf

    @property
    def outcome(self) -> Outcome:
        """Refuted if the worst case exceeds the bound; cited if it does not: a stress test proves nothing."""
        if not self.estimate.solved:
            return Outcome.inconclusive(f"{SOLVER}: {self.estimate.status}, {self}")
        allowed = nearest_float(self.bound) + _TOLERANCE * self.scale * (1 + self.estimate.value)
        if not self.worst_case <= allowed:
            return Outcome.refuted(str(self), "performance estimation finds a worse case")
        return Outcome.cited(f"no worse case found: {self}")

    def __str__(self) -> str:
        return (
            f"T = {self.iterations}, alpha = {nearest_float(self.step_size):.6g}, {self.measure.value}, "
            f"{self.domain.value}: worst case {self.worst_case:.6g} (computed), bound {nearest_float(self.bound):.6g}, "
            f"ratio {self.ratio:.6f}"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values; None for what a failed solver left open or what a float cannot hold."""
        bound = nearest_float(self.bound)
        numbers = {"worst_case": self.worst_case, "accuracy": self.accuracy, "bound": bound, "ratio": self.ratio}
        return {
            "measure": self.measure.value,
            "domain": self.domain.value,
            "iterations": self.iterations,
            "step_size": nearest_float(self.step_size),
            "radius": nearest_float(self.radius),
            "lipschitz": nearest_float(self.lipschitz),
            **{key: value if math.isfinite(value) else None for key, value in numbers.items()},
            "certainty": "computed",
            "solver": SOLVER,
            "status": self.estimate.status,
        }


def worst_case(
    *,
    iterations: int,
    step_size: Number,
    radius: Number = 1,
    lipschitz: Number = 1,
    measure: Measure | str = Measure.BEST,
    domain: Domain | str = Domain.BALL,
    bound: sympy.Expr = REGRET,
) -> WorstCase:
    """The worst case of `measure` over T = `iterations` iterates, beside `bound`, by default E1.c's regret.

    `lipschitz` is M = L G, the bound on subgradients; `bound` is in the symbols R, L, G, alpha, T of E1.c, of which it
    may use the product L G only. Raises InvalidInput for bad numbers or more than 20 iterations, and ImportError with
    advice if PEPit is absent.
    """
    rounds = whole_number(iterations, name="iterations")
    if rounds > _MOST_ITERATIONS:
        raise InvalidInput(f"iterations is {rounds}: expected at most {_MOST_ITERATIONS}, the program grows with T^2")
    step, distance = positive(step_size, name="step_size"), positive(radius, name="radius")
    slope = positive(lipschitz, name="lipschitz")
    kind, allowed = _member(Measure, measure, "measure"), _member(Domain, domain, "domain")
    found = estimate(iterations=rounds, step=nearest_float(step * slope / distance), measure=kind, domain=allowed)
    values = {R: distance, L: slope, G: sympy.Integer(1), alpha: step, T: sympy.Integer(rounds)}
    return WorstCase(
        iterations=rounds,
        step_size=step,
        radius=distance,
        lipschitz=slope,
        measure=kind,
        domain=allowed,
        estimate=found,
        bound=bound.xreplace(values),
    )


def step_of_e1(*, iterations: int, radius: Number = 1, lipschitz: Number = 1) -> sympy.Expr:
    """The step size that E1 prescribes for the T that belongs to it, R/(M sqrt(T)), whatever theta and epsilon."""
    values = {
        R: positive(radius, name="radius"),
        L: positive(lipschitz, name="lipschitz"),
        G: sympy.Integer(1),
        T: sympy.Integer(whole_number(iterations, name="iterations")),
    }
    return STEP_OF_E1.xreplace(values)


def compare(
    *,
    iterations: Iterable[int] = (1, 2, 3, 5, 8),
    measures: Iterable[Measure | str] = tuple(Measure),
    step_factor: Number = 1,
    radius: Number = 1,
    lipschitz: Number = 1,
    domain: Domain | str = Domain.BALL,
    bound: sympy.Expr = REGRET,
) -> tuple[WorstCase, ...]:
    """Worst cases beside the bound for every T and every measure, with `step_factor` times the step of E1."""
    factor, kinds = positive(step_factor, name="step_factor"), tuple(measures)
    return tuple(
        worst_case(
            iterations=rounds,
            step_size=factor * step_of_e1(iterations=rounds, radius=radius, lipschitz=lipschitz),
            radius=radius,
            lipschitz=lipschitz,
            measure=measure,
            domain=domain,
            bound=bound,
        )
        for rounds in iterations
        for measure in kinds
    )


@dataclass(frozen=True, kw_only=True)
class NoWorseCase:
    """Engine: no worst case exceeds `bound` for these T with the step of E1. Refuted or cited, never proved."""

    bound: sympy.Expr = REGRET
    iterations: tuple[int, ...] = (1, 2, 3, 5)
    measures: tuple[Measure, ...] = tuple(Measure)
    name: str = "pep"

    @property
    def facts(self) -> tuple[Fact, ...]:
        return ()

    @property
    def conclusion(self) -> None:
        return None

    def check(self) -> Outcome:
        """The first worse case found; unsupported without PEPit, inconclusive where the solver fails."""
        try:
            cases = compare(iterations=self.iterations, measures=self.measures, bound=self.bound)
        except ImportError as error:
            return Outcome.unsupported(str(error))
        outcomes = [case.outcome for case in cases]
        for verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE):
            if found := [outcome for outcome in outcomes if outcome.verdict is verdict]:
                return found[0]
        largest = max(case.ratio for case in cases)
        return Outcome.cited(f"{len(cases)} semidefinite programs, no worse case: at most {largest:.6f} of the bound")


_Choice = TypeVar("_Choice", bound=Enum)


def _member(choices: type[_Choice], value: _Choice | str, name: str) -> _Choice:
    try:
        return choices(value)
    except ValueError:
        expected = expected_one_of(value, [choice.value for choice in choices])
        raise InvalidInput(f"{name} is {value!r}: {expected}") from None
