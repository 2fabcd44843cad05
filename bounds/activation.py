"""Activations: a SymPy expression as the single source of truth, with the exact constants of the theorems.

`derivative_bound` is B_1 = sup |sigma'|, `derivative_lipschitz` is beta = Lip(sigma'),
`curvature_lipschitz` is gamma = Lip(sigma''). A constant that does not exist is None, and `reasons` says
why.

>>> import sympy
>>> swish = Activation.define("swish", z / (1 + sympy.exp(-z)))
>>> swish.derivative_bound, swish.derivative_lipschitz, swish.proved
(10998393201289/10000000000000, 1/2, True)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import sympy

from .errors import InvalidInput
from .exact import Number, exact, is_less, positive
from .stable_form import stable, stable_derivative

NAMES = ("derivative_bound", "derivative_lipschitz", "curvature_lipschitz")

z = sympy.Symbol("z", real=True)


@dataclass(frozen=True)
class Activation:
    """An activation sigma(z), already scaled: `scale` only records the s of sigma(s z).

    `proved` says that every constant that is not None is proved to be an upper bound over the whole line (in the table
    the least one); where it is False, a constant that a user declared could be neither proved nor refuted. Two
    activations are equal if name, expression, constants, scale and `proved` are.
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
        """A user's own activation: a continuous expression in one symbol, smooth between finitely many kinks.

        Constants that are left out are found and proved: the least ones where they have a closed form, else upper
        bounds less than a relative 1e-12 above the supremum (`reasons` says so), None where there are none. Declared
        ones may be any upper bounds: they are proved, or refuted (InvalidInput with the point), or else kept with
        `proved` False, so that theorems list them as hypotheses still to be checked.
        """
        # Late, since the proofs are about this module, and few need them.
        from .constant_check import Verdict, check_constants
        from .constant_search import Constant, checked_formula, find_constant

        try:
            formula = checked_formula(_in_standard_symbol(expression), z)
        except InvalidInput as error:
            raise InvalidInput(f"activation {name}: {error}") from None
        declared = dict(zip(NAMES, (derivative_bound, derivative_lipschitz, curvature_lipschitz), strict=True))
        constants = {
            constant: find_constant(partial(_derivative, formula), order, z)
            if value is None
            else Constant(_not_negative(constant, value))
            for order, (constant, value) in enumerate(declared.items(), start=1)
        }
        reasons = {constant: found.reason for constant, found in constants.items() if found.reason is not None}
        slope, curvature, bend = (constants[constant].value for constant in NAMES)
        activation = cls(name, formula, slope, curvature, bend, reasons=reasons)
        outcome = check_constants(activation, only=[constant for constant in NAMES if declared[constant] is not None])
        if outcome.verdict is Verdict.REFUTED:
            raise InvalidInput(f"activation {name}: {outcome.reason}")
        return replace(activation, proved=outcome.verdict is Verdict.PROVED)

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
    """The expression in the real symbol `z`, in a form that is safe to evaluate in floating point."""
    if not isinstance(expression, sympy.Expr) or len(expression.free_symbols) != 1:
        raise InvalidInput(f"{expression!r} is given, expected a SymPy expression in exactly one symbol")
    if expression.has(sympy.Float):
        raise InvalidInput(f"{expression} is given, expected exact numbers (rationals), found a float")
    (symbol,) = expression.free_symbols
    return stable(expression.xreplace({symbol: z}))


@lru_cache(maxsize=256)
def _derivative(expression: sympy.Expr, order: int) -> sympy.Expr:
    return expression if order == 0 else stable_derivative(_derivative(expression, order - 1), z)
