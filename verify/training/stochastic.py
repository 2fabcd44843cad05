"""Projected *stochastic* adversarial training: an extra without any guarantee.

The theorems of this project are about full-batch steps: their regret argument uses the gradient of the loss on all
points. Here each step attacks a mini-batch and follows its gradient, the projection being the same. No statement of
theory sections 2 and 3 covers such a run; its result says so (`Coverage.NONE`), and code that attaches a guarantee
refuses it (`training_run.require_coverage`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike, NDArray

from ...bounds import Activation, InvalidInput, Loss, Target
from ...kernels import SymmetricInitialisation
from ..attacks.adversary import AdversarialPoints, Adversary
from ..sets.protocol import PerturbationSet
from .constraint_set import ConstraintSet
from .memory import require_memory
from .network_step import StepResult, compiled_step
from .run_state import Checkpoint
from .training_problem import TrainingProblem, joined
from .training_run import Coverage, DeviceNetwork

Array = NDArray[np.float64]
Progress = Callable[[int, int, float], None]


@dataclass(frozen=True, eq=False)
class StochasticRun:
    """Curves and results of one run, which no theorem covers.

    ``batch_losses[t - 1]``, ``gradient_norms[t - 1]`` and ``distances[t - 1]`` belong to step t and its batch, in the
    training dtype. ``surrogate_losses[j]`` is ``L_A(W_t)`` on *all* points before step ``evaluated_at[j] = t``, and
    ``errors[j]`` the fraction that A misclassifies; the best of these evaluations is judged as in `TrainingRun`, and
    evaluated in float64 at weights that lie in the set in float64.
    """

    batch_losses: Float[Array, " t"]
    gradient_norms: Float[Array, " t"]
    distances: Float[Array, " t"]
    evaluated_at: NDArray[np.int64]
    surrogate_losses: Float[Array, " k"]
    errors: Float[Array, " k"]
    best_step: int
    best_surrogate_loss: float
    best_error: float
    best_weights: Float[Array, "m d"]
    best_points: Float[Array, "n d"]
    final_weights: Float[NDArray[Any], "m d"]
    final_distance: float
    batch_size: int
    seed: int
    stopped: Literal["target reached", "all iterations done"]

    @property
    def coverage(self) -> Coverage:
        """Always none: the theorems are about full batches."""
        return Coverage.NONE

    @property
    def steps(self) -> int:
        """Number of gradient steps taken."""
        return len(self.batch_losses)

    def to_json(self) -> dict[str, Any]:
        """The scalars, and that no theorem covers the run; curves and weights are for files."""
        return {
            "steps": self.steps,
            "best_surrogate_loss": self.best_surrogate_loss,
            "best_error": self.best_error,
            "reached_at": self.best_step,
            "final_distance": self.final_distance,
            "stopped": self.stopped,
            "batch_size": self.batch_size,
            "seed": self.seed,
            "covered_by": self.coverage.value,
        }


@dataclass
class _State:
    """Everything that one step hands to the next."""

    halves: tuple[Any, Any]
    best_halves: tuple[Any, Any]
    best_points: Array
    best_step: int = 0
    reached: bool = False
    batch_losses: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=lambda: [0.0])
    evaluated_at: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)

    def to_arrays(self) -> dict[str, Any]:
        pairs = {"halves": self.halves, "best": self.best_halves}
        weights = {f"{name}_{index}": half for name, pair in pairs.items() for index, half in enumerate(pair)}
        return weights | {name: getattr(self, name) for name in (*_SINGLE, *_LISTS)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> _State:
        import jax

        halves, best = (
            (jax.device_put(arrays[f"{name}_0"]), jax.device_put(arrays[f"{name}_1"])) for name in ("halves", "best")
        )
        lists = {name: arrays[name].tolist() for name in _LISTS}
        return cls(halves, best, arrays["best_points"], int(arrays["best_step"]), bool(arrays["reached"]), **lists)


_SINGLE = ("best_points", "best_step", "reached")
_LISTS = ("batch_losses", "gradient_norms", "distances", "evaluated_at", "losses", "errors")


@dataclass(frozen=True, eq=False)
class _Trainer:
    problem: TrainingProblem
    initialisation: SymmetricInitialisation
    batch_size: int
    seed: int
    evaluate_every: int
    starts: tuple[Any, Any]
    outputs: tuple[Any, Any]

    def run(self, state: _State) -> None:
        """One step: evaluate on all points if that is due, and unless this met the target go on with a batch."""
        problem, iteration = self.problem, len(state.batch_losses) + 1
        network = DeviceNetwork(state.halves, self.outputs, problem.activation)
        if (iteration - 1) % self.evaluate_every == 0:
            self._evaluate(state, network, iteration)
        if not state.reached:
            self._step(state, network, self._batch(iteration), iteration)

    def finish(self, state: _State) -> StochasticRun:
        problem = self.problem
        best, value, error = problem.claim(self.initialisation, joined(state.best_halves), state.best_points)
        return StochasticRun(
            np.array(state.batch_losses),
            np.array(state.gradient_norms),
            np.array(state.distances[:-1]),
            np.array(state.evaluated_at, np.int64),
            np.array(state.losses),
            np.array(state.errors),
            state.best_step,
            value,
            error,
            best,
            state.best_points,
            joined(state.halves),
            state.distances[-1],
            self.batch_size,
            self.seed,
            "target reached" if state.reached else "all iterations done",
        )

    def _batch(self, iteration: int) -> NDArray[np.intp]:
        """Rows of this step: each epoch goes once through a permutation of its own, a function of the seed alone."""
        count = len(self.problem.X)
        epoch, part = divmod(iteration - 1, math.ceil(count / self.batch_size))
        order = np.random.default_rng([self.seed, epoch]).permutation(count)
        return order[part * self.batch_size : (part + 1) * self.batch_size]

    def _attack(self, network: DeviceNetwork, rows: Any, iteration: int) -> AdversarialPoints:
        problem = self.problem
        return problem.adversary.perturb(
            network, problem.X[rows], problem.y[rows], problem.perturbations, loss=problem.loss, iteration=iteration
        )

    def _evaluate(self, state: _State, network: DeviceNetwork, iteration: int) -> None:
        problem = self.problem
        found = self._attack(network, slice(None), iteration)
        loss = float(np.mean(problem.loss.value(found.values, problem.y)))
        error = problem.error(np.asarray(found.values), self.initialisation.width)
        by_error = problem.target is Target.ROBUST_ERROR
        ranks = [(wrong if by_error else 0.0, value) for wrong, value in zip(state.errors, state.losses, strict=True)]
        state.reached = problem.reaches_target(
            loss, error, lambda: problem.claim(self.initialisation, network.weights(), found.points)
        )
        if state.reached or not ranks or (error if by_error else 0.0, loss) < min(ranks):
            state.best_step, state.best_halves, state.best_points = iteration, state.halves, found.points
        state.evaluated_at.append(iteration)
        state.losses.append(loss)
        state.errors.append(error)

    def _step(self, state: _State, network: DeviceNetwork, rows: NDArray[np.intp], iteration: int) -> None:
        problem = self.problem
        result: StepResult = compiled_step(problem.activation, problem.loss)(
            network.parameters(),
            self.starts,
            self._attack(network, rows, iteration).points.astype(problem.dtype),
            problem.y[rows].astype(problem.dtype),
            problem.dtype.type(problem.step_size),
            *problem.constraints.bounds(problem.dtype),
        )
        loss = float(result.loss)
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss of the batch at step {iteration} is {loss}")
        state.batch_losses.append(loss)
        state.gradient_norms.append(float(result.gradient_norm))
        state.distances.append(float(result.distance))
        state.halves = result.weights


def train_stochastic(
    initialisation: SymmetricInitialisation,
    activation: Activation,
    loss: Loss,
    X: Float[Array, "n k"],
    y: Float[Array, " n"],
    perturbations: PerturbationSet,
    adversary: Adversary,
    *,
    batch_size: int,
    seed: int,
    step_size: float,
    iterations: int,
    radius: float,
    stop_at: float | None = None,
    dtype: DTypeLike = np.float32,
    target: Target = Target.LOSS,
    row_radius: float | None = None,
    operator_radius: float | None = None,
    evaluate_every: int | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress | None = None,
) -> StochasticRun:
    """Mini-batch adversarial training for ``iterations`` steps, or until an evaluation meets ``stop_at``.

    *No theorem of this project covers this.* Full batches, `train`, are what the guarantees are about.

    Args:
        batch_size: points of a step, at most n; the last batch of an epoch has those that are left.
        seed: of the order of the points in every epoch.
        evaluate_every: steps between two evaluations on all points, at which ``stop_at`` is tested and the best step
            chosen; by default an epoch. There is one before the first step.
        progress: called with (step, iterations, loss of the batch).

    The other arguments are those of `projected_descent.train`, the checkpoint included: a resumed run equals an
    uninterrupted one bit for bit.

    Raises:
        InvalidInput: as `train`, or for a batch size, seed or number of steps out of range.
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
    points = len(problem.X)
    size = _whole("batch_size", batch_size, least=1, most=points)
    every = math.ceil(points / size) if evaluate_every is None else _whole("evaluate_every", evaluate_every, least=1)
    order = _whole("seed", seed, least=0)
    require_memory(
        problem.bytes_per_network(initialisation.width, initialisation.dimension),
        what=f"training width {initialisation.width:,}",
    )
    settings = (initialisation, "stochastic", size, order, every)
    identity = problem.identity([initialisation.half_weights], *settings) if checkpoint else ""
    with jax.enable_x64(problem.dtype == np.float64):
        half = jax.device_put(initialisation.half_weights.astype(problem.dtype))
        outputs = problem.outputs(initialisation)
        trainer = _Trainer(problem, initialisation, size, order, every, (half, half), outputs)
        saved = checkpoint.load(identity) if checkpoint else None
        state = _State.from_arrays(saved) if saved else _State((half, half), (half, half), problem.embedded())
        while not _is_over(state, problem):
            trainer.run(state)
            if checkpoint is not None and (checkpoint.is_due() or _is_over(state, problem)):
                checkpoint.save(identity, state.to_arrays())
            if progress is not None and state.batch_losses:
                progress(len(state.batch_losses), problem.iterations, state.batch_losses[-1])
    return trainer.finish(state)


def _is_over(state: _State, problem: TrainingProblem) -> bool:
    return state.reached or len(state.batch_losses) >= problem.iterations


def _whole(name: str, value: int, *, least: int, most: int | None = None) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        limit = f"at least {least}" if most is None else f"from {least} to {most}"
        raise InvalidInput(f"{name} is {value!r}: expected an integer {limit}")
    return int(value)
