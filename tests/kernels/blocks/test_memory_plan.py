"""Memory is known before the work: exactly on disk, and as an upper bound in memory."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from robustntk.kernels.blocks.gram import gram_to_zarr
from robustntk.kernels.blocks.grid import BlockGrid
from robustntk.kernels.blocks.memory_plan import MemoryPlan, readable_bytes
from robustntk.kernels.blocks.operator import GramOperator
from robustntk.kernels.deep import deep_kernel

N, BLOCK = 1000, 500


def points(*, repeated: bool) -> np.ndarray:
    X = np.random.default_rng(0).standard_normal((N, 20))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return np.repeat(X[:1], N, axis=0) if repeated else X


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_files_are_as_large_as_announced(dtype: type, symmetric: bool, tmp_path: Path) -> None:
    """All but a few lines of metadata, also where the last blocks are not full."""
    X = points(repeated=False)[:130]
    report = gram_to_zarr(
        deep_kernel("erf"), X, tmp_path / "K.zarr", None if symmetric else X[:70], dtype=dtype, block=50
    )
    assert sum(file.stat().st_size for file in (tmp_path / "K.zarr").glob("c/*/*")) == report.plan.result_bytes
    assert report.plan.blocks == 6


@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["relu", "tanh"])
def test_memory_stays_below_the_bound(name: str, dtype: type, repeated: bool, tmp_path: Path) -> None:
    """While blocks are computed, written and verified, and within a factor of 20 of what was used.

    After a first matrix of the same kernel, so that what is compiled is compiled.
    """
    kernel, X = deep_kernel(name), points(repeated=repeated)
    gram_to_zarr(kernel, X, tmp_path / "first.zarr", dtype=dtype, block=BLOCK, workers=1)
    for used, plan in (peak(kernel, X, dtype, tmp_path) for _ in ("computed", "verified")):
        assert plan.memory_bytes / 20 <= used <= plan.memory_bytes


def peak(kernel: object, X: np.ndarray, dtype: type, folder: Path) -> tuple[int, MemoryPlan]:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        report = gram_to_zarr(kernel, X, folder / "K.zarr", dtype=dtype, block=BLOCK, workers=1)  # type: ignore[arg-type]
        return tracemalloc.get_traced_memory()[1] - before, report.plan
    finally:
        tracemalloc.stop()


def test_products_stay_below_the_bound(tmp_path: Path) -> None:
    X = points(repeated=False)
    gram_to_zarr(deep_kernel("relu"), X, tmp_path / "K.zarr", block=BLOCK)
    stored = GramOperator.stored(tmp_path / "K.zarr", workers=1)
    for operator in (stored, GramOperator.of_points(deep_kernel("relu"), X, block=BLOCK, workers=1)):
        operator.matvec(np.ones(N))
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            operator.matvec(np.ones(N))
            used = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
        assert used <= operator.memory_bytes


def test_memory_does_not_grow_with_the_matrix() -> None:
    small, large = (
        MemoryPlan.of(BlockGrid(n, n, 100, symmetric=True), np.dtype(float), working_bytes=5, points_bytes=0, workers=2)
        for n in (1_000, 100_000)
    )
    assert small.memory_bytes == large.memory_bytes
    assert large.result_bytes == 10_000 * small.result_bytes


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1.34e9, "1.34 GB"),
        (2e12, "2 TB"),
        (3e15, "3 PB"),
        (7e18, "7e+03 PB"),
    ],
)
def test_bytes_are_readable(count: float, text: str) -> None:
    assert readable_bytes(count) == text


def test_a_plan_says_all_of_it() -> None:
    grid = BlockGrid(1000, 1000, 100, symmetric=True)
    plan = MemoryPlan.of(grid, np.dtype(np.float32), working_bytes=10**6, points_bytes=5000, workers=2)
    assert plan.to_json().keys() == {"result_bytes", "memory_bytes", "points_bytes", "blocks", "workers"}
    assert str(plan) == "at most 2.08 MB, for 2 of 55 blocks at a time, beside 5 kB of points; 4 MB on disk"


def test_there_are_no_more_workers_than_blocks() -> None:
    grid = BlockGrid(100, 100, 100, symmetric=True)
    plan = MemoryPlan.of(grid, np.dtype(np.float64), working_bytes=0, points_bytes=0, workers=8)
    assert (plan.workers, plan.memory_bytes) == (1, 4 * 80_000)
