"""What an activation does to a pair of preactivations: E[sigma(a) sigma(b)] and E[sigma'(a) sigma'(b)].

Closed forms with two variances and a covariance: linear, erf (Williams, Computing with infinite networks, 1998, eq.
11), GELU, sin and sin + cos; powers of the ReLU are in `rectified_power`, all else in `hermite_map`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import sympy

from ...bounds import Activation, get_activation
from ...bounds.activation import z
from ...bounds.exact import nearest_float
from .preactivation_pair import PreactivationPair
from .rectified_power import RectifiedPower

__all__ = ["CovarianceMap", "Linear", "SmoothForm", "covariance_map", "is_odd", "rectified_power"]


class CovarianceMap(Protocol):
    """One activation; results are arrays of the shape, type and namespace of the pair.

    `square` is E[sigma(a)^2], `covariance` E[sigma(a) sigma(b)], `slope` E[sigma'(a) sigma'(b)], and `gaps` are 1 - and
    1 + the uncentred correlation of sigma(a) and sigma(b).
    `smooth` is false where the slope feels the angle itself near equal preactivations, so that the pair must know its
    gap. `tangent` is the derivative of the method `which` along changes of v, w and c, for jax.
    """

    @property
    def smooth(self) -> bool: ...
    @property
    def odd(self) -> bool: ...
    def square(self, variance: Any, features: Any = None, *, xp: Any = ...) -> Any: ...
    def covariance(self, pair: PreactivationPair) -> Any: ...
    def slope(self, pair: PreactivationPair) -> Any: ...
    def gaps(self, pair: PreactivationPair) -> tuple[Any, Any]: ...
    def tangent(self, which: str, pair: PreactivationPair, dv: Any, dw: Any, dc: Any) -> Any: ...


@lru_cache(maxsize=128)
def covariance_map(activation: Activation) -> CovarianceMap:
    """The map of an activation: a closed form where there is one, else Hermite series."""
    power = rectified_power(activation)
    if power is not None:
        return power
    if activation.expression == z:
        return Linear()
    for name, form in _CLOSED.items():
        if activation.expression == get_activation(name, activation.scale).expression:
            closed: CovarianceMap = form(activation, nearest_float(activation.scale))
            return closed
    from .hermite_map import HermiteMap

    return HermiteMap(activation)


def rectified_power(activation: Activation) -> RectifiedPower | None:
    """The activation as c max(0, z)^p with c > 0 and an integer p >= 1, None if it is something else."""
    expression = activation.expression
    if not isinstance(expression, sympy.Piecewise) or len(expression.args) != 2:
        return None
    (positive, condition), (zero, otherwise) = expression.args
    if zero != 0 or otherwise != sympy.true or condition not in (z > 0, z >= 0):
        return None
    factor, rest = positive.as_independent(z)
    base, power = rest.as_base_exp()
    if base != z or not power.is_Integer or power < 1 or not factor.is_positive:
        return None
    return RectifiedPower(int(power), nearest_float(factor ** sympy.Rational(1, int(power))))


def is_odd(activation: Activation) -> bool:
    """Whether sigma(-z) = -sigma(z), False where that is not seen."""
    mirrored = activation.expression.xreplace({z: -z})
    return bool(sympy.expand(mirrored + activation.expression) == 0)


@dataclass(frozen=True)
class Linear:
    """sigma(z) = z."""

    smooth = True
    odd = True

    def square(self, variance: Any, features: Any = None, *, xp: Any = np) -> Any:
        return variance

    def covariance(self, pair: PreactivationPair) -> Any:
        return pair.covariance

    def slope(self, pair: PreactivationPair) -> Any:
        return pair.xp.ones_like(pair.covariance)

    def gaps(self, pair: PreactivationPair) -> tuple[Any, Any]:
        return pair.gap, pair.supplement

    def tangent(self, which: str, pair: PreactivationPair, dv: Any, dw: Any, dc: Any) -> Any:
        return dc if which == "covariance" else 0 * dc


@dataclass(frozen=True)
class SmoothForm:
    """sigma(scale z) for a sigma with closed forms `_value` and `_slope`."""

    activation: Activation
    scale: float
    smooth = True

    @property
    def odd(self) -> bool:
        return is_odd(self.activation)

    def square(self, variance: Any, features: Any = None, *, xp: Any = np) -> Any:
        return self.covariance(PreactivationPair.equal(variance, features, xp=xp))

    def covariance(self, pair: PreactivationPair) -> Any:
        return self._value(pair.scaled(self.scale**2))

    def slope(self, pair: PreactivationPair) -> Any:
        return self.scale**2 * self._slope(pair.scaled(self.scale**2))

    def gaps(self, pair: PreactivationPair) -> tuple[Any, Any]:
        from .output_gaps import smooth_gaps

        return smooth_gaps(self, self.activation, pair)

    def tangent(self, which: str, pair: PreactivationPair, dv: Any, dw: Any, dc: Any) -> Any:
        """By differentiating the formula in v, w and c alone, where nothing is singular."""
        import jax

        def formula(v: Any, w: Any, c: Any) -> Any:
            return getattr(self, which)(PreactivationPair(pair.xp, v, w, c))

        point = (pair.variance, pair.other_variance, pair.covariance)
        return jax.jvp(formula, point, (dv, dw, dc))[1]

    def _value(self, pair: PreactivationPair) -> Any:
        raise NotImplementedError

    def _slope(self, pair: PreactivationPair) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Erf(SmoothForm):
    """2/pi arcsin(2c / sqrt(A B)), A = 1 + 2v, B = 1 + 2w; A B - 4c^2 = 1 + 2v + 2w + 4(vw - c^2) does not cancel."""

    def _value(self, pair: PreactivationPair) -> Any:
        xp, doubled = pair.xp, 2 * pair.covariance
        return (2 / math.pi) * xp.arctan2(doubled, xp.sqrt(self._under_root(pair)))

    def _slope(self, pair: PreactivationPair) -> Any:
        return (4 / math.pi) / pair.xp.sqrt(self._under_root(pair))

    def _under_root(self, pair: PreactivationPair) -> Any:
        return 1 + 2 * pair.variance + 2 * pair.other_variance + 4 * pair.determinant


@dataclass(frozen=True)
class Gelu(SmoothForm):
    """z Phi(z). With A = 1 + v, B = 1 + w, D = A B - c^2, P = E[Phi(a) Phi(b)] = 1/4 + arcsin(c/sqrt(A B))/(2 pi) and
    R = E[phi(a) phi(b)] = 1/(2 pi sqrt(D)),

    E[sigma sigma] = c P + R (v w - c^2 + c^2 (1/A + 1/B)),   E[sigma' sigma'] = P + R c (1/A + 1/B + 1/D).

    Proof. Partial integration, E[a F] = v E[F_a] + c E[F_b], gives E[a phi(a) Phi(b)] = c R/A, then E[b phi(a) Phi(b)]
    = w R - c^2 R/A, and with these E[a b Phi(a) Phi(b)] = v E[b phi(a) Phi(b)] + c P + c E[b Phi(a) phi(b)]. Under the
    weight phi(a) phi(b) the covariance is c/D, the last term of the slope.
    """

    def _value(self, pair: PreactivationPair) -> Any:
        P, R, inverses, _ = self._parts(pair)
        return pair.covariance * P + R * (pair.determinant + pair.covariance**2 * inverses)

    def _slope(self, pair: PreactivationPair) -> Any:
        P, R, inverses, D = self._parts(pair)
        return P + R * (pair.covariance * (inverses + 1 / D))

    def _parts(self, pair: PreactivationPair) -> tuple[Any, Any, Any, Any]:
        xp, v, w, c = pair.xp, pair.variance, pair.other_variance, pair.covariance
        D = 1 + v + w + pair.determinant
        root = xp.sqrt(D)
        # pi/2 + arcsin(c/sqrt(A B)) is the angle at which c has the sine, from -pi/2 on.
        P = xp.arctan2(root, -c) / (2 * math.pi)
        return P, 1 / (2 * math.pi * root), 1 / (1 + v) + 1 / (1 + w), D


@dataclass(frozen=True)
class Sin(SmoothForm):
    """exp(-(v + w)/2) sinh(c) and cosh(c), written with the variances of a - b and a + b where those would overflow."""

    def _value(self, pair: PreactivationPair) -> Any:
        xp, c = pair.xp, pair.covariance
        decay = xp.exp(-(pair.variance + pair.other_variance) / 2)
        small = decay * xp.sinh(xp.clip(c, -1, 1))
        return xp.where(xp.abs(c) < 1, small, (xp.exp(-pair.apart / 2) - xp.exp(-pair.together / 2)) / 2)

    def _slope(self, pair: PreactivationPair) -> Any:
        return (pair.xp.exp(-pair.apart / 2) + pair.xp.exp(-pair.together / 2)) / 2


@dataclass(frozen=True)
class SinCos(SmoothForm):
    """E[sigma sigma] = E[cos(a - b)] + E[sin(a + b)], E[sigma' sigma'] = E[cos(a - b)] - E[sin(a + b)]; E[sin] = 0."""

    def _value(self, pair: PreactivationPair) -> Any:
        return pair.xp.exp(-pair.apart / 2)

    def _slope(self, pair: PreactivationPair) -> Any:
        return pair.xp.exp(-pair.apart / 2)


_CLOSED: dict[str, type[Any]] = {"erf": Erf, "gelu": Gelu, "sin": Sin, "sin_cos": SinCos}
