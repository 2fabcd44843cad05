r"""E5.a, constructive: two data points whose robust interpolation gives d + 1 points any signs.

The d + 1 points 0, s e_1, ..., s e_d (a cluster) are split by their signs. Let J, of size K, be the coordinates whose
vertex has the sign opposite to that of 0. The hyperplane sum_J x_j = s/2 separates the two classes and is at distance
s/(2 sqrt K) from every vertex. Two balls of radius delta on either side of it, with centres (s/(2K) - tau) 1_J and
(s/(2K) + tau) 1_J, are disjoint if 4 K tau^2 > 4 delta^2, and contain the vertices of their class if

    K tau^2 - s tau + s^2 (1 + 1/(4K)) <= delta^2,

that is, at tau = delta/sqrt(K), if the sagitta s^2 (1 + 1/(4K)) is at most delta s/sqrt(K). With s = delta/(d + 1)
there is room for a rational tau: the least multiple of delta/GRID beyond delta/sqrt(K). A function that is positive on
one ball and negative on the other gives all d + 1 vertices their signs. Clusters stand SPACING apart along the first
axis, so that the centres of all of them may be chosen independently.

Everything is scaled by delta and is done in integers over a common denominator: no rounding, no tolerance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import isqrt

import sympy

from .errors import InvalidInput
from .exact import whole_number
from .prose import integer_text
from .vc_bounds import BYSTANDER, FAR, GRID, NEAR, SIZE, SPACING, K, d, delta, s, tau

LARGEST_DIMENSION = 10**6


@dataclass(frozen=True)
class Centres:
    """The two centres of a split, in units of delta/denominator: their coordinates on J, and the vertices' size.

    Without J the second centre only has to keep out of the way: it lies on the first axis.
    """

    denominator: int
    size: int
    near: int
    far: int

    def coordinates(self, opposite: Sequence[bool]) -> tuple[list[int], list[int]]:
        """Both centres, the one around the vertex 0 first; `opposite` says which coordinates are in J."""
        near = [self.near if other else 0 for other in opposite]
        if any(opposite):
            return near, [self.far if other else 0 for other in opposite]
        return near, [self.far, *near[1:]]


@dataclass(frozen=True)
class SplitMargins:
    """By how much one split succeeds, in units of delta^2; both have to be positive.

    `clearance` is 1 less the largest squared distance of a vertex from the centre of its class, `separation` the
    squared distance of the centres less 4.
    """

    clearance: Fraction
    separation: Fraction

    @property
    def holds(self) -> bool:
        return all(margin > 0 for margin in (self.clearance, self.separation))


@dataclass(frozen=True, kw_only=True)
class Construction:
    """The construction in R^dimension. Its choices are formulas; other ones are for showing that they matter.

    `excess` is how many steps of the grid tau lies beyond the last one that is at most delta/sqrt(K). A split is an
    integer whose bit j is set where the vertex j is to be positive. Raises InvalidInput for a dimension out of range.
    """

    dimension: int
    size: sympy.Expr = SIZE
    grid: sympy.Expr = GRID
    bystander: sympy.Expr = BYSTANDER
    spacing: sympy.Expr = SPACING
    excess: int = 1

    def __post_init__(self) -> None:
        if whole_number(self.dimension, name="dimension") > LARGEST_DIMENSION:
            raise InvalidInput(f"dimension is {self.dimension}: expected at most {LARGEST_DIMENSION}")

    def in_units_of_delta(self, formula: sympy.Expr) -> Fraction:
        """A formula in d and delta, in this dimension and at delta = 1."""
        return fraction(formula.xreplace({d: sympy.Integer(self.dimension), delta: sympy.Integer(1)}))

    def centres(self, count: int) -> Centres:
        """The centres for a set J of `count` coordinates."""
        if count not in self._known:
            self._known[count] = self._centres(count)
        return self._known[count]

    @cached_property
    def _known(self) -> dict[int, Centres]:
        return {}

    @cached_property
    def _scales(self) -> tuple[Fraction, int]:
        """The size of the simplex in units of delta, and how many steps of the grid make delta."""
        grid = rational(self.in_units_of_delta(self.grid))
        return self.in_units_of_delta(self.size), whole_number(grid, name="grid")

    def _centres(self, count: int) -> Centres:
        size, grid = self._scales
        if count == 0:
            bystander = self.in_units_of_delta(self.bystander) * size.denominator
            return Centres(size.denominator, size.numerator, 0, int(bystander))
        offset = Fraction(isqrt(grid**2 // count) + self.excess, grid)
        values = {s: rational(size), K: sympy.Integer(count), tau: rational(offset)}
        denominator = 2 * count * size.denominator * grid
        near, far = (fraction(formula.xreplace(values)) * denominator for formula in (NEAR, FAR))
        return Centres(denominator, int(size * denominator), int(near), int(far))

    def opposite(self, split: int) -> list[bool]:
        """Which of the coordinates 1..d belong to a vertex of the sign opposite to that of the vertex 0."""
        first, *rest = signs(split, self.dimension)
        return [sign != first for sign in rest]

    def split_centres(self, split: int) -> tuple[Centres, list[int], list[int]]:
        """The scale and both centres of a split, the one around the vertex 0 first."""
        opposite = self.opposite(split)
        at = self.centres(sum(opposite))
        return at, *at.coordinates(opposite)

    def margins(self, split: int) -> SplitMargins:
        """What a split leaves, from all distances: that of s e_j from c is |c|^2 - 2 s c_j + s^2, squared."""
        at, near, far = self.split_centres(split)
        from_near, from_far = _squared(near), _squared(far)
        reach = from_near
        for other, left, right in zip(self.opposite(split), near, far, strict=True):
            norm, coordinate = (from_far, right) if other else (from_near, left)
            reach = max(reach, norm - 2 * at.size * coordinate + at.size**2)
        apart = _squared(right - left for left, right in zip(near, far, strict=True))
        unit = at.denominator**2
        return SplitMargins(Fraction(unit - reach, unit), Fraction(apart - 4 * unit, unit))

    def first_coordinates(self, split: int) -> tuple[Fraction, Fraction]:
        """Those of both centres of a split, in units of delta."""
        at, near, far = self.split_centres(split)
        return Fraction(near[0], at.denominator), Fraction(far[0], at.denominator)

    def gap(self) -> Fraction:
        """Distance between centres of neighbouring clusters less 2 delta, in units of delta, whatever their splits.

        The first coordinate of a centre is 0 or one of NEAR, FAR and BYSTANDER, so their range tells.
        """
        found = [self.centres(count) for count in range(self.dimension + 1)]
        ends = [Fraction(0), *(Fraction(end, at.denominator) for at in found for end in (at.near, at.far))]
        return self.in_units_of_delta(self.spacing) - (max(ends) - min(ends)) - 2


def at_least_two(samples: int) -> int:
    """`samples` as an int; InvalidInput for fewer than two: a single point shatters nothing."""
    number = whole_number(samples, name="samples")
    if number < 2:
        raise InvalidInput(f"samples is {samples}: expected at least 2")
    return number


def signs(split: int, dimension: int) -> tuple[int, ...]:
    """The signs, 1 or -1, of the vertices 0..d; InvalidInput for an integer that is no split."""
    bits = f"{split:0{dimension + 1}b}"
    if split < 0 or len(bits) > dimension + 1:
        raise InvalidInput(f"split is {integer_text(split)}: expected from 0 to 2^{dimension + 1} - 1")
    return tuple(1 if bit == "1" else -1 for bit in reversed(bits))


def fraction(value: sympy.Expr) -> Fraction:
    """A rational SymPy constant as a Fraction; InvalidInput for any other."""
    if not value.is_Rational:
        raise InvalidInput(f"{value} is not rational: the construction is exact")
    return Fraction(int(value.p), int(value.q))


def rational(value: Fraction) -> sympy.Rational:
    """A Fraction as a SymPy constant."""
    return sympy.Rational(value.numerator, value.denominator)


def _squared(vector: Iterable[int]) -> int:
    return sum(coordinate * coordinate for coordinate in vector)
