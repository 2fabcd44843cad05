"""sigma and its derivatives as fast functions of NumPy or JAX arrays, which keep the dtype.

The named activations are written by hand, so that nothing overflows or cancels; the tests hold them against
the SymPy expression at 50 digits. Any other activation is printed from its expression.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import pi, sqrt
from typing import Any

import numpy as np
import sympy

from ..bounds import Activation, InvalidInput, get_activation
from ..bounds.exact import nearest_float
from .cosines import floating

__all__ = ["numeric"]

Function = Callable[[Any], Any]
_HIGHEST_ORDER = 3


@lru_cache(maxsize=256)
def numeric(activation: Activation | str, order: int = 0, xp: Any = np) -> Function:
    """The derivative of that order (0 to 3) of sigma as a function of arrays of the namespace `xp`.

    `xp` is numpy or jax.numpy; the functions of the latter work under jit, vmap and grad. At a kink the
    derivative is the one from the left. Raises InvalidInput for another order.
    """
    if not 0 <= order <= _HIGHEST_ORDER:
        raise InvalidInput(f"order is {order}: expected a derivative between 0 and {_HIGHEST_ORDER}")
    activation = get_activation(activation)
    for name, derivatives in _BY_HAND.items():
        if activation.expression == get_activation(name, activation.scale).expression:
            return _scaled(derivatives[order], nearest_float(activation.scale), order, xp)
    return _printed(activation, order, xp)


def _scaled(derivative: Callable[[Any, Any], Any], scale: float, order: int, xp: Any) -> Function:
    """s^k sigma^(k)(s z); s = 1 costs nothing."""
    if scale == 1:
        return lambda z: derivative(floating(z, xp), xp)
    factor = scale**order
    return lambda z: factor * derivative(scale * floating(z, xp), xp)


def _printed(activation: Activation, order: int, xp: Any) -> Function:
    """The SymPy expression turned into code; constants become floats, which leave the dtype alone."""
    expression = activation.derivative(order)
    symbol = next(iter(activation.expression.free_symbols))
    special = _special(xp)
    modules = [{"erf": special.erf, "erfc": special.erfc}, "numpy" if xp is np else "jax"]
    function = sympy.lambdify(symbol, expression.xreplace(_rounded_constants(expression)), modules=modules)

    def evaluate(z: Any) -> Any:
        z = floating(z, xp)
        with np.errstate(over="ignore"):
            return xp.asarray(function(z) + 0 * z, dtype=z.dtype)

    return evaluate


def _rounded_constants(expression: sympy.Expr) -> dict[sympy.Expr, sympy.Float]:
    """Every subexpression without symbols but with something irrational in it, as a float."""
    constants = (
        part
        for part in sympy.preorder_traversal(expression)
        if isinstance(part, sympy.Expr) and not part.free_symbols and not part.is_Rational
    )
    return {part: sympy.Float(nearest_float(part), 17) for part in constants}


def _special(xp: Any) -> Any:
    if xp is np:
        import scipy.special

        return scipy.special
    import jax.scipy.special

    return jax.scipy.special


def _gaussian(z: Any, xp: Any) -> Any:
    return xp.exp(-z * z / 2) * (1 / sqrt(2 * pi))


def _normal_probability(z: Any, xp: Any) -> Any:
    return _special(xp).erfc(z * -sqrt(0.5)) / 2


def _sech_squared(z: Any, xp: Any) -> Any:
    """1/cosh^2 without overflow, and without the cancellation of 1 - tanh^2."""
    decay = xp.exp(-2 * xp.abs(z))
    return 4 * decay / (1 + decay) ** 2


def _logistic(z: Any, xp: Any) -> Any:
    """1/(1 + exp(-z)) without overflow and with full relative accuracy on both sides."""
    decay = xp.exp(-xp.abs(z))
    return xp.where(z < 0, decay, 1) / (1 + decay)


def _logistic_slope(z: Any, xp: Any) -> Any:
    return _sech_squared(z / 2, xp) / 4


def _logistic_curvature(z: Any, xp: Any) -> Any:
    return -_logistic_slope(z, xp) * xp.tanh(z / 2)


def _logistic_third(z: Any, xp: Any) -> Any:
    slope = _logistic_slope(z, xp)
    return slope * (1 - 6 * slope)


def _step(z: Any) -> Any:
    return (z > 0).astype(z.dtype)


_TWO_OVER_ROOT_PI = 2 / sqrt(pi)
# For each activation sigma, sigma', sigma'', sigma''' at scale 1.
_BY_HAND: dict[str, tuple[Callable[[Any, Any], Any], ...]] = {
    "relu": (
        lambda z, xp: xp.maximum(z, 0),
        lambda z, xp: _step(z),
        lambda z, xp: xp.zeros_like(z),
        lambda z, xp: xp.zeros_like(z),
    ),
    "quadratic_relu": (
        lambda z, xp: xp.maximum(z, 0) ** 2,
        lambda z, xp: 2 * xp.maximum(z, 0),
        lambda z, xp: 2 * _step(z),
        lambda z, xp: xp.zeros_like(z),
    ),
    "erf": (
        lambda z, xp: _special(xp).erf(z),
        lambda z, xp: _TWO_OVER_ROOT_PI * xp.exp(-z * z),
        lambda z, xp: -2 * _TWO_OVER_ROOT_PI * z * xp.exp(-z * z),
        lambda z, xp: _TWO_OVER_ROOT_PI * (4 * z * z - 2) * xp.exp(-z * z),
    ),
    "tanh": (
        lambda z, xp: xp.tanh(z),
        _sech_squared,
        lambda z, xp: -2 * _sech_squared(z, xp) * xp.tanh(z),
        lambda z, xp: _sech_squared(z, xp) * (4 - 6 * _sech_squared(z, xp)),
    ),
    "softplus": (
        lambda z, xp: xp.maximum(z, 0) + xp.log1p(xp.exp(-xp.abs(z))),
        _logistic,
        _logistic_slope,
        _logistic_curvature,
    ),
    "sigmoid": (_logistic, _logistic_slope, _logistic_curvature, _logistic_third),
    "gelu": (
        lambda z, xp: z * _normal_probability(z, xp),
        lambda z, xp: _normal_probability(z, xp) + z * _gaussian(z, xp),
        lambda z, xp: (2 - z * z) * _gaussian(z, xp),
        lambda z, xp: z * (z * z - 4) * _gaussian(z, xp),
    ),
    "sin": (
        lambda z, xp: xp.sin(z),
        lambda z, xp: xp.cos(z),
        lambda z, xp: -xp.sin(z),
        lambda z, xp: -xp.cos(z),
    ),
    "sin_cos": (
        lambda z, xp: xp.sin(z) + xp.cos(z),
        lambda z, xp: xp.cos(z) - xp.sin(z),
        lambda z, xp: -xp.sin(z) - xp.cos(z),
        lambda z, xp: xp.sin(z) - xp.cos(z),
    ),
}
