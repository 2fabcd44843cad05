"""``robustntk capacity``: the width that robust interpolation needs at least, with E5.a's construction checked."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from . import options
from .output import below, number, print_fields, print_json, print_prose

EXAMPLES = (
    "robustntk capacity --samples 100 --dim 10",
    "robustntk capacity --samples 60000 --dim 784 --depth 3 --width 256",
)

CONSTRUCTION_PANEL = "Construction"


def run(
    samples: Annotated[
        int, typer.Option("--samples", metavar="INTEGER", parser=options.whole_number, help="Number of points n.")
    ],
    dim: Annotated[
        int, typer.Option("--dim", metavar="INTEGER", parser=options.whole_number, help="Input dimension d.")
    ],
    depth: Annotated[
        int,
        typer.Option(
            "--depth",
            metavar="INTEGER",
            parser=options.whole_number,
            help="Hidden layers H of the network, all of one width; the output layer comes on top.",
        ),
    ] = 1,
    width: Annotated[
        int | None,
        typer.Option(
            "--width",
            metavar="INTEGER",
            parser=options.whole_number,
            help="Units per hidden layer to bound the VC dimension at; the necessary width by default.",
        ),
    ] = None,
    delta: Annotated[
        str,
        typer.Option(
            "--delta",
            metavar="NUMBER",
            help="Radius of the balls: the unit of the construction; no result depends on it.",
            rich_help_panel=CONSTRUCTION_PANEL,
        ),
    ] = "0.1",
    splits: Annotated[
        int | None,
        typer.Option(
            "--splits",
            metavar="INTEGER",
            parser=options.whole_number,
            help="Splits of the d + 1 points of a cluster to check (all up to d = 12, else 1000 random ones).",
            rich_help_panel=CONSTRUCTION_PANEL,
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            metavar="INTEGER",
            parser=options.whole_number,
            help="Seed of the random splits.",
            rich_help_panel=CONSTRUCTION_PANEL,
        ),
    ] = 1,
    as_json: options.Json = False,
) -> int:
    """Bound VC dimension and width from below by robust interpolation; exit 1 if a split of the construction fails."""
    from ..bounds.capacity import capacity
    from ..bounds.exact import positive
    from ..bounds.shattering_check import check_arrangement, check_shattering

    radius = positive(delta, name="delta")
    bounds = capacity(samples, dimension=dim, depth=depth, width=width)
    report = check_shattering(dim, splits=splits, seed=seed)
    arrangement = check_arrangement(samples, dim, seed=seed)
    described = bounds.to_json() | report.to_json(radius) | {"points_checked": arrangement.points}
    if as_json:
        print_json(described)
    else:
        print_capacity(described)
    return 0 if report.holds and arrangement.holds else 1


def print_capacity(described: Mapping[str, Any]) -> None:
    """The ``capacity`` object as two tables, with the statement below them."""
    bounds = ("n", "dim", "depth", "vc_lower_bound", "width", "vc_upper_bound_at_width")
    widths = ("necessary_width_robust", "necessary_width_plain")
    print_fields("Capacity", {name.replace("_", " "): described[name] for name in (*bounds, *widths)})
    print_fields("Construction", construction_fields(described))
    print_prose(described["statement"])


def construction_fields(described: Mapping[str, Any]) -> dict[str, object]:
    """What was checked, and by how much it holds at least."""
    checked, failed = described["splits_checked"], described["splits_failed"]
    kind = "all" if described["splits_exhaustive"] else "a random sample"
    shown: dict[str, object] = {
        "delta": described["delta"],
        "size of the simplex": described["size"],
        "splits checked": f"{number(checked)} ({kind}), {number(failed)} failed",
    }
    if failed:
        shown["first failure"] = " ".join(f"{sign:+d}" for sign in described["first_failure"])
    return shown | {
        "delta^2 less squared reach": f"at least {below(described['clearance'])}",
        "squared distance less 4 delta^2": f"at least {below(described['separation'])}",
        "distance of clusters less 2 delta": f"at least {below(described['cluster_gap'])}",
        "data set checked": f"{number(described['points_checked'])} of {number(described['n'])} points",
    }
