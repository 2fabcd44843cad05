"""A kernel on the sphere as two short polynomials, as fast at depth 5 as at depth 1, with an error that can be proved.

A kernel of unit vectors is a function of u = <x, z> alone (`deep_enclosure`). Let c = sqrt((1 - |u|)/2), half the
chord between x and z or -z. Where ReLU powers occur, the kernel is analytic in c up to c = 0, on either side, u >= 0
and u < 0; where all activations are smooth, |u| may serve as well. So

    Theta(u) = u^i c^j P(t),  t in [-1, 1] affine in c (or |u|),

with one polynomial P and one j for each side, fitted to enclosures at Chebyshev's nodes. u^i and c^j are the zeros that
the kernel has at u = 0 and u = -1, so relative accuracy survives there; near u = 1 it does if c comes from the vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import sqrt
from typing import Any, Literal

import numpy as np
from flint import arb, ctx, fmpq

from ...bounds import InvalidInput
from ..architecture import Architecture
from .chebyshev import Polynomial, fitted
from .deep_enclosure import ntk_enclosure
from .kernel_structure import Structure, structure_of

__all__ = ["Profile", "Side", "Variable", "profile_of"]

Variable = Literal["chord", "cosine"]
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
# t = 2 c / sqrt(1/2) - 1.
CHORD_FACTOR = 2 * sqrt(2)


@dataclass(frozen=True)
class Side:
    """c^power P(t) for one sign of u."""

    power: int
    polynomial: Polynomial

    def __call__(self, t: Any, c: Any, xp: Any) -> Any:
        value = self.polynomial(t, xp)
        return value if self.power == 0 else value * c**self.power


@dataclass(frozen=True)
class Profile:
    """Theta (or its derivative by u) as a function of u in one floating-point type.

    `variable` is what t is affine in. `zero` is i, the order of the zero at u = 0. `minus` is None where Theta(u)/u^i
    is even in u.
    """

    dtype: np.dtype[Any]
    variable: Variable
    zero: int
    plus: Side
    minus: Side | None

    def __call__(self, u: Any, half_chord: Any = None, *, xp: Any = np) -> Any:
        """Values at cosines of any shape in [-1, 1], of the type of u.

        `half_chord` is the accurate c, |x - z|/2 for u >= 0 and |x + z|/2 for u < 0, where it is known; without it u is
        taken to be exact. With xp=jax.numpy it works under jit and vmap.
        """
        magnitude = xp.minimum(xp.abs(u), 1)
        c = half_chord
        if c is None and self._needs_chord:
            c = xp.sqrt((1 - magnitude) / 2)
        t = 2 * magnitude - 1 if self.variable == "cosine" else c * CHORD_FACTOR - 1
        value = self.plus(t, c, xp)
        if self.minus is not None:
            value = xp.where(u < 0, self.minus(t, c, xp), value)
        return value * u if self.zero else value

    @property
    def sides(self) -> tuple[Side, ...]:
        return (self.plus,) if self.minus is None else (self.plus, self.minus)

    @property
    def operations(self) -> int:
        """Floating-point operations for one value, but for a handful."""
        return sum(side.polynomial.operations for side in self.sides) + (12 if self._needs_chord else 4)

    @property
    def _needs_chord(self) -> bool:
        return self.variable == "chord" or any(side.power != 0 for side in self.sides)


@lru_cache(maxsize=256)
def profile_of(architecture: Architecture, *, derivative: int = 0, dtype: Any = np.float64) -> Profile:
    """The profile of the kernel, or of its derivative by u, as accurate as the type can hold.

    Raises InvalidInput for another type than float32 and float64, and for an architecture whose kernel is not known
    (`layer_dual`) or bends so sharply that a polynomial of degree 192 does not follow it.
    """
    kind = np.dtype(dtype)
    if kind not in FLOATS:
        raise InvalidInput(f"dtype is {kind}: expected float32 or float64")
    structure = structure_of(architecture, derivative)
    variables: tuple[Variable, ...] = ("cosine", "chord") if structure.smooth else ("chord",)
    found = [_fit(architecture, structure, derivative, kind, variable) for variable in variables]
    profiles = [profile for profile in found if profile is not None]
    if not profiles:
        raise InvalidInput(f"{architecture.label}: no polynomial of degree below 192 is close enough to the kernel")
    return min(profiles, key=lambda profile: profile.operations)


def _fit(
    architecture: Architecture, structure: Structure, derivative: int, kind: np.dtype[Any], variable: Variable
) -> Profile | None:
    sides = []
    for sign, power in ((1, structure.plus_power), (-1, structure.minus_power)):
        if sign < 0 and structure.even_quotient:
            continue
        quotient = _Quotient(architecture, derivative, variable, structure.zero, sign, power)
        accuracy = float(np.finfo(kind).eps) / 8
        polynomial = fitted(quotient, accuracy=accuracy, scale=quotient.size, round_to=kind.type)
        if polynomial is None:
            return None
        sides.append(Side(power, polynomial))
    return Profile(kind, variable, structure.zero, sides[0], sides[1] if len(sides) > 1 else None)


@dataclass(frozen=True)
class _Quotient:
    """Theta(u) / (u^zero c^power) at t in (-1, 1), for u of that sign: what a polynomial has to approximate."""

    architecture: Architecture
    derivative: int
    variable: Variable
    zero: int
    sign: int
    power: int

    def __call__(self, t: fmpq) -> arb:
        part = (Fraction(int(t.p), int(t.q)) + 1) / 2
        # Either way u is rational: |u| itself runs over [0, 1], or c over [0, sqrt(1/2)].
        square = (1 - part) / 2 if self.variable == "cosine" else part * part / 2
        u = self.sign * (1 - 2 * square)
        value = ntk_enclosure(self.architecture, u, derivative=self.derivative)
        with ctx.workprec(256):
            c = arb(fmpq(square.numerator, square.denominator)).sqrt()
            return value / (arb(fmpq(u.numerator, u.denominator)) ** self.zero * c**self.power)

    @property
    def size(self) -> float:
        """The largest modulus at a few points, some of them next to the ends."""
        points = [fmpq(j, 64) for j in (-63, *range(-56, 57, 8), 63)]
        return max(float(abs(self(t)).mid()) for t in points)
