"""From a quadratic lower model in the displacement ``x' - x`` to its minimum on a spherical cap.

A point of the cap around ``x`` is ``x' = x + t - h n``: ``n`` is the unit direction of ``x`` inside the
sub-sphere of radius ``r = sqrt(1 - b^2)``, ``t`` is orthogonal to ``n`` with ``|t| = r sin(phi)``, and
``h = r (1 - cos(phi)) = |t|^2 / (r (1 + cos(phi)))`` with ``phi <= theta_delta``. The drop ``h`` is therefore
pinched between two multiples of ``|t|^2``; each term that contains it is replaced by a multiple of ``|t|^2`` that is
below it, which leaves one trust-region problem in ``t``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput
from .trust_region import minimum_over_ball

_UNIT = float(np.finfo(np.float64).eps) / 2.0


@dataclass(frozen=True)
class QuadraticModel:
    """``constant + gradient.p + p' curvature p / 2``, a lower bound at ``p = x' - x`` up to ``rounding``.

    All arrays are float64 in the ``k = d - 1`` coordinates of the sub-sphere (the bias coordinate never moves).
    ``rounding`` is an absolute bound on what evaluating the model in floating point may have added on the cap.
    """

    constant: float
    gradient: NDArray[np.float64]
    curvature: NDArray[np.float64]
    rounding: float


@dataclass(frozen=True)
class CapGeometry:
    """A cap of polar angle ``angle`` on a sphere of radius ``radius`` (theory section 0)."""

    radius: float
    angle: float

    def __post_init__(self) -> None:
        """The tangential coordinate is one-to-one only up to a quarter turn."""
        if not 0.0 < self.angle <= np.pi / 2.0:
            raise InvalidInput(f"the angle of a cap is {self.angle!r}: expected a number in (0, pi/2]")

    @property
    def tangential_radius(self) -> float:
        """Largest ``|t|`` on the cap, padded outward."""
        return self.radius * float(np.sin(self.angle)) * (1.0 + 16.0 * _UNIT)

    @property
    def largest_drop(self) -> float:
        """Largest ``h`` on the cap, by the half-angle formula, padded outward."""
        return 2.0 * self.radius * float(np.sin(self.angle / 2.0)) ** 2 * (1.0 + 16.0 * _UNIT)

    @property
    def drop_factors(self) -> tuple[float, float]:
        """``(low, high)`` with ``low |t|^2 <= h <= high |t|^2`` on the cap."""
        high = 1.0 / (self.radius * (1.0 + float(np.cos(self.angle))))
        return 0.5 / self.radius * (1.0 - 16.0 * _UNIT), high * (1.0 + 16.0 * _UNIT)


def minimum_over_cap(
    model: QuadraticModel, direction: Float[np.ndarray, " k"], geometry: CapGeometry
) -> tuple[float, NDArray[np.float64]]:
    """A lower bound of the model on the cap, and the displacement ``p`` at which the bound is nearly attained.

    Args:
        model: the quadratic, in sub-sphere coordinates.
        direction: unit vector ``n`` of the centre, shape (k,).
        geometry: radius and polar angle of the cap.

    Returns:
        ``(lower, displacement)``; only ``lower`` is a claim (theory E4.c, with the dual bound of `trust_region`).
    """
    low, high = geometry.drop_factors
    radius = geometry.tangential_radius
    normal_slope = float(model.gradient @ direction)
    tangential = model.gradient - normal_slope * direction
    column = model.curvature @ direction
    normal_curvature = float(direction @ column)
    mixed = column - normal_curvature * direction
    isotropic = -2.0 * normal_slope * (high if normal_slope > 0.0 else low)
    isotropic -= 2.0 * high * radius * float(np.linalg.norm(mixed))
    isotropic += min(0.0, normal_curvature) * high * geometry.largest_drop
    projected = _project_out(model.curvature, direction, mixed, normal_curvature)
    projected += isotropic * np.eye(len(direction))
    # t is orthogonal to n, so the model may be as stiff along n as one likes: the ball must not gain by leaving.
    projected += max(-isotropic, 0.0) * np.outer(direction, direction)
    bound = minimum_over_ball(model.constant, tangential, projected, radius)
    step = _onto_cap(bound.minimizer, direction, geometry)
    return bound.lower - model.rounding - _reduction_rounding(model, radius, high), step


def _project_out(
    matrix: NDArray[np.float64],
    direction: NDArray[np.float64],
    mixed: NDArray[np.float64],
    normal_curvature: float,
) -> NDArray[np.float64]:
    """``(I - nn') A (I - nn')`` without forming the projector."""
    outer = np.outer(mixed, direction)
    return matrix - outer - outer.T - normal_curvature * np.outer(direction, direction)


def _onto_cap(
    tangential: NDArray[np.float64], direction: NDArray[np.float64], geometry: CapGeometry
) -> NDArray[np.float64]:
    """The displacement of the cap point whose tangential part is nearest to ``tangential``."""
    tangential = tangential - (tangential @ direction) * direction
    length = float(np.linalg.norm(tangential))
    limit = geometry.radius * float(np.sin(geometry.angle))
    if length > limit:
        tangential, length = tangential * (limit / length), limit
    drop = length**2 / (geometry.radius + float(np.sqrt(max(geometry.radius**2 - length**2, 0.0))))
    return np.asarray(tangential - drop * direction)


def _reduction_rounding(model: QuadraticModel, radius: float, high: float) -> float:
    """Rounding of the reduction itself: each entry passes through at most a few sums of length ``k``.

    The direction is a unit vector up to ``k`` roundings; both effects are relative to the norms involved.
    """
    size = len(model.gradient)
    slope = float(np.linalg.norm(model.gradient))
    curvature = float(np.linalg.norm(model.curvature))
    relative = 64.0 * size * _UNIT
    return relative * (slope * radius * (1.0 + high * radius) + curvature * radius**2 * (1.0 + high * radius) ** 2)
