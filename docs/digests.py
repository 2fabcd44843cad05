"""What the built pages depend on: one digest of the package's sources, so that nothing is computed twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("bounds", "kernels", "verify", "cli")


def sources(rooms: Iterable[str] = ROOMS) -> list[Path]:
    """All source files of the rooms, templates included, in a fixed order."""
    files = (path for room in rooms for path in (ROOT / room).rglob("*") if path.suffix in {".py", ".j2", ".html"})
    return sorted(files)


def digest(*files: Path, rooms: Iterable[str] = ROOMS) -> str:
    """Of these files and of the rooms' sources: names and contents."""
    total = hashlib.sha256()
    for path in (*files, *sources(rooms)):
        content = path.read_bytes()
        total.update(f"{path.name}:{len(content)}:".encode())
        total.update(content)
    return total.hexdigest()
