"""``robustntk width``: width, step size and iterations that a theorem prescribes for a target."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import options
from .given import present, refuse
from .output import print_json, print_plan
from .solving import solved_plan

if TYPE_CHECKING:
    from ..bounds import Activation, Loss

EXAMPLES = (
    "robustntk width --radius 3.91 --dim 65 --epsilon 0.5",
    "robustntk width --classes 0,1 --samples 20 --delta 0.1 --epsilon 0.5",
    "robustntk width --solve-for radius --epsilon 0.5 --width 4096 --activation sin",
)

ONLY_FOR_LAWS = f"it belongs to the scaling laws --theorem {options.LAW_NAMES}"
ONLY_FOR_GUARANTEES = ("confidence", "gradient_bound", "shares", "terms")
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "known": ("epsilon", "radius"),
    "data": ("data", "classes", "samples", "delta", "perturbation", "pixel_range", "seed", "bias", "standardize"),
    "draws": ("no_draw", "network_seed"),
    "sigma": ("activation", "scale"),
    "loss": ("loss", "huber_kappa", "loss_margin"),
    "dimension": ("dim",),
    "problem": ("target", "confidence", "slack"),
    "comparator": ("row_radius", "operator_radius"),
    "plan": ("share", "step_size", "max_iterations", "max_width"),
    "laws": ("constant", "depth"),
    "solving": ("width", "iterations"),
}


def run(
    epsilon: options.OptionalEpsilon = None,
    radius: options.Radius = None,
    dim: options.Dimension = None,
    activation: options.ChosenActivation = "quadratic_relu",
    scale: options.ChosenScale = "1",
    loss: options.Loss = "hinge",
    huber_kappa: options.HuberKappa = None,
    loss_margin: options.LossMargin = None,
    data: options.OptionalData = None,
    classes: options.Classes = None,
    samples: options.Samples = None,
    delta: options.OptionalDelta = None,
    perturbation: options.OptionalPerturbation = None,
    pixel_range: options.PixelRange = None,
    seed: options.OptionalSeed = None,
    bias: options.OptionalBias = None,
    standardize: options.OptionalStandardize = None,
    theorem: options.Theorem = "auto",
    target: options.Target = None,
    confidence: options.Confidence = None,
    share: options.Share = None,
    slack: options.Slack = None,
    step_size: options.StepSize = None,
    max_iterations: options.MaxIterations = None,
    max_width: options.MaxWidth = None,
    row_radius: options.RowRadius = None,
    operator_radius: options.OperatorRadius = None,
    no_draw: options.NoDraw = None,
    network_seed: options.OptionalNetworkSeed = None,
    depth: options.Depth = None,
    constant: options.Constants = None,
    solve_for: options.SolveFor = None,
    width: options.Width = None,
    iterations: options.Iterations = None,
    as_json: options.Json = False,
) -> int:
    """Plan a run: the width, step size and iterations that reach epsilon from a given radius, or from that of data.

    All theorems that apply are tried, and the one of least width is taken. Without --radius networks are drawn and the
    plan is certified at one of them: all that the theorem supposes is measured there, on the data. With --no-draw the
    radius is computed from the data as by `robustntk radius`, and the plan is conditional on the network.
    """
    plan = chosen_plan(**locals())
    if as_json:
        print_json(plan)
    else:
        print_plan(plan)
    return 0


def chosen_plan(
    *, theorem: str = "auto", solve_for: str | None = None, as_json: bool = False, **options: Any
) -> dict[str, Any]:
    """What ``robustntk width`` answers, as JSON, from its options by name; None stands for one that was not given.

    Raises:
        ValueError: naming the option that is missing, out of range or of no use beside the others.
    """
    given = Given.of(options)
    if solve_for is not None:
        return solved(solve_for, theorem, given)
    refuse(given.solving, "it belongs to --solve-for; limits are --max-width and --max-iterations")
    check_target(given)
    if theorem in scaling_laws():
        return of_scaling_law(theorem, given)
    if "radius" in given.known:
        return from_radius(theorem, given)
    return from_data(theorem, given, as_json=as_json)


@dataclass(frozen=True, kw_only=True)
class Given:
    """The options that were given, by what they are about."""

    known: Mapping[str, Any]
    data: Mapping[str, Any]
    draws: Mapping[str, Any]
    sigma: Mapping[str, Any]
    loss: Mapping[str, Any]
    dimension: Mapping[str, Any]
    problem: Mapping[str, Any]
    comparator: Mapping[str, Any]
    plan: Mapping[str, Any]
    laws: Mapping[str, Any]
    solving: Mapping[str, Any]

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Given":
        """The options by name, in groups; one that is None or an unset flag was not given."""
        given = present(**{name: None if value is False else value for name, value in options.items()})
        groups = {group: {name: given[name] for name in names if name in given} for group, names in _GROUPS.items()}
        groups["loss"]["name"] = groups["loss"].pop("loss")
        return cls(**groups)

    def one_problem(self) -> dict[str, Any]:
        """The keywords of ``bounds`` for a problem without data; ``slack`` is its ``comparator_loss``."""
        rest = dict(self.problem)
        return {
            "activation": read_activation(**self.sigma),
            "loss": read_loss(**self.loss),
            "dimension": self.dimension.get("dim"),
            "comparator_loss": rest.pop("slack", "0"),
            **self.comparator,
            **rest,
        }


def check_target(given: Given) -> None:
    """Raise unless there is an epsilon, and a radius or else data to compute it from."""
    if "epsilon" not in given.known:
        raise ValueError("give --epsilon, the target")
    if "radius" in given.known:
        refuse(given.data, "--radius is given, so nothing is computed from data")
    elif not given.data:
        raise ValueError("give --radius, or --data with --delta to compute it")


def solved(quantity: str, theorem: str, given: Given) -> dict[str, Any]:
    """The plan with the best value of the quantity, as JSON."""
    plan = dict(given.plan)
    step = present(step_size=plan.pop("step_size", None))
    refuse({**given.data, **given.draws, **plan, **given.laws}, f"--solve-for {quantity} has no use for it")
    known = {**given.known, **given.solving, **step}
    return solved_plan(quantity, known, theorem=theorem, **given.one_problem())


def of_scaling_law(name: str, given: Given) -> dict[str, Any]:
    """The value of a scaling law, as JSON."""
    margins = present(loss_margin=given.loss.get("loss_margin"))
    of_guarantees = {**margins, **given.problem, **given.comparator, **given.plan}
    refuse(of_guarantees, f"--theorem {name} is a scaling law and has no such option")
    refuse({**given.data, **given.draws}, f"--theorem {name} takes its radius from --radius")
    return scaling_law_values(
        name,
        **given.known,
        dim=given.dimension.get("dim"),
        depth=given.laws.get("depth"),
        constants=given.laws.get("constant", ()),
    )


def from_data(theorem: str, given: Given, *, as_json: bool) -> dict[str, Any]:
    """The plan for the data, as JSON; ``loss_margin`` may be auto there."""
    from .data_plan import plan_for_data

    refuse(given.laws, ONLY_FOR_LAWS)
    refuse({**given.dimension, **given.comparator}, "it is that of the data")
    loss = {name: value for name, value in given.loss.items() if name != "loss_margin"}
    return plan_for_data(
        given.data,
        **given.sigma,
        loss=read_loss(**loss),
        target_epsilon=given.known["epsilon"],
        theorem=theorem,
        as_json=as_json,
        **present(loss_margin=given.loss.get("loss_margin")),
        **given.problem,
        **given.plan,
        **given.draws,
    )


def from_radius(theorem: str, given: Given) -> dict[str, Any]:
    """The plan for a radius, as JSON."""
    refuse(given.laws, ONLY_FOR_LAWS)
    refuse(given.draws, "--radius is given, so no network is drawn")
    epsilon, radius = given.known["epsilon"], given.known["radius"]
    return guaranteed_plan(target_epsilon=epsilon, radius=radius, theorem=theorem, **given.one_problem(), **given.plan)


def guaranteed_plan(**arguments: Any) -> dict[str, Any]:
    """The plan of ``bounds.required_width`` as JSON."""
    from ..bounds import required_width

    return required_width(**arguments).to_json()


def scaling_laws() -> Iterable[str]:
    """The ids of the scaling laws that prescribe a width."""
    from ..bounds import SCALING_LAWS

    return SCALING_LAWS


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


def read_activation(activation: str, scale: str) -> "Activation":
    """The activation of that name, scaled; ``auto`` needs data, because the radius depends on it."""
    from ..bounds import get_activation

    for option, value in (("--activation", activation), ("--scale", scale)):
        if value == "auto":
            raise ValueError(f"{option} auto needs --data: --radius belongs to one activation and scale")
    return get_activation(activation, scale=scale)


def read_loss(name: str, huber_kappa: str | None = None, loss_margin: str | None = None) -> "Loss":
    """The loss called `name`, with its kappa or margin if one was given."""
    from ..bounds import get_loss

    if loss_margin == "auto":
        raise ValueError("--loss-margin auto needs --data: --radius belongs to one margin")
    return get_loss(name, huber_kappa, margin=loss_margin)


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
