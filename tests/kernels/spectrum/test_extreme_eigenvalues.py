"""Bounds of extreme eigenvalues: the exact ones lie within, by any route and whatever proposes the numbers."""

import tracemalloc
from functools import partial

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import assume, example, given
from hypothesis import strategies as st
from mpmath import mp, mpf

from robustntk.bounds import Interval
from robustntk.kernels import dual_kernel, gram
from robustntk.kernels.spectrum import definiteness, extreme_eigenvalues
from robustntk.kernels.spectrum.extreme_eigenvalues import ExtremeEigenvalues, work_bytes
from robustntk.kernels.spectrum.lanczos import largest_ritz_pair
from robustntk.kernels.spectrum.symmetric_matrix import SymmetricMatrix


def ends(K: np.ndarray, *, lanczos: bool = False, seed: int = 0) -> ExtremeEigenvalues:
    """`lanczos` sends small matrices down the route of large ones, in-place factorisation included."""
    with pytest.MonkeyPatch.context() as patch:
        if lanczos:
            patch.setattr(extreme_eigenvalues, "SPECTRUM_UP_TO", 0)
            patch.setattr(definiteness, "SMALL", 0)
        return extreme_eigenvalues.extreme_eigenvalues(SymmetricMatrix.of(K), seed=seed)


def is_positive_definite(K: np.ndarray, sign: int, shift: float) -> bool:
    """sign (K - shift I), exactly, by Sylvester's criterion."""
    t = fmpq(*shift.as_integer_ratio())
    rows = [[sign * fmpq(*float(entry).as_integer_ratio()) for entry in row] for row in K]
    for i, row in enumerate(rows):
        row[i] -= sign * t
    return all(fmpq_mat([row[:k] for row in rows[:k]]).det() > 0 for k in range(1, len(rows) + 1))


def hold_exactly(K: np.ndarray, smallest: Interval, largest: Interval) -> bool:
    """lower < lambda_min <= upper and lower <= lambda_max < upper, decided in rational arithmetic."""
    return (
        is_positive_definite(K, 1, smallest.lower)
        and not is_positive_definite(K, 1, smallest.upper)
        and is_positive_definite(K, -1, largest.upper)
        and not is_positive_definite(K, -1, largest.lower)
    )


def moved(bounds: Interval, steps: float) -> Interval:
    shift = steps * max(bounds.width, 1e-300)
    return Interval(bounds.lower + shift, bounds.estimate + shift, bounds.upper + shift)


def reflected(eigenvalues: np.ndarray) -> np.ndarray:
    """H diag(eigenvalues) H for Householder's H = I - (2/n) u u^T, u = +-1: without rounding for small integers and n a
    power of two.
    """
    n = len(eigenvalues)
    u = np.where(np.arange(n) % 3 == 0, -1.0, 1.0)
    du = eigenvalues * u
    K = np.diag(eigenvalues) - (2 / n) * (np.outer(u, du) + np.outer(du, u)) + 4 / n**2 * (u @ du) * np.outer(u, u)
    return K


SPECTRA = [
    np.arange(1.0, 65.0),
    np.append(np.full(63, 1.0), 2.0**20),
    np.append(np.arange(64.0, 1.0, -1.0), 0.0),
    np.append(np.arange(2.0, 65.0), -1.0),
    -np.arange(1.0, 65.0),
    np.full(64, 3.0),
]


@pytest.mark.parametrize("eigenvalues", SPECTRA)
@pytest.mark.parametrize("copies", [1, 8])
@pytest.mark.parametrize("lanczos", [False, True])
def test_integer_spectra_lie_within(eigenvalues: np.ndarray, copies: int, lanczos: bool) -> None:
    spectrum = np.tile(eigenvalues, copies)
    found = ends(reflected(spectrum), lanczos=lanczos)
    for bounds, exact in ((found.smallest.bounds, spectrum.min()), (found.largest.bounds, spectrum.max())):
        assert bounds.contains(exact)
        assert bounds.width < 1e-5 * np.abs(spectrum).max()
        assert not moved(bounds, 2).contains(exact) and not moved(bounds, -2).contains(exact)


@given(st.integers(0, 10**6), st.integers(1, 7), st.floats(-17, 0), st.sampled_from([-1, 0, 1]), st.booleans())
@example(0, 1, 0.0, 1, True)
@example(0, 2, -17.0, 0, True)
def test_exact_eigenvalues_lie_within(seed: int, n: int, exponent: float, sign: int, lanczos: bool) -> None:
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    K = (Q * np.append(sign * 10**exponent, rng.uniform(-1 if sign < 0 else 0.1, 1, n - 1))) @ Q.T
    K = (K + K.T) / 2
    assume(K.any())  # for the zero matrix the strict inequalities do not hold
    found = ends(K, lanczos=lanczos)
    smallest, largest = found.smallest.bounds, found.largest.bounds
    assert hold_exactly(K, smallest, largest)
    assert smallest.width < 1e-12 and largest.width < 1e-12
    assert not hold_exactly(K, moved(smallest, 2), largest) and not hold_exactly(K, moved(smallest, -2), largest)
    assert not hold_exactly(K, smallest, moved(largest, 2)) and not hold_exactly(K, smallest, moved(largest, -2))


