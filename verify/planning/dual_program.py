"""The finite dual of the robust minimum-norm problem, by an established interior-point solver."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput

Array = NDArray[np.float64]


class Infeasible(InvalidInput):
    """The constraints of a working set cannot be met in the function space, as far as the solver can tell."""


def solve_dual(gram: Float[np.ndarray, "p p"], thresholds: Float[np.ndarray, " p"]) -> Float[np.ndarray, " p"]:
    """Maximise ``thresholds.l - l' gram l / 2`` over ``l >= 0`` (the dual of theory E4.b on a working set).

    Solved by Clarabel (Goulart and Chen 2024) on the problem scaled to unit diagonal. The answer is only approximately
    optimal; nothing downstream relies on its optimality, since every ``l >= 0`` gives a valid lower bound.

    Args:
        gram: the signed Gram matrix ``(a_i a_j K(z_i, z_j))``, shape (p, p), float64, positive semidefinite.
        thresholds: right-hand sides of the constraints ``a_i f(z_i) >= thresholds_i``, shape (p,).

    Raises:
        Infeasible: if no function meets the constraints (the dual is unbounded), or the solver finds no usable point.
    """
    import clarabel
    from scipy import sparse

    diagonal = np.diag(gram)
    if not np.all(diagonal > 1e-14 * np.max(diagonal, initial=0.0)):
        raise Infeasible(f"the kernel vanishes at constraint {int(np.argmin(diagonal))} of {len(gram)}")
    scale = 1.0 / np.sqrt(diagonal)
    scaled = gram * np.outer(scale, scale)
    size = len(gram)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix(np.triu(scaled)),
        -scale * thresholds,
        -sparse.identity(size, format="csc"),
        np.zeros(size),
        [clarabel.NonnegativeConeT(size)],
        settings,
    )
    answer = solver.solve()
    solution = np.maximum(np.asarray(answer.x, np.float64), 0.0) * scale
    if "Infeasible" in str(answer.status) or not (np.isfinite(solution).all() and np.max(solution, initial=0.0) > 0.0):
        raise Infeasible(
            f"no function of this space meets the {size} constraints (solver: {answer.status}); expected another "
            "activation, a bias coordinate, or a smaller delta"
        )
    return solution


def squared_norm_range(
    gram: Float[np.ndarray, "p p"], multipliers: Float[np.ndarray, " p"], *, entry_error: float = 0.0
) -> tuple[float, float]:
    """An enclosure of ``l' K l`` for a kernel K whose entries ``gram`` has up to ``entry_error`` (absolute).

    The sums carry at most ``2 p`` roundings each.
    """
    squared = float(multipliers @ gram @ multipliers)
    spread = _relative_error(len(multipliers)) * float(multipliers @ np.abs(gram) @ multipliers)
    spread += entry_error * float(np.sum(multipliers)) ** 2 * (1.0 + 1e-12)
    return max(squared - spread, 0.0), squared + spread


def dual_lower_bound(
    gram: Float[np.ndarray, "p p"],
    multipliers: Float[np.ndarray, " p"],
    thresholds: Float[np.ndarray, " p"],
    *,
    entry_error: float = 0.0,
) -> float:
    """``thresholds.l / sqrt(l' gram l)``, rounded down: below the norm of every feasible function for *any* ``l >= 0``.

    ``thresholds.l <= sum_i l_i a_i f(z_i) <= |f| sqrt(l' gram l)`` by Cauchy-Schwarz (theory E4.b).
    """
    squared = squared_norm_range(gram, multipliers, entry_error=entry_error)[1]
    if not squared > 0.0:
        return 0.0
    loss = _relative_error(len(multipliers)) * float(np.abs(thresholds) @ multipliers)
    gain = float(thresholds @ multipliers) - loss
    return max(gain, 0.0) / float(np.sqrt(squared)) * (1.0 - 1e-15)


def _relative_error(terms: int) -> float:
    return 4.0 * (terms + 8) * float(np.finfo(np.float64).eps)
