"""The step size that makes a bound, or a number of iterations, least: a search over rationals, in floating point.

Only the choice of a step size rests on it; what is then claimed for this step size is evaluated exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import sympy
from sympy import Rational

from .errors import InvalidInput
from .exact import nearest_float

# The cost is flat to second order around its least value, so the last factor leaves less than one part in a million.
_FACTORS = (Rational(16), Rational(4), *(1 + Rational(1, 2**power) for power in range(0, 12)))


def best_step(cost: Callable[[sympy.Expr], float], start: sympy.Expr) -> sympy.Rational:
    """A step size of nearly least cost, found from `start` by factors that shrink to 1 + 2^-11.

    `cost` falls up to some step size and rises after it. Where it raises InvalidInput (no bound at that step size) it
    counts as infinite, but not at `start`.
    """
    best = Rational(Fraction(nearest_float(start)))
    least = cost(best)
    for factor in _FACTORS:
        moved = True
        while moved:
            moved = False
            for candidate in (best * factor, best / factor):
                value = _or_infinite(cost, candidate)
                if value < least:
                    best, least, moved = candidate, value, True
                    break
    return best


def _or_infinite(cost: Callable[[sympy.Expr], float], step: sympy.Expr) -> float:
    try:
        return cost(step)
    except InvalidInput:
        return math.inf
