"""Least Lipschitz constants on the whole line: of a continuous function with finitely many break points, sup |f'|."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy

from ..outcome import Outcome, Verdict
from .branches import as_pieces, jump
from .domain import trouble
from .engine import Fact
from .supremum import Supremum, Unbounded
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
        found = jump(self.function, self.symbol)
        if found is not None and found.proved:
            return Outcome.refuted(found.point, f"the function jumps there from {found.left} to {found.right}")
        if found is not None:
            return Outcome.inconclusive(f"whether the function is continuous at {found.point} is open")
        unsmooth = not_smooth(self.function, self.symbol)
        if unsmooth is not None:
            return Outcome.inconclusive(unsmooth)
        return Supremum(self.slope, self.symbol, self.constant).check()


@dataclass(frozen=True)
class NotLipschitz(_Claim):
    """`function` has no Lipschitz constant: it jumps, or its slope is unbounded."""

    def check(self) -> Outcome:
        """Refuted with the supremum of the slope where the function is continuous and that is finite."""
        found = jump(self.function, self.symbol)
        if found is not None and found.proved:
            return Outcome.proved(f"it jumps at {found.point} from {found.left} to {found.right}")
        if found is not None:
            return Outcome.inconclusive(f"whether the function is continuous at {found.point} is open")
        outcome = Unbounded(self.slope, self.symbol).check()
        unsmooth = not_smooth(self.function, self.symbol) if outcome.verdict is Verdict.REFUTED else None
        return outcome if unsmooth is None else Outcome.inconclusive(unsmooth)


def not_smooth(function: sympy.Expr, symbol: sympy.Symbol) -> str | None:
    """Why smoothness between the break points is not proved; None if it is."""
    try:
        point = trouble(function, symbol)
    except Unknown as error:
        return f"not decided near infinity: {error}"
    return None if point is None else f"{function} has no finite value that balls can show at {symbol} = {point}"
