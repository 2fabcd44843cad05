"""Solving for any quantity: the least epsilon, the largest radius, the fewest iterations, the least width.

Answers are conservative: each comes with a plan that the forward function has re-checked. They are also the best to one
part in a million: `Solution.unproved` is the next better value, for which no plan was found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypedDict, Unpack

import sympy
from sympy import Integer, Rational

from .activation import Activation
from .backward import LARGEST_SHARE, Draft, Goal, draft_at_width, least_width, share_at_width
from .calculator import without_plan
from .choice import AUTO, ask
from .convergence import ConvergenceTheorem
from .errors import InvalidInput
from .exact import Number, ceil_integer, is_less, lower_float, nearest_float, positive, upper_float, whole_number
from .forward import forward
from .loss import Loss
from .plan import Alternative, Json, Plan
from .problem import Problem, Target
from .step_search import best_step
from .trade import PRECISION, narrowest_plan

_DOUBLINGS = 300  # of the radius, before and after the search is given up


class ProblemOptions(TypedDict, total=False):
    """What the problem consists of besides the radius: keywords of `required_width`."""

    activation: str | Activation
    loss: str | Loss
    dimension: int | None
    confidence: Number
    initial_operator_norm: Number | None
    comparator_loss: Number
    comparator_verified: bool
    comparator_margin: Number | None
    row_radius: Number | None
    target: str | Target


@dataclass(frozen=True, kw_only=True)
class Solution:
    """The best `value` of `quantity` and the plan that proves it; no plan was found for `unproved`.

    The radius of the plan is that of the ball to train in, which E8 may have stretched. `others` are the solutions of
    the other theorems, the better first, `refused` the theorems that have none.
    """

    quantity: str
    value: sympy.Expr
    unproved: sympy.Expr
    plan: Plan
    others: tuple[Solution, ...] = ()
    refused: tuple[Alternative, ...] = ()

    @property
    def cost(self) -> tuple[float, int, int]:
        """What is less for a better solution: the value first, iterations and width where it ties."""
        value = nearest_float(self.value)
        return (-value if self.quantity == "radius" else value, self.plan.iterations, self.plan.width)

    def to_json(self) -> Json:
        """The plan as JSON, with what was solved for."""
        listed = [(each.plan.as_alternative(), each.value) for each in (self, *self.others)]
        listed += [(each, None) for each in self.refused]
        return {
            **self.plan.to_json(),
            "solved_for": self.quantity,
            "value": self._number(self.value),
            "unproved": self._number(self.unproved),
            "alternatives": [each.to_json() | {self.quantity: self._number(value)} for each, value in listed],
        }

    def _number(self, value: sympy.Expr | None) -> int | float | None:
        if value is None:
            return None
        if value.is_Integer and self.quantity in ("iterations", "width"):
            return int(value)
        return lower_float(value) if self.quantity == "radius" else upper_float(value)


def smallest_epsilon(
    *,
    width: int,
    iterations: int,
    radius: Number,
    step_size: Number | None = None,
    theorem: str = AUTO,
    **options: Unpack[ProblemOptions],
) -> Solution:
    """The least epsilon that is proved for a width and so many iterations, at the best step size or the given one.

    Raises HypothesisError if no theorem applies, InvalidInput for arguments out of range.
    """
    problem = _problem(radius, options)
    columns, count = whole_number(width, name="width", even=True), whole_number(iterations, name="iterations")
    step = None if step_size is None else positive(step_size, name="step_size")
    return _best(theorem, problem, lambda each: _least_epsilon(each, problem, columns, count, step))


def largest_radius(
    *,
    width: int,
    target_epsilon: Number,
    iterations: int | None = None,
    theorem: str = AUTO,
    **options: Unpack[ProblemOptions],
) -> Solution:
    """The largest radius of a ball with a comparator at which epsilon is proved, within so many iterations if given.

    Without a limit to the iterations near-linearity may take LARGEST_SHARE. Raises as `smallest_epsilon` does.
    """
    goal = Goal.validated(_problem(1, options), target_epsilon)
    columns = whole_number(width, name="width", even=True)
    limit = None if iterations is None else whole_number(iterations, name="iterations")
    return _best(theorem, goal.problem, lambda each: _largest_radius(each, goal, columns, limit))


def fewest_iterations(
    *,
    width: int,
    target_epsilon: Number,
    radius: Number,
    theorem: str = AUTO,
    **options: Unpack[ProblemOptions],
) -> Solution:
    """The fewest iterations that bring the target to epsilon at a width, at the best step size.

    Raises WidthTooSmall where no number of them does, else as `smallest_epsilon` does.
    """
    goal = Goal.validated(_problem(radius, options), target_epsilon)
    columns = whole_number(width, name="width", even=True)

    def solve(each: ConvergenceTheorem) -> Solution:
        plan = _at_best_step(draft_at_width(each, goal, columns)).plan()
        count = Integer(plan.iterations)
        return Solution(quantity="iterations", value=count, unproved=count - 1, plan=plan)

    return _best(theorem, goal.problem, solve)


def smallest_width(
    *,
    target_epsilon: Number,
    radius: Number,
    iterations: int | None = None,
    step_size: Number | None = None,
    theorem: str = AUTO,
    **options: Unpack[ProblemOptions],
) -> Solution:
    """The least width that brings the target to epsilon, within so many iterations if given.

    Step sizes are the theorem's own, or the given one. Without a limit to the iterations near-linearity may take
    LARGEST_SHARE. Raises TooFewIterations where no width suffices, else as `smallest_epsilon` does.
    """
    goal = Goal.validated(_problem(radius, options), target_epsilon, step_size)
    limit = None if iterations is None else whole_number(iterations, name="iterations")

    def solve(each: ConvergenceTheorem) -> Solution:
        plan = narrowest_plan(each, goal, max_iterations=limit)
        gap = 2 * max(1, plan.width // (2 * PRECISION))
        return Solution(quantity="width", value=Integer(plan.width), unproved=Integer(plan.width - gap), plan=plan)

    return _best(theorem, goal.problem, solve)


def _problem(radius: Number, options: ProblemOptions) -> Problem:
    if "activation" not in options:
        raise InvalidInput("activation is missing: expected a name or an Activation")
    given: dict[str, Any] = {"loss": "hinge", **options}
    return Problem.validated(radius=radius, **given)


def _best(name: str, problem: Problem, solve: Callable[[ConvergenceTheorem], Solution]) -> Solution:
    answers = ask(name, problem, solve)
    found = sorted((each for _, each in answers.found), key=lambda each: each.cost)
    return replace(found[0], others=tuple(found[1:]), refused=without_plan(answers.refused))


def _least_epsilon(
    theorem: ConvergenceTheorem, given: Problem, width: int, iterations: int, step_size: sympy.Expr | None
) -> Solution:
    """Step size and comparator are improved in turn until neither makes the bound smaller."""
    best = _at_least_value(theorem, theorem.prepare(given, None), width, iterations, step_size)
    while True:
        budget = best.epsilon * given.loss_per_target
        problem = theorem.prepare(given, budget, width=width)
        if problem == best.problem:
            break
        found = _at_least_value(theorem, problem, width, iterations, step_size)
        if not is_less(found.epsilon, best.epsilon):
            break
        best = found
    slightly_less = best.epsilon * (1 - Rational(1, PRECISION))
    return Solution(quantity="epsilon", value=best.epsilon, unproved=slightly_less, plan=best)


def _at_least_value(
    theorem: ConvergenceTheorem, problem: Problem, width: int, iterations: int, step_size: sympy.Expr | None
) -> Plan:
    def value(step: sympy.Expr) -> float:
        return nearest_float(theorem.value(problem, width=width, step_size=step, iterations=iterations))

    step = best_step(value, _first_step(theorem, problem, width, iterations)) if step_size is None else step_size
    found = forward(theorem, problem, width=width, step_size=step, iterations=iterations)
    epsilon = Rational(Fraction(upper_float(found.value)))
    share = share_at_width(theorem, problem, epsilon * problem.loss_per_target, width)
    shares = {"linearization": share, "regret": 1 - share}
    return Plan(epsilon=epsilon, shares=shares, required_width=width, guarantee=found)


def _first_step(theorem: ConvergenceTheorem, problem: Problem, width: int, iterations: int) -> sympy.Expr:
    """A step size at which the theorem has a bound, and E8 one below 1 if it ever has: where both regrets are equal."""
    loss, bound = problem.loss, problem.gradient_bound(width)
    if loss.smoothness is not None:
        return 1 / (2 * loss.smoothness * bound**2)
    return problem.radius / (loss.lipschitz * bound * sympy.sqrt(iterations))


def _at_best_step(draft: Draft) -> Draft:
    """The draft with fewer iterations if some step size has them; the theorems' own are optimal or nearly so."""
    wanted = {"width": draft.width, "loss_budget": draft.goal.budget, "share": draft.share}

    def iterations(step: sympy.Expr) -> sympy.Expr:
        return draft.theorem.iterations(draft.problem, step_size=step, **wanted)

    step = best_step(lambda each: nearest_float(iterations(each)), draft.step_size)
    count = ceil_integer(iterations(step))
    return replace(draft, step_size=step, iterations=count) if count < draft.iterations else draft


