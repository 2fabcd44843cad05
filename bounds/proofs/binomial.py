"""Exact tails that bounds of tails must exceed: of binomial variables, of sums of squares, and packings of a line."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy
from sympy import Rational, exp

from ..concentration import CHI_SQUARE_LEVEL, D, Lambda, M, N, eta, t, tangent, v
from ..exact import is_at_most
from ..outcome import Outcome

# Numbers of tosses, the chance of a success, and successes: a Gaussian, a Poisson and an extreme regime.
_TOSSES = (
    (4000, Rational(1, 2), 2190),
    (1000, Rational(1, 1000), 10),
    (60, Rational(1, 3), 45),
    (7, Rational(4, 5), 7),
)
_DEGREES = ((2, 3), (10, 6), (40, 10), (400, 20))  # even degrees of freedom, and Lambda


def bernstein_on_binomials(tail: Any) -> Outcome:
    """Centred successes: E X^2 = q (1 - q), |X| <= max(q, 1 - q)."""
    return _on_binomials(lambda q: tail.xreplace({v: q * (1 - q), M: sympy.Max(q, 1 - q)}))


def hoeffding_on_binomials(tail: Any) -> Outcome:
    """Successes less 1/2: |X| <= 1/2."""
    return _on_binomials(lambda q: tail.xreplace({M: Rational(1, 2)}))


def _on_binomials(bound: Callable[[Any], Any]) -> Outcome:
    for tosses, chance, successes in _TOSSES:
        exactly = _upper_tail(tosses, chance, successes)
        excess = Rational(successes, tosses) - chance
        if not is_at_most(exactly, bound(chance).xreplace({N: sympy.Integer(tosses), t: excess})):
            case = f"{successes} or more of {tosses} successes of chance {chance}"
            return Outcome.refuted(case, f"their probability is {sympy.N(exactly, 5)}, above the bound")
    return Outcome.proved(f"{len(_TOSSES)} binomial tails, summed exactly, are below it")


def _upper_tail(tosses: int, chance: Any, successes: int) -> sympy.Rational:
    """P(S >= successes), with one common denominator."""
    win, total = int(chance.p), int(chance.q)
    terms = (math.comb(tosses, k) * win**k * (total - win) ** (tosses - k) for k in range(successes, tosses + 1))
    return Rational(sum(terms), total**tosses)


def chi_square_exactly(level: Any = CHI_SQUARE_LEVEL) -> Outcome:
    """P(chi^2 > 2 y) = exp(-y) sum_{k < N/2} y^k/k! for even N, at the level and a rational y just below it."""
    for degrees, exponent in _DEGREES:
        values = {N: sympy.Integer(degrees), Lambda: sympy.Integer(exponent)}
        y = Rational(Fraction(float(sympy.N(degrees * level.xreplace(values) / 2))))
        exactly = exp(-y) * sum(y**k / sympy.factorial(k) for k in range(degrees // 2))
        if not is_at_most(exactly, exp(-exponent)):
            return Outcome.refuted(f"{degrees} degrees of freedom", f"the tail at the level is {sympy.N(exactly, 5)}")
    return Outcome.proved(f"{len(_DEGREES)} tails of chi-square variables, summed exactly, are below exp(-Lambda)")


def packing_of_a_line(size: Any) -> Outcome:
    """Points of [-1, 1] that are more than eta apart: as many as fit, against the number of a net."""
    for step in (Rational(1, 10), Rational(1, 7), Rational(2, 5)):
        gap = step * Rational(10001, 10000)
        points = 1 + math.floor(2 / gap)
        if not is_at_most(points, size.xreplace({D: sympy.Integer(1), tangent: sympy.Integer(1), eta: step})):
            return Outcome.refuted(f"{points} points of [-1, 1], {gap} apart", "more points than the net may have")
    return Outcome.proved("as many points as fit into [-1, 1] are no more than that")
