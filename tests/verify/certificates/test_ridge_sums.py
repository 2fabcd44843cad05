"""Quadratics below sums of ridge functions: below f on every small cap, and within O(rho^3) of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustntk.bounds import get_activation
from robustntk.kernels import SymmetricInitialisation, dual_kernel
from robustntk.verify.certificates.ridge_sums import RidgeSum, TangentQuadratics
from robustntk.verify.data import embed
from robustntk.verify.predictors import KernelPredictor, TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap

ACTIVATIONS = ("quadratic_relu", "erf", "tanh", "softplus", "sigmoid", "gelu", "sin", "sin_cos")


def some_function(
    name: str, dimension: int, seed: int, point: np.ndarray, *, kernel: bool
) -> KernelPredictor | TwoLayerNetwork:
    """A network with long moves, or a kernel function with centres at the point and opposite to it."""
    rng = np.random.default_rng(seed)
    if kernel:
        centers = embed(rng.standard_normal((6, dimension - 1)))
        opposite = np.append(-point[:-1], point[-1])
        centers = np.vstack([centers, point, opposite])
        return KernelPredictor(dual_kernel(name), centers, 3.0 * rng.standard_normal(8))
    start = SymmetricInitialisation(12, dimension, seed)
    return TwoLayerNetwork(start.weights + rng.standard_normal((12, dimension)), start.signs, get_activation(name))


def points_of(point: np.ndarray, angle: float, count: int, seed: int) -> np.ndarray:
    """Points of ``S_b`` within the angle, its rim included, by great circles."""
    radius = np.linalg.norm(point[:-1])
    cap = SphericalCap(2.0 * radius * np.sin(0.5 * angle), float(point[-1]))
    rng = np.random.default_rng(seed)
    return np.concatenate([cap.sample(point[None], count, rng, part=part)[:, 0] for part in ("cap", "rim")])


def model_values(models: TangentQuadratics, directions: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """The one quadratic at the tangential parts of the points."""
    tangential = moving - np.outer(moving @ directions[0], directions[0])
    quadratic = np.einsum("sa,ab,sb->s", tangential, models.curvature[0], tangential)
    return models.constant[0] + tangential @ models.gradient[0] + 0.5 * quadratic


@settings(max_examples=150)
@given(
    st.sampled_from(ACTIVATIONS),
    st.sampled_from([3, 4, 5]),
    st.integers(0, 10**6),
    st.sampled_from([1e-4, 0.01, 0.1, 0.6]),
    st.booleans(),
    st.sampled_from([-1.0, 1.0]),
)
def test_the_quadratic_stays_below_the_function(
    name: str, dimension: int, seed: int, angle: float, kernel: bool, sign: float
) -> None:
    point = embed(np.random.default_rng(seed).standard_normal((1, dimension - 1)))[0]
    function = some_function(name, dimension, seed, point, kernel=kernel)
    ridges = RidgeSum.of(function, SphericalCap(0.1))
    directions = point[None, :-1] / np.linalg.norm(point[:-1])
    points = points_of(point, angle, 200, seed)
    models = ridges.quadratics(directions, angle * (1.0 + 1e-12), sign)
    if not models.finite[0]:
        assert kernel and angle > 0.05, "only the range of a kernel's argument may be too wide"
        return
    values = model_values(models, directions, points[:, :-1])
    rounding = 1e-13 * (1.0 + np.abs(values)) if kernel else 1e-14 * (1.0 + np.abs(values))
    assert np.all(values <= sign * function.predict(points) + rounding)


@pytest.mark.parametrize("kernel", [False, True], ids=["network", "kernel"])
@pytest.mark.parametrize("name", ["quadratic_relu", "tanh", "erf"])
def test_what_is_given_away_falls_with_the_third_power_of_the_angle(name: str, kernel: bool) -> None:
    point = embed(np.array([[1.0, -0.3, 0.8]]))[0]
    function = some_function(name, 4, 2, point, kernel=kernel)
    ridges = RidgeSum.of(function, SphericalCap(0.1))
    directions = point[None, :-1] / np.linalg.norm(point[:-1])
    lost = []
    for angle in (0.04, 0.004):
        points = points_of(point, angle, 300, 1)
        values = model_values(ridges.quadratics(directions, angle, 1.0), directions, points[:, :-1])
        lost.append(np.max(function.predict(points) - values))
    assert lost[1] <= 2e-3 * lost[0] + 1e-11


@pytest.mark.parametrize("name", ["quadratic_relu", "tanh"])
def test_a_quadratic_that_ignores_the_rest_is_refuted(name: str) -> None:
    """The same quadratic without its loss: somewhere f is below it, so the loss is needed."""
    point = embed(np.array([[1.0, -0.3, 0.8]]))[0]
    function = some_function(name, 4, 2, point, kernel=False)
    ridges = RidgeSum.of(function, SphericalCap(0.1))
    directions = point[None, :-1] / np.linalg.norm(point[:-1])
    points = points_of(point, 0.3, 1000, 1)
    honest = ridges.quadratics(directions, 0.3, 1.0)
    # On a cap of angle 1e-4 next to nothing is taken off.
    bold = ridges.quadratics(directions, 1e-4, 1.0)
    values = function.predict(points)
    assert np.all(model_values(honest, directions, points[:, :-1]) <= values)
    assert not np.all(model_values(bold, directions, points[:, :-1]) <= values)


def test_values_are_those_of_the_function() -> None:
    rng = np.random.default_rng(0)
    points = embed(rng.standard_normal((20, 3)))
    for kernel in (False, True):
        function = some_function("tanh", 4, 1, points[0], kernel=kernel)
        ridges = RidgeSum.of(function, SphericalCap(0.1))
        directions = points[:, :-1] / np.linalg.norm(points[:, :-1], axis=1, keepdims=True)
        assert np.allclose(ridges.values(directions), function.predict(points), rtol=0.0, atol=1e-13)
