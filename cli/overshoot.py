"""``robustntk overshoot``: the width and the steps that the theorems prescribe, over the smallest that do."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .output import interval, number, print_fields, print_json, print_prose, print_table
from .progress import progress

if TYPE_CHECKING:
    from ..verify import Goal

EXAMPLES = ("robustntk overshoot --classes 0,1 --samples 4 --epsilon 0.5 --theorem E7",)

Seeds = Annotated[
    int,
    typer.Option(
        "--seeds",
        metavar="INTEGER",
        parser=options.whole_number,
        help="Networks of each width: those of the seeds 0, 1, ...; all of them have to reach epsilon.",
    ),
]
MaxWidth = Annotated[
    int,
    typer.Option(
        "--max-width",
        metavar="INTEGER",
        parser=options.whole_number,
        help="Train no wider networks; where more is prescribed, the entry stays open.",
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FOLDER",
        help="Keep every finished width here, and take up what is there already.",
        rich_help_panel=options.OUTPUT_PANEL,
    ),
]
COLUMNS = ("theorem", "moves", "m", "least m", "ratio", "T", "least T", "ratio", "remark")
CAVEAT = (
    "m and T are those of conditional plans: no network was drawn for them. The least m is the smallest even width "
    "tried at which all seeds bring the surrogate loss down to epsilon within T steps, with the theorem's own step "
    "size and set. The least T is the step by which all seeds are there, at the prescribed width unless a remark says "
    "otherwise. Neither is a theorem: they are about these seeds and this adversary."
)


def run(
    epsilon: options.Epsilon,
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
    loss: options.Loss = "hinge",
    huber_kappa: options.HuberKappa = None,
    loss_margin: options.LossMargin = None,
    theorem: options.ConvergenceTheorem = "auto",
    seeds: Seeds = 10,
    max_width: MaxWidth = 100_000,
    out: Folder = None,
    as_json: options.Json = False,
) -> int:
    """Measure how much wider, and for how many more steps, the theorems make you train than these data need.

    Exit 0 when all is determined, 1 when an entry stays open, such as that of a theorem that prescribes more than
    --max-width: its smallest width is measured all the same.
    """
    from ..bounds import InvalidInput, get_activation
    from ..verify import ProjectedGradientAttack, describe_radius
    from ..verify.comparison.overshoot import overshoot_table
    from .dataset import read_problem

    if seeds < 1:
        raise InvalidInput(f"--seeds is {seeds}: expected at least 1")
    chosen = get_activation(activation, scale=scale)
    goal = read_goal(loss, huber_kappa, loss_margin, epsilon=epsilon, theorem=theorem)
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
    with progress("overshoot", as_json=as_json) as report:
        table = overshoot_table(
            chosen,
            goal,
            dataset.centers(perturbations),
            dataset.y,
            perturbations,
            ProjectedGradientAttack(),
            seeds=range(seeds),
            max_width=max_width,
            folder=out,
            report=report,
        )
    radius = describe_radius(dataset, perturbations, chosen, table.solution)
    result = table.to_json() | {"radius": radius}
    if as_json:
        print_json(result)
    else:
        print_result(result)
    return 0 if table.determined else 1


def read_goal(loss: str, huber_kappa: str | None, loss_margin: str | None, *, epsilon: str, theorem: str) -> "Goal":
    """The goal; theorems that no other command trains for (E10) are goals here."""
    from dataclasses import replace

    from ..bounds import InvalidInput, get_loss
    from ..bounds.convergence_theorems import CONVERGENCE_THEOREMS
    from ..bounds.errors import expected_one_of
    from ..verify import Goal

    if theorem not in ("auto", *CONVERGENCE_THEOREMS):
        raise InvalidInput(f"theorem is {theorem!r}: {expected_one_of(theorem, ('auto', *CONVERGENCE_THEOREMS))}")
    goal = Goal.validated(loss=get_loss(loss, huber_kappa), target_epsilon=epsilon, loss_margin=loss_margin)
    return replace(goal, theorem=theorem)


def print_result(result: Mapping[str, Any]) -> None:
    """The ``overshoot`` object as tables, what it means last."""
    data = result["radius"]
    print_fields(
        "Overshoot",
        {
            "epsilon": result["epsilon"],
            "activation": data["activation"],
            "loss": result["loss"],
            "points": f"{data['n']} in {data['dim']} dimensions, delta {number(data['delta'])}",
            "radius": interval(data["radius"]),
            "seeds": len(result["seeds"]),
        },
    )
    print_table("Prescribed and smallest", COLUMNS, [table_row(row) for row in result["theorems"]])
    reasons: dict[str, list[str]] = {}
    for other in result["not_applicable"]:
        reasons.setdefault(other["reason"].partition(": ")[2] or other["reason"], []).append(other["theorem"])
    print_table("Without a plan", ("theorem", "reason"), [(", ".join(ids), why) for why, ids in reasons.items()])
    print_prose(CAVEAT)
    print_prose(f"determined: {'true' if result['determined'] else 'false'}")


def table_row(row: Mapping[str, Any]) -> tuple[object, ...]:
    """One theorem's line."""
    prescribed, smallest, ratio = row["prescribed"], row["smallest"], row["ratio"]
    numbers = []
    for name in ("width", "iterations"):
        least, quotient = smallest[name], ratio[name]
        numbers += [number(prescribed[name]), "-" if least is None else number(least)]
        numbers.append("-" if quotient is None else f"{quotient:.3g}")
    return (row["theorem"], row["network"], *numbers, row["remark"] or "-")
