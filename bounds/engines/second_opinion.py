"""A second solver, cvc5, asked through SMT-LIB text. It may be missing: then it has no opinion."""

from __future__ import annotations

from typing import Any


def second_opinion(text: str, *, seconds: float) -> str:
    """What cvc5 says about the SMT-LIB text of z3: "sat", "unsat" or "unknown"; "missing" without cvc5."""
    try:
        import cvc5
    except ImportError:
        return "missing"
    solver = cvc5.Solver()
    solver.setOption("tlimit-per", str(int(seconds * 1000)))
    solver.setLogic("QF_NRA")
    return _last_answer(cvc5, solver, text)


def _last_answer(cvc5: Any, solver: Any, text: str) -> str:
    symbols = cvc5.SymbolManager(solver)
    parser = cvc5.InputParser(solver, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "claim")
    answer = ""
    while not (command := parser.nextCommand()).isNull():
        answer = command.invoke(solver, symbols).strip() or answer
    return answer if answer in ("sat", "unsat") else "unknown"
