"""``robustntk sweep``: scaling laws over widths, data, targets and seeds, resumable, their exponents fitted."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from . import options
from .completion import some_of
from .output import number, print_json, print_prose, print_table
from .progress import progress

EXAMPLES = (
    "robustntk sweep --measure kernel,required-width --out runs/laws",
    "robustntk sweep --widths 64,256,1024,4096 --seeds 8 --out runs/sweep",
)
GRID_PANEL = "Grid"
MEASURES = "deviation, robust-loss, residual, kernel, near-linearity, steps, radius, required-width"
BUNDLED_CLASSES = ("0", "1")

Value = TypeVar("Value")


def _list(name: str, what: str) -> Any:
    return typer.Option(name, metavar="LIST", help=f"{what}, separated by commas.", rich_help_panel=GRID_PANEL)


Widths = Annotated[str | None, _list("--widths", "Widths m, even")]
SampleCounts = Annotated[str | None, _list("--samples", "Numbers of points n")]
Deltas = Annotated[str | None, _list("--deltas", "Perturbation radii")]
Epsilons = Annotated[str | None, _list("--epsilons", "Targets for the loss")]
Radii = Annotated[str | None, _list("--radii", "Radii R of the ball; the R of the data by default")]
Seeds = Annotated[
    int,
    typer.Option(
        "--seeds",
        metavar="INTEGER",
        parser=options.whole_number,
        help="How many networks are drawn at each point.",
        rich_help_panel=GRID_PANEL,
    ),
]
FirstSeed = Annotated[
    int,
    typer.Option(
        "--first-seed",
        metavar="INTEGER",
        parser=options.whole_number,
        help="Seed of the first of them; the others follow.",
        rich_help_panel=GRID_PANEL,
    ),
]
Measures = Annotated[
    str | None,
    typer.Option(
        "--measure",
        metavar="LIST",
        autocompletion=some_of(MEASURES),
        help=f"Some of {MEASURES}; all that apply by default.",
    ),
]
Iterations = Annotated[
    int,
    typer.Option(
        "--iterations",
        metavar="INTEGER",
        parser=options.whole_number,
        help="Steps of the training that is compared with infinite width.",
    ),
]
StepSize = Annotated[
    str | None,
    typer.Option("--step-size", metavar="NUMBER", help="Of that training; 1/(4 K(x, x)) by default."),
]
MaxIterations = Annotated[
    int,
    typer.Option(
        "--max-iterations",
        metavar="INTEGER",
        parser=options.whole_number,
        help="Steps after which epsilon counts as not reached.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="INTEGER",
        parser=options.whole_number,
        help="Processes of this machine; one for each processor by default.",
    ),
]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Dask cluster instead: tcp://host:port.")
]
Folder = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="FOLDER",
        help="A new folder, or that of the same sweep: what is finished there is kept.",
        rich_help_panel=options.OUTPUT_PANEL,
    ),
]


def run(
    out: Folder,
    widths: Widths = None,
    samples: SampleCounts = None,
    deltas: Deltas = None,
    epsilons: Epsilons = None,
    radii: Radii = None,
    seeds: Seeds = 8,
    first_seed: FirstSeed = 0,
    measure: Measures = None,
    activation: options.Activation = "erf",
    scale: options.Scale = "1",
    loss: options.Loss = "hinge",
    huber_kappa: options.HuberKappa = None,
    data: options.Data = "digits",
    classes: options.Classes = None,
    seed: options.Seed = 1,
    bias: options.Bias = "0.5",
    standardize: options.Standardize = False,
    iterations: Iterations = 60,
    step_size: StepSize = None,
    max_iterations: MaxIterations = 5000,
    workers: Workers = None,
    scheduler: Scheduler = None,
    as_json: options.Json = False,
) -> int:
    """Measure scaling laws on a grid, fit their exponents and compare them with the predicted ones.

    A list that is given is used for every law, in all combinations; one that is not has for each law the values that
    the law needs. Exit 0 only if every prediction survives: 1 if one does not, or is undetermined.
    """
    from ..verify.data import BUNDLED
    from ..verify.sweep.configuration import SweepConfig
    from ..verify.sweep.sweep import run_sweep
    from .dataset import read_classes, real_number

    def real(option: str) -> Callable[[str], float]:
        return lambda text: real_number(option, text)

    if seeds < 1:
        raise ValueError(f"--seeds is {seeds}: expected a positive integer")
    config = SweepConfig(
        measures=read_list("--measure", measure, str),
        widths=read_list("--widths", widths, whole("--widths")),
        samples=read_list("--samples", samples, whole("--samples")),
        deltas=read_list("--deltas", deltas, real("--deltas")),
        epsilons=read_list("--epsilons", epsilons, str),
        radii=read_list("--radii", radii, real("--radii")),
        seeds=tuple(range(first_seed, first_seed + seeds)),
        activation=activation,
        scale=scale,
        loss=loss,
        huber_kappa=huber_kappa,
        data=data,
        classes=BUNDLED_CLASSES if classes is None and data in BUNDLED else read_classes(classes),
        bias=real_number("--bias", bias),
        standardize=standardize,
        data_seed=seed,
        iterations=iterations,
        step_size=None if step_size is None else real_number("--step-size", step_size),
        max_iterations=max_iterations,
    )
    began = time.monotonic()
    with progress("sweep", as_json=as_json) as report:
        found = run_sweep(config, out, workers=workers, scheduler=scheduler, progress=report)
    described = found.to_json() | {"seconds": time.monotonic() - began}
    if as_json:
        print_json(described)
    else:
        print_sweep(described)
    return 0 if found.holds else 1


def read_list(option: str, text: str | None, read: Callable[[str], Value]) -> tuple[Value, ...] | None:
    """`text` as values between commas; None where nothing was given. ValueError names what cannot be read."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise ValueError(f"{option} is {text!r}: expected values separated by commas")
    return tuple(read(part) for part in parts)


