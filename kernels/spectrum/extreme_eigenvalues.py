"""The smallest and the largest eigenvalue of a symmetric matrix between proved bounds, without its spectrum.

Lanczos' method (or, for small matrices, `eigh`) proposes a vector v and a number t. What is proved rests on neither:
the Rayleigh quotient of v bounds the eigenvalue from one side, a Cholesky factorisation of +-(K - t I) that runs to its
end from the other. At most one work array of the size of K is needed, and a few factorisations at n^3 / 3 each.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from jaxtyping import Float

from ...bounds import Interval
from .definiteness import UNIT_ROUNDOFF, gamma, semidefinite_deficit
from .lanczos import STEPS, RitzPair, largest_ritz_pair
from .rayleigh_quotient import rayleigh_quotient
from .symmetric_matrix import SymmetricMatrix

__all__ = ["SPECTRUM_UP_TO", "ExtremeEigenvalue", "ExtremeEigenvalues", "extreme_eigenvalues", "work_bytes"]

SPECTRUM_UP_TO = 256  # beyond, the factorisations are faster than `eigh` (benchmarks/conditioning.py)
_WORTH_NO_FACTORISATION = 1e-6
_GROWTH, _ATTEMPTS = 8.0, 60
_BOTH_CORES_FROM = 2048
_RESOLVED = 0.1  # the relative residual from which on a negative end of the spectrum counts as found
_SMALLEST_STEP = 2.0**-500  # for the zero matrix: its inverse and the square of that are finite


@dataclass(frozen=True, eq=False)
class ExtremeEigenvalue:
    """Proved bounds of an eigenvalue, and the unit vector whose Rayleigh quotient is one of them."""

    bounds: Interval
    vector: Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class ExtremeEigenvalues:
    """`spectrum`: all eigenvalues as `eigh` computed them, for at most SPECTRUM_UP_TO rows; else None."""

    smallest: ExtremeEigenvalue
    largest: ExtremeEigenvalue
    spectrum: Float[np.ndarray, " n"] | None


@dataclass(frozen=True, eq=False)
class _Proposal:
    """`vector` for the smallest eigenvalue of a matrix, which is likely to be at least `guess`, and more so at least
    `safe_guess`.
    """

    vector: Float[np.ndarray, " n"]
    guess: float
    safe_guess: float


def work_bytes(n: int) -> int:
    """The memory needed beside a float64 matrix of n rows: a work array as large, and the Lanczos vectors."""
    return 8 * n * n + 8 * n * (min(STEPS, n) + 16) + (3 << 23)


def extreme_eigenvalues(matrix: SymmetricMatrix, *, seed: int = 0) -> ExtremeEigenvalues:
    """Both ends of the spectrum of exactly these entries; `seed` chooses the start vectors of Lanczos' method."""
    work = np.empty((len(matrix),) * 2, order="F")
    if len(matrix) <= SPECTRUM_UP_TO:
        spectrum, vectors = np.linalg.eigh(matrix.entries)
        low = _Proposal(vectors[:, 0], float(spectrum[0]), float(spectrum[0]))
        high = _Proposal(vectors[:, -1], -float(spectrum[-1]), -float(spectrum[-1]))
        return ExtremeEigenvalues(_smallest(matrix, low, work), _largest(matrix, high, work), spectrum)
    with _threads(len(matrix)):
        smallest = _smallest(matrix, _propose_smallest(matrix, work, seed), work)
        largest = _largest(matrix, _propose_largest(matrix, seed), work)
    return ExtremeEigenvalues(smallest, largest, None)


def _threads(n: int) -> AbstractContextManager[Any]:
    """One thread for small matrices: NumPy's and SciPy's threads wait for each other longer than their work takes."""
    import scipy.linalg  # noqa: F401  (its BLAS must be there to be limited)
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas") if n < _BOTH_CORES_FROM else nullcontext()


def _smallest(matrix: SymmetricMatrix, proposal: _Proposal, work: Float[np.ndarray, "n n"]) -> ExtremeEigenvalue:
    quotient = rayleigh_quotient(matrix, proposal.vector)
    lower = _certified_lower(matrix, 1, proposal, work)
    return ExtremeEigenvalue(_interval(lower, quotient.value, quotient.upper), proposal.vector)


