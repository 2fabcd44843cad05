"""Rigorous bounds of kernel entries, from the exact directions of the vectors that are given.

`pair_enclosure` computes one entry in balls, as narrow as one likes; `gram_enclosure` widens a floating-point Gram
matrix by its proved error (`gram_error_bound`), at the speed of the matrix itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq
from jaxtyping import Float

from ..bounds import InvalidInput
from .architecture import Architecture
from .deep import SphereKernel
from .geometry import directions
from .gram import gram
from .gram_error import gram_error_bound
from .sphere.deep_enclosure import ntk_enclosure

__all__ = ["GramEnclosure", "gram_enclosure", "pair_enclosure"]


@dataclass(frozen=True)
class GramEnclosure:
    """lower <= K(x, z) <= upper, entry by entry, for the exact directions of the rows; float64, of shape (n, p)."""

    lower: Float[np.ndarray, "n p"]
    upper: Float[np.ndarray, "n p"]

    @property
    def width(self) -> float:
        """The largest upper - lower."""
        return float(np.max(self.upper - self.lower))


def gram_enclosure(
    kernel: SphereKernel,
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "p d"] | None = None,
    *,
    dtype: Any = np.float64,
) -> GramEnclosure:
    """Bounds of every entry, around the Gram matrix computed in that type.

    How far the lengths of the rows are from 1 is measured, and counted. Raises InvalidInput as `gram` does.
    """
    values = gram(kernel, X, Z, dtype=dtype).astype(np.float64)
    dimension = np.asarray(X).shape[1]
    off = max(_length_error(directions(rows)) for rows in (X, Z) if rows is not None)
    relative = gram_error_bound(kernel, dimension, dtype=dtype, length_error=off)
    with ctx.workprec(128):
        margin = float(np.nextafter(float((ntk_enclosure(kernel.architecture, 1) * arb(relative)).upper()), np.inf))
    return GramEnclosure(np.nextafter(values - margin, -np.inf), np.nextafter(values + margin, np.inf))


def _length_error(X: Float[np.ndarray, "n d"]) -> float:
    """A bound of | |x| - 1 | over the rows, rounding of the squares and sums included."""
    squares = np.einsum("ij,ij->i", X, X, dtype=np.float64)
    rounding: float = (X.shape[1] + 4) * 2.0**-52
    return float(np.max(np.abs(np.sqrt(squares) - 1))) + rounding


def pair_enclosure(architecture: Architecture, x: Sequence[float], z: Sequence[float], *, bits: int = 256) -> arb:
    """A ball around the kernel of the directions of x and z, whose entries are taken as the exact numbers they are.

    u = <x, z> / (|x||z|) is enclosed in [a, b]; since |Theta(u) - Theta(v)| <= Theta(|u|) - Theta(|v|) for |u| >= |v|
    of one sign (nonnegative coefficients), the kernel there is within Theta(max |u|) - Theta(min |u|) of its value at
    one of the ends. Raises InvalidInput for vectors of different dimension, of length 0 or with entries that are not
    finite.
    """
    left, right = (_exact(vector, name) for vector, name in ((x, "x"), (z, "z")))
    if len(left) != len(right):
        raise InvalidInput(f"x has {len(left)} entries and z has {len(right)}: expected the same number")
    product, squares = _dot(left, right), _dot(left, left) * _dot(right, right)
    with ctx.workprec(bits):
        # Equal and opposite directions are decided exactly.
        if product * product == squares:
            return ntk_enclosure(architecture, 1 if product > 0 else -1)
        magnitude = _ball(abs(product)) / _ball(squares).sqrt()
        low, high = (_rational(end) for end in (magnitude.lower(), magnitude.upper()))
        low, high = max(low, Fraction(0)), min(high, Fraction(1))
        sign = 1 if product >= 0 else -1
        spread = (ntk_enclosure(architecture, high) - ntk_enclosure(architecture, low)).upper()
        return ntk_enclosure(architecture, sign * low) + arb(0, spread)


def _exact(vector: Sequence[float], name: str) -> list[Fraction]:
    entries = np.asarray(vector, dtype=np.float64)
    if entries.ndim != 1 or not np.isfinite(entries).all() or not entries.any():
        raise InvalidInput(f"{name} is {entries}: expected a vector of finite numbers that are not all 0")
    return [Fraction(float(entry)) for entry in entries]


def _dot(left: list[Fraction], right: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))


def _ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def _rational(end: arb) -> Fraction:
    exact = end.mid().fmpq()
    return Fraction(int(exact.p), int(exact.q))
