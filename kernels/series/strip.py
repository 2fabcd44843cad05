"""Rigorous error bounds for Gaussian integrals by the trapezoidal rule, from boxes in the complex plane.

Let F = tau psi phi, phi the normal density, tau real on the real line and analytic on the rectangle Q = [-X,
X] x [-a, a], psi a normalised Hermite polynomial he_k with k <= K (or 1), and X = (J + 1/2) h. By the residue
theorem, with w = exp(2 pi i z / h),

    h sum_{|j| <= J} F(jh) - int_{-X}^{X} F  =  int_{upper half of the boundary} F w/(w - 1) + int_{lower
    half} F/(w - 1).

The horizontal edges give at most 2/(exp(2 pi a/h) - 1) sup_{edge}|tau| E|psi(x + ia)| exp(a^2/2), where
E|he_k(x + ia)|^2 = L_k(-a^2) (Laguerre) grows with k. On the vertical edges w is negative, so the factor is
at most exp(-2 pi |y|/h), which outweighs the growth of |he_k| with |y|. There, and for the tails |x| > X,
Mehler's formula gives |he_k(x + iy)|^2 <= r^-k (1 - r^2)^(-1/2) exp(r x^2/(1 + r) + r y^2/(1 - r)) for every
0 < r < 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from flint import acb, arb, ctx

from .complex_balls import BoxFunction

__all__ = ["Grid", "Strip", "find_strip"]

_BOX_BITS = 64
# Boxes are halved up to this often where they must be (near poles), and this often for a sharper bound.
_DEEPEST, _FINE = 14, 7
_TAME = 1e4
_SLICES = 32


@dataclass(frozen=True)
class Grid:
    """The nodes j * numerator / 2^shift, |j| <= last: dyadic, so that they are exact."""

    numerator: int
    shift: int
    last: int

    @property
    def step(self) -> arb:
        return arb(self.numerator) / arb(2) ** self.shift

    @property
    def reach(self) -> arb:
        """X, half a step beyond the last node."""
        return self.step * (2 * self.last + 1) / 2


@dataclass(frozen=True)
class Strip:
    """tau is analytic where |Re z| <= reach, |Im z| <= half_height.

    There |tau| is at most `edge` where |Im z| = half_height, and at most `side` where |Re z| >= reach - 1.
    """

    half_height: arb
    reach: arb
    edge: arb
    side: arb

    def squared(self) -> Strip:
        """The strip of tau^2."""
        return Strip(self.half_height, self.reach, self.edge**2, self.side**2)

    def step_for(self, degree: int, error: float) -> float:
        """The step at which the horizontal edges contribute about `error`, to tau he_k or to tau^2."""
        a, logarithm = float(self.half_height), math.log(2 * float(self.edge) + 1e-300)
        gain = max(logarithm + a * math.sqrt(degree), 2 * logarithm, 0)
        return 2 * math.pi * a / (gain + a * a / 2 - math.log(error) + 1)

    def error(self, grid: Grid, degree: int, *, growth: arb, power: int = 1) -> arb:
        """Bound on |h sum F - int_{-inf}^{inf} F| for all psi = he_k, k <= degree (psi = 1 for degree 0).

        Needs |tau(x)| <= growth * |x|^power for real |x| >= X, power <= 2, and 4 <= reach - 1 <= X <= reach.
        """
        a, X, h = self.half_height, grid.reach, grid.step
        density = (-X * X / 2).exp() / (2 * arb.pi()).sqrt()
        polynomial = (-a * a).laguerre_l(degree, 0).sqrt() if degree else arb(1)
        edges = 2 * self.edge * polynomial * (a * a / 2).exp() / ((2 * arb.pi() * a / h).exp() - 1)
        sides = 4 * self.side * density * _side_integral(degree, X, a, 2 * arb.pi() / h)
        # x^p exp(-x^2/8) falls beyond x = 2 sqrt(p), and int_X^inf exp(-x^2/8) dx <= (4/X) exp(-X^2/8).
        tails = 2 * growth * X**power * density * _hermite_bound(degree, X, arb(0)) * 4 / X
        return edges + sides + tails


def _side_integral(degree: int, x: arb, half_height: arb, decay: arb) -> arb:
    """A bound on int_0^a exp(-decay y) exp(y^2/2) |he_k(x + iy)| dy for k <= degree, slice by slice."""
    total, width = arb(0), half_height / _SLICES
    for i in range(_SLICES):
        top = width * (i + 1)
        total += (-decay * width * i).exp() * width * (top * top / 2).exp() * _hermite_bound(degree, x, top)
    return total


def _hermite_bound(degree: int, x: arb, y: arb) -> arb:
    """A bound on |he_k(x + iy)| for k <= degree, Mehler's with an r that is nearly the best."""
    if degree == 0:
        return arb(1)
    t = (y / arb(degree).sqrt()) if y > 0 else 1 / arb(degree + 1)
    r = 1 - (t / (1 + t)).mid()
    exponent = r * x * x / (1 + r) + r * y * y / (1 - r)
    return (exponent / 2).exp() * r ** (-arb(degree) / 2) * (1 - r * r) ** (arb(-1) / 4)


def find_strip(tau: BoxFunction, *, reach: int, degree: int, error: float) -> Strip | None:
    """The strip of those tried that allows the largest step; None if tau has no strip."""
    best: Strip | None = None
    with ctx.workprec(_BOX_BITS):
        for power in range(24):
            strip = _strip(tau, arb(4 * 0.8**power), arb(reach))
            if strip is None:
                continue
            if best is not None and strip.step_for(degree, error) <= best.step_for(degree, error):
                break
            best = strip
    return best


def _strip(tau: BoxFunction, height: arb, reach: arb) -> Strip | None:
    """A strip of that height, if tau is finite on all boxes of some subdivision of its upper half.

    The lower half is its mirror image, because tau is real on the real line.
    """
    if _supremum(tau, (-reach, reach), (arb(0), height), fine=0) is None:
        return None
    edge = _supremum(tau, (-reach, reach), (height, height))
    right = _supremum(tau, (reach - 1, reach), (arb(0), height))
    left = _supremum(tau, (-reach, 1 - reach), (arb(0), height))
    if edge is None or right is None or left is None:
        return None
    return Strip(height, reach, edge, right.max(left))


def _supremum(
    tau: BoxFunction, across: tuple[arb, arb], up: tuple[arb, arb], *, depth: int = 0, fine: int = _FINE
) -> arb | None:
    """A bound of |tau| on a box, halved until finite, and tame or `fine` times halved; None if never finite."""
    bound = tau(acb(across[0].union(across[1]), up[0].union(up[1]))).abs_upper()
    if bound < _TAME or (depth >= fine and bound.is_finite()):
        return bound
    if depth == _DEEPEST:
        return None
    largest = arb(0)
    for part in _halves(across, up):
        supremum = _supremum(tau, *part, depth=depth + 1, fine=fine)
        if supremum is None:
            return None
        largest = largest.max(supremum)
    return largest


def _halves(across: tuple[arb, arb], up: tuple[arb, arb]) -> list[tuple[tuple[arb, arb], tuple[arb, arb]]]:
    """The box cut across its longer side."""
    if across[1] - across[0] >= up[1] - up[0]:
        middle = ((across[0] + across[1]) / 2).mid()
        return [((across[0], middle), up), ((middle, across[1]), up)]
    middle = ((up[0] + up[1]) / 2).mid()
    return [(across, (up[0], middle)), (across, (middle, up[1]))]
