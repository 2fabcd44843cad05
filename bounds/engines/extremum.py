"""The supremum of |g| over the whole line for a function g of one real variable, with a proof on either side.

A local maximum found on a grid, a limit at infinity or an end of a branch gives the candidate: in closed form where one
is recognised and satisfies g' = 0 exactly, else as a rational number just above the largest value found. That |g| is
nowhere above the candidate is proved by `subdivision`; a point where it is becomes the next candidate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy
from flint import arb, ctx

from ..enclosure import enclose
from ..exact import is_less
from ..outcome import Verdict
from .branches import Branch, branches
from .closed_form import ball_of, exact_ball, fraction_of, guesses, is_zero, lies_in, lower_end, outside
from .periods import reduced
from .point import sign_of
from .rounding import round_down, round_up
from .smooth import derivative, enclosed
from .subdivision import nonnegative
from .tails import Unknown, tail

_BITS = 256
_DIGITS = 14
_RESTARTS = 12
_LONG = 30
_TINY = Fraction(1, 10**60)
_PEAKS = 8
_EVEN = [Fraction(step, 8) for step in range(65)]
_GEOMETRIC = [Fraction(2) ** power * Fraction(quarter, 4) for power in range(-20, 21) for quarter in (4, 5, 6, 7)]
_GRID = sorted({sign * step for step in (*_EVEN, *_GEOMETRIC) for sign in (1, -1)})


class NotBounded(Exception):
    """No finite supremum could be proved; the message says why."""


@dataclass(frozen=True)
class Extremum:
    """sup |g| = `value` exactly if `exact`, else it lies in [`lower`, `value`], two rationals.

    `where` is a point (a rational approximation unless `exact`), or the end of the line at which |g| tends to its
    supremum. An infinite supremum is oo, with `lower` oo too.
    """

    value: Any
    lower: Any
    where: Any
    exact: bool

    @property
    def infinite(self) -> bool:
        return bool(self.value == sympy.oo)


@dataclass(frozen=True)
class _Candidate:
    value: Any
    where: Any
    exact: bool


@lru_cache(maxsize=512)
def supremum(expression: sympy.Expr, symbol: sympy.Symbol, digits: int = _DIGITS) -> Extremum:
    """sup |expression| over all real values of `symbol`, one-sided limits at break points included.

    Where no closed form is found, upper and lower bound agree to about `digits` significant digits. Raises NotBounded
    where neither a finite bound nor unboundedness could be proved, InvalidInput for functions that cannot be read.
    """
    with ctx.workprec(_BITS):
        parts = _parts(expression, symbol)
        candidates = _candidates(parts, symbol)
        for _ in range(_RESTARTS):
            best = _largest(candidates)
            if best.value == sympy.oo:
                return Extremum(sympy.oo, sympy.oo, best.where, exact=True)
            extremum = _as_extremum(best, digits)
            witness = _excess(parts, symbol, extremum.value)
            if witness is None:
                return extremum
            candidates.append(_from_witness(parts, symbol, witness))
    raise NotBounded(f"|{expression}| has ever larger values, such as at {symbol} = {candidates[-1].where}")


@lru_cache(maxsize=512)
def largest_seen(expression: sympy.Expr, symbol: sympy.Symbol) -> tuple[Any, Any]:
    """A lower bound of sup |expression| and where it is: the largest of limits, ends of branches and local maxima."""
    with ctx.workprec(_BITS):
        best = _largest(_candidates(_parts(expression, symbol), symbol))
        return best.value, best.where


def bounded_by(expression: sympy.Expr, symbol: sympy.Symbol, bound: sympy.Expr) -> Any:
    """A point where |expression| exceeds `bound`; None if it is proved that there is none. Raises NotBounded."""
    with ctx.workprec(_BITS):
        return _excess(_parts(expression, symbol), symbol, bound)


def value_at(expression: sympy.Expr, symbol: sympy.Symbol, point: sympy.Expr) -> arb:
    """A ball around |expression| at a point, the larger one-sided limit at a break point."""
    values = [
        abs(ball_of(part.expression.xreplace({symbol: point})))
        for part in branches(expression, symbol)
        if lies_in(point, part.lower, part.upper)
    ]
    return max(values, key=lambda ball: ball.mid())


def _parts(expression: sympy.Expr, symbol: sympy.Symbol) -> tuple[Branch, ...]:
    """The branches, with one period in place of the whole range of a periodic one."""
    return tuple(reduced(branch, symbol) for branch in branches(expression, symbol))


def _limits(parts: tuple[Branch, ...], symbol: sympy.Symbol) -> Iterator[_Candidate]:
    """The limits of |g| at either end of the line, where there are any."""
    for part, direction in ((parts[0], -1), (parts[-1], 1)):
        end = part.lower if direction < 0 else part.upper
        if symbol not in part.expression.free_symbols or abs(end) != sympy.oo:
            continue
        try:
            behaviour = tail(part.expression, symbol, direction)
        except Unknown:
            continue
        limit = behaviour.limit()
        if limit is not None and next(behaviour.starts(), None) is not None:
            yield _Candidate(_modulus(limit), direction * sympy.oo, exact=True)


def _modulus(value: Any) -> Any:
    if value in (sympy.oo, -sympy.oo):
        return sympy.oo
    return -value if sign_of(value) == -1 else value


def _candidates(parts: tuple[Branch, ...], symbol: sympy.Symbol) -> list[_Candidate]:
    """The first infinite limit if there is one, else limits and what the branches have to offer."""
    limits = list(_limits(parts, symbol))
    infinite = [limit for limit in limits if limit.value == sympy.oo]
    return infinite[:1] or [*limits, *(found for part in parts for found in _candidates_in(part, symbol))]


def _candidates_in(part: Branch, symbol: sympy.Symbol) -> Iterator[_Candidate]:
    """Constant branches, finite ends, and local maxima of |g| on a grid, polished."""
    if symbol not in part.expression.free_symbols:
        yield _Candidate(_modulus(part.expression), _some_point(part), exact=True)
        return
    for end in (part.lower, part.upper):
        if end not in (-sympy.oo, sympy.oo):
            value = part.expression.xreplace({symbol: end})
            if enclose(value).is_finite():
                yield _Candidate(_modulus(value), end, exact=True)
    points = _points(part)
    values = [abs(_value(part, symbol, point)) for point in points]
    peaks = [index for index in range(1, len(points) - 1) if _is_peak(*values[index - 1 : index + 2])]
    for index in sorted(peaks, key=lambda index: -values[index].mid())[:_PEAKS]:
        yield _polished(part, symbol, points[index - 1], points[index], points[index + 1])


def _is_peak(before: arb, here: arb, after: arb) -> bool:
    """Whether the middle value is the largest of three, and provably larger than one of the others."""
    if not (before.is_finite() and here.is_finite() and after.is_finite()):
        return False
    return bool(here.mid() >= before.mid() and here.mid() >= after.mid() and (here > before or here > after))


def _some_point(part: Branch) -> sympy.Expr:
    if part.lower != -sympy.oo:
        return part.lower if part.upper == sympy.oo else (part.lower + part.upper) / 2
    return sympy.Integer(0) if part.upper == sympy.oo else part.upper


def _points(part: Branch) -> list[Fraction]:
    """Points of the branch in rising order: the grid inside it, and a finite branch in 64 equal parts."""
    lower, upper = _inner_ends(part)
    shift = lower if upper is None and lower is not None else upper if lower is None and upper is not None else 0
    points = [shift + point for point in _GRID]
    if lower is not None and upper is not None:
        points += [lower + (upper - lower) * Fraction(step, 64) for step in range(65)]
    kept = {point for point in points if (lower is None or point >= lower) and (upper is None or point <= upper)}
    return sorted(kept)


def _inner_ends(part: Branch) -> tuple[Fraction | None, Fraction | None]:
    """The finite ends, or rational numbers next to them inside the branch."""
    lower = None if part.lower == -sympy.oo else outside(part.lower, 1)
    return lower, None if part.upper == sympy.oo else outside(part.upper, -1)


def _value(part: Branch, symbol: sympy.Symbol, point: Fraction, order: int = 0) -> arb:
    return enclosed(part.expression, symbol, order, exact_ball(point), _BITS)


def _polished(part: Branch, symbol: sympy.Symbol, left: Fraction, middle: Fraction, right: Fraction) -> _Candidate:
    """The local maximum of |g| between `left` and `right`, recognised or to many digits."""
    rising = 1 if _value(part, symbol, middle) >= 0 else -1
    point = _zero_of_slope(part, symbol, rising, left, middle, right)
    for guess in guesses(point, part.expression):
        stationary = is_zero(derivative(part.expression, symbol).xreplace({symbol: guess}))
        if stationary and lies_in(guess, part.lower, part.upper):
            value = part.expression.xreplace({symbol: guess})
            return _Candidate(_modulus(value), guess, exact=True)
    short = round_down(point, _LONG) if abs(point) > _TINY else sympy.Integer(0)
    if not left <= short <= right:
        short = _rational(point)
    value = lower_end(abs(_value(part, symbol, Fraction(int(short.p), int(short.q)))))
    return _Candidate(round_down(value, _LONG), short, exact=False)


def _zero_of_slope(
    part: Branch, symbol: sympy.Symbol, rising: int, left: Fraction, middle: Fraction, right: Fraction
) -> Fraction:
    """By bisection on the sign of g', then by Newton's method while that stays within the last interval."""
    if _value(part, symbol, middle, 1).contains(0):
        return middle
    for _ in range(16):
        slope = rising * _value(part, symbol, middle, 1)
        left, right = (middle, right) if slope > 0 else (left, middle)
        middle = (left + right) / 2
    point = middle
    for _ in range(10):
        step = _value(part, symbol, point, 1) / _value(part, symbol, point, 2)
        if not step.is_finite():
            return point
        point = min(max(fraction_of(exact_ball(point) - step), left), right)
    return point


def _largest(candidates: list[_Candidate]) -> _Candidate:
    """The candidate of the largest value; among equals an exact one, then the one nearest to 0, finite before oo."""
    best, *others = candidates or [_Candidate(sympy.Integer(0), sympy.Integer(0), exact=True)]
    for other in others:
        if is_less(best.value, other.value) or (not is_less(other.value, best.value) and _simpler(other, best)):
            best = other
    return best


def _simpler(one: _Candidate, other: _Candidate) -> bool:
    return (not one.exact, _size(one.where)) < (not other.exact, _size(other.where))


def _size(where: Any) -> tuple[bool, Fraction, bool]:
    infinite = where in (sympy.oo, -sympy.oo)
    number = Fraction(0) if infinite else abs(fraction_of(ball_of(where))).limit_denominator(10**9)
    return infinite, number, bool(infinite and where < 0) or bool(not infinite and sign_of(where) == -1)


def _as_extremum(candidate: _Candidate, digits: int) -> Extremum:
    if candidate.exact:
        return Extremum(candidate.value, candidate.value, candidate.where, exact=True)
    value = Fraction(int(candidate.value.p), int(candidate.value.q))
    above = round_up(value * (1 + Fraction(1, 10**digits)), digits)
    return Extremum(above, candidate.value, candidate.where, exact=False)


def _excess(parts: tuple[Branch, ...], symbol: sympy.Symbol, bound: sympy.Expr) -> Any:
    """A point where |g| is proved to exceed the bound, None where it is proved that there is none."""
    for part in parts:
        for signed in (part.expression, -part.expression):
            outcome = nonnegative(bound - signed, symbol, part.lower, part.upper)
            if outcome.verdict is Verdict.REFUTED:
                return outcome.counterexample
            if outcome.verdict is not Verdict.PROVED:
                raise NotBounded(outcome.reason)
    return None


def _from_witness(parts: tuple[Branch, ...], symbol: sympy.Symbol, witness: sympy.Expr) -> _Candidate:
    """A local maximum near a point where the last candidate was exceeded."""
    point = fraction_of(ball_of(witness))
    part = next(part for part in parts if lies_in(witness, part.lower, part.upper))
    left, right = _uphill(part, symbol, point)
    return _polished(part, symbol, left, (left + right) / 2, right)


def _uphill(part: Branch, symbol: sympy.Symbol, point: Fraction) -> tuple[Fraction, Fraction]:
    """An interval around the next local maximum of |g| in the direction in which it rises."""
    lower, upper = _inner_ends(part)
    rising = 1 if _value(part, symbol, point) >= 0 else -1
    direction = 1 if rising * _value(part, symbol, point, 1) >= 0 else -1
    step, last = Fraction(direction, 2**10), point
    for _ in range(60):
        following = last + step
        if lower is not None and following < lower or upper is not None and following > upper:
            break
        if not rising * _value(part, symbol, following, 1) * direction > 0:
            return min(last, following), max(last, following)
        last, step = following, 2 * step
    return min(point, last), max(point, last)


def _rational(point: Fraction) -> sympy.Rational:
    return sympy.Rational(point.numerator, point.denominator)
