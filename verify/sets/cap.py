"""The spherical cap, the perturbation set of the theory (sections 0 and 4).

Data live on ``S_b = {x : |x| = 1, x_d = b}``, a sphere of radius ``r = sqrt(1 - b^2)`` in the first ``d - 1``
coordinates. `SphericalCap` allows every point of ``S_b`` within chord ``delta`` of the data point, that is,
within the angle ``theta_delta = 2 asin(delta / (2 r))`` on that sub-sphere. Without a bias coordinate the sphere is
the whole of ``S^(d-1)``, of radius 1, and all coordinates move.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput
from .protocol import Array, EnclosingCaps, Namespace, Space


@dataclass(frozen=True)
class SphericalCap:
    """All points of ``S_b`` within chord ``delta`` of the data point (theory sections 0 and 4).

    Args:
        delta: largest chord ``|x' - x|``, with ``0 < delta < 2 sqrt(1 - bias^2)``.
        bias: the last coordinate ``b`` of all data, in [0, 1); None for the whole sphere ``S^(d-1)``, where there is
            no such coordinate and every one may move.

    Raises:
        InvalidInput: ``delta`` or ``bias`` outside its range, or not finite.
    """

    delta: float
    bias: float | None = 0.5

    def __post_init__(self) -> None:
        check_bias(self.bias)
        if not (math.isfinite(self.delta) and 0.0 < self.delta < 2.0 * self.radius):
            raise InvalidInput(
                f"delta is {self.delta!r}: expected a number above 0 and below {2.0 * self.radius:.6g}, the diameter "
                "of the data's sphere"
            )

    @property
    def radius(self) -> float:
        """Radius ``r = sqrt(1 - b^2)`` of the sphere that the data live on; 1 without a bias coordinate."""
        return sphere_radius(self.bias)

    @property
    def height(self) -> float:
        """``b`` in the formulas of the theory: 0 for the whole sphere, which is ``S_0`` less its zero column."""
        return 0.0 if self.bias is None else self.bias

    @property
    def angle(self) -> float:
        """Polar angle ``theta_delta`` of the cap, seen from the centre of the sub-sphere."""
        return 2.0 * math.asin(self.delta / (2.0 * self.radius))

    @property
    def space(self) -> Space:
        """Centres are points of the sphere."""
        return "sphere"

    def embed(self, points: Array, *, xp: Namespace = np) -> Array:
        """The points themselves: they lie on the sphere already."""
        return points

    def enclosing_caps(self, centers: Float[NDArray[np.float64], "n d"]) -> tuple[NDArray[np.float64], EnclosingCaps]:
        """The centres and, for each of them, the cap itself."""
        return centers, (self,) * len(centers)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"kind": "cap", "delta": self.delta, "bias": self.bias}

    def lifted(self) -> SphericalCap:
        """The same cap on a sphere with a bias coordinate: around points with a zero column more if it had none."""
        return SphericalCap(self.delta, 0.0) if self.bias is None else self

    def project(self, points: Array, centers: Array, *, xp: Namespace = np) -> Array:
        """The nearest point of the cap: normalise in the sub-sphere, then clip the polar angle.

        Where the direction is undefined the answer is one of several nearest points: the centre for a point
        on the axis of ``S_b``, some point of the rim for the antipode of the centre.

        Args:
            points: shape (..., n, d), any finite values; a bias coordinate is ignored and set to ``bias``.
            centers: shape (n, d), on ``S_b``.
            xp: ``numpy`` or ``jax.numpy``; the dtype of ``points`` is kept.
        """
        center, moving = self._unit_of(centers, xp), self._moving(points)
        unit = _unit(moving, xp.broadcast_to(center, moving.shape), xp)
        polar = _half_angle(unit, center, xp)
        tangent = _tangent_towards(unit, center, xp)
        rim = math.cos(self.angle) * center + math.sin(self.angle) * tangent
        inside = polar <= self.angle
        return self._embed(xp.where(inside[..., None], unit, rim), xp)

    def move(self, points: Array, directions: Array, fraction: Array, *, xp: Namespace = np) -> Array:
        """Follow great circles over the angle ``fraction * theta_delta``; a zero direction stays put.

        Args:
            points: shape (..., n, d), on ``S_b``.
            directions: same shape; only the part tangential to ``S_b`` counts, and only its direction.
            fraction: scalar, or a column of shape (n, 1).
        """
        unit, slope = self._unit_of(points, xp), self._moving(directions)
        tangent = slope - _dot(slope, unit, xp) * unit
        size = xp.asarray(fraction * self.angle, dtype=unit.dtype)
        # A direction that is radial up to rounding has no tangential part to speak of.
        stays = _norm(tangent, xp) <= 8 * xp.finfo(tangent.dtype).eps * _norm(slope, xp)
        moved = xp.cos(size) * unit + xp.sin(size) * _unit_tangent(tangent, unit, xp)
        return self._embed(xp.where(stays, unit, moved), xp)

    def sample(
        self,
        centers: Float[Array, "n d"],
        count: int,
        rng: np.random.Generator,
        *,
        part: Literal["cap", "rim"] = "cap",
    ) -> Float[NDArray[np.float64], "count n d"]:
        """Uniform points of the caps (``part="cap"``) or of their rims (``part="rim"``)."""
        center = self._unit_of(centers, np)
        shape = (count, *center.shape)
        tangent = _unit_tangent(rng.standard_normal(shape), center, np)
        # A random direction along the centre itself has no tangent: any other will do.
        tangent = np.where(tangent.any(axis=-1, keepdims=True), tangent, _tangent_towards(center, center, np))
        levels = rng.random(shape[:-1]) if part == "cap" else np.ones(shape[:-1])
        polar = _polar_quantiles(levels, self.angle, center.shape[-1])[..., None]
        return np.asarray(self._embed(np.cos(polar) * center + np.sin(polar) * tangent, np))

    def contains(self, points: Array, centers: Array, *, tolerance: float = 1e-12) -> NDArray[np.bool_]:
        """Whether the point is on ``S_b`` and within chord ``delta``, both up to ``tolerance``."""
        points = np.asarray(points)
        off_sphere = np.abs(_norm(self._moving(points), np)[..., 0] - self.radius)
        chord = _norm(points - np.asarray(centers), np)[..., 0]
        inside = np.maximum(off_sphere, self._off_bias(points)) <= tolerance
        return np.asarray(inside & (chord <= self.delta + tolerance))

    def check_on_sphere(self, X: Float[NDArray[np.float64], "n d"], *, tolerance: float = 1e-12) -> None:
        """Raise InvalidInput, naming the row, unless all rows of ``X`` lie on ``S_b`` and two coordinates move."""
        least = 2 if self.bias is None else 3
        if X.ndim != 2 or X.shape[1] < least:
            raise InvalidInput(f"X has shape {X.shape}: expected (n, d) with d at least {least}, any bias included")
        excess = np.maximum(np.abs(_norm(X, np)[:, 0] - 1.0), self._off_bias(X))
        wrong = np.flatnonzero(~(excess <= tolerance))
        if wrong.size:
            bias = "" if self.bias is None else f" with last coordinate {self.bias!r}"
            off = f"row {wrong[0]} is off the sphere |x| = 1{bias} by {excess[wrong[0]]:.3g}"
            raise InvalidInput(f"{off}: expected embedded points")

    def check_separation(self, X: Float[NDArray[np.float64], "n d"], y: Float[NDArray[np.float64], " n"]) -> float:
        """The smallest angle between points of opposite labels, once it is known to exceed ``2 theta_delta``.

        Caps of opposite labels that meet break the hypothesis of theory P3: no function is robust on both.

        Returns:
            the separation in radians on the sub-sphere; infinite when only one label occurs.

        Raises:
            InvalidInput: rows off ``S_b``, labels other than +1 and -1, or two caps that overlap or touch:
                the message names the two rows (counted from 0) that are nearest to each other.
        """
        self.check_on_sphere(X)
        check_labels(X, y)
        angle, first, second = nearest_opposite(self._unit_of(X, np), y)
        # A hair more than touching counts as touching, so that rounding never lets overlapping caps pass.
        if not angle > 2.0 * self.angle * (1.0 + 1e-12):
            raise InvalidInput(
                f"rows {first} and {second} have opposite labels and are {angle:.6g} rad apart, so their "
                f"caps of angle {self.angle:.6g} (delta {self.delta!r}) overlap or touch: reduce delta below "
                f"{2.0 * self.radius * math.sin(angle / 4.0):.6g}"
            )
        return angle

    def _moving(self, points: Array) -> Array:
        """The coordinates that move: all but a bias coordinate."""
        return points if self.bias is None else points[..., :-1]

    def _unit_of(self, points: Array, xp: Namespace) -> Array:
        """The directions of points within their sphere."""
        moving = self._moving(points)
        return _unit(moving, moving, xp)

    def _off_bias(self, points: NDArray[np.float64]) -> Array:
        return np.zeros(points.shape[:-1]) if self.bias is None else np.abs(points[..., -1] - self.bias)

    def _embed(self, unit: Array, xp: Namespace) -> Array:
        """Put unit vectors of the moving coordinates on ``S_b``."""
        if self.bias is None:
            return unit
        last = xp.full_like(unit[..., :1], self.bias)
        return xp.concatenate([self.radius * unit, last], axis=-1)


def check_bias(bias: float | None) -> None:
    """Raise InvalidInput unless the bias is None or a number in [0, 1)."""
    if bias is not None and not (math.isfinite(bias) and 0.0 <= bias < 1.0):
        raise InvalidInput(f"bias is {bias!r}: expected a number in [0, 1), or None")


def sphere_radius(bias: float | None) -> float:
    """``sqrt(1 - b^2)``; 1 without a bias coordinate."""
    return 1.0 if bias is None else math.sqrt((1.0 - bias) * (1.0 + bias))


def check_labels(X: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Raise InvalidInput unless there is a label +1 or -1 for every row."""
    if y.shape != (len(X),):
        raise InvalidInput(f"y has shape {y.shape}: expected ({len(X)},), one label for each row")
    if not np.all(np.abs(y) == 1.0):
        raise InvalidInput(f"a label is {y[np.abs(y) != 1.0][0]}: expected +1 and -1")


