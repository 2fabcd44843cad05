"""The overshoot of the theorems: the width and the steps that they prescribe, over the smallest that do (section 6).

Networks of several seeds are trained with a theorem's own step size, in its own set, for at most its own T steps. A
width *does* if the surrogate loss ``L_A(W_t)`` of every seed comes down to epsilon at some ``t <= T``, in float64 at
weights in the set. That is a statement about these seeds and this adversary, not a theorem, and it is not about the
robust loss: the adversary of the run is what is met.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, InvalidInput, Target, lower_float, upper_float
from ...bounds.progress import Report
from ...kernels import SymmetricInitialisation
from ..attacks.adversary import Adversary
from ..planning.certified_plan import run_dtype
from ..planning.goal import Goal
from ..planning.minimum_norm import MinimumNormSolution, radius_interval
from ..sets.protocol import PerturbationSet
from ..sweep.cell import Cell
from ..sweep.store import CELLS, SweepStore
from ..training.many_seeds import train_many
from ..training.run_state import run_identity
from .prescription import Prescription, prescriptions
from .width_search import WidthSearch, smallest_even_width

Array = NDArray[np.float64]
# report(stage, done, total)
REACHED = "the surrogate loss L_A(W_t) is at most epsilon in float64 at some step t <= T, for every seed"


@dataclass(frozen=True)
class WidthTrial:
    """What became of the networks of one width; ``first_hits`` are steps, counted from 1, or None for a seed's miss."""

    width: int
    first_hits: tuple[int | None, ...]

    @property
    def reached(self) -> int:
        """The number of seeds that reached epsilon."""
        return sum(hit is not None for hit in self.first_hits)

    @property
    def succeeds(self) -> bool:
        """Whether all did."""
        return self.reached == len(self.first_hits)

    @property
    def last_hit(self) -> int | None:
        """The step by which all did; None if one did not."""
        hits = [hit for hit in self.first_hits if hit is not None]
        return max(hits) if self.succeeds else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"width": self.width, "reached": self.reached, "first_hits": list(self.first_hits)}


@dataclass(frozen=True)
class Overshoot:
    """One theorem: what it prescribes, what was seen, and the ratios.

    ``trials`` are those of the search for the smallest width, ascending; ``wide`` is the one that the smallest T is
    taken from, at the prescribed width or, if that is above the limit, at the limit.
    """

    prescribed: Prescription
    trials: tuple[WidthTrial, ...]
    wide: WidthTrial

    @property
    def _search(self) -> WidthSearch:
        return WidthSearch(tuple((trial.width, trial.succeeds) for trial in self.trials))

    @property
    def smallest_width(self) -> int | None:
        """The smallest width tried at which every seed reached epsilon within the prescribed T steps."""
        return self._search.smallest

    @property
    def smallest_iterations(self) -> int | None:
        """The fewest steps after which every seed had reached epsilon, at the width of ``wide``."""
        return self.wide.last_hit

    @property
    def monotone(self) -> bool:
        """Whether, among the widths tried, none failed above one that did."""
        return self._search.monotone

    @property
    def determined(self) -> bool:
        """Whether both ratios were measured, T at the prescribed width itself."""
        at_prescribed = self.wide.width == self.prescribed.width
        return at_prescribed and self.smallest_width is not None and self.smallest_iterations is not None

    @property
    def width_ratio(self) -> float | None:
        """Prescribed over smallest width."""
        return None if self.smallest_width is None else self.prescribed.width / self.smallest_width

    @property
    def iterations_ratio(self) -> float | None:
        """Prescribed over fewest steps."""
        return None if self.smallest_iterations is None else self.prescribed.iterations / self.smallest_iterations

    def remark(self) -> str:
        """What a reader has to know beside the numbers."""
        said = []
        if self.wide.width != self.prescribed.width:
            said.append(f"T measured at width {self.wide.width:,}, the limit")
        if self.smallest_width is None:
            said.append(f"no width up to {self.wide.width:,} does for all seeds")
        if self.smallest_iterations is None:
            said.append(f"{self.wide.reached} of {len(self.wide.first_hits)} seeds at width {self.wide.width:,}")
        if not self.monotone:
            failed = max(trial.width for trial in self.trials if not trial.succeeds)
            said.append(f"not monotone: width {failed:,} fails")
        return "; ".join(said)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "theorem": self.prescribed.theorem,
            "network": self.prescribed.network,
            "prescribed": self.prescribed.to_json(),
            "smallest": {
                "width": self.smallest_width,
                "stable_width": self._search.stable,
                "iterations": self.smallest_iterations,
                "iterations_at_width": self.wide.width,
            },
            "ratio": {"width": self.width_ratio, "iterations": self.iterations_ratio},
            "widths": [trial.to_json() for trial in self.trials],
            "wide": self.wide.to_json(),
            "monotone": self.monotone,
            "determined": self.determined,
            "remark": self.remark(),
        }


