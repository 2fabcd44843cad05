"""Near-linearity and gradients of networks near their initialisation: theory E1.a, E1.b, E2.a, E2.b, E10.a, E11.b."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from ....bounds import curvature, gradient, gradient_bound, mean_gradient, operator_ball, tied_pairs, two_layer
from ....bounds.letters import C, L, R, beta, d, gamma, m, rho
from ....kernels import SymmetricInitialisation, numeric
from ..claim import UNIT, Sides, claim
from ..evaluation import at, constant, curvature_lipschitz, slope_lipschitz
from ..network_case import NetworkCase, Remainder
from ..strategies import dimensions, network_cases, require_hypothesis, seeds

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def _curvature(case: NetworkCase) -> float:
    """C of the full network (theory E1.a)."""
    return float(at(curvature.FULL_CURVATURE, {beta: slope_lipschitz(case.sigma), m: case.width}))


def _tied_curvature(case: NetworkCase) -> float:
    """C of tied pairs (theory E2.a), with rho that of W and W'."""
    values = {gamma: curvature_lipschitz(case.sigma), rho: _row_radius(case), m: case.width}
    return float(at(curvature.TIED_CURVATURE, values))


def _row_radius(case: NetworkCase) -> float:
    rows = max(float(np.max(np.linalg.norm(end - case.initial, axis=1))) for end in (case.weights, case.others))
    return rows * float(np.sqrt(case.width)) * (1.0 + 8.0 * (case.dimension + 4) * UNIT)


def _between(case: NetworkCase, bound: float) -> Sides:
    """The remainder of the step from W to W' against a bound; |x| = 1 up to d roundings."""
    found = Remainder.between(case, case.weights, case.others)
    return Sides(found.size, bound, found.rounding + 8.0 * (case.dimension + 4) * UNIT * bound)


@claim(
    "E1.a/direction",
    "|f(W',x) - f(W,x) - <grad f(W,x), W'-W>| <= beta/(2 sqrt(m)) |(W'-W)x|^2",
    network_cases,
)
def along_the_point(case: NetworkCase) -> Sides:
    return _between(case, _curvature(case) * float(np.sum(((case.others - case.weights) @ case.point) ** 2)))


@claim("E1.a", "|f(W',x) - f(W,x) - <grad f(W,x), W'-W>| <= C |W'-W|^2, C = beta/(2 sqrt(m))", network_cases)
def by_distance(case: NetworkCase) -> Sides:
    return _between(case, _curvature(case) * float(np.sum((case.others - case.weights) ** 2)))


@claim("E1.a/ball", "|f(W',x) - f(W,x) - <grad f(W,x), W'-W>| <= 2 beta R^2/sqrt(m) on B(R)", network_cases)
def in_the_ball(case: NetworkCase) -> Sides:
    values = {L: 1.0, beta: slope_lipschitz(case.sigma), R: case.radius, m: case.width}
    return _between(case, float(at(two_layer.NEAR_LINEARITY, values)))


@claim("E1.a/centre", "|f(W,x) - <grad f(W_0,x), W-W_0>| <= C R^2 on B(R)", network_cases)
def about_the_centre(case: NetworkCase) -> Sides:
    found = Remainder.between(case, case.initial, case.others)
    bound = _curvature(case) * case.radius**2
    return Sides(found.size, bound, found.rounding + 8.0 * (case.dimension + 4) * UNIT * bound)


