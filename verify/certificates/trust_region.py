"""A rigorous lower bound of a quadratic on a ball.

The certificates reduce a margin on a cap to ``min { a + g.t + t'At/2 : |t| <= radius }``. Lagrangian duality
gives a lower bound for *every* multiplier, so the multiplier may come from a plain floating-point search:
only the evaluation of the dual function has to be sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from scipy.optimize import brentq

_UNIT = float(np.finfo(np.float64).eps) / 2.0
# Numbers below 1e-154 have squares that vanish: what they would have contributed is at most themselves.
UNDERFLOW = 1e-150


@dataclass(frozen=True)
class TrustRegionBound:
    """``lower`` is below the minimum; ``minimizer`` is the point that the dual search suggests (no claim)."""

    lower: float
    minimizer: NDArray[np.float64]
    multiplier: float


def minimum_over_ball(
    constant: float,
    gradient: Float[np.ndarray, " k"],
    curvature: Float[np.ndarray, "k k"],
    radius: float,
) -> TrustRegionBound:
    """Lower bound of ``constant + gradient.t + t' curvature t / 2`` over ``|t| <= radius``.

    For every multiplier ``mu >= 0`` with ``curvature + mu I >= 0`` the minimum is at least
    ``constant - gradient' (curvature + mu I)^{-1} gradient / 2 - mu radius^2 / 2``; for the best one it is equal
    (the trust-region problem has no duality gap).

    *Rounding.* The dual is evaluated in the computed eigenbasis ``V``. Nothing is assumed about LAPACK: the
    residuals ``|curvature - V e V'|``, ``|gradient - V V'gradient|`` and ``|V'V - I|`` are computed, inflated by
    their own rounding error and charged to the bound.

    Args:
        constant: value at the centre.
        gradient: shape (k,), float64.
        curvature: shape (k, k), float64, symmetric.
        radius: positive radius of the ball.

    Returns:
        the bound; NaN, which fails every comparison, if an argument is not finite.
    """
    if not (np.isfinite(constant) and np.isfinite(gradient).all() and np.isfinite(curvature).all()):
        return TrustRegionBound(np.nan, np.zeros_like(gradient), np.nan)
    symmetric = (curvature + curvature.T) / 2.0
    eigenvalues, basis = np.linalg.eigh(symmetric)
    coordinates = basis.T @ gradient
    multiplier = _multiplier(eigenvalues, coordinates, radius)
    shifted = eigenvalues + multiplier
    dual = -0.5 * float(np.sum(coordinates**2 / shifted)) - 0.5 * multiplier * radius**2
    error = _evaluation_error(symmetric, gradient, basis, eigenvalues, coordinates, multiplier, radius)
    magnitude = abs(constant) + abs(dual)
    lower = constant + dual - error - 8.0 * _UNIT * magnitude - UNDERFLOW * len(gradient) * (1.0 + radius)
    return TrustRegionBound(lower, -(basis @ (coordinates / shifted)), multiplier)


def _multiplier(eigenvalues: NDArray[np.float64], coordinates: NDArray[np.float64], radius: float) -> float:
    """The multiplier at which the step has length ``radius``, kept strictly inside the feasible range."""
    scale = float(np.max(np.abs(eigenvalues))) + float(np.linalg.norm(coordinates)) / radius + 1e-200
    lowest = max(0.0, -float(eigenvalues[0])) + 1e-12 * scale

    def excess(multiplier: float) -> float:
        return float(np.linalg.norm(coordinates / (eigenvalues + multiplier))) - radius

    if excess(lowest) <= 0.0:
        return lowest
    highest = lowest + float(np.linalg.norm(coordinates)) / radius + scale
    if excess(highest) >= 0.0:
        return highest  # squares of tiny numbers underflow; every multiplier from `lowest` on gives a bound
    return float(brentq(excess, lowest, highest, xtol=1e-14 * scale, rtol=1e-14))


def _evaluation_error(
    matrix: NDArray[np.float64],
    gradient: NDArray[np.float64],
    basis: NDArray[np.float64],
    eigenvalues: NDArray[np.float64],
    coordinates: NDArray[np.float64],
    multiplier: float,
    radius: float,
) -> float:
    """What the computed dual may exceed the exact dual by: see the rounding note of `minimum_over_ball`."""
    size = len(gradient)
    gamma = 2.0 * size * _UNIT / (1.0 - 2.0 * size * _UNIT)
    spectral = float(np.max(np.abs(eigenvalues)))
    matrix_residual = float(np.linalg.norm(matrix - (basis * eigenvalues) @ basis.T))
    matrix_residual += 4.0 * gamma * size * spectral
    gradient_residual = float(np.linalg.norm(gradient - basis @ coordinates))
    gradient_residual += 4.0 * gamma * np.sqrt(size) * float(np.linalg.norm(gradient))
    orthogonality = float(np.linalg.norm(basis.T @ basis - np.eye(size))) + 4.0 * gamma * size
    dual_rounding = 4.0 * gamma * float(np.sum(coordinates**2 / (eigenvalues + multiplier)))
    quadratic = 0.5 * radius**2 * (matrix_residual + multiplier * orthogonality)
    return float(quadratic + radius * gradient_residual + dual_rounding)