def _largest_radius(theorem: ConvergenceTheorem, goal: Goal, width: int, iterations: int | None) -> Solution:
    """By bisection between a radius with a plan and one without."""

    def draft(radius: sympy.Expr) -> Draft | None:
        within = goal.at_radius(radius)
        if width < least_width(theorem, within, LARGEST_SHARE):
            return None
        found = draft_at_width(theorem, within, width)
        return found if iterations is None or found.iterations <= iterations else None

    good, bad = _bracket(draft)
    while is_less(good * (1 + Rational(1, PRECISION)), bad):
        middle = (good + bad) / 2
        good, bad = (good, middle) if draft(middle) is None else (middle, bad)
    found = draft(good)
    assert found is not None
    return Solution(quantity="radius", value=good, unproved=bad, plan=found.plan())


def _bracket(draft: Callable[[sympy.Expr], Draft | None]) -> tuple[sympy.Rational, sympy.Rational]:
    """Two radii, one twice the other: the smaller with a plan, the larger without."""
    good = Rational(1)
    for _ in range(_DOUBLINGS):
        if draft(good) is not None:
            break
        good /= 2
    for _ in range(2 * _DOUBLINGS):
        if draft(2 * good) is None:
            return good, 2 * good
        good *= 2
    raise InvalidInput("every radius up to the largest that was tried has a plan: the bound does not depend on it")
