"""Entailment over the reals: facts, and what follows from them at every point, by z3 with cvc5 as a second opinion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy

from ..outcome import Outcome
from .counterexample import counterexample
from .engine import Fact
from .point import holds
from .relations import without_negations
from .second_opinion import second_opinion
from .solver import Answer, Solution, smt_lib, solve
from .translation import Translation

_SECONDS_FOR_A_SECOND_OPINION = 0.5
_SECONDS_FOR_CONSISTENCY = 2.0


@dataclass(frozen=True)
class Entails:
    """At every real point that satisfies all facts, the conclusion is defined and holds.

    `conclusion` and the facts are relations between SymPy expressions, joined by And, Or, Not and Implies. Symbols must
    be declared real; the signs they are declared with count as facts. A relation holds only where both its sides are
    defined (no denominator 0, no negative radicand), so a conclusion that is undefined somewhere is refuted there.
    `seconds` limits every try of a solver. What can be said is listed in `translation`.
    """

    facts: tuple[Fact, ...]
    conclusion: Any
    seconds: float = 15.0

    @property
    def name(self) -> str:
        return "smt"

    def check(self) -> Outcome:
        """Proved, refuted with a point that was checked without the solver, or inconclusive.

        Raises InvalidInput for what cannot be read, such as symbols that are not declared real.
        """
        try:
            import z3
        except ImportError:
            return Outcome.unsupported("the package z3-solver is not installed")
        translation = Translation(z3)
        facts = [translation.fact(fact.relation) for fact in self.facts]
        denied = translation.denial(self.conclusion)
        known = translation.known()
        solution = solve(z3, translation.context, [*known, *facts, denied], seconds=self.seconds)
        if solution.answer is Answer.UNSATISFIABLE:
            return self._proved(translation, [*known, *facts], denied, solution)
        if solution.answer is Answer.SATISFIABLE:
            return self._refuted(translation, [*known, *facts, denied], solution)
        return Outcome.inconclusive(f"neither z3 nor cvc5 decides it within {self.seconds:g} s a try")

    def _proved(self, translation: Translation, hypotheses: list[Any], denied: Any, solution: Solution) -> Outcome:
        z3, context = translation.z3, translation.context
        consistent = solve(z3, context, hypotheses, seconds=min(self.seconds, _SECONDS_FOR_CONSISTENCY)).answer
        if consistent is Answer.UNSATISFIABLE:
            return Outcome.inconclusive("the hypotheses contradict each other: anything follows from them")
        note = "" if consistent is Answer.SATISFIABLE else "; whether the hypotheses can hold at all is open"
        if solution.witness == "cvc5":
            return Outcome.proved(f"no counterexample exists over the reals, by cvc5{note}")
        text = smt_lib(z3, context, [*hypotheses, denied])
        opinion = second_opinion(text, seconds=min(self.seconds, _SECONDS_FOR_A_SECOND_OPINION))
        if opinion == "sat":
            return Outcome.inconclusive("z3 finds no counterexample, cvc5 finds one")
        witness = "z3 and cvc5" if opinion == "unsat" else "z3"
        return Outcome.proved(f"no counterexample exists over the reals, by {witness}{note}")

    def _refuted(self, translation: Translation, formulas: list[Any], solution: Solution) -> Outcome:
        relations = [sympy.sympify(fact.relation) for fact in self.facts]
        point = counterexample(translation, formulas, relations, self.conclusion, solution)
        if point is None:
            return Outcome.inconclusive("z3 finds a counterexample that exact arithmetic and balls do not confirm")
        related = holds(without_negations(self.conclusion, negate=True), point)
        failure = "is undefined" if related is False else "fails"
        return Outcome.refuted(point, f"all facts hold there and the conclusion {failure}, decided without the solver")
