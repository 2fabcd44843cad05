"""`robustntk radius`: contract, the interval of the theory's reference problem, and what stays open."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from robustntk.cli.app import app

RUNNER = CliRunner()
DIGITS = ["--data", "digits", "--classes", "0,1", "--samples", "20", "--delta", "0.1"]
CONTRACT = {
    *("activation", "bias", "n", "dim", "delta", "slack", "radius", "certified_margin", "attacked_margin"),
    *("working_set", "iterations", "separation"),
}


def report(*arguments: str, code: int = 0) -> dict[str, Any]:
    """The JSON object for `arguments`, after a check that nothing else is printed."""
    result = RUNNER.invoke(app, ["radius", *arguments, "--json"])
    assert result.exit_code == code, result.output
    assert result.stdout.count("\n") == 1 and result.stderr == ""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def tight(tmp_path: Path) -> list[str]:
    """Four points whose caps nearly touch: too little room for a certificate of the ReLU kernel."""
    points = [[1.0, 0.0, 0.0], [0.9, 0.3, 0.1], [0.8, 0.5, 0.2], [0.6, -0.6, 0.3]]
    np.savez(tmp_path / "tight.npz", X=np.array(points), y=[1, 1, -1, -1])
    return ["--data", str(tmp_path / "tight.npz"), "--activation", "relu", "--delta", "0.1"]


def test_contract_and_the_reference_of_the_theory() -> None:
    """Theory section 4: R = 3.91 for the quadratic ReLU on these 20 digits."""
    found = report(*DIGITS)
    radius = found["radius"]
    assert found.keys() >= CONTRACT
    assert (found["n"], found["dim"], found["delta"], found["bias"], found["slack"]) == (20, 65, 0.1, 0.5, 0.0)
    assert radius["lower"] <= radius["estimate"] <= radius["upper"]
    assert radius["lower"] / 1.01 <= 3.91 <= radius["upper"] * 1.01
    assert 0 < found["certified_margin"] <= found["attacked_margin"]


def test_a_slack_scales_the_interval() -> None:
    """R(s) = (1 - s) R(0), theory section 6."""
    small = ["--classes", "0,1", "--samples", "4"]
    whole, part = report(*small), report(*small, "--slack", "1/4")
    assert part["slack"] == 0.25
    assert part["radius"] == pytest.approx({name: 0.75 * end for name, end in whole["radius"].items()})


def test_numbers_may_be_fractions() -> None:
    small = ["--classes", "0,1", "--samples", "4"]
    assert report(*small, "--delta", "1/10", "--bias", "1/2") == report(*small)


@pytest.mark.parametrize(
    "perturbation", [["l2", "--delta", "1"], ["linf", "--delta", "0.3", "--pixel-range", "0,16"]], ids=["l2", "linf"]
)
def test_balls_in_pixel_space(perturbation: list[str]) -> None:
    """The interval lies below that of the caps around the balls, which allow more, and above that of the points."""
    small = ["--classes", "0,1", "--samples", "6"]
    found = report(*small, "--perturbation", *perturbation)
    described = found["perturbation"]
    assert (described["kind"], described["delta"], found["delta"]) == (perturbation[0], *[float(perturbation[2])] * 2)
    assert 0 < found["certified_margin"] <= found["attacked_margin"]
    caps = report(*small, "--delta", str(found["largest_chord"]))
    points = report(*small, "--delta", "1e-9")
    assert points["radius"]["lower"] <= found["radius"]["estimate"] * 1.001
    assert found["radius"]["lower"] <= caps["radius"]["upper"]
    assert found["radius"]["upper"] <= caps["radius"]["upper"] * 1.001


def test_data_without_a_bias_coordinate() -> None:
    found = report("--classes", "0,1", "--samples", "4", "--bias", "none")
    zero = report("--classes", "0,1", "--samples", "4", "--bias", "0")
    assert (found["bias"], found["dim"], zero["dim"]) == (None, 64, 65)
    for name in ("lower", "estimate", "upper"):
        assert found["radius"][name] == pytest.approx(zero["radius"][name], rel=1e-3)


def test_the_table_names_the_perturbation() -> None:
    arguments = ["--classes", "0,1", "--samples", "4", "--perturbation", "l2", "--pixel-range", "0,16", "--delta", "1"]
    result = RUNNER.invoke(app, ["radius", *arguments])
    assert result.exit_code == 0 and "l2, values in [0, 16]" in result.stdout


def test_an_open_upper_end_is_null_and_code_1(tight: list[str]) -> None:
    found = report(*tight, code=1)
    assert found["radius"]["upper"] is None
    assert found["outcome"]["outcome"] == "inconclusive"
    assert found["radius"]["lower"] > 0


def test_the_table_says_what_is_open(tight: list[str]) -> None:
    result = RUNNER.invoke(app, ["radius", *tight])
    assert result.exit_code == 1 and result.stderr == ""
    assert ", inf]" in result.stdout and "inconclusive: " in result.stdout


@pytest.mark.parametrize("slack", ["1", "-0.1", "nan", "much"])
def test_a_slack_outside_its_range_is_refused(slack: str) -> None:
    result = RUNNER.invoke(app, ["radius", *DIGITS, "--slack", slack])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert slack in result.stderr
