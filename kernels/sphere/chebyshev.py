"""Polynomials on [-1, 1] from enclosures of a function at Chebyshev's nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flint import arb, arb_mat, arb_poly, ctx, fmpq, fmpz_poly

__all__ = ["Polynomial", "chebyshev_coefficients", "fitted", "nodes"]

Function = Callable[[fmpq], arb]
_BITS = 256
_SIZES = (24, 48, 96, 192)
# Horner's rule loses this factor of accuracy at most; beyond it Clenshaw's, at twice the work, is used.
_GROWTH = 8.0


@dataclass(frozen=True)
class Polynomial:
    """sum_k coefficients[k] t^k, or sum_k coefficients[k] T_k(t) where `chebyshev`, for |t| <= 1."""

    coefficients: tuple[float, ...]
    chebyshev: bool

    def __call__(self, t: Any, xp: Any) -> Any:
        """By Horner's or Clenshaw's rule, in the type of t."""
        first, *rest = self.coefficients[::-1]
        total = xp.full_like(t, first)
        if not self.chebyshev:
            for coefficient in rest:
                total = total * t + coefficient
            return total
        before, twice = xp.zeros_like(t), t + t
        for coefficient in rest[:-1]:
            total, before = twice * total + (coefficient - before), total
        return t * total + (rest[-1] - before) if rest else total

    @property
    def operations(self) -> int:
        """Multiplications and additions for one t."""
        return (3 if self.chebyshev else 2) * len(self.coefficients)


def fitted(function: Function, *, accuracy: float, scale: float, round_to: Callable[[float], Any]) -> Polynomial | None:
    """A polynomial within about accuracy * scale of f on [-1, 1]; None where a degree of 192 is not enough.

    Its coefficients are rounded by `round_to`. `scale` is the size of f that matters, such as its maximum. A peak that
    falls between the nodes is not overlooked: f is compared at points ever closer to both ends as well.
    """
    closer = [sign * (1 - fmpq(1, 1 << k)) for k in range(1, 42, 2) for sign in (1, -1)]
    checks = [(t, function(t)) for t in closer]
    for size in _SIZES:
        with ctx.workprec(_BITS):
            coefficients = chebyshev_coefficients([function(node) for node in nodes(size)])
            tails = _tails([float(abs(c).mid()) for c in coefficients])
            # The last quarter of an interpolant that has converged is all tail.
            if not tails[3 * size // 4] <= accuracy * scale:
                continue
            kept = next(k for k in range(size) if tails[k + 1] <= accuracy * scale) + 1
            powers = _in_powers(coefficients[:kept])
            tame = sum(float(abs(c).mid()) for c in powers) <= _GROWTH * scale
            # A ball may be too wide to tell; only what is certainly too far refutes.
            if any(abs(_sum(powers, t) - value) > 8 * accuracy * scale for t, value in checks):
                continue
            chosen = powers if tame else coefficients[:kept]
            return Polynomial(tuple(float(round_to(float(c.mid()))) for c in chosen), not tame)
    return None


def nodes(size: int) -> list[fmpq]:
    """Rational numbers within 2^-128 of Chebyshev's nodes cos((2i + 1) pi/(2 size)), in (-1, 1)."""
    with ctx.workprec(_BITS):
        scaled = [(arb(fmpq(2 * i + 1, 2 * size)).cos_pi() * arb(2) ** 129).mid().floor() for i in range(size)]
        return [fmpq(each.unique_fmpz() or 0, 1 << 129) for each in scaled]


def chebyshev_coefficients(values: list[arb]) -> list[arb]:
    """Of the interpolant of values at Chebyshev's nodes; it is that of `nodes` up to 2^-128 times the slope."""
    size = len(values)
    cosines = [arb(fmpq(j, 2 * size)).cos_pi() for j in range(4 * size)]
    transform = arb_mat(size, size, [cosines[k * (2 * i + 1) % (4 * size)] for k in range(size) for i in range(size)])
    sums = (transform * arb_mat(size, 1, values)).entries()
    return [sums[0] / size, *(2 * each / size for each in sums[1:])]


def _sum(powers: list[arb], t: fmpq) -> arb:
    total: arb = arb_poly(powers)(arb(t))
    return total


def _in_powers(coefficients: list[arb]) -> list[arb]:
    """The same polynomial by powers of t, from the lowest."""
    total = arb_poly([])
    for k, coefficient in enumerate(coefficients):
        total += arb_poly(fmpz_poly.chebyshev_t(k)) * coefficient
    return [total[k] for k in range(len(coefficients))]


def _tails(magnitudes: list[float]) -> list[float]:
    """Sums of all from index k on, for k = 0, ..., size."""
    tails = [0.0]
    for magnitude in reversed(magnitudes):
        tails.append(tails[-1] + magnitude)
    return tails[::-1]
