"""The closed forms of kappa: Gaussian integrals over xi, and over zeta in eta = u xi + s zeta, s^2 = 1 - u^2.

Where an integral has no antiderivative, its derivative by a parameter has one: it is integrated back from a value that
is known. Taken for granted, by name: differentiation under the integral sign, and Fubini's theorem.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, Integral, Rational, atan, cos, erf, exp, oo, pi, sin, sqrt

from ..activation import z
from ..activation_table import ACTIVATIONS
from ..kernel_forms import KERNEL_FORMS, u
from ..proof import Proof, Step
from .building import equals, positives, reals

x, shift, A, B = reals("x shift A B")
s, t, rate = positives("s t k")
root = sqrt(1 - u**2)


def density(variable: Any) -> Any:
    """Of a standard normal."""
    return exp(-(variable**2) / 2) / sqrt(2 * pi)


def distribution(variable: Any) -> Any:
    """Of a standard normal."""
    return (1 + erf(variable / sqrt(2))) / 2


def over_half_line(integrand: Any) -> Any:
    return Integral(sympy.powsimp(integrand), (x, 0, oo))


def over_line(integrand: Any) -> Any:
    return Integral(sympy.powsimp(integrand), (x, -oo, oo))


def expectation(name: str) -> Any:
    """E[sigma'(xi) sigma'(eta)] = kappa(u)/u, as recorded."""
    return KERNEL_FORMS[name] / u


def both_positive() -> tuple[Step, ...]:
    """ReLU: P(xi, eta > 0) = int_0^oo phi(x) Phi(t x) dx at t = u/s, by its derivative in t and its value at 0."""
    slope = 1 / (2 * pi * (1 + t**2))
    law = Rational(1, 4) + atan(t) / (2 * pi)
    return (
        equals(
            "relu.slope",
            "d/dt phi(x) Phi(t x) = x phi(x) phi(t x)",
            (density(x) * distribution(t * x)).diff(t),
            x * density(x) * density(t * x),
        ),
        equals(
            "relu.integral",
            "int_0^oo x phi(x) phi(t x) dx = 1/(2 pi (1 + t^2))",
            over_half_line(x * density(x) * density(t * x)),
            slope,
            uses=("relu.slope",),
        ),
        equals(
            "relu.start",
            "int_0^oo phi(x) Phi(0) dx = 1/4",
            over_half_line(density(x) * distribution(Integer(0))),
            law.subs(t, 0),
        ),
        equals(
            "relu.law",
            "so the probability is 1/4 + atan(t)/(2 pi)",
            law.diff(t),
            slope,
            uses=("relu.integral", "relu.start"),
        ),
        equals(
            "relu.angle",
            "at t = u/sqrt(1 - u^2) its slope in u is that of kappa(u)/u",
            expectation("relu").diff(u),
            law.diff(t).subs(t, u / root) * (u / root).diff(u),
            uses=("relu.law",),
        ),
        equals(
            "relu",
            "and so is the value at u = 0",
            expectation("relu").subs(u, 0),
            law.subs(t, 0),
            uses=("relu.angle",),
        ),
    )


def positive_parts() -> tuple[Step, ...]:
    """Quadratic ReLU: 4 E[xi_+ eta_+] = 4 int_0^oo x (u x Phi(t x) + s phi(t x)) phi(x) dx."""
    inner = Integral((shift + s * x) * density(x), (x, -shift / s, oo))
    third = 1 / (pi * (1 + t**2) ** 2)
    law = Rational(1, 4) + (atan(t) + t / (1 + t**2)) / (2 * pi)
    chance = sympy.Symbol("P", positive=True)  # of both being positive
    tangent = u / root
    mean = u * (chance + tangent / (2 * pi * (1 + tangent**2))) + root / (2 * pi * (1 + tangent**2))
    return (
        equals(
            "quadratic.inner",
            "E (a + s zeta)_+ = a Phi(a/s) + s phi(a/s)",
            inner,
            shift * distribution(shift / s) + s * density(shift / s),
        ),
        equals(
            "quadratic.slope",
            "d/dt phi(x) x^2 Phi(t x) = x^3 phi(x) phi(t x), with integral 1/(pi (1 + t^2)^2)",
            over_half_line(x**3 * density(x) * density(t * x)),
            third,
        ),
        equals(
            "quadratic.start",
            "int_0^oo x^2 phi(x)/2 dx = 1/4",
            over_half_line(x**2 * density(x) / 2),
            law.subs(t, 0),
        ),
        equals(
            "quadratic.law",
            "so int_0^oo x^2 phi(x) Phi(t x) dx = 1/4 + (atan(t) + t/(1 + t^2))/(2 pi)",
            law.diff(t),
            third,
            uses=("quadratic.slope", "quadratic.start"),
        ),
        equals(
            "quadratic.mean",
            "with P = P(xi, eta > 0), E[xi_+ eta_+] = u P + sqrt(1 - u^2)/(2 pi)",
            mean,
            u * chance + root / (2 * pi),
            uses=("quadratic.inner", "quadratic.law", "relu.integral", "relu.law"),
        ),
        equals(
            "quadratic",
            "kappa(u)/u is four times that, P from the ReLU",
            expectation("quadratic_relu"),
            4 * (u * chance + root / (2 * pi)).subs(chance, expectation("relu")),
            uses=("quadratic.mean", "relu"),
        ),
    )


def bells() -> tuple[Step, ...]:
    """erf: two Gaussian integrals, one after the other."""
    spread = positives("w")[0]  # 1 + 2 s^2, so that u^2 = (3 - w)/2
    return (
        equals(
            "erf.inner",
            "E exp(-(a + s zeta)^2) = exp(-a^2/(1 + 2 s^2))/sqrt(1 + 2 s^2)",
            over_line(exp(-((shift + s * x) ** 2)) * density(x)),
            exp(-(shift**2) / (1 + 2 * s**2)) / sqrt(1 + 2 * s**2),
        ),
        equals(
            "erf.outer",
            "E exp(-k xi^2) = 1/sqrt(1 + 2 k)",
            over_line(exp(-rate * x**2) * density(x)),
            1 / sqrt(1 + 2 * rate),
        ),
        equals(
            "erf",
            "kappa(u)/u is 4/pi times their product at a = u xi, k = 1 + u^2/(1 + 2 s^2)",
            expectation("erf").subs(u, sqrt((3 - spread) / 2)),
            4 / pi / sqrt(spread) / sqrt(1 + 2 * (1 + (3 - spread) / 2 / spread)),
            uses=("erf.inner", "erf.outer"),
        ),
    )


def waves() -> tuple[Step, ...]:
    """sin and sin + cos: the cosine of a normal of variance k has mean exp(-k/2), its sine has mean 0."""
    scaled = sqrt(rate) * x
    return (
        equals("waves.cos", "E cos(sqrt(k) xi) = exp(-k/2)", over_line(cos(scaled) * density(x)), exp(-rate / 2)),
        equals("waves.sin", "1 + E sin(sqrt(k) xi) = 1", 1 + over_line(sin(scaled) * density(x)), Integer(1)),
        equals(
            "sin.product",
            "cos A cos B = (cos(A - B) + cos(A + B))/2",
            cos(A) * cos(B),
            sympy.expand_trig(cos(A - B) + cos(A + B)) / 2,
        ),
        equals(
            "sin",
            "xi -+ eta have variances 2 -+ 2 u, so kappa(u)/u = (exp(-(1 - u)) + exp(-(1 + u)))/2",
            expectation("sin"),
            (exp(-(1 - u)) + exp(-(1 + u))) / 2,
            uses=("waves.cos", "sin.product"),
        ),
        equals(
            "sin_cos.product",
            "(cos A - sin A) (cos B - sin B) = cos(A - B) - sin(A + B)",
            sympy.expand((cos(A) - sin(A)) * (cos(B) - sin(B))),
            sympy.expand_trig(cos(A - B) - sin(A + B)),
        ),
        equals(
            "sin_cos",
            "kappa(u)/u = exp(-(1 - u)) - 0",
            expectation("sin_cos"),
            exp(-(1 - u)),
            uses=("waves.cos", "waves.sin", "sin_cos.product"),
        ),
    )


def at_one() -> tuple[Step, ...]:
    """kappa(1) = E sigma'(xi)^2, with sigma' from the table of activations."""
    return tuple(
        equals(
            f"kappa(1).{name}",
            f"kappa(1) = E sigma'(xi)^2 for {name}",
            Integral(_square_of_slope(name) * density(z), (z, -oo, oo)),
            form.subs(u, 1),
        )
        for name, form in KERNEL_FORMS.items()
    )


def _square_of_slope(name: str) -> Any:
    """sigma'^2, without products of trigonometric functions, whose integrals SymPy does not find."""
    square = ACTIVATIONS[name].derivative(1) ** 2
    return sympy.simplify(square) if square.has(sin) else square


def proof() -> Proof:
    """The closed forms, as a proof without a theorem."""
    steps = (*both_positive(), *positive_parts(), *bells(), *waves(), *at_one())
    return Proof("kernels", "closed forms of the kernel", steps)
