"""The empirical NTK of finite width: its distance from the limit against 1/sqrt(m), and what computing it costs.

    python benchmarks/empirical_ntk.py [--seeds 32] [--out runs/empirical_ntk.json]

First, E||K_m - K|| / ||K|| over seeds on 50 digits, with the exponent of m fitted for three norms and its 95 % interval
(predicted -1/2). The networks with one hidden layer start from the symmetric initialisation; the others are drawn as
their `Architecture` says. Deviations of deep networks are from K itself, so their O(1/m) bias is part of them; the
column "bias" says how much, as the share of the mean square, and is about 0, of either sign, where there is none.
Beside them, for one hidden layer and bounded derivatives, what `entry_deviation_bound` promises before any draw.

Then, time and memory of the kernel of one network on n digits: robustntk, the explicit Jacobian of JAX contracted with
itself, and neural-tangents' empirical_ntk_fn with its implementations 1 (Jacobian) and 2 (products with vectors),
compiled beforehand, each in a process of its own. Times are the least of `--repeats` calls after a first one; memory
is the growth of the resident set over its size when everything was ready. What would need more than `--limit` GiB for
its Jacobian is left out. All results are compared with those of robustntk in float64; in float32, relu may round to
the other side of its kink, which moves an entry by one neuron's share.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from robustntk.kernels import import_neural_tangents
from robustntk.kernels.architecture import Architecture, fully_connected, paper_network
from robustntk.kernels.finite.empirical_ntk import empirical_ntk
from robustntk.kernels.finite.finite_network import FiniteNetwork
from robustntk.kernels.finite.width_concentration import entry_deviation_bound
from robustntk.kernels.finite.width_deviation import NORMS, Deviations, kernel_deviation, two_layer_deviation
from robustntk.verify.data import load_data

Array = NDArray[Any]
TWO_LAYER_WIDTHS = (64, 256, 1024, 4096, 16384)
DEEP_WIDTHS = (64, 128, 256, 512, 1024, 2048)
DEEP: tuple[Architecture, ...] = (
    fully_connected("relu", 3, trained="all", weight_variance=2),
    fully_connected("erf", 3, trained="all", weight_variance=2, bias_variance="1/10"),
    paper_network(3, 2),
)
ONE_NETWORK = fully_connected("relu", 3, trained="all", weight_variance=2)
SIZES = ((100, 256), (100, 1024), (400, 1024), (1500, 4096))
OURS, JACOBIAN = "robustntk", "jax: Jacobian"
METHODS = (OURS, JACOBIAN, "neural-tangents 1", "neural-tangents 2")


@dataclass(frozen=True)
class Case:
    method: str
    points: int
    width: int
    dtype: str
    repeats: int


@dataclass(frozen=True)
class Cost:
    """Of one case; None where it was left out, and `mebibytes` where the system does not say."""

    seconds: float | None
    mebibytes: float | None
    relative_error: float | None


def digits(points: int) -> Array:
    return load_data("digits", classes=(0, 1), samples=min(points, 300), seed=1, bias=0.5).X


def inputs(points: int) -> Array:
    """Digits, and beyond 300 random points of the sphere, which cost the same."""
    X = digits(points)
    more = np.random.default_rng(0).standard_normal((points - len(X), X.shape[1]))
    return np.concatenate([X, more / np.linalg.norm(more, axis=1, keepdims=True)])


def two_layer(seeds: int) -> dict[str, Deviations]:
    names = ("erf", "relu", "quadratic_relu")
    return {each: two_layer_deviation(each, digits(50), widths=TWO_LAYER_WIDTHS, seeds=range(seeds)) for each in names}


def deep(seeds: int) -> list[Deviations]:
    return [kernel_deviation(each, digits(50), widths=DEEP_WIDTHS, seeds=range(seeds)) for each in DEEP]


def deviation_table(found: Deviations) -> Table:
    table = Table(title=f"E||K_m - K|| / ||K||, {len(found.seeds)} seeds, n = {found.points}: {found.label}")
    table.add_column("m", justify="right")
    for norm in NORMS:
        table.add_column(f"{norm}, +- standard error", justify="right")
        table.add_column("x sqrt(m)", justify="right")
    table.add_column("bias", justify="right")
    for lines in zip(*(found.rows(norm) for norm in NORMS), strict=True):
        cells = [str(lines[0].width)]
        for line in lines:
            cells += [f"{line.mean:.4f} +- {line.standard_error:.4f}", f"{line.times_root_width:.3f}"]
        table.add_row(*cells, f"{lines[0].bias_share:.3f}")
    table.add_section()
    cells = ["slope"]
    for norm in NORMS:
        slope = found.exponent(norm)
        cells += [f"{slope.estimate:.3f} in [{slope.lower:.3f}, {slope.upper:.3f}]", ""]
    table.add_row(*cells, "")
    return table


def promise_table(measurements: dict[str, Deviations]) -> Table:
    table = Table(title="the largest |K_m - K| of any entry and seed, and what is promised for one draw with 99 %")
    for heading in ("activation", "m", "measured", "promised"):
        table.add_column(heading, justify="left" if heading == "activation" else "right")
    for name, found in measurements.items():
        index = NORMS.index("largest entry")
        largest = found.relative[index].max(axis=1) * found.reference_norms[index]
        for width, value in zip(found.widths, largest, strict=True):
            promised = entry_deviation_bound(name, found.points, width, failure="0.01")
            table.add_row(name, str(width), f"{value:.4f}", f"{promised:.4f}", end_section=width == found.widths[-1])
    return table


def jacobian_bytes(points: int, width: int, dtype: str) -> int:
    parameters = inputs(2).shape[1] * width + (ONE_NETWORK.depth - 1) * width**2 + width
    return points * parameters * np.dtype(dtype).itemsize


def peer(method: str, network: FiniteNetwork, X: Array) -> Callable[[], Array]:
    """The compiled function of another package, applied to parameters that are on its device."""
    import jax

    nt = import_neural_tangents()
    layers = []
    for number, width in enumerate((*network.widths, 1)):
        std = (2 * (network.dimension if number == 0 else 1)) ** 0.5
        layers += [nt.stax.Dense(width, W_std=std, b_std=None), nt.stax.Relu()]
    _, apply_fn, _ = nt.stax.serial(*layers[:-1])
    parameters: list[Any] = []
    for weights, _ in network.parameters:
        parameters += [(jax.numpy.asarray(weights.T), None), ()]
    parameters.pop()

    def contracted(parameters: Any, X: Any) -> Any:
        def gradient(x: Any) -> Any:
            return jax.grad(lambda p: apply_fn(p, x[None])[0, 0])(parameters)

        leaves = [leaf.reshape(len(X), -1) for leaf in jax.tree.leaves(jax.vmap(gradient)(X))]
        return sum(leaf @ leaf.T for leaf in leaves)

    if method == JACOBIAN:
        function = contracted
    else:
        theirs = nt.empirical_ntk_fn(apply_fn, vmap_axes=0, implementation=int(method[-1]))

        def function(parameters: Any, X: Any) -> Any:
            return theirs(X, None, parameters)

    points = jax.numpy.asarray(X, network.dtype)
    compiled = jax.jit(function).lower(parameters, points).compile()
    return lambda: np.asarray(jax.block_until_ready(compiled(parameters, points)))


def resident(name: str) -> float | None:
    """VmRSS or VmHWM of this process in MiB."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith(name)), None)


