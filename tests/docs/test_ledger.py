"""The tables of what is verified are those of the ledger, and a ledger that does not hold is not published."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from docs import kept_ledger
from docs.extensions import ledger
from robustntk.bounds import check_ledger


@pytest.fixture(scope="module")
def losses() -> dict[str, Any]:
    return check_ledger(["losses"], processes=1).to_json()


def test_a_row_counts_the_steps_of_its_proof(losses: dict[str, Any]) -> None:
    (row,) = ledger.summary_rows(losses, "constants")
    steps = losses["theorems"][0]["steps"]
    assert row[0] == "losses" and row[2] == f"{len(steps)}: {ledger.engines_of(steps)}"
    counted = [int(part.split()[0]) for part in ledger.engines_of(steps).split(", ")]
    assert sum(counted) == losses["proved"] == len(steps)
    assert not list(ledger.summary_rows(losses, "guarantee"))


def test_steps_that_are_not_proved_are_not_counted(losses: dict[str, Any]) -> None:
    steps = [step | {"outcome": "cited"} for step in losses["theorems"][0]["steps"]]
    assert ledger.engines_of(steps) == ""


def test_the_ledger_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def run(command: Any, **options: Any) -> SimpleNamespace:
        asked.append(command)
        return SimpleNamespace(returncode=0, stdout=json.dumps({"holds": True}), stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    kept_ledger.check_ledger(tmp_path)
    kept_ledger.check_ledger(tmp_path)
    assert len(asked) == 1 and json.loads(kept_ledger.ledger_path(tmp_path).read_text()) == {"holds": True}


def test_a_ledger_that_does_not_hold_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = SimpleNamespace(returncode=1, stdout="E1.a is refuted", stderr="")
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: failed)
    with pytest.raises(RuntimeError, match=r"E1\.a is refuted"):
        kept_ledger.check_ledger(tmp_path)
    assert not list(tmp_path.iterdir())
