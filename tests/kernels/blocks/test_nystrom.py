"""The Nystrom preconditioner: positive definite, exact for matrices of low rank, and worth its pass."""

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, Verdict
from robustntk.kernels.blocks.conjugate_gradient import conjugate_gradients
from robustntk.kernels.blocks.nystrom import nystrom
from robustntk.kernels.blocks.operator import GramOperator, Product
from robustntk.kernels.deep import deep_kernel


def sphere(n: int, d: int) -> np.ndarray:
    X = np.random.default_rng(0).standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


class Dense:
    """A matrix that is held, as an operator."""

    symmetric = True

    def __init__(self, K: np.ndarray) -> None:
        self.K, self.shape = K, (len(K), len(K))

    def product(self, V: np.ndarray) -> Product:
        return Product(self.K @ V, float(np.abs(self.K).max()), len(V))


def test_it_is_symmetric_and_positive_definite() -> None:
    operator = GramOperator.of_points(deep_kernel("relu"), sphere(60, 5), block=32)
    P = nystrom(operator, rank=12, shift=1e-3)(np.eye(60))
    np.testing.assert_allclose(P, P.T, atol=1e-12)
    assert np.linalg.eigvalsh(P)[0] > 0


def test_of_a_matrix_of_low_rank_it_is_the_inverse() -> None:
    """Up to a factor: eigenvalues are 1 on the range, and (lambda + l_r)/lambda times as large on the rest for P A."""
    F = np.random.default_rng(0).standard_normal((40, 6))
    K, shift = F @ F.T, 0.5
    preconditioner = nystrom(Dense(K), rank=10, shift=shift)
    assert len(preconditioner.eigenvalues) == 6
    np.testing.assert_allclose(preconditioner.eigenvalues, np.linalg.eigvalsh(K)[::-1][:6], rtol=1e-9)
    product = preconditioner(K + shift * np.eye(40))
    on_range = preconditioner.eigenvalues[-1] + shift
    np.testing.assert_allclose(
        np.sort(np.linalg.eigvals(product).real), np.repeat([shift, on_range], [34, 6]), rtol=1e-8
    )


def test_it_saves_passes_over_an_ill_conditioned_matrix() -> None:
    operator = GramOperator.of_points(deep_kernel("quadratic_relu"), sphere(300, 4), block=128)
    b, shift = np.random.default_rng(1).standard_normal(300), 1e-3
    plain = conjugate_gradients(operator, b, shift=shift, tolerance=1e-6)
    helped = conjugate_gradients(
        operator, b, shift=shift, tolerance=1e-6, preconditioner=nystrom(operator, rank=60, shift=shift)
    )
    assert plain.outcome.verdict is helped.outcome.verdict is Verdict.PROVED
    assert 3 * (helped.passes + 1) < plain.passes


def test_the_seed_decides() -> None:
    operator = GramOperator.of_points(deep_kernel("relu"), sphere(60, 5), block=32)
    first, again, other = (nystrom(operator, rank=5, shift=1e-3, seed=seed).vectors for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_refusals() -> None:
    operator = GramOperator.of_points(deep_kernel("relu"), sphere(20, 5), block=32)
    for rank in (0, 21):
        with pytest.raises(InvalidInput, match=f"rank is {rank}"):
            nystrom(operator, rank=rank, shift=1.0)
    for shift in (0.0, -1.0, np.nan):
        with pytest.raises(InvalidInput, match="shift is"):
            nystrom(operator, rank=5, shift=shift)
    with pytest.raises(InvalidInput, match="not symmetric"):
        nystrom(GramOperator.of_points(deep_kernel("relu"), sphere(20, 5), sphere(20, 5)), rank=5, shift=1.0)
    with pytest.raises(InvalidInput, match="largest eigenvalue"):
        nystrom(Dense(-np.eye(20)), rank=5, shift=1.0)
