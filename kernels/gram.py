"""Gram matrices K(x, z) of unit vectors, and gradients of kernel functions.

A kernel of unit vectors is two short polynomials (`profile`), so after the matrix product X Z^T one pass remains, done
tile by tile while the tile is in the cache; of a symmetric matrix only one triangle is computed. Large matrices are
done by XLA, small ones by NumPy, so that these load no jax. Either way the cosine alone knows too little of pairs that
are nearly equal or opposite: those are found in every tile and evaluated again from the vectors themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ..bounds import InvalidInput
from .deep import SphereKernel
from .geometry import crowded_half_chords, directions, half_chords
from .sphere.profile import FLOATS, Profile

__all__ = ["GramMemory", "gram", "gram_gradient", "gram_memory"]

# Up to this many entries NumPy does the work, in chunks that stay in the cache.
_SMALL = 1 << 17
_CHUNK = 1 << 14
TILE = 512
# Rounding moves a cosine by about 1e-16 (1e-7 in float32), and the angle by that over its sine. From these gaps 1 - |u|
# on that is harmless; where the kernel vanishes at u = -1, relative accuracy asks for more there.
NEAR = {"float64": 1e-4, "float32": 1e-3}
_NEAR_ZERO = 5e-2
# More near pairs than this for each row of a tile are worth a matrix product of their own.
_CROWD = 4


@dataclass(frozen=True)
class GramMemory:
    """Bytes of a Gram matrix, and a bound of what computing it takes beside the matrix and the points given."""

    result: int
    working: int

    def __str__(self) -> str:
        return f"{self.result / 2**20:,.1f} MiB for the matrix, at most {self.working / 2**20:,.1f} MiB beside it"


def gram_memory(n: int, dimension: int, p: int | None = None, *, dtype: Any = np.float64) -> GramMemory:
    """What `gram` of n points (and p others) needs, known before it starts; the compiler's own needs come on top."""
    kind = _kind(dtype)
    points = (n + (p or 0)) * dimension * kind.itemsize
    columns = n if p is None else p
    tile = min(TILE, n) * min(TILE, columns)
    # Points in the type of the result; three tiles in flight, with cosines and masks in both types; rows of near pairs.
    return GramMemory(n * columns * kind.itemsize, points + 3 * tile * (2 * kind.itemsize + 24) + (1 << 23))


def gram(
    kernel: SphereKernel,
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "p d"] | None = None,
    *,
    dtype: Any = np.float64,
) -> Float[np.ndarray, "n p"]:
    """K(X, Z), or K(X, X) without Z, exactly symmetric, in float64 or float32.

    Entries are within `gram_error_bound` of the exact ones. Raises InvalidInput for another dtype, and naming the first
    row that is not a unit vector (to 1e-12; to 1e-5 if it is given in float32, whose rows stand for their directions).
    """
    kind = _kind(dtype)
    left = directions(X, name="X", dtype=kind)
    right = left if Z is None else directions(Z, name="Z", dtype=kind)
    _same_dimension(left, right)
    profile = kernel.profile(kind)
    result = np.empty((len(left), len(right)), dtype=kind)
    if result.size <= _SMALL:
        _fill_small(result, kernel, left, right, symmetric=Z is None)
    else:
        from .tiles import fill_tiles

        fill_tiles(result, profile, left, right, symmetric=Z is None, repair=_Repair(kernel, kind))
    if Z is None:
        np.fill_diagonal(result, kernel.profile()(np.float64(1), np.float64(0)))
    return result


def gram_gradient(
    kernel: SphereKernel,
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "p d"],
    coefficients: Float[np.ndarray, " p"],
    *,
    dtype: Any = np.float64,
) -> Float[np.ndarray, "n d"]:
    """The ambient gradient of f = sum_j c_j K(., z_j) at every row of X: sum_j c_j kappa'(<x, z_j>) z_j.

    Subtract <gradient, x> x for the gradient on the sphere. Infinite for networks with a ReLU where x is one of the
    z_j. The matrix of slopes is never whole in memory. Raises InvalidInput as `gram` does, and unless there is one
    coefficient for each row of Z.
    """
    kind = _kind(dtype)
    coefficients = np.asarray(coefficients, dtype=np.float64)
    if coefficients.shape != (len(Z),):
        raise InvalidInput(f"coefficients have shape {coefficients.shape}: expected ({len(Z)},), one for each row of Z")
    left, right = (directions(rows, name=name, dtype=kind) for rows, name in ((X, "X"), (Z, "Z")))
    _same_dimension(left, right)
    gradient = np.empty((len(left), left.shape[1]), dtype=kind)
    if len(left) * len(right) > _SMALL:
        from .tiles import fill_products

        profile, repair = kernel.profile(kind, derivative=1), _Repair(kernel, kind, derivative=1)
        fill_products(gradient, profile, left, right, coefficients, repair=repair)
        return gradient
    slopes = np.empty((len(left), len(right)))
    _fill_small(slopes, kernel, left, right, symmetric=False, derivative=1)
    slopes *= coefficients
    gradient[...] = slopes @ right
    return gradient


