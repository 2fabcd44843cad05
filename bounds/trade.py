"""Width against iterations: of one theorem, the narrowest plan with few enough iterations, or the quickest in a width.

A wider network leaves more of epsilon to the regret, so that iterations fall with the width: an integer bisection
finds the end of what is allowed, on plans that are each re-checked.
"""

from __future__ import annotations

from .backward import LARGEST_SHARE, LEAST_SHARE, Draft, Goal, draft_at_width, least_width, too_narrow
from .convergence import ConvergenceTheorem
from .errors import InvalidInput, TooFewIterations
from .plan import Plan

# Widths beyond 2 * PRECISION are the least ones up to one part in PRECISION.
PRECISION = 10**6


def narrowest_plan(theorem: ConvergenceTheorem, goal: Goal, *, max_iterations: int | None = None) -> Plan:
    """The plan of least width with at most so many iterations; without a limit, at LARGEST_SHARE.

    Raises TooFewIterations with the fewest that LEAST_SHARE, the widest network considered, allows.
    """
    narrowest = least_width(theorem, goal, LARGEST_SHARE)
    if max_iterations is None:
        return draft_at_width(theorem, goal, narrowest).plan()
    widest = draft_at_width(theorem, goal, least_width(theorem, goal, LEAST_SHARE))
    if widest.iterations > max_iterations:
        raise TooFewIterations(
            f"max_iterations is {max_iterations}: theorem {theorem.id} asks for at least {widest.iterations} here",
            required=widest.iterations,
        )
    return _narrowed(widest, narrowest, max_iterations).plan()


def quickest_plan(
    theorem: ConvergenceTheorem, goal: Goal, *, max_width: int, max_iterations: int | None = None
) -> Plan:
    """The plan of the fewest iterations that is no wider than that, and of these the narrowest.

    With `max_iterations` the narrowest plan that keeps both limits. Raises WidthTooSmall with the least width of any
    plan, or of any with so few iterations.
    """
    narrowest = least_width(theorem, goal, LARGEST_SHARE)
    if max_width < narrowest:
        raise too_narrow(theorem, max_width, narrowest, name="max_width")
    widest = draft_at_width(theorem, goal, max_width - max_width % 2)
    if max_iterations is not None and widest.iterations > max_iterations:
        required = narrowest_plan(theorem, goal, max_iterations=max_iterations).width
        raise too_narrow(theorem, max_width, required, name="max_width")
    limit = widest.iterations if max_iterations is None else max_iterations
    return _narrowed(widest, narrowest, limit).plan()


def _narrowed(widest: Draft, start: int, max_iterations: int) -> Draft:
    """The draft of least width from `start` on with so few iterations, up to one part in PRECISION.

    `widest` is one of them, and whoever has few enough has so at every larger width.
    """
    good = _draft(widest, start, max_iterations)
    if good is not None:
        return good
    good = widest
    while good.width - start > 2 * max(1, good.width // (2 * PRECISION)):
        middle = (start + good.width) // 4 * 2
        found = _draft(widest, middle, max_iterations)
        start, good = (middle, good) if found is None else (start, found)
    return good


def _draft(like: Draft, width: int, max_iterations: int) -> Draft | None:
    try:
        found = draft_at_width(like.theorem, like.goal, width)
    except InvalidInput:  # the step size of the goal is too large for so narrow a network
        return None
    return found if found.iterations <= max_iterations else None
