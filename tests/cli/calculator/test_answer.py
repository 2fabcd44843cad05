"""The page answers what the command answers: the same plan, or the same line of refusal."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from robustntk.cli.app import app
from robustntk.cli.calculator.answer import answer
from robustntk.cli.calculator.question import Arguments

QUESTIONS: dict[str, Arguments] = {
    "radius": ("--radius", "3.91", "--dim", "65", "--epsilon", "0.5"),
    "tiny epsilon": ("--radius", "3", "--epsilon", "1e-60", "--activation", "softplus"),
    "one theorem": ("--radius", "3", "--epsilon", "0.1", "--activation", "erf", "--theorem", "E1"),
    "data": ("--data", "digits", "--classes", "0,1", "--samples", "8", "--epsilon", "0.9", "--no-draw"),
}
REFUSED: dict[str, Arguments] = {
    "epsilon of zero": ("--radius", "1", "--epsilon", "0", "--activation", "erf"),
    "ReLU": ("--radius", "1", "--epsilon", "0.5", "--activation", "relu"),
    "nothing": (),
    "no whole number": ("--data", "digits", "--samples", "many", "--epsilon", "0.5"),
    "no file": ("--data", "", "--delta", "0.1", "--epsilon", "0.5"),
    "caps that meet": ("--data", "wine", "--classes", "0,1", "--epsilon", "0.5"),
    "an option of the scaling laws": ("--radius", "1", "--epsilon", "1", "--activation", "erf", "--constant", "a=1"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_plan_is_that_of_the_command(name: str) -> None:
    printed = CliRunner().invoke(app, ["width", *QUESTIONS[name], "--json"]).stdout
    assert answer(QUESTIONS[name]).plan == json.loads(printed)


@pytest.mark.parametrize("name", REFUSED)
def test_the_refusal_is_that_of_the_command(name: str) -> None:
    found = answer(REFUSED[name])
    assert found.plan is None
    assert CliRunner().invoke(app, ["width", *REFUSED[name]]).stderr == f"error: {found.refusal}\n"


def test_progress_is_reported_and_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    stages: list[str] = []
    asked = ("--data", "digits", "--classes", "0,1", "--samples", "6", "--epsilon", "0.8", "--no-draw")
    answer(asked, lambda stage, done, total=None: stages.append(stage))
    assert stages and capsys.readouterr() == ("", "")


def test_a_file_that_was_edited_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "points.npz"
    asked = ("--data", str(path), "--epsilon", "0.5", "--no-draw")
    widths = []
    for time, height in enumerate((0.2, 1.0)):
        np.savez(path, X=[[1.0, height], [1.0, -height]], y=[1, -1])
        os.utime(path, ns=(time, time))
        plan = answer(asked).plan
        assert plan is not None
        widths.append(plan["width"])
    assert widths[0] > widths[1]
