"""Rational numbers below and above a real constant."""

from __future__ import annotations

from fractions import Fraction

import sympy

from ..enclosure import enclose
from ..errors import InvalidInput

_BITS = 96


def rational_bounds(constant: sympy.Expr, bits: int = _BITS) -> tuple[sympy.Rational, sympy.Rational]:
    """Rationals (below, above) with below < constant < above, about 2^-bits apart relative to the constant.

    Raises InvalidInput for what is no finite real constant.
    """
    ball = enclose(constant, bits + 32)
    if not ball.is_finite():
        raise InvalidInput(f"{constant} is not a finite real number")
    middle, radius = (Fraction(int(part.p), int(part.q)) for part in (ball.mid().fmpq(), ball.rad().fmpq()))
    spacing = Fraction(2) ** (_exponent(abs(middle) + radius) - bits)
    below, above = (middle - radius) // spacing, -((-middle - radius) // spacing)
    return _rational((below - 1) * spacing), _rational((above + 1) * spacing)


def _exponent(value: Fraction) -> int:
    return value.numerator.bit_length() - value.denominator.bit_length()


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)
