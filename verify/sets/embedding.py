"""The map from feature rows to the sphere that data and perturbation sets share (theory section 0)."""

from __future__ import annotations

import math

import numpy as np

from .protocol import Array, Namespace


def on_sphere(features: Array, bias: float | None, *, xp: Namespace = np) -> Array:
    """``u -> (sqrt(1 - b^2) u / |u|, b)``, or ``u / |u|`` where the bias is None; a zero row keeps 0 for ``u / |u|``.

    Args:
        features: shape (..., k), finite.
        bias: b in [0, 1), or None for no bias coordinate.
        xp: ``numpy`` or ``jax.numpy``, which may differentiate; the dtype is kept.
    """
    # Dividing by the largest entry first keeps large and tiny rows from overflowing and underflowing.
    largest = xp.max(xp.abs(features), axis=-1, keepdims=True)
    rows = features / xp.where(largest > 0, largest, 1)
    length = xp.sqrt(xp.maximum(xp.sum(rows * rows, axis=-1, keepdims=True), xp.finfo(rows.dtype).tiny))
    unit = rows / length
    if bias is None:
        return unit
    last = xp.full_like(unit[..., :1], bias)
    return xp.concatenate([math.sqrt(1.0 - bias**2) * unit, last], axis=-1)
