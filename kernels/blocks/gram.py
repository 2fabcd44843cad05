"""Gram matrices larger than memory: computed block by block into a zarr folder, and resumed after a kill.

>>> import tempfile, zarr
>>> import numpy as np
>>> from robustntk.kernels import deep_kernel
>>> from robustntk.kernels.blocks.gram import gram_to_zarr
>>> with tempfile.TemporaryDirectory() as folder:
...     report = gram_to_zarr(deep_kernel("relu"), np.eye(5), f"{folder}/K.zarr", block=2)
...     K = zarr.load(f"{folder}/K.zarr")
>>> report.new, K.shape, float(K[0, 0])
(6, (5, 5), 0.5)
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike

from ...bounds import InvalidInput
from ..deep import SphereKernel
from .cluster import workers_for
from .grid import BlockIndex
from .identity import MatrixIdentity, points_digest
from .memory_plan import MemoryPlan, readable_bytes
from .source import ComputedBlocks
from .store import BlockStore, DamagedBlock

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["BLOCK", "BlockReport", "gram_to_zarr"]

BLOCK = 2048
State = Literal["kept", "recomputed", "new"]
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class BlockReport:
    """What a run found and did: blocks verified and kept, damaged and recomputed, and computed for the first time."""

    path: Path
    shape: tuple[int, int]
    dtype: str
    block: int
    kept: int
    recomputed: int
    new: int
    plan: MemoryPlan

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"path": str(self.path), "shape": list(self.shape)}


def gram_to_zarr(
    kernel: SphereKernel,
    X: Float[np.ndarray, "n d"],
    path: str | Path,
    Z: Float[np.ndarray, "p d"] | None = None,
    *,
    dtype: DTypeLike = np.float64,
    block: int = BLOCK,
    scheduler: str | Client | None = None,
    workers: int | None = None,
    announce: Callable[[MemoryPlan], None] | None = None,
    progress: Progress | None = None,
) -> BlockReport:
    """K(X, Z), or the symmetric K(X, X), as a zarr folder with blocks of `block` rows and columns.

    Called again after a kill, it verifies the blocks that are there, against their checksums and each other, and
    computes the others; the result has the same bits as that of one uninterrupted run, by any workers with the same
    processor and libraries. The workers are threads of this process (`workers`, one for each processor by default), or
    those of a Dask cluster (`scheduler`, see `cluster`), which share the path. `announce` is told the memory needed
    before the work starts, and `progress` the number of blocks that are done.

    Raises InvalidInput for points off the sphere, another dtype than float32 or float64, a path that holds something
    else or another matrix (naming what differs) or is being written by another process, and too little space on disk.
    """
    source = ComputedBlocks.of(kernel, X, Z, dtype=dtype, block=block)
    path = Path(path).absolute()
    with workers_for(scheduler, workers) as team:
        plan = _plan(source, team.count)
        _require_space(path, plan)
        store = BlockStore.create(path, source.grid, source.dtype, _identity(source))
        with store.locked():
            if announce is not None:
                announce(plan)
            states: list[State] = []
            shared = team.share(source), team.share(store)
            for state in team.map(ensure_block, source.grid.computed, *shared):
                states.append(state)
                if progress is not None:
                    progress("blocks of the kernel", len(states), source.grid.count)
    kept, recomputed, new = (states.count(state) for state in ("kept", "recomputed", "new"))
    grid = source.grid
    return BlockReport(path, grid.shape, str(source.dtype), grid.block, kept, recomputed, new, plan)


def ensure_block(index: BlockIndex, source: ComputedBlocks, store: BlockStore) -> State:
    """Leave the block and its mirror whole on disk. This is what workers call."""
    state: State = "new"
    try:
        if store.is_whole(index):
            return "kept"
    except DamagedBlock:
        state = "recomputed"
    store.write(index, source.block(index))
    return state


def _plan(source: ComputedBlocks, workers: int) -> MemoryPlan:
    points = source.X.nbytes + (0 if source.Z is None else source.Z.nbytes)
    working = source.working_bytes
    return MemoryPlan.of(source.grid, source.dtype, working_bytes=working, points_bytes=points, workers=workers)


def _identity(source: ComputedBlocks) -> MatrixIdentity:
    return MatrixIdentity.of_this_version(
        kernel=source.kernel.label,
        profile=source.kernel.digest,
        dtype=str(source.dtype),
        rows=source.grid.rows,
        columns=source.grid.columns,
        dimension=source.X.shape[1],
        block=source.grid.block,
        points=points_digest(source.X),
        other_points=None if source.Z is None else points_digest(source.Z),
    )


def _require_space(path: Path, plan: MemoryPlan) -> None:
    if not path.parent.is_dir():
        raise InvalidInput(f"there is no folder {path.parent} for {path.name}")
    written = sum(file.stat().st_size for file in path.glob("c/*/*")) if path.is_dir() else 0
    needed, free = plan.result_bytes - written, shutil.disk_usage(path.parent).free
    if needed > free:
        raise InvalidInput(
            f"{path} still needs {readable_bytes(needed)}: expected as much space on its disk, of which only "
            f"{readable_bytes(free)} are free"
        )
