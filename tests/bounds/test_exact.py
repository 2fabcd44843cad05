"""Exact numbers: conversion, decisions without floats, and outward rounding."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.bounds import (
    InvalidInput,
    ceil_integer,
    exact,
    is_at_most,
    is_less,
    lower_float,
    nearest_float,
    upper_float,
)
from robustntk.bounds.exact import between_zero_and_one, positive, whole_number

rationals = st.fractions(min_value=-(10**9), max_value=10**9)
magnitudes = st.fractions(min_value=Fraction(1, 10**9), max_value=10**9)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1, Fraction(1, 10)),
        (np.float64(0.1), Fraction(1, 10)),
        (np.float32(0.1), Fraction(1, 10)),
        (np.int64(7), Fraction(7)),
        (1e-60, Fraction(1, 10**60)),
        ("1e-60", Fraction(1, 10**60)),
        ("3/7", Fraction(3, 7)),
        (Decimal("0.25"), Fraction(1, 4)),
        (Fraction(0.1), Fraction(0.1)),
        (sympy.Rational(3, 7), Fraction(3, 7)),
        (10**200, Fraction(10**200)),
    ],
)
def test_numbers_become_exact(value, expected):
    result = exact(value)
    assert Fraction(int(result.p), int(result.q)) == expected


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        "nan",
        "inf",
        "hello",
        "",
        "1/0",
        "1e999999999",
        Decimal("NaN"),
        Decimal("1e999999"),
        1e301,
        None,
        True,
        [1],
        1j,
        sympy.Float(0.1),
        sympy.nan,
        sympy.oo,
        sympy.I,
        sympy.log(-2),
        sympy.Symbol("x"),
        sympy.true,
        np.array([1.0, 2.0]),
    ],
)
def test_what_is_no_finite_real_number_is_refused_by_name(value):
    with pytest.raises(InvalidInput, match="epsilon"):
        exact(value, name="epsilon")


@given(value=st.floats(min_value=-1e200, max_value=1e200).filter(lambda x: x == 0 or abs(x) > 1e-200))
def test_a_float_is_its_shortest_decimal_and_comes_back(value):
    assert nearest_float(exact(value)) == value
    assert Fraction(repr(value)) == Fraction(int(exact(value).p), int(exact(value).q))


@given(value=rationals)
def test_ceiling_of_a_rational_is_exact(value):
    assert ceil_integer(sympy.Rational(value.numerator, value.denominator)) == math.ceil(value)


@given(root=st.integers(min_value=1, max_value=10**40), offset=st.integers(min_value=-1, max_value=1))
@example(root=10**150, offset=1)
@example(root=10**150, offset=-1)
def test_ceiling_of_a_square_root_next_to_an_integer(root, offset):
    radicand = root**2 + offset
    expected = math.isqrt(radicand) + (math.isqrt(radicand) ** 2 < radicand)
    assert ceil_integer(sympy.sqrt(sympy.Integer(radicand), evaluate=False)) == expected


def test_ceiling_recognises_an_integer_in_disguise():
    disguised = sympy.Mul(1 + sympy.sqrt(2), sympy.sqrt(2) - 1, evaluate=False)
    assert ceil_integer(disguised) == 1


def test_ceiling_is_never_too_low_where_it_cannot_decide():
    nested = sympy.sqrt(5 + 2 * sympy.sqrt(6)) - sympy.sqrt(2) - sympy.sqrt(3) + 4  # equal to 4
    assert ceil_integer(nested) in (4, 5)


def test_ceiling_refuses_what_is_not_finite():
    with pytest.raises(InvalidInput):
        ceil_integer(sympy.log(sympy.sqrt(2) - sympy.sqrt(3), evaluate=False))


@given(left=rationals, right=rationals)
def test_rational_comparisons_are_exact_and_a_tie_counts(left, right):
    assert is_at_most(left, right) == (left <= right)
    assert is_less(left, right) == (left < right)
    assert is_at_most(left, left)
    assert not is_less(left, left)


def test_irrational_comparisons_far_beyond_float_precision():
    close = sympy.pi + sympy.Rational(1, 10**200)
    assert is_at_most(sympy.pi, close)
    assert not is_at_most(close, sympy.pi)


def test_an_undecidable_comparison_is_not_proved():
    zero = sympy.sqrt(5 + 2 * sympy.sqrt(6)) - sympy.sqrt(2) - sympy.sqrt(3)
    assert not is_less(zero, 0)
    assert not is_less(0, zero)


@given(value=rationals)
@example(value=Fraction(1, 3))
@example(value=Fraction(0))
@example(value=Fraction(1, 10))
def test_rounded_floats_enclose_a_rational_within_one_step(value):
    constant = sympy.Rational(value.numerator, value.denominator)
    low, high = lower_float(constant), upper_float(constant)
    assert Fraction(low) <= value <= Fraction(high)
    assert high in (low, math.nextafter(low, math.inf))


@given(value=magnitudes)
def test_rounded_floats_enclose_an_irrational(value):
    constant = sympy.Rational(value.numerator, value.denominator) * sympy.pi
    low, high = lower_float(constant), upper_float(constant)
    assert is_less(Fraction(low), constant)
    assert is_less(constant, Fraction(high))
    assert low < high <= math.nextafter(math.nextafter(low, math.inf), math.inf)
    assert low <= nearest_float(constant) <= high


def test_rounding_outside_the_range_of_floats_stays_outward():
    tiny, huge = sympy.Rational(1, 10**400), sympy.Integer(10) ** 400
    assert (lower_float(tiny), upper_float(tiny)) == (0, 5e-324)
    assert (lower_float(-tiny), upper_float(-tiny)) == (-5e-324, 0)
    assert upper_float(huge) == math.inf
    assert lower_float(-huge) == -math.inf


@pytest.mark.parametrize("value", [0, -1, "-1e-60", sympy.sqrt(2) - sympy.sqrt(3)])
def test_positive_refuses_the_rest(value):
    with pytest.raises(InvalidInput, match="radius is .*greater than 0"):
        positive(value, name="radius")


@pytest.mark.parametrize("value", [0, 1, 1.5, -0.1])
def test_an_open_fraction_refuses_its_ends(value):
    with pytest.raises(InvalidInput, match="share is .*strictly between 0 and 1"):
        between_zero_and_one(value, name="share")


@pytest.mark.parametrize("value", [0, -2, 2.0, "2", True, None, math.nan])
def test_whole_numbers_refuse_the_rest(value):
    with pytest.raises(InvalidInput, match="dimension is .*positive integer"):
        whole_number(value, name="dimension")


def test_whole_numbers_of_every_integer_type():
    assert [whole_number(value, name="width") for value in (3, np.int32(3), sympy.Integer(3))] == [3, 3, 3]
    with pytest.raises(InvalidInput, match="width is 3: expected a positive even integer"):
        whole_number(3, name="width", even=True)
