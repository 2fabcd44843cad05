"""The scale of monomials: order, products and largest values."""

import pytest
import sympy
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds.engines.growth import LOG, ONE, Monomial, Sum, TooNear, Unknown, Z

half = sympy.Rational(1, 2)
GAUSS = Monomial(rate=((sympy.Integer(2), -half),))
EXP = Monomial(rate=((sympy.Integer(1), sympy.Integer(1)),))
RISING = [LOG, Z ** sympy.Rational(1, 3), Z, Z * LOG, Z * Z, EXP, EXP * Z, EXP * EXP, GAUSS ** sympy.Integer(-1)]


def test_each_monomial_outgrows_those_before_it():
    for index, small in enumerate(RISING):
        assert small.order() == 1 and (small ** sympy.Integer(-1)).order() == -1
        for large in RISING[index + 1 :]:
            assert (large * small ** sympy.Integer(-1)).order() == 1
    assert ONE.order() == 0
    assert EXP * EXP ** sympy.Integer(-1) == ONE


def value(monomial, point):
    exponent = sum(float(rate) * point ** float(degree) for degree, rate in monomial.rate)
    log = arb(point).log() ** float(monomial.logs)
    return arb(exponent).exp() * arb(point) ** float(monomial.power) * log


@given(
    rates=st.lists(st.integers(-4, 4).filter(bool), max_size=2),
    power=st.fractions(-6, 6, max_denominator=3),
    logs=st.integers(-2, 2),
    start=st.integers(3, 40),
    further=st.floats(0, 50),
)
def test_a_monomial_that_tends_to_0_is_nowhere_larger_than_its_largest_value(rates, power, logs, start, further):
    rate = tuple((sympy.Integer(degree), sympy.Integer(value)) for degree, value in zip((2, 1), rates, strict=False))
    monomial = Monomial(rate, sympy.Rational(power.numerator, power.denominator), sympy.Integer(logs))
    if monomial.order() >= 0:
        return
    try:
        bound = monomial.largest_from(start)
    except TooNear:
        return
    assert not value(monomial, start + further) > bound * (1 + arb("1e-10"))


def test_a_monomial_that_still_rises_is_too_near():
    late = Monomial(rate=((sympy.Integer(2), sympy.Integer(-1)), (sympy.Integer(1), sympy.Integer(120))))
    with pytest.raises(TooNear):
        late.largest_from(32)
    assert late.largest_from(64) < arb(3600).exp()


def test_a_sum_cancels_exactly_and_knows_its_leading_term():
    total = Sum.of(sympy.sqrt(2), Z) + Sum.of(sympy.Integer(3)) + Sum.of(-2 / sympy.sqrt(2), Z)
    assert total.leading() == (ONE, 3)
    growing, constant, small = (Sum.of(half, Z) + Sum.of(sympy.Integer(5), GAUSS) + total).parts()
    assert growing.leading() == (Z, half) and constant == 3 and small.leading() == (GAUSS, 5)
    with pytest.raises(Unknown):
        (total + Sum.of(sympy.Integer(-3))).leading()
