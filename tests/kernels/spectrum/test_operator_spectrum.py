"""Spectra of operators: what is called a bound holds, and what is not proved is called an estimate."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from robustntk.bounds import Interval, InvalidInput
from robustntk.kernels import conditioning, dual_kernel, gram
from robustntk.kernels.blocks.operator import GramOperator
from robustntk.kernels.spectrum.operator_spectrum import EigenvalueEstimate, OperatorSpectrum, operator_spectrum


def semidefinite(seed: int, n: int, top: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    K = (Q * np.append(rng.uniform(0.1, 1, n - 1), top)) @ Q.T
    return (K + K.T) / 2


def spectrum(K: np.ndarray, **known: float) -> OperatorSpectrum:
    error = 4 * len(K) * 2.0**-53 * float(np.linalg.norm(K))
    return operator_spectrum(lambda v: K @ v, len(K), product_error=error, **known)


@given(st.integers(0, 10**6), st.integers(2, 8), st.floats(0.1, 40))
def test_bounds_hold(seed: int, n: int, top: float) -> None:
    K = semidefinite(seed, n, top)
    trace, norm = float(np.trace(K)) * (1 + 1e-14), float(np.linalg.norm(K)) * (1 + 1e-14)
    with mp.workdps(40):
        exact = mp.eigsy(mp.matrix(K.tolist()), eigvals_only=True)
        for known in ({"frobenius_norm": norm}, {"semidefinite_trace": trace}):
            found = spectrum(K, **known)
            assert isinstance(found.max_eigenvalue, Interval)
            assert found.max_eigenvalue.lower <= exact[n - 1] <= found.max_eigenvalue.upper
            assert found.min_eigenvalue.upper is not None and exact[0] <= found.min_eigenvalue.upper
            assert abs(exact[0] - found.min_eigenvalue.estimate) < 1e-6


def test_an_eigenvalue_that_stands_out_is_known_closely() -> None:
    K = semidefinite(0, 200, top=1000.0)
    for known in ({"frobenius_norm": 1010.0}, {"semidefinite_trace": 1210.0}):
        found = spectrum(K, **known).max_eigenvalue
        assert isinstance(found, Interval) and found.contains(1000) and found.width < 1e-6


def test_without_a_norm_the_largest_is_an_estimate() -> None:
    K = semidefinite(1, 50, top=3.0)
    found = spectrum(K)
    assert isinstance(found.max_eigenvalue, EigenvalueEstimate)
    assert found.max_eigenvalue.upper is None
    assert found.max_eigenvalue.lower is not None and found.max_eigenvalue.lower <= 3 + 1e-12
    assert found.max_eigenvalue.estimate == pytest.approx(3, abs=1e-8)


def test_the_smallest_is_never_bounded_from_below() -> None:
    """An eigenvalue whose vector the start vector misses by 1e-9 stays unseen after two steps."""
    direction = np.random.Generator(np.random.PCG64(0)).standard_normal(40)
    hidden = np.linalg.qr(np.column_stack([direction, np.eye(40)[:, 0]]))[0][:, 1]
    K = np.eye(40) - 0.999 * np.outer(hidden, hidden)
    found = operator_spectrum(lambda v: K @ v, 40, product_error=1e-13, semidefinite_trace=40.0, steps=2)
    assert found.min_eigenvalue.estimate > 0.9  # wrong, and not claimed
    assert found.min_eigenvalue.lower is None
    assert found.min_eigenvalue.to_json()["kind"] == "estimate"


def test_errors_of_the_products_widen_the_bounds() -> None:
    K = semidefinite(2, 30, top=5.0)
    blurred = operator_spectrum(lambda v: K @ v + 1e-3 * v, 30, product_error=1e-3, frobenius_norm=20.0)
    careless = operator_spectrum(lambda v: K @ v + 1e-3 * v, 30, product_error=0.0, frobenius_norm=20.0)
    assert isinstance(blurred.max_eigenvalue, Interval) and isinstance(careless.max_eigenvalue, Interval)
    assert blurred.max_eigenvalue.contains(5)
    assert not careless.max_eigenvalue.contains(5)


def test_a_trace_of_an_indefinite_operator_is_no_bound() -> None:
    """The caller vouches for semidefiniteness; here the contradiction shows."""
    with pytest.raises(InvalidInput, match="a norm or trace of 0.5 is below a Rayleigh quotient of 1"):
        spectrum(np.diag([1.0, -0.5]), semidefinite_trace=0.5)


def test_a_kernel_matrix_that_is_never_held() -> None:
    X = np.abs(np.random.default_rng(0).standard_normal((60, 10)))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    kernel, held = dual_kernel("relu"), gram(dual_kernel("relu"), X)
    with GramOperator.of_points(kernel, X, block=32, workers=1) as operator:
        error = operator.product(np.ones((60, 1))).error
        trace = float(np.sum(operator.diagonal())) * (1 + 1e-13)
        found = operator_spectrum(operator.matvec, 60, product_error=60 * error, semidefinite_trace=trace)
    whole = conditioning(held)
    assert isinstance(found.max_eigenvalue, Interval)
    assert found.max_eigenvalue.width < 1e-8
    assert whole.max_eigenvalue_bounds.contains(found.max_eigenvalue.estimate)
    assert found.min_eigenvalue.estimate == pytest.approx(whole.min_eigenvalue, rel=1e-6)


def test_products_are_counted() -> None:
    calls = []
    K = semidefinite(3, 20)
    found = operator_spectrum(lambda v: calls.append(1) or K @ v, 20, product_error=1e-12)
    assert found.products == len(calls) > 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"product_error": -1.0}, "product_error is -1"),
        ({"product_error": math.nan}, "product_error is nan"),
        ({"product_error": 0.0, "frobenius_norm": math.inf}, "frobenius_norm is inf"),
        ({"product_error": 0.0, "semidefinite_trace": -2.0}, "semidefinite_trace is -2"),
        ({"product_error": 0.0, "steps": 0}, "steps 0"),
    ],
)
def test_refusals(options: dict[str, float], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        operator_spectrum(lambda v: v, 3, **options)


def test_useless_products_are_refused() -> None:
    for product in (lambda v: v[:2], lambda v: v * np.nan):
        with pytest.raises(InvalidInput, match="expected 3 finite numbers"):
            operator_spectrum(product, 3, product_error=0.0)
    with pytest.raises(InvalidInput, match="n is 0"):
        operator_spectrum(lambda v: v, 0, product_error=0.0)


def test_json_says_what_is_a_bound() -> None:
    plain = json.loads(json.dumps(spectrum(semidefinite(0, 5), frobenius_norm=9.0).to_json(), allow_nan=False))
    assert plain["max_eigenvalue"]["kind"] == "bounds" and plain["min_eigenvalue"]["kind"] == "estimate"
    assert plain["n"] == 5
