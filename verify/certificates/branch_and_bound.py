"""The minimum of ``s f`` over a spherical cap, exactly: branch and bound in small dimension.

Cells that cover the cap (`cap_cover`) are bounded from below by quadratics (`ridge_sums`, `small_trust_regions`). A
cell whose bound reaches the best value found so far, less the tolerance, is settled; the others are split. The least
bound of all settled cells is a lower bound of the minimum, since they cover the cap; the best value is an upper one.
"Exact" means that the two meet within the tolerance: otherwise the result says how far apart they are.

*Cells across the rim* hold points outside the cap, where f may be lower. The constraint ``<x', n_0> >= r cos(theta)``
enters their bounds with a Lagrange multiplier.

*Cost.* The bounds are exact up to ``O(rho) |t|^2`` on cells of radius rho: around a minimiser with positive definite
second derivative their number does not grow as cells shrink, so that six digits cost little more than three. It is
dimension that costs: the sphere of the cap may have dimension 1 to 4.

>>> from robustntk.bounds import get_activation
>>> from robustntk.kernels import SymmetricInitialisation
>>> from robustntk.verify import SphericalCap, TwoLayerNetwork, embed
>>> weights = SymmetricInitialisation(20, 4, seed=1).weights + 0.3
>>> network = TwoLayerNetwork(weights, SymmetricInitialisation(20, 4).signs, get_activation("tanh"))
>>> found = branch_and_bound(network, embed([[1.0, 2.0, 2.0]])[0], 1.0, SphericalCap(0.2))
>>> found.closed, found.upper - found.lower <= 1e-6
(True, True)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput, Outcome, Verdict
from ..predictors import KernelPredictor, TwoLayerNetwork
from ..sets.cap import SphericalCap
from .cap_cover import CapCover, Index, Partition
from .evaluation_error import evaluation_error
from .ridge_sums import RidgeSum, TangentQuadratics
from .small_trust_regions import BallPrograms
from .tiles import in_parallel

_EPSILON = float(np.finfo(np.float64).eps)
_ENTRIES_AT_ONCE = 2**18
# Beyond this angle a tangential quadratic says next to nothing of a cell: it is split unseen.
_WIDEST_CELL = 0.7
_HIGHEST_DIMENSION = 4
_POLISHED = 16
Array = NDArray[np.float64]


@dataclass(frozen=True)
class ExactMinimum:
    """``lower <= min s f(x') <= upper`` over one cap, both in real arithmetic.

    ``upper`` is the value at ``minimiser``, shape (d,), rounded up; ``pieces`` is the number of cells that were bounded
    and ``partition`` the settled ones, which cover the cap.
    """

    lower: float
    upper: float
    minimiser: Array
    pieces: int
    tolerance: float
    outcome: Outcome
    partition: Partition = field(repr=False)

    @property
    def gap(self) -> float:
        """``upper - lower``, rounded up."""
        return math.nextafter(self.upper - self.lower, math.inf)

    @property
    def closed(self) -> bool:
        """Whether the gap is proved to be at most the tolerance."""
        return self.outcome.verdict is Verdict.PROVED

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, without the cells."""
        return {
            "lower": self.lower,
            "upper": self.upper,
            "gap": self.gap,
            "closed": self.closed,
            "minimiser": self.minimiser.tolist(),
            "pieces": self.pieces,
            "tolerance": self.tolerance,
            **self.outcome.to_json(),
        }


def branch_and_bound(
    function: KernelPredictor | TwoLayerNetwork,
    point: Float[Array, " d"],
    sign: float,
    cap: SphericalCap,
    *,
    tolerance: float = 1e-6,
    max_pieces: int = 500_000,
) -> ExactMinimum:
    """The minimum of ``sign * f`` over the cap around a point, with a proof.

    Args:
        function: a kernel function, or a network of any width with a Lipschitz sigma'.
        point: centre of the cap, shape (d,), float64, on the sphere that the cap lies on.
        sign: +1, or -1 for the maximum of f.
        cap: the perturbation set, of any angle. The sphere it lies on must have dimension 1 to 4: d is 3 to 6, or one
            less without a bias coordinate.
        tolerance: the gap at which to stop, positive.
        max_pieces: how many cells to bound at most before giving up.

    Raises:
        InvalidInput: a dimension, sign, tolerance or budget outside its range, a point off the sphere, or an activation
            without a Lipschitz derivative.
    """
    if sign not in (1.0, -1.0):
        raise InvalidInput(f"sign is {sign!r}: expected 1 or -1")
    if not (math.isfinite(tolerance) and tolerance > 0.0):
        raise InvalidInput(f"tolerance is {tolerance!r}: expected a positive finite number")
    if max_pieces < 1:
        raise InvalidInput(f"max_pieces is {max_pieces!r}: expected at least 1")
    search = _Search.of(function, np.asarray(point, np.float64), float(sign), cap, tolerance)
    while len(search.open) and search.level < search.cover.deepest_level:
        if search.pieces + len(search.open) > max_pieces:
            break
        search.advance()
    return search.result(max_pieces)


def exact_minima(
    function: KernelPredictor | TwoLayerNetwork,
    points: Float[Array, "n d"],
    signs: Float[Array, " n"],
    cap: SphericalCap,
    *,
    tolerance: float = 1e-6,
    max_pieces: int = 500_000,
) -> tuple[ExactMinimum, ...]:
    """`branch_and_bound` for every row, rows side by side."""

    def solve(row: tuple[Array, float]) -> ExactMinimum:
        return branch_and_bound(function, row[0], float(row[1]), cap, tolerance=tolerance, max_pieces=max_pieces)

    return tuple(in_parallel(solve, zip(points, signs, strict=True)))


@dataclass
class _Search:
    """Cells of one level that are still open, the bounds they inherit, and all that is settled."""

    function: KernelPredictor | TwoLayerNetwork
    ridges: RidgeSum
    cover: CapCover
    cap: SphericalCap
    sign: float
    tolerance: float
    open: Index
    inherited: Array
    minimiser: Array
    upper: float = math.inf
    level: int = 0
    pieces: int = 0
    settled: dict[int, list[Index]] = field(default_factory=dict)
    least_settled: float = math.inf

    @classmethod
    def of(
        cls,
        function: KernelPredictor | TwoLayerNetwork,
        point: Array,
        sign: float,
        cap: SphericalCap,
        tolerance: float,
    ) -> _Search:
        cap.check_on_sphere(point[None, :])
        moving = point if cap.bias is None else point[:-1]
        dimension = len(moving) - 1
        if not 1 <= dimension <= _HIGHEST_DIMENSION:
            raise InvalidInput(
                f"the cap lies on a sphere of dimension {dimension}: branch and bound expects 1 to {_HIGHEST_DIMENSION}"
            )
        cover = CapCover(moving / np.linalg.norm(moving), cap.angle * (1.0 + 8.0 * _EPSILON))
        search = cls(
            function,
            RidgeSum.of(function, cap),
            cover,
            cap,
            sign,
            tolerance,
            cover.root,
            np.full(1, -math.inf),
            point,
        )
        search._improve(cover.direction[None, :])
        return search

    def advance(self) -> None:
        """Bound the open cells, settle those that can be, split the rest."""
        needed = self.cover.meets(self.level, self.open)
        self._settle(self.open[~needed], np.full(int(np.sum(~needed)), math.inf))
        cells, inherited = self.open[needed], self.inherited[needed]
        lower = np.maximum(self._bounds(cells), inherited)
        done = lower >= self.upper - self.tolerance
        self._settle(cells[done], lower[done])
        self.open = self.cover.children(cells[~done])
        self.inherited = np.repeat(lower[~done], 2**self.cover.dimension)
        self.level += 1

    def result(self, max_pieces: int) -> ExactMinimum:
        """What is known now."""
        remaining = float(np.min(self.inherited, initial=math.inf)) if len(self.open) else math.inf
        self._settle(self.open, self.inherited)
        partition = Partition(self.cover, {level: np.concatenate(cells) for level, cells in self.settled.items()})
        lower = min(self.least_settled, remaining, self.upper)
        outcome = self._outcome(lower, partition, max_pieces)
        return ExactMinimum(lower, self.upper, self.minimiser, self.pieces, self.tolerance, outcome, partition)

    def _outcome(self, lower: float, partition: Partition, max_pieces: int) -> Outcome:
        gap = math.nextafter(self.upper - lower, math.inf)
        if not partition.is_complete:
            return Outcome.inconclusive("the cells do not make up the cap's cover")
        if gap <= self.tolerance:
            return Outcome.proved(f"the gap of {gap:.3g} is closed with {self.pieces} cells")
        return Outcome.inconclusive(
            f"a gap of {gap:.3g} is left after {self.pieces} cells ({max_pieces} allowed, level {self.level})"
        )

    def _settle(self, cells: Index, lower: Array) -> None:
        if len(cells):
            self.settled.setdefault(self.level, []).append(cells)
            self.least_settled = min(self.least_settled, float(np.min(lower)))

    def _bounds(self, cells: Index) -> Array:
        """Lower bounds of ``s f`` on the part of each cell in the cap, in tiles that stay in cache."""
        angle = self.cover.reach(self.level)
        if angle > _WIDEST_CELL:
            return np.full(len(cells), -math.inf)
        self.pieces += len(cells)
        rows = max(1, _ENTRIES_AT_ONCE // self.ridges.size)
        tiles = [cells[start : start + rows] for start in range(0, len(cells), rows)]
        return np.concatenate([self._tile_bounds(tile, angle) for tile in tiles] or [np.empty(0)])

    def _tile_bounds(self, cells: Index, angle: float) -> Array:
        directions = self.cover.centers(self.level, cells)
        across = ~self.cover.inside(self.level, cells)
        models = self.ridges.quadratics(directions, angle, self.sign)
        usable = models.finite
        lower, steps = np.full(len(cells), -math.inf), np.zeros_like(directions)
        programs, start = self._programs(models.rows(usable), directions[usable], angle, across[usable])
        lower[usable], steps[usable] = programs.lower_bounds(start)
        lowest = np.argsort(lower)[:_POLISHED]
        moved = self.ridges.radius * directions[lowest] + steps[lowest]
        self._improve(moved / np.linalg.norm(moved, axis=1, keepdims=True))
        return lower

    def _programs(
        self, models: TangentQuadratics, directions: Array, angle: float, across: NDArray[np.bool_]
    ) -> tuple[BallPrograms, Array]:
        """Quadratics with the constraint of the cap where a cell is across the rim, and guesses of its multiplier.

        With ``q = <n, n_0>`` a point ``r n + t - h n`` of the cap has ``<t, n_0> - h q >= r (cos(theta) - q)``.
        """
        radius = self.ridges.radius
        level_of = directions @ self.cover.direction
        plane = self.cover.direction - level_of[:, None] * directions
        steep = np.sum(plane**2, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            guess = np.sum(plane * models.gradient, axis=1) / steep
        start = np.where(across & (steep > 0.0), np.maximum(guess, 0.0), 0.0)
        high = (1.0 + 16.0 * _EPSILON) / (radius * (1.0 + math.cos(angle)))
        low = (1.0 - 16.0 * _EPSILON) * 0.5 / radius
        programs = BallPrograms(
            models.constant,
            models.gradient,
            models.curvature,
            radius * math.sin(angle) * (1.0 + 16.0 * _EPSILON),
            plane,
            radius * (math.cos(self.cover.angle) - level_of) - 64.0 * _EPSILON,
            level_of * np.where(level_of > 0.0, low, high),
        )
        return programs, np.where(np.isfinite(start), start, 0.0)

    def _improve(self, directions: Array) -> None:
        """Take the best of some unit vectors, moved into the cap, if it is better than the best so far."""
        points = self._in_cap(directions)
        values = self.sign * self.function.predict(points)
        best = int(np.argmin(values))
        error = float(evaluation_error(self.function, points[best : best + 1])[0])
        # The point is in the cap up to a few roundings: f changes by less than one more evaluation error over them.
        upper = math.nextafter(values[best] + 2.0 * error, math.inf)
        if upper < self.upper:
            self.upper, self.minimiser = upper, points[best]

    def _in_cap(self, directions: Array) -> Array:
        """Points of the sphere, shape (count, d), that belong to unit vectors, or to the nearest ones of the cap."""
        count = len(directions)
        points = self.ridges.radius * directions
        if self.cap.bias is not None:
            points = np.hstack([points, np.full((count, 1), self.cap.bias)])
        return np.asarray(self.cap.project(points, np.broadcast_to(self._center(), points.shape)))

    def _center(self) -> Array:
        moving = self.ridges.radius * self.cover.direction
        return moving if self.cap.bias is None else np.append(moving, self.cap.bias)
