"""E1.b: a bound G with ||grad_W f(W, x)||_F <= G for all W in B(R) and all x on the unit sphere."""

from __future__ import annotations

import math
from fractions import Fraction

import sympy
from sympy import log, sqrt

from .activation import Activation
from .activation_table import get_activation
from .errors import HypothesisError, InvalidInput
from .exact import Number, between_zero_and_one, exact, is_less, positive, whole_number
from .letters import R, beta, d, m

# E1.b as symbols; c is the confidence, the deviation s solves 1 - exp(-s^2 / 2) = c.
c = sympy.Symbol("c", positive=True)
slope_at_zero, operator_norm = sympy.symbols("sigma'(0) ||W_0||_op", nonnegative=True)
DEVIATION = sqrt(2 * log(1 / (1 - c)))
RANDOM_OPERATOR_NORM = sqrt(m) * (1 + sqrt(2 * d / m) + sqrt(2) * DEVIATION / sqrt(m))
GRADIENT_BOUND = slope_at_zero + beta * (operator_norm + R) / sqrt(m)


def gradient_bound(
    activation: str | Activation,
    *,
    width: int,
    radius: Number,
    dimension: int | None = None,
    confidence: Number = Fraction(99, 100),
    initial_operator_norm: Number | None = None,
) -> sympy.Expr:
    """G of theory E1.b for the ball of that radius, as an exact constant.

    G = B_1 where |sigma'| is bounded. Otherwise it follows from ||W_0||_op: from the measured upper bound
    `initial_operator_norm` if given, else from the `dimension` of the inputs, valid with probability at
    least `confidence` over W_0 (Davidson and Szarek's bound for Gaussian matrices, cited). A float
    `initial_operator_norm` is taken as the binary number it is, since it is a measured bound. Raises
    HypothesisError if sigma' is neither bounded nor Lipschitz, or if both norm and dimension are missing.
    """
    activation = get_activation(activation)
    if activation.derivative_bound is not None:
        return activation.derivative_bound
    if activation.derivative_lipschitz is None:
        raise HypothesisError(f"{activation.label} has no gradient bound: sigma' is neither bounded nor Lipschitz")
    values = {
        m: sympy.Integer(whole_number(width, name="width")),
        R: positive(radius, name="radius"),
        beta: activation.derivative_lipschitz,
        slope_at_zero: activation.derivative_at_zero,
    }
    if initial_operator_norm is not None:
        norm = measured_norm(initial_operator_norm)
    elif dimension is not None:
        level = between_zero_and_one(confidence, name="confidence")
        norm = RANDOM_OPERATOR_NORM.xreplace({m: values[m], d: _integer(dimension), c: level})
    else:
        raise HypothesisError(
            f"{activation.label} has no bounded derivative, so its gradient bound needs the dimension of "
            "the inputs or the measured operator norm of W_0: give one of them"
        )
    return GRADIENT_BOUND.xreplace({**values, operator_norm: norm})


def is_random(activation: Activation, initial_operator_norm: sympy.Expr | None) -> bool:
    """Whether the bound holds with the given confidence only, and not surely."""
    return activation.derivative_bound is None and initial_operator_norm is None


def measured_norm(value: Number) -> sympy.Expr:
    """An upper bound for ||W_0||_op as an exact constant; a float counts as its binary value."""
    norm = exact(Fraction(value) if isinstance(value, float) and math.isfinite(value) else value, name="operator norm")
    if is_less(norm, 0):
        raise InvalidInput(f"the operator norm is {value}: expected a number >= 0")
    return norm


def _integer(dimension: int) -> sympy.Integer:
    return sympy.Integer(whole_number(dimension, name="dimension"))
