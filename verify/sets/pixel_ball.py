"""Balls in pixel space: what an adversary may do to a real image before it is put on the sphere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .block import Block, Norm, Numbers
from .cap import check_bias
from .feature_set import FeatureSet


@dataclass(frozen=True)
class PixelBall(FeatureSet):
    """All feature rows within ``radius`` of the given one, in the l2 or l-infinity norm, with valid pixels.

    Args:
        radius: positive; for l-infinity also one for every column.
        norm: "l2" or "linf".
        bias: the bias coordinate b of the embedding, in [0, 1); None for none.
        low, high: the valid pixel values, numbers or one for every column, e.g. 0 and 16 for digits; no limits by
            default. The images themselves must be valid.

    Raises:
        InvalidInput: naming the argument that is out of range.
    """

    radius: Numbers
    norm: Norm = "linf"
    bias: float | None = 0.5
    low: Numbers = -math.inf
    high: Numbers = math.inf

    def __post_init__(self) -> None:
        check_bias(self.bias)
        block = self.blocks[0]
        for name in ("radius", "low", "high"):  # the block has made them hashable
            object.__setattr__(self, name, getattr(block, name))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """One block of all columns."""
        return (Block(self.radius, self.norm, self.low, self.high),)

    def to_json(self) -> dict[str, Any]:
        """``delta`` is the radius."""
        described = self.blocks[0].to_json()
        return {
            "kind": self.norm,
            "delta": described["radius"],
            "bias": self.bias,
            "range": described["range"],
        }
