"""A second solver, cvc5, asked through SMT-LIB text. It may be missing: then it has no opinion.

It runs in a process of its own, since it does not always keep to its limit of time. The process runs this very file,
which therefore imports nothing else of the package.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import Any

_SECONDS_TO_START = 0.5


def second_opinion(text: str, *, seconds: float) -> str:
    """What cvc5 says about SMT-LIB text with one question: "sat", "unsat" or "unknown"; "missing" without cvc5."""
    if find_spec("cvc5") is None:
        return "missing"
    command = [sys.executable, __file__, str(max(1, int(1000 * seconds)))]
    try:
        finished = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=seconds + _SECONDS_TO_START, check=False
        )
    except subprocess.TimeoutExpired:
        return "unknown"
    answer = finished.stdout.strip()
    return answer if answer in ("sat", "unsat") else "unknown"


def _answer(text: str, milliseconds: str) -> str:
    import cvc5

    solver: Any = cvc5.Solver()
    solver.setOption("tlimit-per", milliseconds)
    solver.setLogic("QF_NRA")
    symbols = cvc5.SymbolManager(solver)
    parser = cvc5.InputParser(solver, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "claim")
    answer = ""
    while not (command := parser.nextCommand()).isNull():
        answer = str(command.invoke(solver, symbols)).strip() or answer
    return answer


if __name__ == "__main__":
    print(_answer(sys.stdin.read(), sys.argv[1]))
