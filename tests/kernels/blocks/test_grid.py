"""Blocks: each entry of the matrix belongs to exactly one, counting mirrors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.kernels.blocks.grid import BlockGrid

SIZE = st.integers(1, 40)


@given(rows=SIZE, columns=SIZE, block=st.integers(1, 50), symmetric=st.booleans())
def test_blocks_and_their_mirrors_cover_each_entry_once(rows: int, columns: int, block: int, symmetric: bool) -> None:
    grid = BlockGrid(rows, rows if symmetric else columns, block, symmetric)
    covered = np.zeros(grid.shape, dtype=int)
    for index in grid.computed:
        down, across = grid.spans(index)
        covered[down, across] += 1
        if grid.has_mirror(index):
            covered[across, down] += 1
    assert (covered == 1).all()
    assert grid.count == len(list(grid.computed))


@pytest.mark.parametrize(
    ("rows", "columns", "block", "symmetric", "culprit"),
    [
        (4, 4, 0, True, "block is 0"),
        (0, 0, 2, True, r"shape \(0, 0\)"),
        (4, 0, 2, False, r"shape \(4, 0\)"),
        (4, 5, 2, True, r"shape \(4, 5\): expected a square one"),
    ],
)
def test_refusals(rows: int, columns: int, block: int, symmetric: bool, culprit: str) -> None:
    with pytest.raises(InvalidInput, match=culprit):
        BlockGrid(rows, columns, block, symmetric)
