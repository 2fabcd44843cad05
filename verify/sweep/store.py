"""A sweep on disk: a manifest, and a file for every finished cell that is whole, absent, or known to be damaged.

Files are written under a temporary name, flushed and renamed, so that a process killed at any moment leaves them whole
or absent; what a disk does to a file is found by the checksum in it. Nothing in a file depends on when or by whom it
was written: sweeps that were killed and resumed leave the same bytes as one that was not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...bounds import InvalidInput
from ...kernels.blocks.folder_lock import only_process
from ..experiment.run_folder import read_json, write_atomically
from .cell import Cell, Values, canonical

__all__ = ["CELLS", "FIGURES", "MANIFEST", "RESULT", "DamagedCell", "SweepStore"]

MANIFEST, RESULT, CELLS, FIGURES = "sweep.json", "result.json", "cells", "figures"


class DamagedCell(InvalidInput):
    """A file that is truncated, does not match its checksum, or holds another cell."""


@dataclass(frozen=True)
class SweepStore:
    """The folder of one sweep."""

    path: Path

    @classmethod
    def check(cls, path: str | Path, manifest: Mapping[str, Any]) -> SweepStore:
        """The store at a new path, or that of the same sweep; nothing is written.

        Raises:
            InvalidInput: the path is a file, or holds another sweep (the message names what differs), or anything else.
        """
        folder = Path(path)
        if folder.exists() and not folder.is_dir():
            raise InvalidInput(f"--out {folder} is a file: expected a folder")
        if (folder / MANIFEST).exists():
            _require_same(folder, manifest)
        elif folder.is_dir() and any(not entry.name.startswith(".") for entry in folder.iterdir()):
            raise InvalidInput(f"folder {folder} is not empty and holds no sweep: choose another --out")
        return cls(folder)

    @contextmanager
    def opened(self, manifest: Mapping[str, Any]) -> Iterator[None]:
        """For the time of a run: the folder is there, for this sweep, and no other process writes in it.

        What killed runs left half-written is removed.

        Raises:
            InvalidInput: another process is writing, or meanwhile another sweep was begun here.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with only_process(self.path):
            for leftover in self.path.rglob(".*.tmp"):
                leftover.unlink(missing_ok=True)
            self.check(self.path, manifest)
            # First of all, so that a folder without it is no sweep.
            self.write_json(MANIFEST, manifest)
            for name in (CELLS, FIGURES):
                (self.path / name).mkdir(exist_ok=True)
            yield

    def file(self, cell: Cell) -> Path:
        """Where the cell is, or will be."""
        return self.path / CELLS / f"{cell.key}.json"

    def read(self, cell: Cell) -> Values | None:
        """The values of a finished cell; None where it was not finished.

        Raises:
            DamagedCell: there is a file, but not that of the cell as it was written.
        """
        file = self.file(cell)
        if not file.exists():
            return None
        try:
            content = json.loads(file.read_bytes())
            values = content["values"]
            whole = isinstance(values, dict) and file.read_bytes() == _encoded(cell, values)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedCell(f"{file} is not readable ({error})") from error
        if not whole:
            raise DamagedCell(f"{file} does not match its checksum, or is not of the cell that its name says")
        found: Values = values
        return found

    def write(self, cell: Cell, values: Values) -> None:
        """Keep a finished cell. Raises ValueError if there is a NaN or an infinity among its values."""
        write_atomically(self.file(cell), _encoded(cell, values))

    def has_json(self, name: str, content: Mapping[str, Any]) -> bool:
        """Whether `write_json` has nothing to do."""
        file = self.path / name
        return file.exists() and file.read_bytes() == _readable(content)

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """One JSON object for readers, unless it is there already."""
        if not self.has_json(name, content):
            self.write_bytes(name, _readable(content))

    def write_bytes(self, name: str, content: bytes) -> None:
        """Any other file."""
        write_atomically(self.path / name, content)


def _readable(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()


def _encoded(cell: Cell, values: Values) -> bytes:
    """Cell, values and the sha256 of both, in the one spelling that files have."""
    content = cell.to_json() | {"values": values}
    checksum = hashlib.sha256(canonical(content)).hexdigest()
    return canonical(content | {"sha256": checksum}) + b"\n"


def _require_same(folder: Path, manifest: Mapping[str, Any]) -> None:
    recorded = _flat(read_json(folder / MANIFEST))
    asked = _flat(json.loads(json.dumps(manifest)))
    for key in sorted(recorded.keys() | asked.keys()):
        if recorded.get(key) != asked.get(key):
            raise InvalidInput(
                f"folder {folder} holds a sweep with {key} = {recorded.get(key)!r}, not {asked.get(key)!r}: "
                "choose another --out, or remove it"
            )


def _flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """One level of nesting less, for messages that name the key."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        flat |= value if isinstance(value, dict) else {key: value}
    return flat
