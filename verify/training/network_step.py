"""One step of projected gradient descent on a two-layer network at frozen adversarial points (theory
section 0).

The step works on the two halves of the neurons as `predictors.network_parts` gives them, and never forms
an array that is larger than the weights or than points times neurons.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

from ...bounds import Activation, Loss
from ...kernels import numeric
from ..predictors import Parameters
from .constraint_set import Bounds, distance, project_halves, sum_of_squares

# Of `predictors.network_parts`, stacked: every network has weights of its own, the output weights are those of all.
PART_AXES = ((0, None), (0, None))


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
    """The jitted step ``(parts, starts, points, labels, step_size, *bounds[, landmarks]) -> StepResult``.

    Args of the step:
        parts: ``network_parts`` of ``W_t``.
        starts: the two halves of ``W_0``, which may be one and the same array.
        points: ``x_i^t``, shape (n, d); labels: shape (n,); step_size: a scalar.
        bounds: radius, row_radius and operator_radius of `constraint_set.Bounds`; the last two may be None.
        landmarks: the two halves of ``W_*``, or None.
    """
    import jax

    return jax.jit(partial(_step, activation, loss))


@lru_cache(maxsize=32)
def compiled_steps(activation: Activation, loss: Loss) -> Any:
    """`compiled_step` for several networks at once, without landmarks.

    The weights of ``parts`` and ``starts``, the points, and all results have a leading axis for the networks.
    """
    import jax

    axes = (PART_AXES, (0, 0), 0, None, None, None, None, None)
    return jax.jit(over_networks(partial(_step, activation, loss), axes))


def over_networks(function: Callable[..., Any], axes: tuple[Any, ...]) -> Callable[..., Any]:
    """vmap over the networks of a stack, by the rules of ``in_axes``; a single one is computed without it.

    (Products of stacked matrices are slower, even of one.)
    """
    import jax

    def apply(*arguments: Any) -> Any:
        (weights, _), _ = arguments[0]
        if len(weights) > 1:
            return jax.vmap(function, in_axes=axes)(*arguments)
        own = (_first(each, axis) for each, axis in zip(arguments, axes, strict=True))
        return jax.tree.map(lambda result: result[None], function(*own))

    return apply


def _first(argument: Any, axis: Any) -> Any:
    """The part of the first network, where there is one of each."""
    if isinstance(axis, tuple):
        return tuple(_first(each, inner) for each, inner in zip(argument, axis, strict=True))
    return argument if axis is None else argument[0]


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
    operator_radius: Any = None,
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
    projected, travelled = project_halves(moved, starts, Bounds(radius, row_radius, operator_radius))
    mean_loss = jnp.mean(loss.value(values, labels, jnp))
    norm = _gradient_norm(active, pulls)
    remaining = None if landmarks is None else distance(projected, landmarks)
    return StepResult(projected, values, mean_loss, norm, travelled, remaining)


def _antisymmetric(halves: list[Any]) -> list[Any]:
    """The part of a gradient along tied moves, its orthogonal projection onto them."""
    difference = (halves[0] - halves[1]) / 2
    return [difference, -difference]


def _gradient_norm(active: list[Any], pulls: Any) -> Any:
    """``|g_t|_F`` for ``g_t = sum_i a_i p_i'``, ``a_i`` a row of ``active`` and ``p_i`` one of ``pulls``.

    With few points their n x n Gram matrices do; they spare a pass over an array as large as the weights.
    """
    import jax.numpy as jnp

    if len(pulls) > pulls.shape[1]:
        return jnp.sqrt(sum(sum_of_squares(entry.T @ pulls) for entry in active))
    squared = sum(jnp.sum((entry @ entry.T) * (pulls @ pulls.T)) for entry in active)
    return jnp.sqrt(jnp.maximum(squared, 0.0))
