"""Feature coordinates that move together: within a ball or a box around their values, and within valid values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...bounds import InvalidInput
from .ball_in_box import project_onto_ball_in_box
from .protocol import Array, Namespace

Norm = Literal["l2", "linf"]
Numbers = float | tuple[float, ...]


@dataclass(frozen=True)
class Block:
    """All values within ``radius`` of the given ones, in the l2 or the l-infinity norm, and in ``[low, high]``.

    Args:
        radius: positive; for l-infinity also one for every column (0 keeps a column as it is) and infinite where
            ``low`` and ``high`` are finite.
        norm: "l2" or "linf".
        low, high: the valid values, numbers or one for every column; no limits by default. The given values must be
            valid themselves.
        columns: which columns of the feature rows these are; None for all of them.

    Raises:
        InvalidInput: naming the argument that is out of range.
    """

    radius: Numbers
    norm: Norm = "linf"
    low: Numbers = -math.inf
    high: Numbers = math.inf
    columns: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("radius", "low", "high"):
            object.__setattr__(self, name, _as_numbers(name, getattr(self, name)))
        if self.columns is not None:
            object.__setattr__(self, "columns", tuple(int(column) for column in self.columns))
            if not self.columns or len(set(self.columns)) < len(self.columns) or min(self.columns) < 0:
                raise InvalidInput(f"columns {self.columns}: expected different column numbers, counted from 0")
        if self.norm not in ("l2", "linf"):
            raise InvalidInput(f"norm {self.norm!r}: expected 'l2' or 'linf'")
        sizes = {len(each) for each in (self.radius, self.low, self.high) if isinstance(each, tuple)}
        if self.columns is not None:
            sizes.add(len(self.columns))
        if len(sizes) > 1:
            raise InvalidInput(
                f"radius, low, high and columns name {sorted(sizes)} columns: expected one number of them"
            )
        if not np.all(np.less(self.low, self.high)):
            raise InvalidInput(f"valid values from {self.low} to {self.high}: expected low below high")
        self._check_radius()

    def _check_radius(self) -> None:
        radius = np.asarray(self.radius)
        if self.norm == "l2":
            if isinstance(self.radius, tuple) or not (math.isfinite(self.radius) and self.radius > 0.0):
                raise InvalidInput(f"radius {self.radius}: expected one positive finite number for the l2 norm")
            return
        unlimited = np.isinf(radius) & ~np.isfinite(np.subtract(self.high, self.low))
        if not (np.all(radius >= 0.0) and np.any(radius > 0.0)) or np.any(unlimited):
            raise InvalidInput(
                f"radius {self.radius}: expected no negative number, a positive one, finite where there are no limits"
            )

    @property
    def ball(self) -> float | None:
        """The radius of an l2 block; None for a box."""
        return self.radius if self.norm == "l2" and isinstance(self.radius, float) else None

    @property
    def width(self) -> int | None:
        """How many columns there must be, where that is known."""
        sizes = (each for each in (self.columns, self.radius, self.low, self.high) if isinstance(each, tuple))
        return next((len(each) for each in sizes), None)

    def limits(self, centers: Array, xp: Namespace = np) -> tuple[Array, Array]:
        """The smallest and the largest value of every coordinate, shape of ``centers``."""
        radius, low, high = (xp.asarray(each, dtype=centers.dtype) for each in (self.radius, self.low, self.high))
        below, above = xp.maximum(centers - radius, low), xp.minimum(centers + radius, high)
        # In float32 a valid centre may be rounded to an invalid value: it still belongs to its set.
        return xp.minimum(below, centers), xp.maximum(above, centers)

    def project(self, points: Array, centers: Array, xp: Namespace) -> Array:
        """The nearest point of the block to each row."""
        below, above = self.limits(centers, xp)
        clipped = xp.clip(points, below, above)
        if self.ball is None:
            return clipped
        moves, inside = project_onto_ball_in_box(points - centers, below - centers, above - centers, self.ball, xp=xp)
        return xp.where(inside[..., None], clipped, xp.clip(centers + moves, below, above))

    def steepest(self, directions: Array, xp: Namespace) -> Array:
        """The step of full extent that gains most along a direction, and no step along a zero one."""
        if self.ball is not None:
            largest = xp.max(xp.abs(directions), axis=-1, keepdims=True)
            scaled = directions / xp.where(largest > 0, largest, 1)
            length = xp.sqrt(xp.sum(scaled**2, axis=-1, keepdims=True))
            return self.ball * scaled / xp.where(length > 0, length, 1)
        extent = np.minimum(self.radius, np.subtract(self.high, self.low))
        return xp.asarray(extent, dtype=directions.dtype) * xp.sign(directions)

    def sample(self, centers: Array, count: int, rng: np.random.Generator, *, on_boundary: bool) -> NDArray[np.float64]:
        """Random points of the block, or of its boundary, shape (count, *centers.shape).

        A box is sampled uniformly, its boundary by points with one coordinate at a limit and by corners in turn. A
        ball is sampled uniformly and then cut by the box, which moves points towards the centre; its boundary likewise.
        """
        shape = (count, *centers.shape)
        below, above = self.limits(centers)
        if self.ball is None:
            return _sample_box(np.broadcast_to(below, shape), np.broadcast_to(above, shape), rng, on_boundary)
        directions = rng.standard_normal(shape)
        directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
        if on_boundary:
            far = centers + 1e3 * self.ball * math.sqrt(shape[-1]) * directions
            return np.asarray(self.project(far, np.broadcast_to(centers, shape), np))
        lengths = self.ball * rng.random((*shape[:-1], 1)) ** (1.0 / shape[-1])
        return np.asarray(np.clip(centers + lengths * directions, below, above))

    def contains(self, points: Array, centers: Array, tolerance: float) -> NDArray[np.bool_]:
        """Whether the rows lie in the block, up to ``tolerance`` (1 + the centre's largest absolute value)."""
        allowed = tolerance * (1.0 + np.max(np.abs(centers), axis=-1, keepdims=True))
        below, above = self.limits(centers)
        within = np.all((points >= below - allowed) & (points <= above + allowed), axis=-1)
        if self.ball is None:
            return np.asarray(within)
        return np.asarray(within & (np.linalg.norm(points - centers, axis=-1) <= self.ball + allowed[..., 0]))

    def invalid_rows(self, centers: Array) -> NDArray[np.int64]:
        """Rows with values that are not valid."""
        return np.flatnonzero(~np.all((centers >= np.asarray(self.low)) & (centers <= np.asarray(self.high)), axis=-1))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; infinities, which JSON has not, become None."""
        return {
            "norm": self.norm,
            "radius": _finite(self.radius),
            "range": [_finite(self.low), _finite(self.high)],
            "columns": None if self.columns is None else list(self.columns),
        }


def _as_numbers(name: str, given: Numbers | Sequence[float]) -> Numbers:
    """A float, or a tuple of floats: hashable."""
    try:
        values = np.asarray(given, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} is {given!r}: expected a number, or one for every column") from error
    if values.ndim > 1 or values.size == 0 or np.isnan(values).any():
        raise InvalidInput(f"{name} is {given!r}: expected a number, or one for every column")
    return float(values) if values.ndim == 0 else tuple(values.tolist())


def _finite(numbers: Numbers) -> Any:
    if isinstance(numbers, tuple):
        return [_finite(each) for each in numbers]
    return numbers if math.isfinite(numbers) else None


def _sample_box(below: Array, above: Array, rng: np.random.Generator, on_boundary: bool) -> NDArray[np.float64]:
    points = np.asarray(rng.uniform(below, above))
    if not on_boundary:
        return points
    # A coordinate that cannot move is always at its limit: the one put there must be able to leave it.
    chosen = np.argmax(rng.random(below.shape) * (above > below), axis=-1)[..., None]
    at_limit = np.arange(below.shape[-1]) == chosen
    at_limit[1::2] = True
    return np.asarray(np.where(at_limit, np.where(rng.random(below.shape) < 0.5, below, above), points))
