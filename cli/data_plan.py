"""The plan of ``robustntk width`` from data: certified at a drawn network, or conditional at their radius."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .dataset import read_problem, read_slack
from .given import refuse
from .progress import Report, progress

if TYPE_CHECKING:
    from ..bounds import Activation, Loss
    from ..verify import Dataset, Goal, PerturbationSet

DEFAULTS: Mapping[str, Any] = {
    "data": "digits",
    "classes": None,
    "samples": None,
    "delta": "0.1",
    "seed": 1,
    "bias": "0.5",
    "standardize": False,
    "perturbation": "cap",
    "pixel_range": None,
}
MAX_WIDTH = 50_000


def plan_for_data(
    given: Mapping[str, Any],
    *,
    activation: str,
    scale: str,
    loss: "Loss",
    target_epsilon: str,
    as_json: bool,
    target: str = "loss",
    theorem: str = "auto",
    slack: str | None = None,
    loss_margin: str | None = None,
    share: str | None = None,
    no_draw: bool = False,
    network_seed: int = 0,
    max_width: int | None = None,
    max_iterations: int | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """The plan of least width, as the ``width`` object with the interval of the radius beside it.

    Args:
        given: the data options that were given; the others have the defaults of ``robustntk radius``.
        activation: a name, or auto.
        scale: a number, or auto.
        loss: of the training.
        target_epsilon: for the target.
        as_json: whether JSON was asked for: then a log gets no progress.
        target: what shall be at most epsilon.
        theorem: an id, or auto.
        slack: the comparator's slack in units of the loss margin; None for the one of least width.
        loss_margin: tau of a hinge loss, or auto.
        share: of near-linearity.
        no_draw: a conditional plan, instead of one that is certified at the narrowest network.
        network_seed: of the initial weights.
        max_width: the widest network to draw.
        max_iterations: of a plan.
        arguments: further keywords of ``bounds.required_width``, for a conditional plan.
    """
    goal = goal_for_data(
        loss=loss,
        target_epsilon=target_epsilon,
        target=target,
        theorem=theorem,
        loss_margin=loss_margin,
        share=share,
        slack=slack,
        max_width=max_width,
        max_iterations=max_iterations,
        drawn=not no_draw,
    )
    if not no_draw:
        refuse(arguments, "a network is drawn, whose own plan has no use for it: give --no-draw")
        return drawn_plan(given, activation, scale, goal, network_seed=network_seed, as_json=as_json)
    limits = {"max_width": max_width, "max_iterations": max_iterations}
    arguments |= {name: limit for name, limit in limits.items() if limit is not None}
    return conditional_plan(given, activation, scale, goal, as_json=as_json, **arguments)


def goal_for_data(
    *, slack: str | None = None, target: str = "loss", max_width: int | None = None, **wanted: Any
) -> "Goal":
    """What is wanted of a plan for data; ``wanted`` are further keywords of `Goal.validated`.

    Raises:
        ValueError: naming what is out of range, or belongs to plans for a radius.
    """
    from ..verify import Goal

    if slack is not None:
        read_slack(slack)
    if target == "excess-loss":
        raise ValueError("--target excess-loss compares with the best network in a ball of your choice: give --radius")
    return Goal.validated(slack=slack, target=target, max_width=MAX_WIDTH if max_width is None else max_width, **wanted)


def drawn_plan(
    given: Mapping[str, Any], activation: str, scale: str, goal: "Goal", *, network_seed: int, as_json: bool
) -> dict[str, Any]:
    """The narrowest certified plan; a conditional one, with the reason, if that takes too wide a network."""
    from ..bounds import InvalidInput
    from ..verify import Draw, TooWide, candidate_activations, check_candidates, search_json, search_plans

    candidates = candidate_activations(activation, scale, drawn_margin=not goal.free_margin)
    check_candidates(goal, candidates)
    dataset, perturbations = read_problem(**{**DEFAULTS, **given})
    if network_seed < 0:
        raise InvalidInput(f"network_seed is {network_seed}: expected an integer of at least 0")
    with progress("plan at a drawn network", as_json=as_json) as report:
        try:
            draw = Draw(dataset.centers(perturbations), dataset.y, perturbations, network_seed)
            search = search_plans(draw, candidates, goal, report=report)
        except TooWide as error:
            return plan_at_radius(candidates, dataset, perturbations, goal, report) | {"not_certified": str(error)}
    return search_json(search, dataset, perturbations)


def conditional_plan(
    given: Mapping[str, Any], activation: str, scale: str, goal: "Goal", *, as_json: bool, **arguments: Any
) -> dict[str, Any]:
    """The plan of least width at the infinite-width radius."""
    from ..verify import candidate_activations

    candidates = candidate_activations(activation, scale)
    dataset, perturbations = read_problem(**{**DEFAULTS, **given})
    check_arguments(candidates, goal, dimension=dataset.dimension, **arguments)
    with progress("radius and plan", as_json=as_json) as report:
        return plan_at_radius(candidates, dataset, perturbations, goal, report, **arguments)


def plan_at_radius(
    candidates: "list[Activation]",
    dataset: "Dataset",
    perturbations: "PerturbationSet",
    goal: "Goal",
    report: Report,
    **arguments: Any,
) -> dict[str, Any]:
    """The conditional plan as JSON."""
    from ..verify import plan_from_data, plan_json

    plans = plan_from_data(dataset, perturbations, activations=candidates, goal=goal, report=report, **arguments)
    return plan_json(plans, dataset, perturbations)


def check_arguments(candidates: "list[Activation]", goal: "Goal", **arguments: Any) -> None:
    """Refuse at once what the theorems refuse at every radius and for every candidate, with the reason for the last."""
    from ..bounds import InvalidInput, required_width
    from ..verify import check_candidates

    check_candidates(goal, candidates)
    refusal = None
    for activation in candidates:
        try:
            required_width(
                radius=1,
                activation=activation,
                loss=goal.loss,
                target_epsilon=goal.epsilon,
                target=goal.target,
                theorem=goal.theorem,
                share=goal.share,
                row_radius=1,
                **arguments,
            )
        except InvalidInput as error:
            refusal = error
        else:
            return
    if refusal is not None:
        raise refusal
