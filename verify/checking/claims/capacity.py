"""The capacity bounds: theory E5.a, E5.b and the necessary width."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ....bounds import necessary_width_robust, vc_bounds
from ....bounds.capacity import vc_lower_bound
from ....bounds.shattering import Construction
from ....bounds.vc_dimension import uniform_upper_bound
from ..claim import UNIT, Sides, claim
from ..evaluation import at, constant
from ..strategies import require_hypothesis

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class SplitCase:
    """A cluster of ``dimension + 1`` points of which the last ``opposite`` have the other sign than the first."""

    dimension: int = 1
    opposite: int = 1

    @property
    def split(self) -> int:
        """The integer whose bits are the signs."""
        return ((1 << min(self.opposite, self.dimension)) - 1) << (
            self.dimension + 1 - min(self.opposite, self.dimension)
        )


def split_cases() -> SearchStrategy[SplitCase]:
    """Clusters of all dimensions up to 60, and all proportions of signs."""
    st = require_hypothesis()
    return st.builds(SplitCase, st.integers(1, 60), st.integers(0, 60))  # type: ignore[no-any-return]


@claim("E5.a/reach", "every vertex is closer than delta to the centre of its class", split_cases)
def reach(case: SplitCase) -> Sides:
    return Sides(1.0 - float(Construction(dimension=case.dimension).margins(case.split).clearance), 1.0)


@claim("E5.a/separation", "the two centres are more than 2 delta apart", split_cases)
def separation(case: SplitCase) -> Sides:
    return Sides(4.0, 4.0 + float(Construction(dimension=case.dimension).margins(case.split).separation))


@claim("E5.a/gap", "centres of neighbouring clusters are more than 2 delta apart, whatever their splits", split_cases)
def gap(case: SplitCase) -> Sides:
    return Sides(2.0, 2.0 + float(Construction(dimension=case.dimension).gap()))


@dataclass(frozen=True)
class GrowthCase:
    """L layers, w the sum of all parameters, and S the weighted number of units (theory E5.b)."""

    layers: int = 1
    parameters: int = 1
    units: int = 3


def growth_cases() -> SearchStrategy[GrowthCase]:
    """Small and large networks."""
    st = require_hypothesis()
    return st.builds(GrowthCase, st.integers(1, 8), st.integers(1, 10**6), st.integers(3, 10**6))  # type: ignore[no-any-return]


@claim("E5.b/solution", "2^m <= 2^L (2 e m S/w)^w implies m <= L + w log_2(4 e S log_2(2 e S))", growth_cases)
def solution(case: GrowthCase) -> Sides:
    w, layers = max(case.parameters, case.layers), case.layers
    r = 2.0 * math.e * case.units
    m = 4.0 * w * math.log2(r)  # beyond the solution: the growth is concave in m, so the iteration falls towards it
    for _ in range(200):
        m = layers + w * math.log2(r * m / w)
    values = {vc_bounds.L: layers, vc_bounds.w: w, vc_bounds.S: case.units}
    return Sides(m, float(at(vc_bounds.VC_UPPER_BOUND, values)), 1024.0 * UNIT * m)


@dataclass(frozen=True)
class CapacityCase:
    """n points of R^d and networks of H hidden layers."""

    samples: int = 100
    dimension: int = 10
    depth: int = 1


def capacity_cases() -> SearchStrategy[CapacityCase]:
    """Small and large data sets."""
    st = require_hypothesis()
    return st.builds(CapacityCase, st.integers(2, 10**6), st.integers(1, 1000), st.integers(1, 3))  # type: ignore[no-any-return]


@claim("E5", "at one unit less than the necessary width the VC dimension is less than floor(n/2)(d+1)", capacity_cases)
def necessary(case: CapacityCase) -> Sides:
    width = necessary_width_robust(case.samples, dimension=case.dimension, depth=case.depth)
    if width < 2:
        return Sides(0.0, 0.0)
    upper = uniform_upper_bound(width=width - 1, depth=case.depth, dimension=case.dimension)
    return Sides(constant(upper), float(vc_lower_bound(case.samples, case.dimension)), 0.0)


@claim("E5/least", "at the necessary width the upper bound of the VC dimension reaches floor(n/2)(d+1)", capacity_cases)
def not_excluded(case: CapacityCase) -> Sides:
    width = necessary_width_robust(case.samples, dimension=case.dimension, depth=case.depth)
    upper = uniform_upper_bound(width=width, depth=case.depth, dimension=case.dimension)
    return Sides(float(vc_lower_bound(case.samples, case.dimension)), constant(upper), 0.0)


CLAIMS = (reach, separation, gap, solution, necessary, not_excluded)
