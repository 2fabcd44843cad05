"""kappa and its derivatives in closed form (theory section 4), written so that nothing cancels.

A form knows kappa(u) = u * E[sigma'(a) sigma'(b)] for standard normal a, b with correlation u and its first
three derivatives, and the drops kappa(1) - kappa(u) and kappa'(1) - kappa'(u) for 0 <= u <= 1 as functions of
the gap 1 - u. The activation is sigma(s z); s is `scale`. `order` is the highest derivative of kappa that is
finite at u = 1. `turning_points` are the zeros of kappa''' in the open interval (-1, 1).
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any, Protocol

from .cosines import Cosine

__all__ = ["CLOSED_FORMS", "SMOOTH", "Erf", "Form", "Gelu", "QuadraticRelu", "Relu", "Sin", "SinCos"]

# The order of a kernel that has every derivative at u = 1.
SMOOTH = sys.maxsize


class Form(Protocol):
    """What a kernel needs to know of kappa; all arguments are `Cosine`s, all results arrays like them."""

    @property
    def order(self) -> int: ...
    @property
    def turning_points(self) -> tuple[float, ...] | None: ...
    def value(self, u: Cosine) -> Any: ...
    def first(self, u: Cosine) -> Any: ...
    def second(self, u: Cosine) -> Any: ...
    def third(self, u: Cosine) -> Any: ...
    def value_drop(self, u: Cosine) -> Any: ...
    def first_drop(self, u: Cosine) -> Any: ...


@dataclass(frozen=True)
class Relu:
    """kappa(u) = s^2 u (pi - theta) / (2 pi)."""

    scale: float
    order = 0
    turning_points = (0.0,)

    @property
    def _constant(self) -> float:
        return self.scale**2 / (2 * math.pi)

    def value(self, u: Cosine) -> Any:
        return self._constant * (u.value * u.supplement)

    def first(self, u: Cosine) -> Any:
        return self._constant * (u.supplement + u.value / u.sine)

    def second(self, u: Cosine) -> Any:
        return self._constant * (1 / u.sine + 1 / u.sine**3)

    def third(self, u: Cosine) -> Any:
        return self._constant * (u.value / u.sine**3 + 3 * u.value / u.sine**5)

    def value_drop(self, u: Cosine) -> Any:
        return self._constant * (math.pi * u.gap + u.value * u.angle)

    def first_drop(self, u: Cosine) -> Any:
        return u.xp.where(u.gap > 0, math.inf, 0 * u.gap)


@dataclass(frozen=True)
class QuadraticRelu:
    """kappa(u) = s^4 (2/pi) u (sin(theta) + (pi - theta) u); kappa'' increases on all of (-1, 1)."""

    scale: float
    order = 1
    turning_points = ()

    @property
    def _constant(self) -> float:
        return 2 * self.scale**4 / math.pi

    def value(self, u: Cosine) -> Any:
        near_antipodes = _sine_minus_angle_cosine(u.supplement, -u.value, u.sine, u.xp)
        bracket = u.xp.where(u.value < 0, near_antipodes, u.sine + u.supplement * u.value)
        return self._constant * (u.value * bracket)

    def first(self, u: Cosine) -> Any:
        return self._constant * (u.sine + 2 * (u.value * u.supplement))

    def second(self, u: Cosine) -> Any:
        return self._constant * (u.value / u.sine + 2 * u.supplement)

    def third(self, u: Cosine) -> Any:
        return self._constant * (1 / u.sine**3 + 2 / u.sine)

    def value_drop(self, u: Cosine) -> Any:
        twice = math.pi * (u.gap * (2 - u.gap))
        return self._constant * (twice - u.value * _sine_minus_angle_cosine(u.angle, u.value, u.sine, u.xp))

    def first_drop(self, u: Cosine) -> Any:
        return self._constant * (2 * math.pi * u.gap + (2 * (u.value * u.angle) - u.sine))


@dataclass(frozen=True)
class Erf:
    """kappa(u) = s^2 (4/pi) u / sqrt(D), D = A^2 - B^2 u^2, A = 1 + 2 s^2, B = 2 s^2."""

    scale: float
    order = SMOOTH
    turning_points = ()

    @property
    def _constant(self) -> float:
        return 4 * self.scale**2 / math.pi

    @property
    def _shape(self) -> _Shape:
        return _Shape(1 + 2 * self.scale**2, 2 * self.scale**2)

    def value(self, u: Cosine) -> Any:
        return self._constant * (u.value * self._shape.root(u))

    def first(self, u: Cosine) -> Any:
        shape = self._shape
        return self._constant * shape.A**2 * shape.root(u) ** 3

    def second(self, u: Cosine) -> Any:
        shape = self._shape
        return (3 * self._constant * (shape.A * shape.B) ** 2) * (u.value * shape.root(u) ** 5)

    def third(self, u: Cosine) -> Any:
        A, B = self._shape.A, self._shape.B
        return (3 * self._constant * (A * B) ** 2) * (A**2 + (2 * B * u.value) ** 2) * self._shape.root(u) ** 7

    def value_drop(self, u: Cosine) -> Any:
        return self._constant * self._shape.root_product_drop(u)

    def first_drop(self, u: Cosine) -> Any:
        return self._constant * self._shape.A**2 * self._shape.power_drop(u, 3)


@dataclass(frozen=True)
class Sin:
    """kappa(u) = w exp(-w) u cosh(w u), w = s^2."""

    scale: float
    order = SMOOTH
    turning_points = ()

    @property
    def _w(self) -> float:
        return self.scale**2

    @property
    def _constant(self) -> float:
        return self._w * math.exp(-self._w)

    def value(self, u: Cosine) -> Any:
        return self._constant * (u.value * u.xp.cosh(self._w * u.value))

    def first(self, u: Cosine) -> Any:
        z = self._w * u.value
        return self._constant * (u.xp.cosh(z) + z * u.xp.sinh(z))

    def second(self, u: Cosine) -> Any:
        z = self._w * u.value
        return (self._constant * self._w) * (2 * u.xp.sinh(z) + z * u.xp.cosh(z))

    def third(self, u: Cosine) -> Any:
        z = self._w * u.value
        return (self._constant * self._w**2) * (3 * u.xp.cosh(z) + z * u.xp.sinh(z))

    def value_drop(self, u: Cosine) -> Any:
        return self._constant * (math.cosh(self._w) * u.gap + u.value * self._cosh_drop(u))

    def first_drop(self, u: Cosine) -> Any:
        sinh_drop = 2 * u.xp.cosh(self._w * (2 - u.gap) / 2) * u.xp.sinh(self._w * u.gap / 2)
        times_z = self._w * (math.sinh(self._w) * u.gap + u.value * sinh_drop)
        return self._constant * (self._cosh_drop(u) + times_z)

    def _cosh_drop(self, u: Cosine) -> Any:
        """cosh(w) - cosh(w u)."""
        return 2 * u.xp.sinh(self._w * (2 - u.gap) / 2) * u.xp.sinh(self._w * u.gap / 2)


@dataclass(frozen=True)
class SinCos:
    """kappa(u) = w u exp(w (u - 1)), w = s^2; kappa''' = w^3 (3 + w u) exp(w (u - 1))."""

    scale: float
    order = SMOOTH

    @property
    def turning_points(self) -> tuple[float, ...]:
        return (-3 / self._w,) if self._w > 3 else ()

    @property
    def _w(self) -> float:
        return self.scale**2

    def value(self, u: Cosine) -> Any:
        return self._w * (u.value * self._exponential(u))

    def first(self, u: Cosine) -> Any:
        return self._w * (1 + self._w * u.value) * self._exponential(u)

    def second(self, u: Cosine) -> Any:
        return self._w**2 * (2 + self._w * u.value) * self._exponential(u)

    def third(self, u: Cosine) -> Any:
        return self._w**3 * (3 + self._w * u.value) * self._exponential(u)

    def value_drop(self, u: Cosine) -> Any:
        return self._w * (u.gap - u.value * u.xp.expm1(-self._w * u.gap))

    def first_drop(self, u: Cosine) -> Any:
        decay = u.xp.expm1(-self._w * u.gap)
        return self._w * (self._w * u.gap * (1 + decay) - (1 + self._w) * decay)

    def _exponential(self, u: Cosine) -> Any:
        return u.xp.exp(-self._w * u.gap)


@dataclass(frozen=True)
class Gelu:
    """sigma(z) = z Phi(z): kappa(u) = u g(u) with, for A = 1 + s^2, B = s^2, rho = B/A and D = A^2 - B^2 u^2,

    g(u) = s^2/(2 pi) (arccos(-rho u) + 2 rho u / sqrt(D) + s^2 u / D^(3/2)).

    Proof. sigma_s'(z) = s (Phi(s z) + s z phi(s z)). Orthant probability: E[Phi(sa) Phi(sb)] = arccos(-rho
    u)/(2 pi). Multiplying by phi(sb) makes b a N(0, 1/A) variable up to the factor 1/sqrt(2 pi A), and given
    b, E[Phi(sa)] = Phi(tb) with t = s u/sqrt(1 + s^2 (1 - u^2)); so E[Phi(sa) sb phi(sb)] = rho u/(2 pi
    sqrt(D)), which occurs twice. Multiplying by phi(sa) phi(sb) gives mass 1/(2 pi sqrt(D)) and covariance
    u/D: the last term. sigma' - 1/2 is odd, so kappa'' has even powers only, with nonnegative coefficients:
    one turning point, 0.
    """

    scale: float
    order = SMOOTH
    turning_points = (0.0,)

    @property
    def _constant(self) -> float:
        return self.scale**2 / (2 * math.pi)

    @property
    def _shape(self) -> _Shape:
        return _Shape(1 + self.scale**2, self.scale**2)

    def value(self, u: Cosine) -> Any:
        return u.value * self._g(u)

    def first(self, u: Cosine) -> Any:
        return self._g(u) + u.value * self._g_first(u)

    def second(self, u: Cosine) -> Any:
        return 2 * self._g_first(u) + u.value**2 * self._g_second_over_u(u)

    def third(self, u: Cosine) -> Any:
        A, B, root = self._shape.A, self._shape.B, self._shape.root(u)
        tail = 3 * root**5 + 30 * B * root**7 + 105 * A**2 * root**9
        g_second = self._g_second_over_u(u)
        return u.value * (4 * g_second + (self._constant * B**5) * u.value**2 * tail)

    def value_drop(self, u: Cosine) -> Any:
        at_one = Cosine.of(u.xp.ones_like(u.value), xp=u.xp)
        return u.gap * self._g(at_one) + u.value * self._g_drop(u)

    def first_drop(self, u: Cosine) -> Any:
        at_one = Cosine.of(u.xp.ones_like(u.value), xp=u.xp)
        A, B, shape = self._shape.A, self._shape.B, self._shape
        powers = shape.power_drop(u, 1) + 2 * B * shape.power_drop(u, 3) + 3 * A**2 * shape.power_drop(u, 5)
        g_first_drop = (self._constant * B) * powers
        return self._g_drop(u) + u.gap * self._g_first(at_one) + u.value * g_first_drop

    def _g(self, u: Cosine) -> Any:
        A, B, root = self._shape.A, self._shape.B, self._shape.root(u)
        rho = B / A
        angle = 2 * u.xp.arctan2(u.xp.sqrt(1 + rho * u.value), u.xp.sqrt(1 - rho * u.value))
        return self._constant * (angle + u.value * (2 * rho * root + B * root**3))

    def _g_first(self, u: Cosine) -> Any:
        A, B, root = self._shape.A, self._shape.B, self._shape.root(u)
        return (self._constant * B) * (root + 2 * B * root**3 + 3 * A**2 * root**5)

    def _g_second_over_u(self, u: Cosine) -> Any:
        A, B, root = self._shape.A, self._shape.B, self._shape.root(u)
        return (self._constant * B**3) * (root**3 + 6 * B * root**5 + 15 * A**2 * root**7)

    def _g_drop(self, u: Cosine) -> Any:
        """g(1) - g(u); the difference of arcsines through the sine of that difference."""
        A, B, shape = self._shape.A, self._shape.B, self._shape
        rho, far, near = B / A, 1 / (A * shape.root_at_one), 1 / (A * shape.root(u))
        sine = rho * (u.gap * (2 - u.gap)) / (near + u.value * far)
        cosine = near * far + rho**2 * u.value
        angle = u.xp.arctan2(sine, cosine)
        cubes = shape.root_at_one**3 * u.gap + u.value * shape.power_drop(u, 3)
        return self._constant * (angle + 2 * rho * shape.root_product_drop(u) + B * cubes)


@dataclass(frozen=True)
class _Shape:
    """D = A^2 - B^2 u^2 with A = 1 + B, which erf and GELU share."""

    A: float
    B: float

    def root(self, u: Cosine) -> Any:
        """D^(-1/2), from the factors of D, of which none cancels."""
        return 1 / u.xp.sqrt((1 + self.B * u.gap) * (1 + self.B * (2 - u.gap)))

    @property
    def root_at_one(self) -> float:
        return 1 / math.sqrt(1 + 2 * self.B)

    def root_product_drop(self, u: Cosine) -> Any:
        """D(1)^(-1/2) - u D(u)^(-1/2) for u >= 0."""
        root, root_at_one = self.root(u), self.root_at_one
        excess = self.A**2 * (u.gap * (2 - u.gap))
        return excess * (root * root_at_one) / (1 / root + u.value / root_at_one)

    def power_drop(self, u: Cosine, n: int) -> Any:
        """D(1)^(-n/2) - D(u)^(-n/2)."""
        root, root_at_one = self.root(u), self.root_at_one
        difference = self.B**2 * (u.gap * (2 - u.gap)) * (root * root_at_one) / (1 / root + 1 / root_at_one)
        return difference * sum(root**i * root_at_one ** (n - 1 - i) for i in range(n))


# x^3 times these coefficients in x^2, from sin(x) - x cos(x) = sum_k (-1)^(k+1) 2k x^(2k+1) / (2k+1)!.
_SINE_SERIES = [(-1) ** (k + 1) * 2 * k / math.factorial(2 * k + 1) for k in range(1, 11)]


def _sine_minus_angle_cosine(angle: Any, cosine: Any, sine: Any, xp: Any) -> Any:
    """sin(x) - x cos(x) for 0 <= x <= pi/2 to full relative accuracy: by its series where terms cancel."""
    small = xp.minimum(angle, 1)
    square = small * small
    series = 0 * small
    for coefficient in reversed(_SINE_SERIES):
        series = series * square + coefficient
    return xp.where(angle < 1, small * square * series, sine - angle * cosine)


CLOSED_FORMS: dict[str, type[Any]] = {
    "relu": Relu,
    "quadratic_relu": QuadraticRelu,
    "erf": Erf,
    "sin": Sin,
    "sin_cos": SinCos,
    "gelu": Gelu,
}
