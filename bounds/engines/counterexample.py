"""From a solver's model to a point checked without the solver: short numbers, all facts hold, the claim fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sympy

from .point import Point, holds
from .relations import substituted, without_negations
from .solver import Answer, Solution, solve
from .translation import Translation

_SHORT = (0, 1, 2, -1, sympy.Rational(1, 2), 3)
_SECONDS = 1.0


def counterexample(
    translation: Translation, formulas: Sequence[Any], facts: Sequence[Any], conclusion: Any, solution: Solution
) -> Point | None:
    """A point at which all facts hold and the conclusion does not; None if the model yields none that can be checked.

    The model's values of constants such as pi are only near the true ones, and it knows nothing of functions.
    Therefore symbols that a fact defines are computed from the others, and everything is decided anew.
    """
    variables = translation.symbols()
    defined = _definitions(facts, variables)
    pinned = _pinned(translation, formulas, [name for name in variables if name not in defined], solution)
    values = _completed({name: pinned.value(variables[name]) for name in variables if name not in defined}, defined)
    point = Point({name: values[name] for name in sorted(values, key=str)})
    if not point.is_admissible() or not all(holds(fact, point) is True for fact in facts):
        return None
    return point if holds(conclusion, point) is False else None


def _pinned(translation: Translation, formulas: Sequence[Any], names: list[Any], solution: Solution) -> Solution:
    """A model in which as many symbols as possible have short rational values."""
    pins: list[Any] = []
    for name in names:
        variable = translation.symbols()[name]
        for candidate in _candidates(name, solution.value(variable)):
            pin = variable == translation.z3.RealVal(str(candidate), translation.context)
            found = solve_quickly(translation, [*formulas, *pins, pin])
            if found.answer is Answer.SATISFIABLE:
                pins.append(pin)
                solution = found
                break
    return solution


def solve_quickly(translation: Translation, formulas: Sequence[Any]) -> Solution:
    """A short try by z3 alone."""
    return solve(translation.z3, translation.context, formulas, seconds=_SECONDS, second=False)


def _candidates(name: Any, value: sympy.Expr) -> Iterator[sympy.Rational]:
    for short in map(sympy.Integer if name.is_integer else sympy.Rational, _SHORT):
        if Point({name: short}).is_admissible():
            yield short
    for digits in (0, 1, 3, 6, 12):
        rounded = sympy.Rational(round(sympy.Rational(str(sympy.N(value, 40))) * 10**digits), 10**digits)
        if Point({name: rounded}).is_admissible():
            yield rounded


def _definitions(facts: Sequence[Any], variables: Any) -> dict[Any, sympy.Expr]:
    """Symbols that a fact equates with an expression in other symbols, each in terms of symbols not defined later."""
    defined: dict[Any, sympy.Expr] = {}
    for left, right in _equations(facts):
        for name, value in ((left, right), (right, left)):
            if name in variables and name not in defined and not _leads_back(value, name, defined):
                defined[name] = value
                break
    return defined


def _equations(facts: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    for fact in map(without_negations, facts):
        parts = fact.args if isinstance(fact, sympy.And) else (fact,)
        yield from (part.args for part in parts if isinstance(part, sympy.Eq))


def _leads_back(value: sympy.Expr, name: Any, defined: dict[Any, sympy.Expr]) -> bool:
    """Whether computing `value` would need `name`."""
    if value.has(name):
        return True
    return any(_leads_back(defined[other], name, defined) for other in defined if value.has(other))


def _completed(values: dict[Any, sympy.Expr], defined: dict[Any, sympy.Expr]) -> dict[Any, sympy.Expr]:
    values = dict(values)
    waiting = dict(defined)
    while waiting:
        ready = [name for name, value in waiting.items() if not any(value.has(other) for other in waiting)]
        for name in ready:
            values[name] = substituted(waiting.pop(name), values)
    return values
