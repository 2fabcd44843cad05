"""A smooth function of one real variable and its derivatives, enclosed by balls."""

from __future__ import annotations

from functools import lru_cache

import sympy
from flint import arb

from ..enclosure import enclose

_Steps = tuple[tuple[tuple[sympy.Symbol, sympy.Expr], ...], sympy.Expr]


@lru_cache(maxsize=4096)
def derivative(expression: sympy.Expr, symbol: sympy.Symbol, order: int = 1) -> sympy.Expr:
    """The derivative of a smooth expression, remembered."""
    return expression if order == 0 else sympy.diff(derivative(expression, symbol, order - 1), symbol)


def enclosed(expression: sympy.Expr, symbol: sympy.Symbol, order: int, at: arb, bits: int) -> arb:
    """A ball around the values of the derivative of that order on the ball `at`."""
    shared, rest = _steps(derivative(expression, symbol, order))
    known = {symbol: at}
    for name, part in shared:
        known[name] = enclose(part, bits, at=known)
    return enclose(rest, bits, at=known)


@lru_cache(maxsize=4096)
def _steps(expression: sympy.Expr) -> _Steps:
    """The expression with what it contains several times named, so that it is evaluated once."""
    shared, (rest,) = sympy.cse(expression, symbols=sympy.numbered_symbols("s", cls=sympy.Dummy, real=True))
    return tuple(shared), rest
