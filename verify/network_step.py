"""One step of projected gradient descent on a two-layer network at frozen adversarial points (theory
section 0).

The step works on the two halves of the neurons as `predictors.network_parts` gives them, and never forms
an array that is larger than the weights or than points times neurons.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, NamedTuple

from ..bounds import Activation, Loss
from ..kernels import numeric
from .predictors import Parameters


class StepResult(NamedTuple):
    """What one step returns, as JAX arrays of the training dtype.

    ``loss`` is ``L_A(W_t)`` and ``gradient_norm`` is ``|g_t|_F``, both before the step; ``weights`` (two
    halves) and ``distance`` ``|W_{t+1} - W_0|_F`` are those after the projection.
    """

    weights: tuple[Any, Any]
    values: Any
    loss: Any
    gradient_norm: Any
    distance: Any


@lru_cache(maxsize=32)
def compiled_step(activation: Activation, loss: Loss) -> Any:
    """The jitted step ``(parts, starts, points, labels, step_size, radius) -> StepResult``.

    Args of the step:
        parts: ``network_parts`` of ``W_t``.
        starts: the two halves of ``W_0``, which may be one and the same array.
        points: ``x_i^t``, shape (n, d); labels: shape (n,); step_size, radius: scalars.
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
) -> StepResult:
    import jax.numpy as jnp

    sigma, slope = numeric(activation, 0, jnp), numeric(activation, 1, jnp)
    inputs = [points @ weights.T for weights, _ in parts]
    values = sum(sigma(entry) @ outputs for entry, (_, outputs) in zip(inputs, parts, strict=True))
    pulls = (loss.slope(values, labels, jnp) / len(labels))[:, None] * points
    active = [slope(entry) * outputs for entry, (_, outputs) in zip(inputs, parts, strict=True)]
    moved = [weights - step_size * (entry.T @ pulls) for (weights, _), entry in zip(parts, active, strict=True)]
    distance = jnp.sqrt(sum(_sum_of_squares(new - start) for new, start in zip(moved, starts, strict=True)))
    projected = _project(moved, starts, distance, radius)
    mean_loss = jnp.mean(loss.value(values, labels, jnp))
    norm = _gradient_norm(active, pulls)
    return StepResult(projected, values, mean_loss, norm, jnp.minimum(distance, radius))


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


def _sum_of_squares(matrix: Any) -> Any:
    """Row by row, then by a vectorised product: a running float32 sum stagnates at a million neurons."""
    import jax.numpy as jnp

    rows = jnp.sum(matrix * matrix, axis=1)
    return rows @ jnp.ones_like(rows)
