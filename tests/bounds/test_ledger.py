"""The ledger: what is on it, what it counts, and when it does not hold."""

import json
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import robustntk.bounds.proofs
from docs.kept_ledger import keep
from robustntk.bounds import InvalidInput, Outcome, Verdict, ledger, parallel_check, proofs_on_record
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS
from robustntk.bounds.engines.citation import Cited
from robustntk.bounds.engines.engine import Fact, defined, given
from robustntk.bounds.ledger import LedgerReport, check_ledger
from robustntk.bounds.proof import Falsified, Proof, Step
from robustntk.bounds.proofs_on_record import PROOFS, load_proof

FOLDER = Path(next(iter(robustntk.bounds.proofs.__path__)))
PROVED, REFUTED = Outcome.proved("so it is"), Outcome.refuted("x = 1", "there it fails")


@dataclass(frozen=True)
class Says:
    """An engine that says what it is told to say."""

    found: Outcome
    facts: tuple[Fact, ...] = ()
    conclusion: Any = None
    name: str = "parrot"

    def check(self) -> Outcome:
        return self.found


def step(name: str, found: Any = PROVED, variant: Outcome = REFUTED, facts: tuple[Fact, ...] = ()) -> Step:
    engine = Says(found, facts) if isinstance(found, Outcome) else found
    return Step(name=name, claim=f"{name} holds", engine=engine, falsified=(Falsified("changed", Says(variant)),))


LEMMAS = Proof("lemmas", "lemmas", (step("lemma"),))
CITED = Cited("Author 1999, Theorem 2", "it holds", lambda: Outcome.cited("seen 10 times"))
FACTS = (given("a hypothesis", None), defined("a definition", None))
FAKES = {
    "E1": Proof("E1", "one", (step("first", facts=FACTS), step("second", CITED)), rests_on=(LEMMAS,)),
    "E2": Proof("E2", "two", (step("third"),), rests_on=(LEMMAS,)),
}


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Proof]:
    """Short proofs in the place of E1 and E2, to be changed at will."""
    proofs = dict(FAKES)
    monkeypatch.setattr(ledger, "load_proof", lambda theorem: proofs[theorem])
    monkeypatch.setattr(parallel_check, "load_proof", lambda theorem: proofs[theorem])
    return proofs


def check(*theorems: str, falsify: bool = True) -> LedgerReport:
    return check_ledger(theorems, falsify=falsify, processes=1)


def test_the_proofs_on_record_are_there_under_their_names() -> None:
    proofs = [load_proof(theorem) for theorem in PROOFS]
    assert [proof.theorem for proof in proofs] == list(PROOFS)
    assert [proof.steps[0].claim for proof in proofs if proof.title == "not put together"] == []
    assert {id.removesuffix("-tied") for id in CONVERGENCE_THEOREMS} <= PROOFS.keys()


def test_every_proof_is_on_record_or_under_one_that_is() -> None:
    """A module of proofs that the ledger does not reach would be checked by nobody."""
    known = {name for theorem in PROOFS for name in (theorem, *load_proof(theorem).foundations)}
    with_proof = [path.stem for path in FOLDER.glob("*.py") if "\ndef proof() -> Proof:" in path.read_text()]
    modules = {name: __import__(f"robustntk.bounds.proofs.{name}", fromlist=["proof"]) for name in with_proof}
    assert {module.proof().theorem for module in modules.values()} <= known


def test_a_check_covers_what_is_asked_for_and_what_it_rests_on(fakes: dict[str, Proof]) -> None:
    assert [theorem.id for theorem in check("E2").theorems] == ["lemmas", "E2"]
    assert [theorem.id for theorem in check("E2", "E1", "E2").theorems] == ["lemmas", "E2", "E1"]
    assert [theorem.kind for theorem in check("E1").theorems] == ["lemmas", "guarantee"]


def test_counts_and_json(fakes: dict[str, Proof]) -> None:
    report = check("E1", "E2")
    found = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert report.holds and found["holds"]
    assert (found["proved"], found["cited"], found["refuted"], found["inconclusive"]) == (3, 1, 0, 0)
    assert (found["falsified_refuted"], found["falsified_total"]) == (4, 4)
    first, second, third = found["theorems"]
    assert [each["outcome"] for each in found["theorems"]] == ["proved", "cited", "proved"]
    assert second.keys() >= {"id", "kind", "steps", "outcome"}
    assert (second["assumptions"], second["definitions"]) == (["a hypothesis"], ["a definition"])
    assert second["citations"] == [{"step": "second", "reference": "Author 1999, Theorem 2"}]
    assert (first["rests_on"], third["rests_on"]) == ([], ["lemmas"])
    assert all(each.keys() >= {"claim", "engine", "outcome", "seconds"} for each in second["steps"])