def with_zero_column(rows: Float[NDArray[np.float64], "n d"]) -> Float[NDArray[np.float64], "n d_plus_one"]:
    """Rows with one more coordinate, which is 0: what `SphericalCap.lifted` is a cap of."""
    return np.hstack([rows, np.zeros((len(rows), 1))])


def _norm(vectors: Array, xp: Namespace) -> Array:
    return xp.sqrt(xp.sum(vectors * vectors, axis=-1, keepdims=True))


def _dot(left: Array, right: Array, xp: Namespace) -> Array:
    return xp.sum(left * right, axis=-1, keepdims=True)


def _unit(vectors: Array, fallback: Array, xp: Namespace) -> Array:
    """Vectors scaled to length 1, never NaN; zero vectors become ``fallback``."""
    largest = xp.max(xp.abs(vectors), axis=-1, keepdims=True)
    # Dividing by the largest entry first keeps tiny gradients (1e-19 in float32) from underflowing.
    scaled = vectors / xp.where(largest > 0, largest, 1)
    length = _norm(scaled, xp)
    return xp.where(length > 0, scaled / xp.where(length > 0, length, 1), fallback)


def _half_angle(left: Array, right: Array, xp: Namespace) -> Array:
    """Angle between unit vectors, accurate at both ends, where ``arccos`` loses half the digits."""
    return 2.0 * xp.arctan2(_norm(left - right, xp)[..., 0], _norm(left + right, xp)[..., 0])


