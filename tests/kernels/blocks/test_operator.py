"""Products with a matrix that is never held: within their error bound of the exact ones, stored or computed."""

import doctest
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import zarr
from scipy.sparse.linalg import aslinearoperator, eigsh, svds

from robustntk.bounds import InvalidInput
from robustntk.kernels import gram
from robustntk.kernels.blocks.gram import gram_to_zarr
from robustntk.kernels.blocks.operator import GramOperator
from robustntk.kernels.blocks.store import DamagedBlock
from robustntk.kernels.deep import deep_kernel

KERNEL = deep_kernel("relu")
N, P, BLOCK = 50, 23, 16


def sphere(n: int, seed: int = 0) -> np.ndarray:
    X = np.random.default_rng(seed).standard_normal((n, 8))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


X, Z = sphere(N), sphere(P, seed=1)
V = np.random.default_rng(2).standard_normal((N, 3))


@pytest.fixture(params=["computed", "stored"])
def operator(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GramOperator]:
    yield made(request.param, tmp_path)


def made(kind: str, folder: Path, Z: np.ndarray | None = None, dtype: str = "float64") -> GramOperator:
    if kind == "computed":
        return GramOperator.of_points(KERNEL, X, Z, block=BLOCK, dtype=dtype)
    gram_to_zarr(KERNEL, X, folder / "K.zarr", Z, block=BLOCK, dtype=dtype)
    return GramOperator.stored(folder / "K.zarr")


def blocks_of(operator: GramOperator) -> np.ndarray:
    """The very entries that the operator multiplies with."""
    K = np.zeros(operator.shape)
    for index in operator.grid.computed:
        rows, columns = operator.grid.spans(index)
        K[rows, columns] = operator.source.block(index)
        if operator.symmetric:
            K[columns, rows] = K[rows, columns].T
    return K


def exactly(K: np.ndarray, V: np.ndarray) -> list[list[Fraction]]:
    left, right = ([[Fraction(entry) for entry in row] for row in rows] for rows in (K.tolist(), V.T.tolist()))
    return [[sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0)) for column in right] for row in left]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rectangular", [False, True])
@pytest.mark.parametrize("kind", ["computed", "stored"])
def test_products_are_within_their_error_of_the_exact_ones(
    kind: str, rectangular: bool, dtype: str, tmp_path: Path
) -> None:
    operator = made(kind, tmp_path, Z if rectangular else None, dtype)
    K = blocks_of(operator)
    np.testing.assert_allclose(K, gram(KERNEL, X, Z if rectangular else None), rtol=1e-5)
    for matrix, transposed in ((K, False), (K.T, True)):
        W = np.random.default_rng(3).standard_normal((matrix.shape[1], 2)) * [1, 1e8]
        product = operator.product(W, transposed=transposed)
        assert product.largest_entry == np.abs(K).max()
        allowed = [Fraction(product.error) * sum(map(Fraction, column)) for column in np.abs(W).T.tolist()]
        for row, exact_row in zip(product.values.tolist(), exactly(matrix, W), strict=True):
            for value, exact, most in zip(row, exact_row, allowed, strict=True):
                assert abs(Fraction(value) - exact) <= most


def test_an_error_beyond_the_bound_would_be_seen() -> None:
    """The bound is no more than a relative 1e-13 here: a matrix product in single precision is far outside."""
    operator = GramOperator.of_points(KERNEL, X, block=BLOCK)
    product = operator.product(V)
    rough = (gram(KERNEL, X).astype(np.float32) @ V.astype(np.float32)).astype(np.float64)
    assert (np.abs(rough - product.values).max(axis=0) > 1e4 * product.error * np.abs(V).sum(axis=0)).all()


