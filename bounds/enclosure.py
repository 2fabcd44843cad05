"""Rigorous enclosures of SymPy expressions by balls (`flint.arb`).

The value of an expression lies in the returned ball, whatever the working precision. A ball that is not
finite says that this precision was too low, or that the expression is not a finite real number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from flint import arb, ctx, fmpq
from sympy import S
from sympy.core import relational
from sympy.logic import boolalg

from .errors import InvalidInput

Point = Mapping[Any, arb]


def enclose(expression: sympy.Expr, bits: int = 128, *, at: Point | None = None) -> arb:
    """A ball that contains the value of `expression`.

    The ball is as exact as `bits` allows, but arithmetic on it is done in the precision of `flint.ctx`.
    `at` maps the free symbols to balls; then the ball returned contains the value at every point of theirs.
    Raises InvalidInput for symbols without a value, floats (they are not exact) and unknown functions.
    """
    with ctx.workprec(bits):
        return _ball(sympy.sympify(expression), at or {})


def _ball(expression: Any, at: Point) -> arb:
    if expression in at:
        return at[expression]
    if expression.is_Rational:
        return arb(fmpq(int(expression.p), int(expression.q)))
    if expression in _CONSTANTS:
        return _CONSTANTS[expression]()
    rule = _RULES.get(expression.func)
    if rule is None:
        raise InvalidInput(f"cannot enclose {expression}: {_complaint(expression)}")
    return rule(expression, at)


def _complaint(expression: Any) -> str:
    if expression.is_Symbol:
        return "the symbol has no value"
    if expression.is_Float:
        return "a float is not exact, expected an integer or a rational"
    return f"{expression.func.__name__} is not a known real function"


def _sum(expression: Any, at: Point) -> arb:
    return sum((_ball(term, at) for term in expression.args), arb(0))


def _product(expression: Any, at: Point) -> arb:
    product = arb(1)
    for factor in expression.args:
        product *= _ball(factor, at)
    return product


def _power(expression: Any, at: Point) -> arb:
    base, exponent = _ball(expression.base, at), expression.exp
    if exponent.is_Integer:
        return base ** int(exponent)
    if exponent.is_Rational:
        return base.root(int(exponent.q)) ** int(exponent.p)
    return base ** _ball(exponent, at)


def _extremum(choose: Callable[[arb, arb], arb]) -> Callable[[Any, Point], arb]:
    def rule(expression: Any, at: Point) -> arb:
        balls = [_ball(argument, at) for argument in expression.args]
        best = balls[0]
        for ball in balls[1:]:
            best = choose(best, ball)
        return best

    return rule


def _function(name: str) -> Callable[[Any, Point], arb]:
    evaluate: Callable[[arb], arb] = getattr(arb, name)

    def rule(expression: Any, at: Point) -> arb:
        return evaluate(_ball(expression.args[0], at))

    return rule


def _piecewise(expression: Any, at: Point) -> arb:
    """The union of all branches that the balls of the point may fall into."""
    union = None
    for branch, condition in expression.args:
        truth = _truth(condition, at)
        if truth is False:
            continue
        ball = _ball(branch, at)
        union = ball if union is None else union.union(ball)
        if truth is True:
            return union
    raise InvalidInput(f"cannot enclose {expression}: it is not defined everywhere")


def _truth(condition: Any, at: Point) -> bool | None:
    """True or False where that is certain for every point of the balls, else None."""
    if condition in (S.true, S.false):
        return bool(condition)
    if isinstance(condition, boolalg.Not):
        inner = _truth(condition.args[0], at)
        return None if inner is None else not inner
    if isinstance(condition, boolalg.And | boolalg.Or):
        decisive = isinstance(condition, boolalg.Or)
        truths = [_truth(argument, at) for argument in condition.args]
        if decisive in truths:
            return decisive
        return None if None in truths else not decisive
    if not isinstance(condition, relational.Relational):
        raise InvalidInput(f"cannot decide the condition {condition}")
    return _comparison(condition, _ball(condition.lhs, at), _ball(condition.rhs, at))


def _comparison(condition: Any, left: arb, right: arb) -> bool | None:
    if isinstance(condition, relational.StrictGreaterThan):
        return _certain(left > right, left <= right)
    if isinstance(condition, relational.GreaterThan):
        return _certain(left >= right, left < right)
    if isinstance(condition, relational.StrictLessThan):
        return _certain(left < right, left >= right)
    if isinstance(condition, relational.LessThan):
        return _certain(left <= right, left > right)
    apart = bool(left < right or left > right)
    equal = left.is_exact() and right.is_exact() and bool(left == right)
    if isinstance(condition, relational.Ne):
        return _certain(apart, equal)
    return _certain(equal, apart)


def _certain(holds: object, fails: object) -> bool | None:
    if holds:
        return True
    return False if fails else None


_CONSTANTS: dict[Any, Callable[[], arb]] = {S.Pi: arb.pi, S.Exp1: arb.const_e, S.EulerGamma: arb.const_euler}
_FUNCTIONS = (
    "exp",
    "log",
    "erf",
    "erfc",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "asin",
    "acos",
    "atan",
    "asinh",
    "acosh",
    "atanh",
)
_RULES: dict[Any, Callable[[Any, Point], arb]] = {
    sympy.Add: _sum,
    sympy.Mul: _product,
    sympy.Pow: _power,
    sympy.Max: _extremum(lambda left, right: left.max(right)),
    sympy.Min: _extremum(lambda left, right: left.min(right)),
    sympy.Abs: lambda expression, at: abs(_ball(expression.args[0], at)),
    sympy.Piecewise: _piecewise,
    **{getattr(sympy, name): _function(name) for name in _FUNCTIONS},
}
