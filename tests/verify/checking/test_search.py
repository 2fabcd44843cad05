"""The search finds what is there, shrinks it, says nothing more than it knows, and repeats itself for the same seed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, Verdict
from robustntk.verify.checking import strategies
from robustntk.verify.checking.cases import *  # noqa: F403  # snippets need all of them
from robustntk.verify.checking.claim import Claim, Sides
from robustntk.verify.checking.registry import get_claim
from robustntk.verify.checking.search import search, search_all


def whole_numbers() -> st.SearchStrategy[int]:
    return st.integers(0, 10**6)


SQUARES = Claim("E1/squares", "n^2 <= 10000", whole_numbers, lambda n: Sides(float(n) ** 2, 10000.0))
TRUE = Claim("E1/true", "n <= 10^6", whole_numbers, lambda n: Sides(float(n), 1e6))


def test_the_smallest_counterexample_is_found() -> None:
    found = search(SQUARES)
    assert found.refuted
    assert found.case == 101
    assert found.ratio == pytest.approx(1.0201)
    assert "101" in found.snippet


def test_a_claim_that_holds_is_inconclusive_never_proved() -> None:
    found = search(TRUE, examples=50)
    assert found.outcome.verdict is Verdict.INCONCLUSIVE
    assert found.outcome.reason == f"no counterexample in {found.examples} examples"
    assert 1 <= found.examples <= 50
    assert 0.0 < found.ratio <= 1.0


def test_nan_is_a_counterexample() -> None:
    found = search(Claim("E1/nan", "", whole_numbers, lambda n: Sides(np.nan, 1.0)), examples=5)
    assert found.refuted
    assert found.to_json()["ratio"] is None


def test_targets_lead_to_counterexamples_that_chance_would_miss() -> None:
    """A hidden corner: both numbers within a thousandth of the largest."""

    def two() -> st.SearchStrategy[tuple[int, int]]:
        return st.tuples(st.integers(0, 10**9), st.integers(0, 10**9))

    corner = Claim("E1/corner", "", two, lambda pair: Sides(float(sum(pair)), 1.9999e9))
    assert search(corner, examples=2000).refuted


def test_the_same_seed_gives_the_same_examples() -> None:
    seen: list[list[int]] = []

    def record(n: int) -> Sides:
        seen[-1].append(n)
        return Sides(float(n), 1e6)

    for seed in (3, 3, 4):
        seen.append([])
        search(Claim("E1/record", "", whole_numbers, record), examples=20, seed=seed)
    assert seen[0] == seen[1] != seen[2]


def test_the_snippet_evaluates_the_counterexample_again() -> None:
    found = search(get_claim("E2.c").falsified(0.5), examples=200)
    assert found.refuted
    scope: dict[str, Any] = {}
    exec(found.snippet, scope)  # it prints negative margins
    again = get_claim("E2.c").falsified(0.5)
    assert scope["case"] == found.case
    assert not again.holds(scope["case"])


def test_progress_is_reported() -> None:
    stages: list[tuple[str, int, int | None]] = []
    search_all([TRUE, SQUARES], examples=5, report=lambda *stage: stages.append(stage))
    assert stages == [("check: E1/true", 0, 2), ("check: E1/squares", 1, 2)]


@pytest.mark.parametrize(("option", "value"), [("examples", 0), ("seed", -1)])
def test_numbers_out_of_range_are_refused(option: str, value: int) -> None:
    with pytest.raises(InvalidInput, match=f"{option} is {value}"):
        search(TRUE, **{option: value})


def test_without_hypothesis_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "hypothesis", None)
    with pytest.raises(InvalidInput, match="pip install hypothesis"):
        strategies.require_hypothesis()
