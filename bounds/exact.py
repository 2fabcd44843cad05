"""Exact numbers in, exact integers and outward-rounded floats out.

Every scalar of a theorem is a SymPy constant made by `exact`. Questions about it (is it at most that? which
is the next integer?) are answered by rational arithmetic where it is rational and by balls of growing
precision elsewhere, so that no floating-point rounding can reach an answer.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import sympy
from flint import arb

from .enclosure import enclose
from .errors import InvalidInput

__all__ = [
    "Number",
    "between_zero_and_one",
    "ceil_integer",
    "enclose",
    "exact",
    "is_at_most",
    "is_less",
    "lower_float",
    "nearest_float",
    "positive",
    "upper_float",
    "whole_number",
]

Number: TypeAlias = int | Fraction | Decimal | str | float | sympy.Expr

# Beyond this the integers of the theorems have thousands of digits: surely a slip, and a slow one.
_LARGEST_EXPONENT = 300
_HIGHEST_PRECISION = 10_000


def exact(value: Number, *, name: str = "value") -> sympy.Expr:
    """`value` as an exact SymPy constant.

    A float stands for its shortest decimal, so 0.1 means 1/10; pass `Fraction(0.1)` for the binary number
    itself. Strings are decimals or fractions ("1e-60", "3/7"). Raises InvalidInput for NaN, infinities,
    anything that is no real constant, and magnitudes outside 1e-300 ... 1e300.
    """
    if isinstance(value, sympy.Basic):
        return _real_constant(value, name)
    try:
        return _rational(value)
    except OverflowError as error:
        # Of infinite floats, and of integers that Python refuses to write out, the argument says so.
        size = "" if error.args else f" of a size between 1e-{_LARGEST_EXPONENT} and 1e{_LARGEST_EXPONENT}"
        raise InvalidInput(f"{name} is {value!r}: expected a finite real number{size}") from None
    except (ValueError, TypeError, ArithmeticError):
        raise InvalidInput(f"{name} is {value!r}: expected a finite real number, such as 0.1 or '3/7'") from None


def _rational(value: Any) -> sympy.Rational:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str):
        _check_exponent(value)
        fraction = Fraction(value)
    elif isinstance(value, float):
        fraction = Fraction(float.__repr__(value))
    elif isinstance(value, numbers.Integral):
        fraction = Fraction(operator.index(value))
    elif isinstance(value, numbers.Rational | Decimal):
        _check_exponent(str(value) if isinstance(value, Decimal) else "")
        fraction = Fraction(value)
    elif isinstance(value, numbers.Real):  # NumPy's narrow floats: their shortest decimal, like any float
        fraction = Fraction(str(value))
    else:
        fraction = Fraction(operator.index(value))
    if fraction and not Fraction(1, 10**_LARGEST_EXPONENT) <= abs(fraction) <= 10**_LARGEST_EXPONENT:
        raise OverflowError
    return sympy.Rational(fraction.numerator, fraction.denominator)


def _check_exponent(text: str) -> None:
    """Refuse "1e999999999" before anything tries to write it out."""
    _, _, exponent = text.lower().partition("e")
    if exponent and abs(int(exponent)) > 2 * _LARGEST_EXPONENT:
        raise OverflowError


def _real_constant(value: Any, name: str) -> sympy.Expr:
    if value.is_Rational:
        return exact(Fraction(int(value.p), int(value.q)), name=name)
    if not isinstance(value, sympy.Expr) or value.free_symbols:
        raise InvalidInput(f"{name} is {value}: expected a constant without symbols")
    try:
        finite = enclose(value, 512).is_finite()
    except InvalidInput as error:
        raise InvalidInput(f"{name} is {value}: {error}") from None
    if not finite:
        raise InvalidInput(f"{name} is {value}: expected a finite real number")
    return value


def positive(value: Number, *, name: str) -> sympy.Expr:
    """`value` as an exact constant; InvalidInput unless it is provably greater than 0."""
    constant = exact(value, name=name)
    if not is_less(0, constant):
        raise InvalidInput(f"{name} is {value}: expected a number greater than 0")
    return constant


def between_zero_and_one(value: Number, *, name: str) -> sympy.Expr:
    """`value` as an exact constant; InvalidInput unless it lies strictly between 0 and 1."""
    constant = exact(value, name=name)
    if not (is_less(0, constant) and is_less(constant, 1)):
        raise InvalidInput(f"{name} is {value}: expected a number strictly between 0 and 1")
    return constant


def whole_number(value: Any, *, name: str, even: bool = False) -> int:
    """`value` as a positive int of any size; InvalidInput for anything else, floats included."""
    expected = "a positive even integer" if even else "a positive integer"
    try:
        number = operator.index(int(value) if isinstance(value, sympy.Integer) else value)
    except TypeError:
        raise InvalidInput(f"{name} is {value!r}: expected {expected}") from None
    if isinstance(value, bool) or number < 1 or (even and number % 2):
        raise InvalidInput(f"{name} is {value!r}: expected {expected}")
    return number


def _precisions() -> Iterator[int]:
    bits = 128
    while bits < _HIGHEST_PRECISION:
        yield bits
        bits *= 2
    yield _HIGHEST_PRECISION


def _sign(expression: sympy.Expr) -> int | None:
    """The proved sign of a constant, or None if balls of 10,000 bits and expansion leave it open."""
    if expression.is_Rational:
        return int(expression.p > 0) - int(expression.p < 0)
    for bits in _precisions():
        ball = enclose(expression, bits)
        if ball > 0:
            return 1
        if ball < 0:
            return -1
    return 0 if sympy.expand(expression).is_zero else None


def is_at_most(left: Number, right: Number) -> bool:
    """True only if left <= right is proved; an exact tie counts, an undecidable comparison does not."""
    return _sign(_difference(left, right)) in (-1, 0)


def is_less(left: Number, right: Number) -> bool:
    """True only if left < right is proved."""
    return _sign(_difference(left, right)) == -1


def _difference(left: Number, right: Number) -> sympy.Expr:
    """left - right without a check of the magnitude, which the theorems' own results may exceed."""
    sides = [side if isinstance(side, sympy.Expr) else exact(side) for side in (left, right)]
    return sides[0] - sides[1]


