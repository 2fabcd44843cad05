"""The dual bound is below every point of the ball and touches the minimum: no gap, no overshoot."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.verify.certificates.trust_region import minimum_over_ball


def random_quadratic(seed: int, size: int, scale: float) -> tuple[float, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((size, size))
    return float(rng.standard_normal()), scale * rng.standard_normal(size), scale * (matrix + matrix.T)


def value(problem: tuple[float, np.ndarray, np.ndarray], points: np.ndarray) -> np.ndarray:
    constant, gradient, curvature = problem
    return constant + points @ gradient + 0.5 * np.sum((points @ curvature) * points, axis=-1)


def rounding(problem: tuple[float, np.ndarray, np.ndarray], radius: float) -> float:
    """What this test's own evaluation of the quadratic, at points rounded to float64, may be off by."""
    constant, gradient, curvature = problem
    size = abs(constant) + radius * np.linalg.norm(gradient) + radius**2 * np.linalg.norm(curvature)
    return 8.0 * len(gradient) * float(np.finfo(np.float64).eps) * float(size)


def ball_points(rng: np.random.Generator, size: int, radius: float, count: int = 4000) -> np.ndarray:
    points = rng.standard_normal((count, size))
    points *= radius / np.linalg.norm(points, axis=1, keepdims=True)
    shrink = np.where(rng.random(count) < 0.5, 1.0, rng.random(count))
    return points * shrink[:, None]


@given(
    st.integers(0, 10**6),
    st.integers(1, 7),
    st.sampled_from([1e-8, 1e-3, 1.0, 1e4]),
    st.sampled_from([1e-6, 0.1, 1.0, 30.0]),
)
@example(0, 1, 1.0, 1.0)
def test_no_point_of_the_ball_is_below_the_bound(seed: int, size: int, scale: float, radius: float) -> None:
    problem = random_quadratic(seed, size, scale)
    bound = minimum_over_ball(*problem, radius)
    sampled = value(problem, ball_points(np.random.default_rng(seed + 1), size, radius))
    assert np.all(sampled - bound.lower >= -rounding(problem, radius))


@given(st.integers(0, 10**6), st.integers(1, 7), st.sampled_from([0.1, 1.0, 30.0]))
def test_the_bound_is_attained(seed: int, size: int, radius: float) -> None:
    problem = random_quadratic(seed, size, 1.0)
    bound = minimum_over_ball(*problem, radius)
    assert np.linalg.norm(bound.minimizer) <= radius * (1 + 1e-6)
    inside = bound.minimizer * min(1.0, radius / float(np.linalg.norm(bound.minimizer)))
    attained = value(problem, inside[None, :])[0]
    magnitude = abs(attained) + radius * 10 + radius**2 * 10
    assert -rounding(problem, radius) <= attained - bound.lower <= 1e-7 * magnitude
    # A bound that claims a little more is refuted by this very point.
    assert attained < bound.lower + 2e-7 * magnitude


def test_hard_case_gradient_orthogonal_to_lowest_eigenvector() -> None:
    curvature = np.diag([-2.0, 1.0, 3.0])
    gradient = np.array([0.0, 0.1, 0.2])
    bound = minimum_over_ball(0.0, gradient, curvature, 1.0)
    rng = np.random.default_rng(0)
    sampled = value((0.0, gradient, curvature), ball_points(rng, 3, 1.0, 200_000)).min()
    assert bound.lower <= sampled <= bound.lower + 1e-3


def test_interior_minimum_of_a_convex_quadratic() -> None:
    bound = minimum_over_ball(1.0, np.array([1.0, 0.0]), np.eye(2), 5.0)
    assert bound.lower == pytest.approx(0.5, abs=1e-9)
    assert bound.lower <= 0.5


@pytest.mark.parametrize("gradient", [np.zeros(3), np.array([1.0, 2.0, 2.0])])
def test_flat_quadratic(gradient: np.ndarray) -> None:
    bound = minimum_over_ball(0.25, gradient, np.zeros((3, 3)), 0.5)
    exact = 0.25 - 0.5 * float(np.linalg.norm(gradient))
    assert exact - 1e-9 <= bound.lower <= exact


def test_nan_does_not_become_a_bound() -> None:
    nan, two = np.nan, np.ones(2)
    for problem in ((nan, two, np.eye(2)), (0.0, nan * two, np.eye(2)), (0.0, two, nan * np.eye(2))):
        assert not minimum_over_ball(*problem, 1.0).lower > -np.inf


@pytest.mark.parametrize("size", [1e-170, 1e-200, 1e-300])
def test_gradients_whose_squares_vanish_get_a_bound(size: float) -> None:
    gradient, curvature = size * np.array([1.0, -2.0]), size * np.diag([-1.0, 1.0])
    lower = minimum_over_ball(0.0, gradient, curvature, 1.0).lower
    points = ball_points(np.random.default_rng(0), 2, 1.0)
    values = points @ gradient + 0.5 * np.sum((points @ curvature) * points, axis=-1)
    assert np.isfinite(lower) and np.all(values - lower >= 0.0)
