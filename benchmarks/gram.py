"""Time and memory of a Gram matrix: ours beside neural-tangents, a NumPy formula, scikit-ntk and the bare product.

Run `python benchmarks/gram.py` (about 5 minutes; `--sizes 1000,4000` for less). ReLU networks in the NTK
parametrisation, all layers trained, points of the unit sphere, d = 784. All methods take turns in one process, so that
a busy machine slows them alike; the least of the times and the ratios of the medians to ours are shown. Peak memory is
measured in a process of its own, above what the process held after importing everything and computing a small matrix,
in multiples of the result. The last two rows are floors: the full product X X^T by jax, and the write of the result
alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.table import Table

from robustntk.kernels import (
    deep_kernel,
    fully_connected,
    gram,
    gram_gradient,
    gram_memory,
    import_neural_tangents,
)

DIMENSION = 784
Method = Callable[[], Any]


def points(n: int, dtype: type, seed: int = 0) -> np.ndarray:
    X = np.random.default_rng(seed).standard_normal((n, DIMENSION))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(dtype)


def ours(X: np.ndarray, depth: int) -> Method:
    kernel = deep_kernel(fully_connected("relu", depth, trained="all", weight_variance=[1, *[2] * depth]))
    return lambda: gram(kernel, X, dtype=X.dtype)


def neural_tangents(X: np.ndarray, depth: int) -> Method:
    """Jitted, with its first layer's division by d undone."""
    stax = import_neural_tangents().stax
    hidden = [layer for _ in range(depth) for layer in (stax.Relu(), stax.Dense(1, W_std=2**0.5, b_std=None))]
    _, _, kernel_fn = stax.serial(stax.Dense(1, W_std=DIMENSION**0.5, b_std=None), *hidden)
    function = jax.jit(lambda A: kernel_fn(A, None, "ntk"))
    A = jnp.asarray(X)
    return lambda: jax.block_until_ready(function(A))


def numpy_formula(X: np.ndarray, depth: int) -> Method:
    """The textbook recursion on the whole matrix, every pass over all of it."""

    def compute() -> np.ndarray:
        covariance = np.clip(X @ X.T, -1, 1)
        ntk = covariance.copy()
        for _ in range(depth):
            angle = np.arccos(covariance)
            slope = (np.pi - angle) / np.pi
            covariance = np.clip((np.sqrt(1 - covariance**2) + (np.pi - angle) * covariance) / np.pi, -1, 1)
            ntk = ntk * slope + covariance
        return ntk

    return compute


def scikit_ntk(X: np.ndarray, depth: int) -> Method | None:
    if importlib.util.find_spec("skntk") is None:
        return None
    from skntk import NeuralTangentKernel

    kernel = NeuralTangentKernel(depth=depth, bias=0.0)
    return lambda: kernel(X)


def product(X: np.ndarray, depth: int) -> Method:
    function = jax.jit(lambda A: A @ A.T)
    A = jnp.asarray(X)
    return lambda: jax.block_until_ready(function(A))


def write(X: np.ndarray, depth: int) -> Method:
    return lambda: np.empty((len(X), len(X)), X.dtype).fill(0)


METHODS: dict[str, Callable[[np.ndarray, int], Method | None]] = {
    "robustntk": ours,
    "neural-tangents, jitted": neural_tangents,
    "NumPy formula": numpy_formula,
    "scikit-ntk": scikit_ntk,
    "floor: X @ X.T in jax": product,
    "floor: write the result": write,
}
# Slow ones need not be timed at the largest sizes.
LARGEST = {"NumPy formula": 4000, "scikit-ntk": 2000}


