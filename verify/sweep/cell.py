"""The cell of a sweep: one small run, known by the hash of its settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["SCHEMA", "Cell", "Scalar", "Values", "canonical"]

# Raised whenever cells of the same settings would get other values, or other names for them.
SCHEMA = 1
Scalar: TypeAlias = str | int | float | bool | None
Values: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """A kind of run (`runs.RUNS`) and all that determines it. Hashable; equal settings are one cell."""

    kind: str
    settings: tuple[tuple[str, Scalar], ...]

    @classmethod
    def of(cls, kind: str, settings: Mapping[str, Scalar]) -> Cell:
        """Settings in any order."""
        return cls(kind, tuple(sorted(settings.items())))

    @property
    def key(self) -> str:
        """The first 32 hexadecimal digits of the sha256 of the schema, the kind and the settings."""
        return hashlib.sha256(canonical(self.to_json())).hexdigest()[:32]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"schema": SCHEMA, "kind": self.kind, "settings": dict(self.settings)}


def canonical(content: Mapping[str, Any]) -> bytes:
    """JSON with one spelling: sorted keys, no spaces, shortest decimals that give the same floats.

    Raises ValueError for NaN and infinities, which JSON does not have.
    """
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
