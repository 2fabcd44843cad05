"""The proof of E5: robust interpolation shatters floor(n/2) (d + 1) points, and narrow ReLU networks cannot.

Machine-checked: the construction for every d, and done in exact arithmetic for some (`shattering`); all of E5.b but the
number of sign patterns of polynomials, which is cited (`vc_dimension`); the numbers that the calculator returns.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

import sympy
from sympy import Integer, Rational

from ..capacity import necessary_width
from ..enclosure import enclose
from ..engines.finite import Exact
from ..engines.relations import at_most, equal, less
from ..outcome import Outcome
from ..proof import Proof, Step
from ..robust_configuration import Vector, robust_configuration
from ..vc_bounds import (
    CLUSTERS,
    SUM_OF_PARAMETERS,
    VC_LOWER_BOUND,
    VC_LOWER_BOUND_PLAIN,
    VC_UPPER_BOUND,
    VERTICES,
    WEIGHTED_UNITS,
    H,
    d,
    k,
    n,
)
from ..vc_dimension import uniform_upper_bound
from . import shattering, vc_dimension
from .building import by, equals, follows, given, positives
from .logarithms import follows as follows_with_logarithms

_SETS = ((2, 1), (3, 2), (4, 1), (5, 2), (9, 1))
_WIDTHS = ((2, 1, 1), (100, 10, 1), (1000, 50, 2), (60000, 784, 3), (10**30, 10, 5))  # n, d, hidden layers


def counting() -> tuple[Step, ...]:
    """The points of all clusters take all signs: E5.a."""
    half = positives("c")[0]
    parity = given("n = 2 c or n = 2 c + 1", sympy.Or(equal(n, 2 * half), equal(n, 2 * half + 1)))
    bound = VC_LOWER_BOUND.xreplace({CLUSTERS: half})
    return (
        equals("E5.a.vertices", "a cluster has d + 1 points", VERTICES, d + 1),
        by(
            "E5.a",
            "all labellings of floor(n/2) (d + 1) points come from labelled sets of n points more than 2 delta apart",
            Exact(lambda: _all_labellings(VC_LOWER_BOUND)),
            falsified={
                "one cluster more": Exact(lambda: _all_labellings(VC_LOWER_BOUND + VERTICES)),
                "one vertex less": Exact(lambda: _all_labellings(CLUSTERS * (VERTICES - 1))),
                "n/2 rounded up": Exact(lambda: _all_labellings(sympy.ceiling(n / 2) * VERTICES)),
            },
            uses=("E5.a.separation", "E5.a.containment", "E5.a.one sign", "E5.a.clusters", "E5.a.every split"),
        ),
        follows(
            "E5.a.order",
            "floor(n/2) (d + 1) >= n (d + 1)/3: P4 with the constant 1/3",
            at_most(n * (d + 1) / 3, bound),
            parity,
            given("n >= 2, so c >= 1", at_most(1, half)),
            falsified={
                "n (d + 1)/2.9": at_most(n * (d + 1) * Rational(10, 29), bound),
                "for n = 1": [parity, given("c >= 1/3", at_most(Rational(1, 3), half))],
            },
        ),
        equals("E5.plain", "plain interpolation of every n points shatters n points", VC_LOWER_BOUND_PLAIN, n),
    )


def _all_labellings(bound: Any) -> Outcome:
    """All combinations of splits for small n and d: the data are separated, the labels forced are all there are."""
    for samples, dimension in _SETS:
        points = bound.xreplace({n: Integer(samples), d: Integer(dimension)})
        found = set()
        for splits in product(range(2 ** (dimension + 1)), repeat=samples // 2):
            data = robust_configuration(samples, dimension=dimension, radius=1, splits=splits)
            if not all(_squared_distance(*pair) > 4 for pair in combinations(data.points, 2)):
                return Outcome.refuted(splits, f"two of {samples} points in R^{dimension} are not 2 delta apart")
            found.add((data.shattered, _forced(data.points, data.labels, data.shattered)))
        shattered = {vertices for vertices, _ in found}
        if len(shattered) != 1 or len(found) != 2**points or any(None in labels for _, labels in found):
            case = f"n = {samples}, d = {dimension}"
            return Outcome.refuted(case, f"{len(found)} labellings of {len(shattered)} sets, not 2^{points} of one")
    return Outcome.proved(f"all labellings for (n, d) = {', '.join(map(str, _SETS))}")


def _forced(points: tuple[Vector, ...], labels: tuple[int, ...], vertices: tuple[Vector, ...]) -> tuple[Any, ...]:
    """The label of each vertex if the balls that contain it have one label, else None."""
    around = [{a for p, a in zip(points, labels, strict=True) if _squared_distance(v, p) <= 1} for v in vertices]
    return tuple(min(found) if len(found) == 1 else None for found in around)


def _squared_distance(left: Vector, right: Vector) -> Any:
    return sum((a - b) ** 2 for a, b in zip(left, right, strict=True))


def widths() -> tuple[Step, ...]:
    """What the two bounds say together, and the integers that the calculator makes of it."""
    dimension, half = positives("vc c")
    lower = VC_LOWER_BOUND.xreplace({CLUSTERS: half})
    wider = (formula.xreplace({k: k + 1}) for formula in (SUM_OF_PARAMETERS, WEIGHTED_UNITS))
    grows = sympy.And(*(less(f, g) for f, g in zip((SUM_OF_PARAMETERS, WEIGHTED_UNITS), wider, strict=True)))
    below, above = given("E5.a", at_most(lower, dimension)), given("E5.b", at_most(dimension, VC_UPPER_BOUND))
    return (
        follows_with_logarithms(
            "E5",
            "robust interpolation by the network needs floor(n/2) (d + 1) <= L + w log2(4 e S log2(2 e S))",
            at_most(lower, VC_UPPER_BOUND),
            below,
            above,
            falsified={"without E5.b": [below], "without E5.a": [above]},
            uses=("E5.a", "E5.b"),
        ),
        follows(
            "E5.wider",
            "both sums in E5.b grow with the width",
            grows,
            given("H >= 1", at_most(1, H)),
            falsified={"the other way round": less(SUM_OF_PARAMETERS.xreplace({k: k + 1}), SUM_OF_PARAMETERS)},
        ),
        by(
            "E5.calculator",
            "E5.b reaches the target at the width returned, and provably not at the width below it",
            Exact(lambda: _smallest(lambda width: width)),
            falsified={
                "one unit more": Exact(lambda: _smallest(lambda width: width + 1)),
                "one unit less": Exact(lambda: _smallest(lambda width: width - 1)),
            },
            uses=("E5.wider", "E5.b.parameters", "E5.b.units"),
        ),
    )


def _smallest(changed: Callable[[int], int]) -> Outcome:
    for samples, dimension, depth in _WIDTHS:
        values = {n: Integer(samples), d: Integer(dimension)}
        for target in (int(bound.xreplace(values)) for bound in (VC_LOWER_BOUND, VC_LOWER_BOUND_PLAIN)):
            width = changed(necessary_width(target, dimension=dimension, depth=depth))
            case = f"vc = {target}, d = {dimension}, {depth} hidden layers"
            if width < 1 or _bound(width, dimension, depth) < target:
                return Outcome.refuted(case, f"E5.b is still below it at width {width}")
            if width > 1 and not _bound(width - 1, dimension, depth) < target:
                return Outcome.refuted(case, f"E5.b is not below it at width {width - 1}")
    return Outcome.proved(f"{2 * len(_WIDTHS)} widths, each with the one below it, by balls of 512 bits")


def _bound(width: int, dimension: int, depth: int) -> Any:
    return enclose(uniform_upper_bound(width=width, depth=depth, dimension=dimension), 512)


def proof() -> Proof:
    """The proof of E5."""
    steps = (*shattering.steps(), *counting(), *vc_dimension.steps(), *widths())
    return Proof("E5", "capacity: robust interpolation needs VC dimension floor(n/2) (d + 1)", steps)
