"""What all attacks share: what they minimise, where they start, and which of the points they met they keep.

Attacks lower the margin ``y f``. Hinge, squared hinge, logistic loss and the cross-entropy of two classes fall with the
margin, so its minimum over a set is the maximum of each of them; losses that rise again beyond the label (absolute,
Huber) are searched in both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput, Loss
from ..predictors import Evaluator, Parameters, Predictor
from ..sets.protocol import PerturbationSet
from .adversary import AdversarialPoints

Array = NDArray[np.float64]
# search(parameters, starts, centers, labels, *per_row, *common) -> (points, values, ...), jitted; all starts of a point
# are rows of one call.
Search = Callable[..., tuple[Any, ...]]
# Rows of several starts that are searched as one: more of them fill no matrix product better, and take memory.
_ROWS = 256


def data_and_random_starts(
    X: Float[Array, "n k"], perturbations: PerturbationSet, count: int, seed: Sequence[int]
) -> Float[Array, "count n k"]:
    """The data points themselves, then ``count - 1`` random points of every set."""
    if count == 1:
        return X[None]
    return np.concatenate([X[None], perturbations.sample(X, count - 1, np.random.default_rng(list(seed)))])


def worst_found(
    search: Search,
    predictor: Predictor,
    X: Float[Array, "n k"],
    y: Float[Array, " n"],
    perturbations: PerturbationSet,
    *,
    starts: Float[Array, "s n k"],
    loss: Loss | None,
    per_start: Sequence[Array] = (),
    common: Sequence[Any] = (),
) -> AdversarialPoints:
    """Run a jitted search from all starts, in every direction that can raise the loss, and keep the worst of each row.

    Args:
        search: lowers ``labels * f`` from rows of starting points.
        per_start: arrays with one entry for every start, handed on to each of its rows.
        common: further arguments of the search.
    """
    runs = [
        run_search(search, predictor, X, side * y, starts=starts, per_start=per_start, common=common)
        for side in sides(loss)
    ]
    points, values = (np.concatenate([run[part] for run in runs]) for part in (0, 1))
    best, rows = index_of_worst(values, y, loss), np.arange(len(X))
    return AdversarialPoints.at(points[best, rows], values[best, rows], X, perturbations)


def run_search(
    search: Search,
    predictor: Predictor,
    X: Float[Array, "n k"],
    labels: Float[Array, " n"],
    *,
    starts: Float[Array, "s n k"],
    per_start: Sequence[Array] = (),
    common: Sequence[Any] = (),
) -> tuple[NDArray[Any], ...]:
    """What a search returns for every start: points (s, n, k), values (s, n), and so on, in the predictor's dtype."""
    import jax

    dtype, outputs = predictor.dtype, []
    with jax.enable_x64(dtype == np.float64):
        parameters = jax.device_put(predictor.parameters())
        for group in _groups(len(starts), len(X)):
            count = len(starts[group])
            rows = [starts[group].reshape(-1, X.shape[1]), np.tile(X, (count, 1)), np.tile(labels, count)]
            rows += [np.repeat(array[group], len(X), axis=0) for array in per_start]
            found = search(parameters, *(array.astype(dtype) for array in rows), *common)
            outputs.append([np.asarray(part).reshape(count, len(X), *part.shape[1:]) for part in found])
    return tuple(np.concatenate(part) for part in zip(*outputs, strict=True))


def index_of_worst(values: Float[NDArray[Any], "s n"], y: Float[Array, " n"], loss: Loss | None) -> NDArray[np.intp]:
    """For every column the row with the highest loss; among equals the lowest margin, then the first.

    Where the loss is flat (hinge beyond the margin) the lower margin still decides.
    """
    scores = -y * values if loss is None else loss.value(values, y)
    best: NDArray[np.intp] = np.argmin(np.where(scores == scores.max(axis=0), y * values, np.inf), axis=0)
    return best


def sides(loss: Loss | None) -> tuple[float, ...]:
    """Directions to search: 1 lowers the margin, -1 raises it.

    A convex loss rises with the margin anywhere only if it does so far out.
    """
    if loss is None or float(loss.slope(1e6, 1.0)) <= 0:
        return (1.0,)
    return (1.0, -1.0)


def values_and_gradients(
    evaluator: Evaluator, perturbations: PerturbationSet, parameters: Parameters, points: Any
) -> tuple[Any, Any]:
    """f at the embedded points, and its gradients in the set's own coordinates; traced by JAX."""
    import jax
    import jax.numpy as jnp

    embedded, pull_back = jax.vjp(partial(perturbations.embed, xp=jnp), points)
    values, gradients = evaluator.values_and_gradients(parameters, embedded)
    return values, pull_back(gradients)[0]


def better(points: Any, values: Any, best_points: Any, best_values: Any, labels: Any) -> tuple[Any, Any]:
    """Row by row the point with the lower ``labels * value``; the older one where they are equal."""
    import jax.numpy as jnp

    improved = labels * values < labels * best_values
    return jnp.where(improved[:, None], points, best_points), jnp.where(improved, values, best_values)


def check_counts(**counts: int) -> None:
    """Raise InvalidInput, naming the argument, unless each is an integer of at least 1."""
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1:
            raise InvalidInput(f"{name} is {count!r}: expected an integer of at least 1")


def check_seed(seed: int) -> None:
    """Raise InvalidInput unless the seed is an integer that is not negative."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InvalidInput(f"seed is {seed!r}: expected a non-negative integer")


def _groups(starts: int, rows: int) -> Iterator[slice]:
    """The starts in groups of about `_ROWS` rows."""
    size = max(1, _ROWS // max(rows, 1))
    return (slice(first, first + size) for first in range(0, starts, size))
