"""Adversarial training of an infinitely wide network (theory section 4, "Infinite-width adversarial
training").

``f_1 = 0`` and ``f_{t+1} = f_t - (alpha / n) sum_i l'(f_t(x_i^t), y_i) K(., x_i^t)``, scaled into the
ball ``|f|_H <= R``.
No network is needed: f is a kernel expansion whose centres are the adversarial points met so far.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput, Loss
from ...kernels import DualKernel
from ..attacks.adversary import Adversary
from ..predictors import KernelPredictor, kernel_values
from ..sets.protocol import PerturbationSet

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class InfiniteWidthRun:
    """Curves and functions of one run; all float64.

    ``surrogate_losses[t - 1]``, ``errors[t - 1]`` and ``norms[t - 1]`` are ``L_A(f_t)``, the fraction of
    points that A misclassifies and ``|f_t|_H``; ``predictor`` is the last f, ``best_predictor`` the one
    with the lowest surrogate loss, met at ``best_step``.
    """

    surrogate_losses: Float[Array, " t"]
    errors: Float[Array, " t"]
    norms: Float[Array, " t"]
    final_norm: float
    predictor: KernelPredictor
    best_predictor: KernelPredictor
    best_step: int
    stopped: Literal["target reached", "all iterations done"]

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
            "stopped": self.stopped,
        }


class _Expansion:
    """A growing kernel expansion with its squared norm; arrays double when they are full."""

    def __init__(self, kernel: DualKernel, dimension: int) -> None:
        self.kernel = kernel
        self.count = 0
        self.norm_squared = 0.0
        self._centers = np.zeros((64, dimension))
        self._coefficients = np.zeros(64)

    def predictor(self) -> KernelPredictor:
        """The function as it is now; later growth does not change it."""
        return KernelPredictor(self.kernel, self._centers[: self.count], self._coefficients[: self.count].copy())

    @property
    def norm(self) -> float:
        return float(np.sqrt(max(self.norm_squared, 0.0)))

    def add(self, points: Array, coefficients: Array, values: Array) -> None:
        """Add ``sum_i c_i K(., x_i)``, where ``values`` are those of f at the points.

        Terms with coefficient 0 are left out: they are the points that no longer cost anything.
        """
        active = np.flatnonzero(coefficients)
        points, coefficients = points[active], coefficients[active]
        gram = kernel_values(self.kernel, points, points, np)
        self.norm_squared += float(coefficients @ (2.0 * values[active] + gram @ coefficients))
        self._reserve(self.count + len(points))
        self._centers[self.count : self.count + len(points)] = points
        self._coefficients[self.count : self.count + len(points)] = coefficients
        self.count += len(points)

    def shrink_to(self, radius: float) -> None:
        """Scale f so that ``|f|_H <= radius``."""
        if self.norm_squared > radius**2:
            self._coefficients[: self.count] *= radius / np.sqrt(self.norm_squared)
            self.norm_squared = radius**2

    def _reserve(self, needed: int) -> None:
        while needed > len(self._coefficients):
            self._centers = np.concatenate([self._centers, np.zeros_like(self._centers)])
            self._coefficients = np.concatenate([self._coefficients, np.zeros_like(self._coefficients)])


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
    progress: Callable[[int, int, float], None] | None = None,
) -> InfiniteWidthRun:
    """The limit of `train` as the width grows, with the same arguments.

    No bound on the deviation of a width-m network is claimed; ``benchmarks/deviation.py`` measures 1 / sqrt(m).

    Raises:
        InvalidInput: a step size, radius or number of iterations that is not positive.
    """
    for name, given in (("step_size", step_size), ("iterations", iterations), ("radius", radius)):
        if not (np.isfinite(given) and given > 0):
            raise InvalidInput(f"{name} is {given!r}: expected a positive finite number")
    expansion = _Expansion(kernel, perturbations.embed(X[:1]).shape[1])
    losses: list[float] = []
    errors: list[float] = []
    norms: list[float] = []
    best = expansion.predictor()
    for iteration in range(1, iterations + 1):
        current = expansion.predictor()
        found = adversary.perturb(current, X, y, perturbations, loss=loss, iteration=iteration)
        value = float(np.mean(loss.value(found.values, y)))
        if not losses or value < min(losses):
            best = current
        losses.append(value)
        errors.append(float(np.mean(~(y * found.values > 0))))
        norms.append(expansion.norm)
        expansion.add(found.points, -step_size / len(X) * loss.slope(found.values, y), found.values)
        expansion.shrink_to(radius)
        if progress is not None:
            progress(iteration, iterations, value)
        if stop_at is not None and value <= stop_at:
            break
    reached = stop_at is not None and losses[-1] <= stop_at
    return InfiniteWidthRun(
        np.array(losses),
        np.array(errors),
        np.array(norms),
        expansion.norm,
        expansion.predictor(),
        best,
        int(np.argmin(losses)) + 1,
        "target reached" if reached else "all iterations done",
    )
