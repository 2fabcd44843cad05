"""Series for pairs of any variances against quadrature of 30 digits."""

from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from mpmath import mpf

from robustntk.bounds import Activation, InvalidInput, get_activation
from robustntk.bounds.activation import z
from robustntk.kernels.any_norm.hermite_map import HermiteMap
from robustntk.kernels.any_norm.preactivation_pair import PreactivationPair


def table(map_: HermiteMap, variances: np.ndarray, correlation: float) -> PreactivationPair:
    """All pairs of these variances with that correlation."""
    features = map_.features(variances)
    roots = np.sqrt(variances)
    covariance = correlation * roots[:, None] * roots[None, :]
    both = (features[:, :, :, None], features[:, :, None, :])
    return PreactivationPair(np, variances[:, None], variances[None, :], covariance, features=both)


@pytest.mark.parametrize("name", ["tanh", "softplus", "sigmoid"])
def test_moments_are_right_for_unequal_variances(deep_reference: ModuleType, name: str) -> None:
    map_, variances = HermiteMap(get_activation(name)), np.array([0.0, 1e-8, 0.25, 1.5])
    for correlation in (1.0, 0.5, -0.9):
        pair = table(map_, variances, correlation)
        values, slopes = map_.covariance(pair), map_.slope(pair)
        for i, j in ((0, 3), (1, 2), (3, 3), (2, 3)):
            c = mpf(correlation) * (mpf(variances[i]) * mpf(variances[j])) ** mpf(0.5)
            exact = deep_reference.expectations(name, mpf(1), mpf(variances[i]), mpf(variances[j]), c)
            for found, value in zip((values[i, j], slopes[i, j]), exact, strict=True):
                assert abs(found - value) <= 3e-15 * abs(value)
                assert value == 0 or not abs(found * (1 + 1e-13) - value) <= 3e-15 * abs(value)


def test_series_grow_with_the_largest_variance() -> None:
    map_ = HermiteMap(get_activation("tanh"))
    assert map_.features(np.array([0.1])).shape[1] < map_.features(np.array([0.1, 4.0])).shape[1]
    assert map_.features(np.array([1.0, 1.0])).shape[2] == 1
    assert map_.features(np.array([])).shape[2] == 0


def test_a_polynomial_ends() -> None:
    """E[(a^3 - a)(b^3 - b)] = 6 c^3 + 9 v w c - 3 v c - 3 w c + c."""
    map_ = HermiteMap(Activation.define("polynomial", z**3 - z))
    variances = np.array([0.5, 2.0])
    pair = table(map_, variances, 0.75)
    v, w, c = pair.variance, pair.other_variance, pair.covariance
    assert np.allclose(map_.covariance(pair), 6 * c**3 + 9 * v * w * c - 3 * v * c - 3 * w * c + c, rtol=1e-13)
    assert map_.features(variances).shape[1] == 4


def test_what_has_no_short_series_is_refused() -> None:
    with pytest.raises(InvalidInput, match="activation leaky at a preactivation variance of 1: .* more than 2048"):
        HermiteMap(Activation.define("leaky", sympy.Max(z, z / 10))).features(np.array([1.0]))
    swish = Activation.define("swish", z * (1 + sympy.tanh(z)))
    with pytest.raises(InvalidInput, match="activation swish at a preactivation variance of 1000"):
        HermiteMap(swish).features(np.array([1.0, 1000.0]))
    assert HermiteMap(get_activation("tanh")).features(np.array([1.0, 1000.0])) is None


def test_the_tangent_is_the_derivative() -> None:
    direction = (0.3, -0.2, 0.1)
    map_ = HermiteMap(get_activation("softplus"), terms=60)
    point = (0.8, 0.5, 0.2)
    with jax.enable_x64(True):

        def pair(t: float) -> PreactivationPair:
            return PreactivationPair(jnp, *(jnp.array([a + t * b]) for a, b in zip(point, direction, strict=True)))

        for which in ("covariance", "slope"):
            method = getattr(map_, which)
            difference = (method(pair(1e-5)) - method(pair(-1e-5))).item() / 2e-5
            tangent = map_.tangent(which, pair(0.0), *(jnp.array([step]) for step in direction)).item()
            assert abs(tangent - difference) < 1e-10
            assert not abs(1.00001 * tangent - difference) < 1e-10
