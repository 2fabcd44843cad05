"""The plan of ``robustntk width`` from data: their radius first, then the theorem at its upper end."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .dataset import read_problem, read_slack
from .progress import progress

if TYPE_CHECKING:
    from ..bounds import Activation, Loss

DEFAULTS: Mapping[str, Any] = {
    "data": "digits",
    "classes": None,
    "samples": None,
    "delta": "0.1",
    "seed": 1,
    "bias": "0.5",
}


def plan_for_data(
    given: Mapping[str, Any],
    *,
    activation: str,
    scale: str,
    loss: "Loss",
    target_epsilon: str,
    as_json: bool,
    target: str = "loss",
    slack: str | None = None,
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
        slack: the comparator's robust loss; None for the one of least width.
        arguments: further keywords of ``bounds.required_width``.
    """
    from ..verify import candidate_activations, plan_from_data, plan_json

    candidates = candidate_activations(activation, scale)
    if slack is not None:
        read_slack(slack)
    if target == "excess-loss":
        raise ValueError("--target excess-loss compares with the best network in a ball of your choice: give --radius")
    dataset, cap = read_problem(**{**DEFAULTS, **given})
    wanted: dict[str, Any] = {"loss": loss, "target_epsilon": target_epsilon, "target": target, **arguments}
    check_arguments(candidates, dimension=dataset.dimension, **wanted)
    with progress("radius and plan", as_json=as_json) as report:
        plans = plan_from_data(dataset, cap, activations=candidates, slack=slack, report=report, **wanted)
    return plan_json(plans, dataset, cap)


def check_arguments(candidates: "Iterable[Activation]", **arguments: Any) -> None:
    """Refuse at once what the theorem refuses at every radius and for every candidate, with the reason for the last."""
    from ..bounds import InvalidInput, required_width

    refusal = None
    for activation in candidates:
        try:
            required_width(radius=1, activation=activation, **arguments)
        except InvalidInput as error:
            refusal = error
        else:
            return
    if refusal is not None:
        raise refusal
