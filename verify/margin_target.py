"""Which margins a comparator should have: the slack that theory section 6 (step 2) leaves open, for every loss of E1.

For the hinge loss a smaller margin costs exactly as much loss as it saves norm, so the best slack is known in closed
form. The absolute and Huber losses rise again beyond margin 1: margins must stay in ``[1 - t, 1 + t]``, and how the
norm depends on t is found by solving E4.b for a few t.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy
from jaxtyping import Float
from scipy.optimize import brentq

from ..bounds import InvalidInput, Loss, Number, exact, upper_float
from ..bounds.exact import positive
from .attack import ProjectedGradientAttack
from .cap import SphericalCap
from .losses import certified_loss, needs_upper_margins
from .minimum_norm import InfiniteWidthSpace, MarginRange, MinimumNormSolution, robust_minimum_norm

# Parts of epsilon that a two-sided range of margins may cost.
_PARTS = (0.25, 0.4, 0.55, 0.7)


@dataclass(frozen=True)
class MarginTarget:
    """Constraints for a comparator, with what they come to at infinite width.

    Some function of norm at most ``radius`` (infinite if none was certified) has robust loss at most ``robust_loss``;
    no function that meets the constraints has a norm below ``least_radius``.
    """

    margins: MarginRange
    robust_loss: sympy.Expr
    radius: float
    least_radius: float


def check_epsilon(loss: Loss, target_epsilon: Number) -> sympy.Expr:
    """Epsilon in exact form, for a loss that a comparator can bring to 0.

    Raises:
        InvalidInput: if epsilon is not positive, if the loss never reaches 0, or if the initial network, which is 0,
            meets epsilon already.
    """
    epsilon = positive(target_epsilon, name="epsilon")
    if not loss.zero_at_label:
        raise InvalidInput(f"{loss.label} does not meet theorem E1: {loss.reasons['zero_at_label']}")
    at_start = float(loss.value(np.zeros(1), np.ones(1))[0])
    if upper_float(epsilon) >= at_start:
        raise InvalidInput(
            f"epsilon is {target_epsilon}: the initial network f = 0 has {loss.label} loss {at_start:g} already; "
            "expected less"
        )
    return epsilon


def hinge_slack(epsilon: sympy.Expr) -> sympy.Expr:
    """The slack s that minimises the width for the hinge loss, for epsilon < 1.

    ``R(s) = (1 - s) R(0)`` makes the width proportional to ``(1 - s)^4 / (eps - s)^2``, least at ``max(0, 2 eps - 1)``.
    """
    return sympy.Max(0, 2 * epsilon - 1)


def choose_margins(
    space: InfiniteWidthSpace,
    X: Float[np.ndarray, "n d"],
    y: Float[np.ndarray, " n"],
    cap: SphericalCap,
    *,
    loss: Loss,
    target_epsilon: Number,
    solution: MinimumNormSolution,
    slack: Number | None = None,
) -> MarginTarget:
    """The constraints that make the width smallest.

    Args:
        space: the infinite-width space.
        X, y, cap: the problem.
        loss: hinge, absolute or Huber (any loss of E1 that vanishes at the label).
        target_epsilon: for the surrogate loss.
        solution: the solution of E4.b with margin 1.
        slack: a slack s for the hinge loss, instead of the best one.

    Raises:
        InvalidInput: for an epsilon or slack out of range, or if no range of margins leaves a loss below epsilon.
    """
    epsilon = check_epsilon(loss, target_epsilon)
    if needs_upper_margins(loss):
        if slack is not None:
            raise InvalidInput(f"slack belongs to the hinge loss: expected none for {loss.label}")
        return _two_sided(space, X, y, cap, loss, epsilon)
    chosen = hinge_slack(epsilon) if slack is None else exact(slack, name="slack")
    if not 0 <= chosen < epsilon:
        raise InvalidInput(f"slack is {slack}: expected at least 0 and below epsilon = {epsilon}")
    margin = upper_float(1 - chosen)
    radius = solution.radius
    return MarginTarget(MarginRange(margin), chosen, margin * radius.upper * (1.0 + 4e-16), margin * radius.lower)


def _two_sided(
    space: InfiniteWidthSpace, X: np.ndarray, y: np.ndarray, cap: SphericalCap, loss: Loss, epsilon: sympy.Expr
) -> MarginTarget:
    """The best of a few ranges ``[1 - t, 1 + t]``, by the norm and the certified loss that each comes to."""
    targets = [_at_part(space, X, y, cap, loss, part * float(epsilon)) for part in _PARTS]
    usable = [target for target in targets if target is not None and target.robust_loss < epsilon]
    if not usable:
        raise InvalidInput(
            f"no function with certified {loss.label} loss below epsilon = {epsilon} was found: expected a larger "
            "epsilon or a smaller delta"
        )
    return min(usable, key=lambda target: target.radius**2 / float(epsilon - target.robust_loss))


def _at_part(
    space: InfiniteWidthSpace, X: np.ndarray, y: np.ndarray, cap: SphericalCap, loss: Loss, allowed: float
) -> MarginTarget | None:
    """The target whose deviation t costs the loss ``allowed``."""

    def excess(deviation: float) -> float:
        return float(loss.value(np.full(1, 1.0 - deviation), np.ones(1))[0]) - allowed

    deviation = float(brentq(excess, 0.0, 1.0, xtol=1e-12))
    margins = MarginRange(1.0 - deviation, 1.0 + deviation)
    attack = ProjectedGradientAttack(steps=30, restarts=2)
    solution = robust_minimum_norm(space, X, y, cap, margins=margins, attack=attack, tolerance=1e-3, max_iterations=40)
    if not (math.isfinite(solution.certified_margin) and math.isfinite(solution.certified_upper)):
        return None
    ends = np.array([solution.certified_margin]), np.array([solution.certified_upper])
    robust = certified_loss(loss, *ends)
    return MarginTarget(margins, exact(Fraction(robust), name="loss"), solution.norm, solution.radius.lower)
