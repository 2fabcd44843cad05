"""A plan from data alone: the radius interval, then E1 at its upper end, over one or several activations.

No network is drawn here, so the plan is conditional: that some ``W_*`` in the ball has the robust loss it supposes is
left for `verify` to check at the drawn ``W_0`` (theory section 6, step 4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ..bounds import (
    ACTIVATIONS,
    Activation,
    InvalidInput,
    Loss,
    Number,
    Plan,
    Target,
    exact,
    get_activation,
    required_width,
)
from ..kernels import dual_kernel
from .cap import SphericalCap
from .data import Dataset
from .margin_target import check_epsilon, choose_margins
from .minimum_norm import InfiniteWidthSpace, MinimumNormSolution, describe_radius, radius_interval
from .predictors import homogeneity

AUTO_SCALES = (Fraction(1, 2), Fraction(1), Fraction(2), Fraction(3), Fraction(4))


@dataclass(frozen=True)
class DataPlan:
    """A conditional plan with the radius interval that it rests on."""

    plan: Plan
    solution: MinimumNormSolution
    activation: Activation


def plan_from_data(
    data: Dataset,
    cap: SphericalCap,
    *,
    activations: Iterable[Activation],
    loss: Loss,
    target_epsilon: Number,
    slack: Number | None = None,
    report: Callable[[str, int, int | None], None] | None = None,
    **options: Any,
) -> tuple[DataPlan, ...]:
    """Plans for every activation that admits one, the smallest width first.

    Args:
        data: embedded data.
        cap: the perturbation set.
        activations: the candidates; those without a certified radius are left out unless they are the only one.
        loss: of the training.
        target_epsilon: for the target named in ``options``.
        slack: the robust loss that the comparator may have; by default the one that minimises the width.
        report: called with (candidate, done, total).
        options: further keywords of `robustntk.bounds.required_width`.

    Raises:
        InvalidInput: if no candidate has a certified radius, with the reason for the last.
    """
    candidates = list(activations)
    plans: list[DataPlan] = []
    refusal = "no activation was given"
    for index, activation in enumerate(candidates):
        if report is not None:
            report(activation.label, index, len(candidates))
        try:
            plans.append(_plan(data, cap, activation, loss, target_epsilon, slack, options))
        except InvalidInput as error:
            if len(candidates) == 1:
                raise
            refusal = str(error)
    if not plans:
        raise InvalidInput(f"no candidate activation has a plan; the last was refused because {refusal}")
    return tuple(sorted(plans, key=lambda item: item.plan.width))


def candidate_activations(name: str, scale: str) -> list[Activation]:
    """The activations that a name and a scale stand for; ``auto`` stands for all that E1 admits, on a grid of scales.

    A homogeneous activation (quadratic ReLU) keeps scale 1: its scale only multiplies the network, so the width that E1
    asks for would fall without limit while the hypothesis about the drawn network gets ever less likely.

    Raises:
        InvalidInput: for an unknown name or a scale that is not positive.
    """
    names = list(ACTIVATIONS) if name == "auto" else [name]
    found = []
    for each in names:
        base = get_activation(each)
        if name == "auto" and base.derivative_lipschitz is None:
            continue
        scales = AUTO_SCALES if scale == "auto" and homogeneity(base) is None else (scale,)
        found += [get_activation(each, scale="1" if value == "auto" else value) for value in scales]
    return found


def plan_json(plans: tuple[DataPlan, ...], data: Dataset, cap: SphericalCap) -> dict[str, Any]:
    """The ``width`` object of the JSON contract for the best plan, with the others as alternatives."""
    best = plans[0]
    alternatives = [
        {
            "theorem": item.plan.theorem,
            "width": item.plan.width,
            "iterations": item.plan.iterations,
            "activation": item.activation.label,
        }
        for item in plans
    ]
    interval = describe_radius(data, cap, best.activation, best.solution)
    return best.plan.to_json() | {"alternatives": alternatives, "data_radius": interval}


def _plan(
    data: Dataset,
    cap: SphericalCap,
    activation: Activation,
    loss: Loss,
    target_epsilon: Number,
    slack: Number | None,
    options: dict[str, Any],
) -> DataPlan:
    epsilon = exact(target_epsilon, name="epsilon")
    if options.get("target") == Target.ROBUST_ERROR.value:
        epsilon = epsilon * loss.misclassification_loss
    check_epsilon(loss, epsilon)
    solution = radius_interval(data.X, data.y, cap, activation=activation)
    space = InfiniteWidthSpace(dual_kernel(activation))
    chosen = choose_margins(
        space, data.X, data.y, cap, loss=loss, target_epsilon=epsilon, solution=solution, slack=slack
    )
    if not np.isfinite(chosen.radius):
        raise InvalidInput(f"activation {activation.label}: {solution.outcome.reason}")
    plan = required_width(
        target_epsilon=target_epsilon,
        radius=Fraction(chosen.radius),
        activation=activation,
        loss=loss,
        dimension=data.dimension,
        comparator_loss=chosen.robust_loss,
        **options,
    )
    return DataPlan(plan, solution, activation)
