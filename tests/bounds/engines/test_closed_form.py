"""Closed forms are recognised from their digits, and equations are accepted only if algebra proves them."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds.activation import z
from robustntk.bounds.engines.closed_form import ball_of, fraction_of, guesses, is_zero, lies_in

sqrt = sympy.sqrt
RECOGNISED = [
    (sympy.Integer(0), z),
    (sympy.Rational(-22, 7), z),
    (sqrt(2) / 2, sympy.exp(-(z**2))),
    (sqrt((7 - sqrt(33)) / 2), sympy.exp(-(z**2))),
    (-1 - sqrt(2), 1 / (1 + z**2)),
    (3 * sympy.pi / 4, sympy.sin(z)),
    (sympy.atan(sympy.Rational(1, 2)), sympy.sin(z) + 2 * sympy.cos(z)),
    (2 * sympy.atanh(1 / sqrt(3)), sympy.tanh(z / 2)),
    (sympy.log(2 + sqrt(3)) / 3, sympy.exp(3 * z)),
]


@pytest.mark.parametrize(("number", "expression"), RECOGNISED, ids=str)
def test_a_number_is_recognised(number, expression):
    found = list(guesses(fraction_of(ball_of(number)), expression))
    assert any(is_zero(sympy.tanh(guess) - sympy.tanh(number)) or guess == number for guess in found)


@given(number=st.fractions(-50, 50, max_denominator=10**5))
def test_every_guess_agrees_to_30_digits(number):
    point = fraction_of(ball_of(sympy.exp(sympy.Rational(number.numerator, number.denominator))))
    for guess in guesses(point, sympy.tanh(z) + sympy.sin(z)):
        assert abs(fraction_of(ball_of(guess)) - point) <= Fraction(1, 10**30) * max(1, abs(point))


@pytest.mark.parametrize(
    "constant",
    [
        sympy.Integer(0),
        sqrt(2) * sqrt(3) - sqrt(6),
        4 / (3 * sqrt(3)) - 4 * sqrt(3) / 9,
        (1 + sqrt(5)) ** 2 / 4 - (1 + sqrt(5)) / 2 - 1,
        1 / (1 + sqrt(2)) + 1 - sqrt(2),
        sympy.sinh(sympy.log(2 + sqrt(3))) - sqrt(3),
        sympy.erf(1) * (sqrt(2) / 2 - 1 / sqrt(2)),
        sqrt(3 + 2 * sqrt(2)) - 1 - sqrt(2),
    ],
    ids=str,
)
def test_zero_is_proved_and_its_neighbour_is_not(constant):
    assert is_zero(constant)
    assert not is_zero(constant + sympy.Rational(1, 10**60))
    assert not is_zero(constant + sympy.exp(-3000))


def test_a_point_lies_in_a_closed_interval():
    assert lies_in(sqrt(2), -sympy.oo, sympy.oo)
    assert lies_in(sqrt(2), sqrt(2), 2) and lies_in(sympy.atanh(sympy.Rational(1, 2)), 0, 1)
    assert not lies_in(sqrt(2), sympy.Rational(15, 10), sympy.oo)
