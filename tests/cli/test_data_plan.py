"""`robustntk width` from data: the plan is E1's at the computed radius, conditional, and says so."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from robustntk.cli.app import app

RUNNER = CliRunner()
EPSILON = ["--epsilon", "0.5"]


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    """Four points in three dimensions, the bias included."""
    points = [[1.0, 0.0], [0.9, 0.3], [-1.0, 0.2], [-0.8, -0.5]]
    np.savez(tmp_path / "four.npz", X=np.array(points), y=[1, 1, -1, -1])
    return ["--data", str(tmp_path / "four.npz")]


def plan(*arguments: str) -> dict[str, Any]:
    result = RUNNER.invoke(app, ["width", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1 and result.stderr == ""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refusal(*arguments: str) -> str:
    result = RUNNER.invoke(app, ["width", *arguments, "--json"])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    return str(result.stderr)


def test_the_plan_is_that_of_the_radius_that_the_data_have(data: list[str]) -> None:
    found = plan(*data, *EPSILON)
    radius = RUNNER.invoke(app, ["radius", *data, "--json"])
    assert found["data_radius"] == json.loads(radius.stdout)
    assert found["radius"] >= found["data_radius"]["radius"]["upper"]
    given = plan("--radius", found["exact"]["radius"], "--dim", "3", *EPSILON)
    assert {key: found[key] for key in given} == given | {"alternatives": found["alternatives"]}


def test_the_plan_is_conditional_and_says_what_is_left_to_check(data: list[str]) -> None:
    found = plan(*data, *EPSILON)
    assert found["kind"] == "conditional-guarantee"
    assert [h["text"] for h in found["hypotheses"] if h["satisfied"] is None] == [
        "some W_* in B(R) has robust loss <= 0"
    ]
    assert "conditional" in found["statement"]
    table = RUNNER.invoke(app, ["width", *data, *EPSILON])
    assert "conditional: robustntk verify" in " ".join(table.stdout.split())
    assert "of the data" in table.stdout


def test_above_one_half_the_comparator_keeps_some_loss(data: list[str]) -> None:
    """Theory section 6, step 2: s = 2 eps - 1 and R(s) = (1 - s) R(0)."""
    found = plan(*data, "--epsilon", "0.8")
    assert found["comparator_loss"] == pytest.approx(0.6)
    assert found["radius"] == pytest.approx(0.4 * found["data_radius"]["radius"]["upper"])


def test_options_of_the_theorem_reach_it(data: list[str]) -> None:
    found = plan(*data, *EPSILON, "--share", "1/4", "--slack", "0.1", "--confidence", "0.9", "--activation", "sin")
    assert (found["shares"]["linearization"], found["comparator_loss"]) == (0.25, 0.1)
    assert found["activation"] == "sin"


@pytest.mark.parametrize("options", [("--activation", "auto"), ("--activation", "erf", "--scale", "auto")])
def test_auto_takes_the_least_width_and_lists_the_others(data: list[str], options: tuple[str, ...]) -> None:
    found = plan(*data, *EPSILON, *options)
    widths = [other["width"] for other in found["alternatives"]]
    assert len(widths) >= 5 and widths == sorted(widths) and found["width"] == widths[0]
    assert len({other["activation"] for other in found["alternatives"]}) == len(widths)


def test_auto_leaves_the_scale_of_a_homogeneous_activation_alone(data: list[str]) -> None:
    """It only multiplies the network: the width would fall without limit, the hypothesis with it."""
    found = plan(*data, *EPSILON, "--activation", "quadratic_relu", "--scale", "auto")
    assert found["scale"] == 1.0 and len(found["alternatives"]) == 1


def test_a_share_of_points_is_worth_the_loss_of_a_wrong_one(data: list[str]) -> None:
    """The hinge loss is at least 1 where a prediction is wrong, so both targets need the same plan."""
    both = [plan(*data, *EPSILON, "--target", target) for target in ("loss", "robust-error")]
    assert both[0]["width"] == both[1]["width"]
    assert both[1]["target"] == "robust-error"


def test_radius_and_data_exclude_each_other(data: list[str]) -> None:
    assert "--data cannot be used" in refusal("--radius", "2", *data, *EPSILON, "--activation", "erf")
    for option in (["--delta", "0.1"], ["--bias", "0"], ["--seed", "1"], ["--samples", "4"], ["--classes", "0,1"]):
        assert f"{option[0]} cannot be used" in refusal("--radius", "2", *option, *EPSILON, "--activation", "erf")


@pytest.mark.parametrize(
    ("wrong", "culprit"),
    [
        (["--dim", "3"], "--dim"),
        (["--theorem", "P1", "--constant", "width=1"], "--radius"),
        (["--depth", "3"], "--depth"),
        (["--slack", "1"], "--slack"),
        (["--slack", "0.6"], "0.6"),
        (["--slack", "0", "--loss", "absolute"], "absolute"),
        (["--slack", "0", "--epsilon", "1.2"], "f = 0"),
        (["--target", "excess-loss"], "--radius"),
        (["--target", "nonsense"], "nonsense"),
        (["--activation", "relu", "--scale", "auto"], "relu"),
        (["--activation", "auto", "--share", "3"], "share"),
        (["--step-size", "100"], "step_size"),
    ],
)
def test_refused_with_a_reason(data: list[str], wrong: list[str], culprit: str) -> None:
    assert culprit in refusal(*data, *EPSILON, *wrong)
