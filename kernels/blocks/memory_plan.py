"""What a Gram matrix in blocks will take, on disk and in memory, before anything is computed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .grid import BlockGrid
from .store import CHECKSUM_BYTES

__all__ = ["MemoryPlan", "readable_bytes"]

# Of a block beside itself, while it is written (transposed, and with its checksum) or compared with its mirror.
_COPIES = 3


@dataclass(frozen=True)
class MemoryPlan:
    """Upper bounds, in bytes: `result_bytes` on disk, `memory_bytes` for the blocks in the memory of all workers.

    The points (`points_bytes`) are there beforehand: once for all threads of this process, and once for every worker of
    a cluster and its scheduler. Not counted is what compilers and libraries need, once for each process.
    """

    result_bytes: int
    memory_bytes: int
    points_bytes: int
    blocks: int
    workers: int

    @classmethod
    def of(
        cls, grid: BlockGrid, dtype: np.dtype[Any], *, working_bytes: int, points_bytes: int, workers: int
    ) -> MemoryPlan:
        """For `workers` blocks at a time, each of which takes `working_bytes` beside itself while it is computed."""
        block = grid.block**2 * dtype.itemsize
        workers = min(workers, grid.count)
        return cls(
            result_bytes=grid.down * grid.across * (block + CHECKSUM_BYTES),
            memory_bytes=workers * (block + max(working_bytes, _COPIES * block)),
            points_bytes=points_bytes,
            blocks=grid.count,
            workers=workers,
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        disk, memory, points = map(readable_bytes, (self.result_bytes, self.memory_bytes, self.points_bytes))
        return (
            f"at most {memory}, for {self.workers} of {self.blocks:,} blocks at a time, beside {points} of points; "
            f"{disk} on disk"
        )


def readable_bytes(count: float) -> str:
    """Three digits and a unit: 1.34 GB."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} PB"
