"""The Cholesky argument: what it proves is true in exact arithmetic, and its error bound is needed."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.bounds import Interval, Verdict
from robustntk.kernels.spectrum import definiteness
from robustntk.kernels.spectrum.definiteness import decide_definiteness, gamma, semidefinite_deficit


def is_positive_definite(matrix: np.ndarray, shift: float = 0.0, *, rounded: bool = False) -> bool:
    """Of the exact float entries plus shift I, by Sylvester's criterion in rational arithmetic.

    If `rounded`, the diagonal is taken to have been rounded upwards by as much as one rounding can.
    """
    exact = [[fmpq(*float(entry).as_integer_ratio()) for entry in row] for row in matrix]
    for i, row in enumerate(exact):
        row[i] += fmpq(*shift.as_integer_ratio()) - (abs(row[i]) * fmpq(1, 2**53) if rounded else 0)
    return all(fmpq_mat([row[:k] for row in exact[:k]]).det() > 0 for k in range(1, len(exact) + 1))


def nearly_singular(seed: int, n: int, smallest: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    K = (Q * np.append(rng.uniform(0.5, 2, n - 1), smallest)) @ Q.T
    return (K + K.T) / 2


@pytest.fixture(params=["copied", "in place"])
def small(request: pytest.FixtureRequest) -> int:
    """The size below which NumPy factorises: with 0 all goes to LAPACK's in-place routine."""
    return definiteness.SMALL if request.param == "copied" else 0


@given(st.integers(0, 10**6), st.integers(1, 7), st.floats(-3e-16, 3e-16))
@example(1, 2, 0.0)
def test_a_factorised_matrix_plus_its_deficit_is_positive_definite(seed: int, n: int, smallest: float) -> None:
    K = nearly_singular(seed, n, smallest)
    for small in (0, definiteness.SMALL):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(definiteness, "SMALL", small)
            deficit = semidefinite_deficit(K.copy(order="F"))
        if deficit < math.inf:
            assert is_positive_definite(K, deficit, rounded=True)
            assert deficit < 1e-13


def test_without_the_deficit_it_would_be_wrong(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definiteness, "SMALL", small)
    matrices = [nearly_singular(seed, 7, -1e-17) for seed in range(60)]
    factorised = [K for K in matrices if semidefinite_deficit(K.copy(order="F")) < math.inf]
    assert any(not is_positive_definite(K) for K in factorised)


@pytest.mark.parametrize(
    "matrix",
    [
        np.array([[1.0, 2.0], [2.0, 1.0]]),
        np.array([[1.0, 0.0], [0.0, 0.0]]),
        np.array([[-1.0]]),
        np.array([[1.0, np.nan], [np.nan, 1.0]]),
        np.array([[np.inf, 0.0], [0.0, 1.0]]),
    ],
)
def test_no_verdict_where_the_factorisation_breaks_down(
    matrix: np.ndarray, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definiteness, "SMALL", small)
    with np.errstate(invalid="ignore"):
        assert semidefinite_deficit(matrix.copy(order="F")) == math.inf


def test_both_routines_leave_the_factor_in_the_lower_triangle(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definiteness, "SMALL", small)
    K = nearly_singular(3, 6, 0.1)
    work = K.copy(order="F")
    semidefinite_deficit(work)
    factor = np.tril(work)
    assert np.allclose(factor @ factor.T, K, rtol=0, atol=1e-14)


@given(st.integers(0, 10**9))
def test_gamma_is_rounded_upwards(n: int) -> None:
    u = Fraction(1, 2**53)
    assert n * u / (1 - n * u) <= Fraction(gamma(n)) <= n * u / (1 - n * u) * (1 + 16 * u)


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [
        (1e-300, 1.0, Verdict.PROVED),
        (0.0, 1.0, Verdict.INCONCLUSIVE),
        (-1.0, 0.0, Verdict.INCONCLUSIVE),
        (-1.0, -1e-300, Verdict.REFUTED),
    ],
)
def test_definiteness_is_decided_by_the_ends(lower: float, upper: float, verdict: Verdict) -> None:
    outcome = decide_definiteness(Interval(lower, upper, upper), np.array([1.0, 2.0]))
    assert outcome.verdict is verdict
    assert outcome.counterexample == ([1.0, 2.0] if verdict is Verdict.REFUTED else None)
