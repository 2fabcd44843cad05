"""The kernel along a great circle of the sub-sphere S_b: kappa~(theta) = kappa((1 - b^2) cos(theta) + b^2).

Everything is computed from the gap 1 - u = 2 (1 - b^2) sin^2(theta/2), which is accurate down to the smallest
angle, so that the differences that certificates need (theory E4.c) do not cancel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..bounds import InvalidInput
from .cosines import Cosine, floating, opposite
from .differentiable import with_derivative

if TYPE_CHECKING:
    from .dual import DualKernel

__all__ = ["drop", "first", "second", "second_rise", "value"]


def value(kernel: DualKernel, theta: Any, bias: float, xp: Any) -> Any:
    return _evaluate(kernel, theta, bias, xp, _value, _first)


def first(kernel: DualKernel, theta: Any, bias: float, xp: Any) -> Any:
    return _evaluate(kernel, theta, bias, xp, _first, _second if kernel.order > 0 else None)


def second(kernel: DualKernel, theta: Any, bias: float, xp: Any) -> Any:
    _need_differentiable(kernel)
    return _evaluate(kernel, theta, bias, xp, _second, None)


def drop(kernel: DualKernel, theta: Any, bias: float, xp: Any) -> Any:
    def falling(*arguments: Any) -> Any:
        return -_first(*arguments)

    return _evaluate(kernel, theta, bias, xp, _drop, falling)


def second_rise(kernel: DualKernel, theta: Any, bias: float, xp: Any) -> Any:
    _need_differentiable(kernel)
    return _evaluate(kernel, theta, bias, xp, _second_rise, None)


def _need_differentiable(kernel: DualKernel) -> None:
    if kernel.order < 1:
        raise InvalidInput(
            f"activation {kernel.activation.label}: kappa'(1) is infinite, so the kernel norm bounds no "
            "gradient of its functions (use order 0)"
        )


def _evaluate(kernel: DualKernel, theta: Any, bias: float, xp: Any, function: Any, derivative: Any) -> Any:
    """`function` at theta; under jax with the given derivative, if there is one."""
    if not 0 <= bias < 1:
        raise InvalidInput(f"bias is {bias}: expected a number in [0, 1)")
    theta, bias = floating(theta, xp), float(bias)
    if xp is np:
        with np.errstate(divide="ignore", invalid="ignore"):
            return function(kernel, bias, np, theta)

    def plain(angle: Any) -> Any:
        return function(kernel, bias, xp, angle)

    def slope(angle: Any) -> Any:
        return derivative(kernel, bias, xp, angle)

    return plain(theta) if derivative is None else with_derivative(plain, slope)(theta)


def _cosine(bias: float, xp: Any, theta: Any) -> Cosine:
    gap = 2 * (1 - bias**2) * xp.sin(theta / 2) ** 2
    if bias > 0:
        return Cosine.of_gap(gap, xp=xp)
    return Cosine.of_gap(gap, angle=theta, supplement=_not_zero(opposite(theta, xp), xp), xp=xp)


def _not_zero(angle: Any, xp: Any) -> Any:
    """The angle, or one so small that singular factors, which cancel in products, are still finite."""
    return xp.maximum(angle, float(np.finfo(angle.dtype).tiny) ** (1 / 3))


def _sine(u: Cosine, bias: float, theta: Any) -> Any:
    """sin(theta), which without bias is the very number that singular factors divide by."""
    return u.xp.sin(theta) if bias > 0 else u.sine


def _value(kernel: DualKernel, bias: float, xp: Any, theta: Any) -> Any:
    return kernel.form.value(_cosine(bias, xp, theta))


def _first(kernel: DualKernel, bias: float, xp: Any, theta: Any) -> Any:
    theta = _not_zero(theta, xp)
    u = _cosine(bias, xp, theta)
    return -(1 - bias**2) * _sine(u, bias, theta) * kernel.form.first(u)


def _second(kernel: DualKernel, bias: float, xp: Any, theta: Any) -> Any:
    theta, ratio = _not_zero(theta, xp), 1 - bias**2
    u = _cosine(bias, xp, theta)
    curvature = (ratio * _sine(u, bias, theta)) ** 2 * kernel.form.second(u)
    return curvature - ratio * xp.cos(theta) * kernel.form.first(u)


def _drop(kernel: DualKernel, bias: float, xp: Any, theta: Any) -> Any:
    u = _cosine(bias, xp, theta)
    return kernel.drop(u.gap, angle=u.known_angle, xp=xp)


def _second_rise(kernel: DualKernel, bias: float, xp: Any, theta: Any) -> Any:
    """r^2 sin^2 kappa''(u) + r ((1 - cos) kappa'(u) + kappa'(1) - kappa'(u)), r = 1 - b^2: exact."""
    safe, ratio = _not_zero(theta, xp), 1 - bias**2
    u, safe_u = _cosine(bias, xp, theta), _cosine(bias, xp, safe)
    curvature = (ratio * _sine(safe_u, bias, safe)) ** 2 * kernel.form.second(safe_u)
    turning = 2 * xp.sin(theta / 2) ** 2 * kernel.form.first(u)
    return curvature + ratio * (turning + kernel.first_drop(u.gap, angle=u.known_angle, xp=xp))
