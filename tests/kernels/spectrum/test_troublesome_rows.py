"""Pairs of rows by their correlation, as a plain search finds them, and the heaviest rows of a vector."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.kernels import dual_kernel, gram
from robustntk.kernels.spectrum import symmetric_matrix
from robustntk.kernels.spectrum.symmetric_matrix import SymmetricMatrix
from robustntk.kernels.spectrum.troublesome_rows import RowPair, most_correlated_pairs, rows_of_eigenvector


def by_search(K: np.ndarray, sign: int, count: int) -> list[tuple[int, int]]:
    root = np.sqrt(np.where(K.diagonal() > 0, K.diagonal(), np.nan))
    pairs = [(i, j) for i, j in itertools.combinations(range(len(K)), 2) if np.isfinite(root[i] * root[j])]
    return sorted(pairs, key=lambda pair: -sign * (K[pair] / root[pair[0]] / root[pair[1]]))[:count]


@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 6), st.integers(1, 40), st.booleans())
@example(0, 9, 5, 10, True)
def test_pairs_are_those_of_a_plain_search(seed: int, n: int, count: int, entries: int, ties: bool) -> None:
    """In small blocks, with many ties, and with rows that have no correlation."""
    rng = np.random.default_rng(seed)
    A = rng.integers(-2, 3, (n, n)).astype(float) if ties else rng.standard_normal((n, n))
    K = A + A.T
    if ties:
        np.fill_diagonal(K, rng.integers(-1, 3, n) ** 2 * np.sign(rng.integers(-1, 3, n)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(symmetric_matrix, "_ENTRIES_AT_ONCE", entries)
        above, below = most_correlated_pairs(SymmetricMatrix.of(K), count)
    assert [pair.rows for pair in above] == by_search(K, 1, count)
    assert [pair.rows for pair in below] == by_search(K, -1, count)


def test_duplicates_and_antipodal_rows_are_told_apart() -> None:
    X = np.linalg.qr(np.random.default_rng(0).standard_normal((8, 8)))[0]
    X[4] = X[2] + 1e-3 * X[4]
    X[7] = -X[1] + 1e-2 * X[7]
    K = gram(dual_kernel("erf"), X / np.linalg.norm(X, axis=1, keepdims=True))
    above, below = most_correlated_pairs(SymmetricMatrix.of(K), 2)
    assert (above[0].rows, above[0].kind, above[1].kind) == ((2, 4), "near-duplicate", "aligned")
    assert (below[0].rows, below[0].kind, below[1].kind) == ((1, 7), "near-antipodal", "opposed")
    assert "rows 2 and 4 are near-duplicates (correlation 0.99999" in str(above[0])
    assert "rows 1 and 7 are near-antipodal (correlation -0.999" in str(below[0])


@given(st.integers(0, 10**6), st.integers(2, 8))
def test_the_eigenvalue_of_a_pair_is_above_the_smallest_of_all(seed: int, n: int) -> None:
    A = np.random.default_rng(seed).standard_normal((n, n))
    K = A @ A.T
    smallest = float(np.linalg.eigvalsh(K)[0])
    for pair in itertools.chain(*most_correlated_pairs(SymmetricMatrix.of((K + K.T) / 2))):
        pick = np.ix_(pair.rows, pair.rows)
        assert pair.eigenvalue == pytest.approx(np.linalg.eigvalsh(K[pick])[0], abs=1e-13 * np.abs(K).max())
        assert pair.eigenvalue >= smallest - 1e-13 * np.abs(K).max()


def test_no_pairs_where_there_are_none() -> None:
    assert most_correlated_pairs(SymmetricMatrix.of(np.array([[2.0]]))) == ((), ())
    assert most_correlated_pairs(SymmetricMatrix.of(-np.eye(3))) == ((), ())
    only = most_correlated_pairs(SymmetricMatrix.of(np.diag([1.0, 0.0, 2.0])))
    assert [pair.rows for pair in only[0]] == [pair.rows for pair in only[1]] == [(0, 2)]


def test_the_heaviest_rows_of_a_vector() -> None:
    rows = rows_of_eigenvector(np.array([0.0, -3.0, 1.0, 3.0, 2.0]), 3)
    assert [each.row for each in rows] == [1, 3, 4]
    assert [each.weight for each in rows] == pytest.approx([9 / 23, 9 / 23, 4 / 23])
    assert sum(each.weight for each in rows_of_eigenvector(np.linspace(-1, 1, 5))) == pytest.approx(1)


def test_json_is_plain() -> None:
    pair = RowPair((0, 3), -0.995, 0.1)
    assert json.loads(json.dumps(pair.to_json())) == {
        "rows": [0, 3],
        "correlation": -0.995,
        "kind": "near-antipodal",
        "eigenvalue": 0.1,
    }
    assert rows_of_eigenvector(np.array([1.0]))[0].to_json() == {"row": 0, "weight": 1.0}
