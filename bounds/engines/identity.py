"""Equality of two expressions for all admissible values of their symbols, by SymPy; refuted at a point by balls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy

from ..errors import InvalidInput
from ..outcome import Outcome
from .engine import Fact
from .point import Point, sign_of
from .relations import equal

_POINTS = 6


@dataclass(frozen=True)
class Identity:
    """left = right wherever both are defined and the symbols are what they are declared to be.

    Integrals, derivatives, limits and sums on either side are evaluated. Numbers refute (a ball around the difference
    at a point that excludes 0) but never prove: for that the difference has to become 0 by algebra.
    """

    left: Any
    right: Any

    @property
    def name(self) -> str:
        return "sympy"

    @property
    def facts(self) -> tuple[Fact, ...]:
        return ()

    @property
    def conclusion(self) -> Any:
        return equal(self.left, self.right)

    def check(self) -> Outcome:
        """Proved, refuted with a point, or inconclusive."""
        left, right = (sympy.sympify(side) for side in (self.left, self.right))
        difference = _evaluated(left) - _evaluated(right)
        for point in _points(difference.free_symbols):
            if _sign_at(difference, point):
                return Outcome.refuted(point, "a ball around the difference of the two sides there excludes 0")
        for strategy, simplified in _simplifications(difference):
            if simplified == 0:
                return Outcome.proved(f"the difference of the two sides is 0 by {strategy}")
        return Outcome.inconclusive(f"SymPy does not bring {_shortened(difference)} to 0")


def _evaluated(expression: Any) -> Any:
    return expression.doit()


def _sign_at(difference: Any, point: Point) -> int | None:
    value = difference.xreplace(dict(point.values))
    if value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        return None
    return sign_of(value.doit())


_POSITIVE = [sympy.Rational(*pair) for pair in ((1, 2), (2, 1), (5, 7), (3, 1), (1, 11), (13, 3), (7, 5), (1, 1))]
_WHOLE = [sympy.Integer(number) for number in (1, 2, 3, 5, 4, 7, 10)]


def _points(symbols: set[Any]) -> Iterator[Point]:
    """A few points with values that the symbols are declared to take, different symbols at different values."""
    names = sorted(symbols, key=lambda symbol: (str(symbol), symbol.class_key()))
    for turn in range(_POINTS if names else 1):
        values = {name: _value(name, turn + 2 * index) for index, name in enumerate(names)}
        if all(value is not None for value in values.values()):
            yield Point(values)


def _value(symbol: Any, turn: int) -> sympy.Expr | None:
    choices = _WHOLE if symbol.is_integer else _POSITIVE
    signed = [sign * choice for choice in choices for sign in (1, -1)]
    admissible = [value for value in signed if Point({symbol: value}).is_admissible()]
    return admissible[turn % len(admissible)] if admissible else None


_STRATEGIES: dict[str, Callable[[Any], Any]] = {
    "evaluation": lambda difference: difference,
    "expansion": sympy.expand,
    "common denominators": lambda difference: sympy.cancel(sympy.together(difference)),
    "rational denominators": lambda difference: sympy.expand(sympy.radsimp(difference)),
    "powers": lambda difference: sympy.expand(sympy.powsimp(sympy.expand_power_base(difference), force=False)),
    "simplification": sympy.simplify,
    "exponentials": lambda difference: sympy.simplify(difference.rewrite(sympy.exp)),
    "expanded functions": lambda difference: sympy.simplify(sympy.expand(difference, func=True, trig=True, log=True)),
    "branches": lambda difference: sympy.simplify(sympy.piecewise_fold(difference)),
}


def _simplifications(difference: Any) -> Iterator[tuple[str, Any]]:
    for name, strategy in _STRATEGIES.items():
        try:
            yield name, strategy(difference)
        except (NotImplementedError, sympy.PolynomialError, InvalidInput, TypeError, ValueError):
            continue


def _shortened(expression: Any, length: int = 120) -> str:
    text = str(expression)
    return text if len(text) <= length else f"{text[:length]}..."
