"""Proof that a profile is as close to the kernel as it is said to be, rounding included.

*Truncation.* Theta is a power series in u with nonnegative coefficients (`deep_enclosure`), so on the complex disc
|u| <= 1 it is at most Theta(1) =: M in modulus. In the half chord c, u = +-(1 - 2 c^2), and |u| <= 1 means |c|^2 <=
cos(2 arg c): half a lemniscate. For h <= 0.3536 it contains the ellipse with foci h and 2h and semi-axes 53h/56 and
45h/56, which add up to 7/2 times h/2 (a test proves it). So there the difference D of profile and kernel is analytic,
and at most M plus what the polynomial is there, =: A. The interpolant of D at N of Chebyshev's nodes is then within 4
A (7/2)^(1 - N) / (5/2) of D on [h, 2h] (Trefethen, Approximation theory and approximation practice, 2013, theorem
8.2), and is at most the sum of the moduli of its Chebyshev coefficients, which are computed in balls. The nodes are
off by 2^-128 h/2, and |D'| <= A / (0.44 h) there by Cauchy's estimate. On [0, h], with h so small that M - Theta(1 -
2 h^2) is negligible, the kernel hardly changes: it increases on [0, 1], and |Theta(-1) - Theta(-u)| <= Theta(1) -
Theta(u), since that holds for each power of u.

*Rounding*, with unit roundoff r: t is computed with an error of at most 8 r (chord) or r (cosine), which moves P by
at most sup|P'| times that; in Horner's rule the k-th coefficient passes through at most 2k + 1 roundings; in
Clenshaw's rule each step rounds three sums of size B_k = sum_{j >= k} (j - k + 1)|c_j|, and its error reaches the
result at most k + 1 fold; the powers of c and u round a few times more. Second-order terms are covered by a factor
1.01.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, log
from typing import Any

import numpy as np
from flint import arb, arb_series, ctx, fmpq

from ..architecture import Architecture
from .chebyshev import Polynomial, chebyshev_coefficients, nodes
from .deep_enclosure import ntk_enclosure
from .profile import Profile, Side, profile_of

__all__ = ["ProfileBound", "profile_bound", "truncation_bound"]

_BITS = 224
_WIDEST = Fraction(3536, 10000)
# The semi-axes of the ellipse add up to this times half the distance of its foci.
_GROWTH = 3.5
_NEGLIGIBLE = 2.0**-60
_SMALL, _SMALLEST = Fraction(1, 1 << 40), Fraction(1, 1 << 64)
# What the interpolants may contribute, relative to Theta(1).
_INTERPOLATION = 1e-22
_BOXES = 256


@dataclass(frozen=True)
class ProfileBound:
    """Bounds of the error of a profile, relative to Theta(1), for every u of its type in [-1, 1].

    `truncation` is that of the polynomials with the coefficients that they have; `rounding` is what their evaluation
    adds.
    """

    truncation: float
    rounding: float

    @property
    def total(self) -> float:
        return (self.truncation + self.rounding) * (1 + 1e-12)


@lru_cache(maxsize=64)
def profile_bound(architecture: Architecture, dtype: np.dtype[Any]) -> ProfileBound:
    """A proof for the kernel of this architecture in float32 or float64; takes about a second."""
    profile = profile_of(architecture, dtype=dtype)
    return ProfileBound(truncation_bound(architecture, profile), _rounding(architecture, profile))


def truncation_bound(architecture: Architecture, profile: Profile) -> float:
    """A bound of |u^i c^j P(t) - Theta(u)| / Theta(1) for all u in [-1, 1], in exact arithmetic."""
    one = ntk_enclosure(architecture, 1)
    smallest, flatness = _smallest_interval(architecture, one)
    worst = arb(0)
    for sign in (1, -1) if profile.minus is not None else (1,):
        difference = _Difference(architecture, profile, sign)
        with ctx.workprec(_BITS):
            worst = worst.max(difference.at_end(smallest, flatness))
            h = _WIDEST
            while h > smallest / 2:
                worst = worst.max(difference.on(h, one))
                h /= 2
    with ctx.workprec(_BITS):
        return _float_above(worst / one)


def _smallest_interval(architecture: Architecture, one: arb) -> tuple[Fraction, arb]:
    """h = 0.3536 / 2^k and Theta(1) - Theta(1 - 2 h^2), once that is negligible."""
    h = _WIDEST
    while True:
        with ctx.workprec(_BITS):
            change = one - ntk_enclosure(architecture, 1 - 2 * h * h)
        if h < _SMALLEST or (h < _SMALL and change.upper() <= _NEGLIGIBLE * one.mid()):
            return h, arb(change.upper())
        h /= 2


@dataclass(frozen=True)
class _Difference:
    """D(c) = u^i c^j P(t) - Theta(u), u = sign (1 - 2 c^2)."""

    architecture: Architecture
    profile: Profile
    sign: int

    @property
    def side(self) -> Side:
        return self.profile.sides[0 if self.sign > 0 else 1]

    def on(self, h: Fraction, one: arb) -> arb:
        """A bound of |D| on [h, 2h]."""
        largest = one + self._polynomial_on_ellipse(h)
        size = ceil(log(float((largest / one).upper()) / _INTERPOLATION, _GROWTH)) + 2
        slack = (largest * (4 * arb(_GROWTH) ** (1 - size) / (_GROWTH - 1) + arb(2) ** -127)).upper()
        values = [self._at((3 + Fraction(int(t.p), int(t.q))) * h / 2) for t in nodes(size)]
        total: arb = sum((abs(each) for each in chebyshev_coefficients(values)), arb(slack))
        return total

    def at_end(self, h: Fraction, flatness: arb) -> arb:
        """A bound of |D| on [0, h], where Theta is within `flatness` of its value at c = 0."""
        end = arb(fmpq(h.numerator, h.denominator))
        slope = self._polynomial(arb_series([arb(0).union(end), 1], prec=2))[1]
        limit = ntk_enclosure(self.architecture, self.sign)
        distance: arb = abs(self._polynomial(arb(0)) - limit) + end * abs(slope) + flatness
        return distance

    def _at(self, c: Fraction) -> arb:
        u = self.sign * (1 - 2 * c * c)
        if not -1 <= u <= 1:
            raise ArithmeticError(f"u = {u} is outside [-1, 1]")
        polynomial: arb = self._polynomial(arb(fmpq(c.numerator, c.denominator)))
        return polynomial - ntk_enclosure(self.architecture, u)

    def _polynomial(self, c: Any) -> Any:
        """u^i c^j P(t), for a ball or the beginning of a power series."""
        t = 1 - 4 * c * c if self.profile.variable == "cosine" else 2 * arb(2).sqrt() * c - 1
        u = self.sign * (1 - 2 * c * c)
        value = c**self.side.power * _in_balls(self.side.polynomial, t)
        return u * value if self.profile.zero else value

    def _polynomial_on_ellipse(self, h: Fraction) -> arb:
        """A bound of |u^i c^j P(t)|: the centre is 3h/2 and the longer semi-axis 53h/56."""
        centre, axis = (arb(fmpq(each.numerator, each.denominator)) for each in (3 * h / 2, 53 * h / 56))
        root = 2 * arb(2).sqrt()
        t = arb(3) if self.profile.variable == "cosine" else abs(root * centre - 1) + root * axis
        step = t + (t * t + 1).sqrt() if self.side.polynomial.chebyshev else t
        moduli = [abs(arb(c)) * step**k for k, c in enumerate(self.side.polynomial.coefficients)]
        return (centre + axis) ** self.side.power * sum(moduli, arb(0))


def _in_balls(polynomial: Polynomial, t: Any) -> Any:
    total, before = 0 * t, 0 * t
    for coefficient in reversed(polynomial.coefficients[1:]):
        total, before = (2 * t * total - before if polynomial.chebyshev else t * total) + arb(coefficient), total
    return t * total - (before if polynomial.chebyshev else 0) + arb(polynomial.coefficients[0])


def _rounding(architecture: Architecture, profile: Profile) -> float:
    """Relative to Theta(1)."""
    r = float(np.finfo(profile.dtype).eps) / 2
    displaced = (8 if profile.variable == "chord" else 1) * r
    one = float(ntk_enclosure(architecture, 1).lower())
    worst = 0.0
    for side in profile.sides:
        coefficients = [abs(c) for c in side.polynomial.coefficients]
        evaluated = r * (_clenshaw(coefficients) if side.polynomial.chebyshev else _horner(coefficients))
        slope = max(_slopes(side.polynomial))
        factors = (2.5 * side.power + profile.zero + 1) * r * one
        worst = max(worst, evaluated + displaced * slope + factors)
    return 1.01 * worst / one


def _horner(magnitudes: list[float]) -> float:
    return sum((2 * k + 1) * c for k, c in enumerate(magnitudes))


def _clenshaw(magnitudes: list[float]) -> float:
    size = len(magnitudes)
    bounds = [sum((j - k + 1) * magnitudes[j] for j in range(k, size)) for k in range(size)] + [0.0, 0.0]
    return sum((k + 1) * 3 * (2 * bounds[k + 1] + bounds[k + 2] + magnitudes[k]) for k in range(size))


def _slopes(polynomial: Polynomial) -> Iterator[float]:
    """Bounds of |P'| on pieces of [-1, 1]."""
    with ctx.workprec(64):
        for j in range(-_BOXES, _BOXES):
            t = arb(fmpq(j, _BOXES)).union(arb(fmpq(j + 1, _BOXES)))
            total = arb(0)
            for k in range(len(polynomial.coefficients) - 1, 0, -1):
                coefficient = arb(polynomial.coefficients[k]) * k
                if polynomial.chebyshev:
                    total += coefficient * t.chebyshev_u(k - 1)
                else:
                    total = total * t + coefficient
            yield float(abs(total).upper())


def _float_above(ball: arb) -> float:
    return float(np.nextafter(float(ball.upper()), np.inf))
