"""Formulas written so that floating point neither overflows nor cancels where the function itself is harmless.

Logistic functions become hyperbolic tangents, and log(1 + exp(u)) becomes u/2 + log(2 cosh(u/2)): exp(u) alone
overflows from u = 710 on, and its quotients are then not numbers.
"""

from __future__ import annotations

import sympy

_RECIPROCALS = {sympy.sech: sympy.cosh, sympy.csch: sympy.sinh, sympy.coth: sympy.tanh, sympy.sec: sympy.cos}


def stable(expression: sympy.Expr) -> sympy.Expr:
    """The same function in a form that is safe to evaluate."""
    for function, inverse in _RECIPROCALS.items():
        expression = expression.replace(function, lambda x, inverse=inverse: 1 / inverse(x))
    return _with_tangents(_stable(expression))


def stable_derivative(expression: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """The derivative with sinh(u) / cosh(u) written as tanh(u)."""
    return _with_tangents(sympy.diff(expression, symbol))


def _with_tangents(expression: sympy.Expr) -> sympy.Expr:
    below = {power.base.args[0] for power in expression.atoms(sympy.Pow) if _divides_by_cosh(power)}
    return expression.xreplace({sympy.sinh(u): sympy.tanh(u) * sympy.cosh(u) for u in below})


def _divides_by_cosh(power: sympy.Expr) -> bool:
    return isinstance(power.base, sympy.cosh) and bool(power.exp.is_negative)


def _stable(expression: sympy.Expr) -> sympy.Expr:
    if expression.is_Mul:
        expression = _logistic_product(expression)
    if not expression.args:
        return expression
    expression = expression.func(*map(_stable, expression.args))
    if isinstance(expression, sympy.log):
        return _softplus(expression)
    return _logistic_power(expression) if expression.is_Pow else expression


def _grown(expression: sympy.Expr) -> sympy.Expr | None:
    """The u of 1 + exp(u), None for anything else."""
    if expression.is_Add and len(expression.args) == 2 and expression.args[0] == 1:
        if isinstance(expression.args[1], sympy.exp):
            return expression.args[1].args[0]
    return None


def _softplus(logarithm: sympy.Expr) -> sympy.Expr:
    u = _grown(logarithm.args[0])
    return logarithm if u is None else u / 2 + sympy.log(2 * sympy.cosh(u / 2))


def _logistic_power(power: sympy.Expr) -> sympy.Expr:
    """(1 + exp(u))^-n as ((1 - tanh(u/2))/2)^n."""
    u = _grown(power.base)
    if u is None or not power.exp.is_negative:
        return power
    return ((1 - sympy.tanh(u / 2)) / 2) ** (-power.exp)


def _logistic_product(product: sympy.Expr) -> sympy.Expr:
    """exp(k u) / (1 + exp(u))^n within a product, with ((1 + tanh(u/2))/2)^j for j = min(k, n) of the quotients."""
    for factor in product.args:
        base, exponent = factor.as_base_exp()
        u = _grown(base)
        if u is not None and exponent.is_Integer and exponent < 0:
            grown = [part.args[0] / u for part in product.args if isinstance(part, sympy.exp)]
            times = next((min(ratio, -exponent) for ratio in grown if ratio.is_Integer and ratio > 0), 0)
            product *= (base * sympy.exp(-u) * (1 + sympy.tanh(u / 2)) / 2) ** times
    return product
