"""``robustntk width``: width, step size and iterations that a theorem prescribes for a target."""

from collections.abc import Iterable, Mapping
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

ONLY_FOR_GUARANTEES = ("confidence", "gradient_bound", "shares", "terms")


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
    seed: options.OptionalSeed = None,
    bias: options.OptionalBias = None,
    theorem: options.Theorem = "auto",
    target: options.Target = None,
    confidence: options.Confidence = None,
    share: options.Share = None,
    slack: options.Slack = None,
    step_size: options.StepSize = None,
    max_iterations: options.MaxIterations = None,
    max_width: options.MaxWidth = None,
    row_radius: options.RowRadius = None,
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
    of_data = present(data=data, classes=classes, samples=samples, delta=delta, seed=seed, bias=bias)
    of_problem = present(target=target, confidence=confidence, slack=slack, row_radius=row_radius)
    of_plan = present(share=share, step_size=step_size, max_iterations=max_iterations, max_width=max_width)
    of_laws = present(constant=constant, depth=depth)
    of_draws = present(no_draw=no_draw or None, network_seed=network_seed)
    of_solving = present(width=width, iterations=iterations)
    given = present(epsilon=epsilon, radius=radius)
    if solve_for is not None:
        step = present(step_size=of_plan.pop("step_size", None))
        refuse(of_data | of_draws | of_plan | of_laws, f"--solve-for {solve_for} has no use for it")
        problem = of_one_problem(activation, scale, loss, huber_kappa, loss_margin, dim, of_problem)
        plan = solved_plan(solve_for, given | of_solving | step, theorem=theorem, **problem)
    else:
        refuse(of_solving, "it belongs to --solve-for; limits are --max-width and --max-iterations")
        check_target(epsilon, radius, of_data)
        if theorem in scaling_laws():
            of_guarantees = present(loss_margin=loss_margin) | of_problem | of_plan
            refuse(of_guarantees, f"--theorem {theorem} is a scaling law and has no such option")
            refuse(of_data | of_draws, f"--theorem {theorem} takes its radius from --radius")
            plan = scaling_law_values(theorem, **given, dim=dim, depth=depth, constants=constant or ())
        else:
            refuse(of_laws, "it belongs to the scaling laws --theorem P1, P2 and P3")
            wanted = {"target_epsilon": epsilon, "theorem": theorem, **of_plan}
            if radius is None:
                from .data_plan import plan_for_data

                refuse(present(dim=dim, row_radius=row_radius), "it is that of the data")
                wanted |= {"loss": read_loss(loss, huber_kappa), **present(loss_margin=loss_margin)} | of_problem
                wanted |= of_draws
                plan = plan_for_data(of_data, activation=activation, scale=scale, as_json=as_json, **wanted)
            else:
                refuse(of_draws, "--radius is given, so no network is drawn")
                problem = of_one_problem(activation, scale, loss, huber_kappa, loss_margin, dim, of_problem)
                plan = guaranteed_plan(radius=radius, **problem, **wanted)
    if as_json:
        print_json(plan)
    else:
        print_plan(plan)
    return 0


def check_target(epsilon: str | None, radius: str | None, of_data: Mapping[str, Any]) -> None:
    """Raise unless there is an epsilon, and a radius or else data to compute it from."""
    if epsilon is None:
        raise ValueError("give --epsilon, the target")
    if radius is None and not of_data:
        raise ValueError("give --radius, or --data with --delta to compute it")
    if radius is not None:
        refuse(of_data, "--radius is given, so nothing is computed from data")


def of_one_problem(
    activation: str,
    scale: str,
    loss: str,
    huber_kappa: str | None,
    loss_margin: str | None,
    dim: int | None,
    of_problem: Mapping[str, Any],
) -> dict[str, Any]:
    """The keywords of ``bounds`` for a problem that does not come from data; ``slack`` is its ``comparator_loss``."""
    rest = dict(of_problem)
    return {
        "activation": read_activation(activation, scale),
        "loss": read_loss(loss, huber_kappa, loss_margin),
        "dimension": dim,
        "comparator_loss": rest.pop("slack", "0"),
        **rest,
    }


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


def read_activation(name: str, scale: str) -> "Activation":
    """The activation called `name`, scaled; ``auto`` needs data, because the radius depends on it."""
    from ..bounds import get_activation

    for option, value in (("--activation", name), ("--scale", scale)):
        if value == "auto":
            raise ValueError(f"{option} auto needs --data: --radius belongs to one activation and scale")
    return get_activation(name, scale=scale)


def read_loss(name: str, kappa: str | None, margin: str | None = None) -> "Loss":
    """The loss called `name`, with its kappa or margin if one was given."""
    from ..bounds import get_loss

    if margin == "auto":
        raise ValueError("--loss-margin auto needs --data: --radius belongs to one margin")
    return get_loss(name, kappa, margin=margin)


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
