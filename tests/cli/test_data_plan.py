"""`robustntk width` from data: certified at a drawn network, or at the computed radius, conditional, and says so."""

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


NO_DRAW = "--no-draw"


def test_a_conditional_plan_is_that_of_the_radius_that_the_data_have(data: list[str]) -> None:
    found = plan(*data, *EPSILON, NO_DRAW, "--theorem", "E1")
    radius = RUNNER.invoke(app, ["radius", *data, "--json"])
    assert found["data_radius"] == json.loads(radius.stdout)
    assert found["radius"] >= found["data_radius"]["radius"]["upper"]
    given = plan("--radius", found["exact"]["radius"], "--dim", "3", *EPSILON, "--theorem", "E1")
    assert {key: found[key] for key in given} == given | {"alternatives": found["alternatives"]}


@pytest.mark.parametrize("mode", [[], ["--no-draw"]], ids=["drawn", "conditional"])
def test_a_plan_for_balls_in_feature_space_rests_on_their_radius(data: list[str], mode: list[str]) -> None:
    ball = ["--perturbation", "linf", "--delta", "0.05"]
    found = plan(*data, *EPSILON, *mode, *ball, "--theorem", "E1", "--activation", "erf")
    radius = RUNNER.invoke(app, ["radius", *data, *ball, "--activation", "erf", "--json"])
    assert found["data_radius"] == json.loads(radius.stdout)
    assert found["data_radius"]["perturbation"]["kind"] == "linf"
    assert found["certified"] is (mode == [])


def test_a_conditional_plan_says_what_is_left_to_check(data: list[str]) -> None:
    found = plan(*data, *EPSILON, NO_DRAW, "--theorem", "E1")
    assert (found["kind"], found["certified"]) == ("conditional-guarantee", False)
    assert [h["text"] for h in found["hypotheses"] if h["satisfied"] is None] == [
        "some W_* in B(R) has robust loss <= 0"
    ]
    assert "conditional" in found["statement"]
    table = RUNNER.invoke(app, ["width", *data, *EPSILON, NO_DRAW])
    assert "conditional: robustntk verify" in " ".join(table.stdout.split())
    assert "of the data" in table.stdout


def test_by_default_the_plan_is_certified_at_a_drawn_network(data: list[str]) -> None:
    found = plan(*data, *EPSILON)
    assert (found["kind"], found["certified"], found["network_seed"]) == ("guarantee", True, 0)
    assert all(h["satisfied"] for h in found["hypotheses"]) and found["confidence"] is None
    assert found["drawn_width"] == found["width"] >= found["required_width"]
    assert found["certified_radius"] <= found["radius"] and found["comparator_margin"] > 0
    assert "conditional" not in found["statement"]
    assert "conditional: robustntk verify" not in RUNNER.invoke(app, ["width", *data, *EPSILON]).stdout
    assert found["width"] < plan(*data, *EPSILON, "--theorem", "E1", NO_DRAW)["width"]


def test_the_other_theorems_are_listed_with_what_they_ask_for_or_why_they_do_not_apply(data: list[str]) -> None:
    found = plan(*data, *EPSILON)
    listed = {other["theorem"]: other for other in found["alternatives"]}
    assert {"E1", "E7", "E8"} <= listed.keys() and listed["E1"]["width"] > found["width"]
    assert listed["E2"]["width"] is None and "quadratic_relu" in listed["E2"]["reason"]
    assert listed["E9"]["width"] is None and "hinge" in listed["E9"]["reason"]
    assert all(other["reason"] for other in listed.values() if "work" not in other)


def test_another_seed_draws_another_network(data: list[str]) -> None:
    found = [plan(*data, *EPSILON, "--network-seed", seed) for seed in ("0", "1", "1")]
    assert found[0]["certified_radius"] != found[1]["certified_radius"] and found[1] == found[2]


def test_where_only_signs_count_the_loss_margin_is_chosen(data: list[str]) -> None:
    """The robust error leaves it free: a far narrower network is certified than for the margin 1."""
    wanted = [*data, "--epsilon", "0.25", "--target", "robust-error", "--activation", "tanh"]
    free, fixed = plan(*wanted), plan(*wanted, "--loss-margin", "1")
    assert (free["theorem"], free["kind"], fixed["loss_margin"]) == ("E8", "guarantee", 1.0)
    assert free["width"] < 50 < fixed["width"] and free["loss_margin"] < 0.01
    assert [h["text"] for h in free["hypotheses"] if not h["satisfied"]] in (
        [],
        ["the adversary is the strongest one, A = A_*"],
    )


def test_auto_finds_the_narrowest_network_and_lists_the_others(data: list[str]) -> None:
    found = plan(*data, "--epsilon", "0.25", "--target", "robust-error", "--activation", "auto", "--scale", "auto")
    listed = [other for other in found["alternatives"] if "work" in other]
    order = [(other["width"], other["iterations"]) for other in listed]
    assert found["width"] == 2 and order == sorted(order) and order[0] == (2, found["iterations"])
    assert all(other["work"] == other["width"] * other["iterations"] for other in listed)
    assert {row["activation"] for row in found["refused"]}.isdisjoint(
        other["activation"] for other in listed if other["width"] == 2
    )
    assert all(row["reason"] for row in found["refused"]) and found["pareto"][0] == listed[0]


