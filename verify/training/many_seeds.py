"""Networks of one width and many seeds trained together, each as `projected_descent.train` would train it alone.

Attack and step are vectorised over the networks of a *group*. A network that has reached its target is retired: its
results are kept, and once half of a group of many neurons has retired the rest goes on as a smaller one. Groups follow
one another, each as large as the memory budget allows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike, NDArray

from ...bounds import Activation, InvalidInput, Loss, Target
from ...kernels import SymmetricInitialisation
from ..attacks.adversary import Adversary
from ..sets.protocol import PerturbationSet
from .constraint_set import ConstraintSet
from .memory import require_memory
from .network_stack import NetworkStack, attack_all
from .network_step import StepResult, compiled_steps
from .run_record import Measured, RunRecord
from .run_state import Checkpoint
from .training_problem import TrainingProblem
from .training_run import TrainingRun

Array = NDArray[np.float64]
Halves = tuple[Any, Any]
# progress(networks that are done, networks, steps of the present group)
Progress = Callable[[int, int, int], None]
# Stacked matrix products share the cost of a call, but are slower than single ones: wider networks go one by one, and
# no group has more neurons (benchmarks/many_seeds.py).
_WIDEST_STACKED = 1024
_NEURONS = 8192
# A group that shrinks is compiled again, which pays from so many neurons on.
_WORTH_SHRINKING = 2048
_BUDGET = 2**30


@dataclass
class _Group:
    """Networks in training; slot i holds network ``members[i]``, or one that has retired. ``start`` is half of W_0."""

    members: list[int]
    start: Any
    halves: Halves
    best: Halves

    def kept(self, slots: list[int]) -> _Group:
        """Those slots alone."""
        rows = np.array(slots)
        halves, best = ((pair[0][rows], pair[1][rows]) for pair in (self.halves, self.best))
        return _Group([self.members[slot] for slot in slots], self.start[rows], halves, best)


@dataclass
class _State:
    """Records of all networks that were begun, weights (best, then final) of those that are done, and the group."""

    records: list[RunRecord] = field(default_factory=list)
    done: dict[int, tuple[NDArray[Any], NDArray[Any]]] = field(default_factory=dict)
    group: _Group | None = None

    def active(self) -> list[int]:
        """Slots of the group that are still in training."""
        members = () if self.group is None else self.group.members
        return [slot for slot, member in enumerate(members) if member not in self.done]

    def to_arrays(self) -> dict[str, Any]:
        arrays: dict[str, Any] = {"begun": len(self.records), "done": sorted(self.done)}
        for member, record in enumerate(self.records):
            arrays |= record.to_arrays(f"record_{member}_")
        for member, weights in self.done.items():
            arrays |= {f"{name}_{member}": each for name, each in zip(("best", "final"), weights, strict=True)}
        if self.group is not None:
            arrays |= {"members": self.group.members, "start": self.group.start}
            for name, pair in (("halves", self.group.halves), ("group_best", self.group.best)):
                arrays |= {f"{name}_of_group_{index}": half for index, half in enumerate(pair)}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> _State:
        import jax

        records = [RunRecord.from_arrays(arrays, f"record_{member}_") for member in range(int(arrays["begun"]))]
        done = {int(member): (arrays[f"best_{member}"], arrays[f"final_{member}"]) for member in arrays["done"]}
        if "members" not in arrays:
            return cls(records, done)
        halves, best = (
            (jax.device_put(arrays[f"{name}_of_group_0"]), jax.device_put(arrays[f"{name}_of_group_1"]))
            for name in ("halves", "group_best")
        )
        return cls(records, done, _Group(arrays["members"].tolist(), jax.device_put(arrays["start"]), halves, best))


@dataclass(frozen=True, eq=False)
class _Trainer:
    """The networks, what they have in common, and how many may be in training at once."""

    problem: TrainingProblem
    initialisations: tuple[SymmetricInitialisation, ...]
    group_size: int

    def next_group(self, state: _State) -> None:
        """Begin with the next networks."""
        import jax

        first = len(state.records)
        members = list(range(first, min(first + self.group_size, len(self.initialisations))))
        embedded = self.problem.embedded()
        state.records += [RunRecord(embedded) for _ in members]
        halves = [self.initialisations[member].half_weights.astype(self.problem.dtype) for member in members]
        start = jax.device_put(np.stack(halves))
        state.group = _Group(members, start, (start, start), (start, start))

    def advance(self, state: _State, outputs: Halves) -> None:
        """Attack, step, project, record; retire what has reached its target or made all its steps."""
        group, problem = state.group, self.problem
        assert group is not None
        iteration = state.records[group.members[state.active()[0]]].steps + 1
        stack = NetworkStack(group.halves, outputs, problem.activation, len(problem.X))
        found = attack_all(
            stack,
            problem.adversary,
            problem.X,
            problem.y,
            problem.perturbations,
            loss=problem.loss,
            iteration=iteration,
        )
        result = compiled_steps(problem.activation, problem.loss)(
            stack.parameters(),
            (group.start, group.start),
            found.points.astype(problem.dtype),
            problem.y.astype(problem.dtype),
            problem.dtype.type(problem.step_size),
            *problem.constraints.bounds(problem.dtype),
        )
        improved = self._record(state, group, found.points, result)
        group.best = _chosen(improved, group.halves, group.best)
        group.halves = result.weights
        self._retire(state, group)

    def finish(self, state: _State) -> tuple[TrainingRun, ...]:
        return tuple(
            self.problem.finish(start, record, *state.done[member])
            for member, (start, record) in enumerate(zip(self.initialisations, state.records, strict=True))
        )

    @property
    def _width(self) -> int:
        return self.initialisations[0].width

    def _record(self, state: _State, group: _Group, points: Array, result: StepResult) -> NDArray[np.bool_]:
        """Which slots have met a new best iterate."""
        problem, improved = self.problem, np.zeros(len(group.members), np.bool_)
        curves = (result.loss, result.gradient_norm, result.distance)
        values = np.asarray(result.values)
        losses, norms, distances = (np.asarray(curve).tolist() for curve in curves)
        for slot in state.active():
            start = self.initialisations[group.members[slot]]
            error = problem.error(values[slot], start.width)
            claim = partial(_claim, problem, start, group.halves, slot, points[slot])
            reached = problem.reaches_target(losses[slot], error, claim)
            measured = Measured(losses[slot], error, problem.active(values[slot]), norms[slot], distances[slot])
            record = state.records[group.members[slot]]
            improved[slot] = record.add(measured, points[slot], target=problem.target, reached=reached)
        return improved

    def _retire(self, state: _State, group: _Group) -> None:
        for slot in state.active():
            member = group.members[slot]
            record = state.records[member]
            if record.reached or record.steps >= self.problem.iterations:
                state.done[member] = (_weights(group.best, slot), _weights(group.halves, slot))
        active = state.active()
        if not active:
            state.group = None
        elif 2 * len(active) <= len(group.members) and len(group.members) * self._width >= _WORTH_SHRINKING:
            state.group = group.kept(active)


def train_many(
    initialisations: Sequence[SymmetricInitialisation],
    activation: Activation,
    loss: Loss,
    X: Float[Array, "n k"],
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
    memory_budget: int = _BUDGET,
    checkpoint: Checkpoint | None = None,
    progress: Progress | None = None,
) -> tuple[TrainingRun, ...]:
    """What `train` returns for every one of the networks, up to rounding, in less time where they are narrow.

    Args:
        initialisations: networks of one width, dimension and dtype; as a rule those of several seeds.
        adversary: one that asks the predictor for its JAX twin, treats points apart and draws at random no more than
            its starts; of those of this package all but the random search, whose proposals would be others than alone.
        memory_budget: bytes that networks in training may take together; one at a time is always allowed.
        checkpoint: where to save; a state of the same runs found there is resumed, bit for bit.
        progress: called with (networks that are done, networks, steps of those in training).

    The other arguments are those of `train`.

    Raises:
        InvalidInput: as `train`, or for networks that differ in more than their seed.
        FloatingPointError: the loss of a network overflowed.
    """
    import jax

    networks = _alike(initialisations)
    first = networks[0]
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
        dimension=first.dimension,
        stop_at=stop_at,
        dtype=dtype,
        target=target,
    )
    size = _group_size(problem, networks, memory_budget)
    trainer = _Trainer(problem, networks, size)
    starts = [start.half_weights for start in networks] if checkpoint else []
    identity = problem.identity(starts, networks, "together", size) if checkpoint else ""
    with jax.enable_x64(problem.dtype == np.float64):
        outputs = problem.outputs(first)
        saved = checkpoint.load(identity) if checkpoint else None
        state = _State.from_arrays(saved) if saved else _State()
        while len(state.done) < len(networks):
            if state.group is None:
                trainer.next_group(state)
            trainer.advance(state, outputs)
            over = len(state.done) == len(networks)
            if checkpoint is not None and (checkpoint.is_due() or over):
                checkpoint.save(identity, state.to_arrays())
            if progress is not None:
                progress(len(state.done), len(networks), max(record.steps for record in state.records[-size:]))
    return trainer.finish(state)


def _alike(initialisations: Sequence[SymmetricInitialisation]) -> tuple[SymmetricInitialisation, ...]:
    networks = tuple(initialisations)
    if not networks:
        raise InvalidInput("initialisations is empty: expected at least one network")
    for name in ("width", "dimension"):
        found = sorted({int(getattr(start, name)) for start in networks})
        if len(found) > 1:
            raise InvalidInput(f"initialisations have the {name}s {found}: expected networks of one {name}")
    return networks


def _group_size(problem: TrainingProblem, networks: tuple[SymmetricInitialisation, ...], budget: int) -> int:
    """How many networks to train at once; refuses what does not fit, the results of all networks included."""
    if budget <= 0:
        raise InvalidInput(f"memory_budget is {budget!r}: expected a positive number of bytes")
    width, dimension = networks[0].width, networks[0].dimension
    each = problem.bytes_per_network(width, dimension)
    stacked = _NEURONS // width if width <= _WIDEST_STACKED else 1
    size = max(1, min(len(networks), budget // each, stacked))
    results = len(networks) * width * dimension * (8 + 3 * problem.dtype.itemsize)
    require_memory(size * each + results, what=f"training {len(networks)} networks of width {width:,}")
    return int(size)


def _claim(
    problem: TrainingProblem, start: SymmetricInitialisation, halves: Halves, slot: int, points: Array
) -> tuple[Array, float, float]:
    return problem.claim(start, _weights(halves, slot), points)


def _weights(halves: Halves, slot: int) -> NDArray[Any]:
    """Weights of one network of a stack, shape (m, d)."""
    return np.concatenate([np.asarray(half[slot]) for half in halves])


def _chosen(improved: NDArray[np.bool_], present: Halves, best: Halves) -> Halves:
    """The present weights where a network has improved, else its best ones so far."""
    if improved.all():
        return present
    return best if not improved.any() else _compiled_choice()(improved, present, best)


@lru_cache(maxsize=1)
def _compiled_choice() -> Any:
    import jax
    import jax.numpy as jnp

    def choose(improved: Any, present: Halves, best: Halves) -> Halves:
        rows = improved[:, None, None]
        return jnp.where(rows, present[0], best[0]), jnp.where(rows, present[1], best[1])

    return jax.jit(choose)
