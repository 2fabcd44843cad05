"""`robustntk sweep`: contract, exit codes, lists, tables, and a folder that is taken up again."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from robustntk.cli import sweep as module
from robustntk.cli.app import app
from robustntk.verify.sweep import laws

RUNNER = CliRunner()
# The calculators alone: no cell has to be run, and no process started.
QUICK = ["--measure", "required-width"]
LAW_KEYS = {
    *("law", "measure", "axis", "quantity", "fixed", "prediction", "exponent", "joint", "intercept", "means"),
    *("local_exponents", "bend", "method", "verdict", "agrees", "points", "seeds", "values"),
}


def report(*arguments: str, code: int = 0) -> dict[str, Any]:
    """The JSON object for `arguments`, after a check that nothing else is printed."""
    result = RUNNER.invoke(app, ["sweep", *arguments, "--json"])
    assert result.exit_code == code, result.output
    assert result.stdout.count("\n") == 1 and result.stderr == ""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_contract(tmp_path: Path) -> None:
    found = report(*QUICK, "--out", str(tmp_path / "sweep"))
    assert found.keys() == {"config", "laws", "skipped", "holds", "cells", "out", "seconds"}
    assert found["cells"] == {"kept": 0, "recomputed": 0, "new": 0} and found["holds"] is True
    first = found["laws"][0]
    assert first.keys() == LAW_KEYS and first["prediction"].keys() == {"kind", "exponent", "source"}
    assert (first["law"], first["verdict"], first["agrees"]) == ("required width in epsilon, E1", "consistent", True)
    assert first["exponent"]["lower"] <= -2.0 <= first["exponent"]["upper"]
    on_disk = json.loads((tmp_path / "sweep" / "result.json").read_text())
    assert on_disk == {name: found[name] for name in ("config", "laws", "skipped", "holds")}


def test_options_reach_the_configuration(tmp_path: Path) -> None:
    found = report(
        *(*QUICK, "--out", str(tmp_path / "sweep"), "--widths", "64, 256", "--samples", "6,8", "--deltas", "0.05,1/10"),
        *("--epsilons", "0.3,1/7,0.01", "--radii", "1,2.5", "--seeds", "3", "--first-seed", "10", "--classes", "1,0"),
        *("--activation", "tanh", "--scale", "2", "--bias", "1/4", "--seed", "5", "--iterations", "7"),
        *("--step-size", "0.25", "--max-iterations", "9"),
    )
    config = found["config"]
    assert config["measures"] == ["required-width"] and config["seeds"] == [10, 11, 12]
    assert (config["widths"], config["samples"], config["deltas"]) == ([64, 256], [6, 8], [0.05, 0.1])
    assert (config["epsilons"], config["radii"]) == (["0.3", "1/7", "0.01"], [1.0, 2.5])
    assert (config["activation"], config["scale"], config["bias"], config["data_seed"]) == ("tanh", "2", 0.25, 5)
    assert (config["classes"], config["iterations"], config["step_size"]) == (["1", "0"], 7, 0.25)
    assert config["max_iterations"] == 9
    assert [law["fixed"] for law in found["laws"]] == [{"radius": 1.0}, {"radius": 2.5}] * 2


def test_too_few_points_are_undetermined_and_code_1(tmp_path: Path) -> None:
    found = report(*QUICK, "--epsilons", "0.5,0.1", "--out", str(tmp_path / "sweep"), code=1)
    assert {law["verdict"] for law in found["laws"]} == {"undetermined"} and found["holds"] is False


def test_the_table_has_every_law_with_its_verdict(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["sweep", *QUICK, "--out", str(tmp_path / "sweep")])
    assert result.exit_code == 0 and result.stdout.count("consistent") == 2
    assert "holds: true" in result.stdout and "Laws that do not apply: " in result.stdout
    again = RUNNER.invoke(app, ["sweep", *QUICK, "--epsilons", "0.1", "--out", str(tmp_path / "other")])
    assert again.exit_code == 1 and "no fit: expected 3 points" in " ".join(again.stdout.split())


def test_what_is_printed_of_a_law() -> None:
    law = {
        "law": "residual in m",
        "fixed": {"samples": 20, "epsilon": "1/7", "radius": 7.81293},
        "prediction": {"kind": "upper bound", "exponent": -0.5, "source": "theory"},
        "exponent": {"lower": -1.1, "estimate": -1.0, "upper": -0.9},
        "verdict": "steeper",
        "agrees": True,
    }
    row = ("residual in m", "n=20 eps=1/7 R=7.813", "upper bound", "-0.5", "-1.000", "[-1.100, -0.900]")
    assert module.row_of(law) == (*row, "steeper (allowed)")
    assert module.row_of(law | {"agrees": False})[-1] == "steeper"
    assert module.row_of(law | {"exponent": None, "verdict": None, "agrees": None})[-3:] == ("-", "-", "-")


def test_the_measures_that_help_names_are_those_there_are() -> None:
    assert tuple(module.MEASURES.split(", ")) == laws.MEASURES


@pytest.mark.parametrize(
    ("wrong", "culprit"),
    [
        (["--widths", "64,,256"], "--widths"),
        (["--widths", "64,many"], "many"),
        (["--widths", "64,255"], "255"),
        (["--seeds", "0"], "--seeds is 0"),
        (["--seeds", "some"], "some"),
        (["--first-seed", "-1"], "seed is -1"),
        (["--deltas", "small"], "small"),
        (["--deltas", "nan"], "nan"),
        (["--epsilons", "0.1,2"], "epsilon is 2"),
        (["--radii", "0"], "radius is 0"),
        (["--measure", "beauty"], "beauty"),
        (["--workers", "0"], "workers is 0"),
        (["--workers", "2", "--scheduler", "tcp://127.0.0.1:1"], "workers is 2 and a scheduler"),
        (["--data", "nowhere.npz"], "nowhere.npz"),
        (["--activation", "swish"], "swish"),
        (["--loss", "mse"], "mse"),
    ],
)
@pytest.mark.parametrize("form", ["table", "json"])
def test_bad_input_is_one_line_and_code_2(wrong: list[str], culprit: str, form: str, tmp_path: Path) -> None:
    arguments = ["sweep", *QUICK, "--out", str(tmp_path / "sweep"), *wrong, *(["--json"] if form == "json" else [])]
    result = RUNNER.invoke(app, arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    assert result.stderr.startswith("error: ") and culprit in result.stderr
    assert not (tmp_path / "sweep").exists()


def test_folders_of_others_are_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.txt").write_text("sun")
    result = RUNNER.invoke(app, ["sweep", *QUICK, "--out", str(tmp_path / "photos")])
    assert result.exit_code == 2 and "holds no sweep" in result.stderr
    report(*QUICK, "--out", str(tmp_path / "sweep"))
    result = RUNNER.invoke(app, ["sweep", *QUICK, "--seeds", "4", "--out", str(tmp_path / "sweep")])
    assert result.exit_code == 2 and "holds a sweep with seeds" in result.stderr
