"""From a number known to many digits to a guess at its closed form, and exact tests of such guesses.

A guess is only ever a candidate: whoever uses it proves, by `is_zero`, the equations that the number has to satisfy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import mpmath
import sympy
from flint import arb, fmpq

from ..enclosure import enclose
from ..errors import InvalidInput
from ..exact import is_at_most
from .point import is_exactly_zero

_CLOSE = Fraction(1, 10**32)
_LARGEST_DENOMINATOR = 10**6
_LARGEST_COEFFICIENT = 10**6
_LARGEST_EXPONENT = 40
_LARGEST_PART_OF_PI = 120
_DIGITS = 45
_SMALL = 40
_ONE = Fraction(1)
_NEXT = Fraction(1, 2**200)


def is_zero(constant: sympy.Expr) -> bool:
    """True only if the constant is proved to be 0, by algebra; numbers can but rule it out."""
    if constant.is_Rational:
        return bool(constant.p == 0)
    try:
        if not all(enclose(constant, bits).contains(0) for bits in (256, 8192)):
            return False
    except InvalidInput:
        return False
    if sympy.expand(constant) == 0 or _numerator(constant) == 0:
        return True
    return constant.count_ops() <= _SMALL and is_exactly_zero(constant)


def _numerator(constant: sympy.Expr) -> sympy.Expr:
    """Over a common denominator and expanded, which squares the square roots away; without hyperbolic functions."""
    return sympy.expand(sympy.fraction(sympy.together(constant.rewrite(sympy.exp)))[0])


def ball_of(constant: sympy.Expr, bits: int = 256) -> arb:
    """A ball around a constant, of more digits than the working precision has."""
    return enclose(constant, bits)


def lies_in(point: sympy.Expr, lower: Any, upper: Any) -> bool:
    """True only if lower <= point <= upper is proved; the ends may be infinite."""
    return (upper == sympy.oo or is_at_most(point, upper)) and (lower == -sympy.oo or is_at_most(lower, point))


def fraction_of(ball: arb) -> Fraction:
    """The midpoint of a ball, exactly."""
    middle = ball.mid().fmpq()
    return Fraction(int(middle.p), int(middle.q))


def lower_end(ball: arb) -> Fraction:
    """The lower end of a ball, exactly."""
    radius = ball.rad().fmpq()
    return fraction_of(ball) - Fraction(int(radius.p), int(radius.q))


def outside(end: sympy.Expr, direction: int) -> Fraction:
    """A constant itself where it is rational, else a rational number next to it in the direction 1 or -1."""
    if end.is_Rational:
        return Fraction(int(end.p), int(end.q))
    return fraction_of(ball_of(end)) + direction * _NEXT


def exact_ball(point: Fraction | sympy.Rational) -> arb:
    """A rational number as a ball, in the working precision."""
    return arb(fmpq(int(point.numerator), int(point.denominator)))


def guesses(number: Fraction, expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """Closed forms that agree with `number` to 32 digits: where such an expression may be stationary.

    Rationals, square roots and roots of quadratics come first, then rational multiples of pi and what the functions of
    the expression suggest: inverse hyperbolic tangents, logarithms and inverse tangents of such numbers.
    """
    with mpmath.workdps(_DIGITS):
        value = mpmath.mpf(number.numerator) / number.denominator
        for guess in _guesses(value, expression):
            if abs(fraction_of(ball_of(guess)) - number) <= _CLOSE * max(_ONE, abs(number)):
                yield guess


def _guesses(value: mpmath.mpf, expression: sympy.Expr) -> Iterator[sympy.Expr]:
    yield from _algebraic(value)
    for functions, inverse in _INVERSES:
        for slope, offset in _arguments(expression, functions):
            phase = value * _decimal(slope) + _decimal(offset)
            yield from ((guess - offset) / slope for guess in inverse(phase))


def _arguments(expression: sympy.Expr, functions: tuple[type, ...]) -> list[tuple[sympy.Expr, sympy.Expr]]:
    """The pairs (a, b) with f(a z + b) in the expression."""
    found = set()
    for part in expression.atoms(*functions):
        for symbol in part.free_symbols:
            slope = sympy.diff(part.args[0], symbol)
            if slope != 0 and not slope.free_symbols:
                found.add((slope, part.args[0].xreplace({symbol: sympy.Integer(0)})))
    return sorted(found, key=str)


def _decimal(constant: sympy.Expr) -> mpmath.mpf:
    return mpmath.mpf(sympy.N(constant, _DIGITS + 5))


def _angles(phase: mpmath.mpf) -> Iterator[sympy.Expr]:
    """Rational multiples of pi, and inverse tangents of algebraic numbers in the same period."""
    turns = sympy.pi * int(mpmath.nint(phase / mpmath.pi))
    ratios = _rational(phase / mpmath.pi)
    yield from (sympy.pi * ratio for ratio in ratios if ratio.q <= _LARGEST_PART_OF_PI)
    yield from (sympy.atan(root) + turns for root in _algebraic(mpmath.tan(phase)))


def _hyperbolic(phase: mpmath.mpf) -> Iterator[sympy.Expr]:
    yield from (sympy.atanh(root) for root in _algebraic(mpmath.tanh(phase)) if abs(root) < 1)


def _logarithms(phase: mpmath.mpf) -> Iterator[sympy.Expr]:
    if abs(phase) < _LARGEST_EXPONENT:
        yield from (sympy.log(root) for root in _algebraic(mpmath.exp(phase)) if root > 0)


def _algebraic(value: mpmath.mpf) -> Iterator[sympy.Expr]:
    """Rationals, square roots of rationals, roots of quadratics and square roots of such roots."""
    rationals = list(_rational(value))
    yield from rationals
    if rationals:
        return
    sign = sympy.Integer(1 if value > 0 else -1)
    squares = list(_rational(value**2))
    yield from (sign * sympy.sqrt(square) for square in squares)
    if not squares:
        yield from _quadratic(value)
        yield from (sign * sympy.sqrt(root) for root in _quadratic(value**2))


def _rational(value: mpmath.mpf) -> Iterator[sympy.Rational]:
    if abs(value) > _LARGEST_DENOMINATOR:
        return
    whole = int(mpmath.nint(value * mpmath.mpf(2) ** 140))
    nearest = Fraction(whole, 2**140).limit_denominator(_LARGEST_DENOMINATOR)
    if abs(Fraction(whole, 2**140) - nearest) <= _CLOSE * max(_ONE, abs(nearest)):
        yield sympy.Rational(nearest.numerator, nearest.denominator)


def _quadratic(value: mpmath.mpf) -> Iterator[sympy.Expr]:
    """Real roots of a x^2 + b x + c with small integers that agree with the value."""
    if not mpmath.mpf(10) ** -9 < abs(value) < mpmath.mpf(10) ** 9:
        return
    relation = mpmath.pslq([value**2, value, mpmath.mpf(1)], maxcoeff=_LARGEST_COEFFICIENT, maxsteps=1000)
    if relation is None or relation[0] == 0:
        return
    a, b, c = (sympy.Integer(number) for number in relation)
    root = sympy.sqrt(b**2 - 4 * a * c)
    if root.is_real:
        yield min(((-b + root) / (2 * a), (-b - root) / (2 * a)), key=lambda each: abs(sympy.N(each, 50) - value))


_INVERSES: tuple[tuple[tuple[type, ...], Callable[[mpmath.mpf], Iterator[sympy.Expr]]], ...] = (
    ((sympy.sin, sympy.cos), _angles),
    ((sympy.tanh, sympy.sinh, sympy.cosh), _hyperbolic),
    ((sympy.exp,), _logarithms),
)
