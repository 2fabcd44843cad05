"""Projected adversarial training of a two-layer network, exactly as in theory section 0.

``W_1 = W_0``. At step t the adversary answers ``W_t`` with points ``x_i^t``; these are frozen, one
gradient step of size ``alpha`` is taken on the full batch, and the result is projected on ``|W - W_0|_F
<= R``; or, for tied pairs, on the antisymmetric moves of that ball that have no long rows. Training may
run in float32; what is claimed, the best surrogate loss or error and the weights that have it, is put into
the ball and evaluated in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike, NDArray

from ...bounds import Activation, InvalidInput, Loss, Target
from ...kernels import SymmetricInitialisation
from ..attacks.adversary import Adversary
from ..predictors import TwoLayerNetwork, output_weights
from ..sets.protocol import PerturbationSet
from .network_step import StepResult, compiled_step
from .run_state import Checkpoint, run_identity
from .tied_projection import project_rows
from .training_run import DeviceNetwork, TrainingRun, TrainingStep

Array = NDArray[np.float64]
Progress = Callable[[int, int, float], None]
# A float32 loss this close above the target is worth the float64 evaluation that decides.
_CLOSE = 1e-4


@dataclass
class _State:
    """Everything that one step hands to the next; ``best`` are the weights with the best record so far."""

    halves: tuple[Any, Any]
    best_halves: tuple[Any, Any]
    best_points: Array
    best_step: int = 0
    losses: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=lambda: [0.0])
    errors: list[float] = field(default_factory=list)
    active: list[float] = field(default_factory=list)
    remaining: list[float] = field(default_factory=list)
    reached: bool = False

    def to_arrays(self) -> dict[str, Any]:
        return {
            "halves_0": self.halves[0],
            "halves_1": self.halves[1],
            "best_0": self.best_halves[0],
            "best_1": self.best_halves[1],
            **{name: getattr(self, name) for name in _STORED},
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> _State:
        import jax

        halves, best = (
            (jax.device_put(arrays[f"{name}_0"]), jax.device_put(arrays[f"{name}_1"])) for name in ("halves", "best")
        )
        curves = {name: arrays[name].tolist() for name in _CURVES}
        step, reached = int(arrays["best_step"]), bool(arrays["reached"])
        return cls(halves, best, arrays["best_points"], step, **curves, reached=reached)


_CURVES = ("losses", "gradient_norms", "distances", "errors", "active", "remaining")
_STORED = ("best_points", "best_step", "reached", *_CURVES)


@dataclass(frozen=True, eq=False)
class _Trainer:
    """The problem and the parameters of one run."""

    initialisation: SymmetricInitialisation
    activation: Activation
    loss: Loss
    X: Array
    y: Array
    perturbations: PerturbationSet
    adversary: Adversary
    step_size: float
    iterations: int
    radius: float
    stop_at: float | None
    dtype: np.dtype[Any]
    target: Target
    row_radius: float | None
    landmark: Array | None

    def identity(self) -> str:
        """Digest of all that determines the run."""
        settings = (getattr(self, entry.name) for entry in fields(self) if entry.name not in ("X", "y", "landmark"))
        landmark = () if self.landmark is None else (self.landmark,)
        return run_identity(settings, (self.initialisation.half_weights, self.X, self.y, *landmark))

    def start(self) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        """Halves of ``W_0``, one array twice, and of the output weights, on the device."""
        import jax

        half = jax.device_put(self.initialisation.half_weights.astype(self.dtype))
        first, second = output_weights(self.initialisation.signs, self.dtype)
        return (half, half), (jax.device_put(first), jax.device_put(second))

    def landmarks(self) -> tuple[Any, Any] | None:
        """Halves of ``W_*`` on the device."""
        import jax

        if self.landmark is None:
            return None
        weights = (self.initialisation.weights + self.landmark).astype(self.dtype)
        first, second = (jax.device_put(half) for half in np.split(weights, 2))
        return first, second

    def is_over(self, state: _State) -> bool:
        return state.reached or len(state.losses) >= self.iterations

    def advance(
        self, state: _State, start: tuple[Any, Any], outputs: tuple[Any, Any], landmarks: tuple[Any, Any] | None
    ) -> TrainingStep:
        """Attack, step, project; updates ``state`` in place."""
        network = DeviceNetwork(state.halves, outputs, self.activation)
        iteration = len(state.losses) + 1
        found = self.adversary.perturb(network, self.X, self.y, self.perturbations, loss=self.loss, iteration=iteration)
        result = compiled_step(self.activation, self.loss)(
            network.parameters(),
            start,
            found.points.astype(self.dtype),
            self.y.astype(self.dtype),
            self.dtype.type(self.step_size),
            self.dtype.type(self.radius),
            None if self.row_radius is None else self.dtype.type(self.row_radius),
            landmarks,
        )
        values = np.asarray(result.values)
        seen = TrainingStep(
            iteration,
            found.points,
            values,
            float(result.loss),
            _error(values, self.y, self.initialisation.width),
            float(np.mean(self.loss.slope(values, self.y) != 0)),
            float(result.gradient_norm),
            network,
        )
        self._record(state, seen, result)
        return seen

    def _record(self, state: _State, seen: TrainingStep, result: StepResult) -> None:
        if not np.isfinite(seen.loss):
            raise FloatingPointError(f"the surrogate loss at step {seen.iteration} is {seen.loss}")
        reaches = self._reaches_target(seen)
        if reaches or not state.losses or self._record_of(seen) < self._best_record(state):
            state.best_step, state.best_halves, state.best_points = seen.iteration, state.halves, seen.points
        state.reached = reaches
        state.losses.append(seen.loss)
        state.gradient_norms.append(seen.gradient_norm)
        state.distances.append(float(result.distance))
        state.errors.append(seen.error)
        state.active.append(seen.active)
        if result.remaining is not None:
            state.remaining.append(float(result.remaining))
        state.halves = result.weights

    def _record_of(self, seen: TrainingStep) -> tuple[float, float]:
        """What a step is judged by: its loss, or its error and then its loss."""
        return (seen.error if self.target is Target.ROBUST_ERROR else 0.0, seen.loss)

    def _best_record(self, state: _State) -> tuple[float, float]:
        index = state.best_step - 1
        return (state.errors[index] if self.target is Target.ROBUST_ERROR else 0.0, state.losses[index])

    def _reaches_target(self, seen: TrainingStep) -> bool:
        if self.stop_at is None:
            return False
        if self.target is Target.ROBUST_ERROR:
            return seen.error <= self.stop_at and self.claim(seen.weights(), seen.points)[2] <= self.stop_at
        if seen.loss > self.stop_at + _CLOSE * max(1.0, abs(self.stop_at)):
            return False
        return self.claim(seen.weights(), seen.points)[1] <= self.stop_at

    def claim(self, weights: NDArray[Any], points: Array) -> tuple[Array, float, float]:
        """Weights in float64, moved into the ball if rounding left them outside, and their loss and error there."""
        start = self.initialisation
        inside = weights.astype(np.float64)
        if self.row_radius is None:
            inside = _into_ball(inside, start.half_weights, self.radius)
        else:
            inside = _into_tied_ball(inside, start.half_weights, self.radius, self.row_radius)
        predictions = TwoLayerNetwork(inside, start.signs, self.activation).predict(points)
        return inside, float(np.mean(self.loss.value(predictions, self.y))), _error(predictions, self.y, start.width)

    def finish(self, state: _State) -> TrainingRun:
        best, value, error = self.claim(_joined(state.best_halves), state.best_points)
        first = [] if self.landmark is None else [float(np.linalg.norm(self.landmark))]
        return TrainingRun(
            np.array(state.losses),
            np.array(state.gradient_norms),
            np.array(state.distances[:-1]),
            np.array(state.errors),
            np.array(state.active),
            np.array(first + state.remaining),
            state.best_step,
            value,
            error,
            best,
            state.best_points,
            _joined(state.halves),
            state.distances[-1],
            "target reached" if state.reached else "all iterations done",
        )


def train(
    initialisation: SymmetricInitialisation,
    activation: Activation,
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
    dtype: DTypeLike = np.float32,
    target: Target = Target.LOSS,
    row_radius: float | None = None,
    landmark: Float[Array, "m d"] | None = None,
    checkpoint: Checkpoint | None = None,
    observer: Callable[[TrainingStep], None] | None = None,
    progress: Progress | None = None,
) -> TrainingRun:
    """Adversarial training for ``iterations`` steps, or until ``L_A(W_t) <= stop_at`` in float64.

    Args:
        initialisation: ``W_0`` and the signs.
        activation, loss: sigma and l.
        X, y: data in the coordinates of the perturbation sets, shape (n, k), and labels, shape (n,), float64.
        perturbations: ``B``.
        adversary: the rule ``A``, e.g. ``ProjectedGradientAttack()``: 10 steps from the data point.
        step_size, iterations, radius: ``alpha``, ``T`` and ``R`` of theory section 0.
        stop_at: the loss or the error, whichever ``target`` names, at which to stop, before the next step.
        dtype: of the training, float32 or float64.
        target: what the best step is judged by.
        row_radius: rho of tied pairs, to train these; None to train all weights.
        landmark: ``W_* - W_0``, if the distances to ``W_*`` along the run are wanted.
        checkpoint: where to save; a state of the same run found there is resumed, bit for bit.
        observer: called with every step, for measurements along the run.
        progress: called with (step, iterations, surrogate loss).

    Raises:
        InvalidInput: shapes that do not fit, a step size, radius or number of iterations that is not
            positive, or a checkpoint of another run.
        FloatingPointError: the loss overflowed.
    """
    import jax

    trainer = _Trainer(
        initialisation,
        activation,
        loss,
        np.asarray(X, np.float64),
        np.asarray(y, np.float64),
        perturbations,
        adversary,
        float(step_size),
        int(iterations),
        float(radius),
        None if stop_at is None else float(stop_at),
        np.dtype(dtype),
        Target(target),
        None if row_radius is None else float(row_radius),
        landmark,
    )
    _check(trainer)
    identity = trainer.identity() if checkpoint else ""
    with jax.enable_x64(trainer.dtype == np.float64):
        start, outputs = trainer.start()
        landmarks = trainer.landmarks()
        saved = checkpoint.load(identity) if checkpoint else None
        state = _State.from_arrays(saved) if saved else _State(start, start, np.asarray(perturbations.embed(trainer.X)))
        while not trainer.is_over(state):
            seen = trainer.advance(state, start, outputs, landmarks)
            if observer is not None:
                observer(seen)
            if checkpoint is not None and (checkpoint.is_due() or trainer.is_over(state)):
                checkpoint.save(identity, state.to_arrays())
            if progress is not None:
                progress(seen.iteration, trainer.iterations, seen.loss)
    return trainer.finish(state)


def _error(values: NDArray[Any], y: Array, width: int) -> float:
    """The fraction of points with the wrong sign or none, up to rounding: that of ``W_0``, where f = 0, is 1."""
    rounding = 16.0 * float(np.finfo(values.dtype).eps) * math.sqrt(width)
    return float(np.mean(~(y * values > rounding)))


def _joined(halves: tuple[Any, Any]) -> NDArray[Any]:
    return np.concatenate([np.asarray(half) for half in halves])


def _into_ball(weights: Array, half_start: Array, radius: float) -> Array:
    """``weights``, moved in place to the point of the ball on their ray from ``W_0`` if outside."""
    halves = weights.reshape(2, *half_start.shape)
    distance = math.hypot(*(float(np.linalg.norm(half - half_start)) for half in halves))
    if distance > radius:
        for half in halves:
            half += (half_start - half) * (1.0 - radius / distance * (1.0 - 1e-12))
    return weights


def _into_tied_ball(weights: Array, half_start: Array, radius: float, row_radius: float) -> Array:
    """The tied move nearest to that of the weights, a hair inside its bounds."""
    first, second = np.split(weights, 2)
    inner = 1.0 - 1e-12
    longest = inner * row_radius / math.sqrt(len(weights))
    move = project_rows((first - second) / 2.0, inner * radius / math.sqrt(2.0), longest)
    return np.concatenate([half_start + move, half_start - move])


def _embedded_size(trainer: _Trainer) -> int:
    return int(trainer.perturbations.embed(trainer.X[:1]).shape[1])


def _check(trainer: _Trainer) -> None:
    dimension = trainer.initialisation.dimension
    if trainer.X.ndim != 2 or trainer.y.shape != (len(trainer.X),) or _embedded_size(trainer) != dimension:
        raise InvalidInput(
            f"X of shape {trainer.X.shape} and y of shape {trainer.y.shape} do not fit weights "
            f"in {dimension} dimensions"
        )
    for name in ("step_size", "iterations", "radius", "row_radius"):
        value = getattr(trainer, name)
        if value is not None and not (np.isfinite(value) and value > 0):
            raise InvalidInput(f"{name} is {value!r}: expected a positive finite number")
    if trainer.dtype not in (np.float32, np.float64):
        raise InvalidInput(f"dtype {trainer.dtype} must be float32 or float64")
