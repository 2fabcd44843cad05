"""`robustntk width` from a given radius: contract, exact integers, refusals, speed."""

import json
import math
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from robustntk.bounds import SCALING_LAWS
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS
from robustntk.cli import options
from robustntk.cli.app import app
from robustntk.cli.width import parse_constants

RUNNER = CliRunner()

CONTRACT = {
    "theorem",
    "kind",
    "epsilon",
    "radius",
    "activation",
    "loss",
    "width",
    "step_size",
    "iterations",
    "confidence",
    "gradient_bound",
    "shares",
    "terms",
    "hypotheses",
    "alternatives",
    "statement",
}
ADDED = {"network", "share", "row_radius", "comparator_margin", "loss_margin", "fewest_iterations", "required_width"}
DEMO = ("--radius", "3.91", "--dim", "65", "--epsilon", "0.5")


def plan(*arguments: str) -> dict[str, Any]:
    """The JSON plan for `arguments`; the command must succeed and print nothing else."""
    result = RUNNER.invoke(app, ["width", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_contract_keys_and_integers() -> None:
    found = plan(*DEMO)
    assert found.keys() >= CONTRACT | ADDED
    assert found["shares"].keys() >= {"linearization", "regret"}
    assert found["terms"].keys() >= {"linearization", "regret"}
    assert isinstance(found["width"], int) and isinstance(found["iterations"], int)
    assert all(row.keys() >= {"theorem", "width", "iterations", "reason"} for row in found["alternatives"])


def test_width_of_the_demo_is_the_formula_of_e1() -> None:
    """16 L^2 beta^2 R^4 / eps^2 with beta = 2, rounded up to an even integer."""
    found = plan(*DEMO, "--theorem", "E1")
    assert found["width"] == 2 * math.ceil(64 * 391**4 * 4 / 100**4 / 2)


def test_all_theorems_are_tried_and_listed_with_plan_or_reason() -> None:
    found = plan(*DEMO)
    rows = {row["theorem"]: row for row in found["alternatives"]}
    widths = [row["width"] for row in found["alternatives"] if row["width"] is not None]
    assert found["width"] == widths[0] < rows["E1"]["width"] == 59834
    assert widths == sorted(widths)
    assert "sigma'' jumps" in rows["E2"]["reason"] and rows["E2"]["width"] is None
    assert found["fewest_iterations"]["iterations"] == min(row["iterations"] for row in rows.values() if row["width"])


def test_integers_stay_integers_at_tiny_epsilon() -> None:
    """beta = 1/4 for softplus, so m = 16 R^4 / (16 eps^2) = R^4 / eps^2 exactly."""
    found = plan("--radius", "3", "--epsilon", "1e-60", "--activation", "softplus", "--theorem", "E1")
    assert found["width"] == 81 * 10**120
    assert found["iterations"] == 36 * 10**120


def test_an_integer_too_long_for_python_to_print_by_default() -> None:
    sys.set_int_max_str_digits(4300)
    found = plan("--radius", "1e280", "--epsilon", "1e-290", "--activation", "softplus", "--theorem", "E1")
    assert found["width"] == 10 ** (4 * 280 + 2 * 290)


@given(st.decimals(min_value="0.1", max_value=9, places=2), st.decimals(min_value="0.01", max_value=5, places=3))
def test_decimals_on_the_command_line_are_exact(radius: Any, epsilon: Any) -> None:
    """For sin and hinge E1 asks for the least even m >= 16 R^4 / eps^2, in exact decimals."""
    from fractions import Fraction

    least = math.ceil(16 * Fraction(radius) ** 4 / Fraction(epsilon) ** 2 / 2) * 2
    chosen = ("--activation", "sin", "--theorem", "E1")
    assert plan("--radius", str(radius), "--epsilon", str(epsilon), *chosen)["width"] == least


def test_the_table_shows_width_and_statement() -> None:
    result = RUNNER.invoke(app, ["width", "--radius", "3", "--epsilon", "0.1", "--activation", "softplus"])
    assert result.exit_code == 0
    assert "8,100" in result.stdout
    for heading in ("Hypotheses", "Alternatives", "Without a plan"):
        assert heading in result.stdout
    assert "E3, E9" in result.stdout and "no rho is given" in result.stdout


REFUSED = {
    "negative epsilon": (["--radius", "1", "--epsilon", "-1", "--activation", "erf"], "-1"),
    "zero epsilon": (["--radius", "1", "--epsilon", "0", "--activation", "erf"], "0"),
    "epsilon is no number": (["--radius", "1", "--epsilon", "tiny", "--activation", "erf"], "tiny"),
    "epsilon is NaN": (["--radius", "1", "--epsilon", "nan", "--activation", "erf"], "nan"),
    "negative radius": (["--radius", "-3", "--epsilon", "1", "--activation", "erf"], "-3"),
    "unknown activation": (["--radius", "1", "--epsilon", "1", "--activation", "swish"], "swish"),
    "unknown loss": (["--radius", "1", "--epsilon", "1", "--activation", "erf", "--loss", "mse"], "mse"),
    "unknown theorem": (["--radius", "1", "--epsilon", "1", "--activation", "erf", "--theorem", "Z9"], "Z9"),
    "unknown target": (["--radius", "1", "--epsilon", "1", "--activation", "erf", "--target", "x"], "x"),
    "neither epsilon nor what to solve for": (["--radius", "1", "--activation", "erf"], "--epsilon"),
    "margin of a loss that has none": (
        ["--radius", "1", "--epsilon", "1", "--activation", "erf", "--loss", "huber", "--loss-margin", "0.5"],
        "margin",
    ),
    "automatic margin without data": (
        ["--radius", "1", "--epsilon", "1", "--activation", "erf", "--loss-margin", "auto"],
        "--loss-margin auto",
    ),
    "too large a margin": (
        ["--radius", "1", "--epsilon", "1", "--activation", "erf", "--loss-margin", "2"],
        "margin is 2",
    ),
    "negative row radius": (["--radius", "1", "--epsilon", "1", "--activation", "erf", "--row-radius", "-1"], "-1"),
    "too few iterations": (
        ["--radius", "1", "--epsilon", "0.1", "--activation", "erf", "--max-iterations", "2"],
        "max_iterations is 2",
    ),
    "too small a width": (
        ["--radius", "1", "--epsilon", "0.1", "--activation", "erf", "--max-width", "2"],
        "max_width is 2",
    ),
    "share and limit": (
        ["--radius", "1", "--epsilon", "1", "--activation", "erf", "--share", "1/2", "--max-width", "99"],
        "share is 1/2",
    ),
    "width without solving": (["--radius", "1", "--epsilon", "1", "--activation", "erf", "--width", "8"], "--width"),
    "unknown quantity to solve for": (["--solve-for", "depth", "--radius", "1", "--activation", "erf"], "depth"),
    "solving for what is given": (
        ["--solve-for", "radius", "--radius", "1", "--epsilon", "1", "--width", "8", "--activation", "erf"],
        "--radius",
    ),
    "solving without the width": (["--solve-for", "epsilon", "--radius", "1", "--activation", "erf"], "--width"),
    "solving with data": (["--solve-for", "radius", "--data", "digits", "--epsilon", "1", "--width", "8"], "--data"),
    "solving with a limit": (
        [*("--solve-for", "radius", "--epsilon", "1", "--width", "8"), "--activation", "erf", "--max-width", "8"],
        "--max-width",
    ),
    "share of one": (["--radius", "1", "--epsilon", "1", "--activation", "erf", "--share", "1"], "share"),
    "slack above epsilon": (["--radius", "1", "--epsilon", "1", "--activation", "erf", "--slack", "2"], "2"),
    "ReLU has no beta": (["--radius", "1", "--epsilon", "1", "--activation", "relu"], "relu"),
    "quadratic ReLU without dimension": (["--radius", "1", "--epsilon", "1"], "dimension"),
    "logistic never reaches 0": (
        ["--radius", "1", "--epsilon", "1", "--activation", "erf", "--loss", "logistic"],
        "logistic",
    ),
    "automatic activation without data": (
        ["--radius", "1", "--epsilon", "1", "--activation", "auto"],
        "--activation auto",
    ),
    "automatic scale without data": (["--radius", "1", "--epsilon", "1", "--scale", "auto"], "--scale auto"),
    "constants for a guarantee": (
        ["--radius", "1", "--epsilon", "1", "--activation", "erf", "--constant", "c=1"],
        "--constant",
    ),
    "P1 without constants": (
        ["--radius", "1", "--epsilon", "1", "--theorem", "P1", "--depth", "3", "--dim", "9"],
        "constant",
    ),
    "malformed constant": (
        ["--radius", "1", "--epsilon", "1", "--theorem", "P1", "--depth", "3", "--constant", "width"],
        "NAME=VALUE",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_one_line_that_names_the_reason(name: str) -> None:
    arguments, culprit = REFUSED[name]
    result = RUNNER.invoke(app, ["width", *arguments, "--json"])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1
    assert culprit.lower() in result.stderr.lower().replace("quadratic_relu", "")


def test_scaling_law_has_the_keys_of_a_plan_and_exact_integers() -> None:
    """R^9 H^16 / eps^7 at R = 3, H = 10^6, eps = 1e-60."""
    chosen = [f"--constant={name}=1" for name in ("width", "dimension", "step_size", "iterations")]
    found = plan("--theorem", "P1", "--radius", "3", "--epsilon", "1e-60", "--depth", "1000000", "--dim", "64", *chosen)
    assert found.keys() >= CONTRACT
    assert found["kind"] == "scaling-law"
    assert found["width"] == 3**9 * 10 ** (6 * 16 + 60 * 7)
    assert found["provenance"] == "recorded, text not re-read"
    assert all(hypothesis["satisfied"] is None for hypothesis in found["hypotheses"])


def test_scaling_law_of_two_layers_uses_the_constants_given() -> None:
    chosen = [f"--constant={name}={value}" for name, value in (("width", 5), ("step_size", 1), ("iterations", 1))]
    assert plan("--theorem", "P2", "--radius", "2", "--epsilon", "0.1", *chosen)["width"] == 5 * 16 * 100


@pytest.mark.parametrize(
    "option",
    [
        *("--share=1/3", "--confidence=0.9", "--slack=0.1", "--step-size=1", "--target=loss", "--max-width=8"),
        *("--max-iterations=8", "--row-radius=1", "--loss-margin=0.5"),
    ],
)
def test_scaling_law_refuses_options_of_guarantees(option: str) -> None:
    result = RUNNER.invoke(app, ["width", "--theorem", "P2", "--radius", "2", "--epsilon", "0.1", option])
    assert result.exit_code == 2
    assert option.partition("=")[0] in result.stderr


def test_depth_is_refused_where_it_has_no_meaning() -> None:
    for theorem in ("E1", "P2"):
        result = RUNNER.invoke(
            app,
            [
                "width",
                "--theorem",
                theorem,
                "--radius",
                "2",
                "--epsilon",
                "0.1",
                "--depth",
                "3",
                "--activation",
                "erf",
            ],
        )
        assert (result.exit_code, "--depth" in result.stderr) == (2, True)


def test_options_reach_the_calculator() -> None:
    """Share 1/4 and slack 1/10 leave (1/2 - 1/10)/4 to near-linearity: m = (2 L beta R^2 10)^2."""
    found = plan(
        *(
            "--radius",
            "2",
            "--epsilon",
            "0.5",
            "--activation",
            "sin",
            "--loss",
            "huber",
            "--huber-kappa",
            "3",
        ),
        *("--share", "1/4", "--slack", "0.1", "--scale", "2", "--theorem", "E1"),
    )
    assert found["width"] == (2 * 3 * 2**2 * 2**2 * 10) ** 2
    assert found["loss"] == "huber" and found["shares"]["linearization"] == 0.25


def test_constants_are_parsed_and_not_repeated() -> None:
    assert parse_constants(["width=1/2", "steps = 3"]) == {"width": "1/2", "steps": "3"}
    with pytest.raises(ValueError, match="twice"):
        parse_constants(["a=1", "a=2"])


def test_the_row_radius_and_the_loss_margin_reach_the_calculator() -> None:
    """R and rho of a comparator of margin 1/50 are 50 times smaller than for margin 1: the width falls by 50^2."""
    found = plan(
        *("--radius", "0.156", "--epsilon", "0.25", "--activation", "erf", "--target", "robust-error"),
        *("--row-radius", "0.44", "--loss-margin", "1/50", "--theorem", "E8-tied"),
    )
    assert (found["theorem"], found["network"], found["loss_margin"], found["width"]) == ("E8-tied", "tied", 0.02, 6)
    assert found["exact"]["comparator_margin"] == "9/400"


def test_the_table_names_the_theorem_of_the_fewest_iterations() -> None:
    fewest = plan(*DEMO)["fewest_iterations"]
    result = RUNNER.invoke(app, ["width", *DEMO])
    assert f"{fewest['iterations']:,} by {fewest['theorem']}, at width {fewest['width']:,}" in result.stdout


def test_limits_trade_width_for_iterations() -> None:
    least = plan(*DEMO, "--theorem", "E7")
    quick = plan(*DEMO, "--theorem", "E7", "--max-iterations", "500")
    assert quick["iterations"] <= 500 < least["iterations"] and quick["width"] > least["width"]
    wide = plan(*DEMO, "--theorem", "E7", "--max-width", "10000")
    assert wide["width"] <= 10_000 and wide["iterations"] < least["iterations"]


def test_the_operator_radius_reaches_e10() -> None:
    """16 beta^2 R_op^4 / epsilon^2."""
    found = plan(
        "--radius", "4", "--epsilon", "1/2", "--operator-radius", "2", "--theorem", "E10", "--activation", "sin"
    )
    assert (found["width"], found["operator_radius"]) == (16 * 16 * 4, 2.0)


def test_help_lists_exactly_the_theorems_and_the_laws_there_are() -> None:
    assert options.THEOREM_NAMES.split(", ") == list(CONVERGENCE_THEOREMS)
    assert options.LAW_NAMES.split(", ") == list(SCALING_LAWS)


SIN = ("--activation", "sin", "--theorem", "E1")


def test_solving_for_epsilon() -> None:
    """2 R^2 / sqrt(m) = 1/8 for near-linearity and R / sqrt(T) = 1/10 for the regret."""
    found = plan("--solve-for", "epsilon", "--radius", "2", "--width", "4096", "--iterations", "400", *SIN)
    assert found["solved_for"] == "epsilon"
    assert 0.225 <= found["epsilon"] == found["value"] < 0.225 * (1 + 1e-6)
    assert found["unproved"] < 0.225
    assert (found["width"], found["iterations"]) == (4096, 400)


def test_solving_for_the_radius() -> None:
    """2 R^2 / 64 is at most 99/100 of 1/2."""
    found = plan("--solve-for", "radius", "--epsilon", "0.5", "--width", "4096", *SIN)
    assert found["value"] ** 2 <= 15.84 <= found["unproved"] ** 2
    limited = plan("--solve-for", "radius", "--epsilon", "0.5", "--width", "4096", "--iterations", "100", *SIN)
    assert limited["value"] < found["value"] and limited["iterations"] == 100


def test_solving_for_the_iterations_and_for_the_width() -> None:
    """At m = 4096 near-linearity takes 1/8 of 1/4, so that T = R^2 / (1/8)^2 = 256; and back."""
    common = ("--radius", "2", "--epsilon", "1/4", *SIN)
    found = plan("--solve-for", "iterations", "--width", "4096", *common)
    assert (found["value"], found["iterations"], found["unproved"]) == (256, 256, 255)
    back = plan("--solve-for", "width", "--iterations", "256", *common)
    assert (back["value"], back["width"]) == (4096, 4096)


def test_the_table_of_a_solution_says_what_was_solved_for() -> None:
    arguments = ["width", "--solve-for", "iterations", "--width", "4096", "--radius", "2", "--epsilon", "1/4", *SIN]
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "iterations = 256; no plan was found for 255" in " ".join(result.stdout.split())
