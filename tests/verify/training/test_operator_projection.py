"""E10.b: the projection on a Frobenius ball cut with an operator-norm ball is the nearest point of both."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from robustntk.verify.training.operator_projection import operator_norm, project, project_tied

SEEDS = st.integers(0, 10**6)
RADII = st.floats(0.05, 6.0)
ROUNDING = 1e-9


def some_matrix(seed: int) -> np.ndarray:
    """Singular values from 0.05 to 3, one of them 0."""
    rng = np.random.default_rng(seed)
    left, right = (np.linalg.qr(rng.standard_normal((size, 4)))[0] for size in (9, 4))
    values = np.geomspace(0.05, 3.0, 4)
    values[int(rng.integers(4))] = 0.0
    return np.asarray((left * values) @ right.T)


def points_of_the_set(seed: int, radius: float, operator_radius: float) -> list[np.ndarray]:
    """Points inside and at the border, found without the projection: clip singular values, then shrink."""
    rng = np.random.default_rng([seed, 1])
    found = []
    for size in np.geomspace(0.1, 10.0, 40):
        left, values, right = np.linalg.svd(size * rng.standard_normal((9, 4)), full_matrices=False)
        values = np.minimum(values, operator_radius)
        values *= min(1.0, radius / np.linalg.norm(values))
        found.append((left * values) @ right)
    return found


@given(SEEDS, RADII, RADII)
@example(0, 1.0, 6.0)
@example(0, 6.0, 1.0)
def test_the_projection_is_in_both_balls(seed: int, radius: float, operator_radius: float) -> None:
    found = project(some_matrix(seed), radius, operator_radius)
    assert np.linalg.norm(found) <= radius * (1.0 + ROUNDING)
    assert np.linalg.norm(found, 2) <= operator_radius * (1.0 + ROUNDING)


@given(SEEDS, RADII, RADII)
@example(0, 2.0, 1.0)
def test_no_point_of_the_set_is_on_the_other_side_of_the_projection(
    seed: int, radius: float, operator_radius: float
) -> None:
    """<V - P, Z - P> <= 0 for all Z of the set: what makes P the nearest point of a convex set."""
    matrix = some_matrix(seed)
    found = project(matrix, radius, operator_radius)
    products = [
        np.sum((matrix - found) * (other - found)) for other in points_of_the_set(seed, radius, operator_radius)
    ]
    assert np.all(np.array(products) <= ROUNDING * (1.0 + np.linalg.norm(matrix)) ** 2)


@settings(max_examples=25)
@given(SEEDS, RADII, RADII)
def test_a_general_solver_finds_the_same_singular_values(seed: int, radius: float, operator_radius: float) -> None:
    values = np.sort(np.linalg.svd(some_matrix(seed), compute_uv=False))
    solved = minimize(
        lambda S: float(np.sum((S - values) ** 2)),
        np.full(4, min(radius, operator_radius) / 4.0),
        jac=lambda S: 2.0 * (S - values),
        method="SLSQP",
        bounds=[(0.0, operator_radius)] * 4,
        constraints={"type": "ineq", "fun": lambda S: radius**2 - S @ S, "jac": lambda S: -2.0 * S},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    projected = np.sort(np.linalg.svd(project(some_matrix(seed), radius, operator_radius), compute_uv=False))
    assert np.allclose(projected, solved.x, atol=1e-5)


def test_one_ball_after_the_other_is_farther_away() -> None:
    matrix = np.diag([3.0, 1.0, 1.0])
    clipped = np.diag([1.0, 1.0, 1.0])
    naive = clipped * 1.2 / np.linalg.norm(clipped)
    assert np.linalg.norm(matrix - project(matrix, 1.2, 1.0)) < np.linalg.norm(matrix - naive) - 0.05


@pytest.mark.parametrize("large", [1.001, 1e6])
def test_a_point_of_the_set_stays(large: float) -> None:
    matrix = some_matrix(3)
    found = project(matrix, large * np.linalg.norm(matrix), large * np.linalg.norm(matrix, 2))
    assert np.array_equal(found, matrix)
    assert np.array_equal(project(np.zeros((5, 3)), 1.0, 1.0), np.zeros((5, 3)))


@given(SEEDS)
def test_the_measured_operator_norm_is_an_upper_bound_and_tight(seed: int) -> None:
    norm = np.linalg.norm(some_matrix(seed), 2)
    assert norm <= operator_norm(some_matrix(seed)) <= norm * (1.0 + 1e-9)


@given(SEEDS, RADII, RADII, st.floats(0.05, 2.0))
def test_tied_moves_come_no_farther_from_any_point_of_the_set(
    seed: int, radius: float, operator_radius: float, row_radius: float
) -> None:
    moves, root = some_matrix(seed), np.sqrt(2.0)
    found = project_tied(moves, radius, row_radius, operator_radius)
    whole = np.vstack([found, -found])
    assert np.linalg.norm(whole) <= radius * (1.0 + ROUNDING)
    assert np.linalg.norm(whole, 2) <= operator_radius * (1.0 + ROUNDING)
    assert np.max(np.linalg.norm(found, axis=1)) <= row_radius * (1.0 + ROUNDING)
    for other in points_of_the_set(seed, radius / root, operator_radius / root):
        inside = other * min(1.0, row_radius / float(np.max(np.linalg.norm(other, axis=1))))
        assert np.linalg.norm(found - inside) <= np.linalg.norm(moves - inside) * (1.0 + ROUNDING)


@given(SEEDS, RADII, RADII)
def test_jax_and_numpy_agree(seed: int, radius: float, operator_radius: float) -> None:
    matrix = some_matrix(seed)
    with jax.enable_x64(True):
        found = np.asarray(project(jnp.asarray(matrix), radius, operator_radius, xp=jnp))
    assert np.allclose(found, project(matrix, radius, operator_radius), rtol=0, atol=1e-12)
