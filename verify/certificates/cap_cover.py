"""Covers of a spherical cap by dyadic cells, for branch and bound in small dimension.

Let n be the unit direction of the cap's centre and theta its angle. The exponential map
``exp(y) = cos|y| n + sin|y| y / |y|`` takes the ball ``|y| <= theta`` of the tangent space at n, of dimension p, onto
the cap, so it takes the cube ``[-theta, theta]^p`` onto a set that holds the cap. The cube is cut in dyadic cells: at
level g the cell with integer index j, ``0 <= j < 2^g`` in every coordinate, is

    theta (2^(1 - g) [j, j + 1] - 1),

and its children are the ``2^p`` cells with indices ``2 j + {0, 1}^p`` at level g + 1, whose union it is. Indices are
integers: no rounding opens a gap between cells.

*Cells are small caps.* ``d exp`` keeps radial lengths and multiplies the others by ``|sin t| / t <= 1``, so exp does
not expand distances: a cell of half side s lies within the angle ``s sqrt(p)`` of the image of its centre.

*What is left out.* ``|y|`` is the angle from n for ``|y| <= pi``, and every point of the cap is ``exp(y)`` for some
``|y| <= theta``; a cell without such a y is not needed. Both tests below err on the safe side by ``64 eps``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

_EPSILON = float(np.finfo(np.float64).eps)
_SLACK = 64.0 * _EPSILON
Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class CapCover:
    """The cells of one cap.

    Args:
        direction: unit vector n of the centre in the coordinates that may move, shape (p + 1,).
        angle: theta, in (0, pi].
    """

    direction: Array
    angle: float

    @property
    def dimension(self) -> int:
        """The dimension p of the sphere that the cap lies on."""
        return len(self.direction) - 1

    @property
    def deepest_level(self) -> int:
        """The last level at which the index of a cell fits in one integer key."""
        return 62 // self.dimension

    @property
    def root(self) -> Index:
        """The index of the one cell of level 0."""
        return np.zeros((1, self.dimension), np.int64)

    def children(self, cells: Int[Index, "count p"]) -> Int[Index, "more p"]:
        """The cells of the next level that together are these cells."""
        corners = np.array(list(itertools.product((0, 1), repeat=self.dimension)), np.int64)
        return (2 * cells[:, None, :] + corners).reshape(-1, self.dimension)

    def half_side(self, level: int) -> float:
        """Half the side of a cell, exactly ``theta 2^-level``."""
        return math.ldexp(self.angle, -level)

    def reach(self, level: int) -> float:
        """The angle of a cap around the computed centre of a cell that holds the cell."""
        return self.half_side(level) * math.sqrt(self.dimension) * (1.0 + 4.0 * _EPSILON) + _SLACK

    def centers(self, level: int, cells: Int[Index, "count p"]) -> Float[Array, "count k"]:
        """Unit vectors: the images of the centres of the cells."""
        return self._exponential(self._places(level, cells))

    def meets(self, level: int, cells: Int[Index, "count p"]) -> NDArray[np.bool_]:
        """Whether a cell may hold a point of the cap; False is certain."""
        nearest = np.maximum(np.abs(self._places(level, cells)) - self.half_side(level), 0.0)
        return np.asarray(np.linalg.norm(nearest, axis=1) <= self.angle + _SLACK)

    def inside(self, level: int, cells: Int[Index, "count p"]) -> NDArray[np.bool_]:
        """Whether the whole cell belongs to the cap."""
        farthest = np.abs(self._places(level, cells)) + self.half_side(level)
        return np.asarray(np.linalg.norm(farthest, axis=1) <= self.angle - _SLACK)

    def locate(self, level: int, points: Float[Array, "count k"]) -> Int[Index, "count p"]:
        """The cells of a level that hold the given unit vectors (not a proof: rounding may choose a neighbour)."""
        place = self._logarithm(points)
        cells = np.floor((place / self.angle + 1.0) * 2.0 ** (level - 1)).astype(np.int64)
        return np.clip(cells, 0, 2**level - 1)

    @property
    def _frame(self) -> Array:
        """An orthonormal basis of the tangent space at n, shape (p, k): n completed by a reflection."""
        k = len(self.direction)
        pivot = int(np.argmax(np.abs(self.direction)))
        sign = 1.0 if self.direction[pivot] >= 0.0 else -1.0
        mirror = self.direction + sign * np.eye(k)[pivot]
        reflection = np.eye(k) - 2.0 * np.outer(mirror, mirror) / (mirror @ mirror)
        return np.delete(reflection, pivot, axis=0)

    def _places(self, level: int, cells: Index) -> Array:
        """Centres of cells in the tangent space, shape (count, p)."""
        return np.asarray(self.angle * ((2 * cells + 1) * 2.0**-level - 1.0))

    def _exponential(self, places: Array) -> Array:
        length = np.linalg.norm(places, axis=1, keepdims=True)
        points = np.cos(length) * self.direction + np.sinc(length / np.pi) * (places @ self._frame)
        return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))

    def _logarithm(self, points: Array) -> Array:
        tangential = points @ self._frame.T
        length = np.linalg.norm(tangential, axis=1, keepdims=True)
        angle = np.arctan2(length, (points @ self.direction)[:, None])
        return np.asarray(np.where(length > 0.0, angle / np.where(length > 0.0, length, 1.0), 1.0) * tangential)


@dataclass(frozen=True)
class Partition:
    """Cells by level that should make up the whole cube, as ``{level: indices of shape (count, p)}``."""

    cover: CapCover
    cells: Mapping[int, Index]

    @property
    def size(self) -> int:
        """How many cells there are."""
        return sum(len(cells) for cells in self.cells.values())

    @property
    def is_complete(self) -> bool:
        """Whether the cells are the whole cube, proved in integers.

        Distinct dyadic cells are nested or have disjoint interiors. If none is in another, their volumes add up to
        that of their union; a closed union of full volume is the cube.
        """
        return self._is_disjoint() and self._share() == 1

    def holds(self, points: Float[Array, "count k"]) -> NDArray[np.bool_]:
        """Whether the cell of each point (unit vectors) is among the cells, at some level."""
        found = np.zeros(len(points), bool)
        for level, cells in self.cells.items():
            found |= np.isin(_keys(level, self.cover.locate(level, points)), _keys(level, cells))
        return found

    def _share(self) -> Fraction:
        volume = Fraction(0)
        for level, cells in self.cells.items():
            volume += Fraction(len(cells), 2 ** (level * self.cover.dimension))
        return volume

    def _is_disjoint(self) -> bool:
        """All indices in range, no cell twice, and none inside another one."""
        known: dict[int, Index] = {}
        for level in sorted(self.cells):
            cells = self.cells[level]
            if not np.all((cells >= 0) & (cells < 2**level)):
                return False
            keys = _keys(level, cells)
            if len(np.unique(keys)) < len(keys):
                return False
            if any(np.isin(_keys(low, cells >> (level - low)), above).any() for low, above in known.items()):
                return False
            known[level] = keys
        return True


def _keys(level: int, cells: Index) -> NDArray[np.int64]:
    """One integer for each cell of a level, shape (count,)."""
    places = level * np.arange(cells.shape[1], dtype=np.int64)
    return np.asarray(np.sum(cells << places, axis=1))
