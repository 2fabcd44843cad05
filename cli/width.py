"""``robustntk width``: width, step size and iterations that a theorem prescribes for a target."""

from collections.abc import Iterable
from typing import Any

from . import options
from .output import print_json, print_plan

EXAMPLE = "robustntk width --radius 3.91 --dim 65 --epsilon 0.5"

SCALING_LAWS = ("P1", "P2")


def run(
    epsilon: options.Epsilon,
    radius: options.Radius = None,
    dim: options.Dimension = None,
    activation: options.Activation = "quadratic_relu",
    scale: options.Scale = "1",
    loss: options.Loss = "hinge",
    huber_kappa: options.HuberKappa = "1",
    theorem: options.Theorem = "auto",
    target: options.Target = "loss",
    confidence: options.Confidence = "0.99",
    share: options.Share = "1/2",
    slack: options.Slack = "0",
    step_size: options.StepSize = None,
    depth: options.Depth = None,
    constant: options.Constants = None,
    as_json: options.Json = False,
) -> int:
    """Plan a run: the width, step size and iterations that reach epsilon from a given radius."""
    from ..bounds import get_loss, required_width

    if radius is None:
        raise ValueError("give --radius, or --data with --delta to compute it")
    if theorem in SCALING_LAWS:
        constants = parse_constants(constant or ())
        plan = evaluate_scaling_law(theorem, epsilon, radius, dim=dim, depth=depth, constants=constants)
    else:
        refuse_for_guarantees(depth=depth, constant=constant)
        plan = required_width(
            target_epsilon=epsilon,
            radius=radius,
            activation=read_activation(activation, scale),
            loss=get_loss(loss, kappa=huber_kappa),
            dimension=dim,
            confidence=confidence,
            comparator_loss=slack,
            share=share,
            step_size=step_size,
            target=target,
            theorem=theorem,
        ).to_json()
    if as_json:
        print_json(plan)
    else:
        print_plan(plan)
    return 0


def refuse_for_guarantees(**given: object) -> None:
    """Options that only the scaling laws read must not be dropped silently."""
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"--{name} belongs to the scaling laws: add --theorem P1 or --theorem P2")


def read_activation(name: str, scale: str) -> Any:
    """The activation called `name`, scaled; ``auto`` needs data, because the radius depends on it."""
    from ..bounds import get_activation

    for option, value in (("--activation", name), ("--scale", scale)):
        if value == "auto":
            raise ValueError(f"{option} auto needs --data: --radius belongs to one activation and scale")
    return get_activation(name, scale=scale)


def parse_constants(pairs: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE`` pairs as a dictionary; ValueError for a malformed or repeated one."""
    constants: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise ValueError(f"--constant {pair}: expected NAME=VALUE")
        if name.strip() in constants:
            raise ValueError(f"--constant {name.strip()} is given twice")
        constants[name.strip()] = value.strip()
    return constants
