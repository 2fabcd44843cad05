"""Balls of deep kernels: they contain the 60-digit reference, they are narrow, and they know nearly equal points."""

from collections.abc import Iterator
from fractions import Fraction
from types import ModuleType

import pytest
from flint import arb, ctx
from mpmath import mp, mpf

from robustntk.bounds import ACTIVATIONS, InvalidInput
from robustntk.kernels import Architecture, fully_connected, kappa_enclosure, ntk_enclosure, paper_network

CLOSED = ("relu", "quadratic_relu", "erf", "gelu", "sin", "sin_cos")
COSINES = (Fraction(1, 3), Fraction(-9, 10), Fraction(0), Fraction(1), Fraction(-1), 1 - Fraction(1, 1 << 70))


@pytest.fixture(autouse=True)
def many_bits() -> Iterator[None]:
    with ctx.workprec(400):
        yield


def networks(name: str) -> list[Architecture]:
    return [
        fully_connected(name, 1, trained="all"),
        fully_connected(name, 3, weight_variance=[1, 2, 1, 3]),
        fully_connected(name, 2, trained="readout", bias_variance="0.3"),
        fully_connected(name, 3, trained="first", bias_variance=[0, "0.1", 0, 2], parametrization="standard", width=7),
        fully_connected([name, "erf", name], weight_variance="0.7"),
    ]


def ball(value: mpf, digits: int) -> arb:
    """The number, give or take what its digits leave open."""
    return arb(mp.nstr(value, digits + 20)) + arb(0, float(abs(value) * mpf(10) ** -digits + mpf(10) ** -digits))


def reference(module: ModuleType, network: Architecture, u: Fraction) -> mpf:
    with mp.workdps(90):
        return module.of_covariance(network, mpf(1), mpf(1), mpf(u.numerator) / u.denominator, digits=90)


@pytest.mark.parametrize("name", CLOSED)
def test_the_reference_is_inside_and_close(deep_reference: ModuleType, name: str) -> None:
    for network in networks(name):
        one = ntk_enclosure(network, 1)
        for u in COSINES:
            enclosure, exact = ntk_enclosure(network, u), reference(deep_reference, network, u)
            assert enclosure.overlaps(ball(exact, 40)), (network.label, u)
            assert float(enclosure.rad()) <= 1e-25 * float(one)
            assert not enclosure.overlaps(ball(exact + mpf(float(one)) * mpf(10) ** -20, 40)), (network.label, u)


@pytest.mark.parametrize("name", ["tanh", "softplus", "sigmoid"])
def test_series_contain_the_reference_up_to_their_tails(deep_reference: ModuleType, name: str) -> None:
    network = fully_connected(name, 2, trained="all", weight_variance=2, bias_variance="0.1")
    for u in (Fraction(1, 3), Fraction(-9, 10)):
        enclosure, exact = ntk_enclosure(network, u), reference(deep_reference, network, u)
        assert enclosure.overlaps(ball(exact, 22))
        assert float(enclosure.rad()) <= 1e-15
        assert not enclosure.overlaps(ball(exact + mpf(10) ** -14, 22))


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("derivative", [0, 1])
def test_depth_one_is_the_first_layer_kernel(name: str, derivative: int) -> None:
    for u in (Fraction(1, 3), Fraction(-9, 10), Fraction(0), 1 - Fraction(1, 1 << 60)):
        deep = ntk_enclosure(fully_connected(name), u, derivative=derivative)
        assert deep.overlaps(kappa_enclosure(name, u, derivative=derivative))


@pytest.mark.parametrize("name", ["relu", "quadratic_relu", "erf", "gelu", "tanh", "sin_cos"])
def test_the_derivative_is_that_of_the_values(name: str) -> None:
    """By the mean value theorem: a difference quotient lies between the slopes at its ends, as the slope increases."""
    network = fully_connected(name, 3, trained="all", bias_variance=["0.2", 0, 1, 0])
    low, high = Fraction(2, 5), Fraction(2, 5) + Fraction(1, 1 << 20)
    quotient = (ntk_enclosure(network, high) - ntk_enclosure(network, low)) * (1 << 20)
    assert ntk_enclosure(network, low, derivative=1) < quotient < ntk_enclosure(network, high, derivative=1)


def test_near_the_diagonal_a_deep_relu_kernel_keeps_its_digits() -> None:
    """To first order Theta falls like the angle: sqrt(2 gap), for every gap."""
    network = fully_connected("relu", 5, trained="all", weight_variance=2)
    one = ntk_enclosure(network, 1)
    slopes = [
        float((one - ntk_enclosure(network, 1 - Fraction(1, 1 << bits))) * arb(2) ** (bits // 2))
        for bits in (60, 120, 240)
    ]
    assert slopes[1] == pytest.approx(slopes[0], rel=1e-7)
    assert slopes[2] == pytest.approx(slopes[1], rel=1e-15)


def test_the_paper_network_has_kernel_m_times_depth_on_the_diagonal() -> None:
    assert ntk_enclosure(paper_network(4, 100), 1).overlaps(arb(400))
    assert not ntk_enclosure(paper_network(4, 100), 1).overlaps(arb(401))


def test_the_slope_of_relu_is_infinite_on_the_diagonal() -> None:
    assert not ntk_enclosure(fully_connected("relu", 2), 1, derivative=1).is_finite()
    assert ntk_enclosure(fully_connected("relu", 2), 1 - Fraction(1, 1 << 80), derivative=1).is_finite()


def test_refusals() -> None:
    network = fully_connected("erf")
    with pytest.raises(InvalidInput, match=r"cosine is 1\.5"):
        ntk_enclosure(network, 1.5)
    with pytest.raises(InvalidInput, match="derivative is 2"):
        ntk_enclosure(network, 0.5, derivative=2)
