"""A preconditioner for K + lambda I from one pass over the matrix, in n rank numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
from jaxtyping import Float

from ...bounds import InvalidInput
from .conjugate_gradient import SymmetricOperator

__all__ = ["NystromPreconditioner", "nystrom"]

# Directions of the sketch below this part of the largest one are rounding errors.
_CUTOFF = 1e-12


@dataclass(frozen=True, eq=False)
class NystromPreconditioner:
    """P^-1 = (l_r + lambda) U (L + lambda I)^-1 U^T + (I - U U^T), with U L U^T near K and l_r the least entry of L.

    Symmetric positive definite. Frangella, Tropp and Udell (2023), "Randomized Nystrom preconditioning", (1.3): for a
    rank of 2 ceil(1.5 d) + 1, d = tr K (K + lambda I)^-1, the condition number of the preconditioned matrix is below 28
    in expectation (Theorem 5.1), and conjugate gradients take a few dozen steps however small lambda is.
    """

    vectors: Float[np.ndarray, "n rank"]
    eigenvalues: Float[np.ndarray, " rank"]
    shift: float

    def __call__(self, V: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "n k"]:
        inside = self.vectors.T @ V
        factors = (self.eigenvalues[-1] + self.shift) / (self.eigenvalues + self.shift) - 1
        result: Float[np.ndarray, "n k"] = V + self.vectors @ (factors[:, None] * inside)
        return result


def nystrom(operator: SymmetricOperator, *, rank: int, shift: float, seed: int = 0) -> NystromPreconditioner:
    """The preconditioner of K + shift I from K Omega, Omega `rank` random orthonormal vectors.

    In memory are a few arrays of n x rank numbers. Raises InvalidInput unless 1 <= rank <= n, shift > 0 and K is
    symmetric, and where the sketch of K has no positive eigenvalue.
    """
    n = operator.shape[0]
    if not operator.symmetric:
        raise InvalidInput(f"the operator of shape {operator.shape} is not symmetric: expected K(X, X)")
    if not 1 <= rank <= n:
        raise InvalidInput(f"rank is {rank}: expected a number between 1 and {n}")
    if not (isfinite(shift) and shift > 0):
        raise InvalidInput(f"shift is {shift}: expected a number > 0")
    omega = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, rank)))[0]
    sketch = operator.product(omega).values
    core, rotation = np.linalg.eigh((omega.T @ sketch + sketch.T @ omega) / 2)
    kept = core > _CUTOFF * max(core[-1], 0)
    if not kept.any():
        raise InvalidInput(f"the largest eigenvalue of K in {rank} directions is {core[-1]:.3g}: expected it positive")
    # K Omega (Omega^T K Omega)^+ Omega^T K = F F^T with F = K Omega rotation core^(-1/2).
    vectors, singular, _ = np.linalg.svd(sketch @ (rotation[:, kept] / np.sqrt(core[kept])), full_matrices=False)
    return NystromPreconditioner(vectors, singular**2, shift)
