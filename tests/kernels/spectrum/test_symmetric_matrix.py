"""Symmetric matrices: conversions that lose nothing, norms that are upper bounds, and refusals."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.kernels.spectrum import symmetric_matrix
from robustntk.kernels.spectrum.symmetric_matrix import SymmetricMatrix, row_blocks


def random(seed: int, n: int) -> np.ndarray:
    A = np.random.default_rng(seed).standard_normal((n, n)) * 10.0 ** np.random.default_rng(seed).integers(-5, 5)
    return A + A.T


@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 30))
def test_norms_are_upper_bounds_and_close(seed: int, n: int, entries_at_once: int) -> None:
    K = random(seed, n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(symmetric_matrix, "_ENTRIES_AT_ONCE", entries_at_once)
        matrix = SymmetricMatrix.of(K)
    squares = sum(Fraction(float(entry)) ** 2 for entry in K.ravel())
    rows = max(sum(abs(Fraction(float(entry))) for entry in row) for row in K)
    assert squares <= Fraction(matrix.frobenius_norm) ** 2 <= squares * (1 + Fraction(1, 10**9))
    assert rows <= Fraction(matrix.row_sum_norm) <= rows * (1 + Fraction(1, 10**9))
    assert matrix.largest_entry == np.abs(K).max()
    assert Fraction(matrix.trace) == pytest.approx(float(sum(map(Fraction, K.diagonal().tolist()))), rel=1e-15)


def test_float64_is_not_copied_and_float32_loses_nothing() -> None:
    K = random(0, 5)
    assert SymmetricMatrix.of(K).entries is K
    single = K.astype(np.float32)
    assert SymmetricMatrix.of(single).entries.dtype == np.float64
    assert np.array_equal(SymmetricMatrix.of(single).entries, single)
    assert np.array_equal(SymmetricMatrix.of([[2, 1], [1, 2]]).entries, [[2.0, 1.0], [1.0, 2.0]])


def test_a_transposed_layout_is_read_in_place() -> None:
    K = np.asfortranarray(random(0, 5))
    assert np.shares_memory(SymmetricMatrix.of(K).entries, K)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("order", ["C", "F"])
def test_shifts(sign: int, order: str) -> None:
    K, out = random(1, 6), np.empty((6, 6), order=order)
    SymmetricMatrix.of(K).shifted(sign, 0.3, out=out)
    assert np.array_equal(out, sign * (K - 0.3 * np.eye(6)))


def test_the_image_of_absolute_values() -> None:
    K, v = random(2, 7), np.linspace(-1, 1, 7)
    assert np.allclose(SymmetricMatrix.of(K).image_of_sizes(v), np.abs(K) @ np.abs(v), rtol=1e-14)


def test_blocks_cover_every_row_once() -> None:
    for n in (1, 7, 600, 3000):
        assert [row for block in row_blocks(n) for row in range(block.start, block.stop)] == list(range(n))


@pytest.mark.parametrize(
    ("K", "message"),
    [
        (np.ones((2, 3)), r"shape \(2, 3\)"),
        (np.ones((0, 0)), r"shape \(0, 0\)"),
        (np.eye(2) * 1j, "dtype complex128"),
        (np.eye(2, dtype=np.longdouble), "dtype (float128|longdouble)"),
        (np.eye(2, dtype=bool), "dtype bool"),
        (np.array([[1, 0], [0, np.inf]]), "row 1 of the matrix is not finite"),
        (np.array([[1.0, 2], [3, 1]]), r"not symmetric.*2.0\) at \(0, 1\)"),
        (np.array([[2**53 + 1]]), "an integer of 2\\^53 or more"),
        (np.array([[1e200]]), "largest entry of the matrix is 1e\\+200"),
        (np.array([[1e-200]]), "largest entry of the matrix is 1e-200"),
    ],
)
def test_refusals(K: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        SymmetricMatrix.of(K)
