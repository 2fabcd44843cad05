"""A sweep on disk: finished cells are whole or known to be damaged; other folders are refused and left alone."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from robustntk.bounds import InvalidInput
from robustntk.verify.sweep.cell import Cell
from robustntk.verify.sweep.store import CELLS, MANIFEST, DamagedCell, SweepStore

CELL = Cell.of("kernel", {"width": 64, "seed": 0})
OTHER = Cell.of("kernel", {"width": 64, "seed": 1})
VALUES = {"deviation": 0.1, "curve": [0.5, 1e-300, 2.0], "reached_at": None}
PLAN = {"schema": 1, "config": {"seeds": [0, 1], "loss": "hinge"}}


@pytest.fixture
def store(tmp_path: Path) -> SweepStore:
    found = SweepStore.check(tmp_path / "sweep", PLAN)
    with found.opened(PLAN):
        found.write(CELL, VALUES)
    return found


def test_what_was_written_is_read(store: SweepStore) -> None:
    assert store.read(CELL) == VALUES
    assert store.read(OTHER) is None
    assert store.file(CELL) == store.path / CELLS / f"{CELL.key}.json"


def test_the_bytes_depend_on_cell_and_values_alone(store: SweepStore, tmp_path: Path) -> None:
    another = SweepStore.check(tmp_path / "another", PLAN)
    with another.opened(PLAN):
        another.write(CELL, dict(reversed(VALUES.items())))
    assert another.file(CELL).read_bytes() == store.file(CELL).read_bytes()


DAMAGES: dict[str, Any] = {
    "truncated": lambda content: content[:-20],
    "empty": lambda content: b"",
    "a digit": lambda content: content.replace(b"0.1", b"0.2"),
    "a digit of the checksum": lambda content: content[:-5] + (b"0" if content[-5:-4] != b"0" else b"1") + content[-4:],
    "no values": lambda content: json.dumps({"kind": "kernel"}).encode(),
    "a list": lambda content: b"[]",
    "not text": lambda content: b"\xff\xfe" + content,
    "other spacing": lambda content: content.replace(b",", b", "),
    "NaN": lambda content: content.replace(b"0.1", b"NaN"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found(store: SweepStore, damage: str) -> None:
    file = store.file(CELL)
    content = file.read_bytes()
    file.write_bytes(DAMAGES[damage](content))
    assert file.read_bytes() != content
    with pytest.raises(DamagedCell, match=CELL.key):
        store.read(CELL)


def test_the_file_of_another_cell_is_not_that_of_this_one(store: SweepStore) -> None:
    store.write(OTHER, VALUES)
    store.file(CELL).write_bytes(store.file(OTHER).read_bytes())
    with pytest.raises(DamagedCell, match="not of the cell"):
        store.read(CELL)


def test_values_that_are_not_finite_are_not_kept(store: SweepStore) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.write(OTHER, {"deviation": float("nan")})
    assert store.read(OTHER) is None


def test_the_same_sweep_goes_on_and_another_is_refused(store: SweepStore) -> None:
    SweepStore.check(store.path, PLAN)
    for other, difference in (
        ({**PLAN, "schema": 2}, "schema = 1, not 2"),
        ({**PLAN, "config": {"seeds": [0], "loss": "hinge"}}, r"seeds = \[0, 1\], not \[0\]"),
        ({**PLAN, "config": {"seeds": [0, 1], "loss": "hinge", "scale": "2"}}, "scale = None, not '2'"),
    ):
        before = sorted(store.path.rglob("*"))
        with pytest.raises(InvalidInput, match=difference):
            SweepStore.check(store.path, other)
        assert sorted(store.path.rglob("*")) == before


def test_other_folders_and_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "holiday.txt").write_text("sun")
    with pytest.raises(InvalidInput, match="is a file"):
        SweepStore.check(tmp_path / "file", PLAN)
    with pytest.raises(InvalidInput, match="holds no sweep"):
        SweepStore.check(tmp_path / "folder", PLAN)
    assert SweepStore.check(tmp_path / "new", PLAN) and not (tmp_path / "new").exists()


def test_a_run_killed_while_it_began_has_left_a_folder_that_it_can_have_again(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    folder.mkdir()
    (folder / f".{MANIFEST}.abc.tmp").write_text('{"sche')
    store = SweepStore.check(folder, PLAN)
    with store.opened(PLAN):
        assert sorted(entry.name for entry in folder.iterdir()) == [CELLS, "figures", MANIFEST]


def test_what_was_half_written_is_removed(store: SweepStore) -> None:
    leftover = store.path / CELLS / f".{OTHER.key}.json.abc.tmp"
    leftover.write_text("{")
    with store.opened(PLAN):
        assert not leftover.exists() and store.read(CELL) == VALUES


def test_one_run_at_a_time(store: SweepStore) -> None:
    with store.opened(PLAN):
        with pytest.raises(InvalidInput, match="another process is writing"), store.opened(PLAN):
            pass
    with store.opened(PLAN):
        pass


def test_files_for_readers_are_left_alone_where_nothing_changes(store: SweepStore) -> None:
    store.write_json("result.json", {"holds": True})
    before = os.stat(store.path / "result.json")
    store.write_json("result.json", {"holds": True})
    assert os.stat(store.path / "result.json").st_ino == before.st_ino
    store.write_json("result.json", {"holds": False})
    assert json.loads((store.path / "result.json").read_text()) == {"holds": False}
