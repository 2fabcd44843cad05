"""Curves pass through the widths that the command gives; figures say in words what they show."""

import re
from itertools import pairwise
from typing import Any

import pytest

from robustntk.bounds import exact
from robustntk.cli.calculator.answer import Plan, answer
from robustntk.cli.calculator.curves import Curve, epsilon_grid, log10, width_curves
from robustntk.cli.calculator.figures import _spread, caption, draw_prediction, draw_widths
from robustntk.cli.calculator.prediction import infinite_width_curve
from robustntk.cli.calculator.question import Arguments, instead

RADIUS: Arguments = ("--radius", "2", "--epsilon", "1/3", "--activation", "erf", "--row-radius", "2")
DATA: Arguments = ("--data", "digits", "--classes", "0,1", "--samples", "8", "--epsilon", "0.5", "--activation", "erf")


def plan_for(asked: Arguments) -> Plan:
    plan = answer(asked).plan
    assert plan is not None
    return plan


@pytest.mark.parametrize("epsilon", ["0.5", "1/3", "1e-60", "0.1", "7"])
def test_the_grid_ascends_and_contains_epsilon(epsilon: str) -> None:
    grid = [exact(text, name="epsilon") for text in epsilon_grid(epsilon)]
    assert grid == sorted(set(grid)) and exact(epsilon, name="epsilon") in grid and len(grid) >= 8
    assert min(grid) < exact(epsilon, name="epsilon") < max(grid)


@pytest.mark.parametrize("epsilon", ["1e-300", "1e300", "9.9e299"])
def test_the_grid_keeps_to_the_numbers_there_are(epsilon: str) -> None:
    assert epsilon in epsilon_grid(epsilon)


def test_nearby_epsilons_share_their_grid() -> None:
    assert len(set(epsilon_grid("0.5")) & set(epsilon_grid("0.45"))) >= 7


def test_logarithms_of_any_size() -> None:
    assert log10("1e-300") == pytest.approx(-300) and log10("1/8") == pytest.approx(-0.90309, abs=1e-5)


def test_curves_for_a_radius_are_the_widths_of_the_command() -> None:
    curves = {curve.theorem: dict(curve.points) for curve in width_curves(RADIUS, plan_for(RADIUS))}
    for epsilon in epsilon_grid("1/3"):
        listed = plan_for(instead(RADIUS, "--epsilon", epsilon))["alternatives"]
        expected = {other["theorem"]: other["width"] for other in listed if other["width"] is not None}
        assert {name: points[epsilon] for name, points in curves.items() if epsilon in points} == expected


def test_a_named_theorem_does_not_hide_the_curves_of_the_others() -> None:
    named = (*RADIUS, "--theorem", "E1")
    assert width_curves(named, plan_for(named)) == width_curves(RADIUS, plan_for(RADIUS))


def test_curves_for_data_are_the_conditional_widths() -> None:
    conditional = (*DATA, "--no-draw")
    curves = {curve.theorem: dict(curve.points) for curve in width_curves(conditional, plan_for(conditional))}
    listed = plan_for(conditional)["alternatives"]
    assert {name: points["0.5"] for name, points in curves.items()} == {
        other["theorem"]: other["width"] for other in listed
    }
    assert all("1" not in points for points in curves.values()), "the initial network has a hinge loss of 1"


def test_progress_counts_the_grid() -> None:
    counts: list[Any] = []
    width_curves(RADIUS, plan_for(RADIUS), lambda stage, done, total=None: counts.append((done, total)))
    grid = len(epsilon_grid("1/3"))
    assert counts == [(done, grid) for done in range(grid)]


def test_the_figure_says_what_it_shows_and_takes_the_colours_of_the_page() -> None:
    plan = plan_for(RADIUS)
    curves = width_curves(RADIUS, plan)
    drawing = draw_widths(curves, plan, "1/3")
    for curve in curves:
        assert f"{curve.theorem} {dict(curve.points)['1/3']:,}" in drawing.description
        assert curve.theorem in drawing.wide and curve.theorem in drawing.narrow
    assert f"m = {plan['width']:,}" in drawing.wide
    assert "currentColor" in drawing.wide and "#010203" not in drawing.wide
    assert re.match(r'<svg[^>]*width="100%"', drawing.wide, flags=re.DOTALL)
    assert draw_widths(curves, plan, "1/3") == drawing


def test_names_of_close_curves_are_moved_apart_and_others_stay() -> None:
    places = _spread([0.1, 0.11, 0.12, 0.5])
    assert all(after - before >= 0.95 * 0.055 for before, after in pairwise(places))
    assert places[3] == 0.5 and sum(places[:3]) == pytest.approx(0.33)


def test_widths_beyond_floats_are_drawn() -> None:
    plan = {"width": 10**700, "theorem": "E1"}
    drawing = draw_widths([Curve("E1", (("1e-299", 10**700), ("1e-298", 10**698)))], plan, "1e-299")
    assert "701 digits" in drawing.wide


def test_captions_tell_a_certified_plan_from_curves_that_are_conditional() -> None:
    assert "conditional" not in caption((), {})
    assert "conditional" in caption((), {"data_radius": {}}) and "certified" not in caption((), {"data_radius": {}})
    assert "certified" in caption((), {"data_radius": {}, "certified": True})


def test_the_infinite_width_prediction_follows_the_plan() -> None:
    plan = plan_for((*DATA, "--no-draw"))
    steps: list[int] = []
    curve = infinite_width_curve(DATA, plan, lambda stage, done, total=None: steps.append(done))
    assert curve.reached_at is not None and curve.reached_at <= plan["iterations"]
    assert curve.losses[0] == 1.0 and curve.losses[curve.reached_at - 1] <= 0.5 < min(
        curve.losses[: curve.reached_at - 1]
    )
    assert steps == list(range(1, len(curve.losses) + 1))
    assert f"first at step {curve.reached_at:,}" in draw_prediction(curve).description


def test_a_prediction_that_takes_too_long_ends_and_says_so() -> None:
    curve = infinite_width_curve(DATA, plan_for((*DATA, "--no-draw")), budget=20)
    assert curve.reached_at is None
    assert "is not met (budget spent)" in draw_prediction(curve).description
