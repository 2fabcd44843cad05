"""Adversarial training of an infinitely wide network (theory section 4, "Infinite-width adversarial
training").

``f_1 = 0`` and ``f_{t+1} = f_t - (alpha / n) sum_i l'(f_t(x_i^t), y_i) K(., x_i^t)``, scaled into the
ball ``|f|_H <= R``.
No network is needed: f is a kernel expansion whose centres are adversarial points met so far (`expansion.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput, Loss, Target
from ...kernels import DualKernel
from ..attacks.adversary import Adversary
from ..predictors import KernelPredictor
from ..sets.protocol import PerturbationSet
from .expansion import Expansion

Array = NDArray[np.float64]
# A term K(., z) is written in others if the rest is at most this share of its norm.
_TOLERANCE = 1e-4
# Smaller rests than this cannot be told from rounding, whose square they are compared with.
_LEAST_TOLERANCE = 1e-5
# Pairs of data points and centres, summed over the steps.
BUDGET = 50_000_000


@dataclass(frozen=True, eq=False)
class InfiniteWidthRun:
    """Curves and functions of one run; all float64.

    ``surrogate_losses[t - 1]``, ``errors[t - 1]`` and ``norms[t - 1]`` are ``L_A(f_t)``, the fraction of
    points that A misclassifies and ``|f_t|_H``; ``predictor`` is the last f, ``best_predictor`` the one
    with the lowest surrogate loss, met at ``best_step``; ``snapshots`` are those of the steps asked for.
    ``lost`` bounds the norm of all that was left out where centres were merged; a function changes by at most
    ``sqrt(kappa(1))`` times that. ``horizon`` is the step at which a rule that sees this run alone ends the comparison
    with networks.
    """

    surrogate_losses: Float[Array, " t"]
    errors: Float[Array, " t"]
    norms: Float[Array, " t"]
    final_norm: float
    predictor: KernelPredictor
    best_predictor: KernelPredictor
    best_step: int
    stopped: Literal["target reached", "all iterations done", "budget spent"]
    lost: float = 0.0
    horizon: int = 0
    snapshots: Mapping[int, KernelPredictor] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Number of gradient steps taken."""
        return len(self.surrogate_losses)

    def to_json(self) -> dict[str, Any]:
        """The scalars; curves and functions are for files."""
        return {
            "steps": self.steps,
            "best_surrogate_loss": float(self.surrogate_losses[self.best_step - 1]),
            "reached_at": self.best_step,
            "final_norm": self.final_norm,
            "centers": len(self.predictor.centers),
            "lost": self.lost,
            "stopped": self.stopped,
        }


@dataclass
class _Curves:
    """What the steps so far left behind."""

    losses: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    snapshots: dict[int, KernelPredictor] = field(default_factory=dict)
    best: KernelPredictor | None = None
    met_at: int | None = None
    pairs: int = 0

    def record(self, current: KernelPredictor, loss: float, error: float, norm: float) -> None:
        if not self.losses or loss < min(self.losses):
            self.best = current
        self.losses.append(loss)
        self.errors.append(error)
        self.norms.append(norm)


@dataclass(frozen=True)
class _Rule:
    """When a run ends, and how long it is compared with networks."""

    iterations: int
    stop_at: float | None
    target: Target
    overtime: float
    least_steps: int
    budget: int

    def meets(self, loss: float, error: float) -> bool:
        return self.stop_at is not None and (error if self.target is Target.ROBUST_ERROR else loss) <= self.stop_at

    def horizon(self, curves: _Curves) -> int:
        """The step that this run alone asks for: `overtime` times as many as it needed, or all."""
        if curves.met_at is None:
            return self.iterations
        return min(self.iterations, math.ceil(self.overtime * curves.met_at))

    def is_over(self, curves: _Curves) -> bool:
        return len(curves.losses) >= max(self.horizon(curves), min(self.least_steps, self.iterations))


