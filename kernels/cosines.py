"""Pairs of directions, described so that no digit is lost near the diagonal or near antipodes.

The kernel is a function of u = <x, z> = cos(theta). Near u = 1 the number u knows only half the digits of the
angle theta, and near u = -1 only half of those of the supplement pi - theta. `Cosine` carries whichever of
these numbers the caller knows accurately and derives the others from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

__all__ = ["Cosine", "floating", "opposite"]


@dataclass(frozen=True)
class Cosine:
    """u in [-1, 1] with its gap 1 - u and, on demand, angle, supplement pi - angle and sine of the angle.

    All are arrays of one shape and dtype, of the array namespace `xp` (NumPy or jax.numpy).
    """

    xp: Any
    value: Any
    gap: Any
    known_angle: Any = None
    known_supplement: Any = None

    @classmethod
    def of(cls, u: Any, *, angle: Any = None, supplement: Any = None, xp: Any = np) -> Cosine:
        """From u itself, clipped to [-1, 1], with the accurate angle and supplement where they are known.

        Without them u is taken to be exact, and both follow from it to full accuracy.
        """
        u = xp.clip(u, -1, 1)
        return cls(xp, u, 1 - u, angle, supplement)

    @classmethod
    def of_gap(cls, gap: Any, *, angle: Any = None, supplement: Any = None, xp: Any = np) -> Cosine:
        """From an accurate gap 1 - u in [0, 2], with the accurate angle and supplement where known."""
        gap = xp.clip(gap, 0, 2)
        return cls(xp, 1 - gap, gap, angle, supplement)

    @cached_property
    def angle(self) -> Any:
        if self.known_angle is not None:
            return self.known_angle
        if self.known_supplement is not None:
            return opposite(self.known_supplement, self.xp)
        return 2 * self.xp.arctan2(self.xp.sqrt(self.gap), self.xp.sqrt(self._below))

    @cached_property
    def supplement(self) -> Any:
        if self.known_supplement is not None:
            return self.known_supplement
        if self.known_angle is not None:
            return opposite(self.known_angle, self.xp)
        return 2 * self.xp.arctan2(self.xp.sqrt(self._below), self.xp.sqrt(self.gap))

    @cached_property
    def sine(self) -> Any:
        if self.known_angle is None and self.known_supplement is None:
            return self.xp.sqrt(self.gap * self._below)
        return self.xp.sin(self.xp.minimum(self.angle, self.supplement))

    @property
    def _below(self) -> Any:
        """1 + u; of the two ways to write it each is exact at one end, where it matters."""
        return self.xp.where(self.value < 0, 1 + self.value, 2 - self.gap)


def opposite(angle: Any, xp: Any) -> Any:
    """pi - angle; near pi by the sine of the angle, which knows the digits of pi that a float cannot hold."""
    return xp.where(angle > 3, xp.arcsin(xp.sin(xp.maximum(angle, 3))), np.pi - angle)


def floating(array: Any, xp: Any) -> Any:
    """An array of floats, of its own dtype if that is one."""
    array = xp.asarray(array)
    return array if xp.issubdtype(array.dtype, xp.floating) else array.astype(float)
