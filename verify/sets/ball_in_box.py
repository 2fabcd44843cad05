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
        the points, and whether q was within the ball after clipping (then they are the clipped q), shape (...).
    """
    sides = xp.clip(xp.where(points < 0, -lower, upper), 0, radius)  # |v_i| <= radius holds in the ball anyway
    sizes = xp.abs(points)
    reached = xp.minimum(sizes, sides)
    largest = xp.max(sizes, axis=-1, keepdims=True)
    scale = xp.where(largest > 0, largest, 1)
    slopes, ends, limit = sizes / scale, reached / scale, radius / scale
    breakpoints = xp.where(sizes > sides, ends / xp.where(slopes > 0, slopes, 1), 1)
    order = xp.argsort(breakpoints, axis=-1)
    ends, slopes, breakpoints = (xp.take_along_axis(each, order, axis=-1) for each in (ends, slopes, breakpoints))
    at_bound = xp.cumsum(ends**2, axis=-1) - ends**2  # squares of the coordinates that reached their bound before
    moving = xp.flip(xp.cumsum(xp.flip(slopes**2, axis=-1), axis=-1), axis=-1)
    beyond = at_bound + breakpoints**2 * moving >= limit**2
    first = xp.argmax(beyond, axis=-1)[..., None]
    rest = limit**2 - xp.take_along_axis(at_bound, first, axis=-1)
    share = xp.take_along_axis(moving, first, axis=-1)
    factor = xp.sqrt(xp.maximum(rest, 0) / xp.where(share > 0, share, 1))
    factor = xp.where(xp.any(beyond, axis=-1, keepdims=True), factor, 1)
    inside = xp.sum((reached / radius) ** 2, axis=-1) <= 1
    clipped = xp.where(inside[..., None], reached, xp.minimum(factor * sizes, reached))
    return xp.sign(points) * _into_ball(clipped, radius, inside, xp), inside


def _into_ball(sizes: Array, radius: float, inside: Array, xp: Namespace) -> Array:
    """What rounding left outside the ball, pulled back by as much."""
    length = xp.sqrt(xp.sum(sizes**2, axis=-1, keepdims=True))
    return xp.where(inside[..., None] | (length <= radius), sizes, sizes * (radius / xp.where(length > 0, length, 1)))
