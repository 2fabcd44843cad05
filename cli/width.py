"""``robustntk width``: width, step size and iterations that a theorem prescribes for a target."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import options
from .output import print_json, print_plan

if TYPE_CHECKING:
    from ..bounds import Activation, Loss

EXAMPLE = "robustntk width --radius 3.91 --dim 65 --epsilon 0.5"

SCALING_LAWS = ("P1", "P2")
ONLY_FOR_GUARANTEES = ("confidence", "gradient_bound", "shares", "terms")


def run(
    epsilon: options.Epsilon,
    radius: options.Radius = None,
    dim: options.Dimension = None,
    activation: options.Activation = "quadratic_relu",
    scale: options.Scale = "1",
    loss: options.Loss = "hinge",
    huber_kappa: options.HuberKappa = None,
    theorem: options.Theorem = "auto",
    target: options.Target = None,
    confidence: options.Confidence = None,
    share: options.Share = None,
    slack: options.Slack = None,
    step_size: options.StepSize = None,
    depth: options.Depth = None,
    constant: options.Constants = None,
    as_json: options.Json = False,
) -> int:
    """Plan a run: the width, step size and iterations that reach epsilon from a given radius."""
    if radius is None:
        raise ValueError("give --radius, or --data with --delta to compute it")
    for_guarantees = {
        "target": target,
        "confidence": confidence,
        "share": share,
        "slack": slack,
        "step-size": step_size,
    }
    if theorem in SCALING_LAWS:
        refuse(for_guarantees, f"--theorem {theorem} is a scaling law and has no such option")
        constants = parse_constants(constant or ())
        plan = scaling_law_values(theorem, epsilon, radius, dim=dim, depth=depth, constants=constants)
    else:
        refuse({"constant": constant, "depth": depth}, "it belongs to the scaling laws --theorem P1 and P2")
        plan = guaranteed_plan(
            target_epsilon=epsilon,
            radius=radius,
            dimension=dim,
            activation=read_activation(activation, scale),
            loss=read_loss(loss, huber_kappa),
            theorem=theorem,
            **renamed_for_bounds(for_guarantees),
        )
    if as_json:
        print_json(plan)
    else:
        print_plan(plan)
    return 0


def refuse(given: Mapping[str, object], reason: str) -> None:
    """Raise for the first option that was given: none may be dropped silently."""
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"--{name} cannot be used here: {reason}")


def renamed_for_bounds(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given, by the names of ``required_width``; the others keep its defaults."""
    names = {"slack": "comparator_loss", "step-size": "step_size"}
    return {names.get(name, name): value for name, value in given.items() if value is not None}


def guaranteed_plan(**arguments: Any) -> dict[str, Any]:
    """The plan of ``bounds.required_width`` as JSON."""
    from ..bounds import required_width

    return required_width(**arguments).to_json()


def scaling_law_values(
    name: str, epsilon: str, radius: str, *, dim: int | None, depth: int | None, constants: dict[str, str]
) -> dict[str, Any]:
    """What the scaling law gives, as JSON with the keys of a plan; those it cannot have are None."""
    from ..bounds import scaling_law

    law = scaling_law(name)
    if depth is not None and "depth" not in law.variables:
        raise ValueError(f"--depth cannot be used here: {name} depends on {', '.join(law.variables)}")
    value = law.evaluate(epsilon=epsilon, radius=radius, depth=depth, dimension=dim, constants=constants)
    hypotheses = [{"text": text, "satisfied": None, "reason": "not checked"} for text in law.hypotheses]
    missing = dict.fromkeys((*ONLY_FOR_GUARANTEES, "activation", "loss"))
    return {**missing, "hypotheses": hypotheses, "alternatives": [], **value.to_json()}


def read_activation(name: str, scale: str) -> "Activation":
    """The activation called `name`, scaled; ``auto`` needs data, because the radius depends on it."""
    from ..bounds import get_activation

    for option, value in (("--activation", name), ("--scale", scale)):
        if value == "auto":
            raise ValueError(f"{option} auto needs --data: --radius belongs to one activation and scale")
    return get_activation(name, scale=scale)


def read_loss(name: str, kappa: str | None) -> "Loss":
    """The loss called `name`, with its kappa if one was given."""
    from ..bounds import get_loss

    return get_loss(name) if kappa is None else get_loss(name, kappa=kappa)


def parse_constants(pairs: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE`` pairs as a dictionary; ValueError for a malformed or repeated one."""
    constants: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (name and equals and value):
            raise ValueError(f"--constant {pair}: expected NAME=VALUE")
        if name in constants:
            raise ValueError(f"--constant {name} is given twice")
        constants[name] = value
    return constants
