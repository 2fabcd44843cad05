"""``robustntk kernel``: the Gram matrix of an infinite-width kernel on data, with its conditioning."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .completion import one_of
from .given import present, refuse
from .output import interval, number, print_fields, print_json, print_prose
from .progress import Report, progress

if TYPE_CHECKING:
    import numpy as np

    from ..bounds import Activation
    from ..kernels import DeepKernel, DualKernel

EXAMPLES = (
    "robustntk kernel --classes 0,1 --samples 20 --out gram.npy",
    "robustntk kernel --classes 0,1 --activation relu --depth 3 --out gram.zarr",
)

SUFFIXES = (".npy", ".zarr")
DTYPES = ("float64", "float32")
# Of a matrix on disk; above, the n^3 operations of the report take minutes, and the memory gigabytes.
CONDITIONED_ROWS = 8192
NETWORK_PANEL = "Network"


def _option(name: str, metavar: str, text: str, *, panel: str, **more: Any) -> Any:
    return typer.Option(name, metavar=metavar, help=text, rich_help_panel=panel, **more)


Depth = Annotated[
    int, _option("--depth", "INTEGER", "Hidden layers.", panel=NETWORK_PANEL, parser=options.whole_number)
]
Trained = Annotated[
    str,
    _option(
        "--trained",
        "NAME",
        "Layers that move: all, hidden, first, or readout (the NNGP kernel).",
        panel=NETWORK_PANEL,
        autocompletion=one_of("all, hidden, first, readout"),
    ),
]
WeightVariance = Annotated[
    str, _option("--weight-variance", "NUMBER", "Variance of the weights of each layer.", panel=NETWORK_PANEL)
]
BiasVariance = Annotated[
    str, _option("--bias-variance", "NUMBER", "Variance of the biases of each layer.", panel=NETWORK_PANEL)
]
Parametrization = Annotated[
    str,
    _option(
        "--parametrization",
        "NAME",
        "ntk or standard.",
        panel=NETWORK_PANEL,
        autocompletion=one_of("ntk, standard"),
    ),
]
Width = Annotated[
    int | None,
    _option(
        "--width",
        "INTEGER",
        "Neurons, for the standard parametrization.",
        panel=NETWORK_PANEL,
        parser=options.whole_number,
    ),
]
Dtype = Annotated[
    str,
    _option(
        "--dtype",
        "NAME",
        "Type of the entries: float64 or float32.",
        panel=options.OUTPUT_PANEL,
        autocompletion=one_of(*DTYPES),
    ),
]
Out = Annotated[
    Path | None,
    _option(
        "--out",
        "PATH",
        "New .npy file, or .zarr folder: this one may be larger than memory, and is resumed by the same command.",
        panel=options.OUTPUT_PANEL,
    ),
]
Block = Annotated[
    int | None,
    _option(
        "--block",
        "INTEGER",
        "Rows and columns of a block of the .zarr (2048).",
        panel=options.OUTPUT_PANEL,
        parser=options.whole_number,
    ),
]
Scheduler = Annotated[
    str | None,
    _option(
        "--scheduler", "ADDRESS", "Dask cluster that writes the .zarr: tcp://host:port.", panel=options.OUTPUT_PANEL
    ),
]


def run(
    data: options.Data = "digits",
    classes: options.Classes = None,
    samples: options.Samples = None,
    seed: options.Seed = 1,
    bias: options.Bias = "0.5",
    standardize: options.Standardize = False,
    activation: options.Activation = "quadratic_relu",
    scale: options.Scale = "1",
    depth: Depth = 1,
    trained: Trained = "hidden",
    weight_variance: WeightVariance = "1",
    bias_variance: BiasVariance = "0",
    parametrization: Parametrization = "ntk",
    width: Width = None,
    dtype: Dtype = "float64",
    out: Out = None,
    block: Block = None,
    scheduler: Scheduler = None,
    as_json: options.Json = False,
) -> int:
    """Compute the Gram matrix of the infinite-width kernel on embedded data and report its conditioning."""
    from ..bounds import get_activation
    from ..bounds.errors import expected_one_of
    from .dataset import read_dataset, real_number

    in_blocks = out is not None and out.suffix == ".zarr"
    if not in_blocks:
        refuse(present(block=block, scheduler=scheduler), "only an --out that ends in .zarr is written in blocks")
    if out is not None:
        check_destination(out)
    if dtype not in DTYPES:
        raise ValueError(f"--dtype is {dtype!r}: {expected_one_of(dtype, DTYPES)}")
    chosen = get_activation(activation, scale=scale)
    network: dict[str, Any] = {"depth": depth, "trained": trained, "parametrization": parametrization, "width": width}
    variances = {"weight_variance": weight_variance, "bias_variance": bias_variance}
    kernel = kernel_of(chosen, network | variances)
    points = read_dataset(data, classes=classes, samples=samples, seed=seed, bias=bias, standardize=standardize).X
    with progress(f"kernel of {len(points)} points", as_json=as_json) as watch:
        if out is not None and in_blocks:
            result = on_disk(kernel, points, out, dtype, watch, **present(block=block, scheduler=scheduler))
        else:
            result = in_memory(kernel, points, out, dtype)
    report = {
        "n": len(points),
        "dim": points.shape[1],
        "activation": chosen.name,
        "scale": float(chosen.scale),
        **network,
        **{name: real_number(name, text) for name, text in variances.items()},
        "label": kernel.label,
        "dtype": dtype,
        **result,
        "file": None if out is None else str(out),
        "scheduler": scheduler,
    }
    if as_json:
        print_json(report)
    else:
        print_fields("Kernel", as_fields(report))
        print_prose(report["summary"] or f"No conditioning report: {report['conditioning_skipped']}.")
    return 0


def kernel_of(activation: "Activation", network: Mapping[str, Any]) -> "DualKernel | DeepKernel":
    """The kernel of the network; that of the first layer alone knows a closed form or a series besides."""
    from ..kernels import deep_kernel, dual_kernel, fully_connected

    architecture = fully_connected(activation, **network)
    if architecture == fully_connected(activation):
        return dual_kernel(activation)
    return deep_kernel(architecture)


def in_memory(
    kernel: "DualKernel | DeepKernel", points: "np.ndarray", out: Path | None, dtype: str
) -> dict[str, object]:
    """Compute the matrix at once, write it, and report."""
    from ..kernels import conditioning, gram
    from ..kernels.blocks.memory_plan import readable_bytes
    from ..kernels.gram import gram_memory
    from ..kernels.spectrum.conditioning import conditioning_bytes

    memory = gram_memory(len(points), points.shape[1], dtype=dtype)
    at_once, afterwards = memory.result + memory.working, conditioning_bytes(len(points), dtype)
    announce(f"at most {readable_bytes(at_once)}, the matrix included", afterwards)
    begin = time.perf_counter()
    matrix = gram(kernel, points, dtype=dtype)
    seconds = time.perf_counter() - begin
    condition = conditioning(matrix, entry_error=entry_error(kernel, points, dtype)).to_json()
    if out is not None:
        save_matrix(matrix, out)
    needed = {"memory_bytes": at_once, "conditioning_bytes": afterwards}
    done = {"path": path_of(kernel), "memory": needed, "blocks": None, "seconds": seconds}
    return {**done, **condition, "conditioning_skipped": None}


def on_disk(
    kernel: "DualKernel | DeepKernel", points: "np.ndarray", out: Path, dtype: str, watch: Report, **chosen: Any
) -> dict[str, object]:
    """Write the matrix block by block, or go on with one that was begun, and report if it is small enough for that."""
    from ..kernels.blocks.gram import gram_to_zarr

    conditioned = conditioned_bytes(len(points), dtype)
    begin = time.perf_counter()
    written = gram_to_zarr(
        kernel, points, out, dtype=dtype, announce=lambda plan: announce(plan, conditioned), progress=watch, **chosen
    )
    seconds = time.perf_counter() - begin
    memory = {**written.plan.to_json(), "conditioning_bytes": conditioned}
    blocks = {name: getattr(written, name) for name in ("block", "kept", "recomputed", "new")}
    done = {"path": path_of(kernel), "memory": memory, "blocks": blocks, "seconds": seconds}
    return {**done, **condition_of(out, len(points), lambda: entry_error(kernel, points, dtype))}


def announce(plan: object, conditioning_bytes: int | None) -> None:
    """Say what memory is needed, before the work starts."""
    from ..kernels.blocks.memory_plan import readable_bytes

    after = "" if conditioning_bytes is None else f"; then {readable_bytes(conditioning_bytes)} for the report"
    print(f"memory: {plan}{after}", file=sys.stderr, flush=True)


def conditioned_bytes(rows: int, dtype: str) -> int | None:
    """What the report on a matrix on disk needs, the matrix included; None where there will be none."""
    import numpy as np

    from ..kernels.spectrum.conditioning import conditioning_bytes

    if rows > CONDITIONED_ROWS:
        return None
    return rows**2 * np.dtype(dtype).itemsize + conditioning_bytes(rows, dtype)


def path_of(kernel: "DualKernel | DeepKernel") -> str:
    """How the kernel is known."""
    from ..kernels import DualKernel

    return kernel.path if isinstance(kernel, DualKernel) else "dual-function recursion"


def entry_error(kernel: "DualKernel | DeepKernel", points: "np.ndarray", dtype: str) -> float:
    """A proved bound of the error of each entry, relative to the largest one."""
    from ..kernels.gram_error import gram_error_bound

    return gram_error_bound(kernel, points.shape[1], dtype=dtype)


def condition_of(path: Path, rows: int, error: Callable[[], float]) -> dict[str, object]:
    """The conditioning report of a matrix on disk, all null with a reason where it has too many rows."""
    import zarr

    from ..kernels import ConditioningReport, conditioning

    if rows <= CONDITIONED_ROWS:
        matrix: Any = zarr.load(path)
        return {**conditioning(matrix, entry_error=error()).to_json(), "conditioning_skipped": None}
    names = [field.name for field in fields(ConditioningReport) if field.name != "n"]
    reason = f"the matrix has {rows:,} rows, more than the {CONDITIONED_ROWS:,} for which it is read into memory"
    return {**dict.fromkeys([*names, "summary"]), "conditioning_skipped": reason}


def as_fields(report: Mapping[str, Any]) -> dict[str, object]:
    """The report for a reader: what the label says already is left out, intervals and pairs are written as such."""
    names = ("n", "dim", "label", "dtype", "path")
    shown: dict[str, object] = {name: report[name] for name in names}
    if report["conditioning_skipped"] is None:
        rank = report["effective_rank"]
        shown |= {
            "smallest eigenvalue": interval(report["min_eigenvalue_bounds"]),
            "largest eigenvalue": interval(report["max_eigenvalue_bounds"]),
            "condition number": bounds_of(report["condition_number_bounds"]),
            "positive definite": f"{report['positive_definite']['outcome']}: {report['positive_definite']['reason']}",
            "effective rank": f"{number(rank['trace_over_largest'])} (trace / largest eigenvalue), numerical rank "
            f"{number(rank['numerical_rank'])}",
            "most correlated": ", ".join("rows {} and {}".format(*pair["rows"]) for pair in report["pairs"]) or None,
        }
    if report["blocks"] is not None:
        shown["blocks"] = ", ".join(f"{report['blocks'][state]:,} {state}" for state in ("kept", "recomputed", "new"))
    return shown | {name: report[name] for name in ("seconds", "file", "scheduler") if report[name] is not None}


def bounds_of(value: Mapping[str, float | None] | None) -> str | None:
    """An interval, if there is one with a number in it."""
    return None if value is None or value["estimate"] is None else interval(value)


def check_destination(path: Path) -> None:
    """Refuse a suffix that cannot be written, a folder that is not there, and a file that is (not one of blocks)."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f"--out {path}: expected a name ending in {' or '.join(SUFFIXES)}")
    if path.exists() and path.suffix != ".zarr":
        raise FileExistsError(f"--out {path} exists already; choose another name or remove it")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"--out {path}: there is no folder {path.parent}")


def save_matrix(matrix: "np.ndarray", path: Path) -> None:
    """Write `matrix` under a temporary name, then rename: a reader never sees half a file."""
    import numpy as np

    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    np.save(partial, matrix)
    os.replace(partial, path)
