"""Blocks on disk: whole, absent, or known to be damaged; readable by plain zarr."""

import os
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr

from robustntk.bounds import InvalidInput
from robustntk.kernels.blocks.grid import BlockGrid
from robustntk.kernels.blocks.identity import MatrixIdentity
from robustntk.kernels.blocks.store import BlockStore, DamagedBlock

GRID = BlockGrid(10, 10, 4, symmetric=True)
IDENTITY = MatrixIdentity.of_this_version(
    kernel="a kernel",
    profile="0f",
    dtype="float64",
    rows=10,
    columns=10,
    dimension=3,
    block=4,
    points="a1",
    other_points=None,
)


def matrix() -> np.ndarray:
    K = np.random.default_rng(0).standard_normal((10, 10))
    return K + K.T


def filled(path: Path) -> BlockStore:
    store = BlockStore.create(path, GRID, np.float64, IDENTITY)
    for index in GRID.computed:
        store.write(index, matrix()[GRID.spans(index)])
    return store


def test_plain_zarr_reads_the_full_matrix(tmp_path: Path) -> None:
    filled(tmp_path / "K.zarr")
    assert np.array_equal(zarr.load(tmp_path / "K.zarr"), matrix())


def test_what_is_absent_reads_as_nan(tmp_path: Path) -> None:
    store = BlockStore.create(tmp_path / "K.zarr", GRID, np.float64, IDENTITY)
    store.write((1, 0), matrix()[4:8, :4])
    K = zarr.load(tmp_path / "K.zarr")
    assert np.array_equal(K[4:8, :4], matrix()[4:8, :4]) and np.array_equal(K[:4, 4:8], matrix()[:4, 4:8])
    assert np.isnan(K).sum() == 100 - 2 * 16


def test_a_block_of_zeros_is_there(tmp_path: Path) -> None:
    store = BlockStore.create(tmp_path / "K.zarr", GRID, np.float64, IDENTITY)
    store.write((1, 0), np.zeros((4, 4)))
    assert store.is_whole((1, 0))


def test_an_opened_store_is_the_created_one(tmp_path: Path) -> None:
    store = filled(tmp_path / "K.zarr")
    for other in (BlockStore.open(store.path), pickle.loads(pickle.dumps(store))):
        assert other == store and other.dtype == np.float64
        assert np.array_equal(other.read((0, 2)), matrix()[:4, 8:])


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def cut_in_a_number(content: bytes) -> bytes:
    return content[:-5]


def empty(content: bytes) -> bytes:
    return b""


def four_zeros(content: bytes) -> bytes:
    """The crc32c of nothing is 0."""
    return bytes(4)


def zeros(content: bytes) -> bytes:
    return bytes(len(content))


def longer(content: bytes) -> bytes:
    return content + bytes(8)


def one_bit(content: bytes) -> bytes:
    return content[:17] + bytes([content[17] ^ 1]) + content[18:]


DAMAGES = [cut, cut_in_a_number, empty, four_zeros, zeros, longer, one_bit]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("place", ["1/0", "0/1", "2/2"])
def test_damage_is_seen_in_a_block_and_in_its_mirror(
    damage: Callable[[bytes], bytes], place: str, tmp_path: Path
) -> None:
    store = filled(tmp_path / "K.zarr")
    i, j = (int(part) for part in place.split("/"))
    index = max(i, j), min(i, j)
    assert store.is_whole(index)
    file = store.path / "c" / place
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(DamagedBlock, match="damaged"):
        store.read((i, j))
    with pytest.raises(DamagedBlock):
        store.is_whole(index)


def test_a_block_in_the_place_of_another_is_damage(tmp_path: Path) -> None:
    """Its checksum is right, but it is not the transpose of its mirror."""
    store = filled(tmp_path / "K.zarr")
    shutil.copy(store.path / "c/2/1", store.path / "c/2/0")
    with pytest.raises(DamagedBlock, match="transpose"):
        store.is_whole((2, 0))
    shutil.copy(store.path / "c/1/0", store.path / "c/0/0")
    with pytest.raises(DamagedBlock, match="transpose"):
        store.is_whole((0, 0))


@pytest.mark.parametrize("place", ["1/0", "0/1"])
def test_half_a_pair_is_not_whole(place: str, tmp_path: Path) -> None:
    store = filled(tmp_path / "K.zarr")
    (store.path / "c" / place).unlink()
    assert not store.is_whole((1, 0))
    assert store.is_whole((2, 0))


