"""Projected adversarial training of a two-layer network, exactly as in theory section 0.

``W_1 = W_0``. At step t the adversary answers ``W_t`` with points ``x_i^t``; these are frozen, one
gradient step of size ``alpha`` is taken on the full batch, and the result is projected on ``|W - W_0|_F
<= R``. Training may run in float32; what is claimed, the best surrogate loss and the weights that have
it, is put into the ball and evaluated in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike, NDArray

from ..bounds import Activation, InvalidInput, Loss
from ..kernels import SymmetricInitialisation
from .attack import Adversary
from .cap import PerturbationSet
from .network_step import StepResult, compiled_step
from .predictors import Evaluator, NetworkEvaluator, Parameters, TwoLayerNetwork, output_weights
from .run_state import Checkpoint, run_identity

Array = NDArray[np.float64]
Progress = Callable[[int, int, float], None]
# A float32 loss this close above the target is worth the float64 evaluation that decides.
_CLOSE = 1e-4


@dataclass(frozen=True, eq=False)
class TrainingStep:
    """What an observer sees of step t, before the gradient step: ``W_t`` and the adversary's answer to it."""

    iteration: int
    points: Float[Array, "n d"]
    values: Float[NDArray[Any], " n"]
    loss: float
    gradient_norm: float
    _network: DeviceNetwork = field(repr=False)

    def weights(self) -> Float[NDArray[Any], "m d"]:
        """``W_t`` in the training dtype, a copy."""
        return self._network.weights()


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """Curves and results of one run.

    ``surrogate_losses[t - 1]``, ``gradient_norms[t - 1]`` and ``distances[t - 1]`` are ``L_A(W_t)``,
    ``|g_t|_F`` and ``|W_t - W_0|_F`` as computed in the training dtype. ``best_surrogate_loss`` is the
    float64 loss of ``best_weights``, which lie in the ball in float64, at ``best_points``, which lie in
    the perturbation sets in float64.
    """

    surrogate_losses: Float[Array, " t"]
    gradient_norms: Float[Array, " t"]
    distances: Float[Array, " t"]
    best_step: int
    best_surrogate_loss: float
    best_weights: Float[Array, "m d"]
    best_points: Float[Array, "n d"]
    final_weights: Float[NDArray[Any], "m d"]
    final_distance: float
    stopped: Literal["target reached", "all iterations done"]

    @property
    def steps(self) -> int:
        """Number of gradient steps taken."""
        return len(self.surrogate_losses)

    def to_json(self) -> dict[str, Any]:
        """The scalars; curves and weights are for files."""
        return {
            "steps": self.steps,
            "best_surrogate_loss": self.best_surrogate_loss,
            "reached_at": self.best_step,
            "final_distance": self.final_distance,
            "stopped": self.stopped,
        }


@dataclass(frozen=True, eq=False)
class DeviceNetwork:
    """A network in training, as a predictor: its two halves stay where JAX put them."""

    halves: tuple[Any, Any]
    outputs: tuple[Any, Any]
    activation: Activation

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = np.dtype(self.halves[0].dtype)
        return dtype

    def predict(self, X: Float[Any, "n d"]) -> Float[Array, " n"]:
        scale = np.sqrt(sum(len(part) for part in self.outputs))
        signs = np.concatenate([np.asarray(part, np.float64) for part in self.outputs]) * scale
        return TwoLayerNetwork(self.weights(), np.rint(signs), self.activation).predict(X)

    def weights(self) -> Float[NDArray[Any], "m d"]:
        return np.concatenate([np.asarray(half) for half in self.halves])

    def evaluator(self) -> Evaluator:
        return NetworkEvaluator(self.activation)

    def parameters(self) -> Parameters:
        return tuple(zip(self.halves, self.outputs, strict=True))


@dataclass
class _State:
    """Everything that one step hands to the next; ``best`` are the weights with the lowest loss so far."""

    halves: tuple[Any, Any]
    best_halves: tuple[Any, Any]
    best_points: Array
    best_step: int = 0
    losses: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=lambda: [0.0])
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
        losses, norms, distances = (arrays[name].tolist() for name in _STORED[2:5])
        step, reached = int(arrays["best_step"]), bool(arrays["reached"])
        return cls(halves, best, arrays["best_points"], step, losses, norms, distances, reached)


