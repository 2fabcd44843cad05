"""Rational bounds lie strictly on either side of the constant, close to it."""

import pytest
import sympy
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, enclose
from robustntk.bounds.engines.rational_bounds import rational_bounds

CONSTANTS = [
    sympy.pi,
    -sympy.pi,
    sympy.E**20,
    sympy.exp(-100),
    sympy.erfc(12),
    sympy.log(2) - 1,
    sympy.sqrt(2 / sympy.pi),
    sympy.Rational(1, 3),
]


@pytest.mark.parametrize("constant", CONSTANTS, ids=str)
def test_the_bounds_enclose_the_constant_strictly_and_narrowly(constant):
    below, above = rational_bounds(constant)
    with ctx.workprec(2000):
        value = enclose(constant, 2000)
        assert arb(fmpq(int(below.p), int(below.q))) < value < arb(fmpq(int(above.p), int(above.q)))
    assert 0 < above - below < abs(below) / 2**90


@given(bits=st.integers(4, 200), numerator=st.integers(-(10**9), 10**9), denominator=st.integers(1, 10**9))
def test_the_bounds_enclose_a_rational_multiple_of_pi(bits, numerator, denominator):
    factor = sympy.Rational(numerator, denominator)
    below, above = rational_bounds(factor * sympy.pi, bits)
    approximation = sympy.Rational(sympy.pi.n(300)) * factor  # wrong by 1e-290, far less than the bounds are apart
    assert below < approximation < above


@pytest.mark.parametrize("constant", [sympy.log(0), sympy.Symbol("x"), sympy.I, sympy.oo], ids=str)
def test_what_is_no_finite_constant_is_refused(constant):
    with pytest.raises(InvalidInput):
        rational_bounds(constant)
