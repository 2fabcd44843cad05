"""A run's folder on disk: every file whole or absent, a finished run never overwritten, an unfinished one resumable."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...bounds import InvalidInput

CONFIG, RESULT, CURVES, CHECKPOINT = "config.json", "result.json", "curves.npz", "checkpoint.npz"
REPORT, FIGURE, ANATOMY = "report.html", "figure", "anatomy"  # the figures as .svg and as .png


def write_atomically(path: Path, content: bytes) -> None:
    """Write to a temporary name in the same folder, flush to disk, rename: readers see the old file or the new one."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The permissions that new files are denied; mkstemp denies all but the owner's."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        InvalidInput: if the file is not one.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InvalidInput(f"{path} is not a readable JSON file ({error})") from error
    if not isinstance(content, dict):
        raise InvalidInput(f"{path} holds {type(content).__name__}: expected a JSON object")
    return content


@dataclass(frozen=True)
class RunFolder:
    """One run: ``config.json`` first, then the checkpoint, then curves, figure and report, and ``result.json`` last."""

    path: Path

    @classmethod
    def claim(
        cls, path: str | Path, config: Mapping[str, Any], *, defaults: Mapping[str, Any] | None = None
    ) -> RunFolder:
        """Take a new folder, or one whose unfinished run has the same configuration.

        Args:
            path: the folder.
            config: of the run.
            defaults: what is meant by keys that a configuration recorded by an earlier version lacks.

        Raises:
            InvalidInput: if the path is a file, holds a finished run, another run, or anything that is not a run.
        """
        folder = Path(path)
        if folder.exists() and not folder.is_dir():
            raise InvalidInput(f"--out {folder} is a file: expected a folder for the run")
        if (folder / RESULT).exists():
            raise InvalidInput(f"run folder {folder} holds a finished run: choose another --out, or remove it first")
        if (folder / CONFIG).exists():
            cls(folder)._require_same(config, defaults or {})
        elif folder.is_dir() and any(not entry.name.startswith(".") for entry in folder.iterdir()):
            raise InvalidInput(f"folder {folder} is not empty and holds no run: choose another --out")
        return cls(folder)

    def begin(self, config: Mapping[str, Any]) -> None:
        """Create the folder and record the configuration (nothing is written before inputs were checked)."""
        self.path.mkdir(parents=True, exist_ok=True)
        for leftover in self.path.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)
        self.write_json(CONFIG, config)

    def abandon(self) -> None:
        """Take back `begin` after a refusal, unless the run has got as far as a checkpoint."""
        if self.checkpoint.exists():
            return
        (self.path / CONFIG).unlink(missing_ok=True)
        if not any(self.path.iterdir()):
            self.path.rmdir()

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """One JSON object; infinities and NaN are refused, since JSON has none."""
        text = json.dumps(content, indent=2, allow_nan=False) + "\n"
        write_atomically(self.path / name, text.encode("utf-8"))

    def write_arrays(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """An .npz archive."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        write_atomically(self.path / name, buffer.getvalue())

    def write_bytes(self, name: str, content: bytes) -> None:
        """Any other file."""
        write_atomically(self.path / name, content)

    @property
    def checkpoint(self) -> Path:
        """Where training keeps its state while it runs."""
        return self.path / CHECKPOINT

    def finish(self, result: Mapping[str, Any]) -> None:
        """Write the result, which marks the run as finished, and drop the checkpoint."""
        self.write_json(RESULT, result)
        self.checkpoint.unlink(missing_ok=True)

    def _require_same(self, config: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        recorded = {**defaults, **read_json(self.path / CONFIG)}
        asked = json.loads(json.dumps(config))
        for key in sorted(recorded.keys() | asked.keys()):
            if recorded.get(key) != asked.get(key):
                raise InvalidInput(
                    f"run folder {self.path} holds an unfinished run with {key} = {recorded.get(key)!r}, not "
                    f"{asked.get(key)!r}: choose another --out, or remove it"
                )
