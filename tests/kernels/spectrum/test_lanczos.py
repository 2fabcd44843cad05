"""Lanczos' method: close to the largest eigenvalue, the same on every call, and useful when it does not converge."""

import numpy as np
import pytest

from robustntk.kernels.spectrum.lanczos import largest_ritz_pair


def with_spectrum(eigenvalues: np.ndarray) -> np.ndarray:
    n = len(eigenvalues)
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((n, n)))[0]
    return (Q * eigenvalues) @ Q.T


@pytest.mark.parametrize("top", [2.0, 1.05])
def test_it_finds_an_eigenvalue_with_a_gap(top: float) -> None:
    K = with_spectrum(np.append(np.linspace(-1, 1, 200), top))
    pair = largest_ritz_pair(lambda v: K @ v, 201)
    assert pair.value == pytest.approx(top, abs=1e-8)
    assert np.linalg.norm(K @ pair.vector - top * pair.vector) < 3e-5
    assert abs(pair.value - top) <= pair.likely_error + 1e-13 <= pair.residual + 1e-13
    assert pair.products < 100
    assert np.linalg.norm(pair.vector) == pytest.approx(1, abs=1e-14)


def test_the_largest_is_not_the_largest_absolute_value() -> None:
    K = np.diag(np.append(np.linspace(0, 1, 50), -100.0))
    assert largest_ritz_pair(lambda v: K @ v, 51).value == pytest.approx(1, abs=1e-6)


def test_few_steps_give_the_best_pair_so_far() -> None:
    K = with_spectrum(np.linspace(0, 1, 300))
    pairs = [largest_ritz_pair(lambda v: K @ v, 300, steps=steps) for steps in (1, 5, 20, 60)]
    assert [pair.products for pair in pairs] == [1, 5, 20, 60]
    values = [pair.value for pair in pairs]
    assert values == sorted(values) and values[-1] < 1
    assert all(np.linalg.norm(K @ p.vector - p.value * p.vector) == pytest.approx(p.residual) for p in pairs)


def test_an_invariant_subspace_ends_it() -> None:
    assert largest_ritz_pair(lambda v: 3 * v, 40).products == 1
    projector = np.ones((40, 40)) / 40
    pair = largest_ritz_pair(lambda v: projector @ v, 40)
    assert pair.products <= 3 and pair.value == pytest.approx(1, abs=1e-14)


def test_the_seed_decides() -> None:
    K = with_spectrum(np.linspace(0, 1, 60))
    same, again, other = (largest_ritz_pair(lambda v: K @ v, 60, seed=seed, steps=10) for seed in (4, 4, 5))
    assert np.array_equal(same.vector, again.vector)
    assert not np.array_equal(same.vector, other.vector)


def test_what_is_not_finite_ends_it() -> None:
    pair = largest_ritz_pair(lambda v: v * np.nan, 5)
    assert np.isnan(pair.value) and pair.products == 0
