"""The robust loss of one network from both sides: the strongest attack below, the best certificate above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..attacks.adversary import Adversary
from ..attacks.worst_of import strongest
from ..certificates.certify import CertifiedMargins, certify
from ..certificates.losses import needs_upper_margins
from ..comparison.anatomy import Bracket
from ..planning.certified_plan import DrawnPlan
from ..predictors import TwoLayerNetwork
from ..training.training_run import TrainingRun
from .configuration import Problem

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RobustLoss:
    """The robust loss of one network, from both sides; margins are of ``y_i f(x')`` over the sets, shape (n,).

    ``methods`` says for how many points each certificate gave the best lower margin.
    """

    attacked: float
    certified: float
    attacked_margins: Array
    certified_margins: Array
    methods: dict[str, int]

    @property
    def error(self) -> Bracket:
        """The fraction of points misclassified on their sets: as an attack shows, and at most."""
        return Bracket(float(np.mean(~(self.attacked_margins > 0.0))), float(np.mean(~(self.certified_margins > 0.0))))


def strongest_attack() -> Adversary:
    """The attack that robust losses are reported by."""
    return strongest(seed=1)


def squeeze(problem: Problem, drawn: DrawnPlan, training: TrainingRun) -> RobustLoss:
    """The best iterate's robust loss: the strongest attack below, the best certificate above, both in float64."""
    data, start, loss = problem.data, drawn.initialisation, drawn.plan.loss
    network = TwoLayerNetwork(training.best_weights, start.signs, drawn.activation)
    centers, perturbations = problem.centers, problem.perturbations
    found = strongest_attack().perturb(network, centers, data.y, perturbations, loss=loss).points
    tried = (found, training.best_points, np.asarray(perturbations.embed(centers)))
    candidates = np.stack([data.y * network.predict(points) for points in tried])
    losses = loss.value(candidates, np.ones_like(candidates))
    lower = certify(network, centers, data.y, perturbations, initial=start.weights)
    upper: CertifiedMargins | None = None
    if needs_upper_margins(loss):
        upper = certify(network, centers, -data.y, perturbations, initial=start.weights)
    return RobustLoss(
        float(np.mean(np.max(losses, axis=0))),
        lower.robust_loss(loss, upper),
        np.min(candidates, axis=0),
        lower.lower,
        lower.wins,
    )
