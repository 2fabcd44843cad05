"""Angles between points of the unit sphere, accurate near 0 and near pi."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from ..bounds import InvalidInput

__all__ = [
    "NearPairs",
    "PairAngles",
    "angles",
    "cosines",
    "crowded_half_chords",
    "directions",
    "half_chords",
    "near_pairs",
    "pair_angles",
    "unit_rows",
]

# Within this of 1 or -1 a rounding error of u moves the angle or its supplement by more than 1e-14 of itself.
_NEAR = 5e-2
_ENTRIES_AT_ONCE = 1 << 20


class PairAngles(NamedTuple):
    """u = <x, z>, theta = arccos(u) and pi - theta for all pairs; both angles to full relative accuracy."""

    cosine: Float[np.ndarray, "n p"]
    angle: Float[np.ndarray, "n p"]
    supplement: Float[np.ndarray, "n p"]


class NearPairs(NamedTuple):
    """The pairs (row of X, row of Z) whose angle u does not know, with theta and pi - theta."""

    rows: Int[np.ndarray, " k"]
    columns: Int[np.ndarray, " k"]
    angle: Float[np.ndarray, " k"]
    supplement: Float[np.ndarray, " k"]


def angles(
    X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "p d"] | None = None
) -> tuple[Float[np.ndarray, "n p"], Float[np.ndarray, "n p"]]:
    """(U, Theta): the first two parts of `pair_angles`."""
    pairs = pair_angles(X, Z)
    return pairs.cosine, pairs.angle


def pair_angles(X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "p d"] | None = None) -> PairAngles:
    """All pairs of rows of X and Z (of X and X without Z), which must be unit vectors (`unit_rows`)."""
    U = cosines(X, Z)
    half, other_half = np.sqrt(1 - U), np.sqrt(1 + U)
    pairs = PairAngles(U, 2 * np.arctan2(half, other_half), 2 * np.arctan2(other_half, half))
    near = near_pairs(U, X, Z)
    pairs.angle[near.rows, near.columns] = near.angle
    pairs.supplement[near.rows, near.columns] = near.supplement
    return pairs


def cosines(X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "p d"] | None = None) -> Float[np.ndarray, "n p"]:
    """<x, z> for all pairs of unit rows, in [-1, 1]; exactly symmetric with a diagonal of ones without Z.

    Raises InvalidInput naming the first row that is not a unit vector, or if the dimensions differ.
    """
    X = unit_rows(X, name="X")
    if Z is None:
        U: Float[np.ndarray, "n p"] = np.clip(X @ X.T, -1, 1)
        np.fill_diagonal(U, 1)
        return U
    Z = unit_rows(Z, name="Z")
    if X.shape[1] != Z.shape[1]:
        raise InvalidInput(f"X has {X.shape[1]} columns and Z has {Z.shape[1]}: expected the same number")
    U = np.clip(X @ Z.T, -1, 1)
    return U


def near_pairs(
    U: Float[np.ndarray, "n p"],
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "p d"] | None = None,
    *,
    diagonal: float = _NEAR,
) -> NearPairs:
    """The pairs with 1 - u < `diagonal` or 1 + u < 0.05; from the vectors (`half_chords`)."""
    X = np.asarray(X, dtype=np.float64)
    other = X if Z is None else np.asarray(Z, dtype=np.float64)
    rows, columns = np.nonzero((U > 1 - diagonal) | (U < -1 + _NEAR))
    angle, supplement = np.empty(len(rows)), np.empty(len(rows))
    step = max(_ENTRIES_AT_ONCE // X.shape[1], 1)
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        left, right = X[rows[part]], other[columns[part]]
        apart, together = (half_chords(left, right, opposite=opposite) for opposite in (False, True))
        angle[part], supplement[part] = 2 * np.arctan2(apart, together), 2 * np.arctan2(together, apart)
    return NearPairs(rows, columns, angle, supplement)


def half_chords(
    left: Float[np.ndarray, "k d"], right: Float[np.ndarray, "k d"], *, opposite: Any = False
) -> Float[np.ndarray, " k"]:
    """sin(theta/2) for the angle theta of x and z, row by row; where `opposite`, of x and -z.

    |x - z|^2 = (|x| - |z|)^2 + 4 |x||z| sin^2(theta/2), and |x| - |z| = <x - z, x + z> / (|x| + |z|): so lengths that
    are not exactly 1 do not spoil the smallest angles.
    """
    left, right = (rows.astype(np.float64, copy=False) for rows in (left, right))
    sign = np.where(opposite, -1.0, 1.0)[..., None] * np.ones((len(left), 1))
    apart, together = left - sign * right, left + sign * right
    lengths = np.sqrt(np.einsum("ij,ij->i", left, left)), np.sqrt(np.einsum("ij,ij->i", right, right))
    difference = np.einsum("ij,ij->i", apart, together) / (lengths[0] + lengths[1])
    square = np.maximum(np.einsum("ij,ij->i", apart, apart) - difference**2, 0)
    sine: Float[np.ndarray, " k"] = np.minimum(np.sqrt(square / (lengths[0] * lengths[1])) / 2, 1)
    return sine


def crowded_half_chords(
    left: Float[np.ndarray, "n d"], right: Float[np.ndarray, "p d"]
) -> tuple[Float[np.ndarray, "n p"], Bool[np.ndarray, "n p"]]:
    """sin(theta/2) for all pairs of two crowded sets, by one product, and where that is as good as `half_chords`.

    With a = x - o, b = z - o for the mean o of x: |x - z|^2 = |a|^2 + |b|^2 - 2 <a, b> loses nothing where it is at
    least a quarter of |a|^2 + |b|^2; and |x|^2 - |z|^2 = |a|^2 - |b|^2 + 2 <a - b, o>.
    """
    left, right = (rows.astype(np.float64, copy=False) for rows in (left, right))
    centre = left.mean(axis=0)
    a, b = left - centre, right - centre
    squares = np.einsum("ij,ij->i", a, a)[:, None], np.einsum("ij,ij->i", b, b)[None, :]
    lengths = np.linalg.norm(left, axis=1)[:, None], np.linalg.norm(right, axis=1)[None, :]
    size = squares[0] + squares[1]
    apart = size - 2 * (a @ b.T)
    difference = squares[0] + 2 * (a @ centre)[:, None] - squares[1] - 2 * (b @ centre)[None, :]
    difference /= lengths[0] + lengths[1]
    reliable: Bool[np.ndarray, "n p"] = apart >= size / 4
    square = np.maximum(apart - difference**2, 0) / (lengths[0] * lengths[1])
    return np.minimum(np.sqrt(square) / 2, 1), reliable


def directions(X: Any, *, name: str = "X", dtype: Any = np.float32) -> Float[np.ndarray, "n d"]:
    """X, rows of unit length: as it is in float64; in float32 for rows that are unit vectors to 1e-5 only.

    Rows in float32 stand for their directions. They are normalised again, in a copy of type `dtype`, if rounding to
    that type does not explain how far their lengths are from 1. Raises InvalidInput naming the first row that is not
    finite or not of norm 1.
    """
    X = np.asarray(X)
    if X.dtype != np.float32:
        return unit_rows(X, name=name)
    rows = _checked(X, name, 1e-5)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    if np.all(np.abs(lengths - 1) <= np.finfo(dtype).eps * (rows.shape[1] + 4) / 4):
        return rows
    normalised: Float[np.ndarray, "n d"] = np.divide(rows, lengths[:, None], dtype=np.float64).astype(dtype, copy=False)
    return normalised


def unit_rows(X: Float[np.ndarray, "n d"], *, name: str = "X", tolerance: float = 1e-12) -> Float[np.ndarray, "n d"]:
    """X as float64. Raises InvalidInput naming the first row that is not finite or not of norm 1."""
    return _checked(np.asarray(X, dtype=np.float64), name, tolerance)


def _checked(X: Float[np.ndarray, "n d"], name: str, tolerance: float) -> Float[np.ndarray, "n d"]:
    if X.ndim != 2 or X.shape[1] == 0:
        raise InvalidInput(f"{name} has shape {X.shape}: expected (n, d), one point a row")
    norms = np.sqrt(np.einsum("ij,ij->i", X, X, dtype=np.float64))
    wrong = ~(np.abs(norms - 1) <= tolerance)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InvalidInput(f"row {row} of {name} has norm {norms[row]:.17g}: expected points of the unit sphere")
    return X
