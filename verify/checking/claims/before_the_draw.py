"""The lemmas behind theory E4.d: means, squares of normals, nets, and what changes between two points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from ....bounds import concentration, existence
from ....kernels import numeric
from ..claim import UNIT, Sides, claim
from ..data_case import DataCase
from ..evaluation import at, slope_bound, slope_lipschitz
from ..network_case import NetworkCase
from ..strategies import data_cases, network_cases, require_hypothesis

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class TwoPointCase:
    """A variable that is ``largest`` with probability ``share`` and ``other`` else, and the tilt lambda of Chernoff."""

    largest: float = 1.0
    other: float = -1.0
    share: float = 0.5
    tilt: float = 0.1

    @cached_property
    def moments(self) -> tuple[float, float]:
        """The mean and the mean of the square."""
        other = min(self.other, self.largest)
        weights, values = np.array([self.share, 1.0 - self.share]), np.array([self.largest, other])
        return float(weights @ values), float(weights @ values**2)


def two_point_cases() -> SearchStrategy[TwoPointCase]:
    """Two-point variables, with tilts that Bernstein's inequality admits."""
    st = require_hypothesis()
    return st.builds(  # type: ignore[no-any-return]
        TwoPointCase,
        largest=st.one_of(st.sampled_from([1.0, 0.5]), st.floats(0.1, 3.0)),
        other=st.one_of(st.sampled_from([-1.0, 0.0]), st.floats(-3.0, 0.1)),
        share=st.one_of(st.sampled_from([0.5, 0.1]), st.floats(0.01, 0.99)),
        tilt=st.one_of(st.sampled_from([0.1, 0.5]), st.floats(0.05, 0.95)),
    )


@claim(
    "E4.d/bernstein",
    "log E exp(lambda (X - EX)) <= lambda^2 v/(2 (1 - lambda M/3)) for X <= M, EX^2 <= v",
    two_point_cases,
)
def bernstein(case: TwoPointCase) -> Sides:
    mean, square = case.moments
    values = {concentration.lam: case.tilt, concentration.v: square, concentration.M: case.largest}
    other = min(case.other, case.largest)
    grown = case.share * math.exp(case.tilt * case.largest) + (1.0 - case.share) * math.exp(case.tilt * other)
    return Sides(
        math.log(grown) - case.tilt * mean, float(at(concentration.BERNSTEIN_CUMULANT, values)), 64.0 * UNIT * grown
    )


@dataclass(frozen=True)
class LevelCase:
    """N squares of normals, and a failure probability ``exp(-rate N)``."""

    count: int = 1
    rate: float = 1.0


def level_cases() -> SearchStrategy[LevelCase]:
    """Few and many squares, rare and common failures."""
    st = require_hypothesis()
    return st.builds(LevelCase, st.integers(1, 10**6), st.one_of(st.sampled_from([1.0, 0.01]), st.floats(1e-3, 50.0)))  # type: ignore[no-any-return]


@claim(
    "E4.d/chi square",
    "the tail (x exp(1-x))^(N/2) is exp(-Lambda) at most at x = 1 + 2 sqrt(Lambda/N) + 2 Lambda/N",
    level_cases,
)
def chi_square(case: LevelCase) -> Sides:
    values = {concentration.N: 1.0, concentration.Lambda: case.rate}
    level = float(at(concentration.CHI_SQUARE_LEVEL, values))
    rate = -math.log(float(at(concentration.CHI_SQUARE_TAIL, {concentration.x: level, concentration.N: 1.0})))
    return Sides(case.count * case.rate, case.count * rate, 64.0 * UNIT * case.count * (1.0 + level))


@claim(
    "E4.d/two points",
    "|sigma'(w'x) x - sigma'(w'x') x'|^2 <= beta^2 (w'p)^2 + B_1^2 |p|^2, p = x - x'",
    partial(network_cases, bounded=True),
)
def two_points(case: NetworkCase) -> Sides:
    rng = np.random.default_rng([case.seed, 21])
    others = np.concatenate([case.cap.sample(case.point[None], 4, rng, part=part)[:, 0] for part in ("rim", "cap")])
    slope = numeric(case.sigma, 1)
    here, there = slope(case.rows @ case.point), slope(case.rows @ others.T)
    change = here[:, None, None] * case.point - there[:, :, None] * others
    p = case.point - others
    bound = slope_lipschitz(case.sigma) ** 2 * (case.rows @ p.T) ** 2
    bound = bound + slope_bound(case.sigma) ** 2 * np.sum(p**2, axis=1)
    scale = slope_bound(case.sigma) + slope_lipschitz(case.sigma) * (1.0 + np.max(np.abs(case.rows)))
    rounding = 64.0 * case.dimension * UNIT * scale * np.sqrt(bound + UNIT)
    return Sides(
        np.sum(change**2, axis=2).ravel(),
        bound.ravel(),
        (rounding + (64.0 * case.dimension * UNIT * scale) ** 2).ravel(),
    )


@dataclass(frozen=True)
class SpreadCase:
    """``|v(w)|`` is 1 where the normal ``|w'u|`` exceeds ``level``, else 0; and the order q."""

    level: float = 0.0
    order: int = 1


def spread_cases() -> SearchStrategy[SpreadCase]:
    """Levels and orders."""
    st = require_hypothesis()
    return st.builds(SpreadCase, st.one_of(st.just(0.0), st.floats(0.0, 6.0)), st.integers(1, 8))  # type: ignore[no-any-return]


@claim(
    "E4.d/spread", "E |v|^2 (w'u)^2 <= S = F^(2-2/q) V^(2/q) ((2q-1)!!)^(1/q), F^2 = E |v|^2, V = sup |v|", spread_cases
)
def spread(case: SpreadCase) -> Sides:
    beyond = math.erfc(case.level / math.sqrt(2.0))
    density = math.exp(-(case.level**2) / 2.0) / math.sqrt(2.0 * math.pi)
    formula = existence.SPREAD.xreplace({existence.q: case.order})
    bound = float(at(formula.doit(), {existence.F: math.sqrt(beyond), existence.V: 1.0}))
    return Sides(2.0 * case.level * density + beyond, bound, 64.0 * UNIT * (1.0 + case.level))


@claim(
    "E4.d/net",
    "|x - x'| <= |t - t'|/cos(theta) for two points of a cap with tangential parts t, t'",
    partial(data_cases, largest_angle=1.2),
)
def net(case: DataCase) -> Sides:
    rng = np.random.default_rng([case.seed, 22])
    cap, centre = case.cap, case.X[:1]
    points = cap.sample(centre, 12, rng, part="rim")[:, 0]
    inner = np.asarray(cap.move(points, np.broadcast_to(centre, points.shape), 1e-3))
    direction = centre[0, :-1] / cap.radius
    pairs = [(points, inner), (points, np.roll(points, 1, axis=0)), (points, np.broadcast_to(centre, points.shape))]
    found, apart = [], []
    for first, second in pairs:
        difference = first - second
        found.append(np.linalg.norm(difference, axis=1))
        tangential = difference[:, :-1] - np.outer(difference[:, :-1] @ direction, direction)
        apart.append(np.linalg.norm(tangential, axis=1))
    values = {existence.delta: cap.delta, existence.b: case.bias}
    steepness = float(at(existence.TANGENT_RADIUS, values)) / (cap.radius * math.sin(cap.angle))
    return Sides(
        np.concatenate(found), steepness * np.concatenate(apart), 64.0 * case.dimension * UNIT * (1.0 + steepness) ** 2
    )


CLAIMS = (bernstein, chi_square, two_points, spread, net)
