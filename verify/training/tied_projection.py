"""The projection onto the set in which tied pairs move: a ball whose points have no long rows (theory E2).

``C = {U : |U|_F <= radius, |u_r| <= row_radius for all r}`` is convex and closed, so the nearest point of it to V is
unique, and it is the one with multipliers ``lam, nu_r >= 0``, complementary to their constraints, such that ``(1 + lam
+ nu_r) u_r = v_r``. Hence every ``u_r`` is a multiple of ``v_r``: of length ``c |v_r|`` with ``c = 1/(1 + lam) <= 1``
where ``nu_r = 0``, and ``row_radius`` where that is longer. Conversely, for every c in (0, 1] these rows satisfy the
row constraints and all conditions but the one on lam. It remains to take the largest c in (0, 1] with

    F(c) = sum_r min(c |v_r|, row_radius)^2 <= radius^2,

which is lam = 0 (c = 1) or has equality, as lam requires. F increases and is quadratic between its breakpoints
``row_radius / |v_r|``, at which it is known by one sort: no search is needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def project_rows(rows: Any, radius: Any, row_radius: Any, *, xp: Any = np) -> Any:
    """The nearest matrix of norm at most ``radius`` and rows of length at most ``row_radius``.

    Args:
        rows: V, shape (N, d).
        radius, row_radius: positive scalars of its dtype.
        xp: ``numpy`` or ``jax.numpy``.
    """
    lengths = xp.sqrt(xp.sum(rows * rows, axis=1))
    factor = common_factor(lengths, radius, row_radius, xp=xp)
    safe = xp.maximum(lengths, xp.finfo(rows.dtype).tiny)
    return xp.minimum(factor, row_radius / safe)[:, None] * rows


def common_factor(lengths: Any, radius: Any, row_radius: Any, *, xp: Any = np) -> Any:
    """The largest c <= 1 with ``sum_r min(c lengths_r, row_radius)^2 <= radius^2``."""
    ordered = xp.sort(lengths)[::-1]
    squares = ordered * ordered
    # beyond[k] is the sum of the squares without the k longest.
    beyond = xp.concatenate([xp.cumsum(squares[::-1])[::-1], xp.zeros_like(squares[:1])])
    clipped = xp.arange(1, len(ordered) + 1) * row_radius**2
    safe = xp.where(squares > 0, squares, 1)
    at_breakpoints = clipped + row_radius**2 / safe * beyond[1:]  # F where c |v_(k)| = row_radius
    count = xp.sum((at_breakpoints <= radius**2) & (squares > 0))
    room = xp.maximum(radius**2 - count * row_radius**2, 0)
    rest = beyond[count]
    # Not below the last breakpoint counted: where only rounding is left of `room` and `rest`, their quotient may be.
    last = row_radius / xp.sqrt(safe[xp.maximum(count - 1, 0)])
    equal = xp.maximum(xp.sqrt(room / xp.where(rest > 0, rest, 1)), xp.where(count > 0, last, 0))
    return xp.where(rest > 0, xp.minimum(equal, 1), 1)
