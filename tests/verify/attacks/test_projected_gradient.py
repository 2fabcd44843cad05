import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, dual_kernel
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import embed
from robustntk.verify.predictors import KernelPredictor, LinearisedNetwork, TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap


def random_function(name: str, dimension: int, seed: int) -> KernelPredictor:
    rng = np.random.default_rng([seed, 5])
    centers = embed(rng.standard_normal((8, dimension - 1)))
    return KernelPredictor(dual_kernel(name), centers, rng.standard_normal(8))


def grid_on(cap: SphericalCap, center: np.ndarray, size: int) -> np.ndarray:
    """A grid of the cap around one centre, for d = 3 (an arc) and d = 4 (a disc)."""
    k = len(center) - 1
    axes = np.linalg.svd(center[None, :-1])[2][1:]
    turns = np.linspace(0, 2 * np.pi, size) if k == 3 else np.array([0.0, np.pi])
    polar, turn = np.meshgrid(np.linspace(0, 1, size), turns)
    first, second = axes[0], axes[-1]
    directions = np.zeros((polar.size, k + 1))
    directions[:, :k] = np.cos(turn).ravel()[:, None] * first
    if k == 3:
        directions[:, :k] += np.sin(turn).ravel()[:, None] * second
    return cap.move(np.broadcast_to(center, directions.shape), directions, polar.reshape(-1, 1))


@settings(max_examples=15)
@given(
    st.sampled_from(["quadratic_relu", "erf", "sin_cos"]),
    st.sampled_from([3, 4]),
    st.sampled_from([0.05, 0.3, 0.9]),
    st.integers(0, 10**6),
)
@example("relu", 4, 0.3, 0)
def test_attack_finds_the_minimum_of_a_kernel_function_on_its_cap(
    name: str, dimension: int, delta: float, seed: int
) -> None:
    function = random_function(name, dimension, seed)
    cap = SphericalCap(delta)
    X = embed(np.random.default_rng(seed).standard_normal((3, dimension - 1)))
    y = np.array([1.0, -1.0, 1.0])
    _, margins = ProjectedGradientAttack(steps=50, restarts=5).minimize_margin(function, X, y, cap)
    size = 20_001 if dimension == 3 else 301
    exhaustive = [np.min(label * function.predict(grid_on(cap, x, size))) for x, label in zip(X, y, strict=True)]
    assert np.all(margins <= np.array(exhaustive) + 1e-6)


def test_grid_refutes_an_attack_that_stops_early() -> None:
    function, cap = random_function("erf", 4, 0), SphericalCap(0.3)
    X = embed(np.random.default_rng(0).standard_normal((3, 3)))
    _, margins = ProjectedGradientAttack(steps=3, step_size=0.2).minimize_margin(function, X, np.ones(3), cap)
    exhaustive = [np.min(function.predict(grid_on(cap, x, 301))) for x in X]
    assert np.all(margins > np.array(exhaustive) + 1e-6)


def digits_like(count: int = 6, dimension: int = 20) -> tuple[np.ndarray, np.ndarray]:
    X = embed(np.random.default_rng(7).standard_normal((count, dimension - 1)))
    return X, np.where(np.arange(count) % 2, -1.0, 1.0)


def every_kind(dtype: Any = np.float64) -> list[Any]:
    start = SymmetricInitialisation(50, 20, 1)
    move = np.random.default_rng(2).standard_normal((50, 20))
    activation = get_activation("quadratic_relu")
    return [
        random_function("quadratic_relu", 20, 3),
        TwoLayerNetwork((start.weights + move).astype(dtype), start.signs, activation),
        LinearisedNetwork(start.weights.astype(dtype), move.astype(dtype), start.signs, activation),
    ]


@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_lie_in_the_caps_and_beat_every_sample(kind: int, dtype: Any) -> None:
    predictor, cap = every_kind(dtype)[kind], SphericalCap(0.2)
    X, y = digits_like()
    attack = ProjectedGradientAttack(steps=20, restarts=2)
    found = attack.perturb(predictor, X, y, cap)
    assert found.points.dtype == np.float64 and found.values.dtype == predictor.dtype
    assert np.all(cap.contains(found.points, X, tolerance=1e-14))
    tolerance = 100 * np.finfo(predictor.dtype).eps
    np.testing.assert_allclose(found.values, predictor.predict(found.points), rtol=tolerance, atol=tolerance)
    samples = cap.sample(X, 300, np.random.default_rng(0), part="rim")
    sampled = [y * predictor.predict(points) for points in samples]
    assert np.all(y * predictor.predict(found.points) <= np.min(sampled, axis=0))


def test_attack_is_deterministic_and_its_random_starts_follow_the_seed() -> None:
    X, y = digits_like()
    predictor, cap = every_kind()[1], SphericalCap(0.2)

    def run(seed: int, iteration: int) -> np.ndarray:
        attack = ProjectedGradientAttack(steps=1, step_size=1e-3, restarts=8, seed=seed)
        return attack.perturb(predictor, X, y, cap, iteration=iteration).points

    np.testing.assert_array_equal(run(0, 0), run(0, 0))
    assert np.any(run(0, 0) != run(1, 0)) and np.any(run(0, 0) != run(0, 1))


