"""Rational numbers rounded to a number of significant digits, in a direction of one's choice."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import sympy


def round_down(number: Fraction, digits: int) -> sympy.Rational:
    """The largest number of that many significant digits that is at most `number`."""
    unit = _unit(number, digits)
    return _rational(floor(number / unit) * unit)


def round_up(number: Fraction, digits: int) -> sympy.Rational:
    """The smallest number of that many significant digits that is at least `number`."""
    unit = _unit(number, digits)
    return _rational(ceil(number / unit) * unit)


def _unit(number: Fraction, digits: int) -> Fraction:
    """A power of ten: one unit in the last of the digits."""
    if number == 0:
        return Fraction(1)
    exponent = len(str(abs(number.numerator))) - len(str(number.denominator))
    if abs(number) < Fraction(10) ** exponent:
        exponent -= 1
    return Fraction(10) ** (exponent + 1 - digits)


def _rational(number: Fraction) -> sympy.Rational:
    return sympy.Rational(number.numerator, number.denominator)
