"""Checking E5.a's construction in exact arithmetic: every split of a cluster, or a sample; and a whole data set."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import sympy

from .errors import InvalidInput
from .exact import lower_float, nearest_float, whole_number
from .prose import integer_text
from .shattering import Construction, at_least_two, fraction, rational, signs

EXHAUSTIVE_DIMENSION = 12
SAMPLED_SPLITS = 1000
LARGEST_WORK = 10**7
LARGEST_ARRANGEMENT = 10**5


@dataclass(frozen=True)
class ShatteringReport:
    """What became of the splits of one cluster, and of the room between clusters.

    `failed` counts the splits whose margins are not all positive, `failure` is the first of them. The margins are the
    smallest ones found, in units of delta^2; `gap` and `size`, the distance s of the vertices from 0, are in units of
    delta.
    """

    dimension: int
    size: Fraction
    checked: int
    failed: int
    exhaustive: bool
    clearance: Fraction
    separation: Fraction
    gap: Fraction
    failure: int | None

    @property
    def holds(self) -> bool:
        """Every split that was checked succeeds, and clusters keep out of each other's way."""
        return self.checked > 0 and self.failed == 0 and self.gap > 0

    def to_json(self, radius: sympy.Expr) -> dict[str, Any]:
        """The report in the unit in which `radius`, a rational constant, is delta; margins are rounded down."""
        unit = fraction(radius)
        chosen = {"delta": unit, "size": self.size * unit}
        margins = {
            "clearance": self.clearance * unit**2,
            "separation": self.separation * unit**2,
            "cluster_gap": self.gap * unit,
        }
        failure = None if self.failure is None else list(signs(self.failure, self.dimension))
        return {
            "splits_checked": self.checked,
            "splits_failed": self.failed,
            "splits_exhaustive": self.exhaustive,
            "first_failure": failure,
            **{name: nearest_float(rational(value)) for name, value in chosen.items()},
            **{name: lower_float(rational(value)) for name, value in margins.items()},
            "exact": {name: str(value) for name, value in {**chosen, **margins}.items()},
        }


def check_shattering(
    dimension: int, *, splits: int | None = None, seed: int = 0, construction: Construction | None = None
) -> ShatteringReport:
    """Check the construction for every split of a cluster, or for `splits` random ones.

    All 2^(dimension + 1) splits are tried up to dimension 12, and wherever `splits` is as large as that. Raises
    InvalidInput for a dimension, a number of splits or a seed that is out of range, and for more work than is sensible.
    """
    chosen = construction or Construction(dimension=dimension)
    count = _number_of_splits(dimension, splits)
    exhaustive = count.bit_length() == dimension + 2
    tried = range(count) if exhaustive else random_splits(dimension, count, seed=seed)
    return _report(chosen, tried, exhaustive=exhaustive)


def _report(construction: Construction, splits: Iterable[int], *, exhaustive: bool) -> ShatteringReport:
    found = [(split, construction.margins(split)) for split in splits]
    failed = [split for split, margins in found if not margins.holds]
    return ShatteringReport(
        dimension=construction.dimension,
        size=construction.in_units_of_delta(construction.size),
        checked=len(found),
        failed=len(failed),
        exhaustive=exhaustive,
        clearance=min(margins.clearance for _, margins in found),
        separation=min(margins.separation for _, margins in found),
        gap=construction.gap(),
        failure=failed[0] if failed else None,
    )


@dataclass(frozen=True)
class ArrangementReport:
    """What became of one data set: `points` of it were checked, each against all others and against its own vertices.

    `failed` counts the clusters with a margin that is not positive. `gap` is the least distance between neighbouring
    clusters less 2 delta, by first coordinates, in units of delta.
    """

    samples: int
    points: int
    failed: int
    gap: Fraction

    @property
    def holds(self) -> bool:
        return self.points > 0 and self.failed == 0 and self.gap > 0


def check_arrangement(samples: int, dimension: int, *, seed: int = 0) -> ArrangementReport:
    """Check a data set of `samples` points, one random split per cluster; of a large one its first clusters.

    Clusters stand in the order of their first coordinates, so a gap between neighbours separates each from all others.
    Raises InvalidInput for fewer than two samples and for a dimension or a seed out of range.
    """
    construction = Construction(dimension=dimension)
    clusters = at_least_two(samples) // 2
    tried = min(clusters, max(1, LARGEST_ARRANGEMENT // (dimension + 1)))
    splits = list(random_splits(dimension, tried, seed=seed))
    points = samples if tried == clusters else 2 * tried
    failed = sum(not construction.margins(split).holds for split in splits)
    return ArrangementReport(samples, points, failed, _least_gap(construction, splits, alone=points > 2 * tried))


def _least_gap(construction: Construction, splits: Iterable[int], *, alone: bool) -> Fraction:
    spacing = construction.in_units_of_delta(construction.spacing)
    spans = [construction.first_coordinates(split) for split in splits]
    if alone:
        spans.append((Fraction(0), Fraction(0)))
    return min((spacing + min(right) - max(left) - 2 for left, right in pairwise(spans)), default=spacing - 2)


def random_splits(dimension: int, count: int, *, seed: int) -> Iterator[int]:
    """`count` random splits, the same for the same seed; InvalidInput for a seed below 0.

    The number of vertices of each sign is drawn first: splits of all proportions are as likely.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InvalidInput(f"seed is {seed!r}: expected an integer that is at least 0")
    generator = random.Random(seed)
    return (_random_split(dimension, generator) for _ in range(count))


def _random_split(dimension: int, generator: random.Random) -> int:
    positive = generator.randint(0, dimension + 1)
    bits = ["0"] * (dimension + 1)
    for vertex in generator.sample(range(dimension + 1), positive):
        bits[vertex] = "1"
    return int("".join(bits), 2)


def _number_of_splits(dimension: int, splits: int | None) -> int:
    """How many splits to try: as many as asked for, but never more than there are."""
    vertices = dimension + 1
    if splits is None:
        wanted = 2**vertices if dimension <= EXHAUSTIVE_DIMENSION else SAMPLED_SPLITS
    else:
        wanted = whole_number(splits, name="splits")
    count = min(wanted, 2**vertices) if vertices <= wanted.bit_length() else wanted
    if count * vertices > LARGEST_WORK:
        raise InvalidInput(
            f"splits is {integer_text(count)} in dimension {dimension}: expected at most {LARGEST_WORK // vertices}, "
            f"which is {LARGEST_WORK} distances"
        )
    return count
