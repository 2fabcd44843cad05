"""How many digits of the kernel are right for points at a distance r: ours and neural-tangents', against 50 digits.

Run `python benchmarks/kernel_accuracy.py`; it takes less than a minute. Relative errors, for x and z at distance r and
for x and -z; "nan" is neural-tangents' own. All in float64; the reference is kappa at the exact angle between the very
vectors that are given, in mpmath.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from mpmath import mp, mpf
from rich.console import Console
from rich.table import Table

from robustntk.bounds import get_activation
from robustntk.kernels import dual_kernel, gram, hermite_series, neural_tangents_first_layer_kernel

DISTANCES = (1.0, 1e-2, 1e-4, 1e-8, 0.0)
WITH_A_PEER = ("relu", "quadratic_relu", "erf", "sin", "sin_cos", "gelu")
WITHOUT = ("tanh", "softplus", "sigmoid")
Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]


def exact_kappa(name: str, u: mpf) -> mpf:
    """Closed forms, or for what has none Mehler's series with coefficients from quadrature."""
    if name == "relu":
        return u * (mp.pi - mp.acos(u)) / (2 * mp.pi)
    if name == "quadratic_relu":
        return 2 / mp.pi * u * (mp.sqrt(1 - u * u) + (mp.pi - mp.acos(u)) * u)
    if name == "erf":
        return 4 / mp.pi * u / mp.sqrt(9 - 4 * u * u)
    if name == "sin":
        return u / mp.e * mp.cosh(u)
    if name == "sin_cos":
        return u * mp.exp(u - 1)
    if name == "gelu":
        D = 4 - u * u
        return u / (2 * mp.pi) * (mp.acos(-u / 2) + u / mp.sqrt(D) + u / mp.sqrt(D) ** 3)
    return u * by_quadrature(name, u)


def by_quadrature(name: str, u: mpf) -> mpf:
    """E[sigma'(a) sigma'(b)] by the trapezoidal rule along both half diagonals, a +- b, which are independent."""
    slope = {
        "tanh": lambda z: mp.sech(z) ** 2,
        "softplus": lambda z: 1 / (1 + mp.exp(-z)),
        "sigmoid": lambda z: mp.sech(z / 2) ** 2 / 4,
    }[name]
    step = mpf(1) / 5
    nodes = [(step * j, step * mp.npdf(step * j)) for j in range(-48, 49)]
    plus, minus = mp.sqrt((1 + u) / 2), mp.sqrt((1 - u) / 2)
    return mp.fsum(
        v * w * slope(plus * x + minus * y) * slope(plus * x - minus * y)
        for x, v in nodes
        for y, w in nodes
        if v * w > 1e-21
    )


def points(distance: float) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors in 20 dimensions at that distance."""
    x, direction = np.linalg.qr(np.random.default_rng(0).standard_normal((20, 2)))[0].T
    angle = 2 * np.arcsin(distance / 2)
    z = np.cos(angle) * x + np.sin(angle) * direction
    return (x / np.linalg.norm(x))[None], (z / np.linalg.norm(z))[None] if distance else (x / np.linalg.norm(x))[None]


def exact_cosine(x: np.ndarray, z: np.ndarray) -> mpf:
    left, right = ([mpf(float(entry)) for entry in vector.ravel()] for vector in (x, z))
    return mp.fdot(left, right) / mp.sqrt(mp.fdot(left, left) * mp.fdot(right, right))


def error(kernel: Kernel, name: str, x: np.ndarray, z: np.ndarray) -> str:
    exact = exact_kappa(name, exact_cosine(x, z))
    value = float(kernel(x, z)[0, 0])
    if np.isnan(value):
        return "nan"
    relative = abs((mpf(value) - exact) / exact) if abs(exact) > 1e-40 else abs(mpf(value))
    return f"{float(relative):.0e}"


def table(title: str, names: tuple[str, ...], *, antipodal: bool = False) -> Table:
    result = Table(title=title)
    result.add_column("activation")
    result.add_column("by")
    for distance in DISTANCES:
        result.add_column(f"r = {distance:g}", justify="right")
    for name in names:
        kernels: dict[str, Kernel] = {"robustntk": partial(gram, dual_kernel(name))}
        if name in WITH_A_PEER:
            kernels["neural-tangents"] = neural_tangents_first_layer_kernel(name)
        for label, kernel in kernels.items():
            pairs = (points(distance) for distance in DISTANCES)
            cells = [error(kernel, name, x, -z if antipodal else z) for x, z in pairs]
            result.add_row(name, label, *cells, end_section=label != "robustntk")
    return result


def main() -> None:
    mp.dps = 50
    console = Console(width=100)
    console.print(table("relative error of K(x, z), |x - z| = r", WITH_A_PEER))
    console.print(table("relative error of K(x, -z), |x - z| = r", WITH_A_PEER, antipodal=True))
    console.print(table("Hermite series: relative error of K(x, z), |x - z| = r", WITHOUT))
    for name in WITHOUT:
        series = hermite_series(get_activation(name))
        console.print(f"{name}: {len(series)} coefficients, proved tail of kappa {series.tails[0]:.1e}")


if __name__ == "__main__":
    main()
