"""A checked proof shows itself as it is: every step, its engine, its outcome, and what was not refuted."""

import dataclasses

import pytest
import sympy

from robustntk.bounds.engines.identity import Identity
from robustntk.bounds.errors import InvalidInput
from robustntk.bounds.outcome import Verdict
from robustntk.bounds.proof import Falsified, Proof, ProofReport, Step, check_proof
from robustntk.bounds.proof_display import formula
from robustntk.bounds.proofs_on_record import load_proof

TAYLOR = ("E1.a.taylor+", "E1.a.taylor-", "E1.a.taylor")
x = sympy.Symbol("x")


def proof_of(claim: sympy.Expr, fault: sympy.Expr) -> Proof:
    """One identity x = claim, with one planted fault."""
    step = Step(
        name="a|b", claim="|x| = x", engine=Identity(x, claim), falsified=(Falsified("x_*", Identity(x, fault)),)
    )
    return Proof("X1", "an identity", (step,))


@pytest.fixture(scope="module")
def report() -> ProofReport:
    return check_proof(load_proof("E1"), steps=TAYLOR, falsify=True)


def test_the_table_has_a_row_for_every_step_that_was_asked_for(report: ProofReport) -> None:
    rows = [line for line in report._repr_markdown_().splitlines() if line.startswith("| **")]
    assert [row.split("**")[1] for row in rows] == list(TAYLOR)
    assert all("✓ proved" in row and "smt" in row for row in rows)
    assert report.holds


def test_a_step_shows_what_it_rests_on_and_each_fault(report: ProofReport) -> None:
    step = report["E1.a.taylor"]
    shown = step._repr_markdown_()
    assert all(f"`{name}`" in shown for name in step.step.premises)
    assert shown.count("fault planted") == len(step.step.falsified)
    assert formula(step.step.engine.conclusion) in shown


def test_a_false_claim_is_shown_as_refuted() -> None:
    report = check_proof(proof_of(x + 1, x + 2))
    assert not report.holds and report["a|b"].outcome is Verdict.REFUTED
    assert "✗ refuted" in report._repr_markdown_() and "counterexample" in report["a|b"]._repr_markdown_()
    assert "proved" not in report._repr_markdown_()


def test_a_fault_that_passes_is_shown() -> None:
    report = check_proof(proof_of(x, x), falsify=True)
    assert not report.holds
    assert "? inconclusive" in report._repr_markdown_() and "0 of 1" in report._repr_markdown_()
    assert r"fault planted, x\_\*: proved" in report["a|b"]._repr_markdown_()


def test_bars_do_not_break_the_table() -> None:
    header, _, row = check_proof(proof_of(x, x + 1))._repr_markdown_().splitlines()[-3:]
    assert row.replace(r"\|", "").count("|") == header.count("|")


def test_no_step_holds_nothing() -> None:
    assert not dataclasses.replace(check_proof(proof_of(x, x + 1)), steps=()).holds


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("W_*", "W_{*}"),
        ("theta'", r"\theta'"),
        ("Lambda", r"\Lambda"),
        ("next_sum", r"\mathrm{next_{sum}}"),
        ("|grad f|^2", r"\mathrm{|grad\ f|^{2}}"),
        ("||W_0||_op", r"\mathrm{||W_{0}||_{op}}"),
        ("5 %", r"\mathrm{5\ \%}"),
    ],
)
def test_symbols_are_letters_or_upright_words(name: str, shown: str) -> None:
    assert formula(sympy.Symbol(name) <= sympy.Symbol("x")) == rf"{shown} \leq x"


def test_an_unknown_step_is_refused(report: ProofReport) -> None:
    with pytest.raises(InvalidInput, match=r"step 'E1.z': the proof of E1 has E1.a.h-"):
        check_proof(load_proof("E1"), steps=["E1.z"])
    with pytest.raises(InvalidInput, match=r"step 'E1': E1 was checked for E1.a.taylor\+"):
        report["E1"]
