"""The 60-digit reference of deep kernels is itself checked: every closed form against quadrature of 30 digits."""

import doctest
from types import ModuleType

import numpy as np
import pytest
import sympy
from mpmath import mp, mpf

from robustntk.bounds import Activation
from robustntk.bounds.activation import z as symbol
from robustntk.kernels.architecture import fully_connected, paper_network

VARIANCES = (mpf("0.8"), mpf("0.3"), mpf("-0.2"))


def both(name, point):
    """sigma and sigma', once more."""
    return {
        "linear": lambda z: (z, mpf(1)),
        "erf": lambda z: (mp.erf(z), 2 / mp.sqrt(mp.pi) * mp.exp(-z * z)),
        "gelu": lambda z: (z * mp.ncdf(z), mp.ncdf(z) + z * mp.npdf(z)),
        "sin": lambda z: (mp.sin(z), mp.cos(z)),
        "sin_cos": lambda z: (mp.sin(z) + mp.cos(z), mp.cos(z) - mp.sin(z)),
    }[name](point)


@pytest.mark.parametrize("name", ["linear", "erf", "gelu", "sin", "sin_cos"])
def test_smooth_closed_forms_agree_with_quadrature_in_the_plane(deep_reference: ModuleType, name: str) -> None:
    quadrature = deep_reference.trapezoidal(lambda z: both(name, z), *VARIANCES, pole=mpf(2), digits=30)
    for formula, integral in zip(deep_reference.CLOSED[name](*VARIANCES), quadrature, strict=True):
        assert abs(formula - integral) < mpf(10) ** -30
        assert not abs(formula * (1 + mpf(10) ** -28) - integral) < mpf(10) ** -30


@pytest.mark.parametrize("power", [1, 2, 3, 4])
@pytest.mark.parametrize("sign", [1, -1])
def test_rectified_powers_agree_with_quadrature_in_polar_coordinates(
    deep_reference: ModuleType, power: int, sign: int
) -> None:
    """With a = sqrt(q1) r cos t and b at the angle of the correlation, both are positive on an arc."""
    q1, q2, c = VARIANCES[0], VARIANCES[1], sign * VARIANCES[2]
    angle = mp.acos(c / mp.sqrt(q1 * q2))
    norms = mp.sqrt(q1 * q2)

    def moment(order: int) -> mpf:
        radial = mp.quad(lambda r: r ** (2 * order + 1) * mp.exp(-r * r / 2), [0, 1, 3, 6, 10, 20])
        arc = mp.quad(lambda t: (mp.cos(t) * mp.cos(t - angle)) ** order, [angle - mp.pi / 2, mp.pi / 2])
        return norms**order * radial * arc / (2 * mp.pi)

    value, slope = deep_reference.rectified(power, q1, q2, c)
    assert abs(value - moment(power)) < mpf(10) ** -40
    assert abs(slope - power**2 * moment(power - 1)) < mpf(10) ** -40
    assert not abs(value * (1 + mpf(10) ** -30) - moment(power)) < mpf(10) ** -40


@pytest.mark.parametrize("name", ["tanh", "softplus", "sigmoid"])
def test_quadrature_is_right_to_26_digits(deep_reference: ModuleType, name: str) -> None:
    smooth = deep_reference.QUADRATURE[name]
    usual, finer = (
        deep_reference.trapezoidal(smooth.both, *VARIANCES, pole=smooth.pole * mp.pi, digits=digits)
        for digits in (30, 34)
    )
    assert all(abs(one - other) < mpf(10) ** -26 for one, other in zip(usual, finer, strict=True))


@pytest.mark.parametrize("name", ["tanh", "softplus", "sigmoid"])
def test_the_integrands_of_the_quadrature_are_function_and_slope(deep_reference: ModuleType, name: str) -> None:
    function = {"tanh": mp.tanh, "softplus": lambda z: mp.log1p(mp.exp(z)), "sigmoid": lambda z: 1 / (1 + mp.exp(-z))}
    for point in (mpf("-1.3"), mpf("0.7")):
        value, slope = deep_reference.QUADRATURE[name].both(point)
        assert abs(value - function[name](point)) < mpf(10) ** -45
        assert abs(slope - mp.diff(function[name], point)) < mpf(10) ** -30


def test_a_known_value_of_each_kind_of_network(deep_reference: ModuleType) -> None:
    """All by hand, for orthogonal unit vectors and a unit vector with itself."""
    x, z = [1.0, 0.0], [0.0, 1.0]
    kernel = deep_reference.kernel
    # Two layers of ReLU: variances 1, 1/2, 1/4; the covariance is 1/(2 pi) after the first.
    assert abs(kernel(fully_connected("relu", 2, trained="readout"), x, x) - mpf(1) / 4) < mpf(10) ** -50
    assert abs(kernel(fully_connected("relu", 2, trained="all"), x, x) - mpf(3) / 4) < mpf(10) ** -50
    assert abs(kernel(fully_connected("relu", 1, trained="readout"), x, z) - 1 / (2 * mp.pi)) < mpf(10) ** -50
    assert abs(kernel(paper_network(3, 64), x, x) - 64 * 3) < mpf(10) ** -50
    # 1 * 1/2 * (0 + 1) + 2/(2 pi) arc-cosine of (2, 2, 1), plus 1 of each bias.
    biased = fully_connected("relu", 1, trained="all", bias_variance=1)
    arc = 2 / (2 * mp.pi) * (mp.sqrt(3) / 2 + mp.pi * 2 / 3 / 2)
    assert abs(kernel(biased, x, z) - (arc + 1 + mpf(1) / 3)) < mpf(10) ** -50
    standard = fully_connected("relu", 1, trained="all", bias_variance=1, parametrization="standard", width=10)
    assert abs(kernel(standard, x, z) - (10 * arc + 1 + mpf(1) / 3)) < mpf(10) ** -50


def test_user_defined_powers_and_scales(deep_reference: ModuleType) -> None:
    x, z = np.array([0.3, -1.0]), np.array([2.0, 0.5])
    square = Activation.define("square", sympy.Max(symbol, 0) ** 2)
    one, other = (
        deep_reference.kernel(fully_connected(each, 2, trained="all"), x, z) for each in (square, "quadratic_relu")
    )
    assert abs(one - other) < mpf(10) ** -50


def test_near_vectors_keep_fifty_digits(deep_reference: ModuleType) -> None:
    x = np.array([0.6, 0.8, 0.0])
    z = x + np.array([0.0, 0.0, 1e-12])
    architecture = fully_connected("relu", 5, trained="all")
    usual, more = (deep_reference.kernel(architecture, x, z, digits=digits) for digits in (80, 160))
    with mp.workdps(160):
        assert 0 < abs(usual / more - 1) < mpf(10) ** -50


def test_the_example_is_true(deep_reference: ModuleType) -> None:
    assert doctest.testmod(deep_reference).failed == 0
