"""The symmetric initialisation, its operator norm, and K_m."""

import numpy as np
import pytest
from flint import arb, arb_mat
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import ACTIVATIONS, InvalidInput, get_activation
from robustntk.kernels import SymmetricInitialisation, dual_kernel, empirical_gram, gram, numeric


def sphere(n: int, d: int, seed: int = 0) -> np.ndarray:
    X = np.random.default_rng(seed).standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def test_pairs_of_neurons_cancel() -> None:
    initialisation = SymmetricInitialisation(10, 3, seed=4)
    W, a = initialisation.weights, initialisation.signs
    assert W.shape == (10, 3) and W.dtype == np.float64 and a.shape == (10,)
    assert np.array_equal(W[:5], W[5:]) and np.array_equal(a, [1] * 5 + [-1] * 5)
    X = sphere(7, 3)
    assert np.abs(a @ np.tanh(W @ X.T)).max() < 1e-15


def test_a_seed_means_the_same_draw_always_and_everywhere() -> None:
    draw = SymmetricInitialisation(4, 2, seed=0).half_weights
    # The first standard normals of PCG64(0), as documented by NumPy.
    np.testing.assert_allclose(draw.ravel()[:2], [0.12573022, -0.13210486], rtol=1e-7)
    assert np.array_equal(draw, SymmetricInitialisation(4, 2, seed=0).half_weights)
    assert not np.array_equal(draw, SymmetricInitialisation(4, 2, seed=1).half_weights)
    with pytest.raises(ValueError, match="read-only"):
        draw[0, 0] = 1


def test_float32_draws_are_float32_numbers() -> None:
    wide = SymmetricInitialisation(50, 6, seed=2)
    narrow = SymmetricInitialisation(50, 6, seed=2, dtype=np.float32)
    assert narrow.weights.dtype == np.float64
    assert np.array_equal(narrow.weights.astype(np.float32).astype(np.float64), narrow.weights)
    assert np.array_equal(narrow.weights, wide.weights.astype(np.float32))
    assert not np.array_equal(narrow.weights, wide.weights)


@given(st.integers(1, 120), st.integers(1, 9), st.integers(0, 5))
def test_the_operator_norm_is_below_its_bound_and_close(half: int, dimension: int, seed: int) -> None:
    initialisation = SymmetricInitialisation(2 * half, dimension, seed)
    bound, norm = initialisation.operator_norm_upper(), np.linalg.norm(initialisation.weights, 2)
    assert norm * (1 - 1e-14) <= bound <= norm * (1 + 1e-9)


def test_the_operator_norm_bound_is_rigorous() -> None:
    """Exact arithmetic: t I - 2 W~^T W~ with t = bound^2 has only positive leading minors."""
    initialisation = SymmetricInitialisation(40, 4, seed=3)
    assert _is_definite(initialisation, initialisation.operator_norm_upper())
    assert not _is_definite(initialisation, float(np.linalg.norm(initialisation.weights, 2)) * (1 - 1e-13))


def _is_definite(initialisation: SymmetricInitialisation, bound: float) -> bool:
    W = arb_mat([[arb(float(w)) for w in row] for row in initialisation.half_weights])
    square = arb_mat(4, 4, [arb(bound) ** 2 if i == j else 0 for i in range(4) for j in range(4)])
    shifted = square - 2 * (W.transpose() * W)
    minors = (arb_mat([[shifted[i, j] for j in range(k)] for i in range(k)]).det() for k in range(1, 5))
    return all(minor > 0 for minor in minors)


def test_wide_initialisations_stay_tight() -> None:
    initialisation = SymmetricInitialisation(20_000, 65, seed=0)
    norm = np.linalg.norm(initialisation.weights, 2)
    assert norm <= initialisation.operator_norm_upper() <= norm * (1 + 1e-9)


def gradients(initialisation: SymmetricInitialisation, name: str, X: np.ndarray) -> np.ndarray:
    """grad f(W_0, x) for every row x, flattened: the definition, without any shortcut."""
    W, a = initialisation.weights, initialisation.signs
    slopes = a * numeric(get_activation(name), 1)(X @ W.T) / np.sqrt(initialisation.width)
    return np.einsum("nm,nd->nmd", slopes, X).reshape(len(X), -1)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_the_empirical_kernel_is_the_product_of_gradients(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    initialisation, X, Z = SymmetricInitialisation(34, 5, seed=1), sphere(4, 5), sphere(3, 5, seed=1)
    expected = gradients(initialisation, name, X) @ gradients(initialisation, name, Z).T
    np.testing.assert_allclose(empirical_gram(initialisation, name, X, Z), expected, rtol=1e-12, atol=1e-15)
    monkeypatch.setattr("robustntk.kernels.finite.finite_width._ENTRIES_AT_ONCE", 30)
    np.testing.assert_allclose(empirical_gram(initialisation, name, X, Z), expected, rtol=1e-12, atol=1e-15)
    square = gradients(initialisation, name, X) @ gradients(initialisation, name, X).T
    np.testing.assert_allclose(empirical_gram(initialisation, name, X), square, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["quadratic_relu", "erf", "relu", "gelu"])
def test_the_mean_of_the_empirical_kernel_is_the_kernel(name: str) -> None:
    """Deviations shrink like 1/sqrt(m), and the mean over seeds lies within five standard errors of K."""
    X = sphere(4, 6)
    K = gram(dual_kernel(name), X)
    deviations = {}
    for width in (64, 1024, 16384):
        draws = np.array([empirical_gram(SymmetricInitialisation(width, 6, seed), name, X) for seed in range(24)])
        standard_error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
        assert (np.abs(draws.mean(axis=0) - K) <= 5 * standard_error + 1e-12).all()
        deviations[width] = np.sqrt(((draws - K) ** 2).mean())
    slope = np.log(deviations[16384] / deviations[64]) / np.log(16384 / 64)
    assert -0.6 < slope < -0.4
    # A kernel that is wrong by 3 % is refuted at the largest width.
    assert (np.abs(draws.mean(axis=0) - 1.03 * K) > 5 * standard_error).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((7, 3), "width is 7"), ((0, 3), "width is 0"), ((4, 0), "dimension is 0"), ((4, 2, 0, np.int32), "dtype")],
)
def test_refusals(arguments: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SymmetricInitialisation(*arguments)
    with pytest.raises(InvalidInput, match=r"expected \(n, 3\)"):
        empirical_gram(SymmetricInitialisation(4, 3), "erf", np.eye(2))
