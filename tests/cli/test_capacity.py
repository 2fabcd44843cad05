"""`robustntk capacity`: contract, exit codes, the same sample for the same seed, and refusals in one line."""

import json
from fractions import Fraction
from typing import Any

import pytest
from typer.testing import CliRunner

from robustntk.bounds import shattering
from robustntk.cli.app import app

RUNNER = CliRunner()
CONTRACT = {
    *("n", "dim", "depth", "vc_lower_bound", "vc_upper_bound_at_width"),
    *("necessary_width_robust", "necessary_width_plain", "splits_checked", "splits_failed"),
}
ADDED = {"width", "delta", "splits_exhaustive", "separation", "clearance", "statement", "kind", "exact", "theorem"}


def report(*arguments: str, code: int = 0) -> dict[str, Any]:
    """The JSON object for `arguments`, after a check that nothing else is printed."""
    result = RUNNER.invoke(app, ["capacity", *arguments, "--json"])
    assert result.exit_code == code, result.output
    assert result.stdout.count("\n") == 1 and result.stderr == ""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_contract() -> None:
    found = report("--samples", "20", "--dim", "12", "--depth", "2", "--delta", "1/4")
    assert found.keys() >= CONTRACT | ADDED
    assert (found["n"], found["dim"], found["depth"], found["delta"]) == (20, 12, 2, 0.25)
    assert found["vc_lower_bound"] == 10 * 13
    assert (found["splits_checked"], found["splits_failed"], found["splits_exhaustive"]) == (2**13, 0, True)
    assert found["width"] == found["necessary_width_robust"] >= found["necessary_width_plain"]
    assert found["vc_upper_bound_at_width"] >= found["vc_lower_bound"]
    assert found["kind"] == "necessary-condition" and found["points_checked"] == 20


def test_margins_are_exact_and_scale_with_the_square_of_delta() -> None:
    one, tenth = (report("--samples", "2", "--dim", "3", "--delta", delta) for delta in ("1", "0.1"))
    for name in ("separation", "clearance"):
        assert Fraction(one["exact"][name]) == 100 * Fraction(tenth["exact"][name]) > 0
        assert 0 < Fraction(tenth[name]) <= Fraction(tenth["exact"][name])


def test_a_width_that_is_too_small_is_said_to_be() -> None:
    found = report("--samples", "60000", "--dim", "784", "--depth", "3", "--width", "286")
    assert found["width_excluded"] and found["vc_upper_bound_at_width"] < found["vc_lower_bound"]
    assert not report("--samples", "60000", "--dim", "784", "--depth", "3", "--width", "287")["width_excluded"]


def test_a_sample_of_splits_is_reproducible() -> None:
    arguments = ["--samples", "5", "--dim", "30", "--splits", "3"]
    found = report(*arguments, "--seed", "4")
    assert (found["splits_checked"], found["splits_exhaustive"]) == (3, False)
    assert found == report(*arguments, "--seed", "4")
    assert found["exact"] != report(*arguments, "--seed", "5")["exact"]


@pytest.mark.parametrize("shrunk", ["reach", "apart"])
def test_a_construction_that_fails_is_code_1_and_shown(shrunk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With centres nearer to each other than tau or further apart, the balls meet or let go of a vertex."""
    factor = {"apart": Fraction(1, 2), "reach": 2}[shrunk]
    monkeypatch.setattr(shattering, "NEAR", shattering.s / (2 * shattering.K) - factor * shattering.tau)
    monkeypatch.setattr(shattering, "FAR", shattering.s / (2 * shattering.K) + factor * shattering.tau)
    found = report("--samples", "6", "--dim", "3", code=1)
    assert found["splits_failed"] == 14 and len(found["first_failure"]) == 4
    table = RUNNER.invoke(app, ["capacity", "--samples", "6", "--dim", "3"])
    assert table.exit_code == 1 and "14 failed" in table.stdout and "first failure" in table.stdout


@pytest.mark.parametrize(("samples", "shown"), [("7", "7 of 7 points"), ("1000000", "of 1,000,000 points")])
def test_the_table(samples: str, shown: str) -> None:
    result = RUNNER.invoke(app, ["capacity", "--samples", samples, "--dim", "4"])
    assert result.exit_code == 0 and result.stderr == ""
    assert "32 (all), 0 failed" in result.stdout and shown in result.stdout
    assert "necessary condition, not a sufficient one" in " ".join(result.stdout.split())


WRONG = {
    "one sample": (["--samples", "1"], "samples is 1: expected at least 2"),
    "no samples": (["--samples", "0"], "samples is 0"),
    "half a sample": (["--samples", "2.5"], "2.5"),
    "more samples than can be": (["--samples", "1" + "0" * 301], "samples"),
    "no dimension": (["--dim", "0"], "dimension is 0"),
    "negative dimension": (["--dim", "-3"], "dimension is -3"),
    "huge dimension": (["--dim", "10000000"], "dimension is 10000000: expected at most 1000000"),
    "no depth": (["--depth", "0"], "depth is 0"),
    "no width": (["--width", "0"], "width is 0"),
    "delta of zero": (["--delta", "0"], "delta is 0"),
    "negative delta": (["--delta", "-0.1"], "delta is -0.1"),
    "delta is NaN": (["--delta", "nan"], "delta"),
    "delta is infinite": (["--delta", "inf"], "delta"),
    "delta is no number": (["--delta", "small"], "small"),
    "huge delta": (["--delta", "1e999999"], "delta"),
    "no splits": (["--splits", "0"], "splits is 0"),
    "too many splits": (["--dim", "99", "--splits", "100001"], "splits is 100001 in dimension 99: expected at most"),
    "a negative seed": (["--seed", "-1"], "seed is -1"),
    "an unknown option": (["--epsilon", "1"], "--epsilon"),
}


@pytest.mark.parametrize(("wrong", "culprit"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "json"])
def test_bad_input_is_one_line_and_code_2(wrong: list[str], culprit: str, form: list[str]) -> None:
    result = RUNNER.invoke(app, ["capacity", "--samples", "6", "--dim", "3", *wrong, *form])
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    assert result.stderr.startswith("error: ") and culprit in result.stderr