def _kind(dtype: Any) -> np.dtype[Any]:
    kind: np.dtype[Any] = np.dtype(dtype)
    if kind not in FLOATS:
        raise InvalidInput(f"dtype is {kind}: expected float32 or float64")
    return kind


def _same_dimension(left: Float[np.ndarray, "n d"], right: Float[np.ndarray, "p d"]) -> None:
    if left.shape[1] != right.shape[1]:
        raise InvalidInput(f"X has {left.shape[1]} columns and Z has {right.shape[1]}: expected the same number")


def _fill_small(
    result: Float[np.ndarray, "n p"],
    kernel: SphereKernel,
    left: Float[np.ndarray, "n d"],
    right: Float[np.ndarray, "p d"],
    *,
    symmetric: bool,
    derivative: int = 0,
) -> None:
    """By NumPy, from cosines in float64 whatever the type of the result."""
    cosines = np.clip(_product(left, right, symmetric=symmetric), -1, 1)
    profile = kernel.profile(derivative=derivative)
    flat, values = cosines.ravel(), np.empty(cosines.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, flat.size, _CHUNK):
            values[start : start + _CHUNK] = profile(flat[start : start + _CHUNK])
    result[...] = values.reshape(cosines.shape)
    _Repair(kernel, np.dtype(np.float64), derivative).entries(result, cosines, left, right)


def _product(left: Float[np.ndarray, "n d"], right: Float[np.ndarray, "p d"], *, symmetric: bool) -> Any:
    """X Z^T; exactly symmetric where both are the same."""
    return left.astype(np.float64, copy=False) @ (left if symmetric else right).astype(np.float64, copy=False).T


@dataclass(frozen=True)
class _Repair:
    """Evaluates the pairs of a tile again of which the cosine, in that type, knows too little."""

    kernel: SphereKernel
    kind: np.dtype[Any]
    derivative: int = 0

    @property
    def limits(self) -> tuple[float, float]:
        """A tile needs no repair if all its cosines are between these."""
        above, below = self._gaps
        return below - 1, 1 - above

    @property
    def _gaps(self) -> tuple[float, float]:
        near = NEAR[self.kind.name]
        minus = self._profile.minus
        return near, _NEAR_ZERO if minus is not None and minus.power != 0 else near

    @property
    def _profile(self) -> Profile:
        return self.kernel.profile(derivative=self.derivative)

    def tile(
        self,
        values: Float[np.ndarray, "a b"],
        cosines: Float[np.ndarray, "a b"],
        left: Float[np.ndarray, "a d"],
        right: Float[np.ndarray, "b d"],
    ) -> None:
        """In place; the cosines are those of float64."""
        low, high = self.limits
        rows, columns = np.nonzero((cosines > high) | (cosines < low))
        with np.errstate(divide="ignore", invalid="ignore"):
            values[rows, columns] = self._profile(cosines[rows, columns])
        self.entries(values, cosines, left, right)

    def entries(
        self,
        values: Float[np.ndarray, "a b"],
        cosines: Float[np.ndarray, "a b"],
        left: Float[np.ndarray, "a d"],
        right: Float[np.ndarray, "b d"],
    ) -> None:
        """In place, the entries of which even a float64 cosine knows too little, from half the chord."""
        near, below = NEAR["float64"], self._gaps[1]
        rows, columns = np.nonzero((cosines > 1 - near) | (cosines < (below if below == _NEAR_ZERO else near) - 1))
        if len(rows) > _CROWD * (len(left) + len(right)):
            chords, reliable = crowded_half_chords(left, right)
            done = reliable[rows, columns] & (cosines[rows, columns] > 0)
            i, j = rows[done], columns[done]
            with np.errstate(divide="ignore", invalid="ignore"):
                values[i, j] = self._profile(cosines[i, j], chords[i, j])
            rows, columns = rows[~done], columns[~done]
        for part in _parts(len(rows), left.shape[1]):
            i, j = rows[part], columns[part]
            chords = half_chords(left[i], right[j], opposite=cosines[i, j] < 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                values[i, j] = self._profile(cosines[i, j], chords)


def _parts(count: int, dimension: int) -> Iterator[slice]:
    """Pairs whose vectors take a few MiB at a time."""
    step = max((1 << 18) // dimension, 1)
    return (slice(start, start + step) for start in range(0, count, step))