def timed(n: int, dtype: type, depth: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of every method in every round; all methods compute the same matrix, which is checked."""
    X = points(n, dtype)
    with jax.enable_x64(dtype is np.float64):
        found = {name: make(X, depth) for name, make in METHODS.items() if n <= LARGEST.get(name, n)}
        methods = {name: method for name, method in found.items() if method is not None}
        expected = np.asarray(methods["robustntk"]())
        theirs = np.asarray(methods["neural-tangents, jitted"]())
        np.testing.assert_allclose(
            theirs, expected, rtol=0, atol=(1e-5 if dtype is np.float64 else 1e-2) * expected[0, 0]
        )
        seconds: dict[str, list[float]] = {name: [] for name in methods}
        for _ in range(rounds):
            for name, method in methods.items():
                begin = time.perf_counter()
                method()
                seconds[name].append(time.perf_counter() - begin)
    return seconds


def peak(name: str, n: int, dtype: str, depth: int) -> float:
    """Peak memory above the state before, over the size of the result, in a fresh process."""
    command = [sys.executable, __file__, "--peak", json.dumps([name, n, dtype, depth])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure_peak(name: str, n: int, dtype: str, depth: int) -> float:
    kind = np.dtype(dtype).type
    with jax.enable_x64(kind is np.float64):
        X = points(n, kind)
        warm = METHODS[name](points(1100, kind), depth)
        assert warm is not None
        warm()
        method = METHODS[name](X, depth)
        assert method is not None
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here (Linux)
        before = _kibibytes("VmRSS")
        result = method()
        after = _kibibytes("VmHWM")
        del result
    return (after - before) * 1024 / (n * n * np.dtype(dtype).itemsize)


def _kibibytes(entry: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(entry)).split()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,2000,4000,8000")
    parser.add_argument("--depths", default="1,3,5")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        print(measure_peak(*json.loads(given.peak)))
        return
    sizes, depths = ([int(each) for each in text.split(",")] for text in (given.sizes, given.depths))
    console = Console(width=120)
    for n in sizes:
        for dtype in (np.float32, np.float64):
            table = Table(title=f"n = {n}, d = {DIMENSION}, {dtype.__name__}; {gram_memory(n, DIMENSION, dtype=dtype)}")
            table.add_column("method")
            for depth in depths:
                table.add_column(f"depth {depth}, ms", justify="right")
                table.add_column("over ours", justify="right")
            table.add_column(f"peak, depth {depths[0]}", justify="right")
            runs = [timed(n, dtype, depth, given.rounds) for depth in depths]
            for name in METHODS:
                if name not in runs[0]:
                    continue
                cells = []
                for run in runs:
                    ratio = statistics.median(run[name]) / statistics.median(run["robustntk"])
                    cells += [f"{min(run[name]) * 1e3:,.0f}", f"{ratio:.2f}"]
                table.add_row(name, *cells, f"{peak(name, n, np.dtype(dtype).name, depths[0]):.2f}")
            console.print(table)
    console.print(gradients(sizes[-1] // 2, depths[-1], given.rounds))


def gradients(n: int, depth: int, rounds: int) -> Table:
    """The gradient of a kernel function at n points beside its values there, K(X, Z) times the coefficients."""
    table = Table(title=f"kernel functions on {n} points at {n} points, depth {depth}, ms")
    for header in ("type", "values", "gradients", "ratio of medians"):
        table.add_column(header, justify="right")
    for dtype in (np.float32, np.float64):
        X, Z, c = points(n, dtype), points(n, dtype, seed=1), np.random.default_rng(2).standard_normal(n)
        kernel = deep_kernel(fully_connected("relu", depth, trained="all", weight_variance=[1, *[2] * depth]))
        methods: list[Method] = [
            lambda: gram(kernel, X, Z, dtype=dtype) @ c.astype(dtype),  # noqa: B023
            lambda: gram_gradient(kernel, X, Z, c, dtype=dtype),  # noqa: B023
        ]
        seconds: list[list[float]] = [[], []]
        for turn in range(rounds + 1):
            for method, record in zip(methods, seconds, strict=True):
                begin = time.perf_counter()
                method()
                if turn:
                    record.append(time.perf_counter() - begin)
        ratio = statistics.median(seconds[1]) / statistics.median(seconds[0])
        table.add_row(dtype.__name__, *(f"{min(record) * 1e3:,.0f}" for record in seconds), f"{ratio:.2f}")
    return table


if __name__ == "__main__":
    main()
