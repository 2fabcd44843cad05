"""A matrix cut into square blocks: which rows and columns each block holds, and which blocks are computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...bounds import InvalidInput

__all__ = ["BlockGrid", "BlockIndex"]

BlockIndex = tuple[int, int]


@dataclass(frozen=True)
class BlockGrid:
    """Blocks (i, j) of `block` rows and columns, fewer at the lower and right edge.

    Of a symmetric matrix only the blocks with i >= j are computed; (j, i) is the transpose of (i, j). Raises
    InvalidInput unless there are rows, columns, and a positive block size, and rows = columns where symmetric.
    """

    rows: int
    columns: int
    block: int
    symmetric: bool

    def __post_init__(self) -> None:
        if self.block < 1:
            raise InvalidInput(f"block is {self.block}: expected a positive number of rows")
        if self.rows < 1 or self.columns < 1:
            raise InvalidInput(f"the matrix has shape {self.shape}: expected at least one row and one column")
        if self.symmetric and self.rows != self.columns:
            raise InvalidInput(f"the matrix has shape {self.shape}: expected a square one, for it is symmetric")

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    @property
    def down(self) -> int:
        """The number of rows of blocks."""
        return -(-self.rows // self.block)

    @property
    def across(self) -> int:
        """The number of columns of blocks."""
        return -(-self.columns // self.block)

    @property
    def computed(self) -> Iterator[BlockIndex]:
        """The blocks to compute, row by row."""
        return ((i, j) for i in range(self.down) for j in self.row(i))

    @property
    def count(self) -> int:
        """How many blocks are computed."""
        return self.down * (self.down + 1) // 2 if self.symmetric else self.down * self.across

    def row(self, i: int) -> range:
        """The columns j of the blocks (i, j) that are computed."""
        return range(i + 1 if self.symmetric else self.across)

    def row_span(self, i: int) -> slice:
        return slice(i * self.block, min((i + 1) * self.block, self.rows))

    def column_span(self, j: int) -> slice:
        return slice(j * self.block, min((j + 1) * self.block, self.columns))

    def spans(self, index: BlockIndex) -> tuple[slice, slice]:
        """The rows and columns of the matrix that a block holds."""
        return self.row_span(index[0]), self.column_span(index[1])

    def has_mirror(self, index: BlockIndex) -> bool:
        """Whether the transpose of the block is another block."""
        return self.symmetric and index[0] != index[1]
