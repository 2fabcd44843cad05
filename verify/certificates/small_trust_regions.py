"""Many small quadratic programs at once: lower bounds on a ball, or on the part of it that a second constraint leaves.

Branch and bound needs `trust_region.minimum_over_ball` for very many balls in very few dimensions, and where a ball
sticks out of the cap also the constraint that keeps its points in the cap. As there, Lagrangian duality makes every
pair of multipliers sound: they come from a plain search, and only the last evaluation has to be rigorous.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from .trust_region import UNDERFLOW

_EPSILON = float(np.finfo(np.float64).eps)
_BISECTIONS = 40
_ROUNDS = 10
Array = NDArray[np.float64]


@dataclass(frozen=True)
class BallPrograms:
    """``min constant + gradient.t + t' curvature t / 2`` over ``|t| <= radius`` and ``plane.t - bend |t|^2 >= level``.

    Args:
        constant: shape (count,).
        gradient: shape (count, k).
        curvature: symmetric, shape (count, k, k).
        radius: of the balls, positive.
        plane, level, bend: the second constraint, shapes (count, k), (count,), (count,); a zero plane and a level
            that is not positive leave it out.
    """

    constant: Array
    gradient: Array
    curvature: Array
    radius: float
    plane: Array
    level: Array
    bend: Array

    def relaxed(self, multiplier: Float[Array, " count"]) -> BallPrograms:
        """The Lagrangian of the second constraint at a multiplier >= 0: nowhere above the program where that holds."""
        shift = 2.0 * (multiplier * self.bend)[:, None, None] * np.eye(self.gradient.shape[1])
        return BallPrograms(
            self.constant + multiplier * self.level,
            self.gradient - multiplier[:, None] * self.plane,
            self.curvature + shift,
            self.radius,
            self.plane,
            self.level,
            self.bend,
        )

    def lower_bounds(self, start: Float[Array, " count"]) -> tuple[Float[Array, " count"], Float[Array, "count k"]]:
        """Lower bounds of the minima, and points of the balls that nearly attain them (no claim).

        ``start`` are first guesses of the multiplier of the second constraint; where they are 0 it is left out. All
        entries must be finite.

        *Rounding.* With ``M = curvature + mu I`` and any s, ``g.t + t'Mt/2 = g.s + s'Ms/2 + (g + Ms).(t - s) +
        (t - s)'M(t - s)/2``. The residual ``g + Ms`` is computed and charged at ``|t - s| <= radius + |s|``; M is
        positive semidefinite up to what a backward stable eigenvalue solver leaves open, which is charged likewise.
        """
        eigenvalues, basis = np.linalg.eigh(self.curvature)
        multiplier = _Search.of(self, eigenvalues, basis).best(start)
        return self.relaxed(multiplier)._evaluate(eigenvalues + 2.0 * (multiplier * self.bend)[:, None], basis)

    def _evaluate(self, eigenvalues: Array, basis: Array) -> tuple[Array, Array]:
        coordinates = _transposed_product(basis, self.gradient)
        multiplier = _ball_multiplier(eigenvalues, coordinates, self.radius)
        step = -np.einsum("nab,nb->na", basis, coordinates / (eigenvalues + multiplier[:, None]))
        length = np.linalg.norm(step, axis=1)
        pushed = np.einsum("nab,nb->na", self.curvature, step) + multiplier[:, None] * step
        along = np.sum((self.gradient + 0.5 * pushed) * step, axis=1)
        far = self.radius + length
        size = np.linalg.norm(self.curvature, axis=(1, 2)) + multiplier
        gap = np.maximum(64.0 * basis.shape[1] * _EPSILON * size - (eigenvalues[:, 0] + multiplier), 0.0)
        charge = np.linalg.norm(self.gradient + pushed, axis=1) * far + 0.5 * gap * far**2
        slope = np.linalg.norm(self.gradient, axis=1)
        rounding = 32.0 * basis.shape[1] * _EPSILON * (np.abs(self.constant) + slope * far + size * far**2)
        lower = self.constant + along - 0.5 * multiplier * self.radius**2 - charge - rounding
        lower -= UNDERFLOW * basis.shape[1] * (1.0 + far)
        shrink = np.minimum(1.0, self.radius / np.maximum(length, 1e-300))
        return np.asarray(lower), np.asarray(step * shrink[:, None])


@dataclass(frozen=True)
class _Search:
    """The dual function of programs in the eigenbasis of their curvatures, in plain floating point."""

    programs: BallPrograms
    eigenvalues: Array
    gradient: Array
    plane: Array

    @classmethod
    def of(cls, programs: BallPrograms, eigenvalues: Array, basis: Array) -> _Search:
        return cls(
            programs,
            eigenvalues,
            _transposed_product(basis, programs.gradient),
            _transposed_product(basis, programs.plane),
        )

    def best(self, start: Array) -> Array:
        """Multipliers of the second constraint: the best that Newton's method meets on its way from ``start`` or 0."""
        best = np.zeros(len(start))
        chosen = start > 0.0
        if chosen.any():
            rows = self._rows(chosen)
            best[chosen] = rows._ascend(start[chosen])
        return best

    def _ascend(self, multiplier: Array) -> Array:
        """Newton's method on a concave function, kept in the bracket that the signs of its slopes give."""
        best, value = np.zeros(len(multiplier)), self._dual(np.zeros(len(multiplier)))[0]
        low, high = np.zeros(len(multiplier)), np.full(len(multiplier), np.inf)
        for _ in range(_ROUNDS):
            found, slope, bend = self._dual(multiplier)
            better = found > value
            best, value = np.where(better, multiplier, best), np.where(better, found, value)
            low, high = np.where(slope > 0.0, multiplier, low), np.where(slope > 0.0, high, multiplier)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                moved = multiplier + slope / bend
            between = np.where(np.isinf(high), 4.0 * low, 0.5 * (low + np.minimum(high, 1e300)))
            multiplier = np.where((moved > low) & (moved < high), moved, between)
        return np.asarray(best)

    def _dual(self, multiplier: Array) -> tuple[Array, Array, Array]:
        """The dual function, its derivative by the multiplier, and about how fast that falls."""
        programs = self.programs
        eigenvalues = self.eigenvalues + 2.0 * (multiplier * programs.bend)[:, None]
        gradient = self.gradient - multiplier[:, None] * self.plane
        ball = _ball_multiplier(eigenvalues, gradient, programs.radius)
        shifted = eigenvalues + ball[:, None]
        step = -gradient / shifted
        squared = np.sum(step**2, axis=1)
        value = programs.constant + multiplier * programs.level
        value += 0.5 * np.sum(gradient * step, axis=1) - 0.5 * ball * programs.radius**2
        slope = programs.level - np.sum(self.plane * step, axis=1) + programs.bend * squared
        # Steps that end on the sphere can only turn.
        on_sphere = squared >= programs.radius**2 * (1.0 - 1e-6)
        turned = np.sum(self.plane * step / shifted, axis=1) ** 2 / np.sum(step**2 / shifted + 1e-300, axis=1)
        return value, slope, np.sum(self.plane**2 / shifted, axis=1) - np.where(on_sphere, turned, 0.0)

    def _rows(self, chosen: NDArray[np.bool_]) -> _Search:
        whole = self.programs
        programs = BallPrograms(
            whole.constant[chosen],
            whole.gradient[chosen],
            whole.curvature[chosen],
            whole.radius,
            whole.plane[chosen],
            whole.level[chosen],
            whole.bend[chosen],
        )
        return _Search(programs, self.eigenvalues[chosen], self.gradient[chosen], self.plane[chosen])


def _transposed_product(basis: Array, vectors: Array) -> Array:
    return np.asarray(np.einsum("nab,na->nb", basis, vectors))


def _ball_multiplier(eigenvalues: Array, coordinates: Array, radius: float) -> Array:
    """The multiplier at which each step has length ``radius``, kept strictly inside the feasible range."""
    slope = np.linalg.norm(coordinates, axis=1)
    scale = np.max(np.abs(eigenvalues), axis=1) + slope / radius + 1e-200
    lowest = np.maximum(0.0, -eigenvalues[:, 0]) + 1e-12 * scale
    low, high = lowest, lowest + slope / radius
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        long = np.linalg.norm(coordinates / (eigenvalues + middle[:, None]), axis=1) > radius
        low, high = np.where(long, middle, low), np.where(long, high, middle)
    short = np.linalg.norm(coordinates / (eigenvalues + lowest[:, None]), axis=1) <= radius
    return np.asarray(np.where(short, lowest, high))