def measured(case: Case) -> tuple[float, float | None, Array]:
    """Seconds, MiB and the kernel; run in a fresh process."""
    dtype = np.dtype(case.dtype)
    network = FiniteNetwork.initialise(ONE_NETWORK, inputs(2).shape[1], case.width, dtype=dtype)
    X = inputs(case.points)
    if case.method == OURS:
        empirical_ntk(network, X[:2])
        return timed(lambda: empirical_ntk(network, X), case.repeats)
    import jax

    with jax.enable_x64(dtype == np.float64):
        return timed(peer(case.method, network, X), case.repeats)


def timed(function: Callable[[], Array], repeats: int) -> tuple[float, float | None, Array]:
    before = resident("VmRSS")
    if before is not None:
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    K = function()
    after = resident("VmHWM")
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return min(times), None if before is None or after is None else after - before, K


def costs(repeats: int, limit: float) -> dict[Case, Cost]:
    found = {}
    for points, width in SIZES:
        reference = None
        for dtype in ("float64", "float32"):
            for method in METHODS:
                case = Case(method, points, width, dtype, repeats)
                if method != OURS and jacobian_bytes(points, width, dtype) > limit * 2**30:
                    found[case] = Cost(None, None, None)
                    continue
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                    seconds, mebibytes, K = process.submit(measured, case).result()
                reference = K if reference is None else reference
                error = float(np.abs(K - reference).max() / np.abs(reference).max())
                found[case] = Cost(seconds, mebibytes, error)
    return found


def cost_table(found: dict[Case, Cost]) -> Table:
    table = Table(title=f"one kernel, d = {inputs(2).shape[1]}: {ONE_NETWORK.label}")
    for heading in ("n", "m", "Jacobian GiB", "dtype", "by", "seconds", "MiB", "x robustntk", "relative error"):
        table.add_column(heading, justify="left" if heading in ("dtype", "by") else "right")
    ours = 1.0
    for case, cost in found.items():
        gibibytes = f"{jacobian_bytes(case.points, case.width, case.dtype) / 2**30:.2f}"
        cells = [str(case.points), str(case.width), gibibytes, case.dtype, case.method]
        if cost.seconds is None:
            table.add_row(*cells, "left out", "", "", "", end_section=case.method == METHODS[-1])
            continue
        ours = cost.seconds if case.method == OURS else ours
        memory = "" if cost.mebibytes is None else f"{cost.mebibytes:.0f}"
        cells += [f"{cost.seconds:.4f}", memory, f"{cost.seconds / ours:.1f}", f"{cost.relative_error:.0e}"]
        table.add_row(*cells, end_section=case.method == METHODS[-1])
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=32, help="at least 3")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--limit", type=float, default=2.0, help="GiB of a Jacobian that may be formed")
    parser.add_argument("--out", type=Path, help="write every number as JSON")
    options = parser.parse_args()
    console = Console(width=150)
    shallow = two_layer(options.seeds)
    measurements = [*shallow.values(), *deep(options.seeds)]
    for each in measurements:
        console.print(deviation_table(each))
    console.print(promise_table({name: shallow[name] for name in ("erf", "relu")}))
    found = costs(options.repeats, options.limit)
    console.print(cost_table(found))
    if options.out is not None:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        timings = [asdict(case) | asdict(cost) for case, cost in found.items()]
        result = {"deviations": [each.to_json() for each in measurements], "costs": timings}
        options.out.write_text(json.dumps(result, indent=1))
        console.print(f"written: {options.out}")


if __name__ == "__main__":
    main()