def test_more_restarts_never_do_worse() -> None:
    X, y = digits_like()
    predictor, cap = every_kind()[0], SphericalCap(1.0)
    lowest = [
        ProjectedGradientAttack(steps=3, restarts=restarts).minimize_margin(predictor, X, y, cap)[1]
        for restarts in (1, 4, 16)
    ]
    assert np.all(lowest[1] <= lowest[0] + 1e-12) and np.all(lowest[2] <= lowest[0] + 1e-12)
    assert np.any(lowest[2] < lowest[0] - 1e-6)


def test_a_function_without_slope_leaves_the_points_where_they_are() -> None:
    X, y = digits_like()
    zero = KernelPredictor(dual_kernel("erf"), np.empty((0, 20)), np.empty(0))
    found = ProjectedGradientAttack().perturb(zero, X, y, SphericalCap(0.2))
    np.testing.assert_allclose(found.points, X, atol=1e-15)
    assert not np.any(found.values)


def test_best_iterate_is_kept() -> None:
    X, y = digits_like()
    predictor, cap = every_kind()[0], SphericalCap(0.05)
    # A first step across the whole cap and no second one: a bad place must not replace the start.
    lowest = X[:1], y[:1]
    for _ in range(3):
        attack = ProjectedGradientAttack(steps=60, restarts=3)
        lowest = attack.perturb(predictor, lowest[0], y[:1], cap).points, y[:1]
    found = ProjectedGradientAttack(steps=1, step_size=2.0).perturb(predictor, lowest[0], y[:1], cap)
    assert y[0] * predictor.predict(found.points)[0] <= y[0] * predictor.predict(lowest[0])[0] + 1e-12


@pytest.mark.parametrize("name", ["absolute", "huber"])
def test_losses_that_rise_with_the_margin_are_attacked_from_both_sides(name: str) -> None:
    loss = get_loss(name)
    X, y = digits_like(40)
    cap = SphericalCap(0.3)
    predictor = every_kind()[0]
    attack = ProjectedGradientAttack(steps=20)
    found = attack.perturb(predictor, X, y, cap, loss=loss)
    low = predictor.predict(attack.perturb(predictor, X, y, cap).points)
    high = predictor.predict(attack.perturb(predictor, X, -y, cap).points)
    expected = np.maximum(loss.value(low, y), loss.value(high, y))
    np.testing.assert_allclose(loss.value(predictor.predict(found.points), y), expected, atol=1e-12)
    assert np.any(loss.value(high, y) > loss.value(low, y)), "the second side must matter in this test"


@pytest.mark.parametrize("name", ["hinge", "squared_hinge", "logistic"])
def test_losses_that_fall_with_the_margin_are_attacked_by_the_margin(name: str) -> None:
    X, y = digits_like()
    attack, predictor, cap = ProjectedGradientAttack(restarts=3), every_kind()[0], SphericalCap(0.3)
    with_loss = attack.perturb(predictor, X, y, cap, loss=get_loss(name)).points
    np.testing.assert_array_equal(with_loss, attack.perturb(predictor, X, y, cap).points)


@dataclass(frozen=True)
class Corner(SphericalCap):
    """A user's own set: the cap's points that do not lower the first coordinate."""

    def project(self, points: Any, centers: Any, *, xp: Any = np) -> Any:
        raised = xp.concatenate([xp.maximum(points[..., :1], centers[..., :1]), points[..., 1:]], axis=-1)
        return super().project(raised, centers, xp=xp)


def test_a_users_own_perturbation_set_is_respected() -> None:
    X, y = digits_like()
    corner = Corner(0.2)
    found = ProjectedGradientAttack().perturb(every_kind()[1], X, y, corner)
    wide = ProjectedGradientAttack().perturb(every_kind()[1], X, y, SphericalCap(0.2))
    assert np.all(found.points[:, 0] >= X[:, 0] - 0.02)
    assert np.any(wide.points[:, 0] < X[:, 0] - 0.02)


def test_default_steps_shrink_from_twice_the_cap() -> None:
    sizes = ProjectedGradientAttack(steps=10).sizes()
    assert sizes[0] == 2.0 and len(sizes) == 10
    np.testing.assert_allclose(np.diff(np.log(sizes)), math.log(0.8))
    np.testing.assert_array_equal(ProjectedGradientAttack(steps=1, step_size=0.5).sizes(3), [0.5])
    np.testing.assert_allclose(ProjectedGradientAttack(steps=2, last_step_size=0.1).sizes(1), [1.0, 0.1])


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"restarts": 0}, {"step_size": 0.0}, {"step_size": math.nan}, {"last_step_size": -1.0}]
)
def test_arguments_outside_their_range_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        ProjectedGradientAttack(**wrong)
