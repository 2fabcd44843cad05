"""Any multipliers give a lower bound; the solver's are nearly the best."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.verify.planning.dual_program import (
    Infeasible,
    dual_lower_bound,
    solve_dual,
    squared_norm_range,
)


def feasible_problem(seed: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows a_i, right-hand sides that a known vector meets, and that vector: the kernel is the linear one."""
    rng = np.random.default_rng(seed)
    rows, known = rng.standard_normal((size, 5)), rng.standard_normal(5)
    return rows, rows @ known - rng.random(size), known


@given(st.integers(0, 10**6), st.integers(1, 12), st.booleans())
def test_weak_duality_for_any_multipliers(seed: int, size: int, optimal: bool) -> None:
    rows, thresholds, known = feasible_problem(seed, size)
    gram = rows @ rows.T
    rng = np.random.default_rng(seed + 1)
    multipliers = solve_dual(gram, thresholds) if optimal else rng.random(size)
    assert np.linalg.norm(known) - dual_lower_bound(gram, multipliers, thresholds) >= 0.0


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_strong_duality(seed: int, size: int) -> None:
    rows, thresholds, _ = feasible_problem(seed, size)
    multipliers = solve_dual(rows @ rows.T, thresholds)
    primal = multipliers @ rows
    assert np.min(rows @ primal - thresholds) >= -1e-5
    bound = dual_lower_bound(rows @ rows.T, multipliers, thresholds)
    assert bound >= np.linalg.norm(primal) * (1 - 1e-4) - 1e-5
    # A bound two per cent higher would exceed a feasible norm.
    assert bound * 1.02 > np.linalg.norm(primal) or np.linalg.norm(primal) < 1e-5


def test_nearly_dependent_rows_do_not_upset_the_solver() -> None:
    row = np.array([1.0, 2.0, 3.0])
    rows = np.array([row, row * (1 + 1e-13), row + 1e-12])
    multipliers = solve_dual(rows @ rows.T, np.ones(3))
    assert dual_lower_bound(rows @ rows.T, multipliers, np.ones(3)) * np.linalg.norm(row) > 0.999


def test_constraints_that_cannot_be_met_are_said_to_be() -> None:
    with pytest.raises(Infeasible, match="no function of this space meets"):
        solve_dual(np.array([[1.0, -1.0], [-1.0, 1.0]]), np.ones(2))
    with pytest.raises(Infeasible, match="vanishes at constraint 1"):
        solve_dual(np.diag([1.0, 0.0]), np.ones(2))


def test_zero_multipliers_give_the_trivial_bound() -> None:
    assert dual_lower_bound(np.eye(2), np.zeros(2), np.ones(2)) == 0.0


def test_norm_range_contains_the_exact_norm() -> None:
    low, high = squared_norm_range(np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([1.0, 1.0]))
    assert low == 0.0 < high < 1e-11
