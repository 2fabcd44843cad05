"""How far an entry of a floating-point Gram matrix can be from the kernel of the exact directions of its two rows.

Let r be the unit roundoff, gamma = (d + 4) r / (1 - (d + 4) r), eta a bound of | |x| - 1 | for the rows, M = Theta(1),
and g the gap 1 - |u| below which an entry is computed from the vectors. Theta and Theta' are power series with
nonnegative coefficients, so |Theta'(u)| <= Theta'(|u|), Theta' increases, and a Theta'(1 - a) <= M - Theta(1 - a) for
0 <= a <= 1.

Where |u| <= 1 - g, the cosine is off by at most e = gamma + 2 eta + eta^2 (rounding in any order of summation, and
lengths), and Theta by e Theta'(1 - g + e).

Otherwise, with half the chord c from `half_chords`: D = |x - z|^2 and (|x| - |z|)^2 are both within 4 gamma D, or from
`crowded_half_chords`: within 8 gamma D and 16 gamma D; and D <= 4 c^2 (1 + eta)^2 + 4 eta^2. Where c >= eta c moves by
a factor 1 +- 24 gamma at most (1.1 times that with higher orders), and Theta by 26.4 gamma c |dTheta/dc| =
105.6 gamma c^2 |Theta'(u)| <= 52.8 gamma (M - Theta(1 - g)).
Where c < eta, true and computed value both lie within M - Theta(1 - 18 eta^2) of M.

The profile's own error (`profile_bound`) comes on top.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, fmpq

from .deep import SphereKernel
from .gram import NEAR
from .sphere.deep_enclosure import ntk_enclosure
from .sphere.profile_bound import profile_bound

__all__ = ["gram_error_bound"]


def gram_error_bound(
    kernel: SphereKernel, dimension: int, *, dtype: Any = np.float64, length_error: float | None = None
) -> float:
    """A bound of |computed - exact| / K(x, x) for every entry that `gram` returns in that type.

    `length_error` is how far the lengths of the rows may be from 1; by default what rounding to the type leaves of rows
    that were normalised in it, (d + 4) r. A worst case: errors seen are smaller, like 1/sqrt(d). Raises InvalidInput
    for another type than float32 or float64.

    >>> from robustntk.kernels import dual_kernel
    >>> gram_error_bound(dual_kernel("erf"), 64) < 2e-13
    True
    """
    kind = np.dtype(dtype)
    bound = profile_bound(kernel.architecture, kind)
    roundoff = Fraction(float(np.finfo(kind).eps)) / 2
    gamma = (dimension + 4) * roundoff / (1 - (dimension + 4) * roundoff)
    eta = gamma if length_error is None else Fraction(length_error)
    off = gamma + 2 * eta + eta**2
    gap = Fraction(NEAR[kind.name])
    one = ntk_enclosure(kernel.architecture, 1)

    def fall(distance: Fraction) -> arb:
        """Theta(1) - Theta(1 - distance)."""
        return one - ntk_enclosure(kernel.architecture, 1 - min(distance, Fraction(2)))

    far = _ball(off) * ntk_enclosure(kernel.architecture, 1 - gap + min(off, gap / 2), derivative=1)
    near = (_ball(gamma) * fall(gap) * 264 / 5).max(fall(18 * eta**2))
    return float((far.max(near) / one).upper()) * (1 + 1e-12) + bound.total


def _ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))
