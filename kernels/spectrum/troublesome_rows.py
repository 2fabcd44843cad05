"""Which rows make a Gram matrix ill-conditioned: pairs that nearly coincide, and those in the last eigenvector."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from .symmetric_matrix import SymmetricMatrix, row_blocks

__all__ = ["RowPair", "RowWeight", "most_correlated_pairs", "rows_of_eigenvector"]

Kind = Literal["near-duplicate", "near-antipodal", "aligned", "opposed"]

NEARLY_ONE = 0.99


@dataclass(frozen=True)
class RowPair:
    """Two rows with their `correlation` K_ij / sqrt(K_ii K_jj), as computed.

    `eigenvalue` is about the smaller eigenvalue of the 2 x 2 matrix of the pair: by Cauchy's interlacing lambda_min(K)
    is no larger, so a value near lambda_min says that the pair alone is to blame. For a matrix whose entries may be off
    by e it is off by up to 2 e.
    """

    rows: tuple[int, int]
    correlation: float
    eigenvalue: float

    @property
    def kind(self) -> Kind:
        """Near-duplicate or near-antipodal from a correlation of 0.99 or -0.99 on; below, aligned or opposed."""
        if abs(self.correlation) >= NEARLY_ONE:
            return "near-duplicate" if self.correlation > 0 else "near-antipodal"
        return "aligned" if self.correlation >= 0 else "opposed"

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": list(self.rows),
            "correlation": self.correlation,
            "kind": self.kind,
            "eigenvalue": self.eigenvalue,
        }

    def __str__(self) -> str:
        words = {
            "near-duplicate": "are near-duplicates",
            "near-antipodal": "are near-antipodal",
            "aligned": "are the most aligned",
            "opposed": "are the most opposed",
        }
        return f"rows {self.rows[0]} and {self.rows[1]} {words[self.kind]} (correlation {self.correlation:.6g})"


@dataclass(frozen=True)
class RowWeight:
    """A row with its share v_i^2 / v^T v of an approximate eigenvector v."""

    row: int
    weight: float

    def to_json(self) -> dict[str, Any]:
        return {"row": self.row, "weight": self.weight}


def most_correlated_pairs(matrix: SymmetricMatrix, count: int = 5) -> tuple[tuple[RowPair, ...], tuple[RowPair, ...]]:
    """Up to `count` pairs of the largest, and as many of the smallest correlation; ties go to the first rows.

    Rows with K_ii <= 0 have no correlation and are left out. One pass over the upper triangle by blocks of rows.
    """
    largest, smallest = _Ranking(count), _Ranking(count)
    for first_row, block in _correlations(matrix):
        largest.add(first_row, block)
        np.negative(block, out=block)
        block[np.isinf(block)] = -np.inf
        smallest.add(first_row, block)
    return (
        tuple(_pair(matrix, i, j, value) for value, i, j in largest.entries),
        tuple(_pair(matrix, i, j, -value) for value, i, j in smallest.entries),
    )


def rows_of_eigenvector(vector: Float[np.ndarray, " n"], count: int = 5) -> tuple[RowWeight, ...]:
    """Up to `count` rows with the largest weights in the vector, the largest first."""
    weights = vector**2 / float(vector @ vector)
    order = np.argsort(-weights, kind="stable")[:count]
    return tuple(RowWeight(int(row), float(weights[row])) for row in order)


class _Ranking:
    """The `count` largest entries seen so far, in the order of their values, then of their positions."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.entries: list[tuple[float, int, int]] = []

    def add(self, first_row: int, block: Float[np.ndarray, "rows columns"]) -> None:
        """`block[i, j]` belongs to row first_row + i and column first_row + j; -inf is no entry."""
        flat = block.ravel()
        full = len(self.entries) == self.count
        threshold = self.entries[-1][0] if full else -math.inf
        found = np.flatnonzero(flat > threshold)
        if len(found) > self.count:
            values = flat[found]
            found = found[values >= np.partition(values, -self.count)[-self.count]]
        found = found[np.argsort(-flat[found], kind="stable")[: self.count]]
        rows, columns = np.unravel_index(found, block.shape)
        new = zip(flat[found].tolist(), (rows + first_row).tolist(), (columns + first_row).tolist(), strict=True)
        self.entries = sorted([*self.entries, *new], key=lambda entry: -entry[0])[: self.count]


def _correlations(matrix: SymmetricMatrix) -> Iterator[tuple[int, Float[np.ndarray, "rows columns"]]]:
    """Blocks of the strict upper triangle, from their first row and column on; -inf elsewhere."""
    diagonal = matrix.entries.diagonal()
    positive = diagonal > 0
    roots = np.sqrt(np.where(positive, diagonal, 1.0))
    for rows in row_blocks(len(matrix)):
        block = matrix.entries[rows, rows.start :] / roots[rows, None]
        block /= roots[None, rows.start :]
        block[np.tri(*block.shape, dtype=np.bool_)] = -np.inf
        block[~positive[rows]] = -np.inf
        block[:, ~positive[rows.start :]] = -np.inf
        yield rows.start, block


def _pair(matrix: SymmetricMatrix, i: int, j: int, correlation: float) -> RowPair:
    a, b, c = (float(matrix.entries[index]) for index in ((i, i), (i, j), (j, j)))
    return RowPair((i, j), correlation, (a + c) / 2 - math.hypot((a - c) / 2, b))
