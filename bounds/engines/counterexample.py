"""From a solver's model to a point checked without the solver: short numbers, all facts hold, the claim fails."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import sympy

from .point import Point, fails, holds
from .relations import substituted, without_negations
from .solver import Answer, Solution, solve_briefly
from .translation import Translation

_SECONDS = 0.5
_SECONDS_IN_ALL = 10.0
_ATTEMPTS = 8
# Values to try before the model's own; every attempt begins with another one.
_SHORT = (0, 1, 2, -1, sympy.Rational(1, 2), 10, -10, sympy.Rational(1, 10), 3, 100, -100)


def counterexample(
    translation: Translation, formulas: Sequence[Any], facts: Sequence[Any], conclusion: Any, solution: Solution
) -> Point | None:
    """A point at which all facts hold and the conclusion does not; None if no model yields one that can be checked.

    A model's values of constants such as pi are only near the true ones, and it knows nothing of functions. Therefore
    symbols that a fact defines are computed from the others, and everything is decided anew.
    """
    variables = translation.symbols()
    defined = _definitions(facts, variables)
    free = {name: variable for name, variable in variables.items() if name not in defined}
    deadline = time.monotonic() + _SECONDS_IN_ALL
    for attempt in range(_ATTEMPTS):
        solution = _pinned(translation, formulas, free, solution, _SHORT[attempt:] + _SHORT[:attempt])
        point = _completed({name: solution.value(variable) for name, variable in free.items()}, defined)
        if point.is_admissible() and all(holds(fact, point) is True for fact in facts) and fails(conclusion, point):
            return point
        formulas = [*formulas, _elsewhere(translation.z3, free, solution)]
        solution = _briefly(translation, formulas)
        if solution.answer is not Answer.SATISFIABLE or time.monotonic() > deadline:
            return None
    return None


def _briefly(translation: Translation, formulas: Sequence[Any]) -> Solution:
    return solve_briefly(translation.z3, translation.context, formulas, seconds=_SECONDS)


def _pinned(
    translation: Translation, formulas: Sequence[Any], free: dict[Any, Any], solution: Solution, short: Sequence[Any]
) -> Solution:
    """A model in which as many symbols as possible have short rational values."""
    pins: list[Any] = []
    for name, variable in free.items():
        for candidate in _candidates(name, solution.value(variable), short):
            pin = variable == translation.z3.RealVal(str(candidate), translation.context)
            found = _briefly(translation, [*formulas, *pins, pin])
            if found.answer is Answer.SATISFIABLE:
                pins.append(pin)
                solution = found
                break
    return solution


def _candidates(name: Any, value: sympy.Expr, short: Sequence[Any]) -> Iterator[sympy.Rational]:
    near = sympy.Rational(str(sympy.N(value, 40)))
    rounded = (sympy.Rational(round(near * 10**digits), 10**digits) for digits in (0, 1, 3, 6, 12))
    for candidate in (*map(sympy.Rational, short), *rounded):
        if Point({name: candidate}).is_admissible():
            yield candidate


def _elsewhere(z3: Any, free: dict[Any, Any], solution: Solution) -> Any:
    """What holds at any point but the model's."""
    values = {name: solution.model.eval(variable, model_completion=True) for name, variable in free.items()}
    return z3.Not(z3.And([variable == values[name] for name, variable in free.items()]))


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


def _completed(free: dict[Any, sympy.Expr], defined: dict[Any, sympy.Expr]) -> Point:
    """The point with the defined symbols computed from the free ones, in the order of the names."""
    values = dict(free)
    waiting = dict(defined)
    while waiting:
        ready = [name for name, value in waiting.items() if not any(value.has(other) for other in waiting)]
        for name in ready:
            values[name] = substituted(waiting.pop(name), values)
    return Point({name: values[name] for name in sorted(values, key=str)})
