"""The nearest point of a Euclidean ball cut by a box, in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .protocol import Array, Namespace


def project_onto_ball_in_box(
    points: Array, lower: Array, upper: Array, radius: float, *, xp: Namespace = np
) -> tuple[Array, Array]:
    """The nearest point of ``{v : |v| <= radius, lower <= v <= upper}`` to each row, for ``lower <= 0 <= upper``.

    Why it is exact: the problem is strictly convex, so the point with a multiplier ``mu >= 0`` for the ball is the
    answer. For that multiplier it is ``v_i = clip(t q_i, lower_i, upper_i)`` with ``t = 1 / (1 + mu)`` in (0, 1], that
    is ``|v_i| = min(t |q_i|, c_i)`` with ``c_i`` the bound on the side of ``q_i``. Either ``t = 1`` is in the ball, or
    ``t^2`` is the root of ``sum min(t^2 q_i^2, c_i^2) = radius^2``. The sum is concave and piecewise linear in ``t^2``,
    so Newton's method from below rises to the root and stops there: every step that is not the last lets one more
    coordinate reach its bound, and on the last piece the root is in closed form. No tolerance; rounding aside.

    Args:
        points: q, shape (..., k).
        lower, upper: broadcastable to it; infinite bounds are allowed.
        radius: positive and finite.
        xp: ``numpy`` or ``jax.numpy``.

    Returns:
        the points, and whether clipping q to the box and to ``[-radius, radius]`` was all there was to do, shape (...).
    """
    sides = xp.clip(xp.where(points < 0, -lower, upper), 0, radius)  # |v_i| <= radius holds in the ball anyway
    sizes = xp.abs(points)
    largest = xp.max(sizes, axis=-1, keepdims=True)
    scale = xp.where(largest > 0, largest, 1)
    # In units of the radius and of the largest |q_i|, so that squares neither overflow nor vanish.
    ends, slopes = xp.minimum(sizes, sides) / radius, sizes / scale
    rates, bounds = slopes**2, xp.where(sizes > sides, ends**2, xp.inf)

    def newton(free: Array) -> Array:
        share = xp.sum(xp.where(free, rates, 0), axis=-1, keepdims=True)
        rest = 1 - xp.sum(xp.where(free, 0, ends**2), axis=-1, keepdims=True)
        return xp.maximum(rest, 0) / xp.where(share > 0, share, 1)

    free = _until_unchanged(lambda free: free & (newton(free) * rates < bounds), rates > 0, xp)
    factor = xp.sqrt(newton(free))
    inside = (xp.sum(ends**2, axis=-1) <= 1) | ~xp.any(free, axis=-1)
    found = xp.where(inside[..., None], ends, xp.minimum(factor * slopes, ends))
    return xp.sign(points) * radius * _into_ball(found, xp), inside


def _into_ball(offsets: Array, xp: Namespace) -> Array:
    """What rounding left outside the unit ball, pulled back by as much."""
    return offsets / xp.maximum(xp.sqrt(xp.sum(offsets**2, axis=-1, keepdims=True)), 1)


def _until_unchanged(shrink: Callable[[Array], Array], chosen: Array, xp: Namespace) -> Array:
    """Apply a map that only takes elements away until it takes none: at most once for each, and once more."""
    if xp is np:
        while not np.array_equal(fewer := shrink(chosen), chosen):
            chosen = fewer
        return chosen
    import jax

    def changed(pair: tuple[Array, Array]) -> Array:
        return xp.any(pair[0] != pair[1])

    return jax.lax.while_loop(changed, lambda pair: (pair[1], shrink(pair[1])), (chosen, shrink(chosen)))[1]
