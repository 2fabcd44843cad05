"""Large Gram matrices tile by tile, by XLA: on a CPU with all its cores, on a GPU where jax has one.

The product, the kernel and the search for pairs that need care are one compiled function of two blocks of rows. While a
tile is copied to its place (and, mirrored, to the other triangle), the next one is being computed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from .sphere.profile import Profile

__all__ = ["Repair", "fill_products", "fill_tiles"]

_TILE = {"cpu": 512, "gpu": 4096}
_AHEAD = 2


class Repair(Protocol):
    """What is to be done about pairs that are nearly equal or opposite."""

    @property
    def limits(self) -> tuple[float, float]:
        """A tile needs no repair if all its cosines are between these."""
        ...

    def tile(
        self,
        values: Float[np.ndarray, "a b"],
        cosines: Float[np.ndarray, "a b"],
        left: Float[np.ndarray, "a d"],
        right: Float[np.ndarray, "b d"],
    ) -> None:
        """Evaluate such pairs again, in place; the cosines are in float64."""
        ...


def fill_tiles(
    result: Float[np.ndarray, "n p"],
    profile: Profile,
    left: Float[np.ndarray, "n d"],
    right: Float[np.ndarray, "p d"],
    *,
    symmetric: bool,
    repair: Repair,
) -> None:
    """The kernel of all pairs of rows, in place; if symmetric, of one triangle and its mirror image."""
    low, high = repair.limits
    with jax.enable_x64(profile.dtype == np.float64):
        size = _TILE.get(jax.default_backend(), _TILE["gpu"])
        first = _Blocks(left, profile.dtype, size)
        blocks = first, first if symmetric else _Blocks(right, profile.dtype, size)
        functions = {on_diagonal: compiled(profile, on_diagonal) for on_diagonal in (False, True)}
        pending: deque[tuple[slice, slice, Any]] = deque()

        def place() -> None:
            rows, columns, (values, least, most) = pending.popleft()
            tile = np.asarray(values)
            on_diagonal = symmetric and rows == columns
            if not (low <= least and most <= high):
                tile = tile.copy()
                repair.tile(tile, _cosines(left[rows], right[columns]), left[rows], right[columns])
            if on_diagonal:
                tile = np.tril(tile) + np.tril(tile, -1).T
            result[rows, columns] = tile
            if symmetric and not on_diagonal:
                result[columns, rows] = tile.T

        for rows, columns in _tiles(len(left), len(right), size, symmetric=symmetric):
            function = functions[symmetric and rows == columns]
            pending.append((rows, columns, function(blocks[0][rows], blocks[1][columns])))
            if len(pending) > _AHEAD:
                place()
        while pending:
            place()


def fill_products(
    result: Float[np.ndarray, "n d"],
    profile: Profile,
    left: Float[np.ndarray, "n d"],
    right: Float[np.ndarray, "p d"],
    coefficients: Float[np.ndarray, " p"],
    *,
    repair: Repair,
) -> None:
    """sum_j c_j K(x, z_j) z_j for every row x, in place; no more than a few tiles of K are in memory."""
    low, high = repair.limits
    with jax.enable_x64(profile.dtype == np.float64):
        size = _TILE.get(jax.default_backend(), _TILE["gpu"])
        function, values = _weighted(profile), compiled(profile, False)
        blocks = _Blocks(right, profile.dtype, size)
        weights = _Blocks(coefficients, profile.dtype, size)
        for i in range(0, len(left), size):
            rows = slice(i, i + size)
            A, total = jnp.asarray(left[rows], dtype=profile.dtype), None
            for j in range(0, len(right), size):
                columns = slice(j, j + size)
                B, c = blocks[columns], weights[columns]
                part, least, most = function(A, B, c)
                if not (low <= least and most <= high):
                    tile = np.asarray(values(A, B)[0]).copy()
                    repair.tile(tile, _cosines(left[rows], right[columns]), left[rows], right[columns])
                    part = (jnp.asarray(tile) * c) @ B
                total = part if total is None else total + part
            result[rows] = np.asarray(total)


class _Blocks:
    """Rows as arrays of jax, made when first needed and then kept."""

    def __init__(self, points: Float[np.ndarray, "n d"], dtype: np.dtype[Any], size: int) -> None:
        self._points, self._dtype = points, dtype
        self._made: dict[int, Any] = {}

    def __getitem__(self, rows: slice) -> Any:
        if rows.start not in self._made:
            self._made[rows.start] = jnp.asarray(self._points[rows], dtype=self._dtype)
        return self._made[rows.start]


@lru_cache(maxsize=64)
def compiled(profile: Profile, on_diagonal: bool) -> Callable[[Any, Any], tuple[Any, Any, Any]]:
    """(A, B) -> the kernel of all pairs of rows, and the least and the largest cosine off the diagonal."""

    @jax.jit
    def tile(A: Any, B: Any) -> tuple[Any, Any, Any]:
        cosines = _product(A, B)
        others = cosines * (1 - jnp.eye(len(A), dtype=cosines.dtype)) if on_diagonal else cosines
        return profile(cosines, xp=jnp), jnp.min(others), jnp.max(others)

    return tile


@lru_cache(maxsize=64)
def _weighted(profile: Profile) -> Callable[[Any, Any, Any], tuple[Any, Any, Any]]:
    """(A, B, c) -> (K * c) B, and the least and the largest cosine."""

    @jax.jit
    def tile(A: Any, B: Any, c: Any) -> tuple[Any, Any, Any]:
        cosines = _product(A, B)
        weighted = profile(cosines, xp=jnp) * c
        return jnp.matmul(weighted, B, precision=jax.lax.Precision.HIGHEST), jnp.min(cosines), jnp.max(cosines)

    return tile


def _product(A: Any, B: Any) -> Any:
    return jnp.matmul(A, B.T, precision=jax.lax.Precision.HIGHEST)


def _cosines(left: Float[np.ndarray, "a d"], right: Float[np.ndarray, "b d"]) -> Float[np.ndarray, "a b"]:
    """In float64 on the same threads: NumPy's would wait for those of XLA."""
    with jax.enable_x64(True):
        product = np.asarray(_float64_product()(left.astype(np.float64), right.astype(np.float64)))
    cosines: Float[np.ndarray, "a b"] = np.clip(product, -1, 1)
    return cosines


@lru_cache(maxsize=1)
def _float64_product() -> Callable[[Any, Any], Any]:
    return jax.jit(_product)


def _tiles(n: int, p: int, size: int, *, symmetric: bool) -> Iterator[tuple[slice, slice]]:
    for i in range(0, n, size):
        for j in range(0, i + 1 if symmetric else p, size):
            yield slice(i, min(i + size, n)), slice(j, min(j + size, p))
