"""Sweeps end to end: resumed after kills with the same bytes, wherever they run; planted exponents are refuted."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, required_width
from robustntk.kernels.blocks.workers import LocalWorkers
from robustntk.verify.sweep import figure, laws, runs, sweep
from robustntk.verify.sweep.configuration import SweepConfig
from robustntk.verify.sweep.fit import Verdict
from robustntk.verify.sweep.law import LawKind, Prediction
from robustntk.verify.sweep.store import CELLS
from robustntk.verify.sweep.sweep import SweepReport, run_sweep

SMALL = SweepConfig(
    measures=("kernel", "near-linearity"), widths=(16, 64, 256), samples=(6,), radii=(0.5,), seeds=(0, 1, 2, 3)
)
TRAINED = replace(SMALL, measures=("deviation",), widths=(16, 32, 64), iterations=4)
STEPS = replace(TRAINED, measures=("steps",), widths=(16,), radii=(3.0,), epsilons=("0.95", "0.9"), max_iterations=20)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Which file is which: one that is written again has another inode, or another time."""
    status = {cell.name: cell.stat() for cell in folder.glob(f"{CELLS}/*.json")}
    return {name: (found.st_ino, found.st_mtime_ns) for name, found in status.items()}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in this process, and draw nothing: no test waits for processes or figures without need."""

    @contextmanager
    def team(scheduler: object, workers: int | None = None) -> Iterator[LocalWorkers]:
        yield LocalWorkers(1)

    monkeypatch.setattr(sweep, "team_for", team)
    monkeypatch.setattr(figure, "draw_laws", lambda laws: {})


def found(report: SweepReport, name: str) -> Any:
    """The one law of that name."""
    (law,) = (law for law in report.laws if law.name == name)
    return law


@pytest.mark.usefixtures("here")
class TestSweep:
    def test_everything_is_there_and_the_second_time_nothing_is_done(self, tmp_path: Path) -> None:
        first = run_sweep(SMALL, tmp_path / "sweep")
        kernel, near, tied = 12, 12, 12
        assert first.counts.to_json() == {"kept": 0, "recomputed": 0, "new": kernel + near + tied}
        before, files = contents(tmp_path / "sweep"), stamps(tmp_path / "sweep")
        assert len(files) == 36 and {"sweep.json", "result.json"} <= before.keys()
        second = run_sweep(SMALL, tmp_path / "sweep")
        assert second.counts.to_json() == {"kept": 36, "recomputed": 0, "new": 0}
        assert contents(tmp_path / "sweep") == before and stamps(tmp_path / "sweep") == files
        assert second.result() == first.result() == json.loads(before["result.json"])

    def test_what_is_missing_or_damaged_is_computed_again_and_nothing_else(self, tmp_path: Path) -> None:
        run_sweep(SMALL, tmp_path / "sweep")
        before, files = contents(tmp_path / "sweep"), stamps(tmp_path / "sweep")
        cells = sorted((tmp_path / "sweep" / CELLS).iterdir())
        cells[0].unlink()
        cells[1].write_bytes(cells[1].read_bytes()[:-9])
        cells[2].write_bytes(cells[3].read_bytes())
        (tmp_path / "sweep" / CELLS / ".half.tmp").write_text("{")
        report = run_sweep(SMALL, tmp_path / "sweep")
        assert report.counts.to_json() == {"kept": 33, "recomputed": 2, "new": 1}
        assert contents(tmp_path / "sweep") == before
        changed = {name for name, stamp in stamps(tmp_path / "sweep").items() if files[name] != stamp}
        assert changed == {cell.name for cell in cells[:3]}

    def test_an_interrupted_sweep_keeps_what_it_had(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        done: list[object] = []

        def breaks(cell: Any) -> dict[str, Any]:
            if len(done) == 7:
                raise KeyboardInterrupt
            done.append(cell)
            return runs.compute(cell)

        monkeypatch.setattr(sweep, "compute", breaks)
        with pytest.raises(KeyboardInterrupt):
            run_sweep(SMALL, tmp_path / "sweep")
        kept = len(stamps(tmp_path / "sweep"))
        assert 0 < kept <= 7
        monkeypatch.setattr(sweep, "compute", runs.compute)
        assert run_sweep(SMALL, tmp_path / "sweep").counts.to_json() == {
            "kept": kept,
            "recomputed": 0,
            "new": 36 - kept,
        }

    def test_laws_in_the_width_are_found(self, tmp_path: Path) -> None:
        config = replace(SMALL, widths=(64, 256, 1024, 4096), seeds=tuple(range(8)))
        report = run_sweep(config, tmp_path / "sweep")
        verdicts = {law.name: (law.prediction.exponent, law.verdict, law.agrees) for law in report.laws}
        assert verdicts["kernel in m"] == (-0.5, Verdict.CONSISTENT, True)
        assert verdicts["near-linearity in m, tied"] == (-1.0, Verdict.CONSISTENT, True)
        assert verdicts["near-linearity in m, untied"][0] == -0.5 and verdicts["near-linearity in m, untied"][2]
        # One radius only: nothing can be said in R.
        assert verdicts["near-linearity in R, untied"] == (2.0, Verdict.UNDETERMINED, False)
        assert not report.holds

    @pytest.mark.parametrize(("exponent", "verdict"), [(-1.0, Verdict.FLATTER), (-0.25, Verdict.STEEPER)])
    def test_a_falsified_prediction_is_refuted(
        self, exponent: float, verdict: Verdict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = replace(SMALL, measures=("kernel",), widths=(64, 256, 1024, 4096), seeds=tuple(range(8)))
        assert run_sweep(config, tmp_path / "right").holds
        (law,) = (law for law in laws.LAWS if law.name == "kernel in m")
        wrong = replace(law, prediction=lambda _: Prediction(LawKind.LIMIT_LAW, exponent, "planted"))
        monkeypatch.setattr(sweep, "LAWS", (wrong,))
        report = run_sweep(config, tmp_path / "wrong")
        assert (found(report, "kernel in m").verdict, report.holds) == (verdict, False)

    def test_training_cells(self, tmp_path: Path) -> None:
        deviation = found(run_sweep(TRAINED, tmp_path / "sweep"), "deviation in m")
        assert np.array(deviation.values).shape == (3, 4) and dict(deviation.fixed) == {
            "samples": 6,
            "delta": 0.1,
            "radius": 0.5,
        }

    def test_steps_and_an_epsilon_that_is_not_reached(self, tmp_path: Path) -> None:
        config = replace(STEPS, epsilons=("0.95", "0.9", "0.01"))
        law = found(run_sweep(config, tmp_path / "sweep"), "steps in epsilon, E8")
        early, late = (np.array(row, np.float64) for row in law.values[:2])
        assert law.points == (0.95, 0.9, 0.01) and np.all((early > 1) & (early <= late) & (late <= 20))
        assert law.values[2] == (None,) * 4
        assert law.verdict is Verdict.UNDETERMINED and "nothing was measured at 0.01" in law.fit.method

    def test_the_radius_of_the_data_is_taken_where_none_is_given(self, tmp_path: Path) -> None:
        config = replace(TRAINED, measures=("deviation", "radius"), widths=(16,), radii=None, deltas=(0.1,))
        report = run_sweep(config, tmp_path / "sweep")
        radius = found(report, "deviation in m").fixed["radius"]
        assert found(report, "radius in n").values[0][0] == pytest.approx(radius, rel=0.05)
        assert found(report, "radius in n").verdict is None and report.holds == found(report, "deviation in m").agrees

    @pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
    def test_prescribed_widths_are_those_of_the_calculator(self, loss: str, tmp_path: Path) -> None:
        config = SweepConfig(measures=("required-width",), loss=loss, epsilons=("0.3", "1/7", "0.01"))
        report = run_sweep(config, tmp_path / "sweep")
        assert report.holds and report.counts.new == 0
        theorems = {"hinge": {"E1", "E2"}, "squared_hinge": {"E3", "E3-tied", "E9"}}[loss]
        assert {law.name.rpartition(" ")[2] for law in report.laws} == theorems
        for law in report.laws:
            theorem = law.name.rpartition(" ")[2]
            plan = required_width(
                target_epsilon="1/7", radius=8, row_radius=8, activation="erf", loss=loss, dimension=65, theorem=theorem
            )
            assert law.values[1] == (plan.width,)


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        ({"widths": (64, 65)}, "65"),
        ({"widths": ()}, "widths is empty"),
        ({"seeds": (1, 1)}, "different"),
        ({"seeds": (-1, 2)}, "seed is -1"),
        ({"samples": (0,)}, "samples is 0"),
        ({"samples": (400,)}, "400"),
        ({"deltas": (0.1, -0.1)}, "delta"),
        ({"deltas": (1.0,)}, "rows"),
        ({"epsilons": ("1",)}, "epsilon is 1"),
        ({"epsilons": ("tiny",)}, "tiny"),
        ({"radii": (0.0,)}, "radius is 0"),
        ({"radii": (float("nan"),)}, "radius is nan"),
        ({"step_size": -1.0}, "step_size is -1"),
        ({"iterations": 0}, "iterations is 0"),
        ({"max_iterations": 0}, "max_iterations is 0"),
        ({"attack_steps": 0}, "steps is 0"),
        ({"measures": ("deviation", "beauty")}, "beauty"),
        ({"activation": "swish"}, "swish"),
        ({"loss": "mse"}, "mse"),
        ({"huber_kappa": "2"}, "kappa"),
        ({"classes": ("0", "banana")}, "banana"),
        ({"data": "mnist"}, "mnist"),
        ({"bias": 1.0}, "bias"),
        ({"loss": "logistic", "measures": ("steps",)}, "'steps' does not apply"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(change: dict[str, Any], culprit: str, tmp_path: Path) -> None:
    config = replace(SMALL, **{"measures": ("deviation", "radius", "steps"), "radii": None} | change)
    with pytest.raises(InvalidInput, match=culprit):
        run_sweep(config, tmp_path / "sweep")
    assert not (tmp_path / "sweep").exists()


@pytest.mark.usefixtures("here")
def test_another_sweep_is_refused_in_its_folder(tmp_path: Path) -> None:
    run_sweep(SMALL, tmp_path / "sweep")
    before = contents(tmp_path / "sweep")
    with pytest.raises(InvalidInput, match=r"seeds = \[0, 1, 2, 3\], not \[0, 1, 2\]"):
        run_sweep(replace(SMALL, seeds=(0, 1, 2)), tmp_path / "sweep")
    assert contents(tmp_path / "sweep") == before


@pytest.mark.parametrize(
    ("kind", "predicted", "axis", "allowed"),
    [
        (LawKind.LIMIT_LAW, -0.5, "width", {"right"}),
        (LawKind.UPPER_BOUND, -0.5, "width", {"right", "steeper"}),
        (LawKind.UPPER_BOUND, 2.0, "radius", {"right", "flatter"}),
        (LawKind.UPPER_BOUND, -2.0, "epsilon", {"right", "flatter"}),
        (LawKind.EXACT, -2.0, "epsilon", {"right"}),
    ],
)
def test_what_is_allowed(kind: LawKind, predicted: float, axis: str, allowed: set[str]) -> None:
    """A bound on what falls with m may fall faster, one on what grows may grow more slowly."""
    rng, places = np.random.default_rng(0), np.array([1.0, 4.0, 16.0, 64.0])
    for name, exponent in (("right", predicted), ("steeper", 1.5 * predicted), ("flatter", 0.5 * predicted)):
        values = np.exp(exponent * np.log(places)[:, None] + 0.05 * rng.standard_normal((4, 8)))
        fit = sweep.fit_power_law(places.tolist(), values)
        assert Prediction(kind, predicted, "test").judge(fit, axis=axis)[1] == (name in allowed)
    assert Prediction(LawKind.NONE_KNOWN, None, "test").judge(fit, axis=axis) == (None, None)


def begin(folder: Path, config: SweepConfig) -> subprocess.Popen[bytes]:
    """The sweep in a process group of its own, with two workers."""
    lists = {"--widths": config.widths, "--samples": config.samples, "--radii": config.radii}
    options = [part for name, values in lists.items() for part in (name, ",".join(map(str, values or ())))]
    options += ["--measure", ",".join(config.measures or ()), "--seeds", str(len(config.seeds)), "--workers", "2"]
    options += ["--iterations", str(config.iterations), "--out", str(folder), "--json"]
    return subprocess.Popen(
        [sys.executable, "-m", "robustntk.cli", "sweep", *options], stdout=subprocess.PIPE, start_new_session=True
    )


def kill_and_resume(folder: Path, config: SweepConfig, kills: int) -> None:
    """Kill it when so many more cells than before are whole, then let it finish."""
    rng = random.Random(kills)
    for _ in range(kills):
        process = begin(folder, config)
        wanted = len(stamps(folder)) + rng.randrange(3)
        while process.poll() is None and len(stamps(folder)) < wanted:
            time.sleep(0.001)
        time.sleep(rng.uniform(0.0, 0.1))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "finished before it could be killed: give it more cells"
    process = begin(folder, config)
    assert json.loads(process.communicate()[0])["laws"]


def undisturbed(folder: Path, config: SweepConfig) -> dict[str, bytes]:
    """With one worker."""
    run_sweep(config, folder, workers=1)
    files = contents(folder)
    assert {"result.json", "sweep.json"} <= files.keys() and len(stamps(folder)) >= 12
    assert {name.rpartition(".")[2] for name in files if name.startswith("figures/")} == {"png", "svg"}
    return files


def test_a_sweep_that_was_killed_has_the_bytes_of_one_that_was_not(tmp_path: Path) -> None:
    """Of the numbers and the figures; killed three times."""
    config = replace(SMALL, measures=("kernel",))
    kill_and_resume(tmp_path / "killed", config, 3)
    assert contents(tmp_path / "killed") == undisturbed(tmp_path / "undisturbed", config)


@pytest.mark.slow
def test_a_sweep_that_was_killed_20_times_has_the_same_bytes(tmp_path: Path) -> None:
    config = replace(TRAINED, seeds=tuple(range(48)))
    kill_and_resume(tmp_path / "killed", config, 20)
    assert contents(tmp_path / "killed") == undisturbed(tmp_path / "undisturbed", config)


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_also_when_a_worker_is_killed(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    killed: list[int] = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", worker_dashboard_address=":0"
    ) as cluster:

        def progress(stage: str, done: int, total: int | None) -> None:
            if done == 4 and not killed:
                killed.append(next(iter(cluster.workers.values())).process.pid)
                os.kill(killed[0], signal.SIGKILL)

        run_sweep(TRAINED, tmp_path / "cluster", scheduler=cluster.scheduler_address, progress=progress)
    assert killed and contents(tmp_path / "cluster") == undisturbed(tmp_path / "undisturbed", TRAINED)
