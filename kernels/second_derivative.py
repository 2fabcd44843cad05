"""Bounds of kappa'' on intervals, for certificates that need the curvature of kernel functions on whole
caps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ..bounds import InvalidInput

if TYPE_CHECKING:
    from .dual import DualKernel

__all__ = ["bounds"]

# Far above the rounding errors of kappa'' (tests: below 1e-13), and of the tails of its series.
_PADDING = 1e-12


def bounds(
    kernel: DualKernel, lower: Float[np.ndarray, "*shape"], upper: Float[np.ndarray, "*shape"]
) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
    """(lo, hi) with lo <= kappa''(u) <= hi for all u in [lower, upper], elementwise, padded outward by 1e-12
    (relative, and relative to the size of kappa'' at 1/2, because of its zeros).

    kappa(u) = u sum h_k^2 u^k, so kappa'' = E + O with E even, O odd, both power series with nonnegative
    coefficients: O increases on [-1, 1], and E increases with |u|. On [0, 1] kappa'' therefore increases.
    Where the zeros of kappa''' are known (`turning_points`), the extrema are at those or at the ends;
    elsewhere E and O are bounded one by one. hi is inf where upper is 1 and kappa''(1) is infinite. Raises
    InvalidInput unless -1 <= lower <= upper <= 1.
    """
    lower, upper = np.broadcast_arrays(np.asarray(lower, dtype=float), np.asarray(upper, dtype=float))
    if not bool(np.all((lower >= -1) & (lower <= upper) & (upper <= 1))):
        index = np.argmin((lower >= -1) & (lower <= upper) & (upper <= 1))
        wrong = f"[{lower.flat[index]}, {upper.flat[index]}]"
        raise InvalidInput(f"an interval is {wrong}: expected -1 <= lower <= upper <= 1")
    turning_points = kernel.form.turning_points
    low, high = _by_parts(kernel, lower, upper) if turning_points is None else _at_turns(kernel, lower, upper)
    typical = float(kernel.second(np.float64(0.5)) + kernel.first(np.float64(0.5)))
    slack = _PADDING * typical + kernel.tail_bounds[2]
    return _moved(low, -1, slack), _moved(high, 1, slack)


def _moved(bound: Float[np.ndarray, "*shape"], sign: int, slack: float) -> Float[np.ndarray, "*shape"]:
    """The bound moved outward; an infinite one stays."""
    return np.where(np.isinf(bound), bound, bound + sign * (slack + _PADDING * np.abs(np.nan_to_num(bound))))


def _at_turns(
    kernel: DualKernel, lower: Float[np.ndarray, "*shape"], upper: Float[np.ndarray, "*shape"]
) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
    at_lower, at_upper = kernel.second(lower), kernel.second(upper)
    low, high = np.minimum(at_lower, at_upper), np.maximum(at_lower, at_upper)
    for point in kernel.form.turning_points or ():
        inside = (lower <= point) & (point <= upper)
        there = float(kernel.second(np.float64(point)))
        low, high = (
            np.where(inside, np.minimum(low, there), low),
            np.where(inside, np.maximum(high, there), high),
        )
    return low, high


def _by_parts(
    kernel: DualKernel, lower: Float[np.ndarray, "*shape"], upper: Float[np.ndarray, "*shape"]
) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
    nearest = np.where((lower <= 0) & (upper >= 0), 0, np.minimum(np.abs(lower), np.abs(upper)))
    furthest = np.maximum(np.abs(lower), np.abs(upper))
    low = np.where(lower >= 0, kernel.second(lower), _even(kernel, nearest) + _odd(kernel, lower))
    high = np.where(lower >= 0, kernel.second(upper), _even(kernel, furthest) + _odd(kernel, upper))
    return low, high


def _even(kernel: DualKernel, u: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    half: Float[np.ndarray, "*shape"] = kernel.second(u) / 2
    half += kernel.second(-u) / 2
    return half


def _odd(kernel: DualKernel, u: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    half: Float[np.ndarray, "*shape"] = kernel.second(u) / 2
    half -= kernel.second(-u) / 2
    return half
