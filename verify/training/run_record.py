"""The curves of a run while it goes on, and which of its steps was the best."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...bounds import Target

Array = NDArray[np.float64]


class Measured(NamedTuple):
    """The numbers of step t: before the gradient step, but for the last two, which are those after it."""

    loss: float
    error: float
    active: float
    gradient_norm: float
    distance: float
    remaining: float | None = None


@dataclass
class RunRecord:
    """Curves so far; ``best_points`` are what the adversary answered at the best step, which counts from 1."""

    best_points: Array
    best_step: int = 0
    reached: bool = False
    losses: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    active: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=lambda: [0.0])
    remaining: list[float] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """Steps taken."""
        return len(self.losses)

    def add(self, measured: Measured, points: Array, *, target: Target, reached: bool) -> bool:
        """Take in one step; whether it is the best so far, as one that reaches the target always is.

        Raises:
            FloatingPointError: if the loss is not finite.
        """
        if not np.isfinite(measured.loss):
            raise FloatingPointError(f"the surrogate loss at step {self.steps + 1} is {measured.loss}")
        best = reached or not self.losses or _rank(measured.loss, measured.error, target) < self._best_rank(target)
        self.losses.append(measured.loss)
        self.errors.append(measured.error)
        self.active.append(measured.active)
        self.gradient_norms.append(measured.gradient_norm)
        self.distances.append(measured.distance)
        if measured.remaining is not None:
            self.remaining.append(measured.remaining)
        if best:
            self.best_step, self.best_points = self.steps, points
        self.reached = reached
        return best

    def to_arrays(self, prefix: str = "") -> dict[str, Any]:
        """For `Checkpoint.save`."""
        return {f"{prefix}{name}": getattr(self, name) for name in (*_SINGLE, *_CURVES)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], prefix: str = "") -> RunRecord:
        """What `to_arrays` saved."""
        curves = {name: arrays[f"{prefix}{name}"].tolist() for name in _CURVES}
        points, step, reached = (arrays[f"{prefix}{name}"] for name in _SINGLE)
        return cls(points, int(step), bool(reached), **curves)

    def _best_rank(self, target: Target) -> tuple[float, float]:
        return _rank(self.losses[self.best_step - 1], self.errors[self.best_step - 1], target)


_SINGLE = ("best_points", "best_step", "reached")
_CURVES = ("losses", "errors", "active", "gradient_norms", "distances", "remaining")


def _rank(loss: float, error: float, target: Target) -> tuple[float, float]:
    """What a step is judged by: its loss, or its error and then its loss."""
    return (error if target is Target.ROBUST_ERROR else 0.0, loss)
