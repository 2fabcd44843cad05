"""Balls contain the value, whatever the precision, the function and the branch."""

import mpmath
import pytest
import sympy
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, enclose

x = sympy.Symbol("x", real=True)
CONSTANTS = [
    sympy.Integer(7),
    sympy.Rational(-3, 7),
    sympy.pi,
    sympy.E,
    sympy.sqrt(2),
    sympy.cbrt(5),
    sympy.Integer(5) ** sympy.Rational(-3, 2),
    sympy.Integer(2) ** sympy.pi,
    sympy.exp(sympy.Rational(1, 3)),
    sympy.log(sympy.Rational(7, 2)),
    sympy.erf(sympy.Rational(1, 3)),
    sympy.erfc(2),
    sympy.sin(1) * sympy.cos(2) + sympy.tan(1),
    sympy.tanh(1) - sympy.sinh(1) / sympy.cosh(2),
    sympy.asin(sympy.Rational(1, 3)) + sympy.acos(sympy.Rational(1, 5)) + sympy.atan(3),
    sympy.asinh(2) - sympy.acosh(3) + sympy.atanh(sympy.Rational(1, 3)),
    sympy.Abs(sympy.Mul(-1, sympy.pi - 4, evaluate=False)),
    sympy.Max(sympy.pi, sympy.Rational(22, 7), evaluate=False),
    sympy.Min(sympy.pi, sympy.Rational(22, 7), evaluate=False),
    sympy.sqrt(8 / (sympy.pi * sympy.E)),
    sympy.EulerGamma,
]


@pytest.mark.parametrize("bits", [20, 128, 1000])
@pytest.mark.parametrize("constant", CONSTANTS, ids=str)
def test_a_ball_contains_the_constant_and_is_narrow(constant, bits):
    ball = enclose(constant, bits)
    reference = sympy.Rational(str(sympy.N(constant, 400)))  # wrong by 1e-400, far less than the balls
    with ctx.workprec(3000):
        assert ball.contains(arb(fmpq(int(reference.p), int(reference.q))).mid())
    assert ball.rel_accuracy_bits() > bits - 15


@given(point=st.fractions(min_value=-20, max_value=20, max_denominator=10**6))
def test_a_ball_at_a_point_contains_the_functions_value(point):
    expression = sympy.exp(-(x**2) / 2) * sympy.erf(x) + sympy.tanh(x / 3)
    with ctx.workprec(128):
        ball = enclose(expression, at={x: arb(fmpq(point.numerator, point.denominator))})
    with mpmath.workdps(60):
        at = mpmath.mpf(point.numerator) / point.denominator
        value = mpmath.exp(-(at**2) / 2) * mpmath.erf(at) + mpmath.tanh(at / 3)
    with ctx.workprec(250):
        assert ball.overlaps(arb(mpmath.nstr(value, 55), "1e-50"))
    assert ball.rad() < 1e-30


@given(
    centre=st.fractions(min_value=-3, max_value=3, max_denominator=100),
    radius=st.fractions(min_value=0, max_value=2, max_denominator=100),
    weight=st.fractions(min_value=-1, max_value=1, max_denominator=100),
)
def test_a_ball_over_a_range_contains_every_value_across_branches(centre, radius, weight):
    expression = sympy.Piecewise((x**2, x > 1), (sympy.exp(x), sympy.And(x > -1, x <= 1)), (-x, True))
    wide = arb(fmpq(centre.numerator, centre.denominator)) + arb(0, float(radius) * 1.001)
    inner = centre + weight * radius
    value = expression.subs(x, sympy.Rational(inner.numerator, inner.denominator))
    assert enclose(expression, at={x: wide}).overlaps(enclose(value, 200))


@pytest.mark.parametrize(
    ("condition", "at_two"),
    [
        (x > 2, False),
        (x >= 2, True),
        (x < 2, False),
        (x <= 2, True),
        (sympy.Eq(x, 2), True),
        (sympy.Ne(x, 2), False),
        (sympy.Or(x > 2, x < 3), True),
        (sympy.Not(sympy.And(x > 1, x < 3), evaluate=False), False),
    ],
)
def test_conditions_are_decided_at_exact_points(condition, at_two):
    expression = sympy.Piecewise((1, condition), (0, True))
    assert enclose(expression, at={x: arb(2)}) == (1 if at_two else 0)


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        (sympy.Symbol("q"), "no value"),
        (sympy.Float(0.5) * sympy.pi, "float is not exact"),
        (sympy.gamma(sympy.Rational(1, 3)), "gamma is not a known"),
        (sympy.I, "ImaginaryUnit"),
    ],
)
def test_what_cannot_be_enclosed_is_named(expression, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        enclose(expression)


def test_a_piecewise_that_is_not_defined_everywhere_is_refused():
    with pytest.raises(InvalidInput, match="not defined"):
        enclose(sympy.Piecewise((x, x > 0)), at={x: arb(-1)})


def test_what_is_no_real_number_is_not_finite():
    assert not enclose(sympy.log(sympy.sqrt(2) - sympy.sqrt(3), evaluate=False)).is_finite()
