"""The sets of the theorems: what is moved inside is inside, and what is inside stays."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.verify.training.constraint_set import ConstraintSet, distance, project_halves

SETS = {
    "ball": ConstraintSet(0.8),
    "tied": ConstraintSet(0.8, row_radius=0.9),
    "operator ball": ConstraintSet(0.8, operator_radius=0.5),
    "tied in the operator ball": ConstraintSet(0.8, row_radius=0.9, operator_radius=0.5),
}
WIDTH, DIMENSION = 12, 5
SEEDS = st.integers(0, 10**6)
NAMES = st.sampled_from(sorted(SETS))
SIZES = st.floats(1e-3, 10.0)


def start_and_weights(seed: int, size: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    half = rng.standard_normal((WIDTH // 2, DIMENSION))
    return half, np.concatenate([half, half]) + size * rng.standard_normal((WIDTH, DIMENSION)) / 4.0


@given(NAMES, SEEDS, SIZES)
@example("tied in the operator ball", 0, 10.0)
def test_what_is_moved_inside_is_inside_in_float64(name: str, seed: int, size: float) -> None:
    half, weights = start_and_weights(seed, size)
    inside = SETS[name].moved_inside(weights.copy(), half)
    assert SETS[name].contains(inside, half)
    again = SETS[name].moved_inside(inside.copy(), half)
    np.testing.assert_allclose(again, inside, rtol=0, atol=1e-11)


@given(NAMES, SEEDS, st.integers(-4, 4))
def test_a_point_within_rounding_of_the_border_is_moved_inside(name: str, seed: int, ulps: int) -> None:
    half, weights = start_and_weights(seed, 10.0)
    whole, inside = np.concatenate([half, half]), SETS[name].moved_inside(weights, half)
    border = whole + (inside - whole) * (1.0 + 1e-12 + ulps * np.finfo(np.float64).eps)
    assert SETS[name].contains(SETS[name].moved_inside(border, half), half)


@given(NAMES, SEEDS, SIZES)
def test_moving_inside_is_the_projection_of_the_run(name: str, seed: int, size: float) -> None:
    half, weights = start_and_weights(seed, size)
    constraints = SETS[name]
    with jax.enable_x64(True):
        parts = tuple(jnp.asarray(part) for part in np.split(weights, 2))
        starts = (jnp.asarray(half), jnp.asarray(half))
        projected, travelled = project_halves(parts, starts, constraints.bounds(np.dtype(np.float64)))
        assert float(travelled) == pytest.approx(float(distance(projected, starts)), rel=1e-12)
        found = np.concatenate([np.asarray(part) for part in projected])
    np.testing.assert_allclose(constraints.moved_inside(weights.copy(), half), found, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", sorted(SETS))
def test_a_point_outside_of_any_one_constraint_is_not_contained(name: str) -> None:
    constraints = SETS[name]
    half, weights = start_and_weights(1, 10.0)
    inside = constraints.moved_inside(weights, half)
    whole = np.concatenate([half, half])
    assert not constraints.contains(whole + 1.001 * (inside - whole), half), "some constraint is active"
    if constraints.is_tied:
        nudged = inside.copy()
        nudged[0, 0] -= 1e-9 * np.sign(nudged[0, 0] - half[0, 0])
        assert not constraints.contains(nudged, half), "the moves of a pair are opposite"


def test_each_constraint_is_checked_for_itself() -> None:
    half = np.zeros((2, 3))
    move = np.array([[0.4, 0.0, 0.0], [0.0, 0.0, 0.0]])
    tied = np.concatenate([move, -move])
    assert ConstraintSet(1.0, row_radius=0.8, operator_radius=0.6).contains(tied, half)
    assert not ConstraintSet(0.5, row_radius=0.8, operator_radius=0.6).contains(tied, half)
    assert not ConstraintSet(1.0, row_radius=0.7, operator_radius=0.6).contains(tied, half)
    assert not ConstraintSet(1.0, row_radius=0.8, operator_radius=0.5).contains(tied, half)


@pytest.mark.parametrize("name", ["radius", "row_radius", "operator_radius"])
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_numbers_out_of_range_are_named(name: str, value: float) -> None:
    with pytest.raises(InvalidInput, match=f"^{name} is {value!r}"):
        ConstraintSet(**{"radius": 1.0, name: value})
