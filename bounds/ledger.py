"""The ledger: every proof on record, checked step by step: what is machine-checked, what is cited, what is assumed.

>>> from robustntk.bounds.ledger import Verdict, check_ledger
>>> report = check_ledger(["losses"], processes=1)
>>> report.holds, report.count(Verdict.REFUTED)
(True, 0)
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .outcome import Outcome, Verdict
from .parallel_check import Checked, Task, checked
from .progress import Report
from .proof import Proof, ProofReport, StepReport
from .proofs_on_record import NOT_PROVED, PROOFS, RECORDED, load_proof, require_proof_on_record
from .theorem import Kind, Theorem

CONSTANTS, LEMMAS = "constants", "lemmas"


@dataclass(frozen=True)
class TheoremReport:
    """One theorem on the ledger, its proof checked."""

    proof: ProofReport

    @property
    def id(self) -> str:
        return self.proof.proof.theorem

    @property
    def title(self) -> str:
        return self.proof.proof.title

    @property
    def kind(self) -> str:
        """`guarantee` for a theorem, `constants` for tables that theorems take numbers from, `lemmas` for the rest."""
        if self.id not in PROOFS:
            return LEMMAS
        return Kind.GUARANTEE.value if self.id.startswith("E") else CONSTANTS

    @property
    def steps(self) -> tuple[StepReport, ...]:
        return self.proof.steps

    @property
    def outcome(self) -> Verdict:
        return self.proof.outcome

    @property
    def holds(self) -> bool:
        """Whether there are steps, and all are proved or cited."""
        return self.proof.holds

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The hypotheses that some step uses."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.step.assumptions))

    @property
    def definitions(self) -> tuple[str, ...]:
        """The definitions and textbook facts that some step uses."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.step.definitions))

    @property
    def citations(self) -> tuple[tuple[str, str], ...]:
        """The cited steps, each with its reference (or else with what its engine says of it)."""
        cited = [step for step in self.steps if step.outcome is Verdict.CITED]
        return tuple((step.step.name, getattr(step.step.engine, "reference", step.reason)) for step in cited)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "outcome": self.outcome.value,
            "steps": [step.to_json() for step in self.steps],
            "assumptions": list(self.assumptions),
            "definitions": list(self.definitions),
            "citations": [{"step": step, "reference": reference} for step, reference in self.citations],
            "rests_on": list(self.proof.proof.foundations),
            "seconds": round(sum(step.seconds for step in self.steps), 3),
        }


@dataclass(frozen=True)
class LedgerReport:
    """The ledger after a check. `seconds` is the time that passed, less than the sum over the steps."""

    theorems: tuple[TheoremReport, ...]
    falsify: bool
    seconds: float

    @property
    def steps(self) -> tuple[StepReport, ...]:
        return tuple(step for theorem in self.theorems for step in theorem.steps)

    @property
    def falsified(self) -> tuple[tuple[str, Outcome], ...]:
        """All falsified variants that were tried, with what became of them."""
        return tuple(variant for step in self.steps for variant in step.falsified)

    @property
    def falsified_refuted(self) -> int:
        return sum(outcome.verdict is Verdict.REFUTED for _, outcome in self.falsified)

    @property
    def holds(self) -> bool:
        """Whether every step is proved or cited and every falsified variant that was tried is refuted."""
        proved = bool(self.theorems) and all(theorem.holds for theorem in self.theorems)
        return proved and self.falsified_refuted == len(self.falsified)

    def count(self, verdict: Verdict) -> int:
        """How many steps have that verdict."""
        return sum(step.outcome is verdict for step in self.steps)

    def to_json(self) -> dict[str, Any]:
        return {
            "theorems": [theorem.to_json() for theorem in self.theorems],
            **{verdict.value: self.count(verdict) for verdict in Verdict},
            "falsified_refuted": self.falsified_refuted if self.falsify else None,
            "falsified_total": len(self.falsified) if self.falsify else None,
            "holds": self.holds,
            "seconds": round(self.seconds, 3),
            "recorded": [_recorded(law) for law in RECORDED.values()],
        }


def _recorded(law: Theorem) -> dict[str, str]:
    return {"id": law.id, "kind": law.kind.value, "title": law.title, "source": law.source, "status": NOT_PROVED}


def check_ledger(
    theorems: Iterable[str] | None = None,
    *,
    falsify: bool = False,
    processes: int = 2,
    report: Report | None = None,
) -> LedgerReport:
    """Check the proofs of these theorems (all by default) and the proofs that they rest on.

    With `falsify`, also that every falsified variant of every step is refuted. The order of the report does not depend
    on `processes`; with more than one, the calling script needs the usual `if __name__ == "__main__"`. `report` is
    called with the step just checked and how many of how many are done. Raises InvalidInput for an unknown theorem.
    """
    begin = time.perf_counter()
    proofs: dict[str, tuple[str, Proof]] = {}
    for root in _asked_for(theorems):
        for proof in _with_foundations(root):
            proofs.setdefault(proof.theorem, (root, proof))
    tasks = [
        Task(root, theorem, index, falsify)
        for theorem, (root, proof) in proofs.items()
        for index in range(len(proof.steps))
    ]
    found: dict[Task, Checked] = {}
    for task, outcome in checked(tasks, processes=processes):
        found[task] = outcome
        if report is not None:
            name = proofs[task.theorem][1].steps[task.index].name
            report(f"prove: {task.theorem}, {name}", len(found), len(tasks))
    reports = [_theorem_report(proof, root, found, falsify) for root, proof in proofs.values()]
    return LedgerReport(tuple(reports), falsify, time.perf_counter() - begin)


def _asked_for(theorems: Iterable[str] | None) -> Iterator[str]:
    for theorem in dict.fromkeys(PROOFS if theorems is None else theorems):
        require_proof_on_record(theorem)
        yield theorem


def _with_foundations(theorem: str) -> tuple[Proof, ...]:
    proof = load_proof(theorem)
    return (*proof.foundations.values(), proof)


def _theorem_report(proof: Proof, root: str, found: Mapping[Task, Checked], falsify: bool) -> TheoremReport:
    reports = []
    for index, step in enumerate(proof.steps):
        outcome = found[Task(root, proof.theorem, index, falsify)]
        changes = (variant.change for variant in step.falsified)
        tried = tuple(zip(changes, outcome.falsified, strict=False))
        reports.append(StepReport(step, outcome.found, outcome.seconds, tried))
    return TheoremReport(ProofReport(proof, tuple(reports)))
