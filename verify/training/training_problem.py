"""What a run of training is about, checked once: data, perturbation sets, adversary, step size, set, and target."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike, NDArray

from ...bounds import Activation, InvalidInput, Loss, Target
from ...kernels import SymmetricInitialisation
from ..attacks.adversary import Adversary
from ..predictors import TwoLayerNetwork, output_weights
from ..sets.protocol import PerturbationSet
from .constraint_set import ConstraintSet
from .memory import bytes_per_network
from .run_record import RunRecord
from .run_state import run_identity
from .training_run import TrainingRun

Array = NDArray[np.float64]
# A float32 loss this close above the target is worth the float64 evaluation that decides.
_CLOSE = 1e-4


@dataclass(frozen=True, eq=False)
class TrainingProblem:
    """All that networks trained alike have in common. See `projected_descent.train` for the arguments."""

    activation: Activation
    loss: Loss
    X: Float[Array, "n k"]
    y: Float[Array, " n"]
    perturbations: PerturbationSet
    adversary: Adversary
    step_size: float
    iterations: int
    constraints: ConstraintSet
    stop_at: float | None
    dtype: np.dtype[Any]
    target: Target

    @classmethod
    def checked(
        cls,
        activation: Activation,
        loss: Loss,
        X: Float[Array, "n k"],
        y: Float[Array, " n"],
        perturbations: PerturbationSet,
        adversary: Adversary,
        *,
        step_size: float,
        iterations: int,
        constraints: ConstraintSet,
        dimension: int,
        stop_at: float | None = None,
        dtype: DTypeLike = np.float32,
        target: Target = Target.LOSS,
    ) -> TrainingProblem:
        """The problem for weights in so many dimensions.

        Raises:
            InvalidInput: shapes that do not fit, or a number or dtype that is out of range.
        """
        problem = cls(
            activation,
            loss,
            np.asarray(X, np.float64),
            np.asarray(y, np.float64),
            perturbations,
            adversary,
            float(step_size),
            int(iterations),
            constraints,
            None if stop_at is None else float(stop_at),
            np.dtype(dtype),
            Target(target),
        )
        problem._check(dimension)
        return problem

    def identity(self, arrays: list[NDArray[Any]], *settings: Any) -> str:
        """Digest of all that determines a run; ``arrays`` and ``settings`` are what the problem does not know."""
        own = (getattr(self, entry.name) for entry in fields(self) if entry.name not in ("X", "y"))
        return run_identity((*own, *settings), (self.X, self.y, *arrays))

    def embedded(self) -> Array:
        """The data on the sphere."""
        return np.asarray(self.perturbations.embed(self.X))

    def outputs(self, start: SymmetricInitialisation) -> tuple[Any, Any]:
        """Halves of the output weights, on the device."""
        import jax

        first, second = output_weights(start.signs, self.dtype)
        return jax.device_put(first), jax.device_put(second)

    def bytes_per_network(self, width: int, dimension: int, **options: bool) -> int:
        """See `memory.bytes_per_network`."""
        ball = self.constraints.operator_radius is not None
        return bytes_per_network(width, dimension, len(self.X), self.dtype, operator_ball=ball, **options)

    def error(self, values: NDArray[Any], width: int) -> float:
        """The fraction of points with the wrong sign or none, up to rounding: that of ``W_0``, where f = 0, is 1."""
        return error_of(values, self.y, width)

    def active(self, values: NDArray[Any]) -> float:
        """The fraction of points with a gradient."""
        return float(np.mean(self.loss.slope(values, self.y) != 0))

    def reaches_target(self, loss: float, error: float, claim: Callable[[], tuple[Array, float, float]]) -> bool:
        """Whether a step meets the target in float64; ``claim`` is asked only where that is in question."""
        if self.stop_at is None:
            return False
        if self.target is Target.ROBUST_ERROR:
            return error <= self.stop_at and claim()[2] <= self.stop_at
        if loss > self.stop_at + _CLOSE * max(1.0, abs(self.stop_at)):
            return False
        return claim()[1] <= self.stop_at

    def claim(self, start: SymmetricInitialisation, weights: NDArray[Any], points: Array) -> tuple[Array, float, float]:
        """Weights in float64, moved into the set if rounding left them outside, and their loss and error there."""
        inside = self.constraints.moved_inside(weights.astype(np.float64), start.half_weights)
        predictions = TwoLayerNetwork(inside, start.signs, self.activation).predict(points)
        value = float(np.mean(self.loss.value(predictions, self.y)))
        return inside, value, self.error(predictions, start.width)

    def finish(
        self,
        start: SymmetricInitialisation,
        record: RunRecord,
        best: NDArray[Any],
        final: NDArray[Any],
        *,
        landmark: Array | None = None,
    ) -> TrainingRun:
        """The result of a run that is over; ``best`` and ``final`` are weights in the dtype of the run."""
        inside, value, error = self.claim(start, best, record.best_points)
        first = [] if landmark is None else [float(np.linalg.norm(landmark))]
        return TrainingRun(
            np.array(record.losses),
            np.array(record.gradient_norms),
            np.array(record.distances[:-1]),
            np.array(record.errors),
            np.array(record.active),
            np.array(first + record.remaining),
            record.best_step,
            value,
            error,
            inside,
            record.best_points,
            final,
            record.distances[-1],
            "target reached" if record.reached else "all iterations done",
        )

    def _check(self, dimension: int) -> None:
        embedded = self.perturbations.embed(self.X[:1]).shape[1] if self.X.ndim == 2 else None
        if embedded != dimension or self.y.shape != (len(self.X),):
            raise InvalidInput(
                f"X has shape {self.X.shape} and y {self.y.shape}: expected one label for each row, and rows that the "
                f"perturbation set puts into the {dimension} dimensions of the weights"
            )
        for name in ("step_size", "iterations"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InvalidInput(f"{name} is {value!r}: expected a positive finite number")
        if self.dtype not in (np.float32, np.float64):
            raise InvalidInput(f"dtype is {self.dtype}: expected float32 or float64")


def error_of(values: NDArray[Any], y: Array, width: int) -> float:
    """The fraction of points with ``y f <= 0`` up to the rounding of a sum over ``width`` neurons."""
    rounding = 16.0 * float(np.finfo(values.dtype).eps) * math.sqrt(width)
    return float(np.mean(~(y * values > rounding)))


def joined(halves: tuple[Any, Any]) -> NDArray[Any]:
    """Both halves of the weights as one NumPy array, shape (m, d)."""
    return np.concatenate([np.asarray(half) for half in halves])
