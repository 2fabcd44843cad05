"""The kernel and its certificates: theory E4.b, E4.c, E4.e and E4.f."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ....bounds import get_activation
from ....kernels import (
    SymmetricInitialisation,
    dual_kernel,
    empirical_gram,
    entry_deviation_bound,
    gram,
    gram_error_bound,
    kappa_enclosure,
)
from ...certificates.cap_model import CapGeometry, QuadraticModel, minimum_over_cap
from ...certificates.kernel import certify_kernel
from ...certificates.trust_region import minimum_over_ball
from ...planning.dual_program import dual_lower_bound, solve_dual
from ..claim import UNIT, Sides, claim
from ..data_case import DataCase, FunctionCase
from ..strategies import activation_names, data_cases, function_cases, require_hypothesis, seeds

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_SMOOTH_AT_ONE = tuple(name for name in activation_names())


def _drop(order: int, case: FunctionCase) -> Sides:
    """How far s f falls on the cap, at points and by the certificate of that order alone."""
    function, cap = case.predictor, case.data.cap
    bound = float(certify_kernel(function, case.centre, case.signs, cap, orders=(order,)).lower[0])
    values = case.sign * function.predict(case.points)
    value = float(case.sign * function.predict(case.centre)[0])
    size = float(np.sum(np.abs(function.coefficients))) * case.kernel.at_one
    terms = len(function.coefficients) + 4.0 * case.data.dimension
    # 2e-13 is the relative error of kappa that the certificates suppose; a kernel's slope moves it with its argument.
    slope = float(case.kernel.first(np.float64(1.0 - 1e-9)))
    rounding = (4e-13 + 8.0 * terms * UNIT * (1.0 + slope / case.kernel.at_one)) * size
    return Sides(value - float(np.min(values)), value - bound, rounding)


def _orders(order: int) -> Any:
    largest = 1.5
    return partial(function_cases, largest_angle=largest)


order_zero = claim("E4.c/order 0", "f(x) - min f <= what |f|_H and f(x) allow on the cap", _orders(0))(
    partial(_drop, 0)
)
order_one = claim("E4.c/order 1", "f(x) - min f <= what value, gradient and norm allow on the cap", _orders(1))(
    partial(_drop, 1)
)
order_two = claim("E4.c/order 2", "f(x) - min f <= what touching quadratics allow on the cap", _orders(2))(
    partial(_drop, 2)
)


@dataclass(frozen=True)
class CosineCase:
    """A kernel and three cosines ``l <= u <= h`` with a tangency point v; ``gap`` is 1 - h."""

    activation: str = "erf"
    scale: str = "1"
    low: float = 0.0
    high: float = 1.0
    place: float = 0.5
    touch: float = 0.5

    @property
    def ends(self) -> tuple[float, float]:
        return min(self.low, self.high), max(self.low, self.high)

    @cached_property
    def points(self) -> tuple[float, float]:
        """u and v."""
        low, high = self.ends
        return tuple(low + share * (high - low) for share in (self.place, self.touch))  # type: ignore[return-value]


def cosine_cases(*, least: float = 0.0) -> SearchStrategy[CosineCase]:
    """Ranges of cosines from ``least`` on, and points in them."""
    st = require_hypothesis()
    cosines = st.one_of(st.sampled_from([0.5, 1.0, 0.0, 0.999]), st.floats(least, 1.0))
    shares = st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(0.0, 1.0))
    return st.builds(  # type: ignore[no-any-return]
        CosineCase, st.sampled_from(activation_names()), st.sampled_from(["1", "2"]), cosines, cosines, shares, shares
    )


@claim("E4.c/second derivative", "kappa'' on [l, h] lies within second_bounds", partial(cosine_cases, least=-0.999))
def range_of_second(case: CosineCase) -> Sides:
    kernel = dual_kernel(get_activation(case.activation, case.scale))
    low, high = case.ends
    high = min(high, 0.999999)
    low = min(low, high)
    below, above = kernel.second_bounds(np.array([low]), np.array([high]))
    found = kernel.second(np.linspace(low, high, 17))
    shift = float(below[0])
    # Both ends as one inequality each, counted from the lower end so that right sides are not negative.
    scale = float(np.max(np.abs(found))) + abs(shift) + float(above[0])
    width = float(above[0]) - shift
    return Sides([float(np.max(found)) - shift, float(above[0] - np.min(found))], [width, width], 2e-12 * scale)


@claim(
    "E4.c/taylor quotient",
    "(kappa(u) - kappa(v) - kappa'(v)(u - v))/(u - v)^2 does not decrease in u >= 0",
    cosine_cases,
)
def taylor_quotients(case: CosineCase) -> Sides:
    kernel = dual_kernel(get_activation(case.activation, case.scale))
    low, high = case.ends
    v = min(case.points[1], 0.999)
    ends = np.array([low, high])
    step = ends - v
    if np.min(np.abs(step)) < 0.05:
        return Sides(0.0, 0.0)
    slope = float(kernel.first(np.float64(v)))
    quotients = (kernel.value(ends) - kernel.value(np.float64(v)) - slope * step) / step**2
    rounding = 8e-13 * (kernel.at_one + abs(slope)) / float(np.min(step**2))
    return Sides(quotients[0], quotients[1], rounding)


@dataclass(frozen=True)
class QuadraticCase:
    """A quadratic ``g.t + t'At/2`` over a ball or a cap: gradient of length ``slope``, eigenvalues about ``bend``."""

    size: int = 2
    slope: float = 1.0
    bend: float = 1.0
    spread: float = 0.0
    angle: float = 0.1
    radius: float = 1.0
    seed: int = 0

    @cached_property
    def parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The gradient, the matrix and a unit vector."""
        rng = np.random.default_rng([self.seed, 17])
        gradient, direction = rng.standard_normal((2, self.size))
        drawn = rng.standard_normal((self.size, self.size))
        matrix = self.bend * np.eye(self.size) + self.spread * (drawn + drawn.T) / 2.0
        return self.slope * gradient / np.linalg.norm(gradient), matrix, direction / np.linalg.norm(direction)


def quadratic_cases() -> SearchStrategy[QuadraticCase]:
    """Convex, concave and indefinite quadratics, the hard case of the trust region (no slope) among them."""
    st = require_hypothesis()
    numbers = st.one_of(st.sampled_from([1.0, -1.0, 0.0]), st.floats(-3.0, 3.0))
    return st.builds(  # type: ignore[no-any-return]
        QuadraticCase,
        size=st.integers(2, 6),
        slope=st.one_of(st.sampled_from([1.0, 0.0, 1e-8]), st.floats(1e-6, 3.0)),
        bend=numbers,
        spread=numbers,
        angle=st.one_of(st.sampled_from([0.1, 1e-3]), st.floats(1e-3, 1.5)),
        radius=st.sampled_from([1.0, 0.5, 0.866]),
        seed=seeds(),
    )


def _values(model: tuple[np.ndarray, np.ndarray], points: np.ndarray) -> np.ndarray:
    gradient, matrix = model
    return np.asarray(points @ gradient + 0.5 * np.sum((points @ matrix) * points, axis=1))


def _directions(vectors: np.ndarray) -> np.ndarray:
    """Unit vectors; those that are zero or nearly so are left out."""
    lengths = np.linalg.norm(vectors, axis=1)
    kept = lengths > 1e-9
    return np.asarray(vectors[kept] / lengths[kept, None])


@claim("E4.c/ball", "-min over |t| <= rho of g't + t'At/2 is at most what the dual gives", quadratic_cases)
def over_a_ball(case: QuadraticCase) -> Sides:
    gradient, matrix, _ = case.parts
    found = minimum_over_ball(0.0, gradient, matrix, case.radius)
    rng = np.random.default_rng([case.seed, 18])
    rim = case.radius * _directions(np.concatenate([found.minimizer[None], rng.standard_normal((24, case.size))]))
    inside = found.minimizer[None] / max(1.0, float(np.linalg.norm(found.minimizer)) / case.radius)
    points = np.concatenate([rim, inside, np.zeros((1, case.size)), 0.5 * rim])
    scale = case.radius * float(np.linalg.norm(gradient)) + case.radius**2 * float(np.linalg.norm(matrix))
    return Sides(-float(np.min(_values((gradient, matrix), points))), -found.lower, 64.0 * case.size * UNIT * scale)


@claim("E4.c/cap", "-min of a quadratic in x' - x over a cap is at most what minimum_over_cap gives", quadratic_cases)
def over_a_cap(case: QuadraticCase) -> Sides:
    gradient, matrix, direction = case.parts
    geometry = CapGeometry(case.radius, case.angle)
    lower, step = minimum_over_cap(QuadraticModel(0.0, gradient, matrix, 0.0), direction, geometry)
    rng = np.random.default_rng([case.seed, 19])
    tangents = np.concatenate([step[None], -gradient[None], rng.standard_normal((24, case.size))])
    tangents = _directions(tangents - np.outer(tangents @ direction, direction))
    tangents = _directions(tangents - np.outer(tangents @ direction, direction))
    angles = case.angle * np.linspace(0.0, 1.0, 9)[:, None, None]
    points = case.radius * (np.sin(angles) * tangents + (np.cos(angles) - 1.0) * direction)
    values = _values((gradient, matrix), points.reshape(-1, case.size))
    scale = case.radius * float(np.linalg.norm(gradient)) + case.radius**2 * float(np.linalg.norm(matrix))
    return Sides(-float(np.min(values)), -lower, 256.0 * case.size * UNIT * scale)


@dataclass(frozen=True)
class DualityCase:
    """Points with labels, a kernel, and multipliers ``l >= 0``: the best ones, or random ones."""

    activation: str = "erf"
    data: DataCase = DataCase()
    best: bool = True

    @cached_property
    def gram(self) -> np.ndarray:
        return np.asarray(gram(dual_kernel(self.activation), self.data.X))


def duality_cases() -> SearchStrategy[DualityCase]:
    """Interpolation problems whose points keep apart."""
    st = require_hypothesis()
    data = data_cases(samples=(1, 5), arrangements=("random", "circle"))
    return st.builds(DualityCase, st.sampled_from(activation_names()), data, st.booleans())  # type: ignore[no-any-return]


@claim("E4.b", "b'l/sqrt(l'Ml) <= |f|_H for every l >= 0 and every f with y_i f(x_i) >= 1", duality_cases)
def weak_duality(case: DualityCase) -> Sides:
    y, count = case.data.y, case.data.samples
    signed = np.outer(y, y) * case.gram
    if np.linalg.eigvalsh(signed)[0] < 1e-6 * np.max(np.diag(signed)):
        return Sides(0.0, 0.0)
    multipliers = (
        solve_dual(signed, np.ones(count)) if case.best else np.random.default_rng(case.data.seed).random(count)
    )
    lower = dual_lower_bound(signed, multipliers, np.ones(count))
    interpolant = np.linalg.solve(signed, np.ones(count))
    optimum = solve_dual(signed, np.ones(count))
    norms = []
    for coefficients in (interpolant, optimum):
        margin = float(np.min(signed @ coefficients))
        norms.append(float(np.sqrt(coefficients @ signed @ coefficients)) / margin if margin > 1e-3 else np.inf)
    upper = min(norms)
    condition = float(np.max(np.diag(signed)) / np.linalg.eigvalsh(signed)[0])
    return Sides(lower, upper, 64.0 * count * UNIT * condition * upper)


@dataclass(frozen=True)
class EntryCase:
    """Two points of the sphere a chord apart, and the Gram matrix of them."""

    activation: str = "erf"
    data: DataCase = DataCase(arrangement="crowded")


def entry_cases() -> SearchStrategy[EntryCase]:
    """Pairs of points, from random ones to nearly equal ones."""
    st = require_hypothesis()
    data = data_cases(samples=(2, 2), dimension=(3, 40))
    return st.builds(EntryCase, st.sampled_from(activation_names()), data)  # type: ignore[no-any-return]


@lru_cache(maxsize=512)
def _entry_error(bound: Callable[..., float], activation: str, dimension: int) -> float:
    """The bound is an argument, so that another one is not answered by what is remembered of this one."""
    return bound(dual_kernel(activation), dimension)


@claim(
    "E4.e",
    "every entry of a Gram matrix is within gram_error_bound K(x,x) of the kernel of the exact directions",
    entry_cases,
    slack="a worst case over all roundings: errors seen are far smaller",
)
def entries(case: EntryCase) -> Sides:
    kernel = dual_kernel(case.activation)
    found = float(gram(kernel, case.data.X)[0, 1])
    exact = kappa_enclosure(case.activation, _exact_cosine(case.data.X))
    if not exact.is_finite():
        return Sides(0.0, 0.0)
    off = float(abs(exact - found).upper())
    return Sides(off, _entry_error(gram_error_bound, case.activation, case.data.dimension) * kernel.at_one)


def _exact_cosine(rows: np.ndarray) -> Any:
    """The cosine of the angle between two rows of floats, as a ball."""
    from flint import arb, ctx

    with ctx.workprec(256):
        first, second = ([arb(float(entry)) for entry in row] for row in rows)
        product = sum((left * right for left, right in zip(first, second, strict=True)), arb(0))
        norms = [sum((entry * entry for entry in row), arb(0)) for row in (first, second)]
        cosine = product / (norms[0] * norms[1]).sqrt()
        return cosine.min(arb(1)).max(arb(-1))


@dataclass(frozen=True)
class DeviationCase:
    """A drawn network and points, for the deviation of K_m from K."""

    activation: str = "erf"
    pairs: int = 8
    data: DataCase = DataCase()
    seed: int = 0


def deviation_cases() -> SearchStrategy[DeviationCase]:
    """Networks of small and large widths."""
    st = require_hypothesis()
    names = st.sampled_from(activation_names(bounded=True))
    return st.builds(DeviationCase, names, st.sampled_from([8, 1, 64, 512]), data_cases(), seeds())  # type: ignore[no-any-return]


@claim(
    "E4.f",
    "|K_m(x_i,x_j) - K(x_i,x_j)| <= t |<x_i,x_j>|, t = 2 B_1^2 sqrt(log(n(n+1)/eta)/m), eta = 1e-15",
    deviation_cases,
    slack="it holds with probability 1 - eta, and Hoeffding's inequality is an equality for signs only",
)
def finite_width_kernel(case: DeviationCase) -> Sides:
    X, start = case.data.X, SymmetricInitialisation(2 * case.pairs, case.data.dimension, case.seed)
    deviation = np.abs(empirical_gram(start, case.activation, X) - gram(dual_kernel(case.activation), X))
    bound = entry_deviation_bound(case.activation, len(X), start.width, failure="1e-15")
    products = np.abs(X @ X.T)
    return Sides(
        deviation.ravel(), (bound * products).ravel(), 16.0 * (start.width + 64) * UNIT * products.ravel() + 1e-12
    )


CLAIMS = (
    weak_duality,
    order_zero,
    order_one,
    order_two,
    range_of_second,
    taylor_quotients,
    over_a_ball,
    over_a_cap,
    entries,
    finite_width_kernel,
)
