import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.verify.data import embed
from robustntk.verify.sets.cap import SphericalCap, with_zero_column

Caps = st.tuples(st.floats(1e-6, 1.6), st.sampled_from([0.0, 0.5])).map(lambda pair: SphericalCap(*pair))


def centers_on(cap: SphericalCap, count: int, dimension: int, seed: int) -> np.ndarray:
    features = np.random.default_rng([seed, 1]).standard_normal((count, dimension - 1))
    return embed(features, bias=cap.bias)


@given(Caps, st.integers(3, 80), st.integers(0, 10**6))
@example(SphericalCap(1.73), 3, 0)
@example(SphericalCap(1e-6, 0.0), 785, 0)
def test_samples_lie_in_the_cap_and_rim_samples_on_its_rim(cap: SphericalCap, dimension: int, seed: int) -> None:
    centers = centers_on(cap, 4, dimension, seed)
    rng = np.random.default_rng(seed)
    inside = cap.sample(centers, 20, rng)
    rim = cap.sample(centers, 20, rng, part="rim")
    assert inside.shape == rim.shape == (20, 4, dimension)
    assert np.all(cap.contains(inside, centers))
    np.testing.assert_allclose(np.linalg.norm(rim - centers, axis=-1), cap.delta, rtol=1e-9)


def test_samples_whose_random_directions_are_the_centres_stay_on_the_sphere() -> None:
    cap = SphericalCap(0.3)
    centers = embed(np.random.default_rng(5).standard_normal((1, 2)))
    assert np.all(cap.contains(cap.sample(centers, 1, np.random.default_rng(5)), centers))


def test_samples_on_a_two_sphere_are_uniform_by_archimedes() -> None:
    cap = SphericalCap(0.9, 0.0)
    centers = centers_on(cap, 1, 4, 0)
    cosines = cap.sample(centers, 20_000, np.random.default_rng(0))[:, 0] @ centers[0]
    heights = np.sort((1 - cosines) / (1 - math.cos(cap.angle)))
    assert np.max(np.abs(heights - np.linspace(0, 1, len(heights)))) < 1.63 / math.sqrt(len(heights))


