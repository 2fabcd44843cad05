"""The recursion itself: what each layer contributes, by hand; degrees, and variances that grow too large."""

import numpy as np
import pytest
import sympy

from robustntk.bounds import Activation, InvalidInput
from robustntk.bounds.activation import z as symbol
from robustntk.kernels.any_norm.layer_recursion import Layers
from robustntk.kernels.any_norm.preactivation_pair import PreactivationPair
from robustntk.kernels.architecture import LINEAR, fully_connected, paper_network


def inputs(v: float, w: float, c: float) -> PreactivationPair:
    return PreactivationPair(np, *(np.array([[number]]) for number in (v, w, c)))


def test_linear_networks_by_hand() -> None:
    """f = s_3 W_3 (s_2 W_2 (s_1 W_1 x + t_1 b_1) + t_2 b_2) + t_3 b_3; each layer has its share."""
    s, t, c = (2.0, 3.0, 5.0), (0.5, 0.25, 0.125), 0.75
    shares = {
        (True, False, False): s[2] * s[1] * (s[0] * c + t[0]),
        (False, True, False): s[2] * (s[1] * (s[0] * c + t[0]) + t[1]),
        (False, False, True): s[2] * (s[1] * (s[0] * c + t[0]) + t[1]) + t[2],
        (True, False, True): s[2] * s[1] * (s[0] * c + t[0]) * 2 + s[2] * t[1] + t[2],
    }
    for trained, share in shares.items():
        network = fully_connected(
            [LINEAR, LINEAR], trained=trained, weight_variance=[2, 3, 5], bias_variance=["1/2", "1/4", "1/8"]
        )
        assert Layers.of(network).kernel(inputs(1.0, 2.0, c)).item() == share


def test_the_standard_parametrisation_by_hand() -> None:
    """Its weights s W / sqrt(width) are the parameters: `width` times the covariance, and 1 for a bias."""
    network = fully_connected(
        LINEAR, 1, trained="all", weight_variance=3, bias_variance=2, parametrization="standard", width=10
    )
    assert Layers.of(network).kernel(inputs(1.0, 1.0, 0.5)).item() == 3 * (0.5 + 1) + 10 * (3 * 0.5 + 2) + 1


def test_degrees_of_homogeneity() -> None:
    cubic = Activation.define("cubic", sympy.Max(symbol, 0) ** 3)
    assert Layers.of(fully_connected(["quadratic_relu", LINEAR, cubic, "relu"])).degree == 6
    assert Layers.of(paper_network(3, 8)).degree == 1
    assert Layers.of(fully_connected("relu", 2, bias_variance=1)).degree is None
    assert Layers.of(fully_connected(["relu", "erf"])).degree is None


def test_points_know_every_variance() -> None:
    layers = Layers.of(fully_connected("relu", 3, weight_variance=2, bias_variance=1))
    first, second, third = layers.points(np.array([0.0, 1.0, 4.0]))
    assert first.variance.tolist() == [1, 3, 9]
    assert second.variance.tolist() == [2, 4, 10]
    assert third.variance.tolist() == [3, 5, 11]
    assert third.rows(slice(1, 2)).variance.tolist() == [5]


def test_features_of_a_sphere_are_shared() -> None:
    layers = Layers.of(fully_connected("tanh", 2))
    (one, _), (many, _) = layers.points(np.array([1.0, 1.0])), layers.points(np.array([1.0, 0.5]))
    assert one.features is not None
    assert many.features is not None
    assert one.features.shape[2] == one.rows(slice(1, 2)).features.shape[2] == 1
    assert many.features.shape[2] == 2
    assert np.array_equal(many.rows(slice(1, 2)).features[:, :, 0], many.features[:, :, 1])


def test_variances_that_overflow_are_named() -> None:
    layers = Layers.of(fully_connected("quadratic_relu", 4))
    with pytest.raises(InvalidInput, match=r"the variance of layer 3 reaches .*e\+1.*: expected at most 1e\+150"):
        layers.points(np.array([1.0, 1e40]))
