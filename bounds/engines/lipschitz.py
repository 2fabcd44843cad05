"""Least Lipschitz constants on the whole line: of a continuous function with finitely many break points, sup |f'|."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy

from ..outcome import Outcome, Verdict
from .branches import as_pieces, jump
from .domain import trouble
from .engine import Fact
from .supremum import Bounded, Supremum, Unbounded
from .tails import Unknown


@dataclass(frozen=True)
class _Claim:
    """A claim about a function of the real variable `symbol`."""

    function: sympy.Expr
    symbol: sympy.Symbol

    @property
    def name(self) -> str:
        return "arb"

    @property
    def facts(self) -> tuple[Fact, ...]:
        return ()

    @property
    def conclusion(self) -> Any:
        return None

    def _discontinuity(self) -> Outcome | None:
        """Refuted or inconclusive where the function is not proved to be continuous and piecewise smooth, else None."""
        found = jump(self.function, self.symbol)
        if found is not None and found.proved:
            return Outcome.refuted(found.point, f"the function jumps there from {found.left} to {found.right}")
        if found is not None:
            return Outcome.inconclusive(f"whether the function is continuous at {found.point} is open")
        unsmooth = not_smooth(self.function, self.symbol)
        return None if unsmooth is None else Outcome.inconclusive(unsmooth)

    @property
    def slope(self) -> sympy.Expr:
        """The derivative between the break points."""
        return sympy.diff(as_pieces(self.function), self.symbol)


@dataclass(frozen=True)
class Lipschitz(_Claim):
    """`constant` is the least Lipschitz constant of `function`.

    The function is smooth between its break points (finite balls), continuous at them (exactly), hence absolutely
    continuous, and its least Lipschitz constant is then the supremum of its slope's modulus.
    """

    constant: sympy.Expr

    def check(self) -> Outcome:
        """Refuted with the point of a jump, or as `Supremum` is for the slope."""
        found = self._discontinuity()
        return Supremum(self.slope, self.symbol, self.constant).check() if found is None else found


@dataclass(frozen=True)
class LipschitzBound(_Claim):
    """`constant` is a Lipschitz constant of `function`, the least one or not."""

    constant: sympy.Expr

    def check(self) -> Outcome:
        """Refuted with the point of a jump, or a point where the slope is too steep."""
        found = self._discontinuity()
        return Bounded(self.slope, self.symbol, self.constant).check() if found is None else found


@dataclass(frozen=True)
class NotLipschitz(_Claim):
    """`function` has no Lipschitz constant: it jumps, or its slope is unbounded."""

    def check(self) -> Outcome:
        """Refuted with the supremum of the slope where the function is continuous and that is finite."""
        found = self._discontinuity()
        if found is None:
            return Unbounded(self.slope, self.symbol).check()
        if found.verdict is Verdict.REFUTED:
            return Outcome.proved(f"at {found.counterexample} {found.reason}")
        return found


def not_smooth(function: sympy.Expr, symbol: sympy.Symbol) -> str | None:
    """Why smoothness between the break points is not proved; None if it is."""
    try:
        point = trouble(function, symbol)
    except Unknown as error:
        return f"not decided near infinity: {error}"
    return None if point is None else f"{function} has no finite value that balls can show at {symbol} = {point}"
