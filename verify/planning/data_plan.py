"""Plans from data: certified at a drawn network, or conditional at the infinite-width radius; candidates, and JSON.

A conditional plan leaves open that some ``W_*`` in the ball has the robust loss or the margins that it supposes: that
depends on the ``W_0`` that will be drawn (theory section 6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ...bounds import ACTIVATIONS, Activation, InvalidInput, Plan, get_activation, required_width, upper_float
from ...bounds.exact import nearest_float
from ..data import Dataset
from ..predictors import homogeneity
from ..sets.protocol import PerturbationSet
from .certified_plan import DrawnPlan
from .goal import AUTO, Goal
from .minimum_norm import MinimumNormSolution, describe_radius, radius_interval
from .optimise import Search
from .prediction import infinite_width_cost, margin_targets, predictions

AUTO_SCALES = (Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(3), Fraction(4))
# A homogeneous activation's scale multiplies the network: it does what a smaller loss margin does.
HOMOGENEOUS_SCALES = (Fraction(1), Fraction(2), Fraction(4), Fraction(8))

_ESTIMATED = "estimated at a drawn kernel only: others are narrower"
_CONDITIONAL = "at the infinite-width radius: no network of that width was drawn"


@dataclass(frozen=True)
class DataPlan:
    """A conditional plan with the radius interval that it rests on; ``others`` are those of other theorems."""

    plan: Plan
    solution: MinimumNormSolution
    activation: Activation
    others: tuple[Plan, ...] = ()


def plan_from_data(
    data: Dataset,
    perturbations: PerturbationSet,
    *,
    activations: Iterable[Activation],
    goal: Goal,
    report: Callable[[str, int, int | None], None] | None = None,
    **options: Any,
) -> tuple[DataPlan, ...]:
    """Conditional plans for every activation that admits one, the smallest width first; no network is drawn.

    Args:
        data: embedded data.
        perturbations: ``B``.
        activations: the candidates; those without a certified radius are left out unless they are the only one.
        goal: what is wanted, with a fixed loss margin.
        report: called with (candidate, done, total).
        options: further keywords of `robustntk.bounds.required_width`.

    Raises:
        InvalidInput: if no candidate has a certified radius, with the reason for the last.
    """
    if goal.free_margin:
        raise InvalidInput("the loss margin is auto: it is chosen at a drawn network, expected a number without one")
    candidates = list(activations)
    plans: list[DataPlan] = []
    refusal = "no activation was given"
    for index, activation in enumerate(candidates):
        if report is not None:
            report(activation.label, index, len(candidates))
        try:
            plans.append(_plan(data, perturbations, activation, goal, options))
        except InvalidInput as error:
            if len(candidates) == 1:
                raise
            refusal = str(error)
    if not plans:
        raise InvalidInput(f"no candidate activation has a plan; the last was refused because {refusal}")
    return tuple(sorted(plans, key=lambda item: (item.plan.width, item.plan.iterations)))


def candidate_activations(name: str, scale: str, *, drawn_margin: bool = False) -> list[Activation]:
    """The activations that a name and a scale stand for; ``auto`` stands for all with a plan, on a grid of scales.

    A homogeneous activation (quadratic ReLU) keeps scale 1 unless ``drawn_margin`` says that plans for a fixed loss
    margin will be certified at drawn networks. Its scale only multiplies the network, so that without a network the
    width would fall without limit while the hypothesis about it gets ever less likely.

    Raises:
        InvalidInput: for an unknown name or a scale that is not positive.
    """
    names = list(ACTIVATIONS) if name == AUTO else [name]
    homogeneous_scales = HOMOGENEOUS_SCALES if drawn_margin else (Fraction(1),)
    found = []
    for each in names:
        base = get_activation(each)
        if name == AUTO and base.derivative_lipschitz is None:
            continue
        grid = AUTO_SCALES if homogeneity(base) is None else homogeneous_scales
        found += [get_activation(each, scale=value) for value in (grid if scale == AUTO else (scale,))]
    return found


def plan_json(plans: tuple[DataPlan, ...], data: Dataset, perturbations: PerturbationSet) -> dict[str, Any]:
    """The ``width`` object of the JSON contract for the best conditional plan, with the others as alternatives."""
    best = plans[0]
    listed = [plan for item in plans for plan in (item.others or (item.plan,))]
    listed.sort(key=lambda plan: (plan.width, plan.iterations))
    return best.plan.to_json() | {
        "alternatives": [_alternative(plan) for plan in listed],
        "data_radius": describe_radius(data, perturbations, best.activation, best.solution),
        "loss_margin": _loss_margin(best.plan),
        "certified": False,
    }


def search_json(search: Search, data: Dataset, perturbations: PerturbationSet) -> dict[str, Any]:
    """The ``width`` object for the best certified plan, with the other plans as alternatives, certified or not."""
    best = search.best
    drawn = {each.plan.theorem for each in search.plans}
    certified = [_alternative(each.plan) | {"work": each.work} for each in search.plans]
    estimated = [_alternative(each.plan) | {"reason": _ESTIMATED} for each in search.estimates]
    return (
        best.plan.to_json()
        | {
            "alternatives": [*certified, *estimated, *_other_theorems(search, drawn)],
            "fewest_iterations": min(certified, key=lambda each: (each["iterations"], each["width"])),
            "pareto": [_alternative(each.plan) | {"work": each.work} for each in search.pareto],
            "refused": [{"activation": name, "reason": reason} for name, reason in search.refused.items()],
            "data_radius": describe_radius(data, perturbations, best.activation, search.solution),
        }
        | drawn_json(best)
    )


def _other_theorems(search: Search, drawn: set[str]) -> list[dict[str, Any]]:
    """Why theorems do not apply, and what those that were not certified ask for at the infinite-width radius.

    A loss margin that was chosen at the drawn network says nothing about others.
    """
    best, cost = search.best.plan, infinite_width_cost(search.best.activation, search.solution)
    if not np.isfinite(cost.radius):
        return []
    margin = 1.0 if best.loss.margin is None else upper_float(best.loss.margin)
    radius = margin * cost.radius
    answers = required_width(
        target_epsilon=best.epsilon,
        target=best.problem.target,
        radius=Fraction(radius),
        activation=best.activation,
        loss=best.loss,
        dimension=search.solution.centers.shape[1],
        row_radius=Fraction(cost.rows_per_norm * radius),
    ).alternatives
    others = [answer.to_json() for answer in answers if answer.theorem not in drawn]
    if search.free_margin:
        others = [other for other in others if other["width"] is None]
    shared = {"activation": best.activation.label, "loss_margin": _loss_margin(best)}
    return [other | shared | {"reason": other["reason"] or _CONDITIONAL} for other in others]


def drawn_json(drawn: DrawnPlan) -> dict[str, Any]:
    """What was measured and certified at the drawn network."""
    comparator = drawn.comparator
    return {
        "certified": True,
        "network_seed": drawn.initialisation.seed,
        "drawn_width": drawn.initialisation.width,
        "dtype": np.dtype(drawn.initialisation.dtype).name,
        "draws": drawn.draws,
        "certified_radius": comparator.radius,
        "comparator_margin": comparator.margin,
        "row_radius": comparator.row_radius,
        "operator_norm": drawn.operator_norm,
        "loss_margin": _loss_margin(drawn.plan),
    }


def _loss_margin(plan: Plan) -> float | None:
    return None if plan.loss.margin is None else nearest_float(plan.loss.margin)


def _alternative(plan: Plan) -> dict[str, Any]:
    return {
        "theorem": plan.theorem,
        "width": plan.width,
        "iterations": plan.iterations,
        "activation": plan.activation.label,
        "loss_margin": _loss_margin(plan),
        "kind": plan.kind.value,
    }


def plan_at_solution(
    data: Dataset,
    perturbations: PerturbationSet,
    activation: Activation,
    solution: MinimumNormSolution,
    *,
    goal: Goal,
    **options: Any,
) -> DataPlan:
    """The conditional plan at a minimum-norm solution for this data and activation, `radius_interval`'s.

    Raises:
        InvalidInput: if its radius has no certified upper end, or no theorem has a plan, with the reason.
    """
    if not np.isfinite(solution.radius.upper):
        raise InvalidInput(f"activation {activation.label}: {solution.outcome.reason}")
    centers, cost = data.centers(perturbations), infinite_width_cost(activation, solution)
    targets = margin_targets(goal, activation, cost, centers, data.y, perturbations)
    found = predictions(goal, activation, targets, dimension=data.dimension, **options)
    return DataPlan(found[0].plan, solution, activation, tuple(each.plan for each in found))


def _plan(
    data: Dataset, perturbations: PerturbationSet, activation: Activation, goal: Goal, options: dict[str, Any]
) -> DataPlan:
    solution = radius_interval(data.centers(perturbations), data.y, perturbations, activation=activation)
    return plan_at_solution(data, perturbations, activation, solution, goal=goal, **options)
