"""What the theorems ask for before any network of that width is drawn: plans at the norms of a kernel space.

They are conditional: that some ``W_*`` in the ball has what they suppose is left to be checked at the drawn ``W_0``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Float

from ...bounds import Activation, InvalidInput, Plan, required_width
from ...bounds.convergence import ConvergenceTheorem
from ...bounds.curvature import Network
from ...kernels import dual_kernel, numeric
from ..certificates.losses import needs_upper_margins
from ..sets.protocol import PerturbationSet
from .comparator import LeastMove
from .goal import Goal
from .margin_target import MarginCost, MarginTarget, one_sided, two_sided
from .minimum_norm import InfiniteWidthSpace, MinimumNormSolution

# Neurons by which rho is estimated where none is drawn.
_SAMPLE = 2048
Targets = Callable[[ConvergenceTheorem], MarginTarget]


@dataclass(frozen=True)
class Prediction:
    """A theorem, the constraints that suit it, and its conditional plan at their norm."""

    theorem: ConvergenceTheorem
    target: MarginTarget
    plan: Plan


def infinite_width_cost(activation: Activation, solution: MinimumNormSolution) -> MarginCost:
    """What margin 1 costs in the infinite-width space; rho is that of a sample of neurons."""
    rows = np.random.default_rng(0).standard_normal((_SAMPLE, solution.centers.shape[1]))
    slopes = numeric(activation, 1)(rows @ solution.centers.T)
    longest = float(np.max(np.linalg.norm((slopes * solution.coefficients) @ solution.centers, axis=1)))
    return MarginCost(solution.radius.upper, solution.radius.lower, longest / solution.norm)


def drawn_cost(move: LeastMove) -> MarginCost:
    """What margin 1 costs at a drawn network."""
    solution = move.solution
    return MarginCost(solution.radius.upper, solution.radius.lower, move.moves.row_radius / solution.norm)


def margin_targets(
    goal: Goal,
    activation: Activation,
    cost: MarginCost,
    X: Float[np.ndarray, "n k"],
    y: Float[np.ndarray, " n"],
    perturbations: PerturbationSet,
) -> Targets:
    """The constraints that suit each theorem; where the loss bounds margins on both sides, the same for all.

    Raises:
        InvalidInput: for a slack that the loss has no use for, or if no range of margins leaves a loss below epsilon.
    """
    budget = goal.loss_budget(goal.loss)
    if not needs_upper_margins(goal.loss):
        return lambda theorem: one_sided(theorem, goal.loss, budget, cost=cost, slack=goal.slack)
    if goal.slack is not None:
        raise InvalidInput(f"slack belongs to the hinge losses: expected none for {goal.loss.label}")
    shared = two_sided(
        InfiniteWidthSpace(dual_kernel(activation)),
        X,
        y,
        perturbations,
        goal.loss,
        budget,
        rows_per_norm=cost.rows_per_norm,
    )
    return lambda _: shared


def predictions(
    goal: Goal, activation: Activation, targets: Targets, *, least: bool = False, **options: Any
) -> list[Prediction]:
    """Conditional plans of all theorems that apply, the narrowest first.

    Args:
        goal: with a fixed loss margin.
        activation: sigma.
        targets: from `margin_targets`.
        least: at the norm that no function can undercut, instead of that of one that exists.
        options: further keywords of `robustntk.bounds.required_width`, the ``dimension`` among them.

    Raises:
        InvalidInput: if there is none, with the reason of the last.
    """
    found, refusal = [], None
    for theorem in goal.applicable(activation):
        try:
            target = targets(theorem)
            found.append(Prediction(theorem, target, _plan(goal, activation, theorem, target, least, options)))
        except InvalidInput as error:
            refusal = error
    if refusal is not None and not found:
        raise refusal
    return sorted(found, key=lambda each: (each.plan.width, each.plan.iterations))


def _plan(
    goal: Goal,
    activation: Activation,
    theorem: ConvergenceTheorem,
    target: MarginTarget,
    least: bool,
    options: dict[str, Any],
) -> Plan:
    radius = target.least_radius if least else target.radius
    if not (math.isfinite(radius) and radius > 0.0):
        raise InvalidInput(f"activation {activation.label}: no margin was certified on the caps, so no radius is known")
    tied = theorem.network is Network.TIED
    return required_width(
        target_epsilon=goal.epsilon,
        target=goal.target,
        theorem=theorem.id,
        radius=Fraction(radius),
        activation=activation,
        loss=goal.loss,
        comparator_loss=target.robust_loss,
        row_radius=Fraction(target.rows_per_norm * radius) if tied else None,
        share=goal.share,
        **options,
    )
