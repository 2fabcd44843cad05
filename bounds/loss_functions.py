"""Losses as numeric functions of arrays, for any array namespace (`numpy`, `jax.numpy`) and its dtypes.

Each takes predictions f, targets y of the same dtype, the loss's parameter (the margin of the hinge losses,
the kappa of Huber, else None) and the namespace. Slopes are subgradients; at a kink they are the one nearest
to 0. The tests hold them against the exact expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Function = Callable[[Any, Any, Any, Any], Any]


def _hinge(f: Any, y: Any, parameter: Any, xp: Any) -> Any:
    return xp.maximum(parameter - y * f, 0)


def _hinge_slope(f: Any, y: Any, parameter: Any, xp: Any) -> Any:
    return xp.where(y * f < parameter, -y, xp.zeros_like(f))


def _squared_hinge(f: Any, y: Any, parameter: Any, xp: Any) -> Any:
    return xp.maximum(parameter - y * f, 0) ** 2 / 2


def _squared_hinge_slope(f: Any, y: Any, parameter: Any, xp: Any) -> Any:
    return -y * xp.maximum(parameter - y * f, 0)


def _absolute(f: Any, y: Any, parameter: Any, xp: Any) -> Any:
    return xp.abs(f - y)


def _absolute_slope(f: Any, y: Any, parameter: Any, xp: Any) -> Any:
    return xp.sign(f - y)


def _huber(f: Any, y: Any, parameter: Any, xp: Any) -> Any:
    distance = xp.abs(f - y)
    near = xp.minimum(distance, parameter)
    return near * (distance - near / 2)


def _huber_slope(f: Any, y: Any, parameter: Any, xp: Any) -> Any:
    return xp.clip(f - y, -parameter, parameter)


def _logistic(f: Any, y: Any, parameter: Any, xp: Any) -> Any:
    return xp.logaddexp(xp.zeros_like(f), -y * f)


def _logistic_slope(f: Any, y: Any, parameter: Any, xp: Any) -> Any:
    # exp(-log(1 + exp(yf))): the usual quotient overflows for large margins
    return -y * xp.exp(-xp.logaddexp(xp.zeros_like(f), y * f))


VALUES: Mapping[str, Function] = MappingProxyType(
    {
        "hinge": _hinge,
        "squared_hinge": _squared_hinge,
        "absolute": _absolute,
        "huber": _huber,
        "logistic": _logistic,
    }
)
SLOPES: Mapping[str, Function] = MappingProxyType(
    {
        "hinge": _hinge_slope,
        "squared_hinge": _squared_hinge_slope,
        "absolute": _absolute_slope,
        "huber": _huber_slope,
        "logistic": _logistic_slope,
    }
)
