"""How far the directions of a set in feature space turn away from that of its centre: a sound upper bound.

With the centre ``u = U n``, ``|n| = 1``, a point ``u + v`` turns by the angle whose squared tangent is
``(|v|^2 - t^2) / (U + t)^2``, ``t = n.v``. The largest ``|v|^2`` for a given t is bounded by Lagrange duality: for any
number lambda it is at most ``lambda t + g(lambda)`` with ``g`` the largest value of ``|v|^2 - lambda n.v`` on the set,
which falls apart into the blocks. For a box it is attained at a corner, coordinate by coordinate; for a ball of radius
r at ``v = -+ r n / |n|``, with value ``r^2 + |lambda| r |n|``. What is left is one variable t in a known range, in
closed form, and the best lambda, found by search. *Any* lambda gives a bound that holds: the search need not be exact.

For the ball alone lambda = 0 is best and gives ``sin(angle) = r / U``, which is exact. For a box of K coordinates the
bound of ``|v|^2`` exceeds the truth by at most the square of one coordinate's half width, one part in about K. Boxes of
few coordinates are settled exactly, by their corners: points of bounded angle form a convex cone, so that no point of
the box turns more than its corners do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from .block import Block
from .cap import SphericalCap, sphere_radius

Array = NDArray[np.float64]
Parts = list[tuple[Block, NDArray[np.int64]]]
_EPSILON = float(np.finfo(np.float64).eps)
_SEARCH = 32  # golden-section steps: each shrinks the range of lambda to 0.62 of it, all to 2e-7
_CORNERS = 10  # boxes of so many moving coordinates are settled by enumeration
_ROWS = 2**21  # entries of the arrays that one batch of rows may hold


def enclosing_cap(angle: float, bias: float | None, columns: int) -> SphericalCap:
    """The cap of that polar angle, below pi, rounded outward; the embedded points themselves are rounded too.

    A row of k entries is normalised with a relative error of at most ``(k + 8)`` unit roundoffs, at the centre and at
    the point.
    """
    chord = 2.0 * sphere_radius(bias) * math.sin(angle / 2.0)
    return SphericalCap(chord * (1.0 + 16.0 * _EPSILON) + 2.0 * (columns + 16) * _EPSILON, bias)


def enclosing_angles(centers: Float[Array, "n k"], parts: Parts) -> Float[Array, " n"]:
    """Upper bounds of the angle between ``centers[i]`` and any point of its set; NaN where none below pi is known.

    Args:
        centers: feature rows, valid for their blocks.
        parts: the blocks with their columns.
    """
    batch = max(1, _ROWS // max(centers.shape[1], 1))
    found = [_angles(centers[start : start + batch], parts) for start in range(0, len(centers), batch)]
    return np.concatenate(found) if found else np.zeros(0)


def _angles(centers: Array, parts: Parts) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        turns = _Turns.of(centers, parts)
        squared = turns.best_squared_tangent()
        if not turns.balls and turns.lower.shape[1] <= _CORNERS:
            squared = np.fmin(squared, turns.corner_squared_tangent())
        acute = np.arctan(np.sqrt(np.maximum(squared, 0.0)))
        angles = np.where(turns.least_length > 0.0, acute, turns.obtuse_angle(centers, parts))
    return np.asarray(angles * (1.0 + 8.0 * _EPSILON))


@dataclass(frozen=True)
class _Turns:
    """Offsets of the moving coordinates from the centre, shape (n, K), and what the bounds are made of, shape (n,).

    ``balls`` holds, for every l2 block, its radius, its columns among the moving ones and ``|n|`` on them.
    """

    length: Array
    direction: Array
    lower: Array
    upper: Array
    balls: list[tuple[float, slice, Array]]
    boxes: list[slice]
    least: Array
    largest: Array
    relative: float

    @classmethod
    def of(cls, centers: Array, parts: Parts) -> _Turns:
        length = np.linalg.norm(centers, axis=1)
        unit = centers / length[:, None]
        columns = np.concatenate([part for _, part in parts])
        lower, upper = (np.empty((len(centers), len(columns))) for _ in range(2))
        balls, boxes, start = [], [], 0
        for block, part in parts:
            place = slice(start, start + len(part))
            start += len(part)
            below, above = block.limits(centers[:, part])
            radius = math.inf if block.ball is None else block.ball
            lower[:, place] = np.maximum(below - centers[:, part], -radius)
            upper[:, place] = np.minimum(above - centers[:, part], radius)
            if block.ball is None:
                boxes.append(place)
            else:
                balls.append((block.ball, place, np.linalg.norm(unit[:, part], axis=1)))
        direction = unit[:, columns]
        relative = 8.0 * (centers.shape[1] + 16) * _EPSILON
        # The offsets are differences of rounded numbers: a few roundings of the centre's entries.
        slack = 4.0 * _EPSILON * np.abs(centers[:, columns])
        lower, upper = lower - slack, upper + slack
        least, largest = _range(direction, lower, upper, balls, boxes, relative)
        return cls(length, direction, lower, upper, balls, boxes, least, largest, relative)

    @property
    def least_length(self) -> Array:
        """The least ``U + t``, rounded down: the points of the set lie in front of the origin where it is positive."""
        return self.length + self.least - self.relative * (self.length + np.abs(self.least))

    def best_squared_tangent(self) -> Array:
        """The least bound that a search over lambda finds: golden section in each row, lambda = 0 included."""
        best = self.squared_tangent(np.zeros(len(self.length)))
        reach = np.maximum(np.abs(self.least), np.abs(self.largest))
        width = 2.0 * best * (self.length + reach) + 2.0 * reach
        # The bound is convex in lambda, apart from the choice of a block's bound, and the best lambda is no larger.
        low, high = -np.minimum(width, self.length), width
        ratio = (math.sqrt(5.0) - 1.0) / 2.0
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        at_left, at_right = self.squared_tangent(left), self.squared_tangent(right)
        for _ in range(_SEARCH):
            best = np.fmin(best, np.fmin(at_left, at_right))
            keep_left = at_left <= at_right
            low, high = np.where(keep_left, low, left), np.where(keep_left, right, high)
            fresh = np.where(keep_left, high - ratio * (high - low), low + ratio * (high - low))
            value = self.squared_tangent(fresh)
            left, right = np.where(keep_left, fresh, right), np.where(keep_left, left, fresh)
            at_left, at_right = np.where(keep_left, value, at_right), np.where(keep_left, at_left, value)
        return np.asarray(best)

    def squared_tangent(self, multiplier: Array) -> Array:
        """The bound of the squared tangent from these lambdas, one for each row, rounding included.

        ``(g + lambda t - t^2) / (U + t)^2`` is largest at an end of the range of t or where its derivative is 0.
        """
        value, size = self._lagrangian(multiplier)
        length, slope = self.length, multiplier
        stationary = (slope * length - 2.0 * value) / (slope + 2.0 * length)
        best = np.full(len(length), -np.inf)
        for t in (self.least, self.largest, np.clip(stationary, self.least, self.largest)):
            rounding = self.relative * (size + np.abs(slope * t) + t**2)
            away = length + t - self.relative * (length + np.abs(t))
            best = np.fmax(best, (value + slope * t - t**2 + rounding) / np.where(away > 0.0, away, 0.0) ** 2)
        return best * (1.0 + self.relative)

    def _lagrangian(self, multiplier: Array) -> tuple[Array, Array]:
        """``g(lambda)``, and the size of the terms that it was summed from."""
        slopes = multiplier[:, None] * self.direction
        corner = np.maximum(self.lower * (self.lower - slopes), self.upper * (self.upper - slopes))
        extent = np.maximum(np.abs(self.lower), np.abs(self.upper))
        sizes = extent * (extent + np.abs(slopes))
        value, size = np.zeros(len(multiplier)), np.zeros(len(multiplier))
        for place in self.boxes:
            value += np.sum(corner[:, place], axis=1)
            size += np.sum(sizes[:, place], axis=1)
        for radius, place, norm in self.balls:
            ball = radius**2 + np.abs(multiplier) * radius * norm
            value += np.minimum(ball, np.sum(corner[:, place], axis=1))
            size += np.minimum(ball, np.sum(sizes[:, place], axis=1))
        return value, size

    def corner_squared_tangent(self) -> Array:
        """The largest squared tangent at a corner of a box: exact but for rounding, which is charged."""
        best = np.full(len(self.length), -np.inf)
        for sides in product((False, True), repeat=self.lower.shape[1]):
            offsets = np.where(sides, self.upper, self.lower)
            t, size = np.sum(self.direction * offsets, axis=1), np.sum(offsets**2, axis=1)
            away = self.length + t - self.relative * (self.length + np.abs(t))
            best = np.maximum(best, (size - t**2 + self.relative * (size + t**2)) / away**2)
        return best * (1.0 + self.relative)

    def obtuse_angle(self, centers: Array, parts: Parts) -> Array:
        """For sets that reach behind the origin: ``cos(angle) >= (U + least t) / (least |u + v|)``; NaN if below -1."""
        squares = np.sum(centers**2, axis=1)
        for block, part in parts:
            inside = block.project(np.zeros_like(centers[:, part]), centers[:, part], np)
            squares += np.sum(inside**2, axis=1) - np.sum(centers[:, part] ** 2, axis=1)
        nearest = np.sqrt(np.maximum(squares - self.relative * np.sum(centers**2, axis=1), 0.0))
        cosine = self.least_length / nearest - self.relative
        return np.where((nearest > 0.0) & (cosine > -1.0), np.arccos(np.clip(cosine, -1.0, 1.0)), np.nan)


def _range(
    direction: Array,
    lower: Array,
    upper: Array,
    balls: list[tuple[float, slice, Array]],
    boxes: list[slice],
    relative: float,
) -> tuple[Array, Array]:
    """Bounds of ``t = n.v`` on the set, widened by the rounding of the sums."""
    ends = direction * lower, direction * upper
    least, largest = np.minimum(*ends), np.maximum(*ends)
    bottom, top, size = (np.zeros(len(direction)) for _ in range(3))
    for place in boxes:
        bottom += np.sum(least[:, place], axis=1)
        top += np.sum(largest[:, place], axis=1)
        size += np.sum(np.maximum(-least[:, place], largest[:, place]), axis=1)
    for radius, place, norm in balls:
        bottom += np.maximum(np.sum(least[:, place], axis=1), -radius * norm)
        top += np.minimum(np.sum(largest[:, place], axis=1), radius * norm)
        size += radius * norm
    return bottom - relative * size, top + relative * size
