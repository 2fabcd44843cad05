"""Functions for jax that know their own derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["with_derivative"]


def with_derivative(function: Callable[..., Any], derivative: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of (argument, *rest) whose derivative by the argument is `derivative`; the rest is held
    fixed.

    Needed because automatic differentiation through arccos, sqrt and where gives NaN at the ends of [-1, 1],
    where the derivative itself is finite.
    """
    import jax

    wrapped = jax.custom_jvp(function)

    @wrapped.defjvp
    def tangent(primals: Any, tangents: Any) -> tuple[Any, Any]:
        return wrapped(*primals), derivative(*primals) * tangents[0]

    return wrapped
