"""A folder that one process at a time writes to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...bounds import InvalidInput

__all__ = ["only_process"]


@contextmanager
def only_process(path: Path) -> Iterator[None]:
    """Hold the lock of the folder, which belongs to the process and vanishes with it.

    Where the file system has none, nothing is locked. Raises InvalidInput if another process holds the lock.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        _lock(handle, path)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InvalidInput(f"another process is writing {path}: wait for it, or end it") from None
    except OSError:
        # Network file systems may have no locks for folders.
        return
