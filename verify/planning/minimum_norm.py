"""The robust minimum-norm problem (theory E4.b): the interval for R by cutting planes.

``R = min { |f|_H : y_i f(x') >= 1 for all x' in B(x_i) }`` has infinitely many constraints. A finite working set gives
a lower bound; certifying the margin of its solution gives an upper one. The same loop serves the infinite-width kernel
and the finite-width one at a drawn initialisation: they differ only in a `FunctionSpace`. Losses that rise again beyond
margin 1 (absolute, Huber) bound the margins from above as well: a `MarginRange`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, Interval, InvalidInput, Outcome
from ...kernels import DualKernel, dual_kernel, gram
from ..attacks.projected_gradient import ProjectedGradientAttack
from ..certificates.per_cap import kernel_bounds
from ..certificates.tiles import single_threaded_products
from ..data import Dataset
from ..predictors import KernelPredictor
from ..sets.protocol import PerturbationSet, describe
from ..sets.separation import check_separation
from .dual_program import dual_lower_bound, solve_dual, squared_norm_range

Array = NDArray[np.float64]
Progress = Callable[[int, float], None]


class FunctionSpace(Protocol):
    """A reproducing kernel space in which the robust minimum-norm problem can be posed."""

    def gram(self, left: Array, right: Array) -> Array:
        """Kernel values, shape (len(left), len(right))."""

    def entry_error(self, dimension: int) -> float:
        """Absolute bound on the error of a float64 kernel value."""

    def function(self, centers: Array, coefficients: Array) -> Any:
        """``sum_j c_j K(., z_j)`` as something that the attack and `margins` understand."""

    def margins(self, function: Any, X: Array, labels: Array, perturbations: PerturbationSet) -> Array:
        """Certified lower bounds of ``y_i f(x')`` over the sets around the rows of X, shape (n,)."""


@dataclass(frozen=True)
class InfiniteWidthSpace:
    """The space of the infinite-width kernel K of theory section 4."""

    kernel: DualKernel

    def gram(self, left: Array, right: Array) -> Array:
        """``K(left, right)``."""
        return gram(self.kernel, left, right)

    def entry_error(self, dimension: int) -> float:
        """Kappa is good to 2e-13 relative, and its argument, a rounded inner product, to d roundings.

        Next to the diagonal, where kappa' may be infinite, `gram` uses accurate angles instead.
        """
        slope = float(self.kernel.first(np.float64(1.0 - 1e-4)))
        return 2e-13 * self.kernel.at_one + 2.0 * dimension * float(np.finfo(np.float64).eps) * slope

    def function(self, centers: Array, coefficients: Array) -> KernelPredictor:
        """A `KernelPredictor`."""
        return KernelPredictor(self.kernel, centers, coefficients)

    def margins(self, function: KernelPredictor, X: Array, labels: Array, perturbations: PerturbationSet) -> Array:
        """E4.c, the best order that the kernel allows."""
        return kernel_bounds(function, X, labels, perturbations)


@dataclass(frozen=True)
class MarginRange:
    """The constraints ``lower <= y_i f(x') <= upper`` on every set; the default is that of theory E4.b.

    Raises:
        InvalidInput: unless ``0 < lower < upper``.
    """

    lower: float = 1.0
    upper: float = math.inf

    def __post_init__(self) -> None:
        if not 0.0 < self.lower < self.upper:
            raise InvalidInput(f"margins in [{self.lower!r}, {self.upper!r}]: expected 0 < lower < upper")

    def sides(self, y: Array) -> list[tuple[Array, float]]:
        """Pairs ``(a, b)`` that stand for ``a_i f(x') >= b`` on the set around row i."""
        below = (y, self.lower)
        return [below] if math.isinf(self.upper) else [below, (-y, -self.upper)]


@dataclass(frozen=True)
class MinimumNormSolution:
    """What `robust_minimum_norm` found; ``radius`` contains the least norm (``R_{D,B}`` of theory E4.b by default).

    ``norm`` is that of the function found, rounded up; its margins are certified to lie in
    ``[certified_margin, certified_upper]`` (the latter infinite if the problem does not ask for it). ``radius.upper``
    is infinite where no multiple of the function is certified to meet the constraints; ``outcome`` then says so.
    """

    radius: Interval
    norm: float
    certified_upper: float
    certified_margin: float
    attacked_margin: float
    centers: Array
    coefficients: Array
    iterations: int
    separation: float
    outcome: Outcome

    @property
    def working_set(self) -> int:
        """Number of support points."""
        return len(self.centers)


_MARGIN_ONE = MarginRange()


@dataclass
class _WorkingSet:
    """Constraints ``labels_j f(points_j) >= thresholds_j``, and the current solution on them."""

    points: Array
    labels: Array
    thresholds: Array
    multipliers: Array
    signed_gram: Array
    entry_error: float

    @classmethod
    def solve(cls, space: FunctionSpace, points: Array, labels: Array, thresholds: Array) -> _WorkingSet:
        signed = np.outer(labels, labels) * space.gram(points, points)
        error = space.entry_error(points.shape[1])
        return cls(points, labels, thresholds, solve_dual(signed, thresholds), signed, error)

    @property
    def lower(self) -> float:
        return dual_lower_bound(self.signed_gram, self.multipliers, self.thresholds, entry_error=self.entry_error)

    @property
    def active(self) -> NDArray[np.bool_]:
        return self.multipliers > 1e-8 * float(np.max(self.multipliers, initial=0.0))

    def extended(self, space: FunctionSpace, violated: list[tuple[Array, Array, Array]]) -> _WorkingSet:
        """Drop what is inactive, add what is violated (points, labels, thresholds), solve again."""
        keep = self.active
        parts = [(self.points[keep], self.labels[keep], self.thresholds[keep]), *violated]
        points, labels, thresholds = (np.concatenate(part) for part in zip(*parts, strict=True))
        return self.solve(space, points, labels, thresholds)


@single_threaded_products
def robust_minimum_norm(
    space: FunctionSpace,
    X: Float[np.ndarray, "n k"],
    y: Float[np.ndarray, " n"],
    perturbations: PerturbationSet,
    *,
    margins: MarginRange = _MARGIN_ONE,
    attack: ProjectedGradientAttack | None = None,
    start: Float[np.ndarray, "p d"] | None = None,
    start_labels: Float[np.ndarray, " p"] | None = None,
    tolerance: float = 1e-4,
    max_iterations: int = 100,
    progress: Progress | None = None,
) -> MinimumNormSolution:
    """The interval for the smallest norm of a function whose margins on every perturbation set lie in ``margins``.

    Cutting planes: solve on the working set, attack every set, add the violated points, drop the inactive ones, until
    the attack finds no violation above ``tolerance``. ``radius.lower`` is the best dual bound met, ``radius.upper`` is
    ``|f| / mu`` with the certified margin ``mu``, ``radius.estimate`` is ``|f|`` over the attacked margin.

    Args:
        space: `InfiniteWidthSpace`, or the finite-width space of a drawn initialisation.
        X: data in the coordinates of the perturbation sets, shape (n, k), float64.
        y: labels +-1, shape (n,).
        perturbations: ``B``.
        margins: the constraints, margin at least 1 by default.
        attack: the adversary that looks for violated constraints.
        start: points to begin with beside X, with ``start_labels``: constraints on the lower margin.
        tolerance: margin violation at which the loop stops.
        max_iterations: loop limit; the interval is sound wherever the loop stops.
        progress: called with (iteration, attacked margin).

    Raises:
        InvalidInput: if sets of opposite labels are known to meet (the two rows are named), where no function has the
            margins, or if a set has no enclosing cap.
    """
    separation = check_separation(perturbations, X, y)
    attack = attack or ProjectedGradientAttack(steps=40, restarts=3)
    working = _initial(space, np.asarray(perturbations.embed(X)), y, margins, start, start_labels)
    best_lower, attacked = 0.0, -np.inf
    for iteration in range(1, max_iterations + 1):
        best_lower = max(best_lower, working.lower)
        function = _function(space, working)
        violated, attacked = _violations(function, X, y, perturbations, margins, attack, tolerance)
        if progress is not None:
            progress(iteration, attacked)
        if not violated or iteration == max_iterations:
            break
        working = working.extended(space, violated)
    certified = [float(np.min(space.margins(function, X, signs, perturbations))) for signs, _ in margins.sides(y)]
    return _solution(working, margins, best_lower, certified, attacked, iteration, separation)


def _violations(
    function: Any,
    X: Array,
    y: Array,
    perturbations: PerturbationSet,
    margins: MarginRange,
    attack: ProjectedGradientAttack,
    tolerance: float,
) -> tuple[list[tuple[Array, Array, Array]], float]:
    """The violated constraints that an attack finds (points, labels, thresholds), and the lowest margin it found."""
    found, lowest = [], np.inf
    for signs, threshold in margins.sides(y):
        points, values = attack.minimize_margin(function, X, signs, perturbations)
        if signs is y:
            lowest = float(np.min(values))
        broken = ~(values >= threshold - tolerance)
        if broken.any():
            found.append((points[broken], signs[broken], np.full(int(broken.sum()), threshold)))
    return found, lowest


def radius_interval(
    X: Float[np.ndarray, "n k"],
    y: Float[np.ndarray, " n"],
    perturbations: PerturbationSet,
    *,
    activation: Activation,
    tolerance: float = 1e-4,
    max_iterations: int = 100,
    seed: int = 0,
    progress: Progress | None = None,
) -> MinimumNormSolution:
    """`robust_minimum_norm` for the infinite-width kernel of an activation."""
    attack = ProjectedGradientAttack(steps=40, restarts=3, seed=seed)
    space = InfiniteWidthSpace(dual_kernel(activation))
    return robust_minimum_norm(
        space, X, y, perturbations, attack=attack, tolerance=tolerance, max_iterations=max_iterations, progress=progress
    )


def describe_radius(
    data: Dataset,
    perturbations: PerturbationSet,
    activation: Activation,
    solution: MinimumNormSolution,
    *,
    slack: float = 0.0,
) -> dict[str, Any]:
    """The ``radius`` object of the JSON contract; with a slack s the interval is that of ``R(s) = (1 - s) R(0)``.

    Raises:
        InvalidInput: if slack is outside [0, 1).
    """
    if not 0.0 <= slack < 1.0:
        raise InvalidInput(f"slack is {slack!r}: expected a number in [0, 1)")
    ends, described = solution.radius, describe(perturbations)
    _, caps = perturbations.enclosing_caps(data.centers(perturbations))
    factor = 1.0 - slack
    low, high = math.nextafter(factor * ends.lower, 0.0), math.nextafter(factor * ends.upper, math.inf)
    scaled = ends if slack == 0.0 else Interval(low, factor * ends.estimate, high)
    return {
        "activation": activation.label,
        "bias": data.bias,
        "n": data.size,
        "dim": data.dimension,
        "delta": described.get("delta"),
        "perturbation": described,
        "largest_chord": max(cap.delta for cap in caps),
        "slack": slack,
        "radius": scaled.to_json(),
        "certified_margin": solution.certified_margin,
        "attacked_margin": solution.attacked_margin,
        "working_set": solution.working_set,
        "iterations": solution.iterations,
        "separation": solution.separation,
        "outcome": solution.outcome.to_json(),
    }


def _initial(
    space: FunctionSpace, X: Array, y: Array, margins: MarginRange, start: Array | None, start_labels: Array | None
) -> _WorkingSet:
    if (start is None) != (start_labels is None):
        missing = "start" if start is None else "start_labels"
        raise InvalidInput(f"{missing} is missing: expected both start and start_labels, or neither")
    points, labels = X, y
    if start is not None and start_labels is not None:
        points, labels = np.vstack([X, start]), np.concatenate([y, start_labels])
    return _WorkingSet.solve(space, points, labels, np.full(len(points), margins.lower))


def _function(space: FunctionSpace, working: _WorkingSet) -> Any:
    keep = working.active
    return space.function(working.points[keep], (working.multipliers * working.labels)[keep])


def _solution(
    working: _WorkingSet,
    margins: MarginRange,
    lower: float,
    certified: list[float],
    attacked: float,
    iterations: int,
    separation: float,
) -> MinimumNormSolution:
    """Assemble the interval. The norm is that of the function actually certified (its active part)."""
    keep = working.active
    multipliers = working.multipliers[keep]
    gram_kept = working.signed_gram[np.ix_(keep, keep)]
    squared = squared_norm_range(gram_kept, multipliers, entry_error=working.entry_error)[1]
    norm = float(np.sqrt(squared)) * (1.0 + 1e-15)
    certified_upper = -certified[1] if len(certified) == 2 else math.inf
    factor, outcome = _feasible_multiple(margins, certified[0], certified_upper)
    upper = norm * factor * (1.0 + 4e-15)
    estimate = norm * margins.lower / attacked if attacked > 0.0 else lower
    return MinimumNormSolution(
        Interval(lower, float(np.clip(estimate, lower, upper)), upper),
        norm,
        certified_upper,
        certified[0],
        attacked,
        working.points[keep],
        multipliers * working.labels[keep],
        iterations,
        separation,
        outcome,
    )


def _feasible_multiple(margins: MarginRange, low: float, high: float) -> tuple[float, Outcome]:
    """The least factor that lifts the certified margins ``[low, high]`` into the range; infinite if there is none."""
    if not low > 0.0:
        return math.inf, Outcome.inconclusive(f"the certified margin {low:.3g} is not positive: no upper bound for R")
    factor = margins.lower / low
    if not (math.isinf(margins.upper) or factor * high <= margins.upper * (1.0 - 4e-16)):
        return math.inf, Outcome.inconclusive(
            f"margins are certified in [{low:.3g}, {high:.3g}] only: no upper bound for R"
        )
    return factor, Outcome.proved("every perturbation set has a certified positive margin")
