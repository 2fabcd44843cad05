"""The fast gradient attack: one step of full size (Goodfellow, Shlens, Szegedy 2015, arXiv:1412.6572, section 4)."""

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
from .search import values_and_gradients, worst_found

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FastGradientAttack:
    """From the data point one step to the boundary, along the steepest way; where it leads is where the point ends.

    The steepest way is that of the set: along a great circle on a cap, by the signs of the gradient in an l-infinity
    ball (FGSM), along the gradient in an l2 ball. Where the gradient vanishes the point stays. It may end at a lower
    loss than it began: `WorstOf` with another adversary keeps the better one.
    """

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
        search = _compiled_step(predictor.evaluator(), perturbations)
        return worst_found(search, predictor, X, y, perturbations, starts=X[None], loss=loss)


@lru_cache(maxsize=64)
def _compiled_step(evaluator: Evaluator, perturbations: PerturbationSet) -> Any:
    import jax

    return jax.jit(partial(_step, evaluator, perturbations))


def _step(
    evaluator: Evaluator,
    perturbations: PerturbationSet,
    parameters: Parameters,
    starts: Any,
    centers: Any,
    labels: Any,
) -> tuple[Any, Any]:
    import jax.numpy as jnp

    _, gradients = values_and_gradients(evaluator, perturbations, parameters, starts)
    moved = perturbations.move(starts, -labels[:, None] * gradients, 1.0, xp=jnp)
    points = perturbations.project(moved, centers, xp=jnp)
    return points, evaluator.values(parameters, perturbations.embed(points, xp=jnp))
