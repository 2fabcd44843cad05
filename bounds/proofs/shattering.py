"""E5.a: two data points give d + 1 points any signs, for every d; and clusters of them do not meet.

Machine-checked: every distance, by algebra, and every inequality, for real K in [1, d] and real delta > 0. All vectors
are multiples of 1_J, the indicator of K coordinates, and of unit vectors, so squared distances are sums over K equal
terms and one other.
"""

from __future__ import annotations

import sympy
from sympy import And, Rational, Sum, sqrt

from ..engines.finite import Exact
from ..engines.relations import at_most, equal, less
from ..outcome import Outcome
from ..proof import Step
from ..shattering import Construction
from ..shattering_check import check_shattering
from ..vc_bounds import (
    BYSTANDER,
    FAR,
    GRID,
    LARGEST_SIZE,
    MARGIN,
    NEAR,
    REACH,
    SEPARATION,
    SIZE,
    SPACING,
    K,
    d,
    delta,
    s,
    tau,
)
from .building import by, defined, equals, follows, given, positives, reals

x = sympy.Symbol("x", real=True)
floor_of_root = sympy.Symbol("f", nonnegative=True)
grid = positives("g")[0]

SPLIT = given("1 <= K <= d", And(at_most(1, K), at_most(K, d)))
TANGENTIAL = delta / sqrt(K)
AT_SIZE = {s: SIZE}
DIMENSIONS = (1, 2, 3, 5, 8)


def distances() -> tuple[Step, ...]:
    """Squared distances of vertices from centres, and those between the centres."""
    term, count = sympy.Symbol("j", integer=True), sympy.Symbol("K", integer=True, positive=True)
    others = Sum(x**2, (term, 2, count))
    return (
        equals(
            "E5.a.coordinates",
            "|s e_j - x 1_J|^2 = s^2 - 2 s x + K x^2 for j in J",
            (s - x) ** 2 + others,
            s**2 - 2 * s * x + count * x**2,
        ),
        equals("E5.a.outside", "|s e_j - NEAR 1_J|^2 = REACH for j outside J", s**2 + K * NEAR**2, REACH),
        equals("E5.a.origin", "|0 - NEAR 1_J|^2 = REACH - s^2", K * NEAR**2, REACH - s**2),
        equals(
            "E5.a.inside",
            "|s e_j - FAR 1_J|^2 = REACH - s^2/K for j in J",
            s**2 - 2 * s * FAR + K * FAR**2,
            REACH - s**2 / K,
            uses=("E5.a.coordinates",),
        ),
        equals("E5.a.centres", "|FAR 1_J - NEAR 1_J|^2 = SEPARATION", K * (FAR - NEAR) ** 2, SEPARATION),
    )


def sagitta() -> tuple[Step, ...]:
    """The picture: a hyperplane with a margin, and balls flat enough for it."""
    largest = given("s < LARGEST_SIZE", less(s, LARGEST_SIZE))
    larger = given("s < 1.01 LARGEST_SIZE", less(s, Rational(101, 100) * LARGEST_SIZE))
    at_plane = REACH.xreplace({tau: TANGENTIAL})
    return (
        equals(
            "E5.a.foot", "the plane sum_J x_j = s/2 meets the line of the centres midway", K * (NEAR + FAR) / 2, s / 2
        ),
        equals("E5.a.margin inside", "s e_j is s/(2 sqrt K) beyond it for j in J", (s - s / 2) / sqrt(K), MARGIN),
        equals("E5.a.margin outside", "0 and the other s e_j are as far on this side", (s / 2 - 0) / sqrt(K), MARGIN),
        equals(
            "E5.a.sagitta",
            "at tau = delta/sqrt(K): REACH = delta^2 + s^2 (1 + 1/(4K)) - 2 delta MARGIN",
            at_plane,
            delta**2 + s**2 * (1 + 1 / (4 * K)) - 2 * delta * MARGIN,
        ),
        follows(
            "E5.a.largest size",
            "which is below delta^2 for s < 4 sqrt(K) delta/(4 K + 1)",
            less(at_plane, delta**2),
            largest,
            falsified={
                "a size one per cent larger": [larger],
                "by one per cent of delta^2": less(at_plane, Rational(99, 100) * delta**2),
            },
        ),
        equals("E5.a.largest size exactly", "and is delta^2 there", at_plane.xreplace({s: LARGEST_SIZE}), delta**2),
        equals("E5.a.size", "the simplex has the size delta/(d + 1)", SIZE * (d + 1), delta),
        follows(
            "E5.a.small enough",
            "delta/(d + 1) is smaller for every K <= d",
            less(SIZE, LARGEST_SIZE),
            SPLIT,
            falsified={
                "twice the size": less(2 * SIZE, LARGEST_SIZE),
                "without K <= d": [given("1 <= K", at_most(1, K))],
            },
        ),
    )


