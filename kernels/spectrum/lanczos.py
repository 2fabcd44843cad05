"""Lanczos' method for the largest eigenvalue of a symmetric operator: an approximation, to be certified by others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

__all__ = ["STEPS", "RitzPair", "largest_ritz_pair"]

Product = Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]]

STEPS = 120
_STEPS_BETWEEN_CHECKS = 6


@dataclass(frozen=True, eq=False)
class RitzPair:
    """An approximate eigenvalue and unit eigenvector; `residual` is about ||A v - value v||, `gap` the distance to the
    next Ritz value, `products` the number of times that the operator was applied.
    """

    value: float
    vector: Float[np.ndarray, " n"]
    residual: float
    gap: float
    products: int

    @property
    def likely_error(self) -> float:
        """Four times residual^2 / gap, the error of a Rayleigh quotient if `gap` is right; at most the residual."""
        return min(self.residual, 4 * self.residual**2 / self.gap) if self.gap > 0 else self.residual


def largest_ritz_pair(
    product: Product, n: int, *, seed: int = 0, tolerance: float = 1e-5, steps: int = STEPS
) -> RitzPair:
    """The pair of the largest eigenvalue, from a normal start vector of this seed (NumPy's PCG64).

    Stops once the residual is `tolerance` times the largest |Ritz value|, or after `steps` products, whichever comes
    first: the best pair is returned either way, which a routine that fails without convergence could not offer. Every
    vector is orthogonalised twice against all before it, so no copies of converged eigenvalues appear.
    """
    steps = min(steps, n)
    basis, diagonal, off_diagonal = np.empty((steps, n)), np.empty(steps), np.empty(steps)
    start = np.random.Generator(np.random.PCG64(seed)).standard_normal(n)
    basis[0] = start / np.linalg.norm(start)
    values, weights, residual, done = np.array([math.nan]), np.ones(1), math.inf, 0
    for k in range(steps):
        following = np.array(product(basis[k]), dtype=np.float64)
        if not np.isfinite(following).all():
            break
        diagonal[k] = basis[k] @ following
        for _ in range(2):
            following -= (basis[: k + 1] @ following) @ basis[: k + 1]
        off_diagonal[k] = float(np.linalg.norm(following))
        done = k + 1
        last = done == steps or off_diagonal[k] <= 1e-14 * abs(diagonal[:done]).max()
        if last or done % _STEPS_BETWEEN_CHECKS == 0:
            values, weights = _spectrum_of_tridiagonal(diagonal[:done], off_diagonal[: done - 1])
            residual = off_diagonal[k] * abs(weights[-1])
            if last or residual <= tolerance * float(np.abs(values).max()):
                break
        basis[k + 1] = following / off_diagonal[k]
    vector = weights @ basis[: len(weights)]
    gap = float(values[-1] - values[-2]) if len(values) > 1 else 0.0
    return RitzPair(float(values[-1]), vector / np.linalg.norm(vector), float(residual), gap, done)


def _spectrum_of_tridiagonal(
    diagonal: Float[np.ndarray, " k"], off_diagonal: Float[np.ndarray, " k-1"]
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """The eigenvalues, and the vector of the largest."""
    tridiagonal = np.diag(diagonal) + np.diag(off_diagonal, -1)
    values, vectors = np.linalg.eigh(tridiagonal)
    return values, vectors[:, -1]