_STORED = ("best_points", "best_step", "losses", "gradient_norms", "distances", "reached")


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

    def identity(self) -> str:
        """Digest of all that determines the run."""
        settings = (getattr(self, entry.name) for entry in fields(self) if entry.name not in ("X", "y"))
        return run_identity(settings, (self.initialisation.half_weights, self.X, self.y))

    def start(self) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        """Halves of ``W_0``, one array twice, and of the output weights, on the device."""
        import jax

        half = jax.device_put(self.initialisation.half_weights.astype(self.dtype))
        first, second = output_weights(self.initialisation.signs, self.dtype)
        return (half, half), (jax.device_put(first), jax.device_put(second))

    def is_over(self, state: _State) -> bool:
        return state.reached or len(state.losses) >= self.iterations

    def advance(self, state: _State, start: tuple[Any, Any], outputs: tuple[Any, Any]) -> TrainingStep:
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
        )
        loss, norm = float(result.loss), float(result.gradient_norm)
        seen = TrainingStep(iteration, found.points, np.asarray(result.values), loss, norm, network)
        self._record(state, seen, result)
        return seen

    def _record(self, state: _State, seen: TrainingStep, result: StepResult) -> None:
        if not np.isfinite(seen.loss):
            raise FloatingPointError(f"the surrogate loss at step {seen.iteration} is {seen.loss}")
        reaches = self._reaches_target(seen)
        if reaches or not state.losses or seen.loss < min(state.losses):
            state.best_step, state.best_halves, state.best_points = seen.iteration, state.halves, seen.points
        state.reached = reaches
        state.losses.append(seen.loss)
        state.gradient_norms.append(seen.gradient_norm)
        state.distances.append(float(result.distance))
        state.halves = result.weights

    def _reaches_target(self, seen: TrainingStep) -> bool:
        if self.stop_at is None or seen.loss > self.stop_at + _CLOSE * max(1.0, abs(self.stop_at)):
            return False
        return self.claim(seen.weights(), seen.points)[1] <= self.stop_at

    def claim(self, weights: NDArray[Any], points: Array) -> tuple[Array, float]:
        """Weights in float64, moved into the ball if rounding left them outside, and their loss there."""
        start = self.initialisation
        inside = _into_ball(weights.astype(np.float64), start.half_weights, self.radius)
        predictions = TwoLayerNetwork(inside, start.signs, self.activation).predict(points)
        return inside, float(np.mean(self.loss.value(predictions, self.y)))

    def finish(self, state: _State) -> TrainingRun:
        best, value = self.claim(_joined(state.best_halves), state.best_points)
        return TrainingRun(
            np.array(state.losses),
            np.array(state.gradient_norms),
            np.array(state.distances[:-1]),
            state.best_step,
            value,
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
    checkpoint: Checkpoint | None = None,
    observer: Callable[[TrainingStep], None] | None = None,
    progress: Progress | None = None,
) -> TrainingRun:
    """Adversarial training for ``iterations`` steps, or until ``L_A(W_t) <= stop_at`` in float64.

    Args:
        initialisation: ``W_0`` and the signs.
        activation, loss: sigma and l.
        X, y: data in the perturbation sets, shape (n, d), and labels, shape (n,), float64.
        perturbations: ``B``.
        adversary: the rule ``A``, e.g. ``ProjectedGradientAttack()``: 10 steps from the data point.
        step_size, iterations, radius: ``alpha``, ``T`` and ``R`` of theory section 0.
        stop_at: the loss at which to stop, before the next step.
        dtype: of the training, float32 or float64.
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
    )
    _check(trainer)
    identity = trainer.identity() if checkpoint else ""
    with jax.enable_x64(trainer.dtype == np.float64):
        start, outputs = trainer.start()
        saved = checkpoint.load(identity) if checkpoint else None
        state = _State.from_arrays(saved) if saved else _State(start, start, trainer.X)
        while not trainer.is_over(state):
            seen = trainer.advance(state, start, outputs)
            if observer is not None:
                observer(seen)
            if checkpoint is not None and (checkpoint.is_due() or trainer.is_over(state)):
                checkpoint.save(identity, state.to_arrays())
            if progress is not None:
                progress(seen.iteration, trainer.iterations, seen.loss)
    return trainer.finish(state)


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


def _check(trainer: _Trainer) -> None:
    dimension = trainer.initialisation.dimension
    if trainer.X.ndim != 2 or trainer.X.shape[1] != dimension or trainer.y.shape != (len(trainer.X),):
        raise InvalidInput(
            f"X of shape {trainer.X.shape} and y of shape {trainer.y.shape} do not fit weights "
            f"in {dimension} dimensions"
        )
    for name in ("step_size", "iterations", "radius"):
        value = getattr(trainer, name)
        if not (np.isfinite(value) and value > 0):
            raise InvalidInput(f"{name} is {value!r}: expected a positive finite number")
    if trainer.dtype not in (np.float32, np.float64):
        raise InvalidInput(f"dtype {trainer.dtype} must be float32 or float64")
