"""`robustntk check`: contract, exit codes, and that a fault in the library is found and shown."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from robustntk.bounds import curvature
from robustntk.bounds.letters import beta, m
from robustntk.cli.app import app

RUNNER = CliRunner()
WIDE = {"COLUMNS": "110", "TERMINAL_WIDTH": "110"}


def check(*arguments: str) -> Any:
    return RUNNER.invoke(app, ["check", *arguments], env=WIDE)


def test_what_is_not_refuted_is_not_called_proved() -> None:
    result = check("--claim", "E2.c", "--examples", "40")
    assert result.exit_code == 0
    assert "no counterexample" in result.stdout
    assert "evidence, no proof" in result.stdout
    assert "proved" not in result.stdout.replace("no proof", "")


def test_json_is_one_object() -> None:
    result = check("--claim", "E1.a/ball", "--examples", "30", "--seed", "7", "--json")
    found = json.loads(result.stdout)
    assert (found["holds"], found["seed"], found["falsify"]) == (True, 7, False)
    (claim,) = found["claims"]
    assert claim["outcome"] == "inconclusive"
    assert claim["claim"] == "E1.a/ball" and claim["theorem"] == "E1.a"
    assert 0.0 < claim["ratio"] <= 1.0
    assert claim["examples"] <= 30


def test_the_same_seed_gives_the_same_result() -> None:
    runs = [json.loads(check("--claim", "E1.b", "--examples", "30", "--json").stdout)["claims"] for _ in range(2)]
    for run in runs:
        for claim in run:
            claim.pop("seconds")
    assert runs[0] == runs[1]


def test_a_fault_planted_in_the_library_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curvature, "FULL_CURVATURE", beta / (2 * m ** (1 / 2)) * 4 / 5)
    result = check("--claim", "E1.a/direction", "--examples", "2000")
    assert result.exit_code == 1
    assert "refuted" in result.stdout
    assert "case = NetworkCase(" in result.stdout
    assert "get_claim('E1.a/direction').margins(case)" in result.stdout


def test_falsified_claims_have_to_be_refuted() -> None:
    result = check("--claim", "E2.c", "--falsify")
    assert result.exit_code == 0
    assert "2 of 2 falsified claims are refuted" in result.stdout


def test_a_falsified_claim_that_is_not_refuted_fails() -> None:
    assert check("--claim", "E1.a/ball", "--falsify", "--examples", "1").exit_code == 1


def test_claims_with_slack_say_so() -> None:
    result = check("--claim", "E2/near-linearity", "--falsify", "--examples", "20")
    assert result.exit_code == 0
    assert "not refuted, as expected" in result.stdout


def test_list_names_all_claims() -> None:
    listed = json.loads(check("--list", "--json").stdout)["claims"]
    assert len(listed) > 80
    assert {"id", "theorem", "statement", "slack"} == set(listed[0])
    assert "E4.c/touching" in check("--list").stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--claim", "E99"], "unknown claim 'E99'"),
        (["--examples", "0"], "examples is 0"),
        (["--seed", "-1"], "seed is -1"),
        (["--examples", "many"], "'many', expected a whole number"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments: list[str], complaint: str) -> None:
    result = check(*arguments)
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1
    assert not result.stdout