def offset(steps: sympy.Expr = grid) -> Step:
    """tau = (f + 1) delta/g with f = floor(g/sqrt K) lies beyond delta/sqrt(K) by at most one step of the grid."""
    chosen = (floor_of_root + 1) * delta / steps
    last = chosen - delta / steps
    rounding = defined(
        "f = floor(g/sqrt(K))",
        And(at_most(K * floor_of_root**2, steps**2), less(steps**2, K * (floor_of_root + 1) ** 2)),
    )
    return follows(
        "E5.a.offset",
        "delta/sqrt(K) < tau <= delta/sqrt(K) + delta/g",
        And(less(TANGENTIAL, tau), at_most(tau, TANGENTIAL + delta / steps)),
        rounding,
        defined("tau = (f + 1) delta/g", equal(tau, chosen)),
        falsified={
            "rounded down": [rounding, defined("tau = f delta/g", equal(tau, last))],
            "half a step of the grid": And(less(TANGENTIAL, tau), at_most(tau, TANGENTIAL + delta / (2 * steps))),
        },
    )


def rational_centres() -> tuple[Step, ...]:
    """Disjoint balls that contain their vertices."""
    reach = REACH.xreplace(AT_SIZE)
    chosen = offset().at({grid: GRID})
    return (
        integer_root(),
        offset(),
        equals("E5.a.grid", "the grid has 8 (d + 1)^2 steps to delta", GRID, 8 * (d + 1) ** 2),
        follows(
            "E5.a.separation",
            "the centres are more than 2 delta apart",
            less(4 * delta**2, SEPARATION),
            chosen,
            falsified={
                "one per cent more": less(Rational(101, 100) * 4 * delta**2, SEPARATION),
                "one step of the grid nearer": less(4 * delta**2, SEPARATION.xreplace({tau: tau - delta / GRID})),
                "the other way round": less(SEPARATION, 4 * delta**2),
            },
            uses=("E5.a.centres",),
        ),
        follows(
            "E5.a.containment",
            "every vertex lies in the ball of its sign",
            less(reach, delta**2),
            SPLIT,
            chosen,
            falsified={
                "a simplex of twice the size": less(REACH.xreplace({s: 2 * SIZE}), delta**2),
                "a grid of d + 1 steps": [SPLIT, offset().at({grid: d + 1})],
                "the other way round": less(delta**2, reach),
            },
            uses=("E5.a.outside", "E5.a.origin", "E5.a.inside"),
        ),
    )


def integer_root() -> Step:
    """The software takes f = isqrt(g^2 // K), which is floor(g/sqrt K)."""
    quotient = reals("q")[0]
    whole = defined("q = g^2 // K", And(at_most(K * quotient, grid**2), less(grid**2, K * (quotient + 1))))
    root = defined(
        "f = isqrt(q), both integers",
        And(at_most(floor_of_root**2, quotient), at_most(quotient + 1, (floor_of_root + 1) ** 2)),
    )
    conclusion = And(at_most(K * floor_of_root**2, grid**2), less(grid**2, K * (floor_of_root + 1) ** 2))
    return follows(
        "E5.a.integer root",
        "isqrt(g^2 // K) = floor(g/sqrt(K))",
        conclusion,
        whole,
        root,
        falsified={
            "the next integer": And(at_most(K * (floor_of_root + 1) ** 2, grid**2), less(0, K)),
            "without integers": [whole, defined("f <= sqrt(q) < f + 1", at_most(floor_of_root**2, quotient))],
        },
    )


