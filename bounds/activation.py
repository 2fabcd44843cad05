"""Activations: a SymPy expression as the single source of truth, with the exact constants of the theorems.

`derivative_bound` is B_1 = sup |sigma'|, `derivative_lipschitz` is beta = Lip(sigma'),
`curvature_lipschitz` is gamma = Lip(sigma''). A constant that does not exist is None, and `reasons` says
why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import sympy

from .errors import InvalidInput
from .exact import Number, exact, is_less, positive

z = sympy.Symbol("z", real=True)

_CONSTANTS = ("derivative_bound", "derivative_lipschitz", "curvature_lipschitz")
_MISSING = "none was given when the activation was defined"


@dataclass(frozen=True)
class Activation:
    """An activation sigma(z), already scaled: `scale` only records the s of sigma(s z).

    `proved` tells constants that are proved suprema from constants that a user declared and that were
    checked on a grid only. Two activations are equal if name, expression, constants, scale and `proved`
    are.
    """

    name: str
    expression: sympy.Expr
    derivative_bound: sympy.Expr | None
    derivative_lipschitz: sympy.Expr | None
    curvature_lipschitz: sympy.Expr | None
    scale: sympy.Expr = sympy.Integer(1)
    proved: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def define(
        cls,
        name: str,
        expression: sympy.Expr,
        *,
        derivative_bound: Number | None = None,
        derivative_lipschitz: Number | None = None,
        curvature_lipschitz: Number | None = None,
    ) -> Activation:
        """A user's own activation, an expression in one symbol, with the constants that its user declares.

        The constants are tested on a fine grid by rigorous balls: a refuted one raises InvalidInput with
        the point. Passing the test proves nothing, so theorems list declared constants as hypotheses still
        to be checked.
        """
        constants = dict(zip(_CONSTANTS, (derivative_bound, derivative_lipschitz, curvature_lipschitz), strict=True))
        activation = cls(
            name,
            _in_standard_symbol(expression),
            derivative_bound=_not_negative("derivative_bound", derivative_bound),
            derivative_lipschitz=_not_negative("derivative_lipschitz", derivative_lipschitz),
            curvature_lipschitz=_not_negative("curvature_lipschitz", curvature_lipschitz),
            reasons={name: _MISSING for name, value in constants.items() if value is None},
        )

        from .constant_check import Verdict, check_constants  # this module is what the check is about

        outcome = check_constants(activation)
        if outcome.verdict is Verdict.REFUTED:
            raise InvalidInput(f"activation {name}: {outcome.reason}")
        return activation

    def derivative(self, order: int = 1) -> sympy.Expr:
        """The derivative of the given order in `z`; at a kink, that of the branch which holds there."""
        return _derivative(self.expression, order)

    def scaled(self, scale: Number) -> Activation:
        """sigma(s z): B_1, beta, gamma are multiplied by s, s^2, s^3. Raises InvalidInput unless s > 0."""
        factor = positive(scale, name="scale")
        if factor == 1:
            return self
        return replace(
            self,
            expression=self.expression.xreplace({z: factor * z}),
            scale=self.scale * factor,
            derivative_bound=_times(self.derivative_bound, factor),
            derivative_lipschitz=_times(self.derivative_lipschitz, factor**2),
            curvature_lipschitz=_times(self.curvature_lipschitz, factor**3),
        )

    @property
    def derivative_at_zero(self) -> sympy.Expr:
        """|sigma'(0)|, exactly."""
        return abs(self.derivative(1).subs(z, 0))

    @property
    def label(self) -> str:
        return self.name if self.scale == 1 else f"{self.name} (scale {self.scale})"


def _times(constant: sympy.Expr | None, factor: sympy.Expr) -> sympy.Expr | None:
    return None if constant is None else constant * factor


def _not_negative(name: str, value: Number | None) -> sympy.Expr | None:
    if value is None:
        return None
    constant = exact(value, name=name)
    if is_less(constant, 0):
        raise InvalidInput(f"{name} is {value}: expected a number >= 0")
    return constant


def _in_standard_symbol(expression: sympy.Expr) -> sympy.Expr:
    """The expression in the real symbol `z`, with kinks as Piecewise, whose derivatives stay readable."""
    if not isinstance(expression, sympy.Expr) or len(expression.free_symbols) != 1:
        raise InvalidInput(f"the activation is {expression!r}: expected a SymPy expression in exactly one symbol")
    if expression.has(sympy.Float):
        raise InvalidInput(f"the activation is {expression}: expected exact numbers (rationals), found a float")
    (symbol,) = expression.free_symbols
    expression = expression.xreplace({symbol: z})
    if expression.has(sympy.Max, sympy.Min, sympy.Abs, sympy.sign, sympy.Heaviside):
        expression = sympy.piecewise_fold(expression.rewrite(sympy.Piecewise))
    return expression


@lru_cache(maxsize=256)
def _derivative(expression: sympy.Expr, order: int) -> sympy.Expr:
    return sympy.diff(expression, z, order)
