"""Gram matrices in blocks: the same bits whoever computes them in whatever order, and whenever they are killed."""

import doctest
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr
from numpy.typing import DTypeLike

from robustntk.bounds import InvalidInput
from robustntk.kernels import dual_kernel, gram
from robustntk.kernels.blocks.gram import BlockReport, gram_to_zarr
from robustntk.kernels.deep import deep_kernel

KERNEL = deep_kernel("relu")
BLOCK = 16


def sphere(n: int, d: int = 8, seed: int = 0) -> np.ndarray:
    X = np.random.default_rng(seed).standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def files(folder: Path) -> dict[str, bytes]:
    """All contents, by name."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def counts(report: BlockReport) -> tuple[int, int, int]:
    return report.kept, report.recomputed, report.new


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("block", [3, 16, 40, 100])
def test_the_matrix_is_that_of_gram(block: int, dtype: DTypeLike, tmp_path: Path) -> None:
    """Also for points that are close to each other, in one block or in two; exactly symmetric."""
    X = sphere(40)
    X[39] = X[0] + 1e-9 * X[1]
    X[39] /= np.linalg.norm(X[39])
    report = gram_to_zarr(KERNEL, X, tmp_path / "K.zarr", block=block, dtype=dtype)
    K = zarr.load(tmp_path / "K.zarr")
    assert (report.shape, report.dtype, K.dtype) == ((40, 40), np.dtype(dtype).name, dtype)
    assert np.array_equal(K, K.T)
    np.testing.assert_allclose(K, gram(KERNEL, X, dtype=dtype), rtol=8 * np.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_rectangular_matrix(dtype: DTypeLike, tmp_path: Path) -> None:
    X, Z = sphere(40), sphere(23, seed=1)
    report = gram_to_zarr(dual_kernel("tanh"), X, tmp_path / "K.zarr", Z, block=BLOCK, dtype=dtype)
    expected = gram(dual_kernel("tanh"), X, Z, dtype=dtype)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(zarr.load(tmp_path / "K.zarr"), expected, rtol=8 * eps, atol=eps)
    assert counts(report) == (0, 0, 6)
    assert counts(gram_to_zarr(dual_kernel("tanh"), X, tmp_path / "K.zarr", Z, block=BLOCK, dtype=dtype)) == (6, 0, 0)


def test_a_finished_matrix_is_verified_and_kept(tmp_path: Path) -> None:
    X = sphere(40)
    assert counts(gram_to_zarr(KERNEL, X, tmp_path / "K.zarr", block=BLOCK)) == (0, 0, 6)
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "K.zarr").rglob("*")}
    assert counts(gram_to_zarr(KERNEL, X, tmp_path / "K.zarr", block=BLOCK)) == (6, 0, 0)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "K.zarr").rglob("*")} == before


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 4
    file.write_bytes(content)


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize("damage", [flipped, truncated])
@pytest.mark.parametrize("place", ["0/0", "2/1", "1/2"])
def test_a_damaged_block_is_computed_anew(place: str, damage: Callable[[Path], None], tmp_path: Path) -> None:
    X = sphere(40)
    gram_to_zarr(KERNEL, X, tmp_path / "K.zarr", block=BLOCK)
    before = files(tmp_path / "K.zarr")
    damage(tmp_path / "K.zarr" / "c" / place)
    assert files(tmp_path / "K.zarr") != before
    assert counts(gram_to_zarr(KERNEL, X, tmp_path / "K.zarr", block=BLOCK)) == (5, 1, 0)
    assert files(tmp_path / "K.zarr") == before


@pytest.mark.parametrize("place", ["0/0", "2/1", "1/2"])
def test_a_missing_block_is_computed(place: str, tmp_path: Path) -> None:
    X = sphere(40)
    gram_to_zarr(KERNEL, X, tmp_path / "K.zarr", block=BLOCK)
    before = files(tmp_path / "K.zarr")
    (tmp_path / "K.zarr" / "c" / place).unlink()
    assert counts(gram_to_zarr(KERNEL, X, tmp_path / "K.zarr", block=BLOCK)) == (5, 0, 1)
    assert files(tmp_path / "K.zarr") == before


CHILD = """
import os, sys
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:int(os.environ.get("PROCESSORS", 1000))])
import numpy as np
from robustntk.kernels.blocks.gram import gram_to_zarr
from robustntk.kernels.deep import deep_kernel