def test_too_wide_a_network_leaves_the_plan_conditional_with_the_reason(data: list[str]) -> None:
    found = plan(*data, *EPSILON, "--theorem", "E1", "--max-width", "10")
    assert (found["certified"], found["kind"]) == (False, "conditional-guarantee")
    assert "above the limit of 10 neurons" in found["not_certified"]
    table = RUNNER.invoke(app, ["width", *data, *EPSILON, "--theorem", "E1", "--max-width", "10"]).stdout
    assert "No network was certified" in table


def test_a_limit_on_iterations_is_kept(data: list[str]) -> None:
    quick = plan(*data, *EPSILON, "--activation", "sin", "--theorem", "E7")
    narrow = plan(*data, *EPSILON, "--activation", "sin", "--theorem", "E7", "--max-iterations", "20000")
    assert narrow["width"] < quick["width"] and quick["iterations"] < narrow["iterations"] <= 20000
    assert "above the limit of 3" in refusal(
        *data, "--epsilon", "0.25", "--target", "robust-error", "--max-iterations", "3", "--activation", "tanh"
    )


def test_above_one_half_the_comparator_keeps_some_loss(data: list[str]) -> None:
    """Theory section 6, step 2: s = 2 eps - 1 and R(s) = (1 - s) R(0)."""
    found = plan(*data, "--epsilon", "0.8", "--theorem", "E1", NO_DRAW)
    assert found["comparator_loss"] == pytest.approx(0.6)
    assert found["radius"] == pytest.approx(0.4 * found["data_radius"]["radius"]["upper"])


def test_options_of_the_theorem_reach_it(data: list[str]) -> None:
    options = ["--share", "1/4", "--slack", "0.1", "--confidence", "0.9", "--activation", "sin", "--theorem", "E1"]
    found = plan(*data, *EPSILON, NO_DRAW, *options)
    assert (found["shares"]["linearization"], found["comparator_loss"]) == (0.25, 0.1)
    assert found["activation"] == "sin"


@pytest.mark.parametrize("options", [("--activation", "auto"), ("--activation", "erf", "--scale", "auto")])
def test_auto_takes_the_least_width_and_lists_the_others(data: list[str], options: tuple[str, ...]) -> None:
    found = plan(*data, *EPSILON, NO_DRAW, "--theorem", "E1", *options)
    widths = [other["width"] for other in found["alternatives"]]
    assert len(widths) >= 5 and widths == sorted(widths) and found["width"] == widths[0]
    assert len({other["activation"] for other in found["alternatives"]}) == len(widths)


def test_without_a_draw_the_scale_of_a_homogeneous_activation_is_left_alone(data: list[str]) -> None:
    """It only multiplies the network: the width would fall without limit, the hypothesis with it."""
    options = [*data, *EPSILON, "--activation", "quadratic_relu", "--scale", "auto"]
    found = plan(*options, NO_DRAW)
    assert found["scale"] == 1.0 and len({other["activation"] for other in found["alternatives"]}) == 1
    assert plan(*options)["width"] <= plan(*data, *EPSILON)["width"]


def test_a_share_of_points_is_worth_the_loss_of_a_wrong_one(data: list[str]) -> None:
    """The hinge loss is at least 1 where a prediction is wrong, so both targets need the same plan."""
    wanted = [*data, *EPSILON, "--theorem", "E1", NO_DRAW]
    both = [plan(*wanted, "--target", target) for target in ("loss", "robust-error")]
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
        (["--slack", "0.6", "--theorem", "E1"], "0.6"),
        (["--slack", "0", "--loss", "absolute"], "absolute"),
        (["--slack", "0", "--epsilon", "1.2"], "f = 0"),
        (["--target", "excess-loss"], "--radius"),
        (["--target", "nonsense"], "nonsense"),
        (["--activation", "relu", "--scale", "auto"], "relu"),
        (["--activation", "auto", "--share", "3"], "share"),
        (["--step-size", "100", NO_DRAW], "step_size"),
        (["--step-size", "0.1"], "--no-draw"),
        (["--confidence", "0.9"], "--no-draw"),
        (["--network-seed", "-1"], "network_seed"),
        (["--network-seed", "x"], "'x'"),
        (["--loss-margin", "auto"], "auto"),
        (["--loss-margin", "auto", "--target", "robust-error", NO_DRAW], "drawn network"),
        (["--loss-margin", "7"], "7"),
        (["--theorem", "E9"], "E9"),
        (["--theorem", "E99"], "E99"),
        (["--max-width", "0"], "max_width"),
    ],
)
def test_refused_with_a_reason(data: list[str], wrong: list[str], culprit: str) -> None:
    assert culprit in refusal(*data, *EPSILON, *wrong)


def test_a_network_is_drawn_for_data_only() -> None:
    for option in ([NO_DRAW], ["--network-seed", "1"]):
        assert f"{option[0]} cannot be used" in refusal("--radius", "2", *option, *EPSILON, "--activation", "erf")
