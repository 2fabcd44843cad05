"""``robustntk kernel``: the Gram matrix of the first-layer NTK on data, with its conditioning."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .output import print_fields, print_json
from .progress import progress

if TYPE_CHECKING:
    import numpy as np

EXAMPLES = ("robustntk kernel --classes 0,1 --samples 20 --out gram.npy",)

SUFFIXES = (".npy", ".zarr")
DEPTH = 1


def run(
    data: options.Data = "digits",
    classes: options.Classes = None,
    samples: options.Samples = None,
    seed: options.Seed = 1,
    bias: options.Bias = "0.5",
    activation: options.Activation = "quadratic_relu",
    scale: options.Scale = "1",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="PATH",
            help="New .npy or .zarr file for the matrix.",
            rich_help_panel=options.OUTPUT_PANEL,
        ),
    ] = None,
    as_json: options.Json = False,
) -> int:
    """Compute the Gram matrix of the infinite-width kernel on embedded data and report its conditioning."""
    from ..bounds import get_activation
    from ..kernels import conditioning, dual_kernel, gram
    from .dataset import read_dataset

    if out is not None:
        check_destination(out)
    chosen = get_activation(activation, scale=scale)
    points = read_dataset(data, classes=classes, samples=samples, seed=seed, bias=bias).X
    with progress(f"kernel of {len(points)} points", as_json=as_json):
        begin = time.perf_counter()
        dual = dual_kernel(chosen)
        matrix = gram(dual, points)
        seconds = time.perf_counter() - begin
        condition = conditioning(matrix).to_json()
    if out is not None:
        save_matrix(matrix, out)
    report = {
        "n": len(points),
        "dim": points.shape[1],
        "activation": chosen.name,
        "scale": float(chosen.scale),
        "depth": DEPTH,
        "dtype": str(matrix.dtype),
        "path": dual.path,
        **condition,
        "seconds": seconds,
        "file": None if out is None else str(out),
    }
    if as_json:
        print_json(report)
    else:
        print_fields("Kernel", as_fields(report))
    return 0


def as_fields(report: Mapping[str, Any]) -> dict[str, object]:
    """The report for a reader: definiteness as a sentence, the two closest rows as a pair."""
    pair, definite = report["most_correlated"], report["positive_definite"]
    return {name.replace("_", " "): value for name, value in report.items()} | {
        "positive definite": f"{definite['outcome']}: {definite['reason']}",
        "most correlated": None if pair is None else f"rows {pair[0]} and {pair[1]}",
    }


def check_destination(path: Path) -> None:
    """Refuse a suffix that cannot be written, a folder that is not there, and a file that is."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f"--out {path}: expected a name ending in {' or '.join(SUFFIXES)}")
    if path.exists():
        raise FileExistsError(f"--out {path} exists already; choose another name or remove it")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"--out {path}: there is no folder {path.parent}")


def save_matrix(matrix: "np.ndarray", path: Path) -> None:
    """Write `matrix` under a temporary name, then rename: a reader never sees half a file."""
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    if path.suffix == ".zarr":
        import zarr

        content: Any = matrix  # zarr's own protocol asks for less than numpy's signatures say
        zarr.save_array(partial, content)
    else:
        import numpy as np

        np.save(partial, matrix)
    os.replace(partial, path)
