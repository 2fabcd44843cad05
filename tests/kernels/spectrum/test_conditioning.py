"""Conditioning reports: eigenvalues within their bound of the exact ones, and no verdict without proof."""

import json
import math
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mp, mpf

from robustntk.bounds import InvalidInput, Verdict
from robustntk.kernels import conditioning, dual_kernel, gram
from robustntk.kernels.spectrum.conditioning import ENTRY_ERROR, conditioning_bytes


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


@given(st.integers(0, 10**6), st.integers(1, 7), st.floats(-14, 0))
def test_the_exact_condition_number_lies_within(seed: int, n: int, exponent: float) -> None:
    K = with_eigenvalues([10**exponent, *np.random.default_rng(seed).uniform(1, 9, n - 1)], seed)
    report = conditioning(K, entry_error=0)
    bounds = report.condition_number_bounds
    with mp.workdps(50):
        spectrum = mp.eigsy(mp.matrix(K.tolist()), eigvals_only=True)
        exact = spectrum[n - 1] / spectrum[0] if spectrum[0] > 0 else mp.inf
        if bounds is None:
            assert spectrum[0] <= 0
        else:
            assert bounds.lower <= exact <= bounds.upper
            assert math.isfinite(bounds.upper) == (report.positive_definite.verdict is Verdict.PROVED)
            if math.isfinite(bounds.upper) and n > 1:
                narrower = (bounds.lower + 2 * bounds.width, bounds.upper - 2 * bounds.width)
                assert not narrower[0] <= exact and not exact <= narrower[1]
        for interval, eigenvalue in (
            (report.min_eigenvalue_bounds, spectrum[0]),
            (report.max_eigenvalue_bounds, spectrum[n - 1]),
        ):
            assert interval.lower <= eigenvalue <= interval.upper
            assert max(interval.estimate - interval.lower, interval.upper - interval.estimate) <= report.error_bound


def test_errors_of_the_entries_are_counted() -> None:
    """The errors that move an eigenvalue the most, entry_error max|K| times the signs of its vector: inside the bounds
    with them, outside without.
    """
    n, error = 16, 1e-6
    u = np.where(np.arange(n) % 2, 1.0, -1.0)
    K = 4 * np.eye(n) - np.outer(u, u) / 8
    for sign in (1, -1):
        moved = 4 - n / 8 + sign * n * error * float(np.abs(K).max())  # the eigenvalue of u, exactly up to rounding
        with_errors, without = (conditioning(K, entry_error=e).min_eigenvalue_bounds for e in (error, 0.0))
        assert with_errors.lower - 1e-12 <= moved <= with_errors.upper + 1e-12
        assert not without.contains(moved)
        assert not conditioning(K, entry_error=error * 0.99).min_eigenvalue_bounds.contains(moved)


def test_the_entry_error_goes_by_the_precision() -> None:
    K = with_eigenvalues([1e-3, 0.5, 1, 2])
    double, single = conditioning(K), conditioning(K.astype(np.float32))
    assert double.entry_error == ENTRY_ERROR and double.positive_definite.verdict is Verdict.PROVED
    assert single.entry_error == pytest.approx(ENTRY_ERROR * 2.0**29)
    assert single.positive_definite.verdict is Verdict.PROVED
    assert single.min_eigenvalue_bounds.contains(double.min_eigenvalue)
    assert single.min_eigenvalue_bounds.width > 1e6 * double.min_eigenvalue_bounds.width
    assert conditioning(np.eye(2, dtype=np.int64)).entry_error == ENTRY_ERROR
    tiny = with_eigenvalues([1e-6, 0.5, 1, 2]).astype(np.float32)
    assert conditioning(tiny).positive_definite.verdict is Verdict.INCONCLUSIVE
    assert conditioning(tiny, entry_error=0).min_eigenvalue == pytest.approx(1e-6, abs=1e-6)


@pytest.mark.parametrize("n", [3, 12, 300])
@pytest.mark.parametrize("times", [1.5, 30.0])
def test_a_witness_against_definiteness_is_right_in_exact_arithmetic(n: int, times: float) -> None:
    """Below zero by little more than the error bound at that place, refuted; by less, never."""
    K = with_eigenvalues([0.0, *np.linspace(1, 2, n - 1)])
    reach = conditioning(K).min_eigenvalue_bounds
    negative = K - (reach.upper + (times - 1) * reach.width) * np.eye(n)
    outcome = conditioning(negative).positive_definite
    assert outcome.verdict is Verdict.REFUTED
    v = [Fraction(each) for each in outcome.counterexample]
    rows = [[Fraction(float(entry)) for entry in row] for row in negative]
    form = sum(a * sum(x * b for x, b in zip(row, v, strict=True)) for a, row in zip(v, rows, strict=True))
    error = Fraction(ENTRY_ERROR) * Fraction(float(np.abs(negative).max())) * sum(abs(each) for each in v) ** 2
    assert form + error < 0  # so for every matrix within the errors of the entries
    assert conditioning(K - reach.upper / 2 * np.eye(n)).positive_definite.verdict is Verdict.INCONCLUSIVE


