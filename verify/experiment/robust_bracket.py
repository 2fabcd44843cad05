"""The robust loss of the best iterate from both sides."""

from __future__ import annotations

from ..attacks.adversary import Adversary
from ..attacks.worst_of import strongest
from ..comparison.robust_loss import RobustLoss, bracket_robust_loss
from ..planning.certified_plan import DrawnPlan
from ..predictors import TwoLayerNetwork
from ..training.training_run import TrainingRun
from .configuration import Problem


def strongest_attack() -> Adversary:
    """The attack that robust losses are reported by."""
    return strongest(seed=1)


def squeeze(problem: Problem, drawn: DrawnPlan, training: TrainingRun) -> RobustLoss:
    """`bracket_robust_loss` of the best iterate; the points that training met count as attacks too."""
    start = drawn.initialisation
    network = TwoLayerNetwork(training.best_weights, start.signs, drawn.activation)
    return bracket_robust_loss(
        network,
        problem.centers,
        problem.data.y,
        problem.perturbations,
        loss=drawn.plan.loss,
        adversary=strongest_attack(),
        initial=start.weights,
        known=(training.best_points,),
    )
