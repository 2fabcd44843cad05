"""The period of a function that is written in sines and cosines alone."""

from __future__ import annotations

from typing import Any

import sympy

from .branches import Branch

_WAVES = (sympy.sin, sympy.cos)


def period(expression: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr | None:
    """A positive period, if the symbol occurs only in sin(a z + b) and cos(a z + b) with commensurable a; else None."""
    waves = sorted(expression.atoms(*_WAVES), key=str)
    if not waves or expression.xreplace({wave: sympy.Dummy() for wave in waves}).has(symbol):
        return None
    slopes = [sympy.diff(wave.args[0], symbol) for wave in waves]
    slopes = [slope for slope in slopes if slope != 0]
    ratios = [sympy.radsimp(slope / slopes[0]) for slope in slopes]
    if any(slope.has(symbol) for slope in slopes) or not all(ratio.is_Rational for ratio in ratios):
        return None
    common = sympy.gcd_list(ratios)
    return 2 * sympy.pi / abs(slopes[0] * common)


def reduced(branch: Branch, symbol: sympy.Symbol) -> Branch:
    """The branch with one period in place of an infinite range over which its function is periodic."""
    lower, upper = branch.lower, branch.upper
    if -sympy.oo < lower and upper < sympy.oo:
        return branch
    length = period(branch.expression, symbol)
    if length is None:
        return branch
    if lower == -sympy.oo and upper == sympy.oo:
        return Branch(-length / 2, length / 2, branch.expression)
    ends: tuple[Any, Any] = (lower, lower + length) if upper == sympy.oo else (upper - length, upper)
    return Branch(*ends, branch.expression)
