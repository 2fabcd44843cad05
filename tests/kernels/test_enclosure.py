"""Enclosures contain the exact kappa, are narrow, and agree with neighbours of a different origin."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
import sympy
from flint import arb, ctx
from mpmath import mp, mpf

from robustntk.bounds import InvalidInput, get_activation
from robustntk.kernels import dual_kernel, hermite_series, kappa_enclosure, kappa_expression


def to_arb(value: mpf) -> arb:
    with ctx.workprec(170):
        return arb(mp.nstr(value, 45))


@pytest.mark.parametrize("name", ["relu", "quadratic_relu", "erf", "sin", "sin_cos"])
@pytest.mark.parametrize("u", [1.0, -1.0, 0.1, -0.9999999])
def test_closed_forms_are_enclosed(reference: SimpleNamespace, name: str, u: float) -> None:
    ball = kappa_enclosure(get_activation(name, 2), u)
    exact = reference.closed(name, 2, mpf(u))
    assert abs(ball - to_arb(exact)) <= 1e-35 * abs(to_arb(exact)) + 1e-40
    assert ball.rel_accuracy_bits() >= 100 or ball.contains(0)


@pytest.mark.parametrize("name", ["tanh", "softplus", "sigmoid"])
@pytest.mark.parametrize("u", [1, 0.75, -0.5])
def test_series_are_enclosed(reference: SimpleNamespace, name: str, u: float) -> None:
    ball = kappa_enclosure(name, u)
    assert ball.rad() < 1e-17
    assert abs(ball - to_arb(reference.smooth(name, 1, u))) < 1e-18
    assert not ball.contains(to_arb(reference.smooth(name, 1, u)) + 1e-15)


@pytest.mark.parametrize("derivative", [0, 1, 2])
@pytest.mark.parametrize("u", [Fraction(1, 3), Fraction(-9, 10), 1, -1])
def test_series_and_closed_form_of_gelu_agree(derivative: int, u: Fraction) -> None:
    series = hermite_series(get_activation("gelu"))
    with ctx.workprec(150):
        cosine = arb(u.numerator) / arb(u.denominator)
        terms = (
            ((1, k + 1, (k + 1) * k)[derivative] * square * cosine ** (k + 1 - derivative))
            for k, square in enumerate(series.squares)
            if k + 1 >= derivative
        )
        total = sum(terms, arb(0)) + arb(0, series.tails[derivative])
        assert total.overlaps(kappa_enclosure("gelu", u, derivative=derivative))


@pytest.mark.parametrize("name", ["relu", "quadratic_relu"])
@pytest.mark.parametrize("derivative", [1, 2])
def test_derivatives_written_by_hand_are_those_of_kappa(name: str, derivative: int) -> None:
    u = sympy.Symbol("u", real=True)
    activation = get_activation(name)
    expected = sympy.diff(kappa_expression(activation), u, derivative)
    given = kappa_expression(activation, derivative)
    for point in (sympy.Rational(-7, 8), sympy.Rational(1, 3)):
        assert abs((given - expected).subs(u, point).evalf(40)) < 1e-35


def test_a_float_is_taken_at_its_exact_binary_value() -> None:
    assert kappa_enclosure("sin", 0.1).overlaps(kappa_enclosure("sin", Fraction(0.1)))
    assert not kappa_enclosure("sin", 0.1).overlaps(kappa_enclosure("sin", Fraction(1, 10)))


def test_a_ball_may_be_asked_for() -> None:
    ball = kappa_enclosure("erf", arb(0.5, 0.125))
    for u in (0.375, 0.5, 0.625):
        assert ball.contains(kappa_enclosure("erf", u))


def test_refusals() -> None:
    with pytest.raises(InvalidInput, match="derivative is 3"):
        kappa_enclosure("erf", 0.5, derivative=3)
    with pytest.raises(InvalidInput, match=r"cosine is 1\.5"):
        kappa_enclosure("erf", 1.5)
    assert kappa_expression(get_activation("tanh")) is None
    assert dual_kernel("tanh").path == "Hermite series"
