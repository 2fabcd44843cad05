"""Whether a formula has a finite real value, and is smooth, at every point of the line."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import sympy
from flint import arb, ctx

from ..enclosure import enclose
from .branches import Branch, branches
from .closed_form import exact_ball, outside
from .periods import reduced
from .tails import NotReal, Unknown, tail

_BITS = 128
_WIDEST = Fraction(2**10)
_NARROWEST = Fraction(1, 2**40)
_PIECES = 5_000
_ONE = Fraction(1)
_SIMPLE = [Fraction(number) for number in (0, -1, 1, -2, 2)]


def trouble(expression: sympy.Expr, symbol: sympy.Symbol) -> Any:
    """A point at or next to which no ball shows finite values, or the end of the line near which there are none.

    None if there is no such point: finite balls over small pieces rule out poles and the roots and logarithms of 0, so
    every branch is then proved to be real and smooth on its whole closed interval. Raises Unknown where the behaviour
    near infinity is beyond the rules of `tails`, and InvalidInput for functions that no ball can enclose.
    """
    with ctx.workprec(_BITS):
        found = (_trouble_in(reduced(branch, symbol), symbol) for branch in branches(expression, symbol))
        return next((point for point in found if point is not None), None)


def _trouble_in(branch: Branch, symbol: sympy.Symbol) -> Any:
    if symbol not in branch.expression.free_symbols:
        return None if enclose(branch.expression).is_finite() else sympy.Integer(0)
    ends = {-1: branch.lower, 1: branch.upper}
    reach = max((abs(outside(end, 1)) for end in ends.values() if abs(end) != sympy.oo), default=Fraction(0))
    reached: dict[int, Fraction] = {}
    problems: dict[int, Unknown] = {}
    for direction, end in ends.items():
        try:
            reached[direction] = _reached(branch.expression, symbol, end, direction, reach)
        except Unknown as error:
            reached[direction], problems[direction] = direction * max(_WIDEST, 2 * reach), error
    point = _uncovered(branch.expression, symbol, reached[-1], reached[1])
    if point is not None:
        return point
    for direction, problem in problems.items():
        if isinstance(problem, NotReal):
            return ends[direction]
        raise problem
    return None


def _reached(expression: sympy.Expr, symbol: sympy.Symbol, end: Any, direction: int, reach: Fraction) -> Fraction:
    """The end of the branch, or how far out the formula is known to be real and smooth from there to infinity."""
    if abs(end) != sympy.oo:
        return outside(end, direction)
    for start in tail(expression, symbol, direction).starts():
        if start > reach:
            return Fraction(direction * start)
    raise Unknown(f"whether {expression} is real near {end}")


def _uncovered(expression: sympy.Expr, symbol: sympy.Symbol, left: Fraction, right: Fraction) -> Any:
    pieces = _nearest_last(left, right)
    ends = left, right
    for _ in range(_PIECES):
        if not pieces:
            return None
        left, right = pieces.pop()
        middle, half = (left + right) / 2, (right - left) / 2
        at = arb(exact_ball(middle), exact_ball(half))
        if enclose(expression, _BITS, at={symbol: at}).is_finite():
            continue
        if half < _NARROWEST * max(_ONE, abs(middle)):
            break
        pieces += [(middle, right), (left, middle)]
    middle = (left + right) / 2
    simple = [number for number in (*_SIMPLE, middle.limit_denominator(1000)) if ends[0] <= number <= ends[1]]
    infinite = (number for number in simple if not _is_finite_at(expression, symbol, number))
    found = next(infinite, middle.limit_denominator(10**6))
    return sympy.Rational(found.numerator, found.denominator)


def _nearest_last(left: Fraction, right: Fraction) -> list[tuple[Fraction, Fraction]]:
    """The interval cut at powers of two, the pieces near 0 last."""
    powers = {sign * Fraction(2) ** power for power in range(41) for sign in (1, -1)}
    cuts = [left, *sorted(cut for cut in powers | {Fraction(0)} if left < cut < right), right]
    return sorted(pairwise(cuts), key=lambda piece: -abs(piece[0] + piece[1]))


def _is_finite_at(expression: sympy.Expr, symbol: sympy.Symbol, number: Fraction) -> bool:
    return bool(enclose(expression, _BITS, at={symbol: exact_ball(number)}).is_finite())