def clusters() -> tuple[Step, ...]:
    """Splits of one sign, and the room between neighbours."""
    first, second = reals("y z")

    def range_of(coordinate: sympy.Symbol) -> sympy.Expr:
        return And(less(-delta, coordinate), at_most(coordinate, BYSTANDER))

    near, far = (coordinate.xreplace(AT_SIZE) for coordinate in (NEAR, FAR))
    near_and_far = And(less(-delta, near), less(near, far), less(far, BYSTANDER))
    ranges = (given("-delta < y <= BYSTANDER", range_of(first)), given("-delta < z <= BYSTANDER", range_of(second)))
    return (
        follows(
            "E5.a.one sign",
            "the ball about 0 contains the whole simplex, and the other centre is out of its way",
            And(at_most(SIZE**2, delta**2), less(4 * delta**2, BYSTANDER**2)),
            given("1 <= d", at_most(1, d)),
            falsified={
                "three times the size": And(at_most((3 * SIZE) ** 2, delta**2), less(4 * delta**2, BYSTANDER**2)),
                "half the distance": And(at_most(SIZE**2, delta**2), less(4 * delta**2, (BYSTANDER / 2) ** 2)),
            },
        ),
        follows(
            "E5.a.range",
            "first coordinates of centres lie between -delta and BYSTANDER",
            near_and_far,
            SPLIT,
            offset().at({grid: GRID}),
            falsified={
                "half the range to the left": And(near_and_far, less(-delta / 2, near)),
                "without a grid": [SPLIT],
            },
        ),
        equals("E5.a.bystander", "BYSTANDER is 3 delta", BYSTANDER, 3 * delta),
        equals("E5.a.spacing", "SPACING is that range and 2 delta", SPACING, BYSTANDER + delta + 2 * delta),
        follows(
            "E5.a.clusters",
            "centres of neighbouring clusters are more than 2 delta apart, whatever their splits",
            less(2 * delta, (SPACING + first) - second),
            *ranges,
            falsified={
                "one per cent less space": less(2 * delta, Rational(99, 100) * SPACING + first - second),
                "one per cent more than 2 delta": less(Rational(202, 100) * delta, SPACING + first - second),
            },
            uses=("E5.a.range", "E5.a.one sign"),
        ),
    )


def every_split() -> Step:
    """What the steps above say, done: centres computed, distances measured, in exact arithmetic."""
    return by(
        "E5.a.every split",
        f"all 2^(d + 1) splits for d = {', '.join(map(str, DIMENSIONS))}, and 60 random ones for d = 60",
        Exact(_checked),
        falsified={
            "centres a step of the grid nearer to each other": Exact(lambda: _checked(excess=0)),
            "a simplex of twice the size": Exact(lambda: _checked(size=2 * SIZE)),
            "a grid of d + 1 steps": Exact(lambda: _checked(grid=d + 1)),
            "one per cent less space between clusters": Exact(lambda: _checked(spacing=Rational(99, 100) * SPACING)),
        },
        uses=("E5.a.separation", "E5.a.containment", "E5.a.clusters"),
    )


def _checked(**choices: object) -> Outcome:
    checked = 0
    for dimension in (*DIMENSIONS, 60):
        construction = Construction(dimension=dimension, **choices)  # type: ignore[arg-type]
        report = check_shattering(dimension, splits=60 if dimension == 60 else None, construction=construction)
        if not report.holds:
            return Outcome.refuted(
                f"d = {dimension}", f"{report.failed} splits fail, room between clusters {report.gap}"
            )
        checked += report.checked
    return Outcome.proved(f"{checked} splits, each with all its distances")


def steps() -> tuple[Step, ...]:
    """All steps about one cluster and its neighbours."""
    return (*distances(), *sagitta(), *rational_centres(), *clusters(), every_split())
