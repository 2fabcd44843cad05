"""Positive definiteness by Cholesky's factorisation, valid under rounding."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from ...bounds import Interval, Outcome
from .directed_decimals import rounded_down, rounded_up

__all__ = ["SMALL", "UNIT_ROUNDOFF", "decide_definiteness", "gamma", "semidefinite_deficit"]

UNIT_ROUNDOFF = 2.0**-53
SMALL = 1024  # rows up to which a copy is cheap, and a thread too many costs more than it saves
_SMALLEST_NORMAL = 2.0**-1022


def gamma(n: int) -> float:
    """gamma_n = n u / (1 - n u) for the unit roundoff u of float64 (Higham, section 3.1), rounded upwards."""
    product = n * UNIT_ROUNDOFF
    return product / (1 - product) * (1 + 4 * UNIT_ROUNDOFF)


def semidefinite_deficit(matrix: Float[np.ndarray, "n n"]) -> float:
    """A number e >= 0 such that S + e I is positive semidefinite, inf if the factorisation breaks down.

    `matrix` (float64, in Fortran order unless it is small) is overwritten: its lower triangle by Cholesky's factor L.
    S is the symmetric matrix with its entries below the diagonal, whose diagonal may have been rounded once on the way
    to `matrix`. If the factorisation runs to its end, then for the given A

        L L^T = A + F,  |F_ij| <= gamma_{n+2} sum_k |l_ik| |l_jk|,  so that
        lambda_min(A) >= -||F|| >= -gamma_{n+2} / (1 - gamma_{n+2}) tr A

    (Demmel; Higham, theorem 10.5; Rump, Verification of positive definiteness, BIT 2006), whatever the order of
    summation, with or without fused multiply-add, for blocked and parallel algorithms that form classical products;
    one index more than in these papers, as some implementations multiply by the rounded reciprocal of the pivot. The
    rounded diagonal adds u max A_ii, underflow 3 n (2 n + max A_ii) times the smallest normal number (Rump).
    """
    n, diagonal = len(matrix), matrix.diagonal().copy()
    if not _factorise(matrix):
        return math.inf
    largest, error = float(diagonal.max()), gamma(n + 2)
    underflow = 3 * n * (2 * n + largest) * _SMALLEST_NORMAL
    total = error / (1 - error) * math.fsum(diagonal) + UNIT_ROUNDOFF * largest + underflow
    return total * (1 + 16 * UNIT_ROUNDOFF)


def _factorise(matrix: Float[np.ndarray, "n n"]) -> bool:
    """Cholesky's factorisation of the lower triangle, in place; whether it ran to its end with finite pivots."""
    if len(matrix) < SMALL:
        try:
            matrix[...] = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            return False
    else:
        from scipy.linalg import lapack

        factor, info = lapack.dpotrf(matrix, lower=1, overwrite_a=1, clean=0)
        if info != 0:
            return False
        if not np.may_share_memory(factor, matrix):
            matrix[...] = factor
    # A NaN that the routine lets pass enters a pivot further down.
    pivots = matrix.diagonal()
    return bool((pivots > 0).all() and np.isfinite(pivots).all())


def decide_definiteness(smallest: Interval, witness: Float[np.ndarray, " n"]) -> Outcome:
    """Is a matrix with its smallest eigenvalue in the interval positive definite?

    The upper end of the interval has to bound the quotient v^T K v / v^T v of the witness v, which is the
    counterexample if that end is negative.
    """
    if smallest.lower > 0:
        return Outcome.proved(f"the smallest eigenvalue is at least {rounded_down(smallest.lower)}")
    if smallest.upper < 0:
        quotient = f"v^T K v / v^T v <= {rounded_up(smallest.upper)} < 0"
        return Outcome.refuted(witness.tolist(), f"{quotient} for the eigenvector v of the smallest eigenvalue")
    ends = f"{rounded_down(smallest.lower, 3)} and {rounded_up(smallest.upper, 3)}"
    return Outcome.inconclusive(f"the smallest eigenvalue lies between {ends}: its sign is not known")
