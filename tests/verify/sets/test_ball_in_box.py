import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.optimize import brentq

from robustntk.verify.sets.ball_in_box import project_onto_ball_in_box


def by_bisection(q: np.ndarray, lower: np.ndarray, upper: np.ndarray, radius: float) -> np.ndarray:
    """The projection of one point by a root search over the multiplier t."""

    def excess(t: float) -> float:
        return float(np.linalg.norm(np.clip(t * q, lower, upper))) - radius

    t = 1.0 if excess(1.0) <= 0.0 else brentq(excess, 0.0, 1.0, xtol=1e-16, rtol=1e-15, maxiter=500)
    return np.clip(t * q, lower, upper)


def problem(seed: int, size: int, spread: float, sides: float) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    q = spread * rng.standard_normal((5, size))
    q[rng.random(q.shape) < 0.2] = 0.0
    lower, upper = (side * rng.exponential(sides, q.shape) for side in (-1.0, 1.0))
    lower[rng.random(q.shape) < 0.2] = 0.0
    upper[rng.random(q.shape) < 0.2] = np.inf
    return q, lower, upper


@given(
    st.integers(0, 10**6), st.integers(1, 40), st.sampled_from([1e-3, 0.3, 3.0, 1e6]), st.sampled_from([0.1, 1.0, 50.0])
)
@example(0, 1, 3.0, 0.1)
@example(1, 64, 1e6, 50.0)
def test_projection_is_that_of_the_root_search(seed: int, size: int, spread: float, sides: float) -> None:
    q, lower, upper = problem(seed, size, spread, sides)
    found, inside = project_onto_ball_in_box(q, lower, upper, 1.0)
    expected = np.array([by_bisection(*rows, 1.0) for rows in zip(q, lower, upper, strict=True)])
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.all(np.linalg.norm(found, axis=-1) <= 1.0 + 1e-15)
    assert np.all((found >= lower) & (found <= upper))
    clipped = np.clip(q, np.maximum(lower, -1.0), np.minimum(upper, 1.0))
    assert np.array_equal(inside, np.linalg.norm(clipped, axis=-1) <= 1.0)


@given(st.integers(0, 10**6), st.integers(2, 30), st.sampled_from([0.5, 3.0]))
def test_projection_satisfies_the_variational_inequality(seed: int, size: int, spread: float) -> None:
    """The nearest point p of a convex set has ``<q - p, z - p> <= 0`` for every z of it, and no other point has."""
    q, lower, upper = problem(seed, size, spread, 1.0)
    p, _ = project_onto_ball_in_box(q, lower, upper, 1.0)
    rng = np.random.default_rng([seed, 1])
    z = np.clip(rng.standard_normal((200, *q.shape)), lower, upper)
    z /= np.maximum(np.linalg.norm(z, axis=-1, keepdims=True), 1.0)
    assert np.all(np.sum((q - p) * (z - p), axis=-1) <= 1e-12 * (1.0 + np.linalg.norm(q, axis=-1)))


def test_clipping_before_scaling_is_not_the_projection() -> None:
    q, lower, upper = np.array([[3.0, 0.6]]), np.array([[0.0, 0.0]]), np.array([[0.9, 2.0]])
    p, _ = project_onto_ball_in_box(q, lower, upper, 1.0)
    clipped = np.clip(q, lower, upper)
    scaled = clipped / np.linalg.norm(clipped)
    np.testing.assert_allclose(p, [[0.9, np.sqrt(0.19)]], atol=1e-15)
    assert np.linalg.norm(scaled - q) > np.linalg.norm(p - q) + 0.01


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_jax_twin_agrees_and_keeps_the_dtype(dtype: type[np.floating]) -> None:
    arrays = [each.astype(dtype) for each in problem(3, 33, 2.0, 0.5)]
    with jax.enable_x64(dtype == np.float64):
        traced, _ = jax.jit(lambda *rows: project_onto_ball_in_box(*rows, 1.0, xp=jnp))(*arrays)
    exact, _ = project_onto_ball_in_box(*(each.astype(float) for each in arrays), 1.0)
    assert traced.dtype == dtype
    np.testing.assert_allclose(traced, exact, atol=20 * np.finfo(dtype).eps)


def test_huge_and_tiny_offsets_neither_overflow_nor_vanish() -> None:
    q = np.array([[1e30, 1e-30, -2e30]], np.float32)
    wide = np.full_like(q, np.inf)
    p, _ = project_onto_ball_in_box(q, -wide, wide, np.float32(1.0))
    np.testing.assert_allclose(p, [[1 / np.sqrt(5), 0.0, -2 / np.sqrt(5)]], rtol=1e-6)
    p, inside = project_onto_ball_in_box(q * np.float32(1e-37), -wide, wide, np.float32(1.0))
    assert inside.all() and np.array_equal(p, q * np.float32(1e-37))
