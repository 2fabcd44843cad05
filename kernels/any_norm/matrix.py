"""Kernels of deep networks at points of any norm, with or without biases; zero vectors included.

On the unit sphere the kernel is a function of the angle alone; here it depends on both norms as well. Pairs that are
nearly parallel or nearly opposite are described by the difference of the vectors, so that nothing is lost at distances
of 1e-10. Measured against 60 digits at random and adversarial pairs, the relative error is at most 4e-15 at depth 1 and
1e-14 at depth 5 (`python benchmarks/any_norm_accuracy.py`), unless K is badly conditioned itself: a small difference
(GELU near opposite points: 4e-14) or exponentially small (sin at norms of 20: 8e-14).

>>> import numpy as np
>>> from robustntk.kernels.architecture import fully_connected
>>> X = np.array([[3.0, 4.0], [0.0, 0.0]])
>>> ntk_matrix(fully_connected("relu", 1, trained="all"), X).tolist()
[[25.0, 0.0], [0.0, 0.0]]
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ...bounds import InvalidInput
from ..architecture import Architecture
from .layer_recursion import Layers, PointLayer
from .preactivation_pair import PreactivationPair

if TYPE_CHECKING:
    from ..deep import SphereKernel

__all__ = ["Points", "input_pairs", "ntk_matrix", "row_blocks"]

_ENTRIES_AT_ONCE = 1 << 16
_LARGE = 1 << 17
# Where 1 - rho or 1 + rho is below this, its rounding error as a difference would show in the result.
_NEAR_PARALLEL, _NEAR_OPPOSITE = 1e-3, 5e-2
_SMALLEST_NORM, _LARGEST_NORM = 1e-140, 1e70


@dataclass(frozen=True)
class Points:
    """Rows of any norm, with their squared norms, as float64."""

    rows: Float[np.ndarray, "n d"]
    squares: Float[np.ndarray, " n"]

    @classmethod
    def of(cls, X: Float[np.ndarray, "n d"], *, name: str) -> Points:
        """Raises InvalidInput naming the first row that is not finite or whose squared norm would be out of range."""
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] == 0:
            raise InvalidInput(f"{name} has shape {X.shape}: expected (n, d), one point a row")
        with np.errstate(over="ignore", invalid="ignore"):
            largest = np.abs(X).max(axis=1)
        wrong = ~((largest == 0) | ((largest >= _SMALLEST_NORM) & (largest <= _LARGEST_NORM)))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise InvalidInput(
                f"row {row} of {name} has the largest entry {largest[row]:.6g}: expected finite entries, and 0 or "
                f"between {_SMALLEST_NORM:g} and {_LARGEST_NORM:g} for the largest"
            )
        return cls(X, np.einsum("ij,ij->i", X, X))

    @property
    def directions(self) -> Float[np.ndarray, "n d"]:
        """The rows divided by their norms; a unit vector for zero."""
        norms = np.sqrt(self.squares)
        found = self.rows / np.where(norms == 0, 1, norms)[:, None]
        found[norms == 0, 0] = 1
        # Once more, since squares of tiny or huge entries have lost digits of the norm.
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))

    def part(self, rows: slice) -> Points:
        return Points(self.rows[rows], self.squares[rows])


def ntk_matrix(
    architecture: Architecture,
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "p d"] | None = None,
    *,
    dtype: Any = np.float64,
) -> Float[np.ndarray, "n p"]:
    """K(X, Z), or K(X, X) without Z: exactly symmetric, and for two equal rows exactly what is on the diagonal.

    Computed in float64 in blocks of rows on two threads; with dtype=np.float32 the result is rounded at the end. Beside
    the result it takes about 30 arrays of 65536 entries a thread, and for a series 16 bytes a term, layer and point.

    For more than 2^17 entries and a network that is positively homogeneous (powers of the ReLU and linear layers, no
    biases) it is `gram` of the directions, in the dtype, times powers of the norms: ten times faster, with an error
    that is small beside sqrt(K(x, x) K(z, z)), so not always beside K where points are nearly opposite.

    The NNGP kernel is that of the architecture with trained="readout". Raises InvalidInput for rows that are not
    finite, another dtype, or an activation without closed form (tanh, sigmoid and softplus apart) that is not smooth or
    gets too large variances (see `hermite_map`).
    """
    kind = np.dtype(dtype)
    if kind not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise InvalidInput(f"dtype is {kind}: expected float32 or float64")
    left, right = checked_points(X, Z)
    layers = Layers.of(architecture)
    if layers.degree is not None and len(left.rows) * len(right.rows) > _LARGE:
        on_sphere = _sphere_kernel(architecture)
        if on_sphere is not None:
            # Only to refuse norms of which the powers overflow.
            layers.points(np.array([left.squares.max(), right.squares.max()]))
            return _by_directions(on_sphere, layers.degree, left, None if Z is None else right, kind)
    left_layers, right_layers = point_layers(layers, left, right)
    result = np.empty((len(left.rows), len(right.rows)), dtype=kind)

    def fill(rows: slice) -> None:
        columns = slice(rows.start if Z is None else 0, len(right.rows))
        pairs = input_pairs(left.part(rows), right.part(columns))
        with np.errstate(under="ignore"):
            values = layers.kernel(pairs, (_rows(left_layers, rows), _rows(right_layers, columns)))
        result[rows, columns] = values
        if Z is None:
            _mirror(result, rows)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(fill, row_blocks(len(left.rows), len(right.rows), symmetric=Z is None)))
    return result


def checked_points(X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "p d"] | None) -> tuple[Points, Points]:
    """Both sets of points, the same one twice without Z."""
    left = Points.of(X, name="X")
    right = left if Z is None else Points.of(Z, name="Z")
    if left.rows.shape[1] != right.rows.shape[1]:
        raise InvalidInput(
            f"X has {left.rows.shape[1]} columns and Z has {right.rows.shape[1]}: expected the same number"
        )
    return left, right


def point_layers(layers: Layers, left: Points, right: Points) -> tuple[list[PointLayer], list[PointLayer]]:
    """What belongs to single points, of both sets together: a series must be long enough for every pair."""
    if left is right:
        found = layers.points(left.squares)
        return found, found
    found = layers.points(np.concatenate([left.squares, right.squares]))
    n = len(left.squares)
    return _rows(found, slice(0, n)), _rows(found, slice(n, None))


def row_blocks(n: int, p: int, *, symmetric: bool = False, entries: int = _ENTRIES_AT_ONCE) -> list[slice]:
    """Blocks of rows of about that many entries each; in the symmetric case only columns from the block on count."""
    blocks, start = [], 0
    while start < n:
        height = max(entries // max(p - start if symmetric else p, 1), 1)
        blocks.append(slice(start, min(start + height, n)))
        start += height
    return blocks


def input_pairs(left: Points, right: Points) -> PreactivationPair:
    """All pairs of points: squared norms, inner products, and gaps of the cosines that are right to the last digits."""
    products = left.rows @ right.rows.T
    norms, others = np.sqrt(left.squares)[:, None], np.sqrt(right.squares)[None, :]
    root = norms * others
    vanishes = root == 0
    cosines = np.clip(np.divide(products, root, out=np.zeros_like(root), where=~vanishes), -1, 1)
    gap, supplement = 1 - cosines, 1 + cosines
    close = (gap < _NEAR_PARALLEL) | (supplement < _NEAR_OPPOSITE)
    rows, columns = np.nonzero(close)
    step = max(_ENTRIES_AT_ONCE // left.rows.shape[1], 1)
    for start in range(0, len(rows), step):
        i, j = rows[start : start + step], columns[start : start + step]
        sign = np.where(products[i, j] < 0, -1.0, 1.0)
        small = _small_gap(left.rows[i], sign[:, None] * right.rows[j], left.squares[i], right.squares[j])
        gap[i, j], supplement[i, j] = np.where(sign > 0, (small, 2 - small), (2 - small, small))
        same = left.squares[i] == right.squares[j]
        products[i, j] = sign * np.where(same, left.squares[i], root[i, j]) * (1 - small)
    return PreactivationPair(np, left.squares[:, None], right.squares[None, :], products, gap, supplement)


def _sphere_kernel(architecture: Architecture) -> SphereKernel | None:
    """The kernel of unit vectors, None where it is not known in that form."""
    from ..deep import deep_kernel

    try:
        return deep_kernel(architecture)
    except InvalidInput:
        return None


def _by_directions(
    kernel: SphereKernel, degree: int, left: Points, right: Points | None, kind: np.dtype[Any]
) -> Float[np.ndarray, "n p"]:
    """K(x, z) = |x|^P |z|^P K(x/|x|, z/|z|), for a network that is positively homogeneous of degree P."""
    from ..gram import gram

    other = left if right is None else right
    result = gram(kernel, left.directions, None if right is None else right.directions, dtype=kind)
    factors, other_factors = left.squares ** (degree / 2), other.squares ** (degree / 2)
    for rows in row_blocks(*result.shape):
        result[rows] *= factors[rows, None] * other_factors
    return result


def _small_gap(
    x: Float[np.ndarray, "k d"],
    z: Float[np.ndarray, "k d"],
    square: Float[np.ndarray, " k"],
    other: Float[np.ndarray, " k"],
) -> Float[np.ndarray, " k"]:
    """1 - cos of the angle of nearly parallel rows, from the part of z - x across x: it errs by a rounding of z - x."""
    apart = z - x
    across = apart - x * (np.einsum("ij,ij->i", x, apart) / square)[:, None]
    sine = np.minimum(np.einsum("ij,ij->i", across, across) / other, 1)
    gap: Float[np.ndarray, " k"] = sine / (1 + np.sqrt(1 - sine))
    return gap


def _rows(layers: Sequence[PointLayer], part: slice) -> list[PointLayer]:
    return [layer.rows(part) for layer in layers]


def _mirror(result: Float[np.ndarray, "n n"], rows: slice) -> None:
    """Copy what is right of the diagonal to below it, for a block of rows."""
    square = result[rows, rows]
    lower = np.tril_indices(len(square), -1)
    square[lower] = square.T[lower]
    result[rows.stop :, rows] = result[rows, rows.stop :].T
