"""The nearest point of a Euclidean ball cut by a box, in closed form."""

from __future__ import annotations

import numpy as np

from .protocol import Array, Namespace


def project_onto_ball_in_box(
    points: Array, lower: Array, upper: Array, radius: float, *, xp: Namespace = np
) -> tuple[Array, Array]:
    """The nearest point of ``{v : |v| <= radius, lower <= v <= upper}`` to each row, for ``lower <= 0 <= upper``.

    Why it is exact: the problem is strictly convex, so the point with a multiplier ``mu >= 0`` for the ball is the
    answer. For that multiplier it is ``v_i = clip(t q_i, lower_i, upper_i)`` with ``t = 1 / (1 + mu)`` in (0, 1], that
    is ``|v_i| = min(t |q_i|, c_i)`` with ``c_i`` the bound on the side of ``q_i``. Hence ``|v|^2`` is a nondecreasing
    function of t, equal to ``sum c_i^2 + t^2 sum q_i^2`` (over the coordinates at their bound, and over the others)
    between the breakpoints ``c_i / |q_i|``. Either ``t = 1`` is in the ball, or the sorted breakpoints show between
    which two of them ``|v| = radius``, and t is a square root there. No iteration, no tolerance; rounding aside.

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
    breakpoints = xp.where(sizes > sides, ends / xp.where(slopes > 0, slopes, 1), scale / radius)
    breakpoints = xp.minimum(breakpoints, xp.finfo(points.dtype).max ** 0.5 / (1 + points.shape[-1]))
    order = xp.argsort(breakpoints, axis=-1)
    bounds, rates, breakpoints = (xp.take_along_axis(each, order, axis=-1) for each in (ends, slopes, breakpoints))
    at_bound = xp.cumsum(bounds**2, axis=-1) - bounds**2  # those of the coordinates that reach their bound before
    moving = xp.flip(xp.cumsum(xp.flip(rates**2, axis=-1), axis=-1), axis=-1)
    beyond = at_bound + breakpoints**2 * moving >= 1
    first = xp.argmax(beyond, axis=-1)[..., None]
    rest, share = (xp.take_along_axis(each, first, axis=-1) for each in (1 - at_bound, moving))
    factor = xp.sqrt(xp.maximum(rest, 0) / xp.where(share > 0, share, 1))
    inside = (xp.sum(ends**2, axis=-1) <= 1) | ~xp.any(beyond, axis=-1)
    found = xp.where(inside[..., None], ends, xp.minimum(factor * slopes, ends))
    return xp.sign(points) * radius * _into_ball(found, xp), inside


def _into_ball(offsets: Array, xp: Namespace) -> Array:
    """What rounding left outside the unit ball, pulled back by as much."""
    return offsets / xp.maximum(xp.sqrt(xp.sum(offsets**2, axis=-1, keepdims=True)), 1)
