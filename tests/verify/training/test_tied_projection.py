"""The projection onto tied moves is the nearest point: optimality conditions, and no point of the set is nearer."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from robustntk.verify.training.tied_projection import common_factor, project_rows

SEEDS = st.integers(0, 10**6)
SIZES = st.floats(0.05, 3.0)


def some_rows(seed: int) -> np.ndarray:
    """Rows of very different lengths, one of them 0."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((7, 3)) * np.geomspace(0.1, 3.0, 7)[:, None]
    rows[int(rng.integers(7))] = 0.0
    return np.asarray(rows)


@given(SEEDS, SIZES, SIZES)
def test_the_projection_satisfies_the_optimality_conditions_of_e2s_set(
    seed: int, radius: float, row_radius: float
) -> None:
    rows = some_rows(seed)
    found = project_rows(rows, radius, row_radius)
    lengths, moved = np.linalg.norm(rows, axis=1), np.linalg.norm(found, axis=1)
    assert np.linalg.norm(found) <= radius * (1 + 1e-12) and np.all(moved <= row_radius * (1 + 1e-12))
    factor = common_factor(lengths, radius, row_radius)
    free = moved < row_radius * (1 - 1e-12)
    # u_r = v_r / (1 + lam) where the row constraint is slack, and a larger divisor where it binds.
    assert np.allclose(found[free], factor * rows[free], rtol=1e-12, atol=0)
    assert np.all(factor * lengths[~free] >= row_radius * (1 - 1e-9))
    # lam > 0 only if the norm constraint binds.
    assert factor == 1.0 or abs(np.linalg.norm(found) - radius) <= 1e-9 * radius


@given(SEEDS, SIZES, SIZES)
def test_no_point_of_the_set_is_on_the_other_side_of_the_projection(
    seed: int, radius: float, row_radius: float
) -> None:
    """<V - P, Z - P> <= 0 for all Z of the set: what makes P the nearest point of a convex set."""
    rows = some_rows(seed)
    found = project_rows(rows, radius, row_radius)
    others = (
        np.random.default_rng(seed + 1).standard_normal((200, *rows.shape)) * np.geomspace(0.01, 10, 200)[:, None, None]
    )
    inside = np.array([project_rows(other, radius, row_radius) for other in others])
    products = np.sum((rows - found) * (inside - found), axis=(1, 2))
    assert np.all(products <= 1e-9 * (1.0 + np.linalg.norm(rows)) ** 2)


@given(SEEDS, SIZES, SIZES)
def test_jax_and_numpy_agree(seed: int, radius: float, row_radius: float) -> None:
    rows = some_rows(seed)
    with jax.enable_x64(True):
        found = np.asarray(project_rows(jnp.asarray(rows), radius, row_radius, xp=jnp))
    assert np.allclose(found, project_rows(rows, radius, row_radius), rtol=1e-12, atol=1e-14)


def test_a_point_of_the_set_stays() -> None:
    rows = some_rows(0)
    lengths = np.linalg.norm(rows, axis=1)
    assert np.array_equal(project_rows(rows, np.linalg.norm(rows) * 1.01, lengths.max() * 1.01), rows)
    assert np.array_equal(project_rows(np.zeros((3, 2)), 1.0, 1.0), np.zeros((3, 2)))


def test_one_long_row_stays_where_the_row_bound_puts_it() -> None:
    """All of the norm is in one row, and both bounds are equal: rounding leaves nothing of the other rows."""
    row = np.array([0.37, -1.91, 0.73])
    rows = np.vstack([row, 1e-17 * np.ones((3, 3))])
    for bound in np.linspace(0.5, 2.0, 31):
        found = project_rows(rows, bound, bound)
        length = min(float(bound), float(np.linalg.norm(row)))
        assert np.linalg.norm(found[0] - row * (length / np.linalg.norm(row))) <= 1e-12