def _gradient(case: NetworkCase, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """grad f by neuron, over its common factor x: the slopes over sqrt(m), and the rounding of their norm."""
    inputs = weights @ case.point
    slopes = case.signs * numeric(case.sigma, 1)(inputs) / np.sqrt(case.width)
    off = (
        slope_lipschitz(case.sigma)
        * (case.dimension + 2)
        * UNIT
        * float(np.linalg.norm(np.abs(weights) @ abs(case.point)))
    )
    rounding = 2.0 * off / np.sqrt(case.width) + (case.width + case.dimension + 16) * UNIT * np.linalg.norm(slopes)
    return slopes, float(2.0 * rounding)


@claim("E1.b", "|grad_W f(W,x)| <= G on B(R)", network_cases)
def gradients(case: NetworkCase) -> Sides:
    slopes, rounding = _gradient(case, case.others)
    bound = gradient_bound(
        case.sigma, width=case.width, radius=Fraction(case.radius), initial_operator_norm=case.operator_norm
    )
    return Sides(float(np.linalg.norm(slopes)), constant(bound), rounding)


@dataclass(frozen=True)
class StartCase:
    """A Gaussian ``W_0`` of m = ``2 pairs`` neurons."""

    pairs: int = 1
    dimension: int = 3
    seed: int = 0

    @cached_property
    def start(self) -> SymmetricInitialisation:
        return SymmetricInitialisation(2 * self.pairs, self.dimension, self.seed)

    @cached_property
    def norm(self) -> float:
        """``|W_0|_op`` by a singular value decomposition, backward stable to `rounding`."""
        return float(np.linalg.norm(self.start.half_weights, 2)) * float(np.sqrt(2.0))

    @property
    def rounding(self) -> float:
        return 32.0 * (self.pairs + self.dimension) * UNIT * self.norm


def start_cases(*, largest_pairs: int = 32) -> SearchStrategy[StartCase]:
    """Small initialisations, and one in four of the largest width."""
    st = require_hypothesis()
    pairs = st.one_of(st.integers(1, 16), st.sampled_from([1, 4, largest_pairs]))
    return st.builds(StartCase, pairs, dimensions(3, 40), seeds())  # type: ignore[no-any-return]


@claim(
    "E1.b/operator norm",
    "|W_0|_op <= sqrt(m) (1 + sqrt(2d/m) + sqrt(2) s/sqrt(m)), with a probability of failure of 1e-15",
    partial(start_cases, largest_pairs=1000),
)
def random_operator_norm(case: StartCase) -> Sides:
    values = {m: 2 * case.pairs, d: case.dimension, gradient.c: 1.0 - 1e-15}
    return Sides(case.norm, float(at(gradient.RANDOM_OPERATOR_NORM, values)), case.rounding)


@claim("E1.b/measured norm", "|W_0|_op <= operator_norm_upper, the measured bound", start_cases)
def measured_operator_norm(case: StartCase) -> Sides:
    return Sides(case.norm, case.start.operator_norm_upper(), case.rounding)


@claim(
    "E2.a",
    "|f(W',x) - f(W,x) - <grad f(W,x), W'-W>| <= C |W'-W|^2 for tied pairs, C = gamma rho/(2m)",
    partial(network_cases, smooth=True, tied=True),
)
def tied_by_distance(case: NetworkCase) -> Sides:
    return _between(case, _tied_curvature(case) * float(np.sum((case.others - case.weights) ** 2)))


@claim(
    "E2/near-linearity",
    "|f(W',x) - f(W,x) - <grad f(W,x), W'-W>| <= 2 gamma rho R^2/m for tied pairs in B(R)",
    partial(network_cases, smooth=True, tied=True),
    slack="antisymmetric moves at the largest distance 2R are antipodal, where the remainder is a third of the bound",
)
def tied_in_the_ball(case: NetworkCase) -> Sides:
    values = {L: 1.0, gamma: curvature_lipschitz(case.sigma), rho: _row_radius(case), R: case.radius, m: case.width}
    return _between(case, float(at(tied_pairs.NEAR_LINEARITY, values)))


@claim(
    "E2.b",
    "|grad_U f| <= sqrt(2) B_1, that is |grad_W f| <= B_1, for tied pairs",
    partial(network_cases, smooth=True, bounded=True, tied=True),
)
def tied_gradients(case: NetworkCase) -> Sides:
    slopes, rounding = _gradient(case, case.others)
    first, second = np.split(slopes, 2)
    bound = gradient_bound(case.sigma, width=case.width, radius=Fraction(case.radius))
    return Sides(float(np.linalg.norm(first - second)) / np.sqrt(2.0), constant(bound), rounding)


def _stretch(case: NetworkCase) -> float:
    """R_op: the larger operator norm of the two moves, rounded up."""
    norms = [float(np.linalg.norm(end - case.initial, 2)) for end in (case.weights, case.others)]
    return max(norms) * (1.0 + 16.0 * (case.width + case.dimension) * UNIT)


@claim("E10.a", "|f(W',x) - f(W,x) - <grad f(W,x), W'-W>| <= C (2 R_op)^2, C = beta/(2 sqrt(m))", network_cases)
def in_the_operator_ball(case: NetworkCase) -> Sides:
    values = {L: 1.0, C: _curvature(case), operator_ball.R_op: _stretch(case)}
    return _between(case, float(at(operator_ball.LINEARIZATION, values)))


@claim(
    "E10.a/tied",
    "|f(W',x) - f(W,x) - <grad f(W,x), W'-W>| <= C (2 R_op)^2 for tied pairs, C = gamma rho/(2m)",
    partial(network_cases, smooth=True, tied=True),
    slack="as for E2/near-linearity: a third of the bound is the most",
)
def tied_in_the_operator_ball(case: NetworkCase) -> Sides:
    values = {L: 1.0, C: _tied_curvature(case), operator_ball.R_op: _stretch(case)}
    return _between(case, float(at(operator_ball.LINEARIZATION, values)))


@claim("E11.b", "|grad f(W,x) - grad f(W_0,x)| <= beta R/sqrt(m) on B(R)", network_cases)
def drift_of_gradients(case: NetworkCase) -> Sides:
    (before, first), (after, second) = (_gradient(case, weights) for weights in (case.initial, case.others))
    values = {beta: slope_lipschitz(case.sigma), R: case.radius, m: case.width}
    bound = float(at(mean_gradient.DRIFT, values))
    return Sides(float(np.linalg.norm(after - before)), bound, first + second + 8.0 * case.dimension * UNIT * bound)


CLAIMS = (
    along_the_point,
    by_distance,
    in_the_ball,
    about_the_centre,
    gradients,
    random_operator_norm,
    measured_operator_norm,
    tied_by_distance,
    tied_in_the_ball,
    tied_gradients,
    in_the_operator_ball,
    tied_in_the_operator_ball,
    drift_of_gradients,
)
