"""``robustntk verify``, the main job: data, radius, plan, training at exactly that plan, comparison, report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from . import options
from .completion import one_of
from .output import above, below, number, print_fields, print_json, print_plan, print_prose, print_table
from .progress import progress

EXAMPLES = (
    "robustntk verify --classes 0,1 --samples 20 --epsilon 0.5 --out runs/a",
    "robustntk verify --classes 0,1 --target robust-error --epsilon 0.1 --out b",
)

ADVERSARY_NAMES = "pgd, apgd, fgsm"

NetworkSeed = Annotated[
    int,
    typer.Option("--network-seed", metavar="INTEGER", parser=options.whole_number, help="Seed of the initial weights."),
]
MaxWidth = Annotated[
    int,
    typer.Option(
        "--max-width",
        metavar="INTEGER",
        parser=options.whole_number,
        help="Refuse plans that need more neurons than this.",
    ),
]
Full = Annotated[
    bool, typer.Option("--full", help="Run all T steps instead of stopping at the first that meets epsilon.")
]
AdversaryName = Annotated[
    str,
    typer.Option(
        "--adversary",
        metavar="NAME",
        autocompletion=one_of(ADVERSARY_NAMES),
        help=f"The attack to train against: one of {ADVERSARY_NAMES}.",
    ),
]
BandRuns = Annotated[
    int,
    typer.Option(
        "--band-runs",
        metavar="INTEGER",
        parser=options.whole_number,
        help="Networks of other seeds for the band around the infinite-width curve; 0 for none.",
    ),
]
RunFolder = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="FOLDER",
        help="A new folder for the run, or that of the same run, interrupted: it is resumed.",
        rich_help_panel=options.OUTPUT_PANEL,
    ),
]


def run(
    epsilon: options.Epsilon,
    out: RunFolder,
    data: options.Data = "digits",
    classes: options.Classes = None,
    samples: options.Samples = None,
    delta: options.Delta = "0.1",
    perturbation: options.Perturbation = "cap",
    pixel_range: options.PixelRange = None,
    seed: options.Seed = 1,
    bias: options.Bias = "0.5",
    standardize: options.Standardize = False,
    activation: options.ChosenActivation = "quadratic_relu",
    scale: options.ChosenScale = "1",
    loss: options.Loss = "hinge",
    huber_kappa: options.HuberKappa = None,
    loss_margin: options.LossMargin = None,
    theorem: options.TrainedTheorem = "auto",
    target: options.TrainedTarget = None,
    share: options.Share = None,
    slack: options.Slack = None,
    network_seed: NetworkSeed = 0,
    max_width: MaxWidth = 4_000_000,
    max_iterations: options.MaxIterations = None,
    adversary: AdversaryName = "pgd",
    band_runs: BandRuns = 9,
    full: Full = False,
    as_json: options.Json = False,
) -> int:
    """Train at the width that a theorem prescribes for this data, and compare what is predicted with what is measured.

    All theorems that apply are tried unless one is named, and the plan of least width is certified at a drawn network.
    For the target robust-error the margin of a hinge loss is free: by default it is chosen at the network.
    """
    from ..verify import ExperimentConfig, verify_in_folder
    from .dataset import read_bias, read_classes, read_pixel_range, real_number

    config = ExperimentConfig(
        data=data,
        classes=read_classes(classes),
        samples=samples,
        delta=real_number("--delta", delta),
        epsilon=epsilon,
        activation=activation,
        scale=scale,
        loss=loss,
        huber_kappa=huber_kappa,
        loss_margin=loss_margin,
        target=target or "loss",
        theorem=theorem,
        bias=read_bias(bias),
        standardize=standardize,
        perturbation=perturbation,
        pixel_range=read_pixel_range(pixel_range),
        share=share,
        slack=slack,
        seed=seed,
        network_seed=network_seed,
        adversary=adversary,
        band_runs=band_runs,
        full=full,
        max_width=max_width,
        max_iterations=max_iterations,
    )
    with progress("verify", as_json=as_json) as report:
        result = verify_in_folder(config, out, report=report)
    if as_json:
        print_json(result)
    else:
        print_result(result)
    return 0 if result["holds"] else 1


def _band_text(predicted: Mapping[str, Any]) -> str:
    band = predicted["band"]
    if band is None:
        return "no band"
    source = f", carried over from width {band['width']:,}" if band["extrapolated"] else ""
    return (
        f"{predicted['inside_band']} the band of {above(band['bound'])} "
        f"(probability {band['runs']}/{band['runs'] + 1}{source})"
    )


def print_result(result: Mapping[str, Any]) -> None:
    """The ``verify`` object as tables, the verdict last."""
    empirical, predicted, plan = result["empirical"], result["predicted"], result["plan"]
    of_errors = plan["target"] == "robust-error"
    what = "fraction that A misclassifies" if of_errors else "surrogate loss"
    print_plan({**plan, "alternatives": ()})
    rows = [(row["step"], row["lhs"], row["rhs"], row["slack"]) for row in result["anatomy"]]
    print_table("Anatomy of the proof along this run", ("inequality", "left", "right", "slack"), rows)
    guaranteed = above(predicted["guarantee"])
    measured = number(empirical["best_error" if of_errors else "best_surrogate_loss"])
    points = result["radius"]["n"]
    # Fractions of the points, so counts, which need no rounding to the safe side.
    wrong, doubtful = (round(points * empirical[f"{bound}_robust_error"]) for bound in ("attacked", "certified"))
    attacked, certified = below(empirical["attacked_robust_loss"]), above(empirical["certified_robust_loss"])
    print_fields(
        "Predicted and measured",
        {
            f"guaranteed {what}": f"at most {guaranteed} within {plan['iterations']:,} steps",
            f"measured {what}": f"{measured} at step {empirical['reached_at']:,}",
            "infinite-width surrogate loss": (
                f"{number(predicted['infinite_width_final'])} at step {predicted['infinite_width_steps']:,}"
            ),
            "largest deviation from it": f"{number(predicted['max_deviation'])}, {_band_text(predicted)}",
            "robust loss of the best iterate": f"between {attacked} (attacked) and {certified} (certified)",
            "its robust error": f"between {wrong} (attacked) and {doubtful} (certified) of {points} points",
            "stopped": f"after {empirical['steps']:,} steps: {empirical['stopped']}",
            "report": f"{result['run_dir']}/report.html",
        },
    )
    print_prose(f"holds: {'true' if result['holds'] else 'false'}")