@given(Caps, st.integers(3, 12), st.integers(0, 10**6), st.floats(1e-3, 10))
def test_projection_is_in_the_cap_and_nearer_than_any_sample(
    cap: SphericalCap, dimension: int, seed: int, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    centers = centers_on(cap, 3, dimension, seed)
    points = centers + spread * rng.standard_normal(centers.shape)
    projected = cap.project(points, centers)
    assert np.all(cap.contains(projected, centers))
    np.testing.assert_allclose(cap.project(projected, centers), projected, atol=1e-13)
    samples = np.concatenate([cap.sample(centers, 50, rng), cap.sample(centers, 50, rng, part="rim")])
    distances = np.linalg.norm(samples - points, axis=-1)
    assert np.all(np.linalg.norm(projected - points, axis=-1) <= distances.min(axis=0) + 1e-12)


def test_nearness_to_samples_refutes_a_projection_on_a_smaller_cap() -> None:
    cap, smaller = SphericalCap(0.4), SphericalCap(0.36)
    centers = centers_on(cap, 3, 4, 0)
    rng = np.random.default_rng(0)
    points = cap.move(centers, rng.standard_normal(centers.shape), 2.0)
    samples = cap.sample(centers, 2000, rng, part="rim")
    nearest = np.linalg.norm(samples - points, axis=-1).min(axis=0)
    assert np.all(np.linalg.norm(smaller.project(points, centers) - points, axis=-1) > nearest)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_degenerate_points_are_projected_without_nan(dtype: Any) -> None:
    cap = SphericalCap(0.3)
    centers = centers_on(cap, 2, 5, 1).astype(dtype)
    tolerance = 10 * np.finfo(dtype).eps
    opposite = np.concatenate([-centers[:, :-1], centers[:, -1:]], axis=1)
    np.testing.assert_allclose(cap.project(centers, centers), centers, atol=tolerance)
    np.testing.assert_allclose(cap.project(np.zeros_like(centers), centers), centers, atol=tolerance)
    assert np.all(cap.contains(cap.project(opposite, centers), centers, tolerance=tolerance))
    np.testing.assert_allclose(cap.move(centers, np.zeros_like(centers), 0.5), centers, atol=tolerance)
    np.testing.assert_allclose(cap.move(centers, centers, 0.5), centers, atol=tolerance)
    assert cap.project(centers, centers).dtype == cap.move(centers, centers, 0.5).dtype == dtype


@given(Caps, st.integers(0, 10**6), st.floats(0, 1), st.sampled_from([1e-30, 1.0, 1e30]))
def test_moves_follow_great_circles_by_the_given_fraction(
    cap: SphericalCap, seed: int, fraction: float, size: float
) -> None:
    rng = np.random.default_rng(seed)
    centers = centers_on(cap, 3, 6, seed)
    directions = size * rng.standard_normal(centers.shape)
    moved = cap.move(centers, directions, fraction)
    chord = 2 * cap.radius * math.sin(fraction * cap.angle / 2)
    np.testing.assert_allclose(np.linalg.norm(moved - centers, axis=1), chord, atol=1e-14)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 1, atol=1e-14)
    radial = centers[:, :-1] / cap.radius
    tangents = directions[:, :-1] - np.sum(directions[:, :-1] * radial, axis=1, keepdims=True) * radial
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    advance = np.sum((moved - centers)[:, :-1] * tangents, axis=1)
    np.testing.assert_allclose(advance, cap.radius * math.sin(fraction * cap.angle), atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_jax_twins_agree_with_numpy(dtype: Any) -> None:
    cap = SphericalCap(0.2)
    rng = np.random.default_rng(3)
    centers = centers_on(cap, 6, 9, 3).astype(dtype)
    points = (centers + 0.2 * rng.standard_normal(centers.shape)).astype(dtype)
    with jax.enable_x64(dtype == np.float64):
        projected = jax.jit(lambda p, c: cap.project(p, c, xp=jnp))(points, centers)
        moved = jax.jit(lambda p, c: cap.move(p, c, 0.3, xp=jnp))(centers, points)
    assert projected.dtype == moved.dtype == dtype
    tolerance = 10 * np.finfo(dtype).eps
    np.testing.assert_allclose(projected, cap.project(points, centers), atol=tolerance)
    np.testing.assert_allclose(moved, cap.move(centers, points, 0.3), atol=tolerance)


def two_points(angle: float, bias: float = 0.5) -> np.ndarray:
    features = np.array([[1.0, 0, 0], [math.cos(angle), math.sin(angle), 0], [0, 0, 1.0]])
    return embed(features, bias=bias)


@given(st.floats(1e-9, 1.5))
def test_separation_is_the_smallest_angle_between_opposite_labels(angle: float) -> None:
    X = two_points(angle)
    cap = SphericalCap(math.sqrt(0.75) * angle / 4)
    assert cap.check_separation(X, np.array([1.0, -1.0, -1.0])) == pytest.approx(angle, rel=1e-6)
    assert cap.check_separation(X, np.array([1.0, 1.0, -1.0])) == pytest.approx(math.pi / 2)
    assert cap.check_separation(X, np.ones(3)) == math.inf


@pytest.mark.parametrize("angle", [0.0, 0.1, 0.2])
def test_caps_that_overlap_or_touch_are_refused_by_row(angle: float) -> None:
    cap = SphericalCap(2 * math.sqrt(0.75) * math.sin(0.1 / 2) + 1e-15)
    with pytest.raises(InvalidInput, match=r"rows 1 and 2 .* overlap or touch"):
        cap.check_separation(two_points(angle)[[2, 1, 0]], np.array([1.0, -1.0, 1.0]))


def test_delta_suggested_by_the_refusal_is_accepted() -> None:
    X, y = two_points(0.1), np.array([1.0, -1.0, 1.0])
    with pytest.raises(InvalidInput) as refusal:
        SphericalCap(0.3).check_separation(X, y)
    suggested = float(str(refusal.value).rsplit(" ", 1)[1])
    assert SphericalCap(0.999 * suggested).check_separation(X, y) > 0
    with pytest.raises(InvalidInput):
        SphericalCap(1.001 * suggested).check_separation(X, y)


@pytest.mark.parametrize("delta", [0.0, -0.1, math.nan, math.inf, 2 * math.sqrt(0.75), 2.0])
def test_delta_outside_its_range_is_named(delta: float) -> None:
    with pytest.raises(InvalidInput, match=f"delta is {delta!r}"):
        SphericalCap(delta)


@pytest.mark.parametrize("bias", [-0.1, 1.0, math.nan])
def test_bias_outside_its_range_is_named(bias: float) -> None:
    with pytest.raises(InvalidInput, match="bias"):
        SphericalCap(0.1, bias)


def test_rows_off_the_sphere_and_wrong_labels_are_named() -> None:
    cap = SphericalCap(0.1)
    X, y = two_points(1.0), np.array([1.0, -1.0, 1.0])
    X[2] *= 1.1
    with pytest.raises(InvalidInput, match="row 2"):
        cap.check_separation(X, y)
    X[2, 0] = math.nan
    with pytest.raises(InvalidInput, match="row 2"):
        cap.check_separation(X, y)
    with pytest.raises(InvalidInput, match="a label is 0.0"):
        cap.check_separation(two_points(1.0), np.array([1.0, 0.0, -1.0]))
    with pytest.raises(InvalidInput, match="at least 3"):
        cap.check_separation(np.ones((2, 2)), np.array([1.0, -1.0]))


@given(st.floats(1e-6, 1.9), st.integers(2, 20), st.integers(0, 10**6))
@example(1.99, 2, 0)
def test_a_cap_of_the_whole_sphere_is_one_of_s_0_less_the_zero_column(delta: float, dimension: int, seed: int) -> None:
    cap = SphericalCap(delta, None)
    assert cap.radius == 1.0 and cap.lifted() == SphericalCap(delta, 0.0) and cap.angle == cap.lifted().angle
    centers = embed(np.random.default_rng(seed).standard_normal((3, dimension)), bias=None)
    points = centers + np.random.default_rng([seed, 1]).standard_normal(centers.shape)
    lifted, higher = with_zero_column(centers), with_zero_column(points)
    projected, moved = cap.project(points, centers), cap.move(centers, points, 0.7)
    np.testing.assert_allclose(with_zero_column(projected), cap.lifted().project(higher, lifted), atol=1e-12)
    np.testing.assert_allclose(with_zero_column(moved), cap.lifted().move(lifted, higher, 0.7), atol=1e-12)
    assert np.all(cap.contains(projected, centers))
    for part in ("cap", "rim"):
        samples = cap.sample(centers, 20, np.random.default_rng(seed), part=part)
        assert samples.shape == (20, *centers.shape) and np.all(cap.contains(samples, centers))


def test_every_coordinate_moves_on_the_whole_sphere() -> None:
    centers = embed(np.random.default_rng(0).standard_normal((2, 4)), bias=None)
    samples = SphericalCap(0.3, None).sample(centers, 10, np.random.default_rng(0))
    assert np.all(np.ptp(samples, axis=0) > 0.01)
    assert not SphericalCap(0.3, None).contains(1.001 * centers, centers).any()


def test_separation_on_the_whole_sphere_counts_all_coordinates() -> None:
    X = np.array([[1.0, 0.0], [math.cos(0.4), math.sin(0.4)]])
    assert SphericalCap(0.1, None).check_separation(X, np.array([1.0, -1.0])) == pytest.approx(0.4)
    with pytest.raises(InvalidInput, match="rows 0 and 1"):
        SphericalCap(0.21, None).check_separation(X, np.array([1.0, -1.0]))
    with pytest.raises(InvalidInput, match="expected .* at least 2"):
        SphericalCap(0.1, None).check_separation(X[:, :1], np.array([1.0, -1.0]))
    with pytest.raises(InvalidInput, match=r"row 1 is off the sphere \|x\| = 1 by"):
        SphericalCap(0.1, None).check_separation(X * [[1.0], [2.0]], np.array([1.0, -1.0]))
