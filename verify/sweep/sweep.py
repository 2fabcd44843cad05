"""A whole sweep: which cells its laws need, the run that finishes them, and what the laws look like then.

>>> import tempfile
>>> from robustntk.verify.sweep.configuration import SweepConfig
>>> config = SweepConfig(measures=("required-width",))
>>> with tempfile.TemporaryDirectory() as folder:
...     report = run_sweep(config, f"{folder}/sweep")
>>> [(law.name, law.prediction.exponent, str(law.verdict)) for law in report.laws]
[('required width in epsilon, E1', -2.0, 'consistent'), ('required width in epsilon, E2', -1.0, 'consistent')]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...bounds import HypothesisError, InvalidInput, exact
from ...bounds.errors import expected_one_of
from ...kernels.blocks.workers import Workers
from ..data import load_data
from .cell import SCHEMA, Cell, Values
from .configuration import SweepConfig, combinations
from .fit import Fit, Verdict, fit_integers, fit_power_law
from .law import Law, Prediction, Problem
from .laws import LAWS, MEASURES, radius_cell
from .processes import team_for
from .runs import compute, data_digest
from .store import FIGURES, RESULT, DamagedCell, SweepStore

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["CellCounts", "FittedLaw", "SweepReport", "run_sweep"]

Progress = Callable[[str, int, int | None], None]
_PACKAGES = ("robustntk", "numpy", "jaxlib")


@dataclass(frozen=True)
class FittedLaw:
    """One law with its other settings fixed: what was measured, what was fitted, and the verdict.

    ``values[i][j]`` is the quantity at ``points[i]`` for the j-th seed, None where it was not reached.
    """

    law: Law
    fixed: Mapping[str, Any]
    points: tuple[float, ...]
    seeds: tuple[int, ...]
    values: tuple[tuple[float | None, ...], ...]
    fit: Fit
    prediction: Prediction
    verdict: Verdict | None
    agrees: bool | None

    @property
    def name(self) -> str:
        return self.law.name

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "law": self.name,
            "measure": self.law.measure,
            "axis": self.law.axis,
            "quantity": self.law.quantity,
            "fixed": dict(self.fixed),
            "prediction": self.prediction.to_json(),
            **self.fit.to_json(),
            "verdict": None if self.verdict is None else str(self.verdict),
            "agrees": self.agrees,
            "points": list(self.points),
            "seeds": list(self.seeds),
            "values": [list(row) for row in self.values],
        }


@dataclass(frozen=True)
class CellCounts:
    """What a run found and did: cells that were whole, damaged ones that it repaired, and new ones."""

    kept: int
    recomputed: int
    new: int

    def to_json(self) -> dict[str, int]:
        return {"kept": self.kept, "recomputed": self.recomputed, "new": self.new}


@dataclass(frozen=True)
class SweepReport:
    """A finished sweep; ``skipped`` are laws that do not apply, each with the reason."""

    path: Path
    config: SweepConfig
    laws: tuple[FittedLaw, ...]
    skipped: Mapping[str, str]
    counts: CellCounts

    @property
    def holds(self) -> bool:
        """Whether all that is predicted survives; what is undetermined does not."""
        return all(law.agrees is not False for law in self.laws)

    def result(self) -> dict[str, Any]:
        """What the sweep found, the same whichever runs it took."""
        laws = [law.to_json() for law in self.laws]
        return {"config": self.config.to_json(), "laws": laws, "skipped": dict(self.skipped), "holds": self.holds}

    def to_json(self) -> dict[str, Any]:
        """The result, and what this run did for it."""
        return self.result() | {"cells": self.counts.to_json(), "out": str(self.path)}


@dataclass
class _Run:
    """The cells as they are finished."""

    store: SweepStore
    team: Workers
    progress: Progress | None
    values: dict[Cell, Values]
    damaged: int = 0
    computed: int = 0

    def finish(self, cells: Iterable[Cell]) -> None:
        """Read the cells that are whole, have the others computed, and keep these as they come."""
        wanted = [cell for cell in dict.fromkeys(cells) if cell not in self.values]
        missing = [cell for cell in wanted if not self._read(cell)]
        done, total = len(self.values), len(self.values) + len(missing)
        for cell, values in zip(missing, self.team.map(compute, missing), strict=True):
            self.store.write(cell, values)
            self.values[cell] = values
            self.computed, done = self.computed + 1, done + 1
            if self.progress is not None:
                self.progress("cells of the sweep", done, total)

    def _read(self, cell: Cell) -> bool:
        try:
            found = self.store.read(cell)
        except DamagedCell:
            self.damaged += 1
            return False
        if found is not None:
            self.values[cell] = found
        return found is not None

    def counts(self) -> CellCounts:
        kept = len(self.values) - self.computed
        return CellCounts(kept, self.damaged, self.computed - self.damaged)


def run_sweep(
    config: SweepConfig,
    out: str | Path,
    *,
    workers: int | None = None,
    scheduler: str | Client | None = None,
    progress: Progress | None = None,
) -> SweepReport:
    """Measure the laws of a sweep in a folder, fit their exponents and hold them against what is predicted.

    Called again after a kill, or when it is finished, it reads the cells that are there, computes the others and those
    whose files are damaged; the files have the same bytes as those of one uninterrupted run, by any workers with the
    same processor and libraries.

    Args:
        config: the sweep.
        out: a new folder, or that of the same sweep.
        workers: processes of this machine, one for each processor by default.
        scheduler: a Dask cluster instead, as "tcp://host:port" or a `distributed.Client`; its workers need the package
            and the data, but not the folder.
        progress: called with (stage, cells done, cells in all).

    Raises:
        InvalidInput: before any work, naming the offending value; a folder that holds something else, or another sweep.
        OSError: nobody answers at the address of the scheduler.
    """
    problem, laws, skipped = _prepared(config)
    store = SweepStore.check(out, _manifest(problem))
    with team_for(scheduler, workers) as team, store.opened(_manifest(problem)):
        run = _Run(store, team, progress, {})
        run.finish(_cells_for_radii(problem, laws))
        slices = [(law, fixed) for law in laws for fixed in _slices(problem, law, run.values)]
        run.finish(cell for law, fixed in slices for cell in _cells(problem, law, fixed))
        together = sum(laws[law].is_statistical for law, _ in slices)
        fitted = tuple(_fitted(problem, law, laws[law], fixed, run.values, together) for law, fixed in slices)
        report = SweepReport(store.path, config, fitted, skipped, run.counts())
        _write(store, report)
    return report


def _prepared(config: SweepConfig) -> tuple[Problem, dict[Law, Prediction], dict[str, str]]:
    """The checked problem, the laws that apply with what is predicted, and why the others do not apply."""
    config.check()
    dimension = load_data(config.data, classes=config.classes, bias=config.bias).dimension
    problem = Problem(config, data_digest(config.data, config.classes), dimension)
    laws, refusals = _applicable(problem, config.measures)
    config.check_data({need for law in laws for need in _data_needed(law, config)})
    return problem, laws, {law.name: reason for law, reason in refusals.items()}


def _applicable(problem: Problem, measures: tuple[str, ...] | None) -> tuple[dict[Law, Prediction], dict[Law, str]]:
    """The laws of the measures that were asked for (all by default) and what is predicted, or why they do not apply."""
    unknown = [name for name in measures or () if name not in MEASURES]
    if unknown:
        raise InvalidInput(f"unknown measure {unknown[0]!r}: {expected_one_of(unknown[0], MEASURES)}")
    laws: dict[Law, Prediction] = {}
    refusals: dict[Law, str] = {}
    for law in LAWS:
        if law.measure in (measures or MEASURES):
            try:
                laws[law] = law.prediction(problem)
            except HypothesisError as error:
                refusals[law] = str(error)
    for measure in measures or ():
        if all(law.measure != measure for law in laws):
            reason = next(reason for law, reason in refusals.items() if law.measure == measure)
            raise InvalidInput(f"measure {measure!r} does not apply: {reason}")
    return laws, refusals


def _data_needed(law: Law, config: SweepConfig) -> Iterable[tuple[int, float, int]]:
    """(samples, delta, data seed) of all its cells; without a delta the least that a cap can have stands for none."""
    axes = law.axes(config)
    shifts = law.seeds(config) if law.measure == "radius" else (0,)
    for samples in axes.get("samples", ()):
        for delta in axes.get("delta", ()):
            yield from ((samples, delta, config.data_seed + shift) for shift in shifts)


def _manifest(problem: Problem) -> dict[str, Any]:
    versions = {name: version(name) for name in _PACKAGES}
    return {
        "schema": SCHEMA,
        "versions": versions,
        "data_sha256": problem.digest,
        "config": problem.config.to_json(),
    }


def _cells_for_radii(problem: Problem, laws: Iterable[Law]) -> list[Cell]:
    """The R of the data wherever a law needs it to know its radius."""
    needed = []
    for law in laws:
        axes = law.axes(problem.config)
        if None in axes.get("radius", ()):
            needed += [radius_cell(problem, point) for point in combinations(axes)]
    return needed


def _slices(problem: Problem, law: Law, values: Mapping[Cell, Values]) -> list[dict[str, Any]]:
    """The other axes of a law in all combinations, with R of the data in the place of None.

    Raises:
        InvalidInput: no R is certified for the data.
    """
    others = {axis: given for axis, given in law.axes(problem.config).items() if axis != law.axis}
    slices = list(combinations(others))
    for fixed in slices:
        if "radius" in fixed and fixed["radius"] is None:
            fixed["radius"] = values[radius_cell(problem, fixed)]["upper"]
            if fixed["radius"] is None:
                raise InvalidInput(
                    f"no R is certified for {fixed['samples']} samples and delta {fixed['delta']}: give the radii"
                )
    return slices


def _points(problem: Problem, law: Law, fixed: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """The settings of a slice, a row for each value of the axis and in it one for each seed."""
    places = law.axes(problem.config)[law.axis]
    return [[{**fixed, law.axis: place, "seed": seed} for seed in law.seeds(problem.config)] for place in places]


def _cells(problem: Problem, law: Law, fixed: Mapping[str, Any]) -> Iterable[Cell]:
    for row in _points(problem, law, fixed):
        for point in row:
            yield from law.cells(problem, point)


def _fitted(
    problem: Problem,
    law: Law,
    prediction: Prediction,
    fixed: Mapping[str, Any],
    values: Mapping[Cell, Values],
    together: int,
) -> FittedLaw:
    rows = _points(problem, law, fixed)
    measured = tuple(
        tuple(law.value(problem, point, *(values[cell] for cell in law.cells(problem, point))) for point in row)
        for row in rows
    )
    places = tuple(float(exact(row[0][law.axis])) for row in rows)
    if law.rounded_up_to is None:
        found = np.array(measured, np.float64)
        fit = fit_power_law(places, found, correction=prediction.correction, together=max(together, 1))
    else:
        fit = fit_integers(places, [int(row[0] or 0) for row in measured], step=law.rounded_up_to)
    verdict, agrees = prediction.judge(fit, axis=law.axis)
    return FittedLaw(law, fixed, places, law.seeds(problem.config), measured, fit, prediction, verdict, agrees)


def _write(store: SweepStore, report: SweepReport) -> None:
    """The figures, and then the result: where that is there already, the figures are."""
    from ..figure_files import save_figure
    from .figure import draw_laws

    if store.has_json(RESULT, report.result()):
        return
    for name, figure in draw_laws(report.laws).items():
        save_figure(figure, store.path / FIGURES / name)
    store.write_json(RESULT, report.result())
