"""The public names of the rooms, by theme: what the reference consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

ROOMS = ("bounds", "kernels", "verify")


@dataclass(frozen=True)
class Theme:
    """One page of the reference: the names that these modules (or packages) of a room define.

    Constants, which do not know where they come from, are named one by one.
    """

    slug: str
    title: str
    about: str
    modules: tuple[str, ...]
    constants: tuple[str, ...] = ()


THEMES: Mapping[str, tuple[Theme, ...]] = {
    "bounds": (
        Theme(
            "calculators",
            "Calculators and plans",
            "From a target to width, step size and iterations, and from a run to its guarantee.",
            ("calculator", "plan", "problem", "solve", "theorem", "gradient", "interval", "errors"),
        ),
        Theme(
            "theorems",
            "Theorems",
            "Statements as objects: hypotheses, formulas, and what they make of a problem.",
            (
                *("two_layer", "operator_ball", "mean_gradient", "smooth_losses", "existence", "capacity"),
                *("end_to_end", "recursion", "margins"),
            ),
            ("CONVERGENCE_THEOREMS",),
        ),
        Theme(
            "a_priori",
            "Before a network is drawn",
            "Widths that suffice with a stated probability.",
            ("a_priori", "end_to_end_plan"),
        ),
        Theme(
            "proofs",
            "Proofs",
            "Proofs as data, and their check by machine.",
            ("proof", "proofs_on_record", "ledger", "outcome", "worst_case"),
        ),
        Theme("progress", "Progress", "A bar or a log for what takes long.", ("progress",)),
        Theme(
            "activations",
            "Activations and losses",
            "With exact constants, or constants proved over the whole line.",
            ("activation", "activation_expression", "activation_table", "constant_check", "loss"),
            ("ACTIVATIONS", "LOSSES"),
        ),
        Theme(
            "scaling_laws",
            "Scaling laws",
            "The paper's theorems: constants of your choice, and no guarantee.",
            ("scaling_law", "scaling_laws", "capacity_scaling", "deep_convergence"),
            ("SCALING_LAWS",),
        ),
        Theme(
            "exact", "Exact numbers", "Comparisons and roundings that are proved.", ("exact", "enclosure"), ("Number",)
        ),
    ),
    "kernels": (
        Theme(
            "gram",
            "Kernels and Gram matrices",
            "Kernels on the unit sphere, of any depth, and their matrices with proved error bounds.",
            (
                *("architecture", "deep", "dual", "gram", "gram_enclosure", "gram_error", "geometry", "enclosure"),
                *("activation_function", "sphere", "series", "activation", "interfaces.jax_function"),
            ),
            ("SMOOTH", "LINEAR"),
        ),
        Theme("any_norm", "Points of any norm", "Kernels off the sphere, with gradients.", ("any_norm",)),
        Theme("spectrum", "Conditioning and spectra", "Eigenvalues between proved bounds.", ("spectrum",)),
        Theme("blocks", "Matrices larger than memory", "Block by block, on disk or on a cluster.", ("blocks",)),
        Theme("finite", "Finite width", "The kernel of a drawn network, and how near it is to its limit.", ("finite",)),
        Theme("interfaces", "Other libraries", "scikit-learn and neural-tangents.", ("interfaces",)),
    ),
    "verify": (
        Theme(
            "experiment", "The main job", "From data to a verdict and a report.", ("experiment", "data"), ("BUNDLED",)
        ),
        Theme("sets", "Perturbation sets", "What the adversary may do, and sets of your own.", ("sets",)),
        Theme("planning", "Radius and plan", "From data to R, and to a plan at a drawn network.", ("planning",)),
        Theme("attacks", "Attacks", "The robust loss from below.", ("attacks",)),
        Theme("certificates", "Certificates", "The robust loss from above.", ("certificates", "predictors")),
        Theme("training", "Training", "Exactly as the theorems have it.", ("training",)),
        Theme("comparison", "Comparison", "What was predicted beside what happened.", ("comparison",)),
        Theme("sweep", "Sweeps", "Scaling laws, measured.", ("sweep",)),
    ),
}


def room(name: str) -> ModuleType:
    """The package of that name."""
    return import_module(f"robustntk.{name}")


def theme_of(name: str, public: str) -> Theme | None:
    """The page on which a public name of a room stands; the longest module path that fits decides."""
    home = str(getattr(getattr(room(name), public), "__module__", ""))
    fitting = [
        (len(module), theme)
        for theme in THEMES[name]
        for module in theme.modules
        if home == (full := f"robustntk.{name}.{module}") or home.startswith(f"{full}.")
    ]
    named = [(len(home) + 1, theme) for theme in THEMES[name] if public in theme.constants]
    best = max([*fitting, *named], key=lambda pair: pair[0], default=None)
    return best and best[1]


def value_of(name: str, public: str) -> Any:
    """What a public name stands for."""
    return getattr(room(name), public)


@cache
def _places() -> dict[str, str]:
    return {public: f"robustntk.{name}.{public}" for name in ROOMS for public in room(name).__all__}


def full_name(text: str, *, bare: bool) -> str | None:
    """The public name that a piece of code is, in full.

    Outside the reference a name has to be recognisable: with its room in front, or an object's by its form.
    """
    prefix, _, last = text.removesuffix("()").removeprefix("robustntk.").rpartition(".")
    place = _places().get(last)
    if place is None or (prefix and place != f"robustntk.{prefix}.{last}"):
        return None
    telling = bool(prefix) or "_" in last.strip("_") or (last[:1].isupper() and last != last.upper())
    return place if bare or telling else None
