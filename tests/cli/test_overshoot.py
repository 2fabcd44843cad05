"""`robustntk overshoot`: exit codes, the JSON object, and the table."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from robustntk.cli.app import app

RUNNER = CliRunner()
SMALL = ("overshoot", "--classes", "0,1", "--samples", "2", "--epsilon", "0.75", "--activation", "erf")
ONE = (*SMALL, "--theorem", "E7", "--seeds", "2")


def test_exit_0_and_one_json_object_when_all_is_determined(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, [*ONE, "--json", "--out", str(tmp_path / "kept")])
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    (row,) = content["theorems"]
    assert row["theorem"] == "E7" and content["determined"] and row["determined"]
    assert row["ratio"]["width"] == row["prescribed"]["width"] / row["smallest"]["width"]
    assert row["ratio"]["iterations"] == row["prescribed"]["iterations"] / row["smallest"]["iterations"]
    assert content["radius"]["n"] == 2 and content["seeds"] == [0, 1]
    assert len(list((tmp_path / "kept").rglob("*.json"))) >= len(row["widths"])


def test_exit_1_when_an_entry_stays_open() -> None:
    result = RUNNER.invoke(app, [*ONE, "--max-width", "4"], env={"COLUMNS": "200"})
    assert result.exit_code == 1, result.output
    assert "determined: false" in result.stdout and "T measured at width 4" in result.stdout
    assert "Neither is a theorem" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*SMALL, "--seeds", "0"), "--seeds is 0"),
        ((*SMALL, "--theorem", "P2"), "theorem is 'P2'"),
        ((*SMALL, "--theorem", "E3"), "E3 does not apply"),
        ((*SMALL, "--max-width", "1"), "max_width is 1"),
        ((*SMALL[:-4], "--epsilon", "1.5"), "the initial network"),
        ((*SMALL, "--loss", "logistic"), "logistic"),
    ],
)
def test_exit_2_and_one_line_for_bad_input(arguments: tuple[str, ...], message: str) -> None:
    result = RUNNER.invoke(app, list(arguments))
    assert result.exit_code == 2
    assert message in result.stderr and result.stderr.count("\n") == 1 and not result.stdout
