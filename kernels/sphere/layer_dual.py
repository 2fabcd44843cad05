"""What one activation does to a covariance, in balls: V(rho) = E[sigma(a) sigma(b)] for Gaussian a, b.

a and b have one variance v and correlation rho. V is a power series in rho with nonnegative coefficients (theory
section 4), and V' = v E[sigma'(a) sigma'(b)]. Closed forms for powers of the ReLU (Cho and Saul, Kernel methods for
deep learning, 2009, eq. 2.3), erf (Williams, Computing with infinite networks, 1998, eq. 11), sin, sin + cos and
GELU; any other smooth activation by its Hermite series with a proved tail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import factorial
from typing import Protocol

import sympy
from flint import arb, arb_poly, ctx, fmpq

from ...bounds import Activation, InvalidInput, get_activation
from ...bounds.activation import z
from ...bounds.enclosure import enclose
from ..series.hermite import HermiteSeries, gaussian_mean, hermite_series

__all__ = ["Correlation", "LayerDual", "is_odd", "layer_dual", "relu_power"]

_HIGHEST_POWER = 8


@dataclass(frozen=True)
class Correlation:
    """rho with its distances `gap` = 1 - rho and `rest` = 1 + rho from the ends, each with its relative accuracy."""

    rho: arb
    gap: arb
    rest: arb

    @classmethod
    def of_gap(cls, gap: arb, rest: arb | None = None) -> Correlation:
        return cls(1 - gap, gap, 2 - gap if rest is None else rest)

    @property
    def opposite(self) -> Correlation:
        """-rho."""
        return Correlation(-self.rho, self.rest, self.gap)

    @property
    def middle(self) -> Correlation:
        """A number of [-1, 1] inside the ball, exactly, from the end that is nearer."""
        if self.gap.mid() <= 1:
            return Correlation.of_gap(self.gap.mid().max(arb(0)))
        return Correlation.of_gap(self.rest.mid().max(arb(0))).opposite

    @property
    def sine(self) -> arb:
        """sqrt(1 - rho^2), of a ball that may reach below 0 although the number does not."""
        square = self.gap * self.rest
        return square.sqrt() if square.lower() > 0 else arb(0).union(square.upper().max(arb(0)).sqrt())


class LayerDual(Protocol):
    """V, V' and V'' of one activation at one variance."""

    def __call__(self, at: Correlation, derivative: int) -> arb:
        """A ball that contains the derivative (0, 1 or 2) of V at every point of the ball rho."""
        ...

    def drop(self, at: Correlation) -> arb:
        """V(1) - V(rho)."""
        ...


def layer_dual(activation: Activation, variance: arb) -> LayerDual:
    """V for preactivations of that variance. Raises InvalidInput where there is neither closed form nor series."""
    power = relu_power(activation)
    v = variance * enclose(activation.scale, ctx.prec) ** 2
    if power is not None:
        return _ReluPower(power, v)
    if activation.expression == z:
        return _linear(variance)
    for name, form in _CLOSED.items():
        if activation.expression == get_activation(name, activation.scale).expression:
            return form(v)
    if activation.expression.has(sympy.Piecewise, sympy.Abs, sympy.Max, sympy.Min):
        raise InvalidInput(
            f"activation {activation.label}: it has a kink, and of those only powers of max(0, z) have a known kernel"
        )
    return _Series.of(activation, variance)


def relu_power(activation: Activation) -> int | None:
    """The p of max(0, s z)^p, None if the activation is something else."""
    return _relu_power(activation.expression, activation.scale)


@lru_cache(maxsize=64)
def _relu_power(expression: sympy.Expr, scale: sympy.Expr) -> int | None:
    for power in range(1, _HIGHEST_POWER + 1):
        if expression in (
            sympy.Piecewise(((scale * z) ** power, scale * z > 0), (0, True)),
            get_activation("relu").expression.xreplace({z: scale * z}) ** power,
            sympy.Max(0, scale * z) ** power,
        ) or (power == 2 and expression == get_activation("quadratic_relu", scale).expression):
            return power
    return None


def is_odd(activation: Activation) -> bool:
    """Whether sigma(-z) = -sigma(z), so that V has odd powers only; False where that is not seen."""
    mirrored = activation.expression.xreplace({z: -z})
    return bool(sympy.expand(mirrored + activation.expression) == 0)


