"""z3 on polynomial formulas over the reals: is there a point at which all of them hold?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sympy

from .second_opinion import second_opinion


class Answer(Enum):
    SATISFIABLE = "sat"
    UNSATISFIABLE = "unsat"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Solution:
    """What the solver found, who says so, and a model if there is one."""

    answer: Answer
    witness: str = "z3"
    model: Any = None

    def value(self, variable: Any) -> sympy.Expr:
        """The model's value of a z3 variable, as a rational or as a root of a polynomial."""
        return _number(self.model.eval(variable, model_completion=True))


def _number(value: Any) -> sympy.Expr:
    if hasattr(value, "numerator_as_long"):
        return sympy.Rational(value.numerator_as_long(), value.denominator_as_long())
    coefficients = [int(str(coefficient)) for coefficient in reversed(value.poly())]
    return sympy.CRootOf(sympy.Poly(coefficients, sympy.Symbol("x")), value.index() - 1)


def solve(z3: Any, context: Any, formulas: Sequence[Any], *, seconds: float, second: bool = True) -> Solution:
    """z3's answer, from the first of its strategies that has one; cvc5's if z3 has none and `second` allows it.

    Each try takes at most about that many seconds.
    """
    for solver in _solvers(z3, context):
        solver.set("timeout", max(1, int(seconds * 1000)))
        solver.add(*formulas)
        answer = Answer(str(_check(z3, solver)))
        if answer is not Answer.UNKNOWN:
            model = solver.model() if answer is Answer.SATISFIABLE else None
            return Solution(answer, "z3", model)
    if not second:
        return Solution(Answer.UNKNOWN)
    # A model of cvc5 would have to be read back: only its refutations are used.
    found = second_opinion(smt_lib(z3, context, formulas), seconds=seconds)
    return Solution(Answer.UNSATISFIABLE if found == "unsat" else Answer.UNKNOWN, "cvc5")


def smt_lib(z3: Any, context: Any, formulas: Sequence[Any]) -> str:
    """The formulas as SMT-LIB text with one question at the end."""
    solver = z3.Solver(ctx=context)
    solver.add(*formulas)
    return str(solver.to_smt2())


def _solvers(z3: Any, context: Any) -> Iterator[Any]:
    yield z3.SolverFor("QF_NRA", ctx=context)
    yield z3.Solver(ctx=context)


def _check(z3: Any, solver: Any) -> Any:
    try:
        return solver.check()
    except z3.Z3Exception:  # some strategies give up by an exception when time is over
        return z3.unknown
