"""Which margins a comparator should have: the slack that theory section 6 (step 2) leaves open, by theorem and loss.

For the hinge losses a smaller margin costs loss and saves norm, and the best exchange is known in closed form. The
absolute and Huber losses rise again beyond margin 1: margins must stay in ``[1 - t, 1 + t]``, and how the norm depends
on t is found by solving E4.b for a few t. E8 asks for margins beyond that of the loss instead: see `loss_margin`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy
from jaxtyping import Float
from scipy.optimize import brentq

from ...bounds import InvalidInput, Loss, Number, exact, lower_float, upper_float
from ...bounds.convergence import ConvergenceTheorem
from ...bounds.curvature import Network
from ...bounds.margins import Margins
from ..attacks.projected_gradient import ProjectedGradientAttack
from ..certificates.losses import certified_loss, loss_at
from ..sets.protocol import PerturbationSet
from .minimum_norm import InfiniteWidthSpace, MarginRange, robust_minimum_norm

# Parts of epsilon that a two-sided range of margins may cost.
_PARTS = (0.25, 0.4, 0.55, 0.7)


@dataclass(frozen=True)
class MarginCost:
    """Norms of functions of margin 1: of one (infinite if none was certified), and of all at least.

    ``rows_per_norm`` is rho of the function's realisation over its norm, as measured on some neurons.
    """

    radius: float
    least_radius: float
    rows_per_norm: float


@dataclass(frozen=True)
class MarginTarget:
    """Constraints for a comparator, with what they come to in some kernel space.

    Some function of norm at most ``radius`` (infinite if none was certified) has robust loss at most ``robust_loss``;
    no function that meets the constraints has a norm below ``least_radius``.
    """

    margins: MarginRange
    robust_loss: sympy.Expr
    radius: float
    least_radius: float
    rows_per_norm: float


def hinge_slack(epsilon: sympy.Expr, network: Network = Network.FULL) -> sympy.Expr:
    """The slack s that minimises the width for the hinge loss of margin 1, for epsilon < 1.

    ``R(s) = (1 - s) R(0)`` makes the width of a full network proportional to ``(1 - s)^4 / (eps - s)^2``, least at
    ``max(0, 2 eps - 1)``; that of a tied one to ``(1 - s)^3 / (eps - s)``, least at ``max(0, (3 eps - 1)/2)``.
    """
    return sympy.Max(0, (3 * epsilon - 1) / 2 if network is Network.TIED else 2 * epsilon - 1)


def squared_hinge_slack(epsilon: sympy.Expr, network: Network = Network.FULL) -> sympy.Expr:
    """The margin x that comparators lack when the width is least, for the squared hinge of margin 1, epsilon < 1/2.

    With the loss ``x^2 / 2`` the width of a full network goes like ``((1 - x)^2 / (eps - x^2/2))^2``, least at ``2
    eps``; that of a tied one like ``(1 - x)^3 / (eps - x^2/2)``, least where ``x^2 + 2 x = 6 eps``.
    """
    return sympy.sqrt(1 + 6 * epsilon) - 1 if network is Network.TIED else 2 * epsilon


def best_slack(theorem: ConvergenceTheorem, loss: Loss, budget: sympy.Expr) -> sympy.Expr:
    """The part of the loss's margin that the comparator does without, a rational; 0 for E8, which wants margins."""
    if isinstance(theorem, Margins) or loss.margin is None:
        return sympy.Integer(0)
    if loss.name == "hinge":
        slack = hinge_slack(budget / loss.margin, theorem.network)
    else:
        slack = squared_hinge_slack(budget / loss.margin**2, theorem.network)
    return exact(Fraction(lower_float(slack)))


