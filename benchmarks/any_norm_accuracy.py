"""How many digits of deep kernels are right for points of any norm, against 60 digits, by activation and depth.

Run `python benchmarks/any_norm_accuracy.py`; it takes a minute or two, nearly all of it for the reference. Every cell
is the largest relative error over dimensions 2 to 784 (norms 0.5 to 2, and 0 to 28 for unrelated points), over networks
with all, the hidden, the first or the last layers trained, with and without biases. Errors of values below 1e-290 do
not count.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import reference_kernels
from mpmath import mp, mpf
from rich.console import Console
from rich.table import Table

from robustntk.kernels.any_norm.matrix import ntk_matrix
from robustntk.kernels.architecture import Architecture, fully_connected

CLOSED = ("relu", "quadratic_relu", "erf", "gelu", "sin", "sin_cos")
SERIES = ("tanh", "softplus", "sigmoid")
DEPTHS = (1, 3, 5)
DISTANCES = (1.0, 1e-2, 1e-4, 1e-8, 1e-10, 1e-12)
Families = dict[str, list[np.ndarray]]


def points(seed: int, dimension: int) -> tuple[np.ndarray, Families]:
    """A vector and others, by kind."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(dimension)
    x *= rng.uniform(0.5, 2) / np.linalg.norm(x)
    across = rng.standard_normal(dimension)
    across -= across @ x / (x @ x) * x
    across *= np.linalg.norm(x) / np.linalg.norm(across)
    return x, {
        "r >= 1e-4": [x + r * across for r in DISTANCES[:3]],
        "r <= 1e-8": [x + r * across for r in DISTANCES[3:]],
        "equal, collinear": [x, 2 * x, 0.5 * (x + 1e-10 * across), (1 + 1e-9) * x],
        "opposite": [-x, *(-(x + r * across) for r in (1e-4, 1e-8, 1e-10))],
        "unrelated": [rng.standard_normal(dimension) * factor for factor in (0.3, 1.0, 1e-5, 0.0)],
    }


def networks(name: str, depth: int) -> Iterator[Architecture]:
    yield fully_connected(name, depth, trained="all", bias_variance="1/10")
    yield fully_connected(name, depth, trained="readout")
    if name in CLOSED:
        yield fully_connected(name, depth, trained="all")
        yield fully_connected(name, depth, trained="hidden", weight_variance=2)
        yield fully_connected(name, depth, trained="first", bias_variance="1/3", weight_variance=2)


def errors(architecture: Architecture, x: np.ndarray, others: list[np.ndarray]) -> Iterator[float]:
    values = ntk_matrix(architecture, x[None], np.array(others))[0].tolist()
    for value, z in zip(values, others, strict=True):
        exact = reference_kernels.kernel(architecture, x, z)
        with mp.workdps(60):
            if abs(exact) > mpf(10) ** -290:
                yield float(abs(mpf(value) - exact) / abs(exact))
            elif value != 0 and not exact:
                yield np.inf


def row(name: str, depth: int) -> list[str]:
    worst: dict[str, float] = {}
    for seed, dimension in enumerate((2, 4, 20, 784, 7, 7) if name in CLOSED else (3,)):
        x, families = points(seed, dimension)
        for family, others in families.items():
            kept = others if name in CLOSED else others[:2]
            found = (error for network in networks(name, depth) for error in errors(network, x, kept))
            worst[family] = max([worst.get(family, 0.0), *found])
    return [f"{error:.0e}" for error in worst.values()]


def main() -> None:
    console = Console(width=120)
    result = Table(title="largest relative error of K(x, z) at points of any norm; r is |x - z| / |x|")
    for header in ("activation", "depth", *points(0, 2)[1]):
        result.add_column(header)
    for name in (*CLOSED, *SERIES):
        for depth in DEPTHS:
            result.add_row(name, str(depth), *row(name, depth), end_section=depth == DEPTHS[-1])
    console.print(result)


if __name__ == "__main__":
    main()
