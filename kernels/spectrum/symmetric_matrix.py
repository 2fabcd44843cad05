"""A symmetric matrix with checked entries and rigorous upper bounds of its norms, from one pass by blocks of rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput
from .definiteness import UNIT_ROUNDOFF, gamma

__all__ = ["SymmetricMatrix", "row_blocks"]

_ENTRIES_AT_ONCE = 1 << 18
_EXPONENT_RANGE = 300  # squares and their sums neither overflow nor underflow


def row_blocks(n: int) -> Iterator[slice]:
    """Slices of rows with about 2^18 entries (2 MiB in float64) each."""
    height = max(_ENTRIES_AT_ONCE // max(n, 1), 1)
    for start in range(0, n, height):
        yield slice(start, min(start + height, n))


@dataclass(frozen=True, eq=False)
class SymmetricMatrix:
    """Exactly symmetric float64 `entries` of shape (n, n), rows contiguous; `frobenius_norm` and `row_sum_norm` (the
    largest sum of |K_ij| along a row) are upper bounds, rounding included; `largest_entry` is max |K_ij|.
    """

    entries: Float[np.ndarray, "n n"]
    largest_entry: float
    frobenius_norm: float
    row_sum_norm: float

    def __len__(self) -> int:
        return len(self.entries)

    @classmethod
    def of(cls, K: Any) -> SymmetricMatrix:
        """A float64 matrix is kept, not copied; float32 and integers are converted exactly.

        Raises InvalidInput unless K is square and real, in at most double precision, finite, symmetric, and its
        largest entry is 0 or between 2^-300 and 2^300 in absolute value.
        """
        given = np.asarray(K)
        if given.ndim != 2 or given.shape[0] != given.shape[1] or not len(given):
            raise InvalidInput(f"the matrix has shape {given.shape}: expected (n, n)")
        if given.dtype.kind not in "fiu" or given.dtype.itemsize > 8:
            raise InvalidInput(f"the matrix has dtype {given.dtype}: expected float64, float32 or integers")
        for rows in row_blocks(len(given)):
            _check(given, rows)
        # Once K is known to be symmetric its transpose serves as well.
        return cls._measured(np.ascontiguousarray(given if given.flags.c_contiguous else given.T, dtype=np.float64))

    @classmethod
    def _measured(cls, entries: Float[np.ndarray, "n n"]) -> SymmetricMatrix:
        n, largest, row_sum, squares = len(entries), 0.0, 0.0, []
        for rows in row_blocks(n):
            sizes = np.abs(entries[rows])
            largest = max(largest, float(sizes.max()))
            if largest > 2.0**_EXPONENT_RANGE:
                break
            row_sum = max(row_sum, float(sizes.sum(axis=1).max()))
            sizes = sizes.ravel()
            squares.append(float(sizes @ sizes))
        if largest and not 2.0**-_EXPONENT_RANGE <= largest <= 2.0**_EXPONENT_RANGE:
            raise InvalidInput(
                f"the largest entry of the matrix is {largest:.3g}: expected one near 1, scale the matrix"
            )
        frobenius = math.sqrt(math.fsum(squares)) * (1 + gamma(_ENTRIES_AT_ONCE + n + 4))
        return cls(entries, largest, frobenius, row_sum * (1 + gamma(n + 2)))

    def image_of_sizes(self, v: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """|K| |v|, entry by entry absolute values; rounded, with a relative error of at most gamma_n."""
        sizes, image = np.abs(v), np.empty(len(self))
        for rows in row_blocks(len(self)):
            image[rows] = np.abs(self.entries[rows]) @ sizes
        return image

    def shifted(self, sign: int, shift: float, out: Float[np.ndarray, "n n"]) -> None:
        """Write sign (K - shift I) to `out`; only its diagonal is rounded, once."""
        target = out.T if out.flags.f_contiguous else out
        np.multiply(self.entries, float(sign), out=target)
        np.fill_diagonal(out, float(sign) * (self.entries.diagonal() - shift))

    @property
    def trace(self) -> float:
        """Correctly rounded."""
        return math.fsum(self.entries.diagonal())

    def error_from_entries(self, entry_error: float) -> float:
        """By how much an error of entry_error max |K_ij| in every entry can move an eigenvalue (Weyl: the norm of the
        error is at most its Frobenius norm).
        """
        return len(self) * entry_error * self.largest_entry * (1 + 8 * UNIT_ROUNDOFF)


def _check(entries: NDArray[Any], rows: slice) -> None:
    block = entries[rows]
    finite = np.isfinite(block).all(axis=1)
    if not finite.all():
        raise InvalidInput(f"row {rows.start + int(np.argmin(finite))} of the matrix is not finite")
    if block.dtype.kind != "f" and np.abs(block.astype(np.float64)).max() >= 2.0**53:
        raise InvalidInput("an entry of the matrix is an integer of 2^53 or more: expected what float64 can hold")
    if not np.array_equal(block, entries[:, rows].T):
        different = np.argwhere(block != entries[:, rows].T)[0]
        row, column = rows.start + int(different[0]), int(different[1])
        raise InvalidInput(
            "the matrix is not symmetric: expected a Gram matrix of one set of points, "
            f"found {entries[row, column]!r} at ({row}, {column}) and {entries[column, row]!r} at ({column}, {row})"
        )