def choose_slack(theorem: ConvergenceTheorem, loss: Loss, budget: sympy.Expr, given: Number | None) -> sympy.Expr:
    """The given slack, in units of the loss's margin, or the best one.

    Raises:
        InvalidInput: if the slack leaves nothing of the budget, or if loss or theorem have no use for one.
    """
    if given is None:
        return best_slack(theorem, loss, budget)
    slack = exact(given, name="slack")
    if loss.margin is None:
        raise InvalidInput(f"slack belongs to the hinge losses: expected none for {loss.label}")
    if isinstance(theorem, Margins) and slack != 0:
        raise InvalidInput(f"slack is {given}: theorem {theorem.id} needs margins beyond that of the loss, expected 0")
    if not (0 <= slack < 1 and loss_at(loss, (1 - slack) * loss.margin) < budget):
        raise InvalidInput(f"slack is {given}: expected at least 0 and a loss below epsilon, {budget} here")
    return slack


def one_sided(
    theorem: ConvergenceTheorem,
    loss: Loss,
    budget: sympy.Expr,
    *,
    cost: MarginCost,
    slack: Number | None = None,
) -> MarginTarget:
    """The constraints that make the width of this theorem smallest, for a hinge loss.

    Args:
        theorem: E8 gets the margin of the loss itself, which it stretches.
        loss: hinge or squared hinge.
        budget: the loss that the plan may end with.
        cost: what margin 1 costs.
        slack: a slack in units of the loss's margin, instead of the best one.

    Raises:
        InvalidInput: for a slack out of range.
    """
    least = (1 - choose_slack(theorem, loss, budget, slack)) * loss.margin
    margin = upper_float(least)
    return MarginTarget(
        MarginRange(margin),
        loss_at(loss, least),
        margin * cost.radius * (1.0 + 4e-16),
        margin * cost.least_radius,
        cost.rows_per_norm,
    )


def two_sided(
    space: InfiniteWidthSpace,
    X: Float[np.ndarray, "n k"],
    y: Float[np.ndarray, " n"],
    perturbations: PerturbationSet,
    loss: Loss,
    budget: sympy.Expr,
    *,
    rows_per_norm: float,
) -> MarginTarget:
    """The best of a few ranges ``[1 - t, 1 + t]``, by the norm and the certified loss that each comes to.

    Raises:
        InvalidInput: if no range of margins leaves a loss below the budget.
    """
    targets = [_at_part(space, X, y, perturbations, loss, part * float(budget), rows_per_norm) for part in _PARTS]
    usable = [target for target in targets if target is not None and target.robust_loss < budget]
    if not usable:
        raise InvalidInput(
            f"no function with certified {loss.label} loss below epsilon = {budget} was found: expected a larger "
            "epsilon or a smaller delta"
        )
    return min(usable, key=lambda target: target.radius**2 / float(budget - target.robust_loss))


def _at_part(
    space: InfiniteWidthSpace,
    X: np.ndarray,
    y: np.ndarray,
    perturbations: PerturbationSet,
    loss: Loss,
    allowed: float,
    rows_per_norm: float,
) -> MarginTarget | None:
    """The target whose deviation t costs the loss ``allowed``."""

    def excess(deviation: float) -> float:
        return float(loss.value(np.full(1, 1.0 - deviation), np.ones(1))[0]) - allowed

    deviation = float(brentq(excess, 0.0, 1.0, xtol=1e-12))
    margins = MarginRange(1.0 - deviation, 1.0 + deviation)
    attack = ProjectedGradientAttack(steps=30, restarts=2)
    solution = robust_minimum_norm(
        space, X, y, perturbations, margins=margins, attack=attack, tolerance=1e-3, max_iterations=40
    )
    if not (math.isfinite(solution.certified_margin) and math.isfinite(solution.certified_upper)):
        return None
    ends = np.array([solution.certified_margin]), np.array([solution.certified_upper])
    robust = certified_loss(loss, *ends)
    return MarginTarget(
        margins,
        exact(Fraction(robust), name="loss"),
        solution.norm,
        solution.radius.lower,
        rows_per_norm,
    )
