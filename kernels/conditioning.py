"""Is a Gram matrix safely positive definite, how well is it conditioned, and which rows are to blame if
not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ..bounds import InvalidInput, Outcome

__all__ = ["ConditioningReport", "conditioning"]

_UNIT_ROUNDOFF = 2.0**-53


@dataclass(frozen=True)
class ConditioningReport:
    """Extreme eigenvalues of a symmetric matrix, each within `error_bound` of the exact one.

    `condition_number` is the ratio of the computed eigenvalues, inf unless the smallest is positive.
    `positive_definite` is decided for the exact matrix, whose entries are within `entry_error` of those given
    (relative to the largest). `most_correlated` are the two rows of the largest K_ij / sqrt(K_ii K_jj),
    `correlation` its value.
    """

    n: int
    min_eigenvalue: float
    max_eigenvalue: float
    condition_number: float
    error_bound: float
    positive_definite: Outcome
    most_correlated: tuple[int, int] | None
    correlation: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain numbers; an infinite condition number is None, which JSON can write."""
        return {
            "n": self.n,
            "min_eigenvalue": self.min_eigenvalue,
            "max_eigenvalue": self.max_eigenvalue,
            "condition_number": self.condition_number if math.isfinite(self.condition_number) else None,
            "error_bound": self.error_bound,
            "positive_definite": self.positive_definite.to_json(),
            "most_correlated": None if self.most_correlated is None else list(self.most_correlated),
            "correlation": self.correlation,
        }


def conditioning(K: Float[np.ndarray, "n n"], *, entry_error: float = 1e-13) -> ConditioningReport:
    """Report on a Gram matrix whose entries are known up to entry_error * max |K_ij|.

    By Weyl's inequality an error matrix E moves every eigenvalue by at most ||E||_2 <= ||E||_F: n entry_error
    max|K| for the entries. The eigenvalues of `eigh` are checked, not trusted: let V, Lambda be what it
    computed, Q the polar factor of V and N = ||V^T V - I||_F, so that ||V - Q|| <= N. Then Q^T K Q - Lambda =
    Q^T (K Q - Q Lambda) has norm at most ||K V - V Lambda|| + N (||K|| + ||Lambda||), and Weyl's inequality
    applies again. The rounding of the products is counted. Raises InvalidInput unless K is square, finite and
    symmetric.
    """
    K = _symmetric(K)
    eigenvalues, vectors = np.linalg.eigh(K)
    error = _error_bound(K, eigenvalues, vectors, entry_error)
    smallest, largest = float(eigenvalues[0]), float(eigenvalues[-1])
    pair, correlation = _most_correlated(K)
    return ConditioningReport(
        n=len(K),
        min_eigenvalue=smallest,
        max_eigenvalue=largest,
        condition_number=largest / smallest if smallest > 0 else math.inf,
        error_bound=error,
        positive_definite=_decide(smallest, error, vectors[:, 0]),
        most_correlated=pair,
        correlation=correlation,
    )


def _symmetric(K: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    K = np.asarray(K, dtype=np.float64)
    if K.ndim != 2 or K.shape[0] != K.shape[1] or not len(K):
        raise InvalidInput(f"the matrix has shape {K.shape}: expected (n, n)")
    if not np.isfinite(K).all():
        raise InvalidInput(f"row {int(np.argmin(np.isfinite(K).all(axis=1)))} of the matrix is not finite")
    if not np.array_equal(K, K.T):
        raise InvalidInput("the matrix is not symmetric: expected a Gram matrix of one set of points")
    return K


def _error_bound(
    K: Float[np.ndarray, "n n"],
    eigenvalues: Float[np.ndarray, " n"],
    vectors: Float[np.ndarray, "n n"],
    entry_error: float,
) -> float:
    n, size = len(K), float(np.linalg.norm(K))
    gamma = (n + 2) * _UNIT_ROUNDOFF / (1 - (n + 2) * _UNIT_ROUNDOFF)
    length = float(np.linalg.norm(vectors))
    overlap = float(np.linalg.norm(vectors.T @ vectors - np.eye(n))) + gamma * length**2
    residual = float(np.linalg.norm(K @ vectors - vectors * eigenvalues)) + 2 * gamma * size * length
    if overlap >= 1:
        return math.inf
    entries = n * entry_error * float(np.abs(K).max())
    return (residual + overlap * (size + float(np.abs(eigenvalues).max())) + entries) * (1 + 1e-10)


def _decide(smallest: float, error: float, vector: Float[np.ndarray, " n"]) -> Outcome:
    if smallest > error:
        return Outcome.proved(f"the smallest eigenvalue is at least {smallest - error:.6g}")
    if smallest < -error:
        value = f"v^T K v <= {smallest + error:.6g} < 0"
        return Outcome.refuted(vector.tolist(), f"{value} for the eigenvector v of the smallest eigenvalue")
    return Outcome.inconclusive(
        f"the smallest eigenvalue is {smallest:.3g} with an error of up to {error:.3g}: its sign is not known"
    )


def _most_correlated(K: Float[np.ndarray, "n n"]) -> tuple[tuple[int, int] | None, float | None]:
    if len(K) < 2 or not (np.diag(K) > 0).all():
        return None, None
    root = np.sqrt(np.diag(K))
    correlation = K / np.outer(root, root)
    np.fill_diagonal(correlation, -np.inf)
    row, column = np.unravel_index(int(np.argmax(correlation)), K.shape)
    return (int(row), int(column)), float(correlation[row, column])
