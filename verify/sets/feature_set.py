"""What perturbation sets in feature space share: blocks of coordinates that move on their own, and the embedding."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput
from .block import Block
from .embedding import on_sphere
from .enclosing import enclosing_angles, enclosing_cap
from .protocol import Array, EnclosingCaps, Namespace, Space

# The largest polar angle of an enclosing cap: almost the whole sphere.
_WIDEST = np.pi - 1e-6


class FeatureSet(ABC):
    """A product of `Block` sets around feature rows, put on the sphere by ``u -> (sqrt(1 - b^2) u / |u|, b)``.

    Coordinates that belong to no block keep their values. Centres, points and directions are feature rows, shape
    (..., n, k). Subclasses are frozen dataclasses with a field ``bias``.
    """

    bias: float | None

    @property
    @abstractmethod
    def blocks(self) -> tuple[Block, ...]:
        """The blocks, over different columns."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, a key ``kind`` among them."""

    @property
    def space(self) -> Space:
        """Centres are feature rows."""
        return "features"

    def embed(self, points: Array, *, xp: Namespace = np) -> Array:
        """The points of the sphere, shape (..., d); agrees with `data.embed`."""
        return on_sphere(points, self.bias, xp=xp)

    def project(self, points: Array, centers: Array, *, xp: Namespace = np) -> Array:
        """The nearest point in feature space, exactly: block by block (see `Block` and `project_onto_ball_in_box`)."""
        shape = np.broadcast_shapes(points.shape, centers.shape)
        points, centers = xp.broadcast_to(points, shape), xp.broadcast_to(centers, shape)
        return self._blockwise(lambda block, *parts: block.project(*parts, xp), centers, (points, centers), xp)

    def move(self, points: Array, directions: Array, fraction: Array, *, xp: Namespace = np) -> Array:
        """A sign step in a box, a step along the normalised gradient in a ball, ``fraction`` of its radius long.

        A zero direction stays put.
        """
        steps = self._blockwise(
            lambda block, part: block.steepest(part, xp), xp.zeros_like(directions), (directions,), xp
        )
        return points + xp.asarray(fraction, dtype=points.dtype) * steps

    def sample(
        self,
        centers: Float[Array, "n k"],
        count: int,
        rng: np.random.Generator,
        *,
        part: Literal["cap", "rim"] = "cap",
    ) -> Float[NDArray[np.float64], "count n k"]:
        """Random points of the sets, or (``part="rim"``) of their boundaries, in feature space: see `Block.sample`."""
        centers = np.asarray(centers, np.float64)
        fixed = np.broadcast_to(centers, (count, *centers.shape))
        return np.asarray(
            self._blockwise(
                lambda block, rows: block.sample(rows[0], count, rng, on_boundary=part == "rim"), fixed, (fixed,), np
            )
        )

    def contains(self, points: Array, centers: Array, *, tolerance: float = 1e-12) -> NDArray[np.bool_]:
        """Whether the rows lie in the sets, up to ``tolerance`` times (1 + the centre's largest absolute value)."""
        points, centers = np.broadcast_arrays(points, centers)
        inside = np.ones(points.shape[:-1], bool)
        columns, rest, _ = _layout(self.blocks, points.shape[-1])
        for block, part in zip(self.blocks, columns, strict=True):
            inside &= block.contains(points[..., part], centers[..., part], tolerance)
        allowed = tolerance * (1.0 + np.max(np.abs(centers), axis=-1, keepdims=True))
        return np.asarray(inside & np.all(np.abs(points - centers)[..., rest] <= allowed, axis=-1))

    def enclosing_caps(self, centers: Float[Array, "n k"]) -> tuple[NDArray[np.float64], EnclosingCaps]:
        """The embedded centres, and caps around them that hold the embedded sets, rounding included: see `enclosing`.

        Raises:
            InvalidInput: naming the first row whose set contains 0, or goes round so far that no cap holds it, or
                whose own values are not valid.
        """
        centers = self._checked(centers)
        columns, _, _ = _layout(self.blocks, centers.shape[1])
        angles = enclosing_angles(centers, [(block, part) for block, part in zip(self.blocks, columns, strict=True)])
        self._refuse_rows(centers, angles)
        caps = tuple(enclosing_cap(float(angle), self.bias, centers.shape[1]) for angle in angles)
        return np.asarray(self.embed(centers)), caps

    def _checked(self, centers: Array) -> NDArray[np.float64]:
        rows = np.asarray(centers, np.float64)
        if rows.ndim != 2 or not np.all(np.isfinite(rows)):
            raise InvalidInput(f"centres of shape {rows.shape}: expected finite feature rows, shape (n, k)")
        for block, part in zip(self.blocks, _layout(self.blocks, rows.shape[1])[0], strict=True):
            wrong = block.invalid_rows(rows[:, part])
            if wrong.size:
                raise InvalidInput(
                    f"row {wrong[0]} has a value outside the valid ones of its perturbation set, from {block.low} to "
                    f"{block.high}"
                )
        return rows

    def _refuse_rows(self, centers: NDArray[np.float64], angles: NDArray[np.float64]) -> None:
        nearest = np.linalg.norm(self.project(np.zeros_like(centers), centers), axis=1)
        around_zero = np.flatnonzero(~(nearest > 1e-9 * np.max(np.abs(centers), axis=1)))
        if around_zero.size:
            raise InvalidInput(
                f"the perturbation set of row {around_zero[0]} contains 0, which has no direction: make it smaller"
            )
        wide = np.flatnonzero(~(angles < _WIDEST))
        if wide.size:
            raise InvalidInput(f"the perturbation set of row {wide[0]} lies in no cap: make it smaller")

    def _blockwise(
        self, function: Callable[..., Array], fixed: Array, arrays: tuple[Array, ...], xp: Namespace
    ) -> Array:
        """``function(block, *columns)`` for every block, put together; columns of no block come from ``fixed``."""
        columns, rest, order = _layout(self.blocks, fixed.shape[-1])
        if len(columns) == 1 and not rest.size:
            return function(self.blocks[0], *arrays)
        parts = [
            function(block, *(array[..., part] for array in arrays))
            for block, part in zip(self.blocks, columns, strict=True)
        ]
        return xp.concatenate([*parts, fixed[..., rest]], axis=-1)[..., order]


Columns = NDArray[np.int64]


@lru_cache(maxsize=64)
def _layout(blocks: tuple[Block, ...], count: int) -> tuple[tuple[Columns, ...], Columns, Columns]:
    """The columns of every block, those of none, and the order that puts them back.

    Raises:
        InvalidInput: if a block names a column that the rows have not.
    """
    for block in blocks:
        if (block.columns is None and block.width not in (None, count)) or max(block.columns or (0,)) >= count:
            raise InvalidInput(f"feature rows have {count} columns: expected those of the perturbation set, {block}")
    columns = tuple(np.arange(count) if block.columns is None else np.array(block.columns) for block in blocks)
    rest = np.setdiff1d(np.arange(count), np.concatenate(columns))
    return columns, rest, np.argsort(np.concatenate([*columns, rest]))
