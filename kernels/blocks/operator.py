"""A Gram matrix as an operator: products with vectors, one block of the matrix in memory at a time.

The blocks are computed from the points whenever they are needed and never stored, or read from a zarr folder. Of a
symmetric matrix each block is computed or read once and used twice, also as its transpose.

>>> import numpy as np
>>> from robustntk.kernels import deep_kernel, gram
>>> from robustntk.kernels.blocks.operator import GramOperator
>>> X = np.eye(5)
>>> with GramOperator.of_points(deep_kernel("relu"), X, block=2) as operator:
...     product = operator.matvec(np.ones(5))
>>> bool(np.allclose(product, gram(deep_kernel("relu"), X) @ np.ones(5)))
True
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike

from ...bounds import InvalidInput
from ..deep import SphereKernel
from .cluster import workers_for
from .gram import BLOCK
from .grid import BlockGrid
from .source import BlockSource, ComputedBlocks, StoredBlocks
from .store import BlockStore
from .workers import Workers

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["GramOperator", "MatrixSize", "Product"]

# A sum of this many products is made by the BLAS in whatever order; these sums are added one by one.
_SUMMED_AT_ONCE = 128


@dataclass(frozen=True, eq=False)
class Product:
    """A computed product A V, with what its rounding errors are bounded by.

    Each entry of column k is within `error` times sum_j |V_jk| of the exact one.
    """

    values: Float[np.ndarray, "n k"]
    largest_entry: float
    summands: int

    @property
    def error(self) -> float:
        return _error(self.summands, self.largest_entry)


@dataclass(frozen=True)
class MatrixSize:
    """max |A_ij|, an upper bound of ||A||_F, and the `error` that every product with A has (see `Product`)."""

    largest_entry: float
    frobenius_norm: float
    product_error: float


@dataclass(frozen=True, eq=False)
class GramOperator:
    """A = K(X, Z), or the symmetric K(X, X). All products are in float64, whatever the type of the entries.

    Use it as a context manager, or `close` it, if it has connected to a cluster.
    """

    source: BlockSource
    _workers: Workers
    _shared_source: Any
    _resources: ExitStack = field(repr=False)

    @classmethod
    def of_points(
        cls,
        kernel: SphereKernel,
        X: Float[np.ndarray, "n d"],
        Z: Float[np.ndarray, "p d"] | None = None,
        *,
        dtype: DTypeLike = np.float64,
        block: int = BLOCK,
        scheduler: str | Client | None = None,
        workers: int | None = None,
    ) -> GramOperator:
        """The matrix that is computed anew for every product. Arguments and errors are those of `gram_to_zarr`."""
        return cls._with(ComputedBlocks.of(kernel, X, Z, dtype=dtype, block=block), scheduler, workers)

    @classmethod
    def stored(
        cls, path: str | Path, *, scheduler: str | Client | None = None, workers: int | None = None
    ) -> GramOperator:
        """The matrix that `gram_to_zarr` wrote. Raises InvalidInput if there is none.

        A block is verified whenever it is read: products raise InvalidInput for one that is missing or damaged.
        """
        return cls._with(StoredBlocks(BlockStore.open(Path(path).absolute())), scheduler, workers)

    @classmethod
    def _with(cls, source: BlockSource, scheduler: str | Client | None, workers: int | None) -> GramOperator:
        with ExitStack() as resources:
            team = resources.enter_context(workers_for(scheduler, workers))
            return cls(source, team, team.share(source), resources.pop_all())

    @property
    def grid(self) -> BlockGrid:
        return self.source.grid

    @property
    def shape(self) -> tuple[int, int]:
        return self.grid.shape

    @property
    def symmetric(self) -> bool:
        return self.grid.symmetric

    @property
    def memory_bytes(self) -> int:
        """An upper bound on the memory for blocks during a product, in all workers, beside points and vectors."""
        entries = self.grid.block**2
        # Of float32 blocks a part at a time becomes float64.
        block = entries * self.source.dtype.itemsize + 2 * 8 * self.grid.block * _SUMMED_AT_ONCE
        return min(self._workers.count, self.grid.down) * (block + self.source.working_bytes)

    def matvec(self, v: Float[np.ndarray, " p"]) -> Float[np.ndarray, " n"]:
        """A v. Raises InvalidInput for a vector of another length, or one that is not finite."""
        return self.matmat(_as_column(v))[:, 0]

    def rmatvec(self, v: Float[np.ndarray, " n"]) -> Float[np.ndarray, " p"]:
        """A^T v."""
        return self.rmatmat(_as_column(v))[:, 0]

    def matmat(self, V: Float[np.ndarray, "p k"]) -> Float[np.ndarray, "n k"]:
        """A V, in one pass over the matrix for all columns."""
        return self.product(V).values

    def rmatmat(self, V: Float[np.ndarray, "n k"]) -> Float[np.ndarray, "p k"]:
        """A^T V, in one pass."""
        return self.product(V, transposed=True).values

    def product(self, V: Float[np.ndarray, "p k"], *, transposed: bool = False) -> Product:
        """A V, or A^T V, with a bound on the rounding errors.

        The rows of blocks are added in a fixed order, so that the workers make no difference to the bits.
        """
        transposed &= not self.symmetric
        V = np.ascontiguousarray(V, dtype=np.float64)
        height, width = self.shape[::-1] if transposed else self.shape
        if V.ndim != 2 or len(V) != width:
            raise InvalidInput(f"the vectors have shape {V.shape}: expected ({width}, k)")
        if not np.isfinite(V).all():
            raise InvalidInput(f"row {int(np.argmin(np.isfinite(V).all(axis=1)))} of the vectors is not finite")
        values, largest = np.zeros((height, V.shape[1])), 0.0
        # The longest rows of blocks first, so that no worker begins one of these when the others have finished.
        rows = range(self.grid.down)[::-1]
        task = partial(_row_product, transposed=transposed)
        for part in self._workers.map(task, rows, self._shared_source, self._workers.share(V)):
            for span, summand in part.summands:
                values[span] += summand
            largest = max(largest, part.largest_entry)
        return Product(values, largest, _roundings(self.grid))

    def size(self) -> MatrixSize:
        """How large the matrix is, in one pass."""
        largest, squares = 0.0, 0.0
        for row_largest, row_squares in self._workers.map(_row_size, range(self.grid.down), self._shared_source):
            largest, squares = max(largest, row_largest), squares + row_squares
        # A sum of N nonnegative numbers, in whatever order, is within a relative N 2^-53 of the exact one.
        count = self.grid.rows * self.grid.columns
        bound = sqrt(squares * (1 + (count + 16) * 2.0**-52))
        return MatrixSize(largest, bound, _error(_roundings(self.grid), largest))

    def diagonal(self) -> Float[np.ndarray, " n"]:
        """The diagonal of a symmetric matrix. Raises InvalidInput for another one."""
        if not self.symmetric:
            raise InvalidInput(f"the matrix K(X, Z) of shape {self.shape} is not symmetric: expected K(X, X)")
        parts = self._workers.map(_diagonal, range(self.grid.down), self._shared_source)
        return np.concatenate(list(parts))

    def as_linear_operator(self) -> Any:
        """The scipy.sparse.linalg.LinearOperator of the same products, for eigsh, svds, cg and the like."""
        from scipy.sparse.linalg import LinearOperator

        return LinearOperator(
            shape=self.shape,
            matvec=lambda v: self.matvec(np.ravel(v)),
            rmatvec=lambda v: self.rmatvec(np.ravel(v)),
            matmat=self.matmat,
            rmatmat=self.rmatmat,
            dtype=np.float64,
        )

    def close(self) -> None:
        """Leave the cluster; without one there is nothing to close."""
        self._resources.close()

    def __enter__(self) -> GramOperator:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@dataclass(frozen=True, eq=False)
class _RowProduct:
    """What one row of blocks contributes, and the largest |A_ij| in it."""

    summands: list[tuple[slice, Float[np.ndarray, "rows k"]]]
    largest_entry: float


def _row_product(i: int, source: BlockSource, V: Float[np.ndarray, "p k"], *, transposed: bool) -> _RowProduct:
    """This is what workers call. Of a symmetric matrix the blocks count for the rows above, too."""
    grid, rows = source.grid, source.grid.row_span(i)
    along, largest = np.zeros((rows.stop - rows.start, V.shape[1])), 0.0
    summands: list[tuple[slice, Float[np.ndarray, "rows k"]]] = []
    for j in grid.row(i):
        block, columns = source.block((i, j)), grid.column_span(j)
        largest = max(largest, float(block.max()), -float(block.min()))
        if not transposed:
            along += _block_product(block, V[columns])
        if transposed or grid.has_mirror((i, j)):
            summands.append((columns, _block_product(block.T, V[rows])))
    return _RowProduct(summands if transposed else [(rows, along), *summands], largest)


def _block_product(
    block: Float[np.ndarray, "rows columns"], V: Float[np.ndarray, "columns k"]
) -> Float[np.ndarray, "rows k"]:
    """block V in float64, in short sums."""
    total = np.zeros((len(block), V.shape[1]))
    for start in range(0, len(V), _SUMMED_AT_ONCE):
        part = slice(start, start + _SUMMED_AT_ONCE)
        total += block[:, part].astype(np.float64, copy=False) @ V[part]
    return total


def _roundings(grid: BlockGrid) -> int:
    """The most roundings that a product of an entry of the matrix and one of a vector undergoes on its way.

    Within a short sum as many as it has terms; then one for each short sum of the block, for each block of the row, and
    for each row of blocks that is added to the result.
    """
    in_block = min(_SUMMED_AT_ONCE, grid.block) + -(-grid.block // _SUMMED_AT_ONCE)
    return in_block + max(grid.across, grid.down) + grid.down


def _error(summands: int, largest_entry: float) -> float:
    """gamma_s max |A_ij|, s the number of roundings that a summand undergoes (Higham 2002, Section 3.1)."""
    rounding = summands * 2.0**-53
    return rounding / (1 - rounding) * largest_entry * (1 + 2.0**-50)


def _row_size(i: int, source: BlockSource) -> tuple[float, float]:
    """The largest |A_ij| of a row of blocks, and the sum of the squares that it stands for."""
    largest, squares = 0.0, 0.0
    for j in source.grid.row(i):
        block = source.block((i, j))
        largest = max(largest, float(block.max()), -float(block.min()))
        square = float(np.einsum("ij,ij->", block, block, dtype=np.float64))
        squares += 2 * square if source.grid.has_mirror((i, j)) else square
    return largest, squares


def _diagonal(i: int, source: BlockSource) -> Float[np.ndarray, " rows"]:
    return source.diagonal(i)


def _as_column(v: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n 1"]:
    v = np.asarray(v, dtype=np.float64)
    if v.ndim != 1:
        raise InvalidInput(f"the vector has shape {v.shape}: expected one dimension")
    return v[:, None]