@dataclass(frozen=True)
class _ReluPower:
    """V_p = v^p (A_p(rho) (pi - arccos rho) + B_p(rho) sqrt(1 - rho^2)) / (2 pi), and V_p' = p^2 v V_{p-1}."""

    power: int
    variance: arb

    def __call__(self, at: Correlation, derivative: int) -> arb:
        power = self.power - derivative
        factor = arb(factorial(self.power) // factorial(max(power, 0))) ** 2 * self.variance**self.power
        if power >= 0:
            return factor * _arc_cosine(power, at)
        # Only V_1'' is left: the derivative of (pi - arccos rho) / (2 pi).
        return factor / (2 * arb.pi() * at.sine)

    def drop(self, at: Correlation) -> arb:
        return self.variance**self.power * (_arc_cosine(self.power, _ONE) - _arc_cosine(self.power, at))


_ONE = Correlation(arb(1), arb(0), arb(2))


def _arc_cosine(power: int, at: Correlation) -> arb:
    """E[max(0, a)^p max(0, b)^p] for standard normal a, b of correlation rho (p = 0: both positive)."""
    # atan2 keeps the relative accuracy of pi - arccos(rho) near rho = -1 that 1 + rho has.
    supplement = arb.atan2(at.sine, -at.rho)
    angle_part, sine_part = _arc_cosine_polynomials(power)
    return (_polynomial(angle_part, at.rho) * supplement + _polynomial(sine_part, at.rho) * at.sine) / (2 * arb.pi())


@lru_cache(maxsize=32)
def _arc_cosine_polynomials(power: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(A_p, B_p), coefficients from the lowest, by V_p' = p^2 V_{p-1} and V_p(-1) = 0.

    Let s = sqrt(1 - u^2) and t = pi - arccos(u), so that t' = 1/s, s' = -u/s. Then (A t + B s)' = A' t + (A + B' (1 -
    u^2) - B u) / s has to be p^2 (A_{p-1} t + B_{p-1} s): A' = p^2 A_{p-1}, and the rest, over s, must be
    p^2 B_{p-1} (1 - u^2). A_p has the parity of p and is fixed up to its constant for even p; the constant, and B_p,
    solve that equation coefficient by coefficient.
    """
    if power == 0:
        return (1,), ()
    u = sympy.Symbol("u")
    before = [sum(c * u**k for k, c in enumerate(part)) for part in _arc_cosine_polynomials(power - 1)]
    constant = sympy.Symbol("constant")
    unknown = sympy.symbols(f"b:{power}")
    A = sympy.integrate(power**2 * before[0], u) + constant
    B = sum(b * u**k for k, b in enumerate(unknown))
    equation = A + sympy.diff(B, u) * (1 - u**2) - B * u - power**2 * before[1] * (1 - u**2)
    solution = sympy.solve(sympy.Poly(sympy.expand(equation), u).coeffs(), [constant, *unknown], dict=True)[0]
    return tuple(_integers(A.subs(solution), u)), tuple(_integers(sympy.sympify(B).subs(solution), u))


def _integers(polynomial: sympy.Expr, symbol: sympy.Symbol) -> list[int]:
    return [int(c) for c in reversed(sympy.Poly(polynomial, symbol).all_coeffs())]


def _polynomial(coefficients: tuple[int, ...], x: arb) -> arb:
    total = arb(0)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


@dataclass(frozen=True)
class _Formula:
    """A closed form of V, V', V'' as a function of rho, analytic beyond [-1, 1]."""

    formula: Callable[[arb, int], arb]

    def __call__(self, at: Correlation, derivative: int) -> arb:
        return self.formula(at.rho, derivative)

    def drop(self, at: Correlation) -> arb:
        """The difference, or Taylor's expansion about 1: near 1 an uncertain variance would spoil the former."""
        difference = self.formula(arb(1), 0) - self.formula(at.rho, 0)
        between = self.formula(at.rho.union(arb(1)), 2)
        expansion = at.gap * (self.formula(arb(1), 1) - at.gap * between / 2)
        return difference if difference.rad() <= expansion.rad() else expansion


def _linear(variance: arb) -> LayerDual:
    """V = v rho."""
    return _Formula(lambda rho, derivative: (variance * rho, variance, arb(0))[derivative])


def _erf(v: arb) -> LayerDual:
    """V = (2/pi) arcsin(r rho), r = 2 v / (1 + 2 v)."""
    r = 2 * v / (1 + 2 * v)

    def dual(rho: arb, derivative: int) -> arb:
        scaled = r * rho
        if derivative == 0:
            return 2 / arb.pi() * scaled.asin()
        root = (1 - scaled * scaled).rsqrt()
        return 2 / arb.pi() * (r * root if derivative == 1 else r**2 * scaled * root**3)

    return _Formula(dual)


def _sin(v: arb) -> LayerDual:
    """V = exp(-v) sinh(v rho)."""

    def dual(rho: arb, derivative: int) -> arb:
        return (-v).exp() * v**derivative * ((v * rho).sinh() if derivative != 1 else (v * rho).cosh())

    return _Formula(dual)


def _sin_cos(v: arb) -> LayerDual:
    """V = exp(v (rho - 1))."""
    return _Formula(lambda rho, derivative: v**derivative * (v * (rho - 1)).exp())


def _gelu(v: arb) -> LayerDual:
    """V = (v/(2 pi)) (pi rho/2 + rho arcsin(r rho) + sqrt(D) (v - 1)/(v (1 + v)) + 1/(v sqrt(D))).

    D = (1 + v)^2 - v^2 rho^2, r = v/(1 + v). V' = v E[sigma' sigma'] is that of `closed_forms.Gelu`; V is its integral
    with V(0) = (E[a Phi(a)])^2 = v^2/(2 pi (1 + v)).
    """
    r = v / (1 + v)

    def dual(rho: arb, derivative: int) -> arb:
        square = v * rho * (v * rho)  # a power of a ball around 0 would be NaN
        D = (1 + v) ** 2 - square
        root = D.sqrt()
        if derivative == 0:
            inner = arb.pi() / 2 * rho + rho * (r * rho).asin() + root * (v - 1) / (v * (1 + v)) + 1 / (v * root)
        elif derivative == 1:
            inner = arb.pi() / 2 + (r * rho).asin() + 2 * r * rho / root + v * rho / root**3
        else:
            inner = v / root + 2 * r * (1 + v) ** 2 / root**3 + v * (D + 3 * square) / root**5
        return v / (2 * arb.pi()) * inner

    return _Formula(dual)


_CLOSED: dict[str, Callable[[arb], LayerDual]] = {"erf": _erf, "sin": _sin, "sin_cos": _sin_cos, "gelu": _gelu}


@dataclass(frozen=True)
class _Series:
    """V = V(0) + sum_k h_k^2 rho^(k+1)/(k+1), h_k the Hermite coefficients of the derivative of sigma(sqrt(v) .).

    The series is computed at a rational number near sqrt(v). With a = r w, b = r w' and r = sqrt(v), |d V/d r| is at
    most 2 E|w sigma'(r w) sigma(r w')| <= 2 B_1 sqrt(V(1)), and |d V'/d r| at most 2 r B_1^2 + 2 r^2 beta B_1 E|w| (V''
    by V'' = r^4 E[sigma'' sigma''], with gamma); `slack` is the distance of the two roots times these.

    The drop is (1 - rho) sum_j (sum_{k > j} v_k) rho^j for V = sum_k v_k rho^k: what the series omits adds at most
    1 - rho times its part of V'(1). So the drop, and with it a square root that comes later, is relatively accurate.
    """

    derivatives: tuple[arb_poly, arb_poly, arb_poly]
    quotient: arb_poly
    tails: tuple[arb, arb, arb]

    @classmethod
    def of(cls, activation: Activation, variance: arb) -> _Series:
        root = variance.sqrt()
        rational = _near(root)
        distance = abs(root - arb(fmpq(rational.numerator, rational.denominator))).upper()
        scaled = activation.scaled(sympy.Rational(rational.numerator, rational.denominator))
        mean = arb(0) if is_odd(scaled) else gaussian_mean(scaled)
        series = hermite_series(scaled)
        value = arb_poly([mean * mean, *(square / (k + 1) for k, square in enumerate(series.squares))])
        slack = _moves(activation, root, mean * mean, series, distance)
        tails = [arb(tail) + move for tail, move in zip((series.tails[0], *series.tails[:2]), slack, strict=True)]
        slope = value.derivative()
        return cls((value, slope, slope.derivative()), _quotient(value), (tails[0], tails[1], tails[2]))

    def __call__(self, at: Correlation, derivative: int) -> arb:
        value: arb = self.derivatives[derivative](at.rho)
        return value + arb(0, self.tails[derivative].upper())

    def drop(self, at: Correlation) -> arb:
        quotient: arb = self.quotient(at.rho)
        return at.gap * (quotient + arb(0, self.tails[1].upper()))


def _quotient(value: arb_poly) -> arb_poly:
    """(V(1) - V(rho)) / (1 - rho)."""
    suffixes, total = [], arb(0)
    for k in range(value.degree(), 0, -1):
        total += value[k]
        suffixes.append(total)
    return arb_poly(suffixes[::-1])


def _near(root: arb) -> Fraction:
    """A rational number within 2^-128 of the root, relatively."""
    with ctx.workprec(128):
        middle = (+root).mid().fmpq()
    return Fraction(int(middle.p), int(middle.q))


def _moves(
    activation: Activation, root: arb, at_zero: arb, series: HermiteSeries, distance: arb
) -> tuple[arb, arb, arb]:
    bounds = [activation.derivative_bound, activation.derivative_lipschitz, activation.curvature_lipschitz]
    if any(bound is None for bound in bounds):
        raise InvalidInput(
            f"activation {activation.label}: its kernel has no closed form, and the series of a deep kernel needs "
            "bounds of sigma', sigma'' and sigma''' (derivative_bound, derivative_lipschitz, curvature_lipschitz)"
        )
    slope, curvature, bend = (enclose(bound) for bound in bounds)
    total = at_zero + sum(series.squares, arb(0)) + arb(series.tails[0]) + arb(2) ** -50
    r = root + distance
    return (
        distance * 2 * slope * total.sqrt(),
        distance * 2 * (r * slope**2 + r**2 * curvature * slope),
        distance * (4 * r**3 * curvature**2 + 2 * r**4 * bend * curvature),
    )