def _tangent_towards(unit: Array, center: Array, xp: Namespace) -> Array:
    """Unit tangent at ``center`` that points to ``unit``; any tangent where the two are equal or opposite."""
    difference = unit - center
    towards = difference - _dot(difference, center, xp) * center
    smallest = xp.argmin(xp.abs(center), axis=-1)[..., None]
    axis = xp.asarray(xp.arange(center.shape[-1]) == smallest, dtype=center.dtype)
    defined = _norm(towards, xp) > 8 * xp.finfo(towards.dtype).eps * _norm(difference, xp)
    return _unit_tangent(xp.where(defined, towards, axis), center, xp)


def _unit_tangent(vectors: Array, center: Array, xp: Namespace) -> Array:
    """The unit vectors along the parts orthogonal to ``center``; 0 for parallel ones."""
    tangent = _unit(vectors - _dot(vectors, center, xp) * center, xp.zeros_like(vectors), xp)
    # Nearly parallel vectors leave a remainder that is orthogonal only after a second pass.
    return _unit(tangent - _dot(tangent, center, xp) * center, xp.zeros_like(tangent), xp)


def _polar_quantiles(levels: Array, angle: float, dimension: int) -> NDArray[np.float64]:
    """Quantiles of the polar angle of a uniform point on a cap of the unit sphere with ``dimension`` axes.

    The density is proportional to ``sin(t)^(k - 2)``, ``k = dimension``, on [0, angle]. In the variable ``v``
    with ``t = angle v^(1 / (k - 1))`` it is ``(sin(t) / t)^(k - 2)``, in logarithms so that no k underflows.
    """
    knots = np.linspace(0.0, 1.0, 8193)
    polar = angle * knots ** (1.0 / (dimension - 1))
    logs = (dimension - 2) * np.log(np.sinc(polar / np.pi))
    density = np.exp(logs - logs.max())
    masses = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2.0)])
    return np.asarray(angle * np.interp(levels, masses / masses[-1], knots) ** (1.0 / (dimension - 1)))


def nearest_opposite(unit: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, int, int]:
    """Smallest angle between unit rows of opposite labels, and the two rows; infinite without a pair."""
    negatives = np.flatnonzero(y < 0)
    best = (math.inf, -1, -1)
    if negatives.size:
        for row in np.flatnonzero(y > 0):
            angles = _half_angle(unit[row], unit[negatives], np)
            nearest = int(np.argmin(angles))
            best = min(best, (float(angles[nearest]), int(row), int(negatives[nearest])))
    return best[0], min(best[1:]), max(best[1:])
