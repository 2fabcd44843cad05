"""The calculators: from a target to width, step size and iterations, and forward from a run to its guarantee.

Every theorem whose hypotheses do not fail is asked, unless one is named. The backward answer is always re-checked by
the forward function, in exact arithmetic or by rigorous balls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

import sympy

from .activation import Activation
from .backward import Goal, draft_at_share, plan_for_drawn
from .choice import AUTO, Answers, Refusal, ask
from .convergence import ConvergenceTheorem
from .errors import InvalidInput, TooFewIterations
from .exact import Number, between_zero_and_one, is_less, nearest_float, positive, whole_number
from .forward import forward
from .loss import Loss
from .plan import Alternative, Guarantee, OtherBound, Plan
from .problem import Problem, Target
from .trade import narrowest_plan, quickest_plan

_CONFIDENCE = Fraction(99, 100)
Planner = Callable[[ConvergenceTheorem], Plan]


def guarantee(
    *,
    width: int,
    step_size: Number,
    iterations: int,
    radius: Number,
    activation: str | Activation,
    loss: str | Loss = "hinge",
    dimension: int | None = None,
    confidence: Number = _CONFIDENCE,
    initial_operator_norm: Number | None = None,
    comparator_loss: Number = 0,
    comparator_verified: bool = False,
    comparator_margin: Number | None = None,
    row_radius: Number | None = None,
    operator_radius: Number | None = None,
    mean_gradient_bound: Number | None = None,
    target: str | Target = Target.LOSS,
    theorem: str = AUTO,
) -> Guarantee:
    """The least bound that the theorems, or the one that is named, give for a run with these values.

    Step sizes are those of W, also for tied networks. Where no `comparator_margin` is given, E8 takes the margin of the
    hinge loss. Raises HypothesisError with a reason if no theorem applies, InvalidInput for arguments out of range.
    """
    problem = Problem.validated(
        radius=radius,
        activation=activation,
        loss=loss,
        target=target,
        dimension=dimension,
        confidence=confidence,
        initial_operator_norm=initial_operator_norm,
        comparator_loss=comparator_loss,
        comparator_verified=comparator_verified,
        comparator_margin=comparator_margin,
        row_radius=row_radius,
        operator_radius=operator_radius,
        mean_gradient_bound=mean_gradient_bound,
    )
    columns = whole_number(width, name="width", even=True)
    step = positive(step_size, name="step_size")
    count = whole_number(iterations, name="iterations")

    def bound(theorem: ConvergenceTheorem) -> Guarantee:
        return forward(theorem, theorem.prepare(problem, None), width=columns, step_size=step, iterations=count)

    return least_bound(ask(theorem, problem, bound))


def required_width(
    *,
    target_epsilon: Number,
    radius: Number,
    activation: str | Activation,
    loss: str | Loss = "hinge",
    dimension: int | None = None,
    confidence: Number = _CONFIDENCE,
    initial_operator_norm: Number | None = None,
    comparator_loss: Number = 0,
    comparator_verified: bool = False,
    comparator_margin: Number | None = None,
    row_radius: Number | None = None,
    operator_radius: Number | None = None,
    mean_gradient_bound: Number | None = None,
    share: Number | None = None,
    step_size: Number | None = None,
    width: int | None = None,
    max_iterations: int | None = None,
    max_width: int | None = None,
    target: str | Target = Target.LOSS,
    theorem: str = AUTO,
) -> Plan:
    """The least width, with step size and iterations, that brings the target to at most `target_epsilon`.

    All theorems are tried unless one is named; the plan lists what each asks for, or why it does not apply. `share` is
    the part theta of the budget that near-linearity gets; the regret gets the rest. By default it is each theorem's
    own, which makes width times iterations least. With `max_iterations` the share is the one of the least width that
    keeps this limit; with `max_width` the plan is the one of the fewest iterations that keeps that limit. With
    `step_size` the iterations are solved for that very step size.

    With `width` the plan is for a network already drawn, which must be as wide as the plan without it: the regret then
    gets all that near-linearity leaves at that width, and the fewest iterations decide between theorems.
    `initial_operator_norm`, an upper bound measured on that network, replaces the probability. `comparator_margin`
    (mu, for E8), `row_radius` (rho, for tied networks) and `operator_radius` (R_op, for E10) are what is known of W_*.
    `mean_gradient_bound` is G_D of E11 for that network and radius; where it is less than G, E1, E2, E7 and E10 use it.

    Numbers are taken exactly: a float stands for its shortest decimal, so pass `Fraction(x)` for a
    measured number x, or for the step size that a run will really use.

    Raises HypothesisError with a reason if no theorem applies, WidthTooSmall or TooFewIterations (with what is
    required) if the drawn network is too narrow or the limits too low, InvalidInput for arguments out of range, such as
    comparator_loss >= target_epsilon.
    """
    problem = Problem.validated(
        radius=radius,
        activation=activation,
        loss=loss,
        target=target,
        dimension=dimension,
        confidence=confidence,
        initial_operator_norm=initial_operator_norm,
        comparator_loss=comparator_loss,
        comparator_verified=comparator_verified,
        comparator_margin=comparator_margin,
        row_radius=row_radius,
        operator_radius=operator_radius,
        mean_gradient_bound=mean_gradient_bound,
    )
    goal = Goal.validated(problem, target_epsilon, step_size)
    theta = None if share is None else between_zero_and_one(share, name="share")
    drawn = None if width is None else whole_number(width, name="width", even=True)
    _check_drawn(problem, drawn)
    planner = _planner(goal, theta, drawn, _limit("max_iterations", max_iterations), _limit("max_width", max_width))
    quickest = drawn is not None or (max_width is not None and max_iterations is None)
    return best_plan(ask(theorem, problem, planner), quickest=quickest)


def best_plan(answers: Answers[Plan], *, quickest: bool = False) -> Plan:
    """The plan of least width, or of the fewest iterations, with all theorems as its alternatives."""

    def cost(plan: Plan) -> tuple[int, int]:
        return (plan.iterations, plan.width) if quickest else (plan.width, plan.iterations)

    plans = sorted((plan for _, plan in answers.found), key=cost)
    return replace(plans[0], alternatives=(*(plan.as_alternative() for plan in plans), *without_plan(answers.refused)))


def without_plan(refused: Iterable[Refusal]) -> tuple[Alternative, ...]:
    """The theorems that have no plan, each with its reason."""
    return tuple(
        Alternative(theorem=refusal.theorem.id, network=refusal.theorem.network, reason=refusal.reason)
        for refusal in refused
    )


def least_bound(answers: Answers[Guarantee]) -> Guarantee:
    """The guarantee of least value, with the bounds of all theorems as its alternatives."""
    found = sorted((each for _, each in answers.found), key=lambda each: nearest_float(each.value))
    least = found[0]
    for each in found[1:]:
        least = each if is_less(each.value, least.value) else least
    bounds = [OtherBound(theorem=each.theorem, network=each.network, value=each.value) for each in found]
    bounds += [
        OtherBound(theorem=refusal.theorem.id, network=refusal.theorem.network, reason=refusal.reason)
        for refusal in answers.refused
    ]
    return replace(least, alternatives=tuple(bounds))


def _planner(
    goal: Goal, share: sympy.Expr | None, width: int | None, max_iterations: int | None, max_width: int | None
) -> Planner:
    if width is not None:
        if max_width is not None:
            raise InvalidInput(f"max_width is {max_width}: the network is drawn already, with width {width}")
        return lambda theorem: _drawn(theorem, goal, width, theorem.share if share is None else share, max_iterations)
    if max_width is None and max_iterations is None:
        return lambda theorem: draft_at_share(theorem, goal, theorem.share if share is None else share).plan()
    if share is not None:
        raise InvalidInput(f"share is {share}: max_iterations and max_width choose it, expected one or the other")
    if max_width is None:
        return lambda theorem: narrowest_plan(theorem, goal, max_iterations=max_iterations)
    return lambda theorem: quickest_plan(theorem, goal, max_width=max_width, max_iterations=max_iterations)


def _drawn(theorem: ConvergenceTheorem, goal: Goal, width: int, share: sympy.Expr, max_iterations: int | None) -> Plan:
    plan = plan_for_drawn(theorem, goal, width, share)
    if max_iterations is not None and plan.iterations > max_iterations:
        raise TooFewIterations(
            f"max_iterations is {max_iterations}: theorem {theorem.id} asks for {plan.iterations} at width {width}",
            required=plan.iterations,
        )
    return plan


def _check_drawn(problem: Problem, width: int | None) -> None:
    measured = {
        "initial_operator_norm": problem.initial_operator_norm,
        "mean_gradient_bound": problem.mean_gradient_bound,
    }
    for name, value in measured.items():
        if value is not None and width is None:
            raise InvalidInput(f"{name} belongs to a drawn network: expected its width as well")


def _limit(name: str, value: int | None) -> int | None:
    return None if value is None else whole_number(value, name=name)
