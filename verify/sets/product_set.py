"""Products: some features move in balls, others in boxes, the rest stay as they are (tabular data)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...bounds import InvalidInput
from .block import Block
from .cap import check_bias
from .feature_set import FeatureSet


@dataclass(frozen=True)
class ProductSet(FeatureSet):
    """The product of blocks over different columns; columns of no block keep their values.

    Args:
        factors: the blocks, each with its columns.
        bias: the bias coordinate b of the embedding, in [0, 1); None for none.

    Raises:
        InvalidInput: for blocks that share a column or name none.
    """

    factors: tuple[Block, ...]
    bias: float | None = 0.5

    def __post_init__(self) -> None:
        check_bias(self.bias)
        object.__setattr__(self, "factors", tuple(self.factors))
        if not self.factors or any(block.columns is None for block in self.factors):
            raise InvalidInput("a product of blocks: expected at least one, and the columns of each")
        named = [column for block in self.factors for column in block.columns or ()]
        twice = sorted({column for column in named if named.count(column) > 1})
        if twice:
            raise InvalidInput(f"column {twice[0]} belongs to two blocks: expected different columns")

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The factors."""
        return self.factors

    def to_json(self) -> dict[str, Any]:
        """The blocks one by one."""
        return {"kind": "product", "bias": self.bias, "blocks": [block.to_json() for block in self.factors]}
