"""`robustntk prove`: contract, exit codes, and that what failed is shown."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from robustntk.bounds import Outcome, ledger, worst_case
from robustntk.bounds.engines.citation import Cited
from robustntk.bounds.engines.engine import Fact, given
from robustntk.bounds.ledger import LedgerReport, TheoremReport
from robustntk.bounds.proof import Falsified, Proof, Step, check_proof
from robustntk.cli.app import app

RUNNER = CliRunner()
PROVED, REFUTED = Outcome.proved("by algebra"), Outcome.refuted("x = 3/7", "there it fails")
COLUMNS = {"COLUMNS": "100", "TERMINAL_WIDTH": "100"}


@dataclass(frozen=True)
class Says:
    """An engine that says what it is told to say."""

    found: Outcome
    facts: tuple[Fact, ...] = (given("|x| = 1", None),)
    conclusion: Any = None
    name: str = "parrot"

    def check(self) -> Outcome:
        return self.found


def proof_of(found: Outcome, variant: Outcome = REFUTED) -> Proof:
    reference = Cited("Author 1999, Theorem 2", "so it is", lambda: Outcome.cited("seen"))
    steps = (
        Step(name="first", claim="[x] <= |x|^2", engine=Says(found), falsified=(Falsified("halved", Says(variant)),)),
        Step(name="second", claim="y <= 1", engine=reference, falsified=(Falsified("y > 1", Says(REFUTED)),)),
    )
    return Proof("E1", "a theorem", steps)


@pytest.fixture
def ledger_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """Put a ledger with one short proof in the place of the real one; returns the calls of it."""

    def replace(found: Outcome = PROVED, variant: Outcome = REFUTED) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []

        def check(theorems: Any, *, falsify: bool, processes: int, report: Any) -> LedgerReport:
            calls.append({"theorems": theorems, "falsify": falsify, "processes": processes})
            checked = TheoremReport(check_proof(proof_of(found, variant), falsify=falsify))
            return LedgerReport((checked,), falsify, 0.25)

        monkeypatch.setattr(ledger, "check_ledger", check)
        return calls

    return replace


def prove(*arguments: str) -> Any:
    return RUNNER.invoke(app, ["prove", *arguments], env=COLUMNS)


def as_json(*arguments: str, code: int = 0) -> dict[str, Any]:
    """The JSON object for `arguments`, after a check that nothing else is printed."""
    result = prove(*arguments, "--json")
    assert result.exit_code == code, result.output
    assert result.stdout.count("\n") == 1 and result.stderr == ""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_contract(ledger_of: Callable[..., Any]) -> None:
    calls = ledger_of()
    found = as_json("--theorem", "E1", "--falsify", "--no-worst-case", "--processes", "1")
    assert calls == [{"theorems": ["E1"], "falsify": True, "processes": 1}]
    assert found.keys() >= {"theorems", "proved", "refuted", "inconclusive", "cited"}
    assert (found["proved"], found["refuted"], found["inconclusive"], found["cited"]) == (1, 0, 0, 1)
    (theorem,) = found["theorems"]
    assert theorem.keys() >= {"id", "kind", "steps", "outcome"}
    assert theorem["kind"] == "guarantee"
    assert all(step.keys() >= {"claim", "engine", "outcome", "seconds"} for step in theorem["steps"])
    assert found["worst_case"] == []


@pytest.mark.parametrize("found", [REFUTED, Outcome.inconclusive("?"), Outcome.unsupported("?")], ids=str)
def test_a_failed_step_is_code_1(ledger_of: Callable[..., Any], found: Outcome) -> None:
    ledger_of(found)
    assert as_json("--no-worst-case", code=1)[found.verdict.value] == 1


def test_a_variant_that_passes_is_code_1_where_variants_are_tried(ledger_of: Callable[..., Any]) -> None:
    ledger_of(variant=PROVED)
    assert as_json("--no-worst-case")["falsified_total"] is None
    found = as_json("--no-worst-case", "--falsify", code=1)
    assert (found["falsified_refuted"], found["falsified_total"]) == (1, 2)
    assert found["theorems"][0]["outcome"] == "inconclusive"


@pytest.mark.parametrize("name", ["E99", "e1", "P1"])
def test_an_unknown_theorem_is_code_2(name: str) -> None:
    result = prove("--theorem", name)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert name in result.stderr and "E1" in result.stderr


def test_the_tables_show_what_failed_what_is_cited_and_what_is_assumed(ledger_of: Callable[..., Any]) -> None:
    ledger_of(REFUTED)
    result = prove("--falsify", "--no-worst-case")
    assert result.exit_code == 1
    for expected in ("counterexample: x = 3/7", "there it fails", "Author 1999, Theorem 2", "|x| = 1", "[x] <= |x|^2"):
        assert expected in result.stdout
    assert "falsified, halved: refuted at x = 3/7" in result.stdout
    assert "The ledger does not hold." in result.stdout
    assert re.search(r"P1 .* recorded, not", result.stdout)
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_steps_are_explained_on_request(ledger_of: Callable[..., Any]) -> None:
    ledger_of()
    short, long = (prove("--no-worst-case", *more).stdout for more in ((), ("--verbose",)))
    assert "by algebra" not in short and "seconds" not in short
    assert "by algebra" in long and "supposes: |x| = 1" in long and "seconds" in long
    assert prove("--no-worst-case", "--steps").stdout.count("\n") == long.count("\n")
    assert "The ledger holds. Of 2 steps 1 are machine-checked (1 by parrot), 1 rest on a citation." in short


@dataclass(frozen=True)
class Case:
    """A worst case as the command needs it."""

    outcome: Outcome
    iterations: int = 2
    ratio: float = 0.9
    measure: worst_case.Measure = worst_case.Measure.BEST

    def to_json(self) -> dict[str, Any]:
        return {"iterations": 2, "step_size": 0.5, "bound": 1.0, "worst_case": 0.9}


def test_the_worst_case_stands_beside_the_regret(
    ledger_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger_of()
    monkeypatch.setattr(worst_case, "compare", lambda: (Case(Outcome.cited("no worse case")),))
    assert as_json()["worst_case"] == [{"iterations": 2, "step_size": 0.5, "bound": 1.0, "worst_case": 0.9}]
    assert "The worst case comes to 0.900000 of the regret" in prove().stdout


def test_a_worse_case_than_the_regret_is_code_1(ledger_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    ledger_of()
    monkeypatch.setattr(worst_case, "compare", lambda: (Case(REFUTED),))
    assert as_json(code=1)["refuted"] == 0


def test_a_missing_solver_is_named(ledger_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ImportError("PEPit is not installed")

    ledger_of()
    monkeypatch.setattr(worst_case, "compare", missing)
    assert as_json()["worst_case_missing"] == "PEPit is not installed"
    assert "PEPit is not installed" in prove().stdout


def test_a_real_proof_is_checked_with_its_falsified_variants() -> None:
    found = as_json("--theorem", "calculators", "--falsify", "--processes", "1")
    assert [theorem["id"] for theorem in found["theorems"]] == ["calculators"]
    assert found["falsified_refuted"] == found["falsified_total"] >= found["proved"] > 0
    assert found["holds"] and found["worst_case"] == []
