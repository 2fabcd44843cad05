"""Trying to refute the constants that a user declares for an activation.

The test is one-sided: balls at the points of a grid can refute a constant rigorously, never prove it.
Lipschitz constants are tried twice, by the next derivative at the points and by difference quotients
between neighbours, since a jump shows only in the latter.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import sympy
from flint import arb, fmpq

from .activation import Activation, z
from .enclosure import enclose
from .errors import InvalidInput
from .outcome import Outcome, Verdict

__all__ = ["Verdict", "check_constants", "grid"]

_CLOSE = Fraction(1, 2**20)
_STEP = Fraction(1, 32)
_SPAN = 10


def check_constants(activation: Activation) -> Outcome:
    """Refuted with the point where a declared constant of `activation` fails, else inconclusive.

    Raises InvalidInput where the activation or one of the derivatives concerned has no finite value.
    """
    named = {
        "derivative_bound": activation.derivative_bound,
        "derivative_lipschitz": activation.derivative_lipschitz,
        "curvature_lipschitz": activation.curvature_lipschitz,
    }
    declared = [(name, order, value) for order, (name, value) in enumerate(named.items(), 1) if value is not None]
    for name, order, constant in declared:
        counterexample = _excess(activation.derivative(order), constant)
        if counterexample is None and order > 1:
            counterexample = _steep_pair(activation.derivative(order - 1), constant)
        if counterexample is not None:
            return Outcome.refuted(counterexample, f"{name} = {constant} is refuted at z = {counterexample}")
    return Outcome.inconclusive(f"no constant is refuted at {len(grid())} points of [-{_SPAN}, {_SPAN}] and beyond")


def grid() -> list[Fraction]:
    """Every 1/32 in [-10, 10], powers of two beyond up to 1024, and a point close to each on either side."""
    steps = int(_SPAN / _STEP)
    near = [number * _STEP for number in range(-steps, steps + 1)]
    far = [Fraction(sign * 2**power) for power in range(4, 11) for sign in (-1, 1)]
    points = [*near, *far]
    return sorted(point + shift for point in points for shift in (-_CLOSE, 0, _CLOSE))


def _values(expression: sympy.Expr) -> Iterator[tuple[Fraction, arb]]:
    for point in grid():
        value = enclose(expression, at={z: arb(fmpq(point.numerator, point.denominator))})
        if not value.is_finite():
            raise InvalidInput(f"{expression} has no finite value at z = {point}")
        yield point, value


def _excess(derivative: sympy.Expr, constant: sympy.Expr) -> Fraction | None:
    """A point where |derivative| provably exceeds the constant."""
    bound = enclose(constant)
    return next((point for point, value in _values(derivative) if abs(value) > bound), None)


def _steep_pair(function: sympy.Expr, constant: sympy.Expr) -> Fraction | None:
    """The left one of two neighbouring points between which the function is provably too steep."""
    bound = enclose(constant)
    for (left, value), (right, other) in pairwise(_values(function)):
        gap = right - left
        if abs(other - value) > bound * arb(fmpq(gap.numerator, gap.denominator)):
            return left
    return None
