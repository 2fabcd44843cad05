"""`robustntk width` from a given radius: contract, exact integers, refusals, speed."""

import json
import math
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

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


def plan(*arguments: str) -> dict[str, Any]:
    """The JSON plan for `arguments`; the command must succeed and print nothing else."""
    result = RUNNER.invoke(app, ["width", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_contract_keys_and_integers() -> None:
    found = plan("--radius", "3.91", "--dim", "65", "--epsilon", "0.5")
    assert found.keys() >= CONTRACT
    assert found["shares"].keys() >= {"linearization", "regret"}
    assert found["terms"].keys() >= {"linearization", "regret"}
    assert isinstance(found["width"], int) and isinstance(found["iterations"], int)


def test_width_of_the_demo_is_the_formula_of_e1() -> None:
    """16 L^2 beta^2 R^4 / eps^2 with beta = 2, rounded up to an even integer."""
    found = plan("--radius", "3.91", "--dim", "65", "--epsilon", "0.5")
    assert found["width"] == 2 * math.ceil(64 * 391**4 * 4 / 100**4 / 2)


def test_integers_stay_integers_at_tiny_epsilon() -> None:
    """beta = 1/4 for softplus, so m = 16 R^4 / (16 eps^2) = R^4 / eps^2 exactly."""
    found = plan("--radius", "3", "--epsilon", "1e-60", "--activation", "softplus")
    assert found["width"] == 81 * 10**120
    assert found["iterations"] == 36 * 10**120


def test_an_integer_too_long_for_python_to_print_by_default() -> None:
    sys.set_int_max_str_digits(4300)
    found = plan("--radius", "1e280", "--epsilon", "1e-290", "--activation", "softplus")
    assert found["width"] == 10 ** (4 * 280 + 2 * 290)


@given(st.decimals(min_value="0.1", max_value=9, places=2), st.decimals(min_value="0.01", max_value=5, places=3))
def test_decimals_on_the_command_line_are_exact(radius: Any, epsilon: Any) -> None:
    """For sin and hinge E1 asks for the least even m >= 16 R^4 / eps^2, in exact decimals."""
    from fractions import Fraction

    least = math.ceil(16 * Fraction(radius) ** 4 / Fraction(epsilon) ** 2 / 2) * 2
    assert plan("--radius", str(radius), "--epsilon", str(epsilon), "--activation", "sin")["width"] == least


def test_the_table_shows_width_and_statement() -> None:
    result = RUNNER.invoke(app, ["width", "--radius", "3", "--epsilon", "0.1", "--activation", "softplus"])
    assert result.exit_code == 0
    assert "8,100" in result.stdout
    assert "Hypotheses" in result.stdout


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


@pytest.mark.parametrize("option", ["--share=1/3", "--confidence=0.9", "--slack=0.1", "--step-size=1", "--target=loss"])
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
        *("--share", "1/4", "--slack", "0.1", "--scale", "2"),
    )
    assert found["width"] == (2 * 3 * 2**2 * 2**2 * 10) ** 2
    assert found["loss"] == "huber" and found["shares"]["linearization"] == 0.25


def test_constants_are_parsed_and_not_repeated() -> None:
    assert parse_constants(["width=1/2", "steps = 3"]) == {"width": "1/2", "steps": "3"}
    with pytest.raises(ValueError, match="twice"):
        parse_constants(["a=1", "a=2"])
