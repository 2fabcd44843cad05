"""What the tables print, and that JSON stays JSON."""

import json
import math

import pytest

from robustntk.cli.output import integer, interval, number, print_alternatives, print_json, print_plan, print_table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (59794, "59,794"),
        (-1234, "-1,234"),
        (10**20, "100,000,000,000,000,000,000"),
        (10**21, "1.000...e21 (22 digits)"),
        (-(16 * 10**120), "-1.600...e121 (122 digits)"),
    ],
)
def test_integers(value: int, text: str) -> None:
    assert integer(value) == text


def test_values_of_other_kinds() -> None:
    assert [number(value) for value in (None, True, 0.125, math.inf, "E1")] == [
        "-",
        "yes",
        "0.125",
        "inf",
        "E1",
    ]


def test_interval_with_an_infinite_upper_end() -> None:
    assert interval({"lower": 1.0, "estimate": 1.5, "upper": None}) == "1.5 in [1, inf]"


def test_json_is_one_line_and_refuses_what_json_has_not(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"width": 10**60, "radius": None})
    assert json.loads(capsys.readouterr().out)["width"] == 10**60
    with pytest.raises(ValueError, match="JSON"):
        print_json({"upper": math.inf})


def test_an_empty_table_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Alternatives", ("theorem",), [])
    assert capsys.readouterr().out == ""


def test_a_plan_shows_width_open_hypothesis_and_statement(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = {
        "theorem": "E1",
        "kind": "conditional-guarantee",
        "width": 59794,
        "terms": {"linearization": 0.25, "regret": 0.25},
        "hypotheses": [{"text": "some W_* in B(R) has [robust] loss <= s", "satisfied": None, "reason": ""}],
        "alternatives": [],
        "statement": "Width 59794 [suffices].",
    }
    print_plan(plan)
    printed = capsys.readouterr().out
    assert "59,794" in printed and "to be checked" in printed
    assert "[suffices]" in printed, "square brackets are text, not markup"
    assert "[robust]" in printed


def test_of_many_alternatives_the_first_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    others = [{"theorem": "E1", "activation": f"number {k}", "width": 1000 + k, "iterations": 5} for k in range(12)]
    print_alternatives(others)
    printed = capsys.readouterr().out
    assert "the first 10 of 12" in printed and "number 9" in printed and "1,009" in printed
    assert "number 10" not in printed
    print_alternatives(others[:1])
    assert capsys.readouterr().out == "", "a plan is no alternative to itself"