def _largest(matrix: SymmetricMatrix, proposal: _Proposal, work: Float[np.ndarray, "n n"]) -> ExtremeEigenvalue:
    """The upper bound: that of the only eigenvalue far out or of the row sums if they leave next to no gap, since they
    cost no factorisation; else the better one of these and of -(a lower bound of lambda_min(-K)).
    """
    quotient = rayleigh_quotient(matrix, proposal.vector)
    second = quotient.second_from_frobenius(matrix.frobenius_norm)
    upper = min(quotient.above_largest(second), matrix.row_sum_norm)
    if not upper - quotient.lower <= _WORTH_NO_FACTORISATION * abs(quotient.lower):
        upper = min(upper, -_certified_lower(matrix, -1, proposal, work))
    return ExtremeEigenvalue(_interval(quotient.lower, quotient.value, upper), proposal.vector)


def _interval(lower: float, value: float, upper: float) -> Interval:
    return Interval(lower, min(max(lower, value), upper), upper)


def _certified_lower(matrix: SymmetricMatrix, sign: int, proposal: _Proposal, work: Float[np.ndarray, "n n"]) -> float:
    """A lower bound of lambda_min(sign K): the first of several falling shifts t at which the factorisation of
    sign K - t I runs to its end, less the deficit proved for it.
    """
    step = _step(matrix, sign * proposal.guess)
    further = (proposal.safe_guess - step * _GROWTH**attempt for attempt in range(_ATTEMPTS))
    for shift in chain([proposal.guess - step], further):
        deficit = _deficit(matrix, sign, shift, work)
        if deficit < math.inf:
            return math.nextafter(shift - deficit, -math.inf)
    raise RuntimeError("the factorisation of the shifted matrix failed at every shift")


def _deficit(matrix: SymmetricMatrix, sign: int, shift: float, work: Float[np.ndarray, "n n"]) -> float:
    matrix.shifted(sign, sign * shift, out=work)
    return semidefinite_deficit(work)


def _step(matrix: SymmetricMatrix, shift: float) -> float:
    """A quarter of the a priori error of a factorisation of K - shift I: small beside what the bound loses anyway, and
    mostly more than the factorisation really errs.
    """
    diagonal = np.abs(matrix.entries.diagonal() - shift)
    size = matrix.largest_entry + abs(shift)
    return gamma(len(matrix) + 2) / 4 * float(diagonal.sum()) + 4 * UNIT_ROUNDOFF * size + _SMALLEST_STEP


def _propose_smallest(matrix: SymmetricMatrix, work: Float[np.ndarray, "n n"], seed: int) -> _Proposal:
    """Lanczos on (K - s I)^-1 for a shift s just below the spectrum: below zero by what Cholesky's factorisation errs;
    for an indefinite matrix where Lanczos on -K finds the end, or if it is too close to zero for that, further and
    further below zero. `work` then holds the factor.
    """
    error = 4 * _step(matrix, 0.0)
    shift = -error
    if _deficit(matrix, 1, shift, work) == math.inf:
        pair = largest_ritz_pair(lambda v: -(matrix.entries @ v), len(matrix), seed=seed)
        found = pair.residual < _RESOLVED * pair.value
        end, gap = (-pair.value, max(pair.residual, error)) if found else (0.0, _GROWTH * error)
        shift = _factorised_shift(matrix, end, gap, work)
    pair = _inverse_pair(work, seed)
    guess, safe_guess = (shift + 1 / (pair.value + error) for error in (pair.likely_error, pair.residual))
    return _Proposal(pair.vector, guess, safe_guess)


def _factorised_shift(matrix: SymmetricMatrix, end: float, gap: float, work: Float[np.ndarray, "n n"]) -> float:
    for _ in range(_ATTEMPTS):
        if _deficit(matrix, 1, end - gap, work) < math.inf:
            return end - gap
        gap *= _GROWTH
    raise RuntimeError("the factorisation of the shifted matrix failed at every shift")


def _inverse_pair(factor: Float[np.ndarray, "n n"], seed: int) -> RitzPair:
    from scipy.linalg import blas

    def solve(v: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        forward = blas.dtrsv(factor, v, lower=1)
        return np.asarray(blas.dtrsv(factor, forward, lower=1, trans=1, overwrite_x=1))

    return largest_ritz_pair(solve, len(factor), seed=seed)


def _propose_largest(matrix: SymmetricMatrix, seed: int) -> _Proposal:
    pair = largest_ritz_pair(lambda v: matrix.entries @ v, len(matrix), seed=seed)
    return _Proposal(pair.vector, -(pair.value + pair.likely_error), -(pair.value + pair.residual))
