"""The options that several commands share, with one wording and one meaning.

Numbers that enter exact arithmetic stay strings here: ``bounds.exact`` reads them, so that 0.1 means 1/10
and 1e-60 keeps all its digits.
"""

from typing import Annotated

import typer

from .completion import one_of

ACTIVATION_NAMES = "quadratic_relu, erf, tanh, softplus, sigmoid, gelu, sin, sin_cos, relu"
LOSS_NAMES = "hinge, squared_hinge, absolute, huber, logistic"
TRAINED_NAMES = "E1, E2, E3, E3-tied, E7, E7-tied, E8, E8-tied, E9, E9-tied"
THEOREM_NAMES = f"{TRAINED_NAMES}, E10, E10-tied"
LAW_NAMES = "P1, P2, P3"
PERTURBATION_NAMES = "cap, l2, linf"
TRAINED_TARGETS = "loss, robust-error"
TARGET_NAMES = f"{TRAINED_TARGETS}, excess-loss"
ANY_EXPRESSION = "an expression in z, such as 'log(cosh(z))'"
QUANTITY_NAMES = "epsilon, radius, iterations, width"
CONSTANT_NAMES = "width, dimension, step_size, iterations"
BUNDLED_NAMES = "digits, wine, breast_cancer"

THEOREM_PANEL = "Theorem"
SOLVE_PANEL = "Solve for another quantity"
DATA_PANEL = "Data"
OUTPUT_PANEL = "Output"


