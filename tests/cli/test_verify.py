"""`robustntk verify` end to end on four points: contract, run folder, resumption, and what is never overwritten."""

import html.parser
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from robustntk.bounds import progress
from robustntk.cli.app import app

RUNNER = CliRunner()
PROBLEM = ["--data", "four.npz", "--epsilon", "0.8", "--activation", "sin"]
ERRORS = ["--data", "four.npz", "--epsilon", "0.25", "--target", "robust-error"]
COMMAND = [sys.executable, "-m", "robustntk.cli", "verify", *PROBLEM]
FILES = {"config.json", "result.json", "curves.npz", "report.html"} | {
    f"{name}.{kind}" for name in ("figure", "anatomy") for kind in ("png", "svg")
}
CONTRACT = {
    "config": {"data", "delta", "epsilon", "activation", "loss", "seed"},
    "plan": {"theorem", "kind", "width", "step_size", "iterations", "radius", "hypotheses", "statement"},
    "radius": {"radius", "certified_margin", "attacked_margin"},
    "empirical": {
        "best_surrogate_loss",
        "best_error",
        "reached_at",
        "attacked_robust_loss",
        "certified_robust_loss",
        "attacked_robust_error",
        "certified_robust_error",
    },
    "predicted": {"guarantee", "infinite_width_final", "max_deviation", "band", "inside_band", "robust"},
    "waterfall": {"unit", "stages"},
}
# Kills its own process at the fifth save, so that what is left is a run in the middle of its training.
KILLED_AT_THE_FIFTH_STEP = """
import os, signal
from robustntk.verify.experiment import main_job as experiment
from robustntk.verify.training.run_state import Checkpoint

saves = []

class Mortal(Checkpoint):
    def save(self, identity, arrays):
        super().save(identity, arrays)
        saves.append(identity)
        if len(saves) == 5:
            os.kill(os.getpid(), signal.SIGKILL)

experiment.Checkpoint = lambda path: Mortal(path, every_seconds=0.0)
from robustntk.cli.app import main
main()
"""


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own; what JAX compiles is kept for the next one."""
    settings = {
        "JAX_COMPILATION_CACHE_DIR": str(folder / ".compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    command = [*COMMAND, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | settings)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def reproducible(result: dict[str, Any]) -> dict[str, Any]:
    """What a run and its repetition have in common."""
    return {key: value for key, value in result.items() if key not in {"seconds", "run_dir"}}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    points = [[1.0, 0.0], [0.9, 0.3], [-1.0, 0.2], [-0.8, -0.5]]
    np.savez(folder / "four.npz", X=np.array(points), y=[1, 1, -1, -1])
    return folder


@pytest.fixture(scope="module")
def finished(desk: Path) -> subprocess.CompletedProcess[str]:
    """The call that made the folder ``run``."""
    return call(desk, "--full", "--out", "run", "--json")


def test_what_was_asked_for_holds(finished: subprocess.CompletedProcess[str]) -> None:
    result = json.loads(finished.stdout)
    assert (finished.returncode, result["holds"]) == (0, True)
    assert result["plan"]["kind"] == "guarantee"
    assert result["empirical"]["best_surrogate_loss"] <= 0.8
    assert result["empirical"]["attacked_robust_loss"] <= result["empirical"]["certified_robust_loss"]
    assert result["predicted"]["guarantee"] <= 0.8


def test_contract(finished: subprocess.CompletedProcess[str]) -> None:
    result = json.loads(finished.stdout)
    assert result.keys() >= CONTRACT.keys() | {"holds", "anatomy", "run_dir"}
    for key, names in CONTRACT.items():
        assert result[key].keys() >= names
    assert all(row.keys() == {"step", "lhs", "rhs", "slack"} for row in result["anatomy"])
    assert result["predicted"]["band"].keys() >= {"runs", "width", "coverage", "bound"}
    assert result["predicted"]["inside_band"] in {"inside", "outside"}
    assert result["run_dir"] == "run"


def test_json_is_all_there_is(finished: subprocess.CompletedProcess[str]) -> None:
    assert finished.stdout.count("\n") == 1
    assert finished.stderr == ""


def test_the_folder_holds_the_run_and_nothing_else(desk: Path, finished: subprocess.CompletedProcess[str]) -> None:
    assert {path.name for path in (desk / "run").iterdir()} == FILES
    assert json.loads((desk / "run/result.json").read_text()) == json.loads(finished.stdout)
    with np.load(desk / "run/curves.npz") as curves:
        assert len(curves["measured"]) == json.loads(finished.stdout)["empirical"]["steps"]


class Loads(html.parser.HTMLParser):
    """Collects every address that a browser would follow by itself to show the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            address = value or ""
            if name in {"src", "srcset", "data", "poster"} or (name.endswith("href") and tag != "a"):
                self.found += [] if address.startswith(("data:", "#")) else [address]
            self.found += [found for found in re.findall(r"url\(([^)]*)\)", address) if not found.startswith("#")]
        if tag == "script":
            self.found.append("a script")