def test_the_report_on_a_near_duplicate_names_it() -> None:
    X = np.random.default_rng(3).standard_normal((300, 40))
    X[200] = X[17] + 1e-4 * X[200]
    X[90] = -X[5] + 1e-2 * X[90]
    report = conditioning(gram(dual_kernel("erf"), X / np.linalg.norm(X, axis=1, keepdims=True)))
    assert report.positive_definite.verdict is Verdict.PROVED
    assert report.pairs[0].rows == report.most_correlated == (17, 200)
    assert (report.pairs[1].rows, report.pairs[1].kind) == ((5, 90), "near-antipodal")
    assert [abs(pair.correlation) for pair in report.pairs] == sorted(
        (abs(pair.correlation) for pair in report.pairs), reverse=True
    )
    assert {each.row for each in report.rows[:2]} == {17, 200}
    assert sum(each.weight for each in report.rows[:2]) == pytest.approx(1, abs=1e-4)
    assert report.min_eigenvalue <= report.pairs[0].eigenvalue * (1 + 1e-4)
    for said in (
        "Positive definite: ",
        "Rows 17 and 200 are near-duplicates",
        "weighs most on rows",
    ):
        assert said in report.summary


def test_the_summary_says_what_is_not_known() -> None:
    assert conditioning(np.ones((3, 3))).summary.startswith("Not known to be positive definite: ")
    negative = conditioning(np.ones((3, 3)) - 2 * np.eye(3))
    assert negative.summary.startswith("Not positive definite: v^T K v")
    assert negative.condition_number_bounds is None and negative.condition_number == math.inf
    assert conditioning(np.array([[2.0]])).summary.endswith("condition number 1 to 1.001.")


def test_a_hilbert_matrix_is_within_the_rounding_of_its_entries() -> None:
    H = np.array([[1 / (i + j + 1) for j in range(6)] for i in range(6)])
    report = conditioning(H, entry_error=2.0**-54)
    with mp.workdps(50):
        exact = mp.eigsy(mp.hilbert(6), eigvals_only=True)
        assert report.min_eigenvalue_bounds.lower <= exact[0] <= report.min_eigenvalue_bounds.upper
        assert report.positive_definite.verdict is Verdict.PROVED
        assert report.condition_number_bounds is not None
        assert report.condition_number_bounds.lower <= exact[5] / exact[0] <= report.condition_number_bounds.upper
        assert report.condition_number_bounds.upper < mpf("1.6e7")


@pytest.mark.parametrize(("n", "dtype"), [(260, np.float64), (400, np.float32)])
def test_memory_stays_within_what_is_announced(n: int, dtype: type) -> None:
    K = with_eigenvalues(list(np.linspace(1, 2, n))).astype(dtype)
    conditioning(np.eye(300))  # imports
    tracemalloc.start()
    conditioning(K)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= conditioning_bytes(n, dtype)


def test_the_memory_of_a_large_report_is_two_copies_at_most() -> None:
    n = 8000
    assert conditioning_bytes(n) < 1.1 * 8 * n**2
    assert conditioning_bytes(n, np.float32) < 2.1 * 8 * n**2
    with pytest.raises(InvalidInput, match="n is 0"):
        conditioning_bytes(0)


def test_json_is_plain() -> None:
    singular = conditioning(np.ones((3, 3)) - 2 * np.eye(3)).to_json()
    assert json.loads(json.dumps(singular, allow_nan=False))["condition_number"] is None
    single = conditioning(np.array([[2.0]])).to_json()
    assert single["most_correlated"] is None and single["condition_number"] == 1
    whole = json.loads(json.dumps(conditioning(np.ones((3, 3)) + 3 * np.eye(3)).to_json(), allow_nan=False))
    assert whole["condition_number_bounds"]["lower"] <= 2 <= whole["condition_number_bounds"]["upper"]
    assert whole["pairs"][0] == {"rows": [0, 1], "correlation": 0.25, "kind": "aligned", "eigenvalue": 3.0}
    assert whole["effective_rank"]["numerical_rank"] == 3
    assert len(whole["rows"]) == 3 and len(whole["pairs"]) == 3


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


@pytest.mark.parametrize("entry_error", [-1e-3, math.nan, math.inf])
def test_an_entry_error_that_is_none_is_refused(entry_error: float) -> None:
    with pytest.raises(InvalidInput, match="entry_error is"):
        conditioning(np.eye(2), entry_error=entry_error)
