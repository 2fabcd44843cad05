"""E5.a's data sets, point by point: what a robust interpolant of 2 floor(n/2) labelled points also has to label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .errors import InvalidInput
from .exact import Number, positive
from .shattering import Construction, at_least_two, fraction, signs

Vector = tuple[Fraction, ...]


@dataclass(frozen=True)
class Configuration:
    """Data points more than 2 delta apart with labels, and the points to which their balls give the `targets`."""

    points: tuple[Vector, ...]
    labels: tuple[int, ...]
    shattered: tuple[Vector, ...]
    targets: tuple[int, ...]


def robust_configuration(samples: int, *, dimension: int, radius: Number, splits: Sequence[int]) -> Configuration:
    """The data set of `samples` points for one split per cluster, and the floor(n/2) (d + 1) points it labels.

    `radius` is delta, and the unit of all coordinates, which are exact. A last point without a partner stands where
    the next cluster would, with label 1. Raises InvalidInput for fewer than two samples, a dimension or radius out of
    range, and a number of splits that is not floor(samples/2).
    """
    chosen = Construction(dimension=dimension)
    unit = fraction(positive(radius, name="radius"))
    clusters = at_least_two(samples) // 2
    if len(splits) != clusters:
        raise InvalidInput(f"splits has {len(splits)} entries: expected one for each of {clusters} clusters")
    parts = [_cluster(chosen, split) for split in splits] + [_lone_point(chosen)] * (samples % 2)
    spacing = chosen.in_units_of_delta(chosen.spacing)
    placed = [_placed(part, index * spacing, unit) for index, part in enumerate(parts)]
    return Configuration(
        points=tuple(point for part in placed for point in part.points),
        labels=tuple(label for part in placed for label in part.labels),
        shattered=tuple(point for part in placed for point in part.shattered),
        targets=tuple(target for part in placed for target in part.targets),
    )


def _cluster(construction: Construction, split: int) -> Configuration:
    at, *centres = construction.split_centres(split)
    targets = signs(split, construction.dimension)
    return Configuration(
        points=tuple(tuple(Fraction(x, at.denominator) for x in centre) for centre in centres),
        labels=(targets[0], -targets[0]),
        shattered=tuple(_simplex(construction)),
        targets=targets,
    )


def _lone_point(construction: Construction) -> Configuration:
    return Configuration(((Fraction(0),) * construction.dimension,), (1,), (), ())


def _simplex(construction: Construction) -> Iterator[Vector]:
    size = construction.in_units_of_delta(construction.size)
    for vertex in range(-1, construction.dimension):
        yield tuple(size if axis == vertex else Fraction(0) for axis in range(construction.dimension))


def _placed(part: Configuration, shift: Fraction, unit: Fraction) -> Configuration:
    def moved(vectors: tuple[Vector, ...]) -> tuple[Vector, ...]:
        return tuple(((first + shift) * unit, *(x * unit for x in rest)) for first, *rest in vectors)

    return Configuration(moved(part.points), part.labels, moved(part.shattered), part.targets)
