"""Extreme eigenvalues of a matrix that is never held: bounds hold for the entries that it multiplies with."""

from pathlib import Path

import numpy as np
import pytest
import zarr

from robustntk.bounds import Interval, InvalidInput
from robustntk.kernels.blocks.gram import gram_to_zarr
from robustntk.kernels.blocks.operator import GramOperator
from robustntk.kernels.blocks.spectrum import block_spectrum
from robustntk.kernels.deep import deep_kernel
from robustntk.kernels.spectrum.conditioning import conditioning


def sphere(n: int, d: int = 6) -> np.ndarray:
    X = np.random.default_rng(0).standard_normal((n, d))
    X[:, 0] += 4  # so that the largest eigenvalue stands out
    return X / np.linalg.norm(X, axis=1, keepdims=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["relu", "erf"])
def test_the_bounds_agree_with_those_of_the_matrix_in_memory(name: str, dtype: str, tmp_path: Path) -> None:
    """The bounds of `conditioning`, for the same entries, are proved as well: they must overlap."""
    gram_to_zarr(deep_kernel(name), sphere(90), tmp_path / "K.zarr", block=32, dtype=dtype)
    found = block_spectrum(GramOperator.stored(tmp_path / "K.zarr"))
    exact = conditioning(zarr.load(tmp_path / "K.zarr"), entry_error=0.0)
    largest = found.max_eigenvalue
    assert isinstance(largest, Interval)
    assert largest.lower <= exact.max_eigenvalue_bounds.upper and exact.max_eigenvalue_bounds.lower <= largest.upper
    assert largest.upper - largest.lower <= 1e-9 * largest.upper
    assert found.min_eigenvalue.upper is not None and found.min_eigenvalue.lower is None
    assert exact.min_eigenvalue_bounds.lower <= found.min_eigenvalue.upper
    assert found.min_eigenvalue.estimate == pytest.approx(exact.min_eigenvalue, rel=1e-3, abs=1e-6)


def test_a_falsified_bound_would_be_refuted() -> None:
    """Bounds a relative 1e-8 further in miss the eigenvalues of the matrix in memory."""
    operator = GramOperator.of_points(deep_kernel("relu"), sphere(90), block=32)
    largest = block_spectrum(operator).max_eigenvalue
    matrix = operator.matmat(np.eye(90))
    exact = conditioning((matrix + matrix.T) / 2, entry_error=0.0).max_eigenvalue_bounds
    assert isinstance(largest, Interval)
    assert largest.upper * (1 - 1e-8) < exact.lower and exact.upper < largest.lower * (1 + 1e-8)


def test_a_rectangular_matrix_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not symmetric"):
        block_spectrum(GramOperator.of_points(deep_kernel("relu"), sphere(9), sphere(8)))
