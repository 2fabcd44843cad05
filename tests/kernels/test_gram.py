"""Gram matrices from vectors: accurate for near-identical and near-antipodal points."""

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from mpmath import mp, mpf

from robustntk.bounds import ACTIVATIONS, InvalidInput
from robustntk.kernels import (
    Architecture,
    DualKernel,
    deep_kernel,
    dual_kernel,
    fully_connected,
    gram,
    gram_error_bound,
    gram_gradient,
    gram_memory,
    pair_enclosure,
    tiles,
)
from robustntk.kernels.geometry import crowded_half_chords

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


DEEP = [
    fully_connected("relu", 5, trained="all", weight_variance=2),
    fully_connected("erf", 3, trained="all", bias_variance="0.1"),
    fully_connected("quadratic_relu", 2),
    fully_connected("gelu", 5, trained="hidden"),
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("network", [fully_connected("relu"), *DEEP], ids=lambda network: network.label)
def test_tiles_by_xla_and_small_matrices_by_numpy_agree(
    monkeypatch: pytest.MonkeyPatch, network: Architecture, dtype: type
) -> None:
    kernel, X, Z = deep_kernel(network), sphere(70, 6), sphere(50, 6, seed=1)
    X[40], X[41], Z[7], Z[8] = X[3], -X[4], X[9], -X[10]
    X[50] = X[51] + 1e-10 * sphere(1, 6, seed=3)[0]
    X[50] /= np.linalg.norm(X[50])
    small = gram(kernel, X), gram(kernel, X, Z)
    monkeypatch.setattr(sys.modules[gram.__module__], "_SMALL", 0)
    monkeypatch.setattr(tiles, "_TILE", {"cpu": 16, "gpu": 16})
    K, rectangle = gram(kernel, X, dtype=dtype), gram(kernel, X, Z, dtype=dtype)
    assert K.dtype == rectangle.dtype == dtype
    assert np.array_equal(K, K.T)
    np.testing.assert_array_equal(np.diag(K), dtype(kernel.at_one))
    bound = gram_error_bound(kernel, 6, dtype=dtype) + gram_error_bound(kernel, 6)
    for ours, theirs in zip((K, rectangle), small, strict=True):
        margin = bound * kernel.at_one - np.abs(ours - theirs)
        assert (margin > 0).all()
    # Equal and nearly equal points need care, which a tile without repair would not take.
    assert K[40, 3] == dtype(kernel.at_one)
    assert K[50, 51] == pytest.approx(small[0][50, 51], rel=4 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("network", DEEP, ids=lambda network: network.label)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_entries_are_within_the_bound_of_the_reference(
    deep_reference: ModuleType, network: Architecture, dtype: type
) -> None:
    kernel, dimension = deep_kernel(network), 12
    bound = gram_error_bound(kernel, dimension, dtype=dtype)
    measured = []
    for seed, distance in enumerate((1.0, 1e-1, 1e-2, 1e-4, 1e-8, 1e-10, 1e-12, 0.0)):
        X = sphere(2, dimension, seed)
        X[1] = X[0] + distance * X[1]
        X[1] /= np.linalg.norm(X[1])
        value = float(gram(kernel, X[:1], X[1:], dtype=dtype)[0, 0])
        with mp.workdps(60):
            x, z = ([mpf(float(entry)) for entry in row] for row in X)
            cosine = mp.fdot(x, z) / mp.sqrt(mp.fdot(x, x) * mp.fdot(z, z))
            exact = deep_reference.of_covariance(network, mpf(1), mpf(1), cosine, digits=60)
            measured.append(float(abs(value - exact)) / kernel.at_one)
    assert all(np.array(measured) <= bound)
    if dtype is np.float64:
        assert max(measured) <= 1e-14
    assert bound <= 2e4 * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["relu", "erf"])
def test_gradients_by_xla_and_by_numpy_agree(monkeypatch: pytest.MonkeyPatch, name: str, dtype: type) -> None:
    kernel, X, Z = deep_kernel(fully_connected(name, 3, trained="all")), sphere(50, 6), sphere(70, 6, seed=1)
    Z[9] = X[4] + 1e-7 * Z[9]
    Z[9] /= np.linalg.norm(Z[9])
    c = np.random.default_rng(2).standard_normal(70)
    small = gram_gradient(kernel, X, Z, c)
    monkeypatch.setattr(sys.modules[gram.__module__], "_SMALL", 0)
    monkeypatch.setattr(tiles, "_TILE", {"cpu": 16, "gpu": 16})
    large = gram_gradient(kernel, X, Z, c, dtype=dtype)
    assert large.dtype == dtype
    scale = np.abs(small).max(axis=1, keepdims=True)
    assert all((np.abs(large - small) <= 100 * np.finfo(dtype).eps * scale).ravel())


@pytest.mark.parametrize("radius", [1e-2, 1e-5, 1e-9])
def test_crowds_are_as_accurate_as_pairs(radius: float) -> None:
    """Many points around one, as an adversary leaves them; the reference is in ball arithmetic."""
    network = fully_connected("relu", 3, trained="all", weight_variance=2)
    X = sphere(1, 30) + radius * sphere(60, 30, seed=1)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    X[7] = X[3] + 1e-4 * radius * X[9]
    X[7] /= np.linalg.norm(X[7])
    kernel = deep_kernel(network)
    K, crowd = gram(kernel, X), crowded_half_chords(X, X)[1]
    assert crowd.mean() > 0.9
    assert not crowd[3, 7]
    for i, j in ((3, 7), (0, 1), (10, 40), (5, 5), (59, 2)):
        exact = pair_enclosure(network, X[i], X[j])
        margin = 4e-15 * kernel.at_one - abs(float(exact) - K[i, j])
        assert margin > 0
    falls = 1 - K[np.triu_indices(60, 1)] / kernel.at_one
    assert (falls > 0.1 * radius).mean() > 0.99


def test_float32_rows_are_directions() -> None:
    X = sphere(40, 30).astype(np.float32)
    kernel = deep_kernel("relu")
    assert gram(kernel, X, dtype=np.float32).dtype == np.float32
    with pytest.raises(InvalidInput, match="row 3 of X"):
        gram(kernel, X * np.where(np.arange(40) == 3, np.float32(1.0001), np.float32(1))[:, None])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("length", [1.0, 1.000009])
def test_the_bound_holds_for_directions_given_in_float32(dtype: type, length: float) -> None:
    """Their lengths are off by what float32 leaves, or by more, and the kernel is that of the directions."""
    X = (length * sphere(12, 6)).astype(np.float32)
    kernel = deep_kernel("relu")
    K = gram(kernel, X, dtype=dtype)
    exact = np.array([[float(pair_enclosure(kernel.architecture, x, z)) for z in X] for x in X])
    margin = gram_error_bound(kernel, 6, dtype=dtype) * kernel.at_one - np.abs(K - exact)
    assert (margin > 0).all()
    if dtype is np.float64:
        raw = np.abs(kernel.value(np.clip(X.astype(np.float64) @ X.T.astype(np.float64), -1, 1)) - exact)
        assert (raw > gram_error_bound(kernel, 6) * kernel.at_one).any()


def test_memory_is_known_before() -> None:
    need = gram_memory(8000, 784, dtype=np.float32)
    assert need.result == 4 * 8000**2
    assert need.working <= 0.3 * need.result
    assert str(need) == f"244.1 MiB for the matrix, at most {need.working / 2**20:.1f} MiB beside it"


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
    with pytest.raises(InvalidInput, match="dtype is int64"):
        gram(kernel, np.eye(2), dtype=np.int64)
    with pytest.raises(InvalidInput, match="X has 2 columns and Z has 3"):
        gram(kernel, np.eye(2), np.eye(3))
