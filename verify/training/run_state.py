"""The state of a training run on disk: replaced in one move, and only read back by its own run."""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...bounds import InvalidInput


@dataclass
class Checkpoint:
    """Where and how often a run saves its state.

    Args:
        path: an .npz file; its folder must exist.
        every_seconds: least time between two saves; 0 saves at every step.
    """

    path: Path
    every_seconds: float = 30.0
    _saved_at: float = field(default_factory=time.monotonic, repr=False)

    def is_due(self) -> bool:
        """Whether it is time to save again."""
        return time.monotonic() - self._saved_at >= self.every_seconds

    def save(self, identity: str, arrays: Mapping[str, Any]) -> None:
        """Replace the file in one move: a killed run leaves the old state or the new one, not half of one."""
        partial = self.path.with_name(f".{self.path.name}.partial")
        with partial.open("wb") as handle:
            np.savez(handle, identity=np.array(identity), **arrays)
            handle.flush()
            os.fsync(handle.fileno())
        partial.replace(self.path)
        self._saved_at = time.monotonic()

    def load(self, identity: str) -> dict[str, NDArray[Any]] | None:
        """The saved arrays, or None where nothing was saved.

        Raises:
            InvalidInput: the file is unreadable, or it belongs to a run with other settings or data.
        """
        if not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as archive:
                arrays = dict(archive.items())
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise InvalidInput(f"checkpoint {self.path} is not readable ({error}): remove it to start anew") from error
        if str(arrays.pop("identity", "")) != identity:
            raise InvalidInput(
                f"checkpoint {self.path} belongs to a run with other settings: remove it or choose another"
            )
        return arrays


def run_identity(settings: Iterable[Any], arrays: Iterable[NDArray[Any]]) -> str:
    """A digest of all that determines a run: settings by their ``repr``, arrays by dtype, shape and bytes."""
    digest = hashlib.blake2b(digest_size=20)
    for setting in settings:
        digest.update(f"{setting!r}\n".encode())
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
