"""Projected adversarial training of a two-layer network, exactly as in theory section 0.

``W_1 = W_0``. At step t the adversary answers ``W_t`` with points ``x_i^t``; these are frozen, one
gradient step of size ``alpha`` is taken on the full batch, and the result is projected on ``|W - W_0|_F
<= R``, or on the part of that ball that the theorem of the run asks for (`constraint_set`). Training may
run in float32; what is claimed, the best surrogate loss or error and the weights that have it, is put into
the set and evaluated in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike, NDArray

from ...bounds import Activation, Loss, Target
from ...kernels import SymmetricInitialisation
from ..attacks.adversary import Adversary
from ..sets.protocol import PerturbationSet
from .constraint_set import ConstraintSet
from .memory import require_memory
from .network_step import compiled_step
from .run_record import Measured, RunRecord
from .run_state import Checkpoint
from .training_problem import TrainingProblem, joined
from .training_run import DeviceNetwork, TrainingRun, TrainingStep

Array = NDArray[np.float64]
Progress = Callable[[int, int, float], None]


@dataclass
class _State:
    """Everything that one step hands to the next; ``best`` are the weights with the best record so far."""

    halves: tuple[Any, Any]
    best_halves: tuple[Any, Any]
    record: RunRecord

    def to_arrays(self) -> dict[str, Any]:
        return {
            "halves_0": self.halves[0],
            "halves_1": self.halves[1],
            "best_0": self.best_halves[0],
            "best_1": self.best_halves[1],
            **self.record.to_arrays(),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> _State:
        import jax

        halves, best = (
            (jax.device_put(arrays[f"{name}_0"]), jax.device_put(arrays[f"{name}_1"])) for name in ("halves", "best")
        )
        return cls(halves, best, RunRecord.from_arrays(arrays))


@dataclass(frozen=True, eq=False)
class _Trainer:
    """One network and its problem."""

    problem: TrainingProblem
    initialisation: SymmetricInitialisation
    landmark: Array | None

    def identity(self) -> str:
        landmark = [] if self.landmark is None else [self.landmark]
        return self.problem.identity([self.initialisation.half_weights, *landmark], self.initialisation)

    def start(self) -> tuple[Any, Any]:
        """Halves of ``W_0``, one array twice, on the device."""
        import jax

        half = jax.device_put(self.initialisation.half_weights.astype(self.problem.dtype))
        return half, half

    def landmarks(self) -> tuple[Any, Any] | None:
        """Halves of ``W_*`` on the device."""
        import jax

        if self.landmark is None:
            return None
        weights = (self.initialisation.weights + self.landmark).astype(self.problem.dtype)
        first, second = (jax.device_put(half) for half in np.split(weights, 2))
        return first, second

    def is_over(self, state: _State) -> bool:
        return state.record.reached or state.record.steps >= self.problem.iterations

    def advance(
        self, state: _State, start: tuple[Any, Any], outputs: tuple[Any, Any], landmarks: tuple[Any, Any] | None
    ) -> TrainingStep:
        """Attack, step, project; updates ``state`` in place."""
        problem = self.problem
        network = DeviceNetwork(state.halves, outputs, problem.activation)
        iteration = state.record.steps + 1
        found = problem.adversary.perturb(
            network, problem.X, problem.y, problem.perturbations, loss=problem.loss, iteration=iteration
        )
        result = compiled_step(problem.activation, problem.loss)(
            network.parameters(),
            start,
            found.points.astype(problem.dtype),
            problem.y.astype(problem.dtype),
            problem.dtype.type(problem.step_size),
            *problem.constraints.bounds(problem.dtype),
            landmarks,
        )
        values = np.asarray(result.values)
        seen = TrainingStep(
            iteration,
            found.points,
            values,
            float(result.loss),
            problem.error(values, self.initialisation.width),
            problem.active(values),
            float(result.gradient_norm),
            network,
        )
        remaining = None if result.remaining is None else float(result.remaining)
        self._record(state, seen, float(result.distance), remaining)
        state.halves = result.weights
        return seen

    def _record(self, state: _State, seen: TrainingStep, distance: float, remaining: float | None) -> None:
        problem = self.problem
        reached = problem.reaches_target(
            seen.loss, seen.error, lambda: problem.claim(self.initialisation, seen.weights(), seen.points)
        )
        measured = Measured(seen.loss, seen.error, seen.active, seen.gradient_norm, distance, remaining)
        if state.record.add(measured, seen.points, target=problem.target, reached=reached):
            state.best_halves = state.halves

    def finish(self, state: _State) -> TrainingRun:
        best, final = joined(state.best_halves), joined(state.halves)
        return self.problem.finish(self.initialisation, state.record, best, final, landmark=self.landmark)


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
    operator_radius: float | None = None,
    landmark: Float[Array, "m d"] | None = None,
    checkpoint: Checkpoint | None = None,
    observer: Callable[[TrainingStep], None] | None = None,
    progress: Progress | None = None,
) -> TrainingRun:
    """Adversarial training for ``iterations`` steps, or until ``L_A(W_t) <= stop_at`` in float64.

    The set that is trained in is that of E1, E3, E7, E8 and E9; with ``row_radius`` that of E2 and of the theorems
    whose id ends in -tied; with ``operator_radius`` that of E10, or with both that of E10-tied.

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
        operator_radius: R_op of E10, the largest operator norm of ``W - W_0``; None for no such limit.
        landmark: ``W_* - W_0``, if the distances to ``W_*`` along the run are wanted.
        checkpoint: where to save; a state of the same run found there is resumed, bit for bit.
        observer: called with every step, for measurements along the run.
        progress: called with (step, iterations, surrogate loss).

    Raises:
        InvalidInput: shapes that do not fit, a step size, radius or number of iterations that is not
            positive, a network that does not fit into memory, or a checkpoint of another run.
        FloatingPointError: the loss overflowed.
    """
    import jax

    problem = TrainingProblem.checked(
        activation,
        loss,
        X,
        y,
        perturbations,
        adversary,
        step_size=step_size,
        iterations=iterations,
        constraints=ConstraintSet.of(radius, row_radius, operator_radius),
        dimension=initialisation.dimension,
        stop_at=stop_at,
        dtype=dtype,
        target=target,
    )
    needed = problem.bytes_per_network(initialisation.width, initialisation.dimension, landmark=landmark is not None)
    require_memory(needed, what=f"training width {initialisation.width:,}")
    trainer = _Trainer(problem, initialisation, landmark)
    identity = trainer.identity() if checkpoint else ""
    with jax.enable_x64(problem.dtype == np.float64):
        start, outputs, landmarks = trainer.start(), problem.outputs(initialisation), trainer.landmarks()
        saved = checkpoint.load(identity) if checkpoint else None
        state = _State.from_arrays(saved) if saved else _State(start, start, RunRecord(problem.embedded()))
        while not trainer.is_over(state):
            seen = trainer.advance(state, start, outputs, landmarks)
            if observer is not None:
                observer(seen)
            if checkpoint is not None and (checkpoint.is_due() or trainer.is_over(state)):
                checkpoint.save(identity, state.to_arrays())
            if progress is not None:
                progress(seen.iteration, problem.iterations, seen.loss)
    return trainer.finish(state)
