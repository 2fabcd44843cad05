"""How long a conditioning report takes beside NumPy's eigenvalue routines, and the memory it needs.

Run `python benchmarks/conditioning.py`; it takes about two minutes on two idle cores. `--large` adds 8,000 rows, where
NumPy's routines are left out unless `--eigvalsh` asks for one (about a minute, and 1 GiB). The matrices are kernels of
relu on two kinds of points on the sphere in R^784, with one near-duplicate each: uniform ones, where the largest
eigenvalue does not stand out, so that its upper bound takes a factorisation of its own; and ones with nonnegative
coordinates (as pixels are), where it does. "ours" is the whole report: bounds of both eigenvalues and of the condition
number, effective ranks and the rows to blame. Times are the best of `--repeats` runs, peak memory is what is allocated
beside the matrix, in units of it.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
from rich.console import Console
from rich.table import Table

from robustntk.kernels import conditioning, dual_kernel, gram
from robustntk.kernels.spectrum.conditioning import ConditioningReport, conditioning_bytes

SIZES = (300, 1000, 2000, 4000)
DIMENSION = 784


def kernel_matrix(n: int, kind: str) -> np.ndarray:
    X = np.random.default_rng(n).standard_normal((n, DIMENSION))
    if kind == "nonnegative":
        X = np.abs(X)
    X[n // 2] = X[0] + 1e-3 * X[n // 2]
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return gram(dual_kernel("relu"), X)


def best_time(function: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return min(times)


def peak_memory(K: np.ndarray) -> float:
    """In units of the matrix."""
    tracemalloc.start()
    conditioning(K)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / K.nbytes


def row(n: int, kind: str, repeats: int, *, peers: tuple[str, ...]) -> list[str]:
    K = kernel_matrix(n, kind)
    conditioning(K[:300, :300].copy())  # imports
    ours = best_time(lambda: conditioning(K), repeats)
    times = {name: best_time(partial(getattr(np.linalg, name), K), repeats) for name in peers}
    report = conditioning(K)
    cells = [f"{n:,}", kind, f"{ours:.3f}"]
    for name in ("eigvalsh", "eigh"):
        cells += [f"{times[name]:.3f}", f"{times[name] / ours:.1f}"] if name in times else ["", ""]
    return [*cells, *widths(report), f"{peak_memory(K):.2f}", f"{conditioning_bytes(n) / K.nbytes:.2f}"]


def widths(report: ConditioningReport) -> list[str]:
    """Relative widths of the three proved intervals."""
    condition = report.condition_number_bounds
    intervals = [report.min_eigenvalue_bounds, report.max_eigenvalue_bounds, *([condition] if condition else [])]
    return [f"{interval.width / interval.estimate:.0e}" for interval in intervals]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="8,000 rows as well")
    parser.add_argument("--eigvalsh", action="store_true", help="eigvalsh for 8,000 rows as well")
    arguments = parser.parse_args()
    table = Table(title="Conditioning reports: seconds, and how many times longer NumPy takes")
    for heading in (
        *("rows", "points", "ours", "eigvalsh", "x", "eigh", "x"),
        *("min", "max", "condition", "peak/matrix", "announced"),
    ):
        table.add_column(heading, justify="right")
    for n in SIZES:
        for kind in ("uniform", "nonnegative"):
            table.add_row(*row(n, kind, arguments.repeats, peers=("eigvalsh", "eigh")))
    if arguments.large:
        for kind in ("uniform", "nonnegative"):
            table.add_row(*row(8000, kind, 1, peers=("eigvalsh",) if arguments.eigvalsh else ()))
    Console(width=130).print(table)
    print("min, max, condition: relative widths of the proved intervals")


if __name__ == "__main__":
    main()
