"""Where the blocks of a Gram matrix come from: computed from the points, or read from a folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike

from ...bounds import InvalidInput
from ..architecture import Architecture
from ..deep import SphereKernel
from ..geometry import directions
from ..gram import gram, gram_memory
from ..sphere.profile import Profile
from .grid import BlockGrid, BlockIndex
from .store import BlockStore

__all__ = ["BlockSource", "ComputedBlocks", "FixedKernel", "StoredBlocks"]

_ENTRIES_AT_ONCE = 1 << 20


class BlockSource(Protocol):
    """A matrix of which one block at a time is in memory. It can be pickled, for it is sent to workers."""

    @property
    def grid(self) -> BlockGrid:
        """How the matrix is cut."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the entries."""

    def block(self, index: BlockIndex) -> Float[np.ndarray, "rows columns"]:
        """Block (i, j), of a symmetric matrix with i >= j."""

    def diagonal(self, i: int) -> Float[np.ndarray, " rows"]:
        """The diagonal of block (i, i)."""

    @property
    def working_bytes(self) -> int:
        """The memory that one block takes until it is there, the block itself not counted."""


@dataclass(frozen=True)
class FixedKernel:
    """A kernel that is nothing but its values: small, equal where they are equal, and it can be pickled."""

    label: str
    architecture: Architecture
    single: Profile
    double: Profile

    @classmethod
    def of(cls, kernel: SphereKernel) -> FixedKernel:
        return cls(kernel.label, kernel.architecture, kernel.profile(np.float32), kernel.profile(np.float64))

    @property
    def digest(self) -> str:
        """The sha256 of all that the values are computed from: two kernels of one label may differ in it."""
        return hashlib.sha256(repr((self.single, self.double)).encode()).hexdigest()

    def profile(self, dtype: Any = np.float64, *, derivative: int = 0) -> Profile:
        """Raises InvalidInput for derivatives, and for another type than float32 and float64."""
        for profile in (self.single, self.double):
            if np.dtype(dtype) == profile.dtype and not derivative:
                return profile
        raise InvalidInput(f"derivative {derivative} in {np.dtype(dtype)}: expected values in float32 or float64")


@dataclass(frozen=True, eq=False)
class ComputedBlocks:
    """K(X, Z), or K(X, X) where Z is None, block by block by `gram`."""

    kernel: FixedKernel
    X: Float[np.ndarray, "n d"]
    Z: Float[np.ndarray, "p d"] | None
    grid: BlockGrid
    dtype: np.dtype[Any]

    @classmethod
    def of(
        cls,
        kernel: SphereKernel,
        X: Float[np.ndarray, "n d"],
        Z: Float[np.ndarray, "p d"] | None = None,
        *,
        dtype: DTypeLike = np.float64,
        block: int,
    ) -> ComputedBlocks:
        """Checked points, in blocks of at most `block` rows and columns. The points are kept, not copied.

        Raises InvalidInput for points off the unit sphere (naming the first), sets of different dimensions, a type that
        is not float32 or float64, or a block size that is not positive.
        """
        X = _checked(X, "X")
        Z = None if Z is None else _checked(Z, "Z")
        if Z is not None and X.shape[1] != Z.shape[1]:
            raise InvalidInput(f"X has {X.shape[1]} columns and Z has {Z.shape[1]}: expected the same number")
        columns = len(X) if Z is None else len(Z)
        grid = BlockGrid(len(X), columns, min(block, max(len(X), columns)), symmetric=Z is None)
        fixed = FixedKernel.of(kernel)
        return cls(fixed, X, Z, grid, fixed.profile(dtype).dtype)

    @property
    def working_bytes(self) -> int:
        """A bound of the memory that one block takes while it is computed, the block itself not counted."""
        return gram_memory(self.grid.block, self.X.shape[1], self.grid.block, dtype=self.dtype).working

    def block(self, index: BlockIndex) -> Float[np.ndarray, "rows columns"]:
        rows, columns = self.grid.spans(index)
        if self.Z is not None:
            return gram(self.kernel, self.X[rows], self.Z[columns], dtype=self.dtype)
        if index[0] == index[1]:
            return gram(self.kernel, self.X[rows], dtype=self.dtype)
        return gram(self.kernel, self.X[rows], self.X[columns], dtype=self.dtype)

    def diagonal(self, i: int) -> Float[np.ndarray, " rows"]:
        """Theta(1), which is what `gram` has on the diagonal of K(X, X)."""
        value = gram(self.kernel, self.X[:1], dtype=self.dtype)[0, 0]
        rows = self.grid.row_span(i)
        return np.full(rows.stop - rows.start, value)


@dataclass(frozen=True)
class StoredBlocks:
    """The blocks of a matrix on disk, each verified when it is read."""

    store: BlockStore

    @property
    def grid(self) -> BlockGrid:
        return self.store.grid

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.store.dtype

    @property
    def working_bytes(self) -> int:
        """The file, and the copy of it that its checksum is computed from."""
        return 2 * self.grid.block**2 * self.dtype.itemsize

    def block(self, index: BlockIndex) -> Float[np.ndarray, "rows columns"]:
        return self.store.read(index)

    def diagonal(self, i: int) -> Float[np.ndarray, " rows"]:
        return np.diag(self.store.read((i, i))).copy()


def _checked(X: Float[np.ndarray, "n d"], name: str) -> Float[np.ndarray, "n d"]:
    """X if all its rows are unit vectors, checked without a copy of it (it may be a file mapped into memory)."""
    X = np.asanyarray(X)
    if X.ndim != 2 or 0 in X.shape:
        raise InvalidInput(f"{name} has shape {X.shape}: expected (n, d), one point a row")
    step = max(_ENTRIES_AT_ONCE // X.shape[1], 1)
    for start in range(0, len(X), step):
        directions(X[start : start + step], name=name if len(X) <= step else f"{name}[{start}:]")
    return X
