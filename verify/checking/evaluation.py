"""The formulas of the bounds room in floating point, read when they are needed, so that a changed one is noticed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import sympy

from ...bounds import Activation, upper_float


@lru_cache(maxsize=4096)
def constant(value: sympy.Expr) -> float:
    """An exact constant, rounded up."""
    return upper_float(value)


def at(formula: sympy.Expr, values: Mapping[sympy.Symbol, Any]) -> Any:
    """The formula at float values of its letters (numbers or arrays), good to a few roundings for each operation.

    Raises:
        KeyError: a letter has no value.
    """
    letters = tuple(sorted(formula.free_symbols, key=lambda letter: str(letter)))
    return _compiled(formula, letters)(*(values[letter] for letter in letters))


@lru_cache(maxsize=1024)
def _compiled(formula: sympy.Expr, letters: tuple[sympy.Symbol, ...]) -> Callable[..., Any]:
    compiled: Callable[..., Any] = sympy.lambdify(letters, formula, modules="numpy")
    return compiled


def slope_bound(activation: Activation) -> float:
    """``B_1``, rounded up; infinite where there is none."""
    return _finite(activation.derivative_bound)


def slope_lipschitz(activation: Activation) -> float:
    """``beta``, rounded up; infinite where there is none."""
    return _finite(activation.derivative_lipschitz)


def curvature_lipschitz(activation: Activation) -> float:
    """``gamma``, rounded up; infinite where there is none."""
    return _finite(activation.curvature_lipschitz)


def _finite(value: sympy.Expr | None) -> float:
    return float("inf") if value is None else constant(value)
