"""References that share no code with the kernels: quadrature and closed forms in mpmath at 50 digits."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

Function = Callable[[mpf], mpf]


@pytest.fixture(autouse=True)
def fifty_digits() -> Iterator[None]:
    with mp.workdps(50):
        yield


def normal_density(z: mpf) -> mpf:
    return mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)


SLOPES: dict[str, Function] = {
    "relu": lambda z: mpf(z > 0),
    "quadratic_relu": lambda z: 2 * max(z, mpf(0)),
    "erf": lambda z: 2 / mp.sqrt(mp.pi) * mp.exp(-z * z),
    "tanh": lambda z: mp.sech(z) ** 2,
    "softplus": lambda z: 1 / (1 + mp.exp(-z)),
    "sigmoid": lambda z: mp.exp(-z) / (1 + mp.exp(-z)) ** 2,
    "gelu": lambda z: mp.ncdf(z) + z * normal_density(z),
    "sin": mp.cos,
    "sin_cos": lambda z: mp.cos(z) - mp.sin(z),
}


def smooth(name: str, scale: int, u: float) -> mpf:
    """kappa(u) by the trapezoidal rule in the plane, where it converges exponentially (to about 1e-20 here)."""
    step = mpf(1) / 6 / scale
    nodes = [step * j for j in range(-int(10 * 6 * scale), int(10 * 6 * scale) + 1)]
    slope = SLOPES[name]
    weights = [step * normal_density(node) for node in nodes]
    values = [scale * slope(scale * node) for node in nodes]
    if abs(u) == 1:
        other = values if u > 0 else values[::-1]
        return u * mp.fsum(w * v * o for w, v, o in zip(weights, values, other, strict=True))
    cosine, sine = mpf(u), mp.sqrt(1 - mpf(u) ** 2)
    total = mpf(0)
    for x, w, v in zip(nodes, weights, values, strict=True):
        inner = mp.fsum(
            wy * slope(scale * (cosine * x + sine * y)) for y, wy in zip(nodes, weights, strict=True) if w * wy > 1e-24
        )
        total += w * v * scale * inner
    return cosine * total


def homogeneous(name: str, scale: int, u: mpf, angle: mpf) -> mpf:
    """kappa for sigma' that is homogeneous of degree k, from polar coordinates of the plane of the two arguments."""
    degree, power = {"relu": (0, 2), "quadratic_relu": (1, 4)}[name]
    radial = mp.quad(lambda r: r ** (2 * degree + 1) * mp.exp(-r * r / 2), [0, 1, 3, 10, 20])
    # With t measured from the far end of the half circle nothing cancels for angles near pi.
    supplement = mp.pi - angle
    around = mp.quad(lambda t: (mp.sin(t) * mp.sin(supplement - t)) ** degree, [0, supplement])
    return mpf(scale) ** power * (1 + degree) ** 2 * u * radial * around / (2 * mp.pi)


def closed(name: str, scale: int, u: mpf) -> mpf:
    """kappa(u) in closed form, for the activations that have a simple one."""
    s = mpf(scale)
    if name == "erf":
        return 4 * s**2 / mp.pi * u / mp.sqrt((1 + 2 * s**2) ** 2 - 4 * s**4 * u**2)
    if name == "sin":
        return s**2 * mp.exp(-(s**2)) * u * mp.cosh(s**2 * u)
    if name == "sin_cos":
        return s**2 * u * mp.exp(s**2 * (u - 1))
    if name == "relu":
        return s**2 * u * (mp.pi - mp.acos(u)) / (2 * mp.pi)
    return s**4 * 2 / mp.pi * u * (mp.sqrt(1 - u * u) + (mp.pi - mp.acos(u)) * u)


def of_vectors(name: str, x: np.ndarray, z: np.ndarray) -> mpf:
    """kappa of the angle between two vectors, from their exact entries."""
    left, right = ([mpf(float(entry)) for entry in vector] for vector in (x, z))
    product = mp.fsum(a * b for a, b in zip(left, right, strict=True))
    return closed(name, 1, product / mp.sqrt(mp.fdot(left, left) * mp.fdot(right, right)))


def along_circle(name: str, theta: mpf, bias: float) -> mpf:
    """kappa~(theta) for the activations with a simple closed form."""
    square = mpf(bias) ** 2
    u = (1 - square) * mp.cos(theta) + square
    return closed(name, 1, u)


def relative_error(value: float, exact: mpf) -> float:
    return float(abs((mpf(float(value)) - exact) / exact)) if exact else float(abs(value))


def separated(distance: float, *, antipodal: bool = False, dimension: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors at that distance, the second one negated if antipodal."""
    rng = np.random.default_rng(5)
    x, direction = np.linalg.qr(rng.standard_normal((dimension, 2)))[0].T
    angle = 2 * np.arcsin(distance / 2)
    z = np.cos(angle) * x + np.sin(angle) * direction
    z /= np.linalg.norm(z)
    return x / np.linalg.norm(x), -z if antipodal else z


@pytest.fixture(scope="session")
def reference() -> SimpleNamespace:
    return SimpleNamespace(
        slopes=SLOPES,
        smooth=smooth,
        homogeneous=homogeneous,
        closed=closed,
        of_vectors=of_vectors,
        along_circle=along_circle,
        relative_error=relative_error,
        separated=separated,
        mp=mpmath.mp,
    )


@pytest.fixture(scope="session")
def deep_reference() -> ModuleType:
    """`benchmarks/reference_kernels.py`: deep kernels to 60 digits."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "reference_kernels.py"
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    specification.loader.exec_module(module)
    return module
