"""Projected gradient descent on the margin, the adversary that the theorems' runs train against.

One projected-gradient attack serves kernel functions and networks, in float32 and float64: it only asks a
predictor for its JAX twin. Attacks give no guarantee; what they find is a lower bound of the robust loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput, Loss
from ..predictors import Evaluator, Parameters, Predictor
from ..sets.protocol import PerturbationSet
from .adversary import AdversarialPoints
from .search import better, check_counts, check_seed, data_and_random_starts, values_and_gradients, worst_found

__all__ = ["ProjectedGradientAttack", "values_and_gradients"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ProjectedGradientAttack:
    """Normalised tangential gradient steps with geometrically shrinking sizes, keeping the best iterate met.

    The first start is the data point itself, the others are random points of the set. A step where the
    gradient vanishes stays put. For losses that fall and rise again with the margin (absolute, Huber)
    both directions are searched.

    Args:
        steps: gradient steps of each start, at least 1.
        step_size: first step as a fraction of the set's extent (a cap's angle, a ball's radius); by default 2, which
            crosses the set, and 1 at every other random start.
        restarts: number of starts, at least 1.
        seed: of the random starts, together with the ``iteration`` of the call.
        last_step_size: last step, likewise; by default each step is 0.8 of the one
            before it, down to 0.03 of the first or, at every other random start, to 1e-4.

    Raises:
        InvalidInput: an argument outside its range.
    """

    steps: int = 10
    step_size: float | None = None
    restarts: int = 1
    seed: int = 0
    last_step_size: float | None = None

    def __post_init__(self) -> None:
        check_counts(steps=self.steps, restarts=self.restarts)
        check_seed(self.seed)
        for name in ("step_size", "last_step_size"):
            size = getattr(self, name)
            if size is not None and not (math.isfinite(size) and size > 0):
                raise InvalidInput(f"{name} is {size!r}: expected a positive fraction of the set's extent")

    def sizes(self, start: int = 0) -> Float[Array, " steps"]:
        """Step sizes of one start, as fractions of the set's extent.

        Long steps converge fast to minima on the rim, where they act like a power iteration; short ones
        are needed to settle at minima inside. Starts alternate between the two.
        """
        first = (2.0, 1.0)[start % 2] if self.step_size is None else self.step_size
        least = (0.03, 1e-4)[start % 2]
        shrunk = first * max(0.8 ** (self.steps - 1), least)
        last = shrunk if self.last_step_size is None else self.last_step_size
        return np.geomspace(first, last, self.steps)

    def perturb(
        self,
        predictor: Predictor,
        X: Float[Array, "n d"],
        y: Float[Array, " n"],
        perturbations: PerturbationSet,
        *,
        loss: Loss | None = None,
        iteration: int = 0,
    ) -> AdversarialPoints:
        starts = data_and_random_starts(X, perturbations, self.restarts, (self.seed, iteration, 1))
        search = _compiled_search(predictor.evaluator(), perturbations)
        sizes = np.stack([self.sizes(index) for index in range(self.restarts)])
        return worst_found(search, predictor, X, y, perturbations, starts=starts, loss=loss, per_start=(sizes,))

    def minimize_margin(
        self,
        predictor: Predictor,
        X: Float[Array, "n d"],
        y: Float[Array, " n"],
        perturbations: PerturbationSet,
    ) -> tuple[Float[Array, "n d"], Float[Array, " n"]]:
        """Points of the sphere with low margins ``y_i f(x')``, and these margins, both in float64."""
        points = self.perturb(predictor, X, y, perturbations).points
        return points, y * predictor.predict(points)


@lru_cache(maxsize=64)
def _compiled_search(evaluator: Evaluator, perturbations: PerturbationSet) -> Any:
    """The jitted search; one for every kind of function and perturbation set."""
    import jax

    return jax.jit(partial(_search, evaluator, perturbations))


def _search(
    evaluator: Evaluator,
    perturbations: PerturbationSet,
    parameters: Parameters,
    starts: Any,
    centers: Any,
    labels: Any,
    sizes: Any,
) -> tuple[Any, Any]:
    """Lower ``labels * f`` from every row of ``starts`` with its own step sizes, shape (n, steps); traced by JAX.

    Returns:
        the best iterates, in the coordinates of the set, and f there, shape (n,), both in the dtype of ``starts``.
    """
    import jax
    import jax.numpy as jnp

    def step(state: tuple[Any, Any, Any], size: Any) -> tuple[tuple[Any, Any, Any], None]:
        points, best_points, best_values = state
        values, gradients = values_and_gradients(evaluator, perturbations, parameters, points)
        best = better(points, values, best_points, best_values, labels)
        moved = perturbations.move(points, -labels[:, None] * gradients, size[:, None], xp=jnp)
        return (perturbations.project(moved, centers, xp=jnp), *best), None

    worst = labels * jnp.asarray(jnp.inf, labels.dtype)
    (points, *best), _ = jax.lax.scan(step, (starts, starts, worst), sizes.T)
    values = evaluator.values(parameters, perturbations.embed(points, xp=jnp))
    return better(points, values, best[0], best[1], labels)
