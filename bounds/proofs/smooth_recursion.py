"""The proof of E9: while the loss is above the bound, the distance to the comparator falls, so it stays below R.

With g(v) = k v - C R^2 sqrt(2 H v) - s for the least loss v: where g(v) >= 0, D_{t+1} <= D_t - 2 alpha g(v) as long as
D_t <= R^2, hence always, and 0 <= D_{T+1} <= R^2 - 2 alpha T g(v).
"""

from __future__ import annotations

import sympy
from sympy import Rational, sqrt

from .. import smooth_losses as e3
from ..engines.induction import Induction
from ..engines.relations import at_most
from ..letters import C, H, R, T, alpha, s
from ..proof import Proof, Step
from ..smooth_losses import r
from ..smooth_recursion import E9, E9_TIED
from . import descent, smooth_losses
from . import two_layer as first
from .building import by, defined, equals, follows, given, positives
from .descent import D, D_next, loss

LEAST = positives("v")[0]  # for v = 0 there is nothing to prove
GAIN = e3.LOSS_KEPT * LEAST - C * R**2 * sqrt(2 * H) * sqrt(LEAST) - s


def gain() -> Step:
    """D_{t+1} <= D_t - 2 alpha g(v)."""
    facts = (
        smooth_losses.recursion().at(),
        smooth_losses.ROOT,
        given("k = 1 - alpha H G^2 > 0", sympy.Gt(e3.LOSS_KEPT, 0)),
        given("g(v) >= 0", at_most(0, GAIN)),
        given("D <= R^2", at_most(D, R**2)),
        given("no loss is below v", at_most(LEAST, loss)),
    )
    return follows(
        "E9.gain",
        "D_{t+1} <= D_t - 2 alpha g(v) if D_t <= R^2, g(v) = k v - C R^2 sqrt(2 H v) - s >= 0",
        at_most(D_next, D - 2 * alpha * GAIN),
        *facts,
        falsified={
            "1.1 of the gain": at_most(D_next, D - Rational(11, 5) * alpha * GAIN),
            "outside the ball": [*facts[:4], facts[5]],
            "a smaller loss": list(facts[:5]),
        },
    )


def kept_in_the_ball() -> tuple[Step, ...]:
    """D_t <= R^2 - 2 alpha (t-1) g(v) for all t, and what follows from D_{T+1} >= 0."""
    distance, time = first.DISTANCE, first.time
    positive = given("g(v) >= 0", at_most(0, GAIN))
    always = (positive, given("k = 1 - alpha H G^2 > 0", sympy.Gt(e3.LOSS_KEPT, 0)))
    one = gain()

    def induction(steps: sympy.Expr) -> Induction:
        return Induction(
            invariant=sympy.And(
                at_most(distance, R**2 - 2 * alpha * steps * GAIN), at_most(distance, R**2), evaluate=False
            ),
            counter=time,
            first={distance: R**2},
            following={distance: D_next},
            always=always,
            step_facts=(
                one.at({D: distance}),
                descent.curved(distance),
                given("C D_t >= 0", at_most(0, C * distance)),
                given("no loss is below v", at_most(LEAST, loss)),
            ),
        )

    solved = by(
        "E9.distance",
        "D_t <= R^2 - 2 alpha (t-1) g(v), and D_t <= R^2",
        induction(time - 1),
        falsified={"t for t - 1": induction(time)},
    )
    ended = follows(
        "E9.end",
        "g(v) <= R^2/(2 alpha T), also where g(v) < 0",
        at_most(GAIN, e3.REGRET),
        solved.at({time: T + 1, first.DISTANCE: D_next}),
        falsified={"0.99 of it": at_most(GAIN, Rational(99, 100) * e3.REGRET), "without the distance": []},
    )
    return one, solved, ended


def proof() -> Proof:
    """E9, resting on E3's recursion; for tied pairs the curvature is that of E2.a."""
    steps = kept_in_the_ball()
    ended = steps[-1]
    remainder = defined("r = C R^2", sympy.Eq(r, C * R**2))
    return Proof(
        "E9",
        "smooth losses until success",
        (
            *steps,
            smooth_losses.solved(
                "E9",
                "k v - r sqrt(2 H v) <= s + R^2/(2 alpha T) with r = C R^2, solved for v",
                LEAST,
                ended.at(),
                remainder,
            ),
            equals("E9.distance=", "E9 pays at the distance R", E9.distance * R, R),
            equals("E9.tied", "and so it does for tied pairs", E9_TIED.distance * R, R),
        ),
        rests_on=(smooth_losses.proof(),),
    )
