"""``robustntk radius``: the interval for the smallest norm of a robust classifier on data."""

import math
from collections.abc import Mapping
from typing import Any

from . import options
from .output import interval, print_fields, print_json, print_prose
from .progress import progress

EXAMPLES = (
    "robustntk radius --classes 0,1 --samples 20 --delta 0.1",
    "robustntk radius --classes 0,1 --samples 8 --perturbation l2 --delta 1",
)


def run(
    data: options.Data = "digits",
    classes: options.Classes = None,
    samples: options.Samples = None,
    delta: options.Delta = "0.1",
    perturbation: options.Perturbation = "cap",
    pixel_range: options.PixelRange = None,
    seed: options.Seed = 1,
    bias: options.Bias = "0.5",
    standardize: options.Standardize = False,
    activation: options.Activation = "quadratic_relu",
    scale: options.Scale = "1",
    slack: options.Slack = None,
    as_json: options.Json = False,
) -> int:
    """Bracket R, the least norm with margin 1 - slack on every perturbation set; exit 1 without a finite upper end."""
    from ..bounds import get_activation
    from ..verify import describe_radius, radius_interval
    from .dataset import read_problem, read_slack

    chosen = get_activation(activation, scale=scale)
    allowed = 0.0 if slack is None else read_slack(slack)
    dataset, perturbations = read_problem(
        data,
        classes=classes,
        samples=samples,
        seed=seed,
        bias=bias,
        standardize=standardize,
        delta=delta,
        perturbation=perturbation,
        pixel_range=pixel_range,
    )
    with progress("radius", as_json=as_json) as report:
        solution = radius_interval(
            dataset.centers(perturbations),
            dataset.y,
            perturbations,
            activation=chosen,
            progress=lambda count, margin: report(f"radius: attacked margin {margin:.4f}", count, None),
        )
    described = describe_radius(dataset, perturbations, chosen, solution, slack=allowed)
    if as_json:
        print_json(described)
    else:
        print_radius(described)
    return 0 if math.isfinite(solution.radius.upper) else 1


def perturbation_text(described: Mapping[str, Any]) -> str:
    """A perturbation set in a few words; its delta has a line of its own."""
    low, high = described.get("range") or (None, None)
    if low is None and high is None:
        return str(described["kind"])
    return f"{described['kind']}, values in [{low:g}, {high:g}]"


def print_radius(described: Mapping[str, Any]) -> None:
    """The ``radius`` object as a table, with what is known of the upper end below it."""
    shown = {name.replace("_", " "): value for name, value in described.items() if name != "outcome"}
    readable = {"radius": interval(described["radius"]), "perturbation": perturbation_text(described["perturbation"])}
    print_fields("Radius", shown | readable)
    outcome = described["outcome"]
    print_prose(f"{outcome['outcome']}: {outcome['reason']}")