def whole_number(text: str) -> int:
    """`text` as an integer; an error that names it otherwise."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r}, expected a whole number") from None


Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object and nothing else.", rich_help_panel=OUTPUT_PANEL)
]
_EPSILON = typer.Option(
    "--epsilon", metavar="NUMBER", help="Target for the training loss under attack: 0.5, 1/3, 1e-60, ..."
)
Epsilon = Annotated[str, _EPSILON]
OptionalEpsilon = Annotated[str | None, _EPSILON]
Activation = Annotated[
    str,
    typer.Option(
        "--activation",
        metavar="NAME",
        autocompletion=one_of(ACTIVATION_NAMES),
        help=f"One of {ACTIVATION_NAMES}, or {ANY_EXPRESSION}.",
    ),
]
Scale = Annotated[str, typer.Option("--scale", metavar="NUMBER", help="Use sigma(scale * z).")]
ChosenActivation = Annotated[
    str,
    typer.Option(
        "--activation",
        metavar="NAME",
        autocompletion=one_of(ACTIVATION_NAMES, "auto"),
        help=f"One of {ACTIVATION_NAMES}, or {ANY_EXPRESSION}; with data also auto: the named one of least width.",
    ),
]
ChosenScale = Annotated[
    str,
    typer.Option(
        "--scale", metavar="NUMBER", help="Use sigma(scale * z); with data also auto: the scale of least width."
    ),
]
Loss = Annotated[
    str,
    typer.Option("--loss", metavar="NAME", autocompletion=one_of(LOSS_NAMES), help=f"One of {LOSS_NAMES}."),
]
HuberKappa = Annotated[
    str | None,
    typer.Option("--huber-kappa", metavar="NUMBER", help="Where the Huber loss turns linear (1 by default)."),
]
LossMargin = Annotated[
    str | None,
    typer.Option(
        "--loss-margin",
        metavar="NUMBER",
        help="The margin tau from which hinge losses are 0: 1, but auto for robust-error at a drawn network.",
    ),
]

Dimension = Annotated[
    int | None,
    typer.Option(
        "--dim",
        metavar="INTEGER",
        parser=whole_number,
        help="Input dimension d; needed where sigma' is unbounded.",
    ),
]
Radius = Annotated[
    str | None, typer.Option("--radius", metavar="NUMBER", help="Radius R of the ball around W_0; instead of data.")
]

Theorem = Annotated[
    str,
    typer.Option(
        "--theorem",
        metavar="ID",
        autocompletion=one_of("auto", THEOREM_NAMES, LAW_NAMES),
        help=f"auto (all that apply), one of {THEOREM_NAMES}, or one of the scaling laws {LAW_NAMES} (these ask for "
        "--constant).",
        rich_help_panel=THEOREM_PANEL,
    ),
]
TrainedTheorem = Annotated[
    str,
    typer.Option(
        "--theorem",
        metavar="ID",
        autocompletion=one_of("auto", TRAINED_NAMES),
        help=f"auto (all that apply), or one of {TRAINED_NAMES}.",
        rich_help_panel=THEOREM_PANEL,
    ),
]
ConvergenceTheorem = Annotated[
    str,
    typer.Option(
        "--theorem",
        metavar="ID",
        autocompletion=one_of("auto", THEOREM_NAMES),
        help=f"auto (all that apply), or one of {THEOREM_NAMES}.",
        rich_help_panel=THEOREM_PANEL,
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="NAME",
        autocompletion=one_of(TARGET_NAMES),
        help="What must be at most epsilon: loss (the default), robust-error or excess-loss.",
        rich_help_panel=THEOREM_PANEL,
    ),
]
TrainedTarget = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="NAME",
        autocompletion=one_of(TRAINED_TARGETS),
        help="What must be at most epsilon: loss (the default) or robust-error.",
        rich_help_panel=THEOREM_PANEL,
    ),
]
Confidence = Annotated[
    str | None,
    typer.Option(
        "--confidence",
        metavar="NUMBER",
        help="Probability over the initial weights, where one is needed (0.99).",
        rich_help_panel=THEOREM_PANEL,
    ),
]
Share = Annotated[
    str | None,
    typer.Option(
        "--share",
        metavar="NUMBER",
        help="Part of epsilon for near-linearity, the rest is for the regret (by default the least work m T).",
        rich_help_panel=THEOREM_PANEL,
    ),
]
Constants = Annotated[
    list[str] | None,
    typer.Option(
        "--constant",
        metavar="NAME=VALUE",
        autocompletion=one_of(*(f"{name}=" for name in CONSTANT_NAMES.split(", "))),
        help=f"A constant that a scaling law leaves open: {CONSTANT_NAMES}.",
        rich_help_panel=THEOREM_PANEL,
    ),
]
Depth = Annotated[
    int | None,
    typer.Option(
        "--depth",
        metavar="INTEGER",
        parser=whole_number,
        help="Depth H, for P1.",
        rich_help_panel=THEOREM_PANEL,
    ),
]
Slack = Annotated[
    str | None,
    typer.Option(
        "--slack",
        metavar="NUMBER",
        help="Robust loss that the comparator in the ball may have.",
        rich_help_panel=THEOREM_PANEL,
    ),
]
StepSize = Annotated[
    str | None,
    typer.Option(
        "--step-size",
        metavar="NUMBER",
        help="Fix the step size and solve for the iterations.",
        rich_help_panel=THEOREM_PANEL,
    ),
]

MaxIterations = Annotated[
    int | None,
    typer.Option(
        "--max-iterations",
        metavar="INTEGER",
        parser=whole_number,
        help="Take the plan of least width with no more iterations than this.",
        rich_help_panel=THEOREM_PANEL,
    ),
]
MaxWidth = Annotated[
    int | None,
    typer.Option(
        "--max-width",
        metavar="INTEGER",
        parser=whole_number,
        help="Take the plan of fewest iterations with no more neurons than this.",
        rich_help_panel=THEOREM_PANEL,
    ),
]
RowRadius = Annotated[
    str | None,
    typer.Option(
        "--row-radius",
        metavar="NUMBER",
        help="rho: some tied W_* moves no neuron by more than rho/sqrt(m). For the tied theorems.",
        rich_help_panel=THEOREM_PANEL,
    ),
]

NoDraw = Annotated[
    bool | None,
    typer.Option(
        "--no-draw",
        help="A conditional plan at the infinite-width radius, instead of one certified at a drawn network.",
        rich_help_panel=DATA_PANEL,
    ),
]
OptionalNetworkSeed = Annotated[
    int | None,
    typer.Option(
        "--network-seed",
        metavar="INTEGER",
        parser=whole_number,
        help="Seed of the weights of the drawn network (0).",
        rich_help_panel=DATA_PANEL,
    ),
]

OperatorRadius = Annotated[
    str | None,
    typer.Option(
        "--operator-radius",
        metavar="NUMBER",
        help="R_op: some W_* has ||W_* - W_0||_op <= R_op. For E10.",
        rich_help_panel=THEOREM_PANEL,
    ),
]

SolveFor = Annotated[
    str | None,
    typer.Option(
        "--solve-for",
        metavar="NAME",
        autocompletion=one_of(QUANTITY_NAMES),
        help=f"Find the best of one of {QUANTITY_NAMES}, from the others that are given.",
        rich_help_panel=SOLVE_PANEL,
    ),
]
Width = Annotated[
    int | None,
    typer.Option("--width", metavar="INTEGER", parser=whole_number, help="Neurons, even.", rich_help_panel=SOLVE_PANEL),
]
Iterations = Annotated[
    int | None,
    typer.Option(
        "--iterations",
        metavar="INTEGER",
        parser=whole_number,
        help="Steps T of the training, for epsilon; for the radius, the most there may be.",
        rich_help_panel=SOLVE_PANEL,
    ),
]

_DATA = typer.Option(
    "--data",
    metavar="SOURCE",
    # Where no bundled set fits what was typed, shells offer files.
    autocompletion=one_of(BUNDLED_NAMES),
    help=f"A bundled set ({BUNDLED_NAMES}), or a path to a .npz (X, y) or .csv (column label).",
    rich_help_panel=DATA_PANEL,
)
_CLASSES = typer.Option(
    "--classes",
    metavar="A,B",
    help="The two classes to keep; the first one named is +1.",
    rich_help_panel=DATA_PANEL,
)
_SAMPLES = typer.Option(
    "--samples",
    metavar="INTEGER",
    parser=whole_number,
    help="Keep the first so many, shuffled.",
    rich_help_panel=DATA_PANEL,
)
_SEED = typer.Option(
    "--seed",
    metavar="INTEGER",
    parser=whole_number,
    help="Seed of the data order.",
    rich_help_panel=DATA_PANEL,
)
_BIAS = typer.Option(
    "--bias",
    metavar="NUMBER",
    help="Bias coordinate b of the embedding, 0 <= b < 1, or none.",
    rich_help_panel=DATA_PANEL,
)
_STANDARDIZE = typer.Option(
    "--standardize",
    help="Centre every feature and scale it to variance 1 over the samples kept: for features with different units.",
    rich_help_panel=DATA_PANEL,
)
_DELTA = typer.Option(
    "--delta",
    metavar="NUMBER",
    help="Perturbation radius: chord of the caps around the points, or radius of the balls around the features.",
    rich_help_panel=DATA_PANEL,
)
_PERTURBATION = typer.Option(
    "--perturbation",
    metavar="NAME",
    autocompletion=one_of(PERTURBATION_NAMES),
    help=f"One of {PERTURBATION_NAMES}: caps on the sphere, or balls around the features, before the embedding.",
    rich_help_panel=DATA_PANEL,
)
_PIXEL_RANGE = typer.Option(
    "--pixel-range",
    metavar="LOW,HIGH",
    help="The valid values of the features, which l2 and linf balls keep to, as in 0,16 for digits.",
    rich_help_panel=DATA_PANEL,
)

Data = Annotated[str, _DATA]
Classes = Annotated[str | None, _CLASSES]
Samples = Annotated[int | None, _SAMPLES]
Seed = Annotated[int, _SEED]
Bias = Annotated[str, _BIAS]
Standardize = Annotated[bool, _STANDARDIZE]
Delta = Annotated[str, _DELTA]
Perturbation = Annotated[str, _PERTURBATION]
PixelRange = Annotated[str | None, _PIXEL_RANGE]

# The same for a command that works without data: None tells that an option was not given.
OptionalData = Annotated[str | None, _DATA]
OptionalSeed = Annotated[int | None, _SEED]
OptionalBias = Annotated[str | None, _BIAS]
OptionalStandardize = Annotated[bool | None, _STANDARDIZE]
OptionalDelta = Annotated[str | None, _DELTA]
OptionalPerturbation = Annotated[str | None, _PERTURBATION]