def ceil_integer(expression: sympy.Expr) -> int:
    """The smallest integer >= the constant; where 10,000 bits cannot decide, the one above it."""
    expression = sympy.sympify(expression)
    if not expression.is_Rational:
        for bits in _precisions():
            low, high = _ends(enclose(expression, bits)) or (None, None)
            if low is not None and high is not None and math.ceil(low) == math.ceil(high):
                return math.ceil(high)
        expanded = sympy.expand(expression)
        if not expanded.is_Rational:
            if high is None:
                raise InvalidInput(f"{expression} is not a finite real number")
            return math.ceil(high)
        expression = expanded
    return -(-int(expression.p) // int(expression.q))


def upper_float(expression: sympy.Expr) -> float:
    """A float64 at least as large as the constant, the smallest one for rationals; inf beyond the range."""
    _, bound = _range(expression)
    nearest = _to_float(bound)
    return nearest if math.isinf(nearest) or Fraction(nearest) >= bound else math.nextafter(nearest, math.inf)


def lower_float(expression: sympy.Expr) -> float:
    """A float64 at most as large as the constant, the largest one for rationals; -inf beyond the range."""
    return -upper_float(-sympy.sympify(expression))


def nearest_float(expression: sympy.Expr) -> float:
    """The float64 nearest to the constant, for display and for values prescribed rather than bounded."""
    low, high = _range(expression)
    return _to_float((low + high) / 2)


def _range(expression: sympy.Expr) -> tuple[Fraction, Fraction]:
    """Rational bounds that agree to about 100 bits, or to the last one where the constant is rational."""
    expression = sympy.sympify(expression)
    if expression.is_Rational:
        value = Fraction(int(expression.p), int(expression.q))
        return value, value
    for bits in _precisions():
        ball = enclose(expression, bits)
        ends = _ends(ball)
        if ends is not None and ball.rel_accuracy_bits() >= 100:
            return ends
    if ends is None:
        raise InvalidInput(f"{expression} is not a finite real number")
    return ends


def _ends(ball: arb) -> tuple[Fraction, Fraction] | None:
    """The exact ends of a ball, or None if it is not finite.

    `arb.lower`, `arb.upper` and `arb.ceil` would round them to the working precision of the moment.
    """
    if not ball.is_finite():
        return None
    middle, radius = (Fraction(int(part.p), int(part.q)) for part in (ball.mid().fmpq(), ball.rad().fmpq()))
    return middle - radius, middle + radius


def _to_float(value: Fraction) -> float:
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf
