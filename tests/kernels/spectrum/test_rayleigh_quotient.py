"""Rayleigh quotients: the exact one within its bounds, and the bounds of the largest eigenvalue that follow."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from robustntk.kernels.spectrum.rayleigh_quotient import quotient_with_error, rayleigh_quotient
from robustntk.kernels.spectrum.symmetric_matrix import SymmetricMatrix


def exact_quotient(K: np.ndarray, v: np.ndarray) -> Fraction:
    x = [Fraction(float(each)) for each in v]
    image = [sum((Fraction(float(a)) * b for a, b in zip(row, x, strict=True)), Fraction()) for row in K]
    return sum((a * b for a, b in zip(x, image, strict=True)), Fraction()) / sum((a * a for a in x), Fraction())


def symmetric(seed: int, n: int) -> np.ndarray:
    A = np.random.default_rng(seed).standard_normal((n, n))
    return A + A.T


@given(st.integers(0, 10**6), st.integers(1, 8), st.floats(-8, 0))
def test_the_exact_quotient_lies_within(seed: int, n: int, exponent: float) -> None:
    """With a cancelling K: v nearly in the null space of K - theta, so that the form is far smaller than its terms."""
    K = symmetric(seed, n)
    values, vectors = np.linalg.eigh(K)
    K = K - values[0] * np.eye(n)
    v = vectors[:, 0] + 10**exponent * vectors[:, -1]
    quotient = rayleigh_quotient(SymmetricMatrix.of((K + K.T) / 2), v)
    assert Fraction(quotient.lower) <= exact_quotient((K + K.T) / 2, v) <= Fraction(quotient.upper)
    assert quotient.upper - quotient.lower < 1e-12


def test_the_computed_quotient_alone_would_be_wrong() -> None:
    K, v = symmetric(0, 8), np.linspace(0.1, 0.9, 8)
    quotient = rayleigh_quotient(SymmetricMatrix.of(K), v)
    assert Fraction(quotient.value) != exact_quotient(K, v)


@given(st.integers(0, 10**6), st.integers(2, 7), st.floats(-9, -1))
def test_the_residual_is_an_upper_bound(seed: int, n: int, exponent: float) -> None:
    K = symmetric(seed, n)
    v = np.linalg.eigh(K)[1][:, -1] + 10**exponent * np.random.default_rng(seed).standard_normal(n)
    quotient = rayleigh_quotient(SymmetricMatrix.of(K), v)
    with mp.workdps(60):
        vector = mp.matrix(v.tolist())
        difference = mp.matrix(K.tolist()) * vector - mp.mpf(quotient.value) * vector
        assert mp.norm(difference) / mp.norm(vector) <= quotient.residual


@given(st.integers(0, 10**6), st.integers(2, 7), st.floats(2.0, 30.0), st.floats(-7, -1))
def test_the_single_eigenvalue_argument_bounds_the_largest(seed: int, n: int, top: float, exponent: float) -> None:
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    K = (Q * np.append(rng.uniform(0, 1 / n, n - 1), top)) @ Q.T
    matrix = SymmetricMatrix.of((K + K.T) / 2)
    quotient = rayleigh_quotient(matrix, Q[:, -1] + 10**exponent * rng.standard_normal(n))
    with mp.workdps(50):
        exact = mp.eigsy(mp.matrix(matrix.entries.tolist()), eigvals_only=True)
        trace = math.nextafter(matrix.trace, math.inf)
        for second in (
            quotient.second_from_frobenius(matrix.frobenius_norm),
            quotient.second_from_trace(trace + n * 1e-14),  # K is semidefinite up to its own rounding
        ):
            assert exact[n - 2] <= second + n * 1e-14
            assert exact[n - 1] <= quotient.above_largest(second)


def test_a_second_eigenvalue_that_is_too_small_gives_a_wrong_bound() -> None:
    matrix = SymmetricMatrix.of(np.diag([1.0, 0.9, 0.0]))
    quotient = rayleigh_quotient(matrix, np.array([1.0, 1.0, 0.0]))
    assert quotient.above_largest(0.9) >= 1 > quotient.above_largest(0.0)


def test_no_bound_without_a_gap() -> None:
    quotient = rayleigh_quotient(SymmetricMatrix.of(np.eye(3)), np.array([1.0, 0.0, 0.0]))
    assert quotient.above_largest(quotient.second_from_frobenius(math.sqrt(3) * (1 + 1e-15))) == math.inf
    negative = rayleigh_quotient(SymmetricMatrix.of(-np.eye(3)), np.array([1.0, 0.0, 0.0]))
    assert negative.second_from_frobenius(2.0) == math.inf
    assert negative.above_largest(math.inf) == math.inf


@pytest.mark.parametrize("v", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_a_useless_vector_bounds_nothing(v: list[float]) -> None:
    with np.errstate(invalid="ignore"):
        quotient = rayleigh_quotient(SymmetricMatrix.of(np.eye(2)), np.array(v))
    assert (quotient.lower, quotient.upper, quotient.residual) == (-math.inf, math.inf, math.inf)
    assert quotient.above_largest(0.0) == math.inf


def test_errors_of_the_image_widen_the_bounds() -> None:
    v = np.array([1.0, 0.0])
    exact, blurred = (quotient_with_error(v, 2 * v, error, error) for error in (0.0, 0.5))
    assert exact.upper == pytest.approx(2, abs=1e-14)
    assert blurred.lower <= 1.5 and blurred.upper >= 2.5 and blurred.residual >= 0.5
