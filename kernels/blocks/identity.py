"""Which matrix a folder of blocks holds: enough to refuse to go on with another one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from jaxtyping import Float

__all__ = ["MatrixIdentity", "points_digest"]

_ENTRIES_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class MatrixIdentity:
    """The kernel by its label and the sha256 of its profile, the points by theirs, and the layout.

    `other_points` is None for the symmetric K(X, X). The version of the package is a part of it, because the bits of a
    block may change from one version to the next.
    """

    kernel: str
    dtype: str
    rows: int
    columns: int
    dimension: int
    points: str
    other_points: str | None
    block: int
    version: str
    profile: str

    @classmethod
    def of_this_version(cls, **known: Any) -> MatrixIdentity:
        return cls(**known, version=version("robustntk"))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def difference(self, recorded: Mapping[str, Any]) -> str | None:
        """What the recorded identity has instead of this one, for a message; None if they agree."""
        for name, asked in self.to_json().items():
            found = recorded.get(name, "of which there is no record")
            if found != asked:
                return f"{_NAMES.get(name, name)} {found!r}, not {asked!r}"
        return None


_NAMES = {
    "profile": "kernel profile with sha256",
    "rows": "number of rows",
    "columns": "number of columns",
    "block": "block size",
    "points": "points with sha256",
    "other_points": "second points with sha256",
    "version": "version of robustntk",
}


def points_digest(X: Float[np.ndarray, "n d"]) -> str:
    """The sha256 of the shape and of the entries as little-endian float64, row by row."""
    found = hashlib.sha256(np.asarray(X.shape, dtype="<i8").tobytes())
    height = max(_ENTRIES_AT_ONCE // max(X.shape[1], 1), 1)
    for start in range(0, len(X), height):
        found.update(np.ascontiguousarray(X[start : start + height], dtype="<f8").data)
    return found.hexdigest()