def whole(option: str) -> Callable[[str], int]:
    """Reads a whole number of the option. ValueError names what is none."""

    def read(text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise ValueError(f"{option} has {text!r}: expected whole numbers") from None

    return read


def print_sweep(described: Mapping[str, Any]) -> None:
    """The ``sweep`` object: laws with their verdicts, and why there are no more of them."""
    columns = ("law", "at", "kind", "predicted", "fitted", "95 % interval", "verdict")
    print_table("Exponents", columns, [row_of(law) for law in described["laws"]])
    for law in described["laws"]:
        if law["exponent"] is None or law["verdict"] == "undetermined":
            print_prose(f"{law['law']}{'' if law['exponent'] else ', no fit'}: {law['method']}.")
    if described["skipped"]:
        print_prose(f"Laws that do not apply: {'; '.join(described['skipped'])}.")
    print_prose(
        "Verdicts are by intervals that hold together with 95 %, wider than those shown; what is allowed stays below "
        "its bound."
    )
    cells = ", ".join(f"{count:,} {state}" for state, count in described["cells"].items())
    print_prose(f"Cells: {cells}; {described['seconds']:.0f} s. Values and figures are in {described['out']}.")
    print_prose(f"holds: {'true' if described['holds'] else 'false'}")


def row_of(law: Mapping[str, Any]) -> tuple[str, ...]:
    """A law as one line."""
    found, predicted = law["exponent"], law["prediction"]
    verdict = law["verdict"] or "-"
    if law["agrees"] and verdict != "consistent":
        verdict += " (allowed)"
    return (
        law["law"],
        settings_of(law),
        predicted["kind"],
        number(predicted["exponent"]),
        "-" if found is None else f"{found['estimate']:.3f}",
        "-" if found is None else f"[{found['lower']:.3f}, {found['upper']:.3f}]",
        verdict,
    )


def settings_of(law: Mapping[str, Any]) -> str:
    """What else the law depends on."""
    letters = {"width": "m", "samples": "n", "delta": "delta", "epsilon": "eps", "radius": "R"}
    settings = law["fixed"].items()
    return " ".join(
        f"{letters[axis]}={value if isinstance(value, str) else format(value, '.4g')}" for axis, value in settings
    )
