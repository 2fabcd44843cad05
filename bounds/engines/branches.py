"""A function of one real variable cut at its break points into branches, each one smooth formula."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import sympy
from sympy.core import relational

from ..enclosure import enclose
from ..errors import InvalidInput
from ..stable_form import stable
from .closed_form import is_zero
from .point import Point, holds, sign_of

_KINKED = (sympy.Max, sympy.Min, sympy.Abs, sympy.sign, sympy.Heaviside)


@dataclass(frozen=True)
class Branch:
    """The formula that holds between two neighbouring break points; the ends are exact, or infinite."""

    lower: Any
    upper: Any
    expression: sympy.Expr


@lru_cache(maxsize=512)
def branches(expression: sympy.Expr, symbol: sympy.Symbol) -> tuple[Branch, ...]:
    """The branches from left to right; one for a smooth formula.

    The value at a break point is the limit from one side at least. Raises InvalidInput where it is not, where the break
    points cannot be found, or a condition is no inequality in the symbol.
    """
    expression = as_pieces(expression)
    ends = [-sympy.oo, *_break_points(expression, symbol), sympy.oo]
    found = [
        Branch(lower, upper, _formula(expression, symbol, _between(lower, upper))) for lower, upper in pairwise(ends)
    ]
    for left, right in pairwise(found):
        _check_value(expression, symbol, left, right)
    return _merged(found)


def in_order(expression: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """The function as one Piecewise with a condition symbol > break point each; a smooth formula as it is.

    At a break point the formula from the left holds. Raises InvalidInput as `branches` does.
    """
    if not as_pieces(expression).has(sympy.Piecewise):
        return expression
    first, *others = branches(expression, symbol)
    pieces = [(branch.expression, symbol > branch.lower) for branch in reversed(others)]
    return sympy.Piecewise(*pieces, (first.expression, True))


def _check_value(expression: sympy.Expr, symbol: sympy.Symbol, left: Branch, right: Branch) -> None:
    formula = _formula(expression, symbol, left.upper)
    if formula in (left.expression, right.expression):
        return
    value = _value(formula, symbol, left.upper)
    if not any(is_zero(value - _value(side.expression, symbol, left.upper)) for side in (left, right)):
        raise InvalidInput(f"{expression} is not continuous at {symbol} = {left.upper}: its value there is isolated")


def _merged(found: list[Branch]) -> tuple[Branch, ...]:
    merged = found[:1]
    for branch in found[1:]:
        if branch.expression == merged[-1].expression:
            merged[-1] = Branch(merged[-1].lower, branch.upper, branch.expression)
        else:
            merged.append(branch)
    return tuple(merged)


@dataclass(frozen=True)
class Jump:
    """A break point with the limits from either side; `proved` says that these are known to differ."""

    point: sympy.Expr
    left: sympy.Expr
    right: sympy.Expr
    proved: bool


def jump(expression: sympy.Expr, symbol: sympy.Symbol) -> Jump | None:
    """The first break point at which continuity is not proved; None if the function is continuous at all of them."""
    for left, right in pairwise(branches(expression, symbol)):
        values = [_value(side.expression, symbol, left.upper) for side in (left, right)]
        difference = values[1] - values[0]
        if not is_zero(difference):
            return Jump(left.upper, values[0], values[1], proved=sign_of(difference) is not None)
    return None


def _value(expression: sympy.Expr, symbol: sympy.Symbol, point: sympy.Expr) -> sympy.Expr:
    value = expression.xreplace({symbol: point})
    try:
        if enclose(value).is_finite():
            return value
    except InvalidInput:
        pass
    raise InvalidInput(f"{expression} has no finite value at {symbol} = {point}")


def as_pieces(expression: sympy.Expr) -> sympy.Expr:
    """Kinks written as Piecewise, one for the whole expression, in a form for which balls are narrow."""
    expression = stable(expression)
    if expression.has(*_KINKED):
        expression = expression.rewrite(sympy.Piecewise)
    return sympy.piecewise_fold(expression) if expression.has(sympy.Piecewise) else expression


def _break_points(expression: sympy.Expr, symbol: sympy.Symbol) -> list[sympy.Expr]:
    points: set[sympy.Expr] = set()
    for piecewise in expression.atoms(sympy.Piecewise):
        for _, condition in piecewise.args:
            for relation in condition.atoms(relational.Relational):
                points.update(_zeros(relation, symbol))
    return sorted(points, key=lambda point: enclose(point).mid())


def _zeros(relation: Any, symbol: sympy.Symbol) -> list[sympy.Expr]:
    """Where the two sides of a condition are equal."""
    difference = relation.lhs - relation.rhs
    if not difference.is_polynomial(symbol):
        raise InvalidInput(f"cannot use the condition {relation}: expected a relation between polynomials")
    if not difference.has(symbol):
        return []
    polynomial = sympy.Poly(difference, symbol)
    if polynomial.degree() == 1:
        slope, offset = polynomial.all_coeffs()
        return [-offset / slope]
    if not all(coefficient.is_Rational for coefficient in polynomial.all_coeffs()):
        raise InvalidInput(f"cannot use the condition {relation}: expected rational coefficients")
    return list(dict.fromkeys(sympy.real_roots(polynomial)))


def _between(lower: Any, upper: Any) -> sympy.Expr:
    if lower == -sympy.oo and upper == sympy.oo:
        return sympy.Integer(0)
    if lower == -sympy.oo:
        return upper - 1
    return lower + 1 if upper == sympy.oo else (lower + upper) / 2


def _formula(expression: sympy.Expr, symbol: sympy.Symbol, at: sympy.Expr) -> sympy.Expr:
    """The smooth formula that holds at a point."""
    point = Point({symbol: at})
    chosen = {piecewise: _chosen(piecewise, point) for piecewise in expression.atoms(sympy.Piecewise)}
    formula = expression.xreplace(chosen)
    return _formula(formula, symbol, at) if formula.has(sympy.Piecewise) else formula


def _chosen(piecewise: sympy.Piecewise, point: Point) -> sympy.Expr:
    for formula, condition in piecewise.args:
        truth = holds(condition, point)
        if truth is None:
            raise InvalidInput(f"cannot decide the condition {condition} at {point}")
        if truth:
            return formula
    raise InvalidInput(f"{piecewise} is not defined at {point}")
