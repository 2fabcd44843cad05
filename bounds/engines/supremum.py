"""Suprema of |g| over the whole line as claims: equal to a constant, at most a constant, infinite.

What `proved` means here. For `Supremum` with value v: |g(z)| <= v for every real z, exactly and not up to rounding, and
values of |g| come as close to v as one likes: it is attained at a point known in closed form, or is the limit at
an end of the line. For `Bounded`: |g(z)| <= v for every real z. At break points of g both one-sided limits count.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, ctx

from ..exact import is_less
from ..outcome import Outcome
from .closed_form import ball_of, fraction_of, is_zero, lower_end
from .engine import Fact
from .extremum import Extremum, NotBounded, bounded_by, largest_seen, supremum, value_at
from .rounding import round_down, round_up

_BITS = 256


@dataclass(frozen=True)
class SupremumEnclosure:
    """lower <= sup |g| <= upper, rationals; `where` is the maximiser or nearly so, or the end of the line."""

    lower: sympy.Rational
    upper: sympy.Rational
    where: Any

    def __str__(self) -> str:
        return f"sup in [{sympy.N(self.lower, 17)}, {sympy.N(self.upper, 17)}], near {sympy.N(self.where, 8)}"


def enclose_supremum(expression: sympy.Expr, symbol: sympy.Symbol, digits: int = 12) -> SupremumEnclosure:
    """The supremum of |expression| over the real line to at least `digits` significant digits (at most 25).

    Raises NotBounded where it is infinite or no finite bound could be proved.
    """
    found = supremum(expression, symbol, digits + 2)
    if found.infinite:
        raise NotBounded(f"|{expression}| is unbounded: it tends to oo for {symbol} -> {found.where}")
    return _enclosure(found, digits)


def _enclosure(found: Extremum, digits: int) -> SupremumEnclosure:
    if not found.exact:
        return SupremumEnclosure(found.lower, found.value, found.where)
    ball = ball_of(found.value)
    lower, upper = round_down(lower_end(ball), digits + 2), round_up(-lower_end(-ball), digits + 2)
    return SupremumEnclosure(lower, upper, found.where)


@dataclass(frozen=True)
class _Claim:
    """A claim about |expression| over all real values of `symbol`."""

    expression: sympy.Expr
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


@dataclass(frozen=True)
class Supremum(_Claim):
    """sup |expression| = value over the whole line."""

    value: sympy.Expr

    def check(self) -> Outcome:
        """Refuted with a point where |expression| > value, or with the enclosure where the value is too large.

        Raises InvalidInput for functions that cannot be read.
        """
        try:
            found = supremum(self.expression, self.symbol)
        except NotBounded as error:
            return Outcome.inconclusive(str(error))
        if found.infinite or is_less(self.value, found.lower):
            point = _witness(self.expression, self.symbol, self.value, found.where)
            return Outcome.refuted(point, f"|{self.expression}| is larger than {self.value} there")
        enclosure = _enclosure(found, 14)
        if is_less(found.value, self.value):
            return Outcome.refuted(enclosure, f"{self.value} is an upper bound, but not the least one")
        if found.exact and is_zero(self.value - found.value):
            return Outcome.proved(f"|{self.expression}| <= {self.value} everywhere, {_reached(found, self.symbol)}")
        return Outcome.inconclusive(f"{enclosure}: whether it is exactly {self.value} is open")


@dataclass(frozen=True)
class Bounded(_Claim):
    """|expression| <= bound over the whole line."""

    bound: sympy.Expr

    def check(self) -> Outcome:
        """Refuted with a point where |expression| > bound. Raises InvalidInput for functions that cannot be read."""
        value, where = largest_seen(self.expression, self.symbol)
        try:
            if value == sympy.oo or is_less(self.bound, value):
                point = _witness(self.expression, self.symbol, self.bound, where)
            else:
                point = bounded_by(self.expression, self.symbol, self.bound)
        except NotBounded as error:
            return Outcome.inconclusive(str(error))
        if point is not None:
            return Outcome.refuted(point, f"|{self.expression}| is larger than {self.bound} there")
        return Outcome.proved(f"|{self.expression}| <= {self.bound} everywhere")


@dataclass(frozen=True)
class Unbounded(_Claim):
    """|expression| has no finite upper bound."""

    def check(self) -> Outcome:
        """Refuted with the supremum where there is a finite one."""
        try:
            found = supremum(self.expression, self.symbol)
        except NotBounded as error:
            return Outcome.inconclusive(str(error))
        if found.infinite:
            return Outcome.proved(f"|{self.expression}| tends to oo for {self.symbol} -> {found.where}")
        return Outcome.refuted(_enclosure(found, 14), "the supremum is finite")


def _reached(found: Extremum, symbol: sympy.Symbol) -> str:
    if found.where in (sympy.oo, -sympy.oo):
        return f"and tends to it for {symbol} -> {found.where}"
    return f"with equality at {found.where}"


def _witness(expression: sympy.Expr, symbol: sympy.Symbol, value: sympy.Expr, where: Any) -> Any:
    """A point where |expression| is proved to exceed the value, rational where one is found."""
    with ctx.workprec(_BITS):
        bound = ball_of(value)
        if where in (sympy.oo, -sympy.oo):
            candidates = [sympy.Integer(2) ** power * (1 if where > 0 else -1) for power in range(2, 64)]
        else:
            candidates = [_short(where), where]
        return next((point for point in candidates if _exceeds(expression, symbol, point, bound)), where)


def _exceeds(expression: sympy.Expr, symbol: sympy.Symbol, point: sympy.Expr, bound: arb) -> bool:
    return bool(value_at(expression, symbol, point) > bound)


def _short(point: sympy.Expr) -> sympy.Rational:
    return round_down(Fraction(fraction_of(ball_of(point))), 20)
