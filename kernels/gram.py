"""Gram matrices K(x, z) = kappa(<x, z>) of two sets of points, and gradients of kernel functions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from jaxtyping import Float

from ..bounds import InvalidInput
from .closed_forms import SMOOTH
from .dual import DualKernel
from .geometry import NearPairs, cosines, near_pairs

__all__ = ["gram", "gram_gradient"]

_ENTRIES_AT_ONCE = 1 << 18
# From here on a rounding error of u moves the angle, and with it kappa, by less than 1e-14.
_NEAR_DIAGONAL = 1e-4


def gram(
    kernel: DualKernel, X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "p d"] | None = None
) -> Float[np.ndarray, "n p"]:
    """K(X, Z), or the symmetric K(X, X) without Z, in float64.

    Raises InvalidInput naming the first row that is not a unit vector. Entries of kernels that are singular
    at u = 1 or u = -1 are computed from accurate angles there.
    """
    return _entries(kernel, X, Z, 0)


def gram_gradient(
    kernel: DualKernel,
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "p d"],
    coefficients: Float[np.ndarray, " p"],
) -> Float[np.ndarray, "n d"]:
    """The ambient gradient of f = sum_j c_j K(., z_j) at every row of X: sum_j c_j kappa'(<x, z_j>) z_j.

    Subtract <gradient, x> x for the gradient on the sphere. Infinite for relu where x is one of the z_j.
    """
    coefficients = np.asarray(coefficients, dtype=np.float64)
    if coefficients.shape != (len(Z),):
        raise InvalidInput(f"coefficients have shape {coefficients.shape}: expected ({len(Z)},), one for each row of Z")
    slopes = _entries(kernel, X, Z, 1)
    slopes *= coefficients
    return slopes @ np.asarray(Z, dtype=np.float64)


def _entries(
    kernel: DualKernel, X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "p d"] | None, derivative: int
) -> Float[np.ndarray, "n p"]:
    """kappa or kappa' of all pairs: from u alone first, in blocks of rows on two threads (NumPy frees them).

    A smooth kernel moves no more than u does, so that is all; a singular one is evaluated again at the near
    pairs.
    """
    function = (kernel.value, kernel.first)[derivative]
    U = cosines(X, Z)
    near = None if kernel.order >= SMOOTH else near_pairs(U, X, Z, diagonal=_NEAR_DIAGONAL)
    exact = None if near is None else _exact(function, U, near)
    height = max(_ENTRIES_AT_ONCE // max(U.shape[1], 1), 1)

    def fill(start: int) -> None:
        rows = slice(start, start + height)
        U[rows] = function(U[rows])

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(fill, range(0, len(U), height)))
    if near is not None:
        U[near.rows, near.columns] = exact
    return U


def _exact(function: Callable[..., Any], U: Float[np.ndarray, "n p"], near: NearPairs) -> Float[np.ndarray, " k"]:
    values: Float[np.ndarray, " k"] = function(U[near.rows, near.columns], near.angle, supplement=near.supplement)
    return values
