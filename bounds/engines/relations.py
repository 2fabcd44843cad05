"""Relations that stay as they are written: SymPy would turn 0 <= x, for a positive x, into true at once."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.logic.boolalg import Boolean, BooleanFunction

from ..errors import InvalidInput

_KINDS = (sympy.Le, sympy.Lt, sympy.Ge, sympy.Gt, sympy.Eq, sympy.Ne)
_JOINTS = (sympy.And, sympy.Or, sympy.Not, sympy.Implies)
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


def as_formula(formula: Any) -> Any:
    """`formula` as SymPy reads it. Raises InvalidInput unless it is a truth value, a relation or joined of such."""
    formula = sympy.sympify(formula)
    if isinstance(formula, Boolean) and (formula in (sympy.true, sympy.false) or formula.func in (*_KINDS, *_JOINTS)):
        return formula
    raise InvalidInput(f"cannot read {formula}: expected relations joined by And, Or, Not and Implies")


def without_negations(formula: Any, *, negate: bool = False) -> Any:
    """`formula`, or its negation, in terms of relations, And and Or alone, as a conclusion is to be read.

    A relation holds where both its sides are defined and related so. Its negation becomes the opposite relation, which
    again holds only where both sides are defined: "not 1/x > 0" does not hold at 0.
    """
    formula = as_formula(formula)
    if formula in (sympy.true, sympy.false):
        return sympy.Not(formula) if negate else formula
    if formula.func in _KINDS:
        return _OPPOSITE[formula.func](*formula.args, evaluate=False) if negate else formula
    if isinstance(formula, sympy.Not):
        return without_negations(formula.args[0], negate=not negate)
    if isinstance(formula, sympy.Implies):
        premise, conclusion = formula.args
        return _joined(sympy.And if negate else sympy.Or, ((premise, not negate), (conclusion, negate)))
    join = sympy.And if isinstance(formula, sympy.And) != negate else sympy.Or
    return _joined(join, ((part, negate) for part in formula.args))


def _joined(join: Any, parts: Any) -> Any:
    return join(*(without_negations(part, negate=negate) for part, negate in parts), evaluate=False)
