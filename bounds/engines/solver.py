"""z3 on polynomial formulas over the reals: is there a point at which all of them hold?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sympy

from .second_opinion import second_opinion

_BRIEF_SECONDS = 2.0


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
    coefficients = [int(str(coefficient)) for coefficient in value.poly()]
    return _root(coefficients, value.index())


def _root(coefficients: Sequence[int], number: int) -> sympy.Expr:
    """The real root of that number, counted from 1, of a polynomial given from its constant term upwards."""
    if len(coefficients) == 3:
        constant, slope, leading = coefficients
        side = sympy.sign(leading) * (1 if number == 2 else -1)
        return (-slope + side * sympy.sqrt(slope**2 - 4 * leading * constant)) / (2 * sympy.Integer(leading))
    return sympy.CRootOf(sympy.Poly(coefficients[::-1], sympy.Symbol("x")), number - 1)


def solve(z3: Any, context: Any, formulas: Sequence[Any], *, seconds: float) -> Solution:
    """The first answer of z3's decision procedure, of its incomplete one and of cvc5, tried briefly and then in full.

    Each try takes at most about that many seconds.
    """
    limits = (_BRIEF_SECONDS, seconds) if seconds > _BRIEF_SECONDS else (seconds,)
    for limit in limits:
        for solver in (z3.SolverFor("QF_NRA", ctx=context), z3.SimpleSolver(ctx=context)):
            found = solve_with(z3, solver, formulas, seconds=limit)
            if found.answer is not Answer.UNKNOWN:
                return found
        # A model of cvc5 would have to be read back: only its refutations are used.
        if second_opinion(smt_lib(z3, context, formulas), seconds=limit) == Answer.UNSATISFIABLE.value:
            return Solution(Answer.UNSATISFIABLE, "cvc5")
    return Solution(Answer.UNKNOWN)


def solve_briefly(z3: Any, context: Any, formulas: Sequence[Any], *, seconds: float) -> Solution:
    """One try by z3's decision procedure."""
    return solve_with(z3, z3.SolverFor("QF_NRA", ctx=context), formulas, seconds=seconds)


def solve_with(z3: Any, solver: Any, formulas: Sequence[Any], *, seconds: float) -> Solution:
    """One try by one of z3's solvers."""
    solver.set("timeout", max(1, int(seconds * 1000)))
    solver.add(*formulas)
    try:
        answer = Answer(str(solver.check()))
    except z3.Z3Exception:  # some strategies give up by an exception when time is over
        return Solution(Answer.UNKNOWN)
    return Solution(answer, "z3", solver.model() if answer is Answer.SATISFIABLE else None)


def smt_lib(z3: Any, context: Any, formulas: Sequence[Any]) -> str:
    """The formulas as SMT-LIB text with one question at the end."""
    solver = z3.Solver(ctx=context)
    solver.add(*formulas)
    return str(solver.to_smt2())
