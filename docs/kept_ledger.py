"""The ledger of all proofs as JSON, kept under build/ for as long as the proofs stay as they are.

Checking all proofs takes a minute; the tests do it and leave the ledger here for the documentation.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from docs.digests import ROOT, digest

FOLDER = ROOT / "build" / "ledger"


def ledger_path(folder: Path = FOLDER) -> Path:
    """Where the ledger of the proofs as they are now is kept."""
    return folder / f"{digest(rooms=('bounds',))}.json"


def check_ledger(folder: Path = FOLDER) -> Path:
    """Keep what `robustntk prove --json` says, and ask again whenever the proofs have changed.

    Raises RuntimeError if the ledger does not hold: then there is nothing to publish.
    """
    path = ledger_path(folder)
    if not path.exists():
        command = [sys.executable, "-m", "robustntk.cli", "prove", "--json", "--no-worst-case"]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT)
        if done.returncode:
            raise RuntimeError(f"the ledger does not hold: {done.stderr.strip() or done.stdout[-400:]}")
        keep(done.stdout, folder)
    return path


def keep(ledger: str, folder: Path = FOLDER) -> None:
    """Keep a ledger that holds, as JSON text, and no other."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    ledger_path(folder).write_text(ledger, encoding="utf-8")
