"""The robust minimum-norm problem (theory E4.b): the interval for R by cutting planes.

``R = min { |f|_H : y_i f(x') >= 1 for all x' in B(x_i) }`` has infinitely many constraints. A finite working set gives
a lower bound; certifying the margin of its solution gives an upper one. The same loop serves the infinite-width kernel
and the finite-width one at a drawn initialisation: they differ only in a `FunctionSpace`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ..bounds import Activation, Interval, InvalidInput, Outcome
from ..kernels import DualKernel, dual_kernel, gram
from .attack import ProjectedGradientAttack
from .cap import SphericalCap
from .data import Dataset
from .dual_program import dual_lower_bound, solve_dual, squared_norm_range
from .kernel_certificate import certify_kernel
from .predictors import KernelPredictor

Array = NDArray[np.float64]
Progress = Callable[[int, float], None]


class FunctionSpace(Protocol):
    """A reproducing kernel space in which the robust minimum-norm problem can be posed."""

    def gram(self, left: Array, right: Array) -> Array:
        """Kernel values, shape (len(left), len(right))."""

    def function(self, centers: Array, coefficients: Array) -> Any:
        """``sum_j c_j K(., z_j)`` as something that the attack and `margins` understand."""

    def margins(self, function: Any, points: Array, labels: Array, cap: SphericalCap) -> Array:
        """Certified lower bounds of ``y_i f(x')`` over the caps, shape (n,)."""


@dataclass(frozen=True)
class InfiniteWidthSpace:
    """The space of the infinite-width kernel K of theory section 4."""

    kernel: DualKernel

    def gram(self, left: Array, right: Array) -> Array:
        """``K(left, right)``."""
        return gram(self.kernel, left, right)

    def function(self, centers: Array, coefficients: Array) -> KernelPredictor:
        """A `KernelPredictor`."""
        return KernelPredictor(self.kernel, centers, coefficients)

    def margins(self, function: KernelPredictor, points: Array, labels: Array, cap: SphericalCap) -> Array:
        """E4.c, the best order that the kernel allows."""
        return certify_kernel(function, points, labels, cap).lower


@dataclass(frozen=True)
class MinimumNormSolution:
    """What `robust_minimum_norm` found; ``radius`` contains ``R_{D,B}`` of theory E4.b (slack 0, margin 1).

    ``radius.upper`` is infinite where no positive margin could be certified; ``outcome`` then says so.
    """

    radius: Interval
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


@dataclass
class _WorkingSet:
    """Points of the caps with their labels, and the current solution on them."""

    points: Array
    labels: Array
    multipliers: Array
    signed_gram: Array

    @classmethod
    def solve(cls, space: FunctionSpace, points: Array, labels: Array) -> _WorkingSet:
        signed = np.outer(labels, labels) * space.gram(points, points)
        return cls(points, labels, solve_dual(signed, np.ones(len(points))), signed)

    @property
    def lower(self) -> float:
        return dual_lower_bound(self.signed_gram, self.multipliers, np.ones(len(self.points)))

    @property
    def active(self) -> NDArray[np.bool_]:
        return self.multipliers > 1e-8 * float(np.max(self.multipliers, initial=0.0))

    def extended(self, space: FunctionSpace, points: Array, labels: Array) -> _WorkingSet:
        """Drop what is inactive, add what is violated, solve again."""
        keep = self.active
        return self.solve(space, np.vstack([self.points[keep], points]), np.concatenate([self.labels[keep], labels]))


def robust_minimum_norm(
    space: FunctionSpace,
    X: Float[np.ndarray, "n d"],
    y: Float[np.ndarray, " n"],
    cap: SphericalCap,
    *,
    attack: ProjectedGradientAttack | None = None,
    start: Float[np.ndarray, "p d"] | None = None,
    start_labels: Float[np.ndarray, " p"] | None = None,
    tolerance: float = 1e-4,
    max_iterations: int = 100,
    progress: Progress | None = None,
) -> MinimumNormSolution:
    """The interval for the smallest norm of a function with margin 1 on every cap.

    Cutting planes: solve on the working set, attack every cap, add the violated points, drop the inactive ones, until
    the attack finds no margin below ``1 - tolerance``. ``radius.lower`` is the best dual bound met, ``radius.upper`` is
    ``|f| / mu`` with the certified margin ``mu``, ``radius.estimate`` is ``|f|`` over the attacked margin.

    Args:
        space: `InfiniteWidthSpace`, or the finite-width space of a drawn initialisation.
        X: data on ``S_b``, shape (n, d), float64.
        y: labels +-1, shape (n,).
        cap: the perturbation set.
        attack: the adversary that looks for violated constraints.
        start: working points to begin with beside X, with ``start_labels``.
        tolerance: margin violation at which the loop stops.
        max_iterations: loop limit; the interval is sound wherever the loop stops.
        progress: called with (iteration, attacked margin).

    Raises:
        InvalidInput: if caps of opposite labels meet: no function has the margins (the two rows are named).
    """
    separation = cap.check_separation(X, y)
    attack = attack or ProjectedGradientAttack(steps=40, restarts=3)
    working = _initial(space, X, y, start, start_labels)
    best_lower, margin = 0.0, -np.inf
    for iteration in range(1, max_iterations + 1):
        best_lower = max(best_lower, working.lower)
        function = _function(space, working)
        points, margins = attack.minimize_margin(function, X, y, cap)
        margin = float(np.min(margins))
        if progress is not None:
            progress(iteration, margin)
        violated = margins < 1.0 - tolerance
        if not violated.any() or iteration == max_iterations:
            break
        working = working.extended(space, points[violated], y[violated])
    certified = float(np.min(space.margins(function, X, y, cap)))
    return _solution(working, best_lower, certified, margin, iteration, separation)


def radius_interval(
    X: Float[np.ndarray, "n d"],
    y: Float[np.ndarray, " n"],
    cap: SphericalCap,
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
        space, X, y, cap, attack=attack, tolerance=tolerance, max_iterations=max_iterations, progress=progress
    )


def describe_radius(
    data: Dataset, cap: SphericalCap, activation: Activation, solution: MinimumNormSolution, *, slack: float = 0.0
) -> dict[str, Any]:
    """The ``radius`` object of the JSON contract; with a slack s the interval is that of ``R(s) = (1 - s) R(0)``.

    Raises:
        InvalidInput: if slack is outside [0, 1).
    """
    if not 0.0 <= slack < 1.0:
        raise InvalidInput(f"slack is {slack!r}: expected a number in [0, 1)")
    scaled = {name: None if end is None else (1.0 - slack) * end for name, end in solution.radius.to_json().items()}
    return {
        "activation": activation.label,
        "bias": data.bias,
        "n": data.size,
        "dim": data.dimension,
        "delta": cap.delta,
        "slack": slack,
        "radius": scaled,
        "certified_margin": solution.certified_margin,
        "attacked_margin": solution.attacked_margin,
        "working_set": solution.working_set,
        "iterations": solution.iterations,
        "separation": solution.separation,
        "outcome": solution.outcome.to_json(),
    }


def _initial(space: FunctionSpace, X: Array, y: Array, start: Array | None, start_labels: Array | None) -> _WorkingSet:
    if (start is None) != (start_labels is None):
        raise InvalidInput("start and start_labels: expected both or neither")
    if start is None or start_labels is None:
        return _WorkingSet.solve(space, X, y)
    return _WorkingSet.solve(space, np.vstack([X, start]), np.concatenate([y, start_labels]))


def _function(space: FunctionSpace, working: _WorkingSet) -> Any:
    keep = working.active
    return space.function(working.points[keep], (working.multipliers * working.labels)[keep])


def _solution(
    working: _WorkingSet, lower: float, certified: float, attacked: float, iterations: int, separation: float
) -> MinimumNormSolution:
    """Assemble the interval. The norm is that of the function actually certified (its active part)."""
    keep = working.active
    multipliers = working.multipliers[keep]
    squared = squared_norm_range(working.signed_gram[np.ix_(keep, keep)], multipliers)[1]
    norm = float(np.sqrt(squared)) * (1.0 + 1e-15)
    upper = norm / certified * (1.0 + 1e-15) if certified > 0.0 else np.inf
    estimate = norm / attacked if attacked > 0.0 else lower
    estimate = float(np.clip(estimate, lower, upper))
    outcome = (
        Outcome.proved("every cap has a certified positive margin")
        if certified > 0.0
        else Outcome.inconclusive(f"the certified margin {certified:.3g} is not positive: no upper bound for R")
    )
    return MinimumNormSolution(
        Interval(lower, estimate, upper),
        certified,
        attacked,
        working.points[keep],
        multipliers * working.labels[keep],
        iterations,
        separation,
        outcome,
    )
