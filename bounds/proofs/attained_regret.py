"""The regret of E1.c cannot be improved: a loss on which the steps do exactly as badly as it allows, for every T.

Machine-checked: that the loss exists and is run through as attained_regret.py says, in symbols for every T >= 2 and
every step from R/(M T) to R/(M sqrt(T)), where M = L G; and the run itself, in exact arithmetic, for some T. Nothing is
cited. With t - 1 steps taken, W_t - W_1 = -alpha (g_1 + ... + g_{t-1}), as nothing is projected.
"""

from __future__ import annotations

import sympy
from sympy import Integer, Sum

from ..attained_regret import AVERAGE_GAP, COSINE, SHORTEST_STEP, STEP_OF_E1, attains
from ..engines.finite import Exact
from ..engines.identity import Identity
from ..engines.relations import at_most, equal
from ..letters import G, L, R, T, alpha
from ..proof import Proof, Step
from ..two_layer import REGRET
from .building import LARGER, SMALLER, by, defined, equals, follows, given, reals

M = L * G
cosine, squares, square_of_sum, taken = reals("cos sum(x_r^2) sum(x_r)^2 k")
time = sympy.Symbol("t", integer=True, positive=True)

NAMED = defined("cos is the quotient that makes |alpha (g_1 + ... + g_T)| = R", equal(cosine, COSINE))
MANY = given("T >= 2", sympy.Ge(T, 2))
SHORTEST = given("alpha >= R/(M T)", at_most(SHORTEST_STEP, alpha))
LONGEST = given("alpha <= R/(M sqrt(T)), the step of E1", at_most(alpha, STEP_OF_E1))


def the_loss() -> tuple[Step, ...]:
    """Vectors of norm M with that angle between any two exist."""
    facts = (NAMED, MANY, SHORTEST, LONGEST)
    angle = follows(
        "sharp.angle",
        "0 <= cos <= 1 for R/(M T) <= alpha <= R/(M sqrt(T))",
        sympy.And(at_most(0, cosine), at_most(cosine, 1)),
        *facts,
        falsified={
            "any longer step": [NAMED, MANY, SHORTEST],
            "any shorter step": [NAMED, MANY, LONGEST],
            "cos <= 99/100": sympy.And(at_most(0, cosine), at_most(cosine, SMALLER)),
        },
    )
    signs = (defined("sums of squares", at_most(0, squares)), defined("squares", at_most(0, square_of_sum)))
    form = (1 - cosine) * squares + cosine * square_of_sum
    exist = follows(
        "sharp.vectors",
        "|sum x_r g_r|^2 = M^2 ((1 - cos) sum x_r^2 + cos (sum x_r)^2) >= 0 for all x, so such g_r exist",
        at_most(0, form),
        angle.at(),
        *signs,
        falsified={"for any cos": list(signs), "the other way round": at_most(form, 0)},
    )
    return angle, exist


def the_run(angle: Step) -> tuple[Step, ...]:
    """Step t may take g_t, no iterate leaves the ball, and the T steps end on its boundary."""
    earlier, later = (-alpha * M**2 * (1 + (taken - 1) * cosine), -alpha * M**2 * taken * cosine)
    some = given("1 <= k", at_most(1, taken))
    active = follows(
        "sharp.subgradient",
        "after k steps <g_r, W - W_1> is -alpha M^2 (1 + (k-1) cos) for r <= k, at most -alpha M^2 k cos for r > k",
        at_most(earlier, later),
        angle.at(),
        some,
        falsified={"the other way round": at_most(later, earlier), "for any cos": [some]},
    )
    within = given("k <= T", at_most(taken, T))
    inside = follows(
        "sharp.inside",
        "|g_1 + ... + g_k|^2 = M^2 k (1 + (k-1) cos) grows with k",
        at_most(taken * (1 + (taken - 1) * cosine), T * (1 + (T - 1) * cosine)),
        angle.at(),
        some,
        within,
        falsified={"for any k": [angle.at(), some], "for any cos": [some, within]},
    )
    end = equals(
        "sharp.end",
        "alpha^2 |g_1 + ... + g_T|^2 = R^2: W_* is what T steps lead to, on the boundary",
        alpha**2 * M**2 * T * (1 + (T - 1) * COSINE),
        R**2,
        uses=("sharp.inside",),
    )
    return active, inside, end


def the_regret() -> tuple[Step, ...]:
    """What the run costs, on average and at best."""
    comparator = equals(
        "sharp.comparator",
        "f(W_*) = -alpha M^2 (1 + (T-1) cos) = -R^2/(alpha T)",
        -alpha * M**2 * (1 + (T - 1) * COSINE),
        -(R**2) / (alpha * T),
        uses=("sharp.end",),
    )
    paid = equals(
        "sharp.sum",
        "sum over t of f(W_t) - f(W_*) = sum of -alpha M^2 (t-1) cos + R^2/(alpha T)",
        T * AVERAGE_GAP,
        Sum(-alpha * M**2 * (time - 1) * COSINE + R**2 / (alpha * T), (time, 1, T)),
        uses=("sharp.subgradient", "sharp.comparator"),
    )
    average = equals(
        "sharp.average",
        "(1/T) sum f(W_t) - f(W_*) = R^2/(2 alpha T) + alpha M^2/2: E1.c's regret is attained",
        AVERAGE_GAP,
        REGRET,
        uses=("sharp.vectors", "sharp.inside", "sharp.sum"),
    )
    best = by(
        "sharp.best",
        "with the step of E1 cos = 0: all iterates cost the same, R M/sqrt(T), and the best is no better",
        Identity(COSINE.xreplace({alpha: STEP_OF_E1}), Integer(0)),
        falsified={
            "a step one per cent longer": Identity(COSINE.xreplace({alpha: LARGER * STEP_OF_E1}), Integer(0)),
            "a step one per cent shorter": Identity(COSINE.xreplace({alpha: SMALLER * STEP_OF_E1}), Integer(0)),
        },
        uses=("sharp.average",),
    )
    return comparator, paid, average, best


def the_cases() -> Step:
    """The run itself, step by step."""
    return by(
        "sharp.cases",
        "the run followed in exact arithmetic for T = 1, 2, 3, 5, 8, 13 and three steps each: the regret is E1.c's",
        Exact(attains),
        falsified={
            "a regret one per cent smaller": Exact(lambda: attains(SMALLER * REGRET)),
            "a regret one per cent larger": Exact(lambda: attains(LARGER * REGRET)),
        },
    )


def proof() -> Proof:
    loss = the_loss()
    steps = (*loss, *the_run(loss[0]), *the_regret(), the_cases())
    return Proof("sharpness", "the regret of E1.c cannot be improved", steps)
