"""E11.c: no point of the cube is above the bounds of a quadratic form, and they are attained where they can be."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.verify.certificates.cube_form import box_bound, largest_over_cube

SEEDS = st.integers(0, 10**6)
SIZES = st.integers(1, 9)


def gram_matrix(seed: int, size: int, rank: int) -> np.ndarray:
    """Inner products of vectors with a common part, signed at random as labels sign kernels."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((size, rank)) + 2.0 * rng.standard_normal(rank)
    signed = rng.choice([-1.0, 1.0], size)[:, None] * vectors
    return np.asarray(signed @ signed.T)


def largest_at_a_corner(matrix: np.ndarray) -> float:
    corners = np.array(list(itertools.product([0.0, 1.0], repeat=len(matrix))))
    return float(np.max(np.einsum("ki,ij,kj->k", corners, matrix, corners)))


@given(SEEDS, SIZES, st.integers(1, 4))
@example(0, 9, 1)
def test_no_point_of_the_cube_is_above_the_bound(seed: int, size: int, rank: int) -> None:
    matrix = gram_matrix(seed, size, rank)
    bound = largest_over_cube(matrix)
    assert largest_at_a_corner(matrix) <= bound
    inside = np.random.default_rng(seed).random((200, size))
    assert np.all(np.einsum("ki,ij,kj->k", inside, matrix, inside) <= bound)


@given(SEEDS, SIZES, st.integers(1, 4))
def test_the_bound_is_below_the_simple_ones_and_near_the_maximum(seed: int, size: int, rank: int) -> None:
    matrix = gram_matrix(seed, size, rank)
    bound = largest_over_cube(matrix)
    simple = min(float(np.sum(np.maximum(matrix, 0.0))), size * float(np.linalg.eigvalsh(matrix)[-1]))
    assert bound <= simple * (1.0 + 1e-6) + 1e-9
    assert bound <= 1.35 * largest_at_a_corner(matrix) + 1e-9


@given(SEEDS, SIZES, st.floats(0.0, 3.0), st.booleans())
def test_any_multipliers_give_a_bound(seed: int, size: int, scale: float, semidefinite: bool) -> None:
    """Also where diag(d) - M is indefinite, and for an M that is."""
    rng = np.random.default_rng([seed, 1])
    matrix = gram_matrix(seed, size, 2)
    if not semidefinite:
        matrix -= np.diag(rng.uniform(0.0, 4.0, size))
    multipliers = scale * rng.random(size) * np.abs(matrix).sum()
    assert largest_at_a_corner(matrix) <= box_bound(matrix, multipliers)


@pytest.mark.parametrize(
    "matrix", [np.diag([1.0, 2.0, 3.0]), np.ones((6, 6)), np.zeros((2, 2))], ids=["diagonal", "ones", "zero"]
)
def test_the_bound_is_attained(matrix: np.ndarray) -> None:
    best = largest_at_a_corner(matrix)
    assert best <= largest_over_cube(matrix) <= best * (1.0 + 1e-6) + 1e-9


def test_two_classes_that_cancel_are_bounded_by_one_of_them() -> None:
    """All points of a class alike: without the cross terms the bound would be twice as large."""
    labels = np.repeat([1.0, -1.0], 5)
    matrix = np.outer(labels, labels) * 0.9 + 0.1 * np.eye(10)
    assert largest_over_cube(matrix) < 0.6 * float(np.sum(np.maximum(matrix, 0.0)))


@given(SEEDS, st.floats(1e-6, 1.0))
def test_errors_of_the_entries_are_added(seed: int, error: float) -> None:
    matrix = gram_matrix(seed, 5, 2)
    rng = np.random.default_rng(seed)
    other = matrix + error * rng.uniform(-1.0, 1.0, (5, 5))
    assert largest_at_a_corner((other + other.T) / 2.0) <= largest_over_cube(matrix, entry_error=error)


@pytest.mark.parametrize("entry", [math.nan, math.inf])
def test_entries_that_are_not_finite_fail_every_comparison(entry: float) -> None:
    assert math.isnan(largest_over_cube(np.array([[1.0, 0.0], [0.0, entry]])))
    assert box_bound(np.eye(2), np.array([1.0, -1.0])) == math.inf
    assert box_bound(np.eye(2), np.array([1.0, entry])) == math.inf