def test_nothing_is_said_of_variants_that_were_not_tried(fakes: dict[str, Proof]) -> None:
    found = check("E1", falsify=False).to_json()
    assert (found["falsified_refuted"], found["falsified_total"]) == (None, None)


def test_scaling_laws_are_recorded_and_never_among_the_theorems(fakes: dict[str, Proof]) -> None:
    found = check("E1").to_json()
    assert [law["id"] for law in found["recorded"]] == ["P1", "P2", "P3", "P4"]
    assert {law["kind"] for law in found["recorded"]} == {"scaling-law"}
    with pytest.raises(InvalidInput, match="P1 is a scaling law: recorded, not proved"):
        check("P1")


def test_an_unknown_theorem_is_refused() -> None:
    for load in (check, load_proof):
        with pytest.raises(InvalidInput, match="unknown theorem 'E99': expected one of activations"):
            load("E99")


def test_a_scaling_law_has_no_proof_to_load() -> None:
    with pytest.raises(InvalidInput, match="P4 is a scaling law: recorded, not proved; there are proofs for"):
        load_proof("P4")


@pytest.mark.parametrize("found", [REFUTED, Outcome.inconclusive("?"), Outcome.unsupported("?")], ids=str)
def test_one_step_that_fails_is_enough(fakes: dict[str, Proof], found: Outcome) -> None:
    fakes["E2"] = Proof("E2", "two", (step("third"), step("fourth", found)))
    report = check("E1", "E2", falsify=False)
    assert not report.holds
    assert report.count(found.verdict) == 1
    assert check("E1", falsify=False).holds


@pytest.mark.parametrize("variant", [PROVED, Outcome.inconclusive("?"), Outcome.cited("?")], ids=str)
def test_a_variant_that_passes_is_a_failed_step(fakes: dict[str, Proof], variant: Outcome) -> None:
    fakes["E2"] = Proof("E2", "two", (step("third", variant=variant),))
    report = check("E2")
    assert not report.holds
    assert report.steps[-1].outcome is Verdict.INCONCLUSIVE
    assert (report.falsified_refuted, len(report.falsified)) == (0, 1)
    assert check("E2", falsify=False).holds


def test_no_theorem_is_no_success() -> None:
    assert not check().holds


def test_a_proof_that_cannot_be_put_together_is_one_failed_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs_on_record, "PROOFS", {"E1": "no_such_module", "E2": "lemmas"})
    missing, other = load_proof("E1"), load_proof("E2")
    assert "cannot be put together: ModuleNotFoundError" in missing.steps[0].claim
    assert other.steps[0].claim == "the proof in lemmas.py is one of lemmas"
    assert missing.steps[0].engine.check().verdict is Verdict.UNSUPPORTED


def test_progress_is_reported_step_by_step(fakes: dict[str, Proof]) -> None:
    seen: list[tuple[str, int, int | None]] = []
    check_ledger(["E1"], processes=1, report=lambda *told: seen.append(told))
    assert seen == [("prove: lemmas, lemma", 1, 3), ("prove: E1, first", 2, 3), ("prove: E1, second", 3, 3)]


def test_processes_change_nothing_but_the_time() -> None:
    def without_times(report: LedgerReport) -> str:
        found = report.to_json()
        for each in (found, *found["theorems"], *(step for theorem in found["theorems"] for step in theorem["steps"])):
            del each["seconds"]
        return json.dumps(found)

    one, two = (check_ledger(["calculators"], falsify=True, processes=count) for count in (1, 2))
    assert one.holds and without_times(one) == without_times(two)


def test_a_process_that_ends_proves_nothing() -> None:
    future: Future[parallel_check.Checked] = Future()
    future.set_exception(BrokenProcessPool("killed"))
    found = parallel_check._result(future).found
    assert found.verdict is Verdict.INCONCLUSIVE and "killed" in found.reason


def test_a_check_without_end_is_ended() -> None:
    with pytest.raises(TimeoutError, match=r"not decided within 0\.05 s"), parallel_check.time_limit(0.05):
        while True:
            pass


def test_every_step_of_every_proof_is_proved_or_cited() -> None:
    report = check_ledger(processes=1)
    assert [(each.step.name, each.reason) for each in report.steps if not _fine(each.outcome)] == []
    assert report.holds
    keep(json.dumps(report.to_json()))  # the documentation shows it, and need not check all proofs again


@pytest.mark.slow
def test_every_falsified_variant_is_refuted() -> None:
    report = check_ledger(falsify=True)
    assert [(each.step.name, each.missed) for each in report.steps if each.missed] == []
    assert report.holds and report.falsified_refuted >= len(report.steps)


def _fine(verdict: Verdict) -> bool:
    return verdict in (Verdict.PROVED, Verdict.CITED)
