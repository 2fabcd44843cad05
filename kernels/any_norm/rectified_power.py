"""Powers of the ReLU: arc-cosine kernels of every order, accurate near equal and near opposite preactivations.

For max(0, z)^n and a pair with angle theta, E[max(0, a)^n max(0, b)^n] = (v w)^(n/2) J_n(theta) / (2 pi) (Cho and Saul,
Kernel methods for deep learning, 2009, eq. 3). With u = cos(theta) and f = pi - theta,

    J_0 = f,   J_1 = sin(theta) + f u,   J_{n+1} = (2n + 1) u J_n + n^2 (1 - u^2) J_{n-1},   dJ_n/du = n^2 J_{n-1}.

Proof of the recursion by induction on n: at u = -1 both sides vanish, and the derivative by u of the right-hand side is
(2n + 1) J_n + (2n + 1) n^2 u J_{n-1} - 2 n^2 u J_{n-1} + n^2 (1 - u^2) (n - 1)^2 J_{n-2}, in which the last term is
n^2 (J_n - (2n - 1) u J_{n-1}): together (n + 1)^2 J_n. (For n = 1 it is (1 - u^2) dJ_0/du = sin(theta) = J_1 - u J_0.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from .preactivation_pair import PreactivationPair

__all__ = ["RectifiedPower"]

# Below this the series in f has full relative accuracy with few terms, above it the recursion has.
_SERIES_UNTIL, _LONGER_SERIES_UNTIL = 1.0, 1.5
_NEGLIGIBLE = Fraction(1, 1 << 58)
_PARALLEL = 64


@dataclass(frozen=True)
class RectifiedPower:
    """sigma(z) = max(0, scale z)^power, power >= 1; all methods take pairs that know their gap."""

    power: int
    scale: float
    smooth = False
    odd = False

    @property
    def _factor(self) -> float:
        return self.scale ** (2 * self.power) / (2 * math.pi)

    def square(self, variance: Any, features: Any = None, *, xp: Any = np) -> Any:
        """E[sigma(a)^2]: in NumPy exactly what `covariance` is for a pair of equal preactivations."""
        at_zero = math.pi
        for n in range(1, self.power):
            at_zero *= 2 * n + 1
        return self._factor * (variance**self.power * at_zero)

    def covariance(self, pair: PreactivationPair) -> Any:
        """E[sigma(a) sigma(b)]."""
        return self._factor * (pair.root**self.power * _angular(self.power, pair))

    def slope(self, pair: PreactivationPair) -> Any:
        """E[sigma'(a) sigma'(b)]."""
        lower = self.power - 1
        return (self._factor * self.power**2) * (pair.root**lower * _angular(lower, pair))

    def gaps(self, pair: PreactivationPair) -> tuple[Any, Any]:
        """1 - and 1 + the correlation of sigma(a), sigma(b) (uncentred), which depends on the angle alone.

        J_n(0) - J_n obeys the recursion of J_n up to terms in the gap; J_n(0) = pi (2n - 1)!!.
        """
        xp, at_zero = pair.xp, math.pi
        drop = math.pi * pair.gap - _antipodal(1, pair.angle, xp)
        before, current = pair.opposite_angle, _angular(1, pair)
        for n in range(1, self.power):
            drop = (2 * n + 1) * (pair.gap * at_zero + pair.correlation * drop) - n**2 * (pair.sine**2 * before)
            at_zero *= 2 * n + 1
            before, current = current, _next(n, pair, before, current)
        gap = xp.clip(drop / at_zero, 0, 1)
        return gap, 2 - gap

    def tangent(self, which: str, pair: PreactivationPair, dv: Any, dw: Any, dc: Any) -> Any:
        """The derivative of `covariance` or `slope` along (dv, dw, dc).

        At parallel preactivations the slope of the ReLU has a kink in the angle; the derivative there is the mean of
        those in opposite directions. By homogeneity 2 v d/dv + c d/dc = n.
        """
        order = self.power - (which == "slope")
        factor = self._factor * (self.power**2 if which == "slope" else 1)
        xp = pair.xp
        relative = _over(dv, pair.variance, xp) + _over(dw, pair.other_variance, xp)
        if order == 0:
            # dJ_0/du = 1/sin(theta); along the ray u stands still. A sine of a few roundings has no direction.
            turned = _over(dc, pair.root, xp) - pair.correlation * relative / 2
            sine = xp.where(pair.sine < _PARALLEL * np.finfo(pair.sine.dtype).eps, 0, pair.sine)
            return factor * _over(turned, sine, xp)
        radial = order * (order - 1) * pair.correlation * _angular(order - 1, pair)
        if order > 1:
            radial = radial + order * (order - 1) ** 2 * (pair.sine**2 * _angular(order - 2, pair))
        else:
            radial = radial + pair.sine
        by_c = order**2 * pair.root ** (order - 1) * _angular(order - 1, pair)
        return factor * (by_c * dc + pair.root**order * radial * relative / 2)


def _over(numerator: Any, denominator: Any, xp: Any) -> Any:
    """The quotient, 0 where the denominator is 0."""
    vanishes = denominator == 0
    return xp.where(vanishes, 0, numerator / (denominator + vanishes))


def _angular(order: int, pair: PreactivationPair) -> Any:
    """J_n of the angle of the pair, to full relative accuracy."""
    before, current = pair.opposite_angle, None
    if order == 0:
        return before
    current = pair.sine + before * pair.correlation
    for n in range(1, order):
        before, current = current, _next(n, pair, before, current)
    return _with_antipodal(order, pair.opposite_angle, current, pair.xp)


def _next(n: int, pair: PreactivationPair, before: Any, current: Any) -> Any:
    return (2 * n + 1) * pair.correlation * current + n**2 * (pair.sine**2 * before)


def _with_antipodal(order: int, f: Any, plain: Any, xp: Any) -> Any:
    """`plain` where f = pi - theta is large enough, else the series, which NumPy evaluates only there."""
    here = f < _until(order)
    if xp is not np:
        return xp.where(here, _antipodal_series(order, f, xp), plain)
    if not here.any():
        return plain
    plain = np.array(plain)
    plain[here] = _antipodal_series(order, f[here], np)
    return plain


def _antipodal(order: int, f: Any, xp: Any) -> Any:
    """J_n as a function of f = pi - theta itself; order 1: sin(f) - f cos(f)."""
    return _with_antipodal(order, f, xp.sin(f) - f * xp.cos(f), xp)


def _until(order: int) -> float:
    return _SERIES_UNTIL if order <= 2 else _LONGER_SERIES_UNTIL


def _antipodal_series(order: int, f: Any, xp: Any) -> Any:
    small = xp.minimum(f, _until(order))
    square = small * small
    total = 0 * small
    for coefficient in reversed(_series(order)):
        total = total * square + coefficient
    return small ** (2 * order + 1) * total


@lru_cache(maxsize=32)
def _series(order: int) -> tuple[float, ...]:
    """J_n / f^(2n+1) as a power series in f^2, as long as needed, from the recursion in exact arithmetic."""
    length = 16 + 4 * order
    size = order + length
    cosine = [Fraction((-1) ** (k + 1), math.factorial(2 * k)) for k in range(size + 1)]
    sine = [Fraction((-1) ** k, math.factorial(2 * k + 1)) for k in range(size + 1)]
    # Odd series as coefficients of f^(2k+1); 1 - cos^2 as those of f^(2k).
    squared = [-c for c in _product(cosine, cosine)]
    squared[0] += 1
    before = [Fraction(int(k == 0)) for k in range(size + 1)]
    current = [s + c for s, c in zip(sine, cosine, strict=True)]
    if order == 0:
        current = before
    for n in range(1, order):
        first, second = _product(cosine, current), _product(squared, before)
        before, current = current, [(2 * n + 1) * a + n**2 * b for a, b in zip(first, second, strict=True)]
    kept, square = current[order:], Fraction(_until(order)) ** 2
    while abs(kept[-1]) * square ** (len(kept) - 1) < _NEGLIGIBLE * kept[0]:
        kept.pop()
    return tuple(float(c) for c in kept)


def _product(a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
    return [sum((a[i] * b[k - i] for i in range(k + 1)), Fraction(0)) for k in range(len(a))]
