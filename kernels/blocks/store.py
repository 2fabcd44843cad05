"""A Gram matrix on disk, block by block: a zarr folder whose every block is whole, absent, or known to be damaged.

The folder is an ordinary zarr (version 3) array of the full matrix, both triangles, so that any reader of zarr can open
it. One chunk is one block, uncompressed, with a crc32c checksum behind it. zarr writes a chunk under a temporary name
and renames it, so that a process killed at any moment leaves blocks whole or absent; what a power failure or a disk
does to a file is found by its checksum. The entries of blocks that are absent read as NaN.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from socket import gethostname
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike

from ...bounds import InvalidInput
from .folder_lock import only_process
from .grid import BlockGrid, BlockIndex
from .identity import MatrixIdentity

__all__ = ["CHECKSUM_BYTES", "BlockStore", "DamagedBlock"]

CHECKSUM_BYTES = 4
_METADATA = "zarr.json"
_ATTRIBUTE = "robustntk"


class DamagedBlock(InvalidInput):
    """A block whose file is truncated, or does not match its checksum."""


@dataclass(frozen=True)
class BlockStore:
    """The blocks of one matrix under `path`. Instances may be pickled and used by several processes at once."""

    path: Path
    grid: BlockGrid

    @classmethod
    def create(cls, path: str | Path, grid: BlockGrid, dtype: DTypeLike, identity: MatrixIdentity) -> BlockStore:
        """Begin a new matrix, or go on with the unfinished or finished one that has the same identity.

        Raises InvalidInput if the path is a file, a folder with other contents, or holds another matrix (the message
        names what differs), and FileNotFoundError if the folder that should hold it is not there.
        """
        import zarr
        from zarr.codecs import Crc32cCodec

        store = cls(Path(path), grid)
        if (store.path / _METADATA).exists():
            difference = identity.difference(_recorded(store.path))
            if difference is not None:
                raise InvalidInput(f"{path} holds a matrix with {difference}: choose another path, or remove it")
            return store
        _require_empty(store.path)
        store.path.mkdir(exist_ok=True)
        zarr.create_array(
            store.path,
            shape=grid.shape,
            chunks=(grid.block, grid.block),
            dtype=np.dtype(dtype),
            fill_value=np.nan,
            filters=None,
            compressors=(Crc32cCodec(),),
            attributes={_ATTRIBUTE: identity.to_json()},
        )
        return store

    @classmethod
    def open(cls, path: str | Path) -> BlockStore:
        """A matrix that was written before. Raises InvalidInput if there is none."""
        recorded = _recorded(Path(path))
        try:
            symmetric = recorded["other_points"] is None
            grid = BlockGrid(recorded["rows"], recorded["columns"], recorded["block"], symmetric)
        except KeyError as missing:
            raise InvalidInput(f"{path} holds a matrix with no record of {missing}") from None
        return cls(Path(path), grid)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """For the time of a run: nobody else writes here, and what killed runs left half-written is gone.

        The lock belongs to the process and vanishes with it. Where the file system has none, nothing is locked: two
        runs write the same bits. Raises InvalidInput if another process holds the lock.
        """
        with only_process(self.path):
            for leftover in self.path.rglob("*.partial"):
                leftover.unlink(missing_ok=True)
            yield

    @property
    def dtype(self) -> np.dtype[Any]:
        found: np.dtype[Any] = self._array.dtype
        return found

    def has(self, index: BlockIndex) -> bool:
        """Whether there is a file for the block, of whatever contents."""
        key: str = self._array.metadata.encode_chunk_key(index)
        return (self.path / key).is_file()

    def read(self, index: BlockIndex) -> Float[np.ndarray, "rows columns"]:
        """One block (i, j), also with j > i.

        Raises DamagedBlock if its checksum is wrong, InvalidInput if it was never written.
        """
        if not self.has(index):
            raise InvalidInput(f"block {index} of {self.path} is missing: repeat the command that writes the matrix")
        try:
            block: Float[np.ndarray, "rows columns"] = self._array[self.grid.spans(index)]
        except ValueError as error:
            raise DamagedBlock(f"block {index} of {self.path} is damaged ({error})") from error
        return block

    def write(self, index: BlockIndex, block: Float[np.ndarray, "rows columns"]) -> None:
        """Write a block and, of a symmetric matrix, its transpose. Raises InvalidInput unless all entries are finite.

        Each of the two files appears whole or not at all.
        """
        if not np.isfinite(block).all():
            row, column = np.argwhere(~np.isfinite(block))[0].tolist()
            rows, columns = self.grid.spans(index)
            place = f"({rows.start + row}, {columns.start + column})"
            raise InvalidInput(f"entry {place} of the matrix is {block[row, column]}: expected a finite number")
        rows, columns = self.grid.spans(index)
        self._array[rows, columns] = block
        if self.grid.has_mirror(index):
            self._array[columns, rows] = block.T

    def is_whole(self, index: BlockIndex) -> bool:
        """Whether the block and its mirror are there, match their checksums, and are each other's transpose.

        Raises DamagedBlock if the files are there and the rest fails.
        """
        i, j = index
        if not self.has(index) or not self.has((j, i) if self.grid.symmetric else index):
            return False
        block = self.read(index)
        mirror = self.read((j, i)) if self.grid.symmetric else block.T
        if not np.array_equal(block, mirror.T):
            raise DamagedBlock(f"blocks {index} and {(j, i)} of {self.path} are not each other's transpose")
        return True

    @cached_property
    def _array(self) -> Any:
        """Raises InvalidInput where the folder is not seen, as on a machine that does not share it."""
        import zarr

        try:
            return zarr.open_array(self.path, mode="r+" if os.access(self.path, os.W_OK) else "r")
        except FileNotFoundError as error:
            raise InvalidInput(f"{gethostname()} sees no matrix at {self.path}: expected a shared folder") from error

    def __reduce__(self) -> tuple[type[BlockStore], tuple[Path, BlockGrid]]:
        return type(self), (self.path, self.grid)


def _recorded(path: Path) -> dict[str, Any]:
    """What the folder says about its matrix."""
    import zarr

    try:
        recorded = zarr.open_array(path, mode="r").attrs[_ATTRIBUTE]
    except (ValueError, KeyError, OSError) as error:
        raise InvalidInput(f"{path} is not a Gram matrix in blocks ({error or type(error).__name__})") from error
    if not isinstance(recorded, dict):
        raise InvalidInput(f"{path} is not a Gram matrix in blocks (no attribute {_ATTRIBUTE})")
    return recorded


def _require_empty(path: Path) -> None:
    """Nothing, or the folder of a run that was killed before it had written its first file."""
    if path.exists() and not path.is_dir():
        raise InvalidInput(f"{path} is a file: expected a folder for the matrix")
    if path.is_dir() and any(entry.suffix != ".partial" for entry in path.iterdir()):
        raise InvalidInput(f"{path} is not empty and holds no Gram matrix in blocks: choose another path")
