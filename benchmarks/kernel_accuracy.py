"""How many digits of the kernel are right for points at a distance r: ours and neural-tangents', against 60 digits.

Run `python benchmarks/kernel_accuracy.py` (about two minutes). Each entry is the largest relative error over 20 pairs
of unit vectors in 20 dimensions; "nan" is neural-tangents' own. The reference is computed in mpmath from the very
vectors that are given (`reference_kernels`). Depth 1: the first layer is trained; depth 3 and 5: all layers are. Ours
in float64, then in float32; theirs in float64. The last table is for x and -z, where kernels of rectified powers
vanish.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import reference_kernels
from mpmath import mp, mpf
from rich.console import Console
from rich.table import Table

from robustntk.kernels import (
    Architecture,
    deep_kernel,
    fully_connected,
    gram,
    gram_error_bound,
    import_neural_tangents,
    neural_tangents_first_layer_kernel,
)

DIMENSION, PAIRS = 20, 20
DISTANCES = (None, 1e-1, 1e-4, 1e-8, 1e-10, 1e-12, 0.0)
ACTIVATIONS = ("relu", "quadratic_relu", "erf", "gelu", "sin", "sin_cos")
# What theirs has under other names; quadratic_relu of depth 5 reaches 1e29 and is left at one variance.
STAX = {"relu": "Relu", "erf": "Erf", "gelu": "Gelu", "sin": "Sin"}
Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]


def network(name: str, depth: int) -> Architecture:
    if depth == 1:
        return fully_connected(name)
    return fully_connected(name, depth, trained="all", weight_variance=[1, *[2] * depth] if name == "relu" else 1)


def pairs(distance: float | None, *, opposite: bool = False) -> list[tuple[np.ndarray, np.ndarray]]:
    """Unit vectors at that distance; independent ones for None."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(PAIRS):
        x, other = (row / np.linalg.norm(row) for row in rng.standard_normal((2, DIMENSION)))
        z = other if distance is None else x + distance * other
        z = x.copy() if distance == 0 else z / np.linalg.norm(z)
        found.append((x[None], -z[None] if opposite else z[None]))
    return found


def neural_tangents(name: str, depth: int) -> Kernel | None:
    if depth == 1:
        return neural_tangents_first_layer_kernel(name)
    if name not in STAX:
        return None
    import jax

    stax = import_neural_tangents().stax
    layer, std = getattr(stax, STAX[name]), 2**0.5 if name == "relu" else 1.0
    hidden = [each for _ in range(depth) for each in (layer(), stax.Dense(1, W_std=std, b_std=None))]
    _, _, kernel_fn = stax.serial(stax.Dense(1, W_std=DIMENSION**0.5, b_std=None), *hidden)

    def kernel(X: np.ndarray, Z: np.ndarray) -> np.ndarray:
        with jax.enable_x64(True):
            return np.asarray(kernel_fn(jax.numpy.asarray(X), jax.numpy.asarray(Z), "ntk"))

    return kernel


def worst(kernel: Kernel, exact: list[mpf], given: list[tuple[np.ndarray, np.ndarray]]) -> str:
    """The largest relative error of the pairs, as entries of a matrix of 400 rows, computed as large ones are."""
    rows, columns = (np.concatenate([pair[side] for pair in given] * (400 // PAIRS)) for side in (0, 1))
    values = np.diag(kernel(rows, columns))[:PAIRS]
    with mp.workdps(60):
        errors = [abs((mpf(float(value)) - e) / e) for value, e in zip(values, exact, strict=True)]
    return "nan" if any(mp.isnan(error) for error in errors) else f"{float(max(errors)):.0e}"


def table(depth: int, *, opposite: bool = False) -> Table:
    sign = "-" if opposite else ""
    result = Table(title=f"depth {depth}: relative error of K(x, {sign}z), |x - z| = r")
    for header in ("activation", "by"):
        result.add_column(header)
    distances = DISTANCES[:-1] if opposite else DISTANCES
    for distance in distances:
        result.add_column("random" if distance is None else f"{distance:g}", justify="right")
    if not opposite:
        result.add_column("proved bound", justify="right")
    for name in ACTIVATIONS:
        architecture = network(name, depth)
        ours = deep_kernel(architecture)
        given = [pairs(distance, opposite=opposite) for distance in distances]
        exact = [[reference_kernels.kernel(architecture, x[0], z[0]) for x, z in each] for each in given]
        rows: dict[str, tuple[Kernel | None, float | None]] = {
            "robustntk float64": (lambda X, Z, k=ours: gram(k, X, Z), gram_error_bound(ours, DIMENSION)),
            "robustntk float32": (
                lambda X, Z, k=ours: gram(k, X, Z, dtype=np.float32),
                gram_error_bound(ours, DIMENSION, dtype=np.float32),
            ),
            "neural-tangents": (neural_tangents(name, depth), None),
        }
        for label, (kernel, bound) in rows.items():
            if kernel is None:
                continue
            cells = [worst(kernel, e, g) for e, g in zip(exact, given, strict=True)]
            last = [] if opposite else ["" if bound is None else f"{bound:.0e}"]
            result.add_row(name, label, *cells, *last, end_section=label == "neural-tangents")
    return result


def main() -> None:
    console = Console(width=140)
    for depth in (1, 3, 5):
        console.print(table(depth))
    console.print(table(1, opposite=True))


if __name__ == "__main__":
    main()
