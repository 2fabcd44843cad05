"""Conditioning reports: eigenvalues within their bound of the exact ones, and no verdict without proof."""

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mp

from robustntk.bounds import InvalidInput, Verdict
from robustntk.kernels import conditioning, dual_kernel, gram


def with_eigenvalues(eigenvalues: list[float], seed: int = 0) -> np.ndarray:
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(eigenvalues),) * 2))[0]
    K = (Q * eigenvalues) @ Q.T
    return (K + K.T) / 2


@given(st.lists(st.floats(-12, 1), min_size=1, max_size=7), st.booleans())
@example([-12.0, 0.0], False)
def test_exact_eigenvalues_lie_within_the_error_bound(exponents: list[float], negative: bool) -> None:
    eigenvalues = [10**e for e in exponents]
    K = with_eigenvalues([-eigenvalues[0], *eigenvalues[1:]] if negative else eigenvalues)
    report = conditioning(K, entry_error=0)
    with mp.workdps(40):
        exact = mp.eigsy(mp.matrix(K.tolist()), eigvals_only=True)
        assert abs(exact[0] - report.min_eigenvalue) <= report.error_bound
        assert abs(exact[len(K) - 1] - report.max_eigenvalue) <= report.error_bound
        if report.positive_definite.verdict is Verdict.PROVED:
            assert exact[0] > 0
        if report.positive_definite.verdict is Verdict.REFUTED:
            assert exact[0] < 0
    assert report.error_bound < 1e-11


@pytest.mark.parametrize(
    ("smallest", "entry_error", "verdict"),
    [(1e-3, 1e-13, "proved"), (-1e-3, 1e-13, "refuted"), (1e-15, 1e-13, "inconclusive"), (1e-3, 1e-2, "inconclusive")],
)
def test_verdicts(smallest: float, entry_error: float, verdict: str) -> None:
    K = with_eigenvalues([smallest, 0.5, 1, 2])
    outcome = conditioning(K, entry_error=entry_error).positive_definite
    assert outcome.verdict is Verdict(verdict)
    if verdict == "refuted":
        v = np.array(outcome.counterexample)
        assert v @ K @ v < 0


def test_the_most_correlated_rows_are_named() -> None:
    X = np.linalg.qr(np.random.default_rng(0).standard_normal((5, 5)))[0]
    X[4] = X[2] + 1e-3 * X[4]
    X[4] /= np.linalg.norm(X[4])
    report = conditioning(gram(dual_kernel("quadratic_relu"), X))
    assert report.most_correlated == (2, 4)
    assert report.correlation == pytest.approx(1, abs=1e-5)
    assert report.condition_number == report.max_eigenvalue / report.min_eigenvalue > 1e5
    assert report.positive_definite.verdict is Verdict.PROVED


def test_json_is_plain() -> None:
    singular = conditioning(np.ones((3, 3)) - 2 * np.eye(3)).to_json()
    assert json.loads(json.dumps(singular, allow_nan=False))["condition_number"] is None
    single = conditioning(np.array([[2.0]])).to_json()
    assert single["most_correlated"] is None and single["condition_number"] == 1


@pytest.mark.parametrize(
    ("K", "message"),
    [
        (np.ones((2, 3)), r"shape \(2, 3\)"),
        (np.array([[1, 0], [0, np.nan]]), "row 1 of the matrix is not finite"),
        (np.array([[1.0, 2], [3, 1]]), "not symmetric"),
    ],
)
def test_refusals(K: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        conditioning(K)
