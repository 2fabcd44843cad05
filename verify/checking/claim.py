"""A claim: a numerical inequality of the theory, with examples to try it on and a way to make it false.

A claim says ``lhs <= rhs`` for every example. Both sides come from the library at the time of the call, so that a
wrong constant there shows here. What floating point may do to the two sides is charged explicitly, as ``rounding``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Array = Float[np.ndarray, " k"]
UNIT = float(np.finfo(np.float64).eps) / 2.0


@dataclass(frozen=True)
class Sides:
    """``lhs <= rhs`` in as many instances as the arrays have entries, ``rhs >= 0``.

    ``rounding`` bounds by how much the computed ``lhs - rhs`` may exceed the exact one.
    """

    lhs: ArrayLike
    rhs: ArrayLike
    rounding: ArrayLike = 0.0

    def margins(self, factor: float = 1.0) -> Array:
        """``factor * rhs + rounding - lhs``: the inequality holds where this is at least 0; NaN is a failure."""
        lhs, rhs = self._sides()
        return np.atleast_1d(factor * rhs + np.asarray(self.rounding, np.float64) - lhs)

    def ratio(self, factor: float = 1.0) -> float:
        """The largest ``(lhs - rounding) / (factor * rhs)``: above 1 the inequality fails; NaN is passed on."""
        lhs, rhs = self._sides()
        lhs, rhs = np.broadcast_arrays(lhs - np.asarray(self.rounding, np.float64), factor * rhs)
        with np.errstate(divide="ignore", invalid="ignore"):
            quotients = np.where(rhs > 0.0, lhs / rhs, np.where(lhs > 0.0, np.inf, 0.0))
        unknown = np.isnan(lhs) | np.isnan(rhs)
        return float(np.max(np.where(unknown, np.nan, quotients))) if lhs.size else 0.0

    def _sides(self) -> tuple[Array, Array]:
        return np.asarray(self.lhs, np.float64), np.asarray(self.rhs, np.float64)


@dataclass(frozen=True)
class Claim:
    """One inequality of docs/theory.md.

    Args:
        id: its name, which starts with that of the theorem.
        statement: the inequality as the document has it.
        cases: makes the Hypothesis strategy that examples are drawn from.
        sides: evaluates both sides at an example.
        factor: what the right side is multiplied by; 1, or less in a falsified version.
        slack: why a right side that is 20 per cent too small is not refuted by any example known; empty where the
            search is supposed to refute it.
    """

    id: str
    statement: str
    cases: Callable[[], SearchStrategy[Any]]
    sides: Callable[[Any], Sides]
    factor: float = 1.0
    slack: str = ""

    @property
    def theorem(self) -> str:
        """The label in docs/theory.md: ``E1.a`` for the claim ``E1.a/ball``."""
        return self.id.partition("/")[0]

    def margins(self, case: Any) -> Array:
        """By how much the inequality holds at the example, rounding allowed for; the claim is ``all(margins >= 0)``."""
        return self.sides(case).margins(self.factor)

    def holds(self, case: Any) -> bool:
        """Whether the inequality holds in every instance; False for NaN."""
        return bool(np.all(self.margins(case) >= 0.0))

    def ratio(self, case: Any) -> float:
        """The largest ``lhs / rhs``, rounding taken off the left side."""
        return self.sides(case).ratio(self.factor)

    def falsified(self, factor: float = 0.8) -> Claim:
        """The same claim with a right side that is too small: by 20 per cent, unless said otherwise."""
        return replace(self, factor=self.factor * factor)


def claim(
    id: str, statement: str, cases: Callable[[], SearchStrategy[Any]], *, slack: str = ""
) -> Callable[[Callable[[Any], Sides]], Claim]:
    """Decorator that turns a function from an example to its `Sides` into a `Claim`."""
    return lambda sides: Claim(id, statement, cases, sides, slack=slack)
