"""A Gram matrix in blocks on disk: time, and peak memory beside what was announced and what the machine has.

    python -m benchmarks.out_of_core [--points 56000] [--dimension 65] [--dtype float64] [--block 2048] [--folder .]

The default is 25 GB. Peak memory is the high-water mark of the resident set (Linux), above its size after a first small
matrix, which has everything compiled. After the matrix is written, it is multiplied by a vector from disk and once more
from the points (the results must have the same bits), and verified by writing it again. Exits with 1 if more memory was
used than announced.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import psutil

from robustntk.kernels import deep_kernel
from robustntk.kernels.blocks.gram import BlockReport, gram_to_zarr
from robustntk.kernels.blocks.memory_plan import readable_bytes
from robustntk.kernels.blocks.operator import GramOperator

Result = TypeVar("Result")
KERNEL = deep_kernel("relu")


def resident(name: str) -> int:
    """VmRSS, or its high-water mark VmHWM, in bytes."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def timed(title: str, call: Callable[[], Result]) -> Result:
    begin = time.perf_counter()
    result = call()
    print(f"{title:<24} {time.perf_counter() - begin:8.1f} s", flush=True)
    return result


def written(X: np.ndarray, path: Path, arguments: argparse.Namespace) -> BlockReport:
    return gram_to_zarr(KERNEL, X, path, dtype=arguments.dtype, block=arguments.block)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--points", type=int, default=56_000)
    parser.add_argument("--dimension", type=int, default=65)
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--block", type=int, default=2048)
    parser.add_argument("--folder", type=Path, default=Path())
    arguments = parser.parse_args()
    X = np.random.default_rng(0).standard_normal((arguments.points, arguments.dimension))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        written(X[: 2 * arguments.block], Path(folder) / "first.zarr", arguments)
        before = resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        path = Path(folder) / "K.zarr"
        plan = timed("written", lambda: written(X, path, arguments)).plan
        peak = resident("VmHWM") - before
        total = psutil.virtual_memory().total
        print(f"announced                {plan}")
        print(f"peak memory              {readable_bytes(peak)}, of {readable_bytes(total)} that the machine has")
        v = np.ones(arguments.points)
        from_disk = timed("product from disk", lambda: GramOperator.stored(path).matvec(v))
        operator = GramOperator.of_points(KERNEL, X, dtype=arguments.dtype, block=arguments.block)
        same = np.array_equal(timed("product from the points", lambda: operator.matvec(v)), from_disk)
        again = timed("verified", lambda: written(X, path, arguments))
    print(f"{again.kept:,} of {plan.blocks:,} blocks verified; products have {'the same' if same else 'OTHER'} bits")
    return 0 if peak <= plan.memory_bytes and same and again.kept == plan.blocks else 1


if __name__ == "__main__":
    sys.exit(main())
