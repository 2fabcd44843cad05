"""``robustntk width``: width, step size and iterations that a theorem prescribes for a target."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import options
from .output import print_json, print_plan

if TYPE_CHECKING:
    from ..bounds import Activation, Loss

EXAMPLES = (
    "robustntk width --radius 3.91 --dim 65 --epsilon 0.5",
    "robustntk width --classes 0,1 --samples 20 --delta 0.1 --epsilon 0.5",
)

SCALING_LAWS = ("P1", "P2")
ONLY_FOR_GUARANTEES = ("confidence", "gradient_bound", "shares", "terms")


def run(
    epsilon: options.Epsilon,
    radius: options.Radius = None,
    dim: options.Dimension = None,
    activation: options.ChosenActivation = "quadratic_relu",
    scale: options.ChosenScale = "1",
    loss: options.Loss = "hinge",
    huber_kappa: options.HuberKappa = None,
    data: options.OptionalData = None,
    classes: options.Classes = None,
    samples: options.Samples = None,
    delta: options.OptionalDelta = None,
    seed: options.OptionalSeed = None,
    bias: options.OptionalBias = None,
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
    """Plan a run: the width, step size and iterations that reach epsilon from a given radius, or from that of data.

    Without --radius it is computed from the data, as by `robustntk radius` and with its defaults. Such a plan is
    conditional: it is `robustntk verify` that draws a network and checks it there.
    """
    of_data = present(data=data, classes=classes, samples=samples, delta=delta, seed=seed, bias=bias)
    of_guarantees = present(target=target, confidence=confidence, share=share, slack=slack, step_size=step_size)
    of_laws = present(constant=constant, depth=depth)
    if radius is None and not of_data:
        raise ValueError("give --radius, or --data with --delta to compute it")
    if radius is not None:
        refuse(of_data, "--radius is given, so nothing is computed from data")
    if theorem in SCALING_LAWS:
        refuse(of_guarantees, f"--theorem {theorem} is a scaling law and has no such option")
        refuse(of_data, f"--theorem {theorem} takes its radius from --radius")
        plan = scaling_law_values(theorem, epsilon, str(radius), dim=dim, depth=depth, constants=constant or ())
    else:
        refuse(of_laws, "it belongs to the scaling laws --theorem P1 and P2")
        wanted = {"target_epsilon": epsilon, "loss": read_loss(loss, huber_kappa), "theorem": theorem, **of_guarantees}
        if radius is None:
            from .data_plan import plan_for_data

            refuse(present(dim=dim), "the data have a dimension of their own")
            plan = plan_for_data(of_data, activation=activation, scale=scale, as_json=as_json, **wanted)
        else:
            chosen = read_activation(activation, scale)
            plan = guaranteed_plan(radius=radius, dimension=dim, activation=chosen, **wanted)
    if as_json:
        print_json(plan)
    else:
        print_plan(plan)
    return 0


def present(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def refuse(given: Mapping[str, object], reason: str) -> None:
    """Raise for the first of the options that were given: none may be dropped silently."""
    for name in given:
        raise ValueError(f"--{name.replace('_', '-')} cannot be used here: {reason}")


def guaranteed_plan(*, slack: str = "0", **arguments: Any) -> dict[str, Any]:
    """The plan of ``bounds.required_width`` as JSON; `slack` is its ``comparator_loss``."""
    from ..bounds import required_width

    return required_width(comparator_loss=slack, **arguments).to_json()


def scaling_law_values(
    name: str, epsilon: str, radius: str, *, dim: int | None, depth: int | None, constants: Iterable[str]
) -> dict[str, Any]:
    """What the scaling law gives, as JSON with the keys of a plan; those it cannot have are None."""
    from ..bounds import scaling_law

    law = scaling_law(name)
    if depth is not None and "depth" not in law.variables:
        raise ValueError(f"--depth cannot be used here: {name} depends on {', '.join(law.variables)}")
    value = law.evaluate(
        epsilon=epsilon, radius=radius, depth=depth, dimension=dim, constants=parse_constants(constants)
    )
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
