"""Perturbation sets by name: those that a configuration or a command line can ask for."""

from __future__ import annotations

from collections.abc import Sequence

from ...bounds import InvalidInput
from ...bounds.errors import expected_one_of
from .cap import SphericalCap
from .pixel_ball import PixelBall
from .protocol import PerturbationSet

PERTURBATIONS = ("cap", "l2", "linf")


def perturbation_set(
    name: str, delta: float, *, bias: float | None = 0.5, pixel_range: Sequence[float] | None = None
) -> PerturbationSet:
    """A set of `PERTURBATIONS`.

    Args:
        name: "cap" (on the sphere), or a ball in feature space, "l2" or "linf".
        delta: the chord of the cap, or the radius of the ball in the units of the features.
        bias: the bias coordinate of the data; None for none.
        pixel_range: the valid values of the features, lowest and highest, for balls only.

    Raises:
        InvalidInput: an unknown name, or an argument that is out of range.
    """
    if name not in PERTURBATIONS:
        raise InvalidInput(f"unknown perturbation {name!r}: {expected_one_of(name, PERTURBATIONS)}")
    if name == "cap":
        if pixel_range is not None:
            raise InvalidInput(
                f"pixel_range {tuple(pixel_range)} belongs to l2 and linf balls: expected none for a cap"
            )
        return SphericalCap(delta, bias)
    limits = {}
    if pixel_range is not None:
        if len(pixel_range) != 2:
            raise InvalidInput(f"pixel_range {tuple(pixel_range)}: expected the lowest and the highest value")
        limits = dict(zip(("low", "high"), map(float, pixel_range), strict=True))
    return PixelBall(delta, "l2" if name == "l2" else "linf", bias, **limits)
