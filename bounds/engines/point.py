"""A point at which a claim fails, and whether a relation holds at it: exactly, or by balls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from ..enclosure import enclose
from ..errors import InvalidInput
from .relations import as_formula, substituted, without_negations

_PRECISIONS = (128, 512, 2048)


@dataclass(frozen=True)
class Point:
    """Exact values of the symbols."""

    values: Mapping[Any, sympy.Expr]

    def __str__(self) -> str:
        return ", ".join(f"{name} = {_text(value)}" for name, value in self.values.items()) or "the constants"

    def is_admissible(self) -> bool:
        """Whether the values are as their symbols are declared, and functions have equal values at equal arguments."""
        return all(_admits(name, value) for name, value in self.values.items()) and self._is_consistent()

    def _is_consistent(self) -> bool:
        calls = [(name, value) for name, value in self.values.items() if isinstance(name, AppliedUndef)]
        return not any(
            one.func == other.func and self._may_agree(one.args, other.args) and sign_of(value - another) != 0
            for (one, value), (other, another) in combinations(calls, 2)
        )

    def _may_agree(self, arguments: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
        differences = [
            substituted(one - other, dict(self.values)) for one, other in zip(arguments, others, strict=True)
        ]
        return all(sign_of(difference) in (0, None) for difference in differences)


def _text(value: sympy.Expr) -> str:
    return str(value) if value.is_Rational else f"{value} (about {sympy.N(value, 6)})"


_PROPERTIES = ("is_positive", "is_negative", "is_nonnegative", "is_nonpositive", "is_nonzero", "is_integer")


def _admits(symbol: sympy.Expr, value: sympy.Expr) -> bool:
    return all(getattr(value, name) is True for name in _PROPERTIES if getattr(symbol, name) is True)


def holds(formula: Any, point: Point) -> bool | None:
    """Whether `formula` holds at the point; None where neither exact arithmetic nor balls can tell.

    A relation of which one side is not a finite real number at the point does not hold.
    """
    return _holds(as_formula(formula), dict(point.values))


def fails(conclusion: Any, point: Point) -> bool:
    """Whether `conclusion` is shown to fail at the point, or to be undefined there."""
    return holds(without_negations(conclusion), point) is False


def _holds(formula: Any, values: dict[Any, sympy.Expr]) -> bool | None:
    if formula in (sympy.true, sympy.false):
        return bool(formula)
    if formula.func in _ADMITTED:
        left, right = (value_at(side, values) for side in formula.args)
        return _related(left, right, _ADMITTED[formula.func])
    truths = [_holds(as_formula(part), values) for part in formula.args]
    if isinstance(formula, sympy.Not | sympy.Implies):
        truths[0] = None if truths[0] is None else not truths[0]
    decisive = not isinstance(formula, sympy.And)
    if decisive in truths:
        return decisive
    return None if None in truths else not decisive


def value_at(expression: sympy.Expr, values: Mapping[Any, sympy.Expr]) -> sympy.Expr:
    """The expression with values put in: nan where it is undefined, left alone where SymPy cannot say."""
    try:
        return expression.xreplace(dict(values))
    except (ValueError, TypeError):  # Max, Min or a condition of what is no real number
        return expression if expression.has(sympy.Piecewise) else sympy.nan


def _related(left: sympy.Expr, right: sympy.Expr, admitted: Callable[[int], bool]) -> bool | None:
    if not (_is_defined(left) and _is_defined(right)):
        return False
    sign = sign_of(left - right)
    return None if sign is None else admitted(sign)


_ADMITTED: dict[Any, Callable[[int], bool]] = {
    sympy.Le: lambda sign: sign <= 0,
    sympy.Lt: lambda sign: sign < 0,
    sympy.Ge: lambda sign: sign >= 0,
    sympy.Gt: lambda sign: sign > 0,
    sympy.Eq: lambda sign: sign == 0,
    sympy.Ne: lambda sign: sign != 0,
}


def _is_defined(value: sympy.Expr) -> bool:
    infinite = value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo)
    return not infinite and value.is_extended_real is not False


def sign_of(constant: sympy.Expr) -> int | None:
    """The proved sign of a constant without symbols, None where it cannot be told."""
    if constant.is_Rational:
        return int(constant.p > 0) - int(constant.p < 0)
    for bits in _PRECISIONS:
        try:
            ball = enclose(constant, bits)
        except InvalidInput:
            return None
        if ball > 0:
            return 1
        if ball < 0:
            return -1
    return 0 if is_exactly_zero(constant) else None


def is_exactly_zero(constant: sympy.Expr) -> bool:
    """Whether expansion, or the minimal polynomial of an algebraic number, shows the constant to be 0."""
    if sympy.expand(constant) == 0:
        return True
    if constant.is_algebraic is not True:
        return False
    try:
        return bool(sympy.minimal_polynomial(constant).is_Symbol)
    except NotImplementedError:
        return False
