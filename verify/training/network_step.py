"""One step of projected gradient descent on a two-layer network at frozen adversarial points (theory
section 0).

The step works on the two halves of the neurons as `predictors.network_parts` gives them, and never forms
an array that is larger than the weights or than points times neurons.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

from ...bounds import Activation, Loss
from ...kernels import numeric
from ..predictors import Parameters
from .tied_projection import project_rows


class StepResult(NamedTuple):
    """What one step returns, as JAX arrays of the training dtype.

    ``loss`` is ``L_A(W_t)`` and ``gradient_norm`` is ``|g_t|_F``, both before the step; ``weights`` (two
    halves), ``distance`` ``|W_{t+1} - W_0|_F`` and ``remaining`` ``|W_{t+1} - W_*|_F`` (None without a
    comparator) are those after the projection.
    """

    weights: tuple[Any, Any]
    values: Any
    loss: Any
    gradient_norm: Any
    distance: Any
    remaining: Any


@lru_cache(maxsize=32)
def compiled_step(activation: Activation, loss: Loss) -> Any:
    """The jitted step ``(parts, starts, points, labels, step_size, radius[, row_radius, landmarks]) -> StepResult``.

    Args of the step:
        parts: ``network_parts`` of ``W_t``.
        starts: the two halves of ``W_0``, which may be one and the same array.
        points: ``x_i^t``, shape (n, d); labels: shape (n,); step_size, radius: scalars.
        row_radius: the rho of tied pairs; None to train all weights.
        landmarks: the two halves of ``W_*``, or None.
    """
    import jax

    return jax.jit(partial(_step, activation, loss))


def _step(
    activation: Activation,
    loss: Loss,
    parts: Parameters,
    starts: tuple[Any, Any],
    points: Any,
    labels: Any,
    step_size: Any,
    radius: Any,
    row_radius: Any = None,
    landmarks: tuple[Any, Any] | None = None,
) -> StepResult:
    import jax.numpy as jnp

    sigma, slope = numeric(activation, 0, jnp), numeric(activation, 1, jnp)
    inputs = [points @ weights.T for weights, _ in parts]
    values = sum(sigma(entry) @ outputs for entry, (_, outputs) in zip(inputs, parts, strict=True))
    pulls = (loss.slope(values, labels, jnp) / len(labels))[:, None] * points
    active = [slope(entry) * outputs for entry, (_, outputs) in zip(inputs, parts, strict=True)]
    if row_radius is not None:
        active = _antisymmetric(active)
    moved = [weights - step_size * (entry.T @ pulls) for (weights, _), entry in zip(parts, active, strict=True)]
    distance = _distance(moved, starts)
    if row_radius is None:
        projected = _project(moved, starts, distance, radius)
        distance = jnp.minimum(distance, radius)
    else:
        projected = _project_tied(moved, starts, radius, row_radius)
        distance = _distance(projected, starts)
    mean_loss = jnp.mean(loss.value(values, labels, jnp))
    norm = _gradient_norm(active, pulls)
    remaining = None if landmarks is None else _distance(projected, landmarks)
    return StepResult(projected, values, mean_loss, norm, distance, remaining)


def _antisymmetric(halves: list[Any]) -> list[Any]:
    """The part of a gradient along tied moves, its orthogonal projection onto them."""
    difference = (halves[0] - halves[1]) / 2
    return [difference, -difference]


def _distance(halves: Sequence[Any], others: Sequence[Any]) -> Any:
    """The Frobenius norm of the difference."""
    import jax.numpy as jnp

    return jnp.sqrt(sum(_sum_of_squares(half - other) for half, other in zip(halves, others, strict=True)))


def _gradient_norm(active: list[Any], pulls: Any) -> Any:
    """``|g_t|_F`` for ``g_t = sum_i a_i p_i'``, ``a_i`` a row of ``active`` and ``p_i`` one of ``pulls``.

    With few points their n x n Gram matrices do; they spare a pass over an array as large as the weights.
    """
    import jax.numpy as jnp

    if len(pulls) > pulls.shape[1]:
        return jnp.sqrt(sum(_sum_of_squares(entry.T @ pulls) for entry in active))
    squared = sum(jnp.sum((entry @ entry.T) * (pulls @ pulls.T)) for entry in active)
    return jnp.sqrt(jnp.maximum(squared, 0.0))


def _project(moved: list[Any], starts: tuple[Any, Any], distance: Any, radius: Any) -> tuple[Any, Any]:
    """The nearest point of ``|W - W_0|_F <= radius``; costs nothing while the weights are inside."""
    import jax

    def shrink(pairs: list[tuple[Any, Any]]) -> tuple[Any, ...]:
        return tuple(start + (radius / distance) * (new - start) for new, start in pairs)

    def keep(pairs: list[tuple[Any, Any]]) -> tuple[Any, ...]:
        return tuple(new for new, _ in pairs)

    pairs = list(zip(moved, starts, strict=True))
    first, second = jax.lax.cond(distance > radius, shrink, keep, pairs)
    return first, second


def _project_tied(moved: list[Any], starts: tuple[Any, Any], radius: Any, row_radius: Any) -> tuple[Any, Any]:
    """The nearest tied move of norm at most ``radius`` that moves no neuron by more than ``row_radius / sqrt(m)``."""
    import jax.numpy as jnp

    half = len(moved[0])
    rows = ((moved[0] - starts[0]) - (moved[1] - starts[1])) / 2
    longest = row_radius / math.sqrt(2 * half)
    move = project_rows(rows, radius / math.sqrt(2), longest, xp=jnp)
    return starts[0] + move, starts[1] - move


def _sum_of_squares(matrix: Any) -> Any:
    """Row by row, then by a vectorised product: a running float32 sum stagnates at a million neurons."""
    import jax.numpy as jnp

    rows = jnp.sum(matrix * matrix, axis=1)
    return rows @ jnp.ones_like(rows)
