"""Hermite coefficients and tails: rigorous balls around what quadrature and closed forms say."""

from types import SimpleNamespace

import pytest
import sympy
from flint import arb, ctx
from mpmath import mp, mpf

from robustntk.bounds import Activation, InvalidInput, get_activation
from robustntk.bounds.activation import z
from robustntk.kernels import HermiteSeries, hermite_series, kappa_enclosure


def to_arb(value: mpf) -> arb:
    with ctx.workprec(170):
        return arb(mp.nstr(value, 48)) + arb(0, 1e-30)


def normalised_hermite(k: int, x: mpf) -> mpf:
    return mp.hermite(k, x / mp.sqrt(2)) / mp.sqrt(mpf(2) ** k * mp.factorial(k))


@pytest.mark.parametrize(("name", "k"), [("tanh", 0), ("tanh", 24), ("softplus", 1), ("gelu", 2), ("sigmoid", 6)])
def test_balls_contain_the_squares_of_the_coefficients(reference: SimpleNamespace, name: str, k: int) -> None:
    slope = reference.slopes[name] if name != "gelu" else reference.slopes["gelu"]
    step = mpf(1) / 10
    nodes = [step * j for j in range(-180, 181)]
    total = mp.fsum(step * mp.npdf(x) * slope(x) * normalised_hermite(k, x) for x in nodes)
    square = hermite_series(get_activation(name)).squares[k]
    assert square.overlaps(to_arb(total**2))
    assert not square.overlaps(to_arb(total**2 * (1 + mpf(10) ** -15) + mpf(10) ** -27))


def test_the_series_of_erf_is_the_binomial_series() -> None:
    """4/(3 pi) (1 - 4 u^2/9)^(-1/2)."""
    squares = hermite_series(get_activation("erf")).squares
    for j in (0, 1, 5, 30):
        exact = 4 / (3 * mp.pi) * mp.binomial(2 * j, j) * mpf(4) ** -j * (mpf(4) / 9) ** j
        assert squares[2 * j].overlaps(to_arb(exact))
        assert squares[2 * j].rad() < 1e-20
    assert all(square == 0 for square in squares[1::2])


@pytest.mark.parametrize(("name", "scale"), [("erf", 1), ("erf", 2), ("gelu", 1), ("sin_cos", 2)])
def test_tails_hold_and_are_not_slack_where_kappa_is_known(name: str, scale: int) -> None:
    """The series of activations with a closed form: kappa(1), kappa'(1), kappa''(1) lie between sum and sum + tail."""
    activation = get_activation(name, scale)
    series = hermite_series(activation)
    with ctx.workprec(200):
        for derivative, tail in enumerate(series.tails):
            weights = [(1, k + 1, (k + 1) * k)[derivative] for k in range(len(series))]
            partial = sum((w * square for w, square in zip(weights, series.squares, strict=True)), arb(0))
            missing = kappa_enclosure(activation, 1, derivative=derivative, bits=180) - partial
            assert missing.upper() >= 0
            assert missing.lower() <= tail
            assert tail <= 2.0**-50 * float(partial)


@pytest.mark.parametrize(("name", "scale"), [("tanh", 1), ("softplus", 1), ("sigmoid", 1), ("softplus", 4)])
def test_tails_are_below_rounding(name: str, scale: int) -> None:
    series = hermite_series(get_activation(name, scale))
    assert 0 < series.tails[0] < 1e-16 * float(sum(series.squares, arb(0)))
    assert isinstance(series, HermiteSeries)
    assert len(series) < 1000


def test_parity_is_exact() -> None:
    """sigma' of tanh is even, and sigma' - 1/2 of softplus is odd."""
    assert all(square == 0 for square in hermite_series(get_activation("tanh")).squares[1::2])
    assert all(square == 0 for square in hermite_series(get_activation("softplus")).squares[2::2])
    assert hermite_series(get_activation("softplus")).squares[0].overlaps(arb(1) / 4)


def test_activations_that_are_not_analytic_are_refused() -> None:
    kinked = Activation("kinked", sympy.Abs(z) ** 3, None, sympy.Integer(6), sympy.Integer(6))
    with pytest.raises(InvalidInput, match="not known to be analytic"):
        hermite_series(kinked)
    cut = Activation("cut", (z**2) ** sympy.Rational(5, 4), None, sympy.Integer(6), sympy.Integer(6))
    with pytest.raises(InvalidInput, match="cannot prove that it is analytic|not known to be analytic"):
        hermite_series(cut)


def test_too_large_a_scale_is_refused_with_advice() -> None:
    with pytest.raises(InvalidInput, match="smaller scale"):
        hermite_series(get_activation("tanh", 12))
