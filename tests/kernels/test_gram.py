"""Gram matrices from vectors: accurate for near-identical and near-antipodal points."""

import sys
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from mpmath import mp

from robustntk.bounds import ACTIVATIONS, InvalidInput
from robustntk.kernels import DualKernel, dual_kernel, gram, gram_gradient

ACCURACY = 1e-13
DISTANCES = (1.0, 1e-1, 1e-2, 1e-4, 1e-8)


def sphere(n: int, d: int, seed: int = 0) -> np.ndarray:
    X = np.random.default_rng(seed).standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def worst_error(matrix_of: Callable[..., np.ndarray], reference: SimpleNamespace, name: str) -> float:
    """Over pairs at all distances, near-identical and near-antipodal."""
    errors = []
    for distance in DISTANCES:
        for antipodal in (False, True):
            x, z = reference.separated(distance, antipodal=antipodal)
            value = matrix_of(x[None], z[None])[0, 0]
            errors.append(reference.relative_error(value, reference.of_vectors(name, x, z)))
    return max(errors)


@pytest.mark.parametrize("name", ["relu", "quadratic_relu", "erf", "sin", "sin_cos"])
def test_entries_are_accurate_at_every_distance(reference: SimpleNamespace, name: str) -> None:
    kernel = dual_kernel(name)
    with mp.workdps(60):
        assert worst_error(lambda X, Z: gram(kernel, X, Z), reference, name) <= ACCURACY
        assert worst_error(lambda X, Z: gram(kernel, X, Z) * (1 + 1e-12), reference, name) > ACCURACY


@pytest.mark.parametrize("name", ["relu", "quadratic_relu"])
def test_a_kernel_of_the_cosine_alone_is_refuted(reference: SimpleNamespace, name: str) -> None:
    kernel = dual_kernel(name)
    with mp.workdps(60):
        assert worst_error(lambda X, Z: kernel.value(X @ Z.T), reference, name) > ACCURACY


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_one_set_of_points(name: str) -> None:
    kernel, X = dual_kernel(name), sphere(30, 5)
    X[7], X[8] = X[3], -X[3]
    K = gram(kernel, X)
    assert K.dtype == np.float64
    assert np.array_equal(K, K.T)
    np.testing.assert_allclose(np.diag(K), kernel.at_one, rtol=1e-15)
    np.testing.assert_allclose(K, gram(kernel, X, X.copy()), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(K, kernel.value(X @ X.T), rtol=1e-6, atol=1e-7)
    assert np.linalg.eigvalsh(np.delete(np.delete(K, 7, 0), 7, 1))[0] > -1e-12


def test_blocks_of_rows_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, X, Z = dual_kernel("quadratic_relu"), sphere(23, 4), sphere(9, 4, seed=1)
    whole = gram(kernel, X, Z)
    monkeypatch.setattr(sys.modules[gram.__module__], "_ENTRIES_AT_ONCE", 20)
    assert np.array_equal(gram(kernel, X, Z), whole)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"relu"}))
def test_the_gradient_is_that_of_the_kernel_function(name: str) -> None:
    kernel, X, Z = dual_kernel(name), sphere(3, 4), sphere(6, 4, seed=1)
    Z[2] = X[0]
    c = np.random.default_rng(2).standard_normal(6)
    tangent = np.random.default_rng(3).standard_normal(X.shape)
    tangent -= np.sum(tangent * X, axis=1, keepdims=True) * X
    step = 1e-5

    def moved(sign: int) -> np.ndarray:
        Y = X + sign * step * tangent
        return gram(kernel, Y / np.linalg.norm(Y, axis=1, keepdims=True), Z) @ c

    slope = np.sum(gram_gradient(kernel, X, Z, c) * tangent, axis=1)
    # x_0 = z_2: there the quadratic ReLU kernel has a kink of third order, which costs the quotient digits.
    np.testing.assert_allclose(slope, (moved(1) - moved(-1)) / (2 * step), rtol=1e-6, atol=1e-7)


def test_the_gradient_of_relu_is_infinite_where_it_has_a_kink() -> None:
    X = np.eye(2)
    with np.errstate(invalid="ignore"):
        assert not np.isfinite(gram_gradient(dual_kernel("relu"), X[:1], X[:1], np.ones(1))).all()


def test_refusals() -> None:
    kernel: DualKernel = dual_kernel("erf")
    with pytest.raises(InvalidInput, match="row 1 of X"):
        gram(kernel, np.array([[1.0, 0], [2, 0]]))
    with pytest.raises(InvalidInput, match="row 0 of Z"):
        gram(kernel, np.eye(2), np.array([[1.0, 1e-3]]))
    with pytest.raises(InvalidInput, match=r"coefficients have shape \(3,\): expected \(2,\)"):
        gram_gradient(kernel, np.eye(2), np.eye(2), np.ones(3))