def train_infinite_width(
    kernel: DualKernel,
    loss: Loss,
    X: Float[Array, "n d"],
    y: Float[Array, " n"],
    perturbations: PerturbationSet,
    adversary: Adversary,
    *,
    step_size: float,
    iterations: int,
    radius: float,
    stop_at: float | None = None,
    target: Target = Target.LOSS,
    overtime: float = 1.0,
    least_steps: int = 1,
    tolerance: float = _TOLERANCE,
    budget: int = BUDGET,
    snapshots: Collection[int] = (),
    progress: Callable[[int, int, float], None] | None = None,
) -> InfiniteWidthRun:
    """The limit of `train` as the width grows, with the same arguments, for any loss and adversary.

    No bound on the deviation of a width-m network is claimed; ``benchmarks/deviation.py`` measures 1 / sqrt(m), and
    `band.monte_carlo_band` draws such networks.

    Args:
        stop_at, target: stop once the loss or the error is at most that ...
        overtime: ... and this many times as many steps were taken ...
        least_steps: ... and at least so many.
        tolerance: a new term is merged with those of the same data point if what is left out of it has at most this
            share of its norm; 0 keeps all terms, as many as there were points with a loss.
        budget: most pairs of data points and centres, summed over the steps: what a run costs, and where it is cut.
        snapshots: steps whose functions are kept.
        progress: called with (step, iterations, surrogate loss).

    Raises:
        InvalidInput: a number out of its range.
    """
    _check(step_size, iterations, radius, tolerance, budget)
    rule = _Rule(iterations, stop_at, target, overtime, least_steps, budget)
    scale = float(np.sqrt(kernel.value(np.ones(1), np.zeros(1))[0]))
    expansion = Expansion(kernel, perturbations.embed(X[:1]).shape[1], len(X), tolerance * scale)
    curves = _Curves()
    while not rule.is_over(curves) and curves.pairs < budget:
        iteration = len(curves.losses) + 1
        current = expansion.predictor()
        found = adversary.perturb(current, X, y, perturbations, loss=loss, iteration=iteration)
        value, error = float(np.mean(loss.value(found.values, y))), float(np.mean(~(y * found.values > 0)))
        curves.record(current, value, error, expansion.norm)
        curves.pairs += len(X) * max(len(current.coefficients), 1)
        if iteration in snapshots:
            curves.snapshots[iteration] = current
        if curves.met_at is None and rule.meets(value, error):
            curves.met_at = iteration
        expansion.add(found.points, -step_size / len(X) * loss.slope(found.values, y), found.values)
        expansion.shrink_to(radius)
        if progress is not None:
            progress(iteration, iterations, value)
    return _finished(expansion, curves, rule)


def _finished(expansion: Expansion, curves: _Curves, rule: _Rule) -> InfiniteWidthRun:
    assert curves.best is not None
    ending: Literal["target reached", "all iterations done", "budget spent"] = "all iterations done"
    if not rule.is_over(curves):
        ending = "budget spent"
    elif curves.met_at is not None:
        ending = "target reached"
    return InfiniteWidthRun(
        np.array(curves.losses),
        np.array(curves.errors),
        np.array(curves.norms),
        expansion.norm,
        expansion.predictor(),
        curves.best,
        int(np.argmin(curves.losses)) + 1,
        ending,
        expansion.lost,
        min(rule.horizon(curves), len(curves.losses)),
        curves.snapshots,
    )


def _check(step_size: float, iterations: int, radius: float, tolerance: float, budget: int) -> None:
    for name, given in (("step_size", step_size), ("iterations", iterations), ("radius", radius), ("budget", budget)):
        if not (np.isfinite(given) and given > 0):
            raise InvalidInput(f"{name} is {given!r}: expected a positive finite number")
    if tolerance != 0 and not _LEAST_TOLERANCE <= tolerance < 1:
        raise InvalidInput(f"tolerance is {tolerance!r}: expected 0, or a number from {_LEAST_TOLERANCE:g} up to 1")