@pytest.mark.usefixtures("finished")
def test_the_report_needs_nothing_but_itself(desk: Path) -> None:
    page = (desk / "run/report.html").read_text()
    loads = Loads()
    loads.feed(page)
    assert loads.found == []
    assert "@import" not in page and "<svg" in page and page.rstrip().endswith("</html>")


def test_the_check_of_the_report_sees_what_would_be_loaded() -> None:
    loads = Loads()
    loads.feed(
        '<img src="a.png"><link href="b.css"><use xlink:href="#c"><p style="background: url(d.png)"><a href="e">'
    )
    assert loads.found == ["a.png", "b.css", "d.png"]


@pytest.mark.usefixtures("finished")
def test_a_finished_run_is_never_overwritten(desk: Path) -> None:
    before = contents(desk / "run")
    again = call(desk, "--full", "--out", "run", "--json")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("error: ") and again.stderr.count("\n") == 1
    assert contents(desk / "run") == before


def test_a_run_killed_in_training_resumes_to_the_same_result(
    desk: Path, finished: subprocess.CompletedProcess[str]
) -> None:
    arguments = ["verify", *PROBLEM, "--full", "--out", "killed", "--json"]
    killed = subprocess.run([sys.executable, "-c", KILLED_AT_THE_FIFTH_STEP, *arguments], cwd=desk, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert {path.name for path in (desk / "killed").iterdir()} == {"config.json", "checkpoint.npz"}
    resumed = call(desk, "--full", "--out", "killed", "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert reproducible(json.loads(resumed.stdout)) == reproducible(json.loads(finished.stdout))
    assert {path.name for path in (desk / "killed").iterdir()} == FILES


def test_a_run_killed_at_any_moment_leaves_a_folder_that_can_be_finished(
    desk: Path, finished: subprocess.CompletedProcess[str]
) -> None:
    with subprocess.Popen([*COMMAND, "--full", "--out", "early", "--json"], cwd=desk, stdout=subprocess.PIPE) as child:
        limit = time.monotonic() + 60
        while not (desk / "early/config.json").exists() and time.monotonic() < limit:
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
    assert not (desk / "early/result.json").exists()
    resumed = call(desk, "--full", "--out", "early", "--json")
    assert reproducible(json.loads(resumed.stdout)) == reproducible(json.loads(finished.stdout))


def test_an_unfinished_run_is_resumed_only_with_its_own_options(desk: Path) -> None:
    (desk / "started").mkdir(exist_ok=True)
    (desk / "started/config.json").write_text(json.dumps({"data": "four.npz", "epsilon": "0.7"}))
    before = contents(desk / "started")
    other = call(desk, "--out", "started")
    assert other.returncode == 2 and other.stderr.count("\n") == 1
    assert contents(desk / "started") == before


def test_tables_go_to_stdout_and_progress_to_stderr(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    result = RUNNER.invoke(app, ["verify", *PROBLEM, "--theorem", "E8", "--band-runs", "0", "--out", "table"])
    assert result.exit_code == 0, result.output
    assert "holds: true" in result.stdout.splitlines()
    assert "Anatomy" in result.stdout and "table/report.html" in result.stdout
    assert "radius: attacked margin" in result.stderr and "training at m" in result.stderr
    assert "attacked margin" not in result.stdout and "training at m" not in result.stdout


def run(desk: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> dict[str, Any]:
    monkeypatch.chdir(desk)
    result = RUNNER.invoke(app, ["verify", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_it_trains_at_the_plan_that_width_prescribes(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = [*ERRORS, "--activation", "tanh", "--scale", "auto", "--network-seed", "2"]
    found = run(desk, monkeypatch, *options, "--band-runs", "0", "--out", "same")
    planned = json.loads(RUNNER.invoke(app, ["width", *options, "--json"]).stdout)
    assert found["plan"] == planned and planned["certified"] is True
    assert planned["width"] == 2 and found["empirical"]["best_error"] <= 0.25
    assert found["empirical"]["attacked_robust_error"] <= found["empirical"]["certified_robust_error"]


def test_adversary_and_band_are_chosen(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A weaker adversary is another run; without networks of other seeds there is no band."""
    options = [*PROBLEM, "--band-runs", "0"]
    fast, usual = (
        run(desk, monkeypatch, *options, "--adversary", name, "--out", f"by-{name}") for name in ("fgsm", "pgd")
    )
    assert fast["config"]["adversary"] == "fgsm" and fast["holds"] is True
    assert fast["predicted"]["band"] is None and fast["predicted"]["inside_band"] == "no band"
    assert fast["predicted"]["infinite_width_final"] != usual["predicted"]["infinite_width_final"]
    assert "--adversary fgsm --band-runs 0" in (desk / "by-fgsm/report.html").read_text()


@pytest.mark.parametrize(("option", "value"), [("--adversary", "hope"), ("--band-runs", "-1")])
def test_an_unknown_adversary_or_a_negative_band_is_refused(
    option: str, value: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk)
    result = RUNNER.invoke(app, ["verify", *PROBLEM, option, value, "--out", "refused"])
    assert result.exit_code == 2 and value in result.output and not (desk / "refused").exists()


@pytest.mark.parametrize("theorem", ["E1", "E2", "E7", "E8", "E8-tied"])
def test_the_theorem_that_is_named_is_the_one_that_is_used(
    theorem: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run(desk, monkeypatch, *PROBLEM, "--theorem", theorem, "--band-runs", "0", "--out", f"by-{theorem}")
    assert found["holds"] is True and found["plan"]["theorem"] == theorem == found["config"]["theorem"]
    assert f"({theorem})" in " ".join(row["step"] for row in found["anatomy"])
    page = (desk / f"by-{theorem}/report.html").read_text()
    assert f"theorem {theorem} guarantees" in page and f"--theorem {theorem}" in page


def test_the_robust_error_is_reported_from_both_sides(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    options = [*ERRORS, "--activation", "tanh", "--theorem", "E8", "--band-runs", "0"]
    result = RUNNER.invoke(app, ["verify", *options, "--out", "errors"])
    assert result.exit_code == 0, result.output
    shown = " ".join(result.stdout.split())
    assert "fraction that A misclassifies" in shown and "its robust error" in shown and "holds: true" in shown
    assert "points not certified to be right" in (desk / "errors/report.html").read_text()


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_run_that_does_not_hold_exits_with_1(
    form: list[str], finished: subprocess.CompletedProcess[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = json.loads(finished.stdout) | {"holds": False}
    monkeypatch.setattr("robustntk.verify.verify_in_folder", lambda *_, **__: broken)
    result = RUNNER.invoke(app, ["verify", *PROBLEM, "--out", "unused", *form])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["holds"] is False if form else "holds: false" in result.stdout