def progress(stage, done, total):
    print(done, flush=True)

X = np.load(sys.argv[1])
for path, dtype, block in zip(*[iter(sys.argv[2:])] * 3):
    gram_to_zarr(deep_kernel("relu"), X, path, dtype=dtype, block=int(block), progress=progress)
"""


def child(X: Path, matrices: list[tuple[Path, str, int]], **environment: str) -> "subprocess.Popen[str]":
    """A process that writes the matrices (path, dtype, block) one after the other."""
    command = [sys.executable, "-c", CHILD, str(X), *(str(part) for matrix in matrices for part in matrix)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment)


KINDS = [(dtype, block) for dtype in ("float32", "float64") for block in (256, 450)]


def test_threads_and_processors_make_no_difference_to_the_bits(tmp_path: Path) -> None:
    """In blocks that `gram` leaves to NumPy, whose BLAS uses several threads, and in those that it leaves to XLA."""
    X = sphere(700, 100)
    np.save(tmp_path / "X.npy", X)
    for threads in ("1", "2"):
        setting = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "PROCESSORS"), threads)
        done = child(tmp_path / "X.npy", [(tmp_path / f"{threads}-{kind}.zarr", *kind) for kind in KINDS], **setting)
        done.communicate()
        assert done.returncode == 0
    for kind in KINDS:
        gram_to_zarr(KERNEL, X, tmp_path / "many.zarr", dtype=kind[0], block=kind[1], workers=5)
        whole = files(tmp_path / "many.zarr")
        assert files(tmp_path / f"1-{kind}.zarr") == whole and files(tmp_path / f"2-{kind}.zarr") == whole
        shutil.rmtree(tmp_path / "many.zarr")


def killed_runs(kills: int, folder: Path, *, n: int) -> int:
    """Kill that many runs at random moments; the number of those after which blocks were missing.

    A moment is a number of blocks that the run has done (three quarters of them at most), and some time within the
    next ones.
    """
    rng = np.random.default_rng(0)
    unfinished = 0
    down = -(-n // BLOCK)
    reach = down * (down + 1) // 2 * 3 // 4
    for kill in range(kills):
        run = child(folder / "X.npy", [(folder / "K.zarr", "float64", BLOCK)])
        assert run.stdout is not None
        target = rng.integers(reach * kill // kills, reach * (kill + 1) // kills)
        while (line := run.stdout.readline()) and int(line) < target:
            pass
        time.sleep(rng.uniform(0, 0.01))
        run.send_signal(signal.SIGKILL)
        run.communicate()
        unfinished += len(list((folder / "K.zarr").glob("c/*/*[0-9]"))) < down**2
    return unfinished


@pytest.mark.parametrize(("kills", "n"), [(3, 150), pytest.param(20, 400, marks=pytest.mark.slow)])
def test_a_killed_run_resumes_to_the_same_bits(kills: int, n: int, tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", sphere(n))
    assert killed_runs(kills, tmp_path, n=n) >= kills - 1
    report = gram_to_zarr(KERNEL, sphere(n), tmp_path / "K.zarr", block=BLOCK)
    assert report.kept + report.new == report.plan.blocks and report.kept > 0 and report.new > 0
    gram_to_zarr(KERNEL, sphere(n), tmp_path / "whole.zarr", block=BLOCK, workers=1)
    assert files(tmp_path / "K.zarr") == files(tmp_path / "whole.zarr")


OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "points": (lambda path: gram_to_zarr(KERNEL, sphere(40, seed=1), path, block=BLOCK), "points with sha256"),
    "more points": (lambda path: gram_to_zarr(KERNEL, sphere(41), path, block=BLOCK), "number of rows 40, not 41"),
    "dimension": (lambda path: gram_to_zarr(KERNEL, sphere(40, 9), path, block=BLOCK), "dimension 8, not 9"),
    "kernel": (
        lambda path: gram_to_zarr(deep_kernel("erf"), sphere(40), path, block=BLOCK),
        "not 'NTK of depth 1 .erf",
    ),
    "dtype": (
        lambda path: gram_to_zarr(KERNEL, sphere(40), path, block=BLOCK, dtype=np.float32),
        "dtype 'float64', not 'float32'",
    ),
    "block": (lambda path: gram_to_zarr(KERNEL, sphere(40), path, block=8), "block size 16, not 8"),
    "rectangular": (
        lambda path: gram_to_zarr(KERNEL, sphere(40), path, sphere(40), block=BLOCK),
        "second points with sha256 None, not",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_matrix_is_refused_by_what_differs(name: str, tmp_path: Path) -> None:
    other, culprit = OTHERS[name]
    gram_to_zarr(KERNEL, sphere(40), tmp_path / "K.zarr", block=BLOCK)
    before = files(tmp_path / "K.zarr")
    with pytest.raises(InvalidInput, match=culprit):
        other(tmp_path / "K.zarr")
    assert files(tmp_path / "K.zarr") == before


def test_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gram_to_zarr(KERNEL, sphere(40), tmp_path / "K.zarr", block=BLOCK)
    monkeypatch.setattr("robustntk.kernels.blocks.identity.version", lambda package: "0.0.9")
    with pytest.raises(InvalidInput, match="version of robustntk '0.1.0', not '0.0.9'"):
        gram_to_zarr(KERNEL, sphere(40), tmp_path / "K.zarr", block=BLOCK)


def test_blocks_as_large_as_the_matrix_are_the_same_blocks(tmp_path: Path) -> None:
    gram_to_zarr(KERNEL, sphere(40), tmp_path / "K.zarr", block=50)
    assert counts(gram_to_zarr(KERNEL, sphere(40), tmp_path / "K.zarr", block=60)) == (1, 0, 0)


def test_too_little_space_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(InvalidInput, match=r"needs 20 kB: .* 10 kB are free"):
        gram_to_zarr(KERNEL, sphere(50), tmp_path / "K.zarr", block=25, dtype=np.float64)
    assert list(tmp_path.iterdir()) == []


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "norm": (lambda path: gram_to_zarr(KERNEL, 2 * sphere(40), path), "row 0 of X has norm"),
    "second norm": (lambda path: gram_to_zarr(KERNEL, sphere(40), path, 2 * sphere(9)), "row 0 of Z has norm"),
    "dimensions": (lambda path: gram_to_zarr(KERNEL, sphere(40), path, sphere(9, 7)), "X has 8 columns and Z has 7"),
    "no points": (lambda path: gram_to_zarr(KERNEL, sphere(40)[:0], path), r"shape \(0, 8\)"),
    "block": (lambda path: gram_to_zarr(KERNEL, sphere(40), path, block=0), "block is 0"),
    "dtype": (lambda path: gram_to_zarr(KERNEL, sphere(40), path, dtype=np.float16), "float16"),
    "workers": (lambda path: gram_to_zarr(KERNEL, sphere(40), path, workers=0), "workers is 0"),
    "folder": (lambda path: gram_to_zarr(KERNEL, sphere(40), path / "K.zarr"), "there is no folder"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refusals_come_before_anything_is_written(name: str, tmp_path: Path) -> None:
    call, culprit = WRONG[name]
    with pytest.raises(InvalidInput, match=culprit):
        call(tmp_path / "K.zarr")
    assert list(tmp_path.iterdir()) == []


def test_the_row_off_the_sphere_is_named_in_large_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robustntk.kernels.blocks.source._ENTRIES_AT_ONCE", 80)
    X = sphere(40)
    X[25] *= 1.5
    with pytest.raises(InvalidInput, match=r"row 5 of X\[20:\] has norm"):
        gram_to_zarr(KERNEL, X, tmp_path / "K.zarr")


def test_the_plan_is_announced_before_the_first_block(tmp_path: Path) -> None:
    heard: list[object] = []
    report = gram_to_zarr(
        KERNEL,
        sphere(40),
        tmp_path / "K.zarr",
        block=BLOCK,
        workers=2,
        announce=heard.append,
        progress=lambda stage, done, total: heard.append((done, total)),
    )
    assert heard == [report.plan, *((done, 6) for done in range(1, 7))]
    assert report.to_json()["plan"]["workers"] == 2 and report.to_json()["path"] == str(tmp_path / "K.zarr")


def test_the_example_is_true() -> None:
    result = doctest.testmod(sys.modules[gram_to_zarr.__module__])
    assert result.attempted > 0 and result.failed == 0


def test_points_may_be_a_file_mapped_into_memory(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", sphere(40))
    gram_to_zarr(KERNEL, np.load(tmp_path / "X.npy", mmap_mode="r"), tmp_path / "K.zarr", block=BLOCK)
    assert counts(gram_to_zarr(KERNEL, sphere(40), tmp_path / "K.zarr", block=BLOCK)) == (6, 0, 0)
