"""A black-box attack: random proposals, of which those that raise the loss are kept; it never asks for a gradient.

In the spirit of the Square Attack (Andriushchenko, Croce, Flammarion, Hein 2020, arXiv:1912.00049): proposals start
large and shrink. What a gradient attack cannot see, because gradients vanish or mislead, this one can.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Loss
from ..predictors import Evaluator, Parameters, Predictor
from ..sets.protocol import PerturbationSet
from .adversary import AdversarialPoints
from .search import better, check_counts, check_seed, data_and_random_starts, worst_found

Array = NDArray[np.float64]
# Step sizes of the dense proposals, as fractions of the set's extent: the 1/5-success rule moves them in this range.
_LARGEST, _SMALLEST = 2.0, 1e-6
_GROWTH = 1.5


@dataclass(frozen=True)
class RandomSearchAttack:
    """Random search on any perturbation set; it asks a predictor for values only.

    Proposals take turns between two kinds, both made by the set's `move` and `project` from the best point so far:

    * all coordinates by a normal direction, with a step size that grows by 1.5 where a proposal was accepted and
      shrinks by its fourth root where not (the 1/5-success rule of evolution strategies): good on round sets;
    * a random share of the coordinates across the whole set, with a share that falls geometrically from 1/2 to a
      single one, as the squares of the Square Attack do: good on boxes, where it flips signs.

    Args:
        queries: proposals from each start; each is one evaluation of the predictor at every point.
        restarts: number of starts, of which the first is the data point and the others are random.
        seed: of starts and proposals, together with the ``iteration`` of the call.

    Raises:
        InvalidInput: an argument that is no positive integer, or a negative seed.
    """

    queries: int = 500
    restarts: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        check_counts(queries=self.queries, restarts=self.restarts)
        check_seed(self.seed)

    def perturb(
        self,
        predictor: Predictor,
        X: Float[Array, "n k"],
        y: Float[Array, " n"],
        perturbations: PerturbationSet,
        *,
        loss: Loss | None = None,
        iteration: int = 0,
    ) -> AdversarialPoints:
        starts = data_and_random_starts(X, perturbations, self.restarts, (self.seed, iteration, 3))
        words = np.random.SeedSequence([self.seed, iteration, 4]).generate_state(2)
        search = _compiled_search(predictor.evaluator(), perturbations, self.queries)
        return worst_found(search, predictor, X, y, perturbations, starts=starts, loss=loss, common=(words,))


@lru_cache(maxsize=64)
def _compiled_search(evaluator: Evaluator, perturbations: PerturbationSet, queries: int) -> Any:
    import jax

    return jax.jit(partial(_search, evaluator, perturbations, queries))


def _search(
    evaluator: Evaluator,
    perturbations: PerturbationSet,
    queries: int,
    parameters: Parameters,
    starts: Any,
    centers: Any,
    labels: Any,
    words: Any,
) -> tuple[Any, Any]:
    """Lower ``labels * f`` from every row of ``starts``; traced by JAX.

    Args:
        words: two unsigned 32-bit integers, the key of the generator.

    Returns:
        the best points and f there, shape (n,).
    """
    import jax
    import jax.numpy as jnp

    key = jax.random.wrap_key_data(words, impl="threefry2x32")

    def query(state: tuple[Any, Any, Any], turn: tuple[Any, Any]) -> tuple[tuple[Any, Any, Any], None]:
        best_points, best_values, sizes = state
        number, share = turn
        dense = number % 2 == 0
        directions = _directions(jax.random.fold_in(key, number), starts, jnp.where(dense, 1.0, share))
        moved = perturbations.move(best_points, directions, jnp.where(dense, sizes, _LARGEST), xp=jnp)
        points = perturbations.project(moved, centers, xp=jnp)
        values = evaluator.values(parameters, perturbations.embed(points, xp=jnp))
        accepted = (labels * values < labels * best_values)[:, None]
        adapted = jnp.clip(sizes * jnp.where(accepted, _GROWTH, _GROWTH**-0.25), _SMALLEST, _LARGEST)
        best = better(points, values, best_points, best_values, labels)
        return (*best, jnp.where(dense, adapted, sizes)), None

    values = evaluator.values(parameters, perturbations.embed(starts, xp=jnp))
    first = (starts, values, jnp.ones_like(starts[:, :1]))
    shares = np.geomspace(0.5, 1.0 / starts.shape[1], queries).astype(starts.dtype)
    (points, values, _), _ = jax.lax.scan(query, first, (np.arange(queries), shares))
    return points, values


def _directions(key: Any, like: Any, share: Any) -> Any:
    """Normal directions with about ``share`` of their coordinates, at least one, and zeros in the others."""
    import jax
    import jax.numpy as jnp

    for_size, for_choice = jax.random.split(key)
    marks = jax.random.uniform(for_choice, like.shape, like.dtype)
    chosen = (marks < share) | (marks == jnp.min(marks, axis=-1, keepdims=True))
    return jnp.where(chosen, jax.random.normal(for_size, like.shape, like.dtype), 0)