@dataclass(frozen=True)
class OvershootTable:
    """All theorems for one goal; ``refused`` says why the others do not apply."""

    goal: Goal
    activation: Activation
    seeds: tuple[int, ...]
    max_width: int
    solution: MinimumNormSolution
    rows: tuple[Overshoot, ...]
    refused: dict[str, str]

    @property
    def determined(self) -> bool:
        """Whether nothing was left open."""
        return all(row.determined for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; the radius is for `describe_radius`, which knows the data."""
        return {
            "epsilon": upper_float(self.goal.epsilon),
            "activation": self.activation.name,
            "scale": float(self.activation.scale),
            "loss": self.goal.loss.label,
            "seeds": list(self.seeds),
            "max_width": self.max_width,
            "reached_means": REACHED,
            "theorems": [row.to_json() for row in self.rows],
            "not_applicable": [{"theorem": name, "reason": reason} for name, reason in self.refused.items()],
            "determined": self.determined,
        }


@dataclass(frozen=True, eq=False)
class Trials:
    """The problem that networks are tried on, and where finished trials are kept.

    Args:
        activation: sigma.
        goal: with the loss and epsilon.
        X, y, perturbations: the data, in the coordinates of the sets.
        dimension: of the points on the sphere.
        adversary: of the runs.
        seeds: of the initial weights.
        folder: finished trials are written here and found again; None to keep none. One folder may serve many problems.
    """

    activation: Activation
    goal: Goal
    X: Float[Array, "n k"]
    y: Float[Array, " n"]
    perturbations: PerturbationSet
    dimension: int
    adversary: Adversary
    seeds: tuple[int, ...]
    folder: Path | None = None

    def run(self, prescribed: Prescription, width: int) -> WidthTrial:
        """All seeds at one width, by the prescription but for the width."""
        cell = self._cell(prescribed, width)
        store = None if self.folder is None else SweepStore(self.folder)
        known = None if store is None else store.read(cell)
        hits = self._first_hits(prescribed, width) if known is None else known["first_hits"]
        if store is not None and known is None:
            (store.path / CELLS).mkdir(parents=True, exist_ok=True)
            store.write(cell, {"first_hits": hits})
        return WidthTrial(width, tuple(hits))

    def _first_hits(self, prescribed: Prescription, width: int) -> list[int | None]:
        dtype = run_dtype(self.goal, width, self.dimension)
        constraints = prescribed.constraints
        runs = train_many(
            [SymmetricInitialisation(width, self.dimension, seed, dtype=dtype) for seed in self.seeds],
            self.activation,
            self.goal.loss,
            self.X,
            self.y,
            self.perturbations,
            self.adversary,
            step_size=prescribed.step_size,
            iterations=prescribed.iterations,
            radius=constraints.radius,
            row_radius=constraints.row_radius,
            operator_radius=constraints.operator_radius,
            stop_at=lower_float(self.goal.epsilon),
            dtype=dtype,
        )
        return [run.best_step if run.stopped == "target reached" else None for run in runs]

    def _cell(self, prescribed: Prescription, width: int) -> Cell:
        numbers = {name: value for name, value in prescribed.to_json().items() if name not in ("kind", "width")}
        return Cell.of("overshoot", {**numbers, "width": width, "problem": self._identity})

    @cached_property
    def _identity(self) -> str:
        settings = (self.activation, self.goal.loss, lower_float(self.goal.epsilon), self.perturbations, self.adversary)
        return run_identity((*settings, self.seeds), (self.X, self.y))


def measure_overshoot(
    trials: Trials, prescribed: Prescription, *, max_width: int, report: Report | None = None
) -> Overshoot:
    """The smallest width by search, and the fewest steps at the prescribed width, or at ``max_width`` if that is less.

    Args:
        trials: the problem.
        prescribed: what the theorem asks for.
        max_width: wider networks are not trained.
        report: called before every trial with (stage, trials done, None).
    """
    limit = min(prescribed.width, max_width)
    seen: dict[int, WidthTrial] = {}

    def attempt(width: int) -> WidthTrial:
        if width not in seen:
            if report is not None:
                report(
                    f"{prescribed.theorem}: width {width:,}, at most {prescribed.iterations:,} steps", len(seen), None
                )
            seen[width] = trials.run(prescribed, width)
        return seen[width]

    search = smallest_even_width(lambda width: attempt(width).succeeds, limit=limit)
    tried = tuple(attempt(width) for width, _ in search.tried)
    return Overshoot(prescribed, tried, attempt(limit - limit % 2))


def overshoot_table(
    activation: Activation,
    goal: Goal,
    X: Float[Array, "n k"],
    y: Float[Array, " n"],
    perturbations: PerturbationSet,
    adversary: Adversary,
    *,
    seeds: Sequence[int] = tuple(range(10)),
    max_width: int = 100_000,
    folder: str | Path | None = None,
    report: Report | None = None,
) -> OvershootTable:
    """The overshoot of every theorem that applies, by its conditional plan at the infinite-width radius.

    Args:
        activation: sigma.
        goal: for the surrogate loss, with a fixed loss margin; its theorem, or all.
        X, y, perturbations: data in the coordinates of the sets, and labels.
        adversary: of the runs.
        seeds: of the initial weights, all different.
        max_width: the widest network that is trained.
        folder: where finished trials are kept, so that a killed measurement resumes; None to keep none.
        report: called with (stage, done, total) as the measurement goes on.

    Raises:
        InvalidInput: for a goal that is not a loss, seeds that are not different, a limit below 2, or data and
            theorems that admit no plan.
    """
    _check(goal, seeds, max_width)
    kept = None if folder is None else Path(folder)
    if kept is not None and kept.exists() and not kept.is_dir():
        raise InvalidInput(f"folder is {str(kept)!r}: expected a folder, found a file")
    tell = report or (lambda *_: None)
    solution = radius_interval(
        X, y, perturbations, activation=activation, progress=lambda count, _: tell("radius", count, None)
    )
    found, refused = prescriptions(goal, activation, solution, X, y, perturbations)
    dimension = int(solution.centers.shape[1])
    trials = Trials(activation, goal, X, y, perturbations, dimension, adversary, tuple(seeds), kept)
    rows = []
    for index, prescribed in enumerate(found):
        step = partial(_tell_of, tell, index, len(found))
        rows.append(measure_overshoot(trials, prescribed, max_width=max_width, report=step))
    return OvershootTable(goal, activation, tuple(seeds), max_width, solution, tuple(rows), refused)


def _tell_of(tell: Report, index: int, total: int, stage: str, done: int, _: int | None) -> None:
    tell(f"{stage} (trial {done + 1})", index, total)


def _check(goal: Goal, seeds: Sequence[int], max_width: int) -> None:
    if goal.target is not Target.LOSS or goal.free_margin:
        raise InvalidInput(f"target is {goal.target.value}: expected loss, with a fixed loss margin")
    if not seeds or len(set(seeds)) < len(seeds):
        raise InvalidInput(f"seeds are {list(seeds)}: expected at least one, all different")
    if max_width < 2:
        raise InvalidInput(f"max_width is {max_width}: expected at least 2")
