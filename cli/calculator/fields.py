"""The fields of the page: options of ``robustntk width`` with labels, defaults and choices."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .. import options

FILE = "a file"


@dataclass(frozen=True)
class Field:
    """An option of the command: free text, or one of the values that `choices` has labels for."""

    name: str
    label: str
    value: str | bool = ""
    choices: Mapping[str, str | bool] | None = None
    hint: str = ""


def _names(text: str, *more: str) -> dict[str, str | bool]:
    return {name: name for name in (*more, *text.split(", "))}


def shared_fields(*, of_data: bool) -> tuple[Field, ...]:
    """What every question has; with data the activation may be chosen by the calculator."""
    targets: dict[str, str | bool] = {"training loss under attack": "", "training error under attack": "robust-error"}
    if not of_data:
        targets["excess over the best network in the ball"] = "excess-loss"
    automatic = ("auto",) if of_data else ()
    return (
        Field("epsilon", "Target ε", "0.5"),
        Field("activation", "Activation σ", "quadratic_relu", _names(options.ACTIVATION_NAMES, *automatic)),
        Field("loss", "Loss", "hinge", _names(options.LOSS_NAMES)),
        Field("target", "At most ε shall be the", "", targets),
    )


RADIUS_FIELDS = (
    Field("radius", "Radius R around W₀", "3.91"),
    Field("dim", "Input dimension d", "65"),
)
_EXTRAS = (
    Field("theorem", "Theorem", "auto", _names(options.THEOREM_NAMES, "auto")),
    Field("expression", "Activation as an expression in z", hint="log(cosh(z))"),
    Field("scale", "Scale s: the activation is σ(s z)", "1"),
    Field("loss_margin", "Margin τ of a hinge loss", hint="1"),
    Field("huber_kappa", "κ of the Huber loss", hint="1"),
    Field("share", "Share of ε for near-linearity", hint="least work m T"),
    Field("max_width", "Most neurons", hint="no limit"),
    Field("max_iterations", "Most iterations", hint="no limit"),
)
RADIUS_EXTRAS = (
    *_EXTRAS,
    Field("confidence", "Confidence, where W₀ matters", hint="0.99"),
    Field("slack", "Loss that the comparator may have", hint="0"),
    Field("row_radius", "ρ: no neuron moves by more than ρ/√m", hint="for the tied theorems"),
    Field("operator_radius", "R_op: ‖W_* − W₀‖ as an operator", hint="for E10"),
)
DATA_EXTRAS = (
    *_EXTRAS,
    Field("perturbation", "Perturbations", "", {"caps of the sphere": "", "l2 balls": "l2", "linf balls": "linf"}),
    Field("pixel_range", "Valid values of the features, for balls", hint="0,16"),
    Field("bias", "Bias coordinate b", hint="0.5"),
    Field("seed", "Seed of the data order", hint="1"),
    Field("network_seed", "Seed of the drawn weights", hint="0"),
)

_PLANS: Mapping[str, str | bool] = MappingProxyType(
    {"certified, at a drawn network": False, "conditional, at infinite width": True}
)
# Two classes, rows, and whether features have different units and so need a common scale.
DATASETS: Mapping[str, tuple[str, str, bool]] = MappingProxyType(
    {
        "digits": ("0,1", "20", False),
        "wine": ("0,1", "20", True),
        "breast_cancer": ("0,1", "20", True),
        FILE: ("", "", False),
    }
)


def data_fields(source: str) -> tuple[Field, ...]:
    """The fields for one of `DATASETS`, with defaults that suit it."""
    classes, samples, standardize = DATASETS[source]
    path = (Field("data", "Path of a .csv or .npz file", hint="blobs.npz"),) if source == FILE else ()
    return (
        *path,
        Field("delta", "Perturbation radius δ", "0.1"),
        Field("classes", "Classes: the first is +1", classes, hint="labels are −1 and +1"),
        Field("samples", "Samples", samples, hint="all"),
        Field("no_draw", "Plan", False, _PLANS),
        Field("standardize", "Standardize features", standardize),
    )


def groups() -> dict[str, tuple[Field, ...]]:
    """All fields: those of a radius, of every data set, and for both what is always shown and what is on demand."""
    return {
        "radius": RADIUS_FIELDS,
        **{source: data_fields(source) for source in DATASETS},
        "shared, radius": shared_fields(of_data=False),
        "shared, data": shared_fields(of_data=True),
        "more, radius": RADIUS_EXTRAS,
        "more, data": DATA_EXTRAS,
    }
