"""Relations that stay as they are written: SymPy would turn 0 <= x, for a positive x, into true at once."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.logic.boolalg import Boolean, BooleanFunction

from ..errors import InvalidInput

_KINDS = (sympy.Le, sympy.Lt, sympy.Ge, sympy.Gt, sympy.Eq, sympy.Ne)
_OPPOSITE = {
    sympy.Le: sympy.Gt,
    sympy.Lt: sympy.Ge,
    sympy.Ge: sympy.Lt,
    sympy.Gt: sympy.Le,
    sympy.Eq: sympy.Ne,
    sympy.Ne: sympy.Eq,
}


def at_most(left: Any, right: Any) -> Any:
    """left <= right."""
    return sympy.Le(left, right, evaluate=False)


def less(left: Any, right: Any) -> Any:
    """left < right."""
    return sympy.Lt(left, right, evaluate=False)


def equal(left: Any, right: Any) -> Any:
    """left = right."""
    return sympy.Eq(left, right, evaluate=False)


def differs(left: Any, right: Any) -> Any:
    """left != right."""
    return sympy.Ne(left, right, evaluate=False)


def substituted(formula: Any, values: Any) -> Any:
    """`formula` with sub-expressions replaced, its relations left unevaluated."""
    if formula.func in _KINDS:
        return formula.func(*(side.xreplace(values) for side in formula.args), evaluate=False)
    if formula.args and isinstance(formula, BooleanFunction):
        return formula.func(*(substituted(part, values) for part in formula.args), evaluate=False)
    return formula.xreplace(values)


def without_negations(formula: Any, *, negate: bool = False) -> Any:
    """`formula`, or its negation, in terms of relations, And and Or alone.

    A relation holds where both its sides are defined and related so. Its negation is the opposite relation, which
    again holds only where both sides are defined: "not 1/x > 0" does not hold at 0.
    """
    formula = sympy.sympify(formula)
    if not isinstance(formula, Boolean):
        raise InvalidInput(f"{formula} is no claim: expected relations joined by And, Or, Not and Implies")
    if formula in (sympy.true, sympy.false):
        return sympy.Not(formula) if negate else formula
    if formula.func in _KINDS:
        return _OPPOSITE[formula.func](*formula.args, evaluate=False) if negate else formula
    if isinstance(formula, sympy.Not):
        return without_negations(formula.args[0], negate=not negate)
    if isinstance(formula, sympy.Implies):
        premise, conclusion = formula.args
        return _joined(sympy.And if negate else sympy.Or, ((premise, not negate), (conclusion, negate)))
    if isinstance(formula, sympy.And | sympy.Or):
        join = sympy.And if isinstance(formula, sympy.And) != negate else sympy.Or
        return _joined(join, ((part, negate) for part in formula.args))
    raise InvalidInput(f"cannot read {formula}: expected relations joined by And, Or, Not and Implies")


def _joined(join: Any, parts: Any) -> Any:
    return join(*(without_negations(part, negate=negate) for part, negate in parts), evaluate=False)
