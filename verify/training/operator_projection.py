"""The projection onto a Frobenius ball cut with an operator-norm ball (theory E10.b).

Both balls are unitarily invariant, so that the nearest point to V has the singular vectors of V, and its singular
values are those nearest to the values a_i of V in {|S| <= radius, S_i <= operator_radius}. That is the projection on
tied rows with numbers for rows: ``S_i = min(c a_i, operator_radius)`` with the largest c <= 1 of norm at most
``radius``. (Optimality: with ``1/c = 1 + lam``, the multipliers lam >= 0 of the norm and nu_i >= 0 of the values have
``(1 + lam) S_i + nu_i = a_i``, and each is 0 where its constraint is slack.) Writing ``V = P diag(a) Q'``, the nearest
point is ``V Q diag(S/a) Q'``: the eigenvectors Q of the d x d Gram matrix ``V'V`` are all that is needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from ..certificates.tiles import gram_upper_eigenvalue
from .tied_projection import common_factor, project_rows


def operator_norm(displacement: Float[np.ndarray, "m d"]) -> float:
    """``|W - W_0|_op``, rounded up: the least ``operator_radius`` at which a comparator is in the set."""
    return float(np.sqrt(gram_upper_eigenvalue(displacement, np.ones(len(displacement))))) * (1.0 + 1e-15)


def project(displacement: Any, radius: Any, operator_radius: Any, *, xp: Any = np) -> Any:
    """The nearest matrix of Frobenius norm at most ``radius`` and operator norm at most ``operator_radius``.

    A matrix that is in both balls comes back as it is. The norms are met up to a few roundings; singular values below
    the square root of the unit roundoff times the largest are not resolved, and need not be: they are never clipped
    where ``operator_radius`` is that much smaller than the largest.

    Args:
        displacement: V, shape (m, d), float64.
        radius, operator_radius: positive scalars.
        xp: ``numpy`` or ``jax.numpy``.
    """
    squares, vectors = xp.linalg.eigh(displacement.T @ displacement)
    values = xp.sqrt(xp.maximum(squares, 0))
    factor = common_factor(values, radius, operator_radius, xp=xp)
    clipped = factor - xp.minimum(factor, operator_radius / xp.maximum(values, operator_radius))
    return factor * displacement - displacement @ ((vectors * clipped) @ vectors.T)


def project_tied(moves: Any, radius: Any, row_radius: Any, operator_radius: Any, *, xp: Any = np) -> Any:
    """A point of E10's set of tied pairs that is no farther than ``moves`` from any point of that set.

    First the rows are cut, then the singular values, which lengthens no row. It need not be the nearest point, and the
    proof asks for no more than this.

    Args:
        moves: the u_r, shape (m / 2, d); ``|W - W_0|`` is sqrt(2) times their norm, in either norm.
        radius, operator_radius: of W.
        row_radius: the largest length of a row of ``moves``, rho / sqrt(m).
        xp: ``numpy`` or ``jax.numpy``.
    """
    root = np.sqrt(2.0)
    short = project_rows(moves, radius / root, row_radius, xp=xp)
    return project(short, radius / root, operator_radius / root, xp=xp)