@pytest.mark.parametrize("n", [40, 300, 700])
def test_the_second_difference_has_its_known_eigenvalues(n: int) -> None:
    """4 sin^2(k pi / (2 (n + 1))): the smallest is about (pi / n)^2, in a spectrum that is dense at both ends."""
    found = ends(2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1))
    with mp.workdps(50):
        exact = [4 * mp.sin(k * mp.pi / (2 * (n + 1))) ** 2 for k in (1, n)]
        assert found.smallest.bounds.lower <= exact[0] <= found.smallest.bounds.upper
        assert found.largest.bounds.lower <= exact[1] <= found.largest.bounds.upper
        assert found.smallest.bounds.width < 1e-4 * exact[0]
        assert not moved(found.smallest.bounds, 2).contains(exact[0])


@pytest.mark.parametrize("n", [4, 7, 10])
@pytest.mark.parametrize("lanczos", [False, True])
def test_hilbert_matrices(n: int, lanczos: bool) -> None:
    """In float64 as they are, and, multiplied by the least common denominator, as exact integers."""
    H = np.array([[1 / (i + j + 1) for j in range(n)] for i in range(n)])
    denominator = int(np.lcm.reduce(np.arange(1, 2 * n)))
    integers = np.array([[denominator // (i + j + 1) for j in range(n)] for i in range(n)], dtype=np.float64)
    with mp.workdps(50):
        for K, matrix in ((H, mp.matrix(H.tolist())), (integers, mp.hilbert(n) * denominator)):
            exact = mp.eigsy(matrix, eigvals_only=True)
            found = ends(K, lanczos=lanczos)
            assert found.smallest.bounds.lower <= exact[0] <= found.smallest.bounds.upper
            assert found.largest.bounds.lower <= exact[n - 1] <= found.largest.bounds.upper
            assert found.smallest.bounds.width <= 1e-13 * exact[n - 1]


def kernel_with_a_near_duplicate(n: int, distance: float) -> np.ndarray:
    X = np.random.default_rng(1).standard_normal((n, 5))
    X[n - 1] = X[0] + distance * X[n - 1]
    return gram(dual_kernel("relu"), X / np.linalg.norm(X, axis=1, keepdims=True))


@pytest.mark.parametrize("distance", [1e-2, 1e-7, 1e-12, 0.0])
@pytest.mark.parametrize("lanczos", [False, True])
def test_kernel_matrices_with_near_duplicates(distance: float, lanczos: bool) -> None:
    K = kernel_with_a_near_duplicate(12, distance)
    found = ends(K, lanczos=lanczos)
    if distance > 0:
        assert hold_exactly(K, found.smallest.bounds, found.largest.bounds)
    assert found.smallest.bounds.upper < distance + 1e-14
    assert found.smallest.bounds.width < 1e-13


@pytest.mark.parametrize("smallest", [-1e-11, -1e-9, -1e-3])
def test_a_matrix_barely_below_zero_is_found_out(smallest: float) -> None:
    K = np.diag(np.append(np.logspace(-12, 0, 399), smallest))
    bounds = ends(K).smallest.bounds
    assert bounds.contains(smallest) and bounds.upper < 0


@pytest.mark.parametrize("wrong", [1e-3, -1e-3])
def test_a_bad_proposal_costs_tightness_not_truth(wrong: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanczos stopped after two steps, and a `eigh` that is off."""
    K = reflected(np.arange(1.0, 9.0))
    monkeypatch.setattr(extreme_eigenvalues, "largest_ritz_pair", partial(largest_ritz_pair, steps=2))
    stopped = ends(K, lanczos=True)
    values, vectors = np.linalg.eigh(K)
    monkeypatch.setattr(np.linalg, "eigh", lambda _: (values + wrong, vectors[::-1]))
    off = ends(K)
    for found in (stopped, off):
        assert found.smallest.bounds.contains(1) and found.largest.bounds.contains(8)
        assert found.smallest.bounds.width > 1e-6


def test_the_zero_matrix() -> None:
    for n in (3, 300):
        found = ends(np.zeros((n, n)))
        assert found.smallest.bounds.contains(0) and found.largest.bounds.contains(0)
        assert found.smallest.bounds.width < 1e-100 and found.largest.bounds.width < 1e-100


def test_the_spectrum_is_there_for_small_matrices_only() -> None:
    small = ends(np.eye(extreme_eigenvalues.SPECTRUM_UP_TO)).spectrum
    assert small is not None and np.array_equal(small, np.ones(extreme_eigenvalues.SPECTRUM_UP_TO))
    assert ends(np.eye(extreme_eigenvalues.SPECTRUM_UP_TO + 1)).spectrum is None


def test_the_same_seed_gives_the_same_bounds() -> None:
    K = kernel_with_a_near_duplicate(300, 1e-3)
    first, again, other = (ends(K, seed=seed) for seed in (3, 3, 4))
    assert first.smallest.bounds == again.smallest.bounds and first.largest.bounds == again.largest.bounds
    assert not np.array_equal(other.smallest.vector, first.smallest.vector)


@pytest.mark.parametrize("n", [200, 300, 1100])
def test_memory_stays_within_what_is_announced(n: int) -> None:
    matrix = SymmetricMatrix.of(kernel_with_a_near_duplicate(n, 1e-3))
    extreme_eigenvalues.extreme_eigenvalues(SymmetricMatrix.of(np.eye(300)))  # imports
    tracemalloc.start()
    extreme_eigenvalues.extreme_eigenvalues(matrix)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 8 * n * n <= peak <= work_bytes(n)


def test_mpf_comparisons_see_the_last_bit() -> None:
    """The containment tests compare floats with 50-digit numbers: no rounding to float on the way."""
    with mp.workdps(50):
        assert not Interval(1.0, 1.0, 1.0).contains(mpf(1) + mpf(10) ** -40)
