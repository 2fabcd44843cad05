"""Rigorous enclosures of kappa, kappa' and kappa'': what the floating-point kernels are tested against."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import sympy
from flint import arb, ctx, fmpq
from sympy import acos, asin, cosh, exp, pi, sqrt

from ..bounds import Activation, InvalidInput, get_activation
from ..bounds.enclosure import enclose
from .series.hermite import HermiteSeries, hermite_series

__all__ = ["kappa_enclosure", "kappa_expression"]

u = sympy.Symbol("u", real=True)


def kappa_enclosure(
    activation: Activation | str,
    cosine: float | int | Fraction | arb,
    *,
    derivative: int = 0,
    bits: int = 128,
) -> arb:
    """A ball that contains kappa, or its first or second derivative, at u = `cosine` in [-1, 1].

    A float stands for its exact binary value. A closed form is evaluated until its relative accuracy is
    `bits` or the working precision 64 times that; for a series the ball is never smaller than the proved
    tail, about 1e-18 of kappa(1). Raises InvalidInput where `derivative` or `cosine` is out of range.
    """
    if derivative not in (0, 1, 2):
        raise InvalidInput(f"derivative is {derivative}: expected 0, 1 or 2")
    activation = get_activation(activation)
    expression = kappa_expression(activation, derivative)
    if expression is None:
        return _from_series(hermite_series(activation), _ball(cosine), derivative, bits)
    for effort in range(7):
        ball = enclose(expression, (bits + 32) << effort, at={u: _ball(cosine)})
        if ball.is_finite() and ball.rel_accuracy_bits() >= bits:
            break
    return ball


def _ball(cosine: float | int | Fraction | arb) -> arb:
    if isinstance(cosine, arb):
        return cosine
    exact = Fraction(cosine)
    if not -1 <= exact <= 1:
        raise InvalidInput(f"cosine is {cosine}: expected a number between -1 and 1")
    return _exactly(exact)


def _exactly(value: Fraction) -> arb:
    with ctx.workprec(1200):
        return arb(fmpq(value.numerator, value.denominator))


def _from_series(series: HermiteSeries, cosine: arb, derivative: int, bits: int) -> arb:
    """kappa = sum_k h_k^2 u^(k+1), differentiated term by term, plus the tail, which starts at k = N."""
    with ctx.workprec(max(bits, 128)):
        total = arb(0)
        for k in range(len(series) - 1, derivative - 2, -1):
            weight = (1, k + 1, (k + 1) * k)[derivative]
            total = total * cosine + (weight * series.squares[k] if k >= 0 else 0)
        missing = arb(series.tails[derivative]) * abs(cosine) ** (len(series) + 1 - derivative)
        return total + arb(0, missing.upper())


@lru_cache(maxsize=64)
def kappa_expression(activation: Activation, derivative: int = 0) -> sympy.Expr | None:
    """kappa or a derivative of it as an expression in the symbol u, None if there is no closed form."""
    for name, form in _EXPRESSIONS.items():
        if activation.expression == get_activation(name, activation.scale).expression:
            given = form(activation.scale)
            return given[derivative] if len(given) > derivative else sympy.diff(given[0], u, derivative)
    return None


def _relu(s: sympy.Expr) -> tuple[sympy.Expr, ...]:
    return (
        s**2 * u * (pi - acos(u)) / (2 * pi),
        s**2 * (pi - acos(u) + u / sqrt(1 - u**2)) / (2 * pi),
        s**2 * (2 - u**2) / sqrt(1 - u**2) ** 3 / (2 * pi),
    )


def _quadratic_relu(s: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """Its derivatives written out: those by SymPy divide by sqrt(1 - u^2) where nothing is singular."""
    return (
        s**4 * 2 / pi * u * (sqrt(1 - u**2) + (pi - acos(u)) * u),
        s**4 * 2 / pi * (sqrt(1 - u**2) + 2 * u * (pi - acos(u))),
        s**4 * 2 / pi * (u / sqrt(1 - u**2) + 2 * (pi - acos(u))),
    )


def _erf(s: sympy.Expr) -> tuple[sympy.Expr, ...]:
    return (4 * s**2 / pi * u / sqrt((1 + 2 * s**2) ** 2 - 4 * s**4 * u**2),)


def _sin(s: sympy.Expr) -> tuple[sympy.Expr, ...]:
    return (s**2 * exp(-(s**2)) * u * cosh(s**2 * u),)


def _sin_cos(s: sympy.Expr) -> tuple[sympy.Expr, ...]:
    return (s**2 * u * exp(s**2 * (u - 1)),)


def _gelu(s: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """The proof is with `closed_forms.Gelu`."""
    D = (1 + s**2) ** 2 - s**4 * u**2
    rho = s**2 / (1 + s**2)
    g = pi / 2 + asin(rho * u) + 2 * rho * u / sqrt(D) + s**2 * u / sqrt(D) ** 3
    return (s**2 * u * g / (2 * pi),)


_EXPRESSIONS: dict[str, Callable[[sympy.Expr], tuple[sympy.Expr, ...]]] = {
    "relu": _relu,
    "quadratic_relu": _quadratic_relu,
    "erf": _erf,
    "sin": _sin,
    "sin_cos": _sin_cos,
    "gelu": _gelu,
}
