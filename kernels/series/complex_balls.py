"""Rigorous values of SymPy expressions on complex boxes (`flint.acb`).

A finite result certifies two things: the box returned contains every value of the expression on the given
box, and the expression is analytic there (functions with branch cuts give NaN as soon as the box touches
one).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from flint import acb, arb, fmpq
from sympy import S

from ...bounds import InvalidInput

__all__ = ["BoxFunction", "on_boxes"]

BoxFunction = Callable[[acb], acb]


def on_boxes(expression: sympy.Expr, symbol: sympy.Symbol) -> BoxFunction:
    """`expression` as a function of the box that `symbol` ranges over, at the precision of the moment.

    Raises InvalidInput where the expression is not built of analytic functions (abs, max and the like are
    not).
    """
    if expression == symbol:
        return lambda box: box
    if expression.is_Rational:
        ratio = fmpq(int(expression.p), int(expression.q))
        return lambda box: acb(arb(ratio))
    if expression in _CONSTANTS:
        constant = _CONSTANTS[expression]
        return lambda box: acb(constant())
    parts = [on_boxes(argument, symbol) for argument in expression.args]
    if expression.is_Add:
        return lambda box: sum((part(box) for part in parts), acb(0))
    if expression.is_Mul:
        return _product(parts)
    if expression.is_Pow:
        return _power(parts, expression.exp)
    rule = _RULES.get(expression.func)
    if rule is None:
        raise InvalidInput(f"{expression} is not known to be analytic: expected sums, products, powers and "
                           f"{', '.join(sorted(function.__name__ for function in _RULES))}")  # fmt: skip
    return lambda box: rule(parts[0](box))


def _product(parts: list[BoxFunction]) -> BoxFunction:
    def product(box: acb) -> acb:
        value = parts[0](box)
        for part in parts[1:]:
            value = value * part(box)
        return value

    return product


def _power(parts: list[BoxFunction], exponent: Any) -> BoxFunction:
    base = parts[0]
    if exponent.is_Integer:
        whole = int(exponent)
        return lambda box: base(box) ** whole
    if exponent == S.Half:
        return lambda box: base(box).sqrt(analytic=True)
    return lambda box: (parts[1](box) * base(box).log(analytic=True)).exp()


def _arctangent(box: acb) -> acb:
    turned = box * acb(0, 1)
    return ((1 - turned).log(analytic=True) - (1 + turned).log(analytic=True)) * acb(0, 1) / 2


_CONSTANTS: dict[Any, Callable[[], arb]] = {S.Pi: arb.pi, S.Exp1: arb.const_e, S.EulerGamma: arb.const_euler}
_ENTIRE_OR_MEROMORPHIC = ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "erfc")
_RULES: dict[Any, BoxFunction] = {
    **{getattr(sympy, name): getattr(acb, name) for name in _ENTIRE_OR_MEROMORPHIC},
    sympy.log: lambda box: box.log(analytic=True),
    sympy.atan: _arctangent,
}
