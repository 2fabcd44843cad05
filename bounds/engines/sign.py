"""The sign of a function of one real variable on an interval, a ray or the whole line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sympy

from ..enclosure import enclose
from ..exact import is_at_most, is_less
from ..outcome import Outcome, Verdict
from .branches import Branch, branches
from .engine import Fact
from .periods import reduced
from .point import sign_of
from .subdivision import nonnegative


@dataclass(frozen=True)
class Sign:
    """expression >= 0, or > 0 if `strict`, for lower <= symbol <= upper; the ends are exact, or -oo and oo.

    Balls over small pieces decide, tails included; where the function only touches 0 that has to be an exact equation
    (see `subdivision`).
    """

    expression: sympy.Expr
    symbol: sympy.Symbol
    lower: Any = -sympy.oo
    upper: Any = sympy.oo
    strict: bool = False

    @property
    def name(self) -> str:
        return "arb"

    @property
    def facts(self) -> tuple[Fact, ...]:
        return ()

    @property
    def conclusion(self) -> Any:
        """The claim as a relation, with the range of the symbol as a premise."""
        kind = sympy.Gt if self.strict else sympy.Ge
        claim = kind(self.expression, 0, evaluate=False)
        premises = []
        if self.lower != -sympy.oo:
            premises.append(sympy.Le(self.lower, self.symbol, evaluate=False))
        if self.upper != sympy.oo:
            premises.append(sympy.Le(self.symbol, self.upper, evaluate=False))
        return sympy.Implies(sympy.And(*premises, evaluate=False), claim, evaluate=False) if premises else claim

    def check(self) -> Outcome:
        """Proved, refuted with a point, or inconclusive. Raises InvalidInput for functions that cannot be read."""
        for branch in self._branches():
            outcome = nonnegative(branch.expression, self.symbol, branch.lower, branch.upper, strict=self.strict)
            if outcome.verdict is Verdict.REFUTED:
                return self._confirmed(outcome)
            if outcome.verdict is not Verdict.PROVED:
                return outcome
        return Outcome.proved("every piece of the interval is settled by balls, tails and exact contacts included")

    def _branches(self) -> Iterator[Branch]:
        """The branches within the interval."""
        ends = sympy.sympify(self.lower), sympy.sympify(self.upper)
        for branch in branches(sympy.sympify(self.expression), self.symbol):
            lower, upper = _larger(ends[0], branch.lower), _smaller(ends[1], branch.upper)
            if _at_most(lower, upper):
                yield reduced(Branch(lower, upper, branch.expression), self.symbol)

    def _confirmed(self, outcome: Outcome) -> Outcome:
        """Refuted only if the function itself fails at the point, and not just a limit from one side."""
        value = sympy.sympify(self.expression).xreplace({self.symbol: outcome.counterexample})
        if enclose(value) < 0 or (self.strict and sign_of(value) == 0):
            return outcome
        return Outcome.inconclusive(f"{outcome.counterexample} is a limit from one side, or too close to call")


def _larger(one: Any, other: Any) -> Any:
    return other if one == -sympy.oo or (other != -sympy.oo and is_less(one, other)) else one


def _smaller(one: Any, other: Any) -> Any:
    return other if one == sympy.oo or (other != sympy.oo and is_less(other, one)) else one


def _at_most(lower: Any, upper: Any) -> bool:
    return lower == -sympy.oo or upper == sympy.oo or is_at_most(lower, upper)
