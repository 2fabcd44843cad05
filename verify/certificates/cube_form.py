"""Upper bounds of a quadratic form ``p'Mp`` over the cube ``0 <= p_i <= 1`` (theory E11.c).

The maximum is that of a convex function, at a corner, and hard to find exactly. Two bounds: the sum of the positive
entries of M; and, from multipliers ``d >= 0``, the maximum of ``d.p - p'(diag(d) - M)p``, which is the dual of the
semidefinite relaxation and mostly within a few per cent of the maximum. Any d and any q give a bound that holds: the
optimiser proposes d, and rounding is charged where the bound is evaluated.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.optimize import minimize

from ...kernels import conditioning

_EPSILON = float(np.finfo(np.float64).eps)
_STEPS = 100
Array = NDArray[np.float64]


def largest_over_cube(matrix: Float[np.ndarray, "n n"], *, entry_error: float = 0.0) -> float:
    """An upper bound of ``p'Mp`` for every p in the cube and every M within ``entry_error`` of ``matrix``, entrywise.

    An entry that is not finite gives NaN, which fails every comparison.
    """
    if not np.isfinite(matrix).all():
        return math.nan
    count, matrix = len(matrix), (matrix + matrix.T) / 2.0
    entries = float(np.sum(np.maximum(matrix, 0.0))) * (1.0 + count**2 * _EPSILON)
    uniform = _uniform_multipliers(matrix)
    candidates = [entries, *(box_bound(matrix, each) for each in (uniform, _improved(matrix, uniform)))]
    return min(candidates) + count**2 * entry_error * (1.0 + 4.0 * _EPSILON)


def box_bound(matrix: Float[np.ndarray, "n n"], multipliers: Float[np.ndarray, " n"]) -> float:
    """The bound from these multipliers, rounding included; infinite if they are not finite and nonnegative."""
    d = multipliers
    if not (np.all(np.isfinite(d)) and np.all(d >= 0.0)):
        return math.inf
    A = np.diag(d) - matrix
    q = np.linalg.lstsq(2.0 * A, d)[0]
    image, sizes = A @ q, np.abs(A) @ np.abs(q)
    reach = np.maximum(np.abs(q), np.abs(1.0 - q))
    rounding = 8.0 * (len(d) + 8) * _EPSILON * float((np.abs(q) + reach) @ (d + 2.0 * sizes))
    residual = float(np.abs(d - 2.0 * image) @ reach)
    value = float(d @ q - q @ image) + residual + _indefiniteness(A) * float(reach @ reach) + rounding
    return value if math.isfinite(value) else math.inf


def _indefiniteness(matrix: Array) -> float:
    """A kappa >= 0 with matrix + kappa positive semidefinite; the entries may be off by a rounding each."""
    report = conditioning(matrix, entry_error=2.0 * _EPSILON)
    return max(0.0, report.error_bound - report.min_eigenvalue)


def _uniform_multipliers(matrix: Array) -> Array:
    """The best of several multiples of ones, beyond the largest eigenvalue."""
    eigenvalues, vectors = np.linalg.eigh(matrix)
    largest = max(float(eigenvalues[-1]), 0.0)
    parts = np.sum(vectors, axis=0) ** 2
    candidates = largest * np.geomspace(1.001, 4.0, 60)

    def value(level: float) -> float:
        return float(np.sum(parts * level**2 / (level - eigenvalues))) if level > eigenvalues[-1] else math.inf

    return np.full(len(matrix), min(candidates, key=value))


def _improved(matrix: Array, multipliers: Array) -> Array:
    """A few steps of L-BFGS on ``d'(diag(d) - M)^-1 d / 4`` in log d; its slope in d is ``q - q^2``."""
    if not np.all(multipliers > 0.0):
        return multipliers
    barrier = 1e6 * float(np.sum(multipliers))

    def value_and_slope(logarithms: Array) -> tuple[float, NDArray[Any]]:
        d = np.exp(logarithms)
        A = np.diag(d) - matrix
        try:
            np.linalg.cholesky(A)
        except np.linalg.LinAlgError:
            return barrier, np.zeros(len(d))
        q = np.linalg.solve(2.0 * A, d)
        return float(d @ q) / 2.0, (q - q * q) * d

    found = minimize(value_and_slope, np.log(multipliers), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return np.asarray(np.exp(found.x))
