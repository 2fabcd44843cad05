"""Effective ranks: their values where they are known, their order, and silence where the spectrum is not known."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.kernels.spectrum.effective_rank import EffectiveRank, effective_rank
from robustntk.kernels.spectrum.extreme_eigenvalues import SPECTRUM_UP_TO, extreme_eigenvalues
from robustntk.kernels.spectrum.symmetric_matrix import SymmetricMatrix


def rank_of(K: np.ndarray, entry_error: float = 0.0) -> EffectiveRank:
    matrix = SymmetricMatrix.of(K)
    return effective_rank(matrix, extreme_eigenvalues(matrix), entry_error=entry_error)


def with_spectrum(eigenvalues: list[float]) -> np.ndarray:
    n = len(eigenvalues)
    Q = np.linalg.qr(np.random.default_rng(2).standard_normal((n, n)))[0]
    K = (Q * eigenvalues) @ Q.T
    return (K + K.T) / 2


def test_a_projector_has_its_rank_by_every_definition() -> None:
    for rank in (1, 3, 10):
        found = rank_of(with_spectrum([2.0] * rank + [0.0] * (10 - rank)))
        assert found.trace_over_largest == pytest.approx(rank, rel=1e-9)
        assert found.participation_ratio == pytest.approx(rank, rel=1e-9)
        assert found.entropy == pytest.approx(rank, rel=1e-9)
        assert found.numerical_rank == rank


def test_values_for_a_known_spectrum() -> None:
    found = rank_of(with_spectrum([4.0, 2.0, 1.0, 1.0]))
    assert found.trace_over_largest == pytest.approx(2)
    assert found.participation_ratio == pytest.approx(64 / 22)
    assert found.entropy == pytest.approx(2 ** (0.5 + 0.25 * 2 + 2 * 0.125 * 3))


@given(st.lists(st.floats(-6, 2), min_size=1, max_size=8))
def test_the_definitions_are_ordered(exponents: list[float]) -> None:
    found = rank_of(with_spectrum([10**e for e in exponents]))
    assert found.trace_over_largest is not None and found.participation_ratio is not None and found.entropy is not None
    slack = 1 + 1e-9
    assert 1 <= found.trace_over_largest * slack
    assert found.trace_over_largest <= found.participation_ratio * slack
    assert found.participation_ratio <= found.entropy * slack
    assert found.entropy <= len(exponents) * slack


def test_the_numerical_rank_respects_the_errors_of_the_entries() -> None:
    K = with_spectrum([1.0, 1e-3, 1e-6, 0.0])
    assert rank_of(K).numerical_rank == 3
    assert rank_of(K, entry_error=1e-5).numerical_rank == 2
    assert rank_of(K, entry_error=1e-5).tolerance == pytest.approx(4e-5 * np.abs(K).max())
    assert rank_of(with_spectrum([1.0, 0.5])).numerical_rank == 2


def test_without_a_spectrum_only_full_rank_can_be_known() -> None:
    n = SPECTRUM_UP_TO + 10
    full, deficient = rank_of(2 * np.eye(n)), rank_of(np.ones((n, n)))
    assert full.numerical_rank == n and full.entropy is None
    assert full.trace_over_largest == pytest.approx(n) and full.participation_ratio == pytest.approx(n)
    assert deficient.numerical_rank is None
    assert rank_of(2 * np.eye(n), entry_error=0.01).numerical_rank is None  # positive, yet within the errors
    assert deficient.trace_over_largest == pytest.approx(1) and deficient.participation_ratio == pytest.approx(1)


def test_no_rank_where_the_definition_makes_no_sense() -> None:
    for K in (-np.eye(3), np.zeros((3, 3))):
        found = rank_of(K)
        assert (found.trace_over_largest, found.participation_ratio, found.entropy) == (None, None, None)
        assert found.numerical_rank == 0
    assert rank_of(np.diag([2.0, 1.0, -0.5])).entropy is None


def test_json_is_plain() -> None:
    plain = json.loads(json.dumps(rank_of(np.eye(2)).to_json(), allow_nan=False))
    assert set(plain) == {"trace_over_largest", "participation_ratio", "entropy", "numerical_rank", "tolerance"}
    assert plain["numerical_rank"] == 2 and math.isclose(plain["entropy"], 2)