def test_the_interface_of_a_matrix(operator: GramOperator) -> None:
    K = gram(KERNEL, X)
    assert operator.shape == (N, N) and operator.symmetric
    np.testing.assert_allclose(operator.matmat(V), K @ V, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(operator.rmatmat(V), K @ V, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(operator.matvec(V[:, 0]), K @ V[:, 0], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(operator.rmatvec(V[:, 0]), K @ V[:, 0], rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(operator.diagonal(), np.diag(blocks_of(operator)))


def test_a_stored_and_a_computed_matrix_have_the_same_products(tmp_path: Path) -> None:
    assert np.array_equal(made("stored", tmp_path).matmat(V), made("computed", tmp_path).matmat(V))


@pytest.mark.parametrize("workers", [2, 5])
def test_the_workers_make_no_difference(workers: int) -> None:
    one, more = (GramOperator.of_points(KERNEL, X, block=BLOCK, workers=count) for count in (1, workers))
    assert np.array_equal(one.matmat(V), more.matmat(V))


def test_predictions_need_no_matrix() -> None:
    """K(X, Z) c and its transpose, one block at a time."""
    operator = GramOperator.of_points(KERNEL, X, Z, block=BLOCK)
    K = gram(KERNEL, X, Z)
    assert operator.shape == (N, P) and not operator.symmetric
    np.testing.assert_allclose(operator.matvec(V[:P, 0]), K @ V[:P, 0], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(operator.rmatmat(V), K.T @ V, rtol=1e-12, atol=1e-13)


def test_scipy_takes_it_as_a_linear_operator(operator: GramOperator) -> None:
    linear = aslinearoperator(operator.as_linear_operator())
    start = np.ones(N)
    expected = np.linalg.eigvalsh(gram(KERNEL, X))[-3:]
    np.testing.assert_allclose(eigsh(linear, k=3, v0=start)[0], expected, rtol=1e-10)
    rectangular = GramOperator.of_points(KERNEL, X, Z, block=BLOCK).as_linear_operator()
    largest = svds(rectangular, k=1, v0=np.ones(P), return_singular_vectors=False)
    np.testing.assert_allclose(largest, np.linalg.norm(gram(KERNEL, X, Z), 2), rtol=1e-10)
    np.testing.assert_allclose(linear @ V, gram(KERNEL, X) @ V, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(linear @ V[:, :1], gram(KERNEL, X) @ V[:, :1], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rectangular", [False, True])
def test_the_size_of_the_matrix(rectangular: bool, dtype: str) -> None:
    operator = GramOperator.of_points(KERNEL, X, Z if rectangular else None, block=BLOCK, dtype=dtype)
    K, size = blocks_of(operator), operator.size()
    squares = sum(Fraction(entry) ** 2 for entry in K.ravel().tolist())
    assert squares <= Fraction(size.frobenius_norm) ** 2 <= squares * (1 + Fraction(1, 10**11))
    assert size.largest_entry == np.abs(K).max()
    assert size.product_error == operator.product(np.ones((operator.shape[1], 1))).error


def test_a_damaged_or_missing_block_stops_the_product(tmp_path: Path) -> None:
    operator = made("stored", tmp_path)
    file = tmp_path / "K.zarr" / "c/2/1"
    whole = file.read_bytes()
    file.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    with pytest.raises(DamagedBlock, match=r"block \(2, 1\)"):
        operator.matmat(V)
    file.unlink()
    with pytest.raises(InvalidInput, match=r"block \(2, 1\) .* is missing"):
        operator.matmat(V)
    file.write_bytes(whole)
    assert np.array_equal(operator.matmat(V), made("computed", tmp_path).matmat(V))


def test_the_operator_reads_what_zarr_reads(tmp_path: Path) -> None:
    operator = made("stored", tmp_path)
    assert np.array_equal(blocks_of(operator), zarr.load(tmp_path / "K.zarr"))


def test_the_example_is_true() -> None:
    result = doctest.testmod(sys.modules[GramOperator.__module__])
    assert result.attempted > 0 and result.failed == 0


def test_refusals(tmp_path: Path) -> None:
    operator = GramOperator.of_points(KERNEL, X, Z, block=BLOCK)
    with pytest.raises(InvalidInput, match=r"shape \(50, 1\): expected \(23, k\)"):
        operator.matvec(np.ones(N))
    with pytest.raises(InvalidInput, match="one dimension"):
        operator.matvec(np.ones((P, 1)))
    with pytest.raises(InvalidInput, match="row 3 of the vectors is not finite"):
        operator.matvec(np.where(np.arange(P) == 3, np.nan, 1.0))
    with pytest.raises(InvalidInput, match="not symmetric"):
        operator.diagonal()
    with pytest.raises(InvalidInput, match="not a Gram matrix"):
        GramOperator.stored(tmp_path / "nowhere.zarr")
