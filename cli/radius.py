"""``robustntk radius``: the interval for the smallest norm of a robust classifier on data."""

import math
from collections.abc import Mapping
from typing import Any

from . import options
from .output import interval, print_fields, print_json, print_prose
from .progress import progress

EXAMPLES = ("robustntk radius --classes 0,1 --samples 20 --delta 0.1",)


def run(
    data: options.Data = "digits",
    classes: options.Classes = None,
    samples: options.Samples = None,
    delta: options.Delta = "0.1",
    seed: options.Seed = 1,
    bias: options.Bias = "0.5",
    activation: options.Activation = "quadratic_relu",
    scale: options.Scale = "1",
    slack: options.Slack = None,
    as_json: options.Json = False,
) -> int:
    """Bracket R, the least norm of a function with margin 1 - slack on every cap; exit 1 without a finite upper end."""
    from ..bounds import get_activation
    from ..verify import describe_radius, radius_interval
    from .dataset import read_problem, read_slack

    chosen = get_activation(activation, scale=scale)
    allowed = 0.0 if slack is None else read_slack(slack)
    dataset, cap = read_problem(data, classes=classes, samples=samples, seed=seed, bias=bias, delta=delta)
    with progress("radius", as_json=as_json) as report:
        solution = radius_interval(
            dataset.X,
            dataset.y,
            cap,
            activation=chosen,
            progress=lambda count, margin: report(f"radius: attacked margin {margin:.4f}", count, None),
        )
    described = describe_radius(dataset, cap, chosen, solution, slack=allowed)
    if as_json:
        print_json(described)
    else:
        print_radius(described)
    return 0 if math.isfinite(solution.radius.upper) else 1


def print_radius(described: Mapping[str, Any]) -> None:
    """The ``radius`` object as a table, with what is known of the upper end below it."""
    shown = {name.replace("_", " "): value for name, value in described.items() if name != "outcome"}
    print_fields("Radius", shown | {"radius": interval(described["radius"])})
    outcome = described["outcome"]
    print_prose(f"{outcome['outcome']}: {outcome['reason']}")