def test_reading_what_was_never_written_is_refused(tmp_path: Path) -> None:
    store = BlockStore.create(tmp_path / "K.zarr", GRID, np.float64, IDENTITY)
    with pytest.raises(InvalidInput, match=r"block \(1, 0\) of .* is missing"):
        store.read((1, 0))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_only_finite_entries_are_written(value: float, tmp_path: Path) -> None:
    store = BlockStore.create(tmp_path / "K.zarr", GRID, np.float64, IDENTITY)
    block = np.ones((4, 4))
    block[2, 3] = value
    with pytest.raises(InvalidInput, match=r"entry \(6, 3\)"):
        store.write((1, 0), block)
    assert not store.has((1, 0))


def test_rectangular_blocks_have_no_mirror(tmp_path: Path) -> None:
    grid = BlockGrid(10, 6, 4, symmetric=False)
    identity = replace(IDENTITY, columns=6, other_points="b2")
    store = BlockStore.create(tmp_path / "K.zarr", grid, np.float32, identity)
    for index in grid.computed:
        rows, columns = grid.spans(index)
        store.write(index, matrix()[rows, columns].astype(np.float32))
    assert all(store.is_whole(index) for index in grid.computed)
    assert np.array_equal(zarr.load(store.path), matrix()[:, :6].astype(np.float32))
    assert BlockStore.open(store.path) == store


def test_another_identity_is_refused_by_name(tmp_path: Path) -> None:
    store = filled(tmp_path / "K.zarr")
    BlockStore.create(store.path, GRID, np.float64, IDENTITY)
    with pytest.raises(InvalidInput, match="kernel 'a kernel', not 'another'"):
        BlockStore.create(store.path, GRID, np.float64, replace(IDENTITY, kernel="another"))
    assert np.array_equal(zarr.load(store.path), matrix())


def test_other_contents_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("mine")
    with pytest.raises(InvalidInput, match="not empty"):
        BlockStore.create(tmp_path / "mine", GRID, np.float64, IDENTITY)
    with pytest.raises(InvalidInput, match="is a file"):
        BlockStore.create(tmp_path / "mine" / "thesis.tex", GRID, np.float64, IDENTITY)
    zarr.save_array(tmp_path / "other.zarr", np.eye(3))
    with pytest.raises(InvalidInput, match="not a Gram matrix"):
        BlockStore.create(tmp_path / "other.zarr", GRID, np.float64, IDENTITY)
    with pytest.raises(InvalidInput, match="not a Gram matrix"):
        BlockStore.open(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "mine"


def test_a_folder_with_broken_metadata_is_refused(tmp_path: Path) -> None:
    store = filled(tmp_path / "K.zarr")
    (store.path / "zarr.json").write_text("{")
    with pytest.raises(InvalidInput, match="not a Gram matrix"):
        BlockStore.open(store.path)


def test_a_run_that_was_killed_before_its_first_file_can_be_resumed(tmp_path: Path) -> None:
    (tmp_path / "K.zarr").mkdir()
    (tmp_path / "K.zarr" / "zarr.0123.partial").write_text("{")
    assert BlockStore.create(tmp_path / "K.zarr", GRID, np.float64, IDENTITY).dtype == np.float64


def test_a_lock_keeps_others_out_and_removes_what_was_left_half_written(tmp_path: Path) -> None:
    store = filled(tmp_path / "K.zarr")
    leftover = store.path / "c/1/0.0123.partial"
    leftover.write_bytes(b"half")
    with store.locked():
        assert not leftover.exists()
        with pytest.raises(InvalidInput, match="another process is writing"), store.locked():
            pass
    with store.locked():
        assert np.array_equal(zarr.load(store.path), matrix())


def test_a_matrix_can_be_read_from_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    store = filled(tmp_path / "K.zarr")
    os.chmod(store.path, 0o500)
    try:
        assert np.array_equal(BlockStore.open(store.path).read((0, 0)), matrix()[:4, :4])
    finally:
        os.chmod(store.path, 0o700)


def test_a_folder_that_is_not_shared_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="sees no matrix at"):
        BlockStore(tmp_path / "K.zarr", GRID).is_whole((0, 0))
