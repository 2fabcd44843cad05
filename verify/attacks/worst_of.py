"""Several adversaries as one: of every point the worst answer counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput, Loss
from ..predictors import Predictor
from ..sets.protocol import PerturbationSet
from .adversary import AdversarialPoints, Adversary
from .auto_projected_gradient import AutoProjectedGradientAttack
from .projected_gradient import ProjectedGradientAttack
from .random_search import RandomSearchAttack
from .search import index_of_worst

Array = NDArray[np.float64]


@dataclass(frozen=True)
class WorstOf:
    """Point by point the answer with the highest loss, judged by `Predictor.predict` in float64.

    Among equal losses the lowest margin wins, then the adversary that comes first. Without a loss, the lowest margin.

    Args:
        adversaries: at least one; any objects with the method `perturb`.

    Raises:
        InvalidInput: no adversary.
    """

    adversaries: tuple[Adversary, ...]

    def __post_init__(self) -> None:
        if not self.adversaries:
            raise InvalidInput("adversaries is (): expected at least one")

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
        found = [
            adversary.perturb(predictor, X, y, perturbations, loss=loss, iteration=iteration)
            for adversary in self.adversaries
        ]
        best = index_of_worst(np.stack([predictor.predict(each.points) for each in found]), y, loss)
        rows = np.arange(len(X))
        coordinates, points, values = (
            np.stack(arrays)[best, rows]
            for arrays in zip(*((each.coordinates, each.points, each.values) for each in found), strict=True)
        )
        return AdversarialPoints(coordinates, points, values)


def strongest(*, seed: int = 0) -> WorstOf:
    """The combination to report by: projected gradients with restarts, APGD with restarts, and random search."""
    return WorstOf(
        (
            ProjectedGradientAttack(steps=40, restarts=4, seed=seed),
            AutoProjectedGradientAttack(steps=100, restarts=3, seed=seed),
            RandomSearchAttack(queries=500, seed=seed),
        )
    )
