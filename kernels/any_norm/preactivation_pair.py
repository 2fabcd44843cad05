"""Two preactivations of one layer, jointly Gaussian, described so that nothing cancels where they nearly agree.

Variances and covariance say everything in exact arithmetic. In floating point the covariance knows only half the digits
of the angle between two nearly parallel (or opposite) preactivations, and a ReLU after them feels the angle itself. So
the pair also carries the gap 1 - rho and the supplement 1 + rho of its correlation rho, found from the inputs
themselves and taken from layer to layer without differences.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

__all__ = ["PreactivationPair", "affine"]


@dataclass(frozen=True)
class PreactivationPair:
    """Variances v, w and covariance c of many pairs: arrays of the namespace `xp` that broadcast to one shape.

    `gap` and `supplement` are 1 - rho and 1 + rho to full accuracy, both or neither; without them c is taken to be
    exact. Where v or w is 0 they are 1. `features` are what an activation wants to know of each variance (see
    `hermite_map`).
    """

    xp: Any
    variance: Any
    other_variance: Any
    covariance: Any
    gap: Any = None
    supplement: Any = None
    features: tuple[Any, Any] | None = None

    @classmethod
    def equal(cls, variance: Any, features: Any = None, *, xp: Any = np) -> PreactivationPair:
        """Every preactivation with itself."""
        one = xp.ones_like(variance)
        both = None if features is None else (features, features)
        return cls(xp, variance, variance, variance, 0 * one, 2 * one, both)

    @cached_property
    def root(self) -> Any:
        """sqrt(v w), without overflow of the product; in NumPy exactly v where v = w."""
        root = self.xp.sqrt(self.variance) * self.xp.sqrt(self.other_variance)
        return self.xp.where(self.variance == self.other_variance, self.variance, root) if self.xp is np else root

    @cached_property
    def correlation(self) -> Any:
        """rho; 0 where a variance is 0."""
        if self.gap is not None:
            return self.xp.where(self.gap < 1, 1 - self.gap, self.supplement - 1)
        vanishes = self.root == 0
        return self.xp.where(vanishes, 0, self.covariance / (self.root + vanishes))

    @cached_property
    def sine(self) -> Any:
        """sqrt(1 - rho^2)."""
        return self.xp.sqrt(self.gap * self.supplement)

    @cached_property
    def angle(self) -> Any:
        """arccos(rho)."""
        return 2 * self.xp.arctan2(self.xp.sqrt(self.gap), self.xp.sqrt(self.supplement))

    @cached_property
    def opposite_angle(self) -> Any:
        """pi - arccos(rho)."""
        return 2 * self.xp.arctan2(self.xp.sqrt(self.supplement), self.xp.sqrt(self.gap))

    @cached_property
    def determinant(self) -> Any:
        """v w - c^2."""
        if self.gap is None:
            return self.variance * self.other_variance - self.covariance**2
        return self.variance * self.other_variance * (self.gap * self.supplement)

    @cached_property
    def apart(self) -> Any:
        """The variance v + w - 2 c of the difference."""
        if self.gap is None:
            return self.variance + self.other_variance - 2 * self.covariance
        return self.between_norms + 2 * self.root * self.gap

    @cached_property
    def together(self) -> Any:
        """The variance v + w + 2 c of the sum."""
        if self.gap is None:
            return self.variance + self.other_variance + 2 * self.covariance
        return self.between_norms + 2 * self.root * self.supplement

    def scaled(self, factor: float) -> PreactivationPair:
        """The pair with all variances and covariances multiplied."""
        if factor == 1:
            return self
        v, w, c = (factor * each for each in (self.variance, self.other_variance, self.covariance))
        return replace(self, variance=v, other_variance=w, covariance=c)

    def at_gap(self, gap: Any) -> PreactivationPair:
        """The same variances with another correlation, 1 - gap."""
        return replace(self, covariance=self.root * (1 - gap), gap=gap, supplement=2 - gap)

    def opposed(self) -> PreactivationPair:
        """The second preactivation with its sign changed."""
        return replace(self, covariance=-self.covariance, gap=self.supplement, supplement=self.gap)

    @cached_property
    def between_norms(self) -> Any:
        """(sqrt(v) - sqrt(w))^2, from the difference v - w, which is exact where it is small."""
        total = self.xp.sqrt(self.variance) + self.xp.sqrt(self.other_variance)
        return ((self.variance - self.other_variance) / (total + (total == 0))) ** 2


def affine(pair: PreactivationPair, weight: float, bias: float) -> PreactivationPair:
    """The next layer's preactivations: v -> weight v + bias and so on, for outputs (or inputs) of that pair.

    With R = sqrt(v' w') and r = sqrt(v w), the new gap is (weight r gap + R - weight r - bias)/R, and R^2 - (weight r +
    bias)^2 = weight bias (sqrt(v) - sqrt(w))^2: every term is nonnegative. The supplement likewise.
    """
    v, w, c = (weight * each + bias for each in (pair.variance, pair.other_variance, pair.covariance))
    following = replace(pair, variance=v, other_variance=w, covariance=c, features=None)
    if pair.gap is None or bias == 0:
        return following
    inner, outer = weight * pair.root, following.root
    between = weight * bias * pair.between_norms
    above = weight * bias * (pair.variance + pair.other_variance) + bias**2
    gap = (between / (outer + inner + bias) + inner * pair.gap) / outer
    supplement = (inner * pair.supplement + bias + above / (outer + inner)) / outer
    return replace(following, gap=gap, supplement=supplement)
