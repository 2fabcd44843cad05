"""Numbers of sign patterns that are known exactly, for trying to refute the cited bound of them, and E5.b itself."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import sympy

from ..exact import is_less
from ..outcome import Outcome
from ..vc_bounds import L, S, W, i, k, m, w

# Polynomials, their variables.
_AFFINE = ((1, 1), (2, 1), (2, 2), (3, 3), (6, 2), (10, 10), (12, 4), (40, 7), (200, 30))
# Polynomials of one variable, their degree.
_UNIVARIATE = ((1, 1), (2, 5), (3, 40), (5, 12), (8, 90))
_SHAPES = ((1, 1), (1, 7), (3, 1), (9, 4), (100, 1), (1000, 10))


def known_patterns(count: Any) -> Outcome:
    """`count`, a formula in m, W and i (at k = 1), against the numbers of sign patterns that are known exactly."""
    tried = 0
    for polynomials, variables, degree, patterns in (*_affine(), *_univariate()):
        values = {m: polynomials, k: 1, W: variables, i: degree}
        bound = count.xreplace({symbol: sympy.Integer(value) for symbol, value in values.items()})
        if is_less(bound, patterns):
            case = f"{polynomials} polynomials of degree {degree} in {variables} variables"
            return Outcome.refuted(case, f"they have {patterns} sign patterns, the bound is {sympy.N(bound, 6)}")
        tried += 1
    return Outcome.proved(f"{tried} numbers of sign patterns, computed exactly, are below the bound")


def _affine() -> Iterator[tuple[int, int, int, int]]:
    """Affine functions in general position: sum_{j <= W} C(m, j) regions, and no two have the same signs."""
    for polynomials, variables in _AFFINE:
        yield polynomials, variables, 1, sum(math.comb(polynomials, j) for j in range(variables + 1))


def _univariate() -> Iterator[tuple[int, int, int, int]]:
    """Polynomials of one variable with simple real roots in a random order."""
    for polynomials, degree in _UNIVARIATE:
        order = [own for own in range(polynomials) for _ in range(degree)]
        random.Random(degree).shuffle(order)
        yield polynomials, 1, degree, len(set(_signs_on_the_line(order, polynomials)))


def _signs_on_the_line(order: list[int], polynomials: int) -> Iterator[tuple[bool, ...]]:
    """Which of the polynomials are positive, from right to left; `order` says whose root comes next."""
    positive = [True] * polynomials
    yield tuple(positive)
    for own in order:
        before, positive[own] = positive[own], False
        yield tuple(positive)
        positive[own] = not before
        yield tuple(positive)


def known_dimensions(bound: Any) -> Outcome:
    """E5.b in L, w and S against VC dimensions known from below, for one hidden layer of `units` on R^dimension.

    One unit realises every halfspace, which shatter d + 1 points; `units` of them on the line a polygonal line through
    units + 1 points.
    """
    for dimension, units in _SHAPES:
        shattered = max(dimension + 1, units + 1 if dimension == 1 else 0)
        first = units * (dimension + 1)
        values = {L: 2, w: 2 * first + units + 1, S: units + 2}
        if is_less(bound.xreplace({symbol: sympy.Integer(value) for symbol, value in values.items()}), shattered):
            case = f"{units} units on R^{dimension}"
            return Outcome.refuted(case, f"their networks shatter {shattered} points, the bound is below that")
    return Outcome.proved(f"{len(_SHAPES)} networks of known capacity stay below it")
