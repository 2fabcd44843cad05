"""Equality of two expressions for all admissible values of their symbols, by SymPy; refuted at a point by balls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy

from ..outcome import Outcome
from .engine import Fact
from .point import Point, sign_of, value_at
from .relations import equal

_POINTS = 6
_QUADRATURE_TOLERANCE = sympy.Rational(1, 10**6)


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
        difference = left.doit() - right.doit()
        points = list(_points(left.free_symbols | right.free_symbols))
        for point in points:
            if _sign_at(difference, point):
                return Outcome.refuted(point, "a ball around the difference of the two sides there excludes 0")
        strategy = _strategy_to_zero(difference)
        if strategy is None:
            return Outcome.inconclusive(f"SymPy does not bring {_shortened(difference)} to 0")
        if any(side.has(sympy.Integral) for side in (left, right)) and _quadrature_objects(left, right, points[0]):
            return Outcome.inconclusive(f"SymPy's value of an integral differs from quadrature at {points[0]}")
        return Outcome.proved(f"the difference of the two sides is 0 by {strategy}")


def _sign_at(difference: Any, point: Point) -> int | None:
    value = value_at(difference, point.values)
    if value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        return None
    return sign_of(value.doit())


def _quadrature_objects(left: Any, right: Any, point: Point) -> bool:
    """Whether numerical integration of both sides contradicts their equality: a guard against faults of SymPy."""
    values = [sympy.N(side.xreplace(dict(point.values)), 15) for side in (left, right)]
    if not all(value.is_Float or value.is_Rational for value in values):
        return False
    return bool(abs(values[0] - values[1]) > _QUADRATURE_TOLERANCE * (1 + abs(values[0])))


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
    "powers": lambda difference: sympy.expand(sympy.powsimp(sympy.expand_power_base(difference))),
    "simplification": sympy.simplify,
    "exponentials": lambda difference: sympy.simplify(difference.rewrite(sympy.exp)),
    "expanded functions": lambda difference: sympy.simplify(sympy.expand(difference, func=True, trig=True, log=True)),
}


def _strategy_to_zero(difference: Any) -> str | None:
    """The name of the first transformation that turns the difference into 0, on every branch of it."""
    folded = sympy.piecewise_fold(difference) if difference.has(sympy.Piecewise) else difference
    if not isinstance(folded, sympy.Piecewise):
        return next((name for name, transform in _STRATEGIES.items() if _vanishes(transform, difference)), None)
    branches = [_on_branch(branch, condition) for branch, condition in folded.args]
    found = [_strategy_to_zero(branch) for branch in branches if branch is not None]
    return None if None in found or not found else " and ".join(dict.fromkeys(map(str, found)))


def _on_branch(branch: Any, condition: Any) -> Any:
    """The branch with the equation that selects it put in; None where one side is undefined under that equation."""
    if isinstance(condition, sympy.Eq) and condition.lhs.is_Symbol and not condition.rhs.has(condition.lhs):
        branch = branch.subs(condition.lhs, condition.rhs)
    return None if branch.has(sympy.zoo, sympy.nan) else branch


def _vanishes(transform: Callable[[Any], Any], difference: Any) -> bool:
    try:
        return bool(transform(difference) == 0)
    except (NotImplementedError, sympy.PolynomialError, TypeError, ValueError):
        return False


def _shortened(expression: Any, length: int = 120) -> str:
    text = str(expression)
    return text if len(text) <= length else f"{text[:length]}..."
