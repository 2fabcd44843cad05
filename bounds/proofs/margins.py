"""The proof of E8: the margin of the comparator pays for the remainder, point by point.

Of the points at time t, a fraction p has a loss (y f < tau) and q of them are misclassified (y f <= 0). A point without
a loss has no gradient. D = |W_t - W_*|^2, r = C R^2, X = alpha G^2/2, a = mu - r.
"""

from __future__ import annotations

import sympy
from sympy import Rational

from .. import margins as e8
from ..engines.induction import Induction
from ..engines.relations import at_most, equal
from ..letters import C, G, R, T, alpha, epsilon, mu, tau
from ..proof import Fact, Proof, Step
from . import descent, lemmas
from . import two_layer as first
from .building import P, Q, by, defined, follows, given, lengths, positives, reals, summed
from .descent import D, D_next, error, gradient, inner, loss
from .lemmas import n

label, output, comparator_output, point_inner, point_loss, counted, wrong = reals("y f_t f_* inner_i l_i p_i q_i")
p, q, share = lengths("p q p-q")
LEAST = positives("v")[0]
time, distance = first.time, first.DISTANCE
MARGIN = given("y f(W_*, x') >= mu on every B(x_i)", at_most(mu, label * comparator_output))
LABEL = defined("y = +-1", equal(label**2, 1))


def points() -> tuple[Step, ...]:
    """Point by point, and in the mean: <g_t, W_t - W_*> >= L_A(W_t) + p (mu - tau - C D)."""
    slope = defined(
        "with a loss, inner_i = -y <grad f, W_t - W_*> = y (f_* - f_t) - y remainder_i",
        equal(point_inner, label * (comparator_output - output) - label * error),
    )
    active = (slope, LABEL, MARGIN, descent.CURVED)
    with_loss = follows(
        "E8.active",
        "with a loss l_i = tau - y f_t: inner_i >= l_i + mu - tau - C D",
        at_most(tau - label * output + mu - tau - C * D, point_inner),
        *active,
        falsified={
            "nine tenths of C D": at_most(tau - label * output + mu - tau - Rational(9, 10) * C * D, point_inner),
            "W_* without margins": [slope, LABEL, descent.CURVED],
        },
    )
    cases = defined(
        "either a loss (p_i = 1, by E8.active) or none (p_i = 0: no loss, no gradient)",
        sympy.Or(
            sympy.And(equal(counted, 1), at_most(point_loss + mu - tau - C * D, point_inner)),
            sympy.And(equal(counted, 0), equal(point_loss, 0), equal(point_inner, 0)),
        ),
    )
    errors = defined(
        "q_i = 1 where y f_t <= 0, and then l_i >= tau; losses are nonnegative",
        sympy.Or(
            sympy.And(equal(wrong, 1), equal(counted, 1), at_most(tau, point_loss)),
            sympy.And(equal(wrong, 0), at_most(0, point_loss)),
        ),
    )
    return (
        with_loss,
        summed(
            "E8.points",
            "sum (l_i + p_i (mu - tau - C D)) <= sum inner_i",
            point_loss + counted * (mu - tau - C * D),
            point_inner,
            sympy.Integer(1),
            cases,
            uses=("E8.active",),
        ),
        summed(
            "E8.errors",
            "sum (q_i (mu - C D) + (p_i - q_i) (mu - tau - C D)) <= sum inner_i",
            wrong * (mu - C * D) + (counted - wrong) * (mu - tau - C * D),
            point_inner,
            sympy.Integer(1),
            cases,
            errors,
            uses=("E8.active",),
        ),
    )


def gradients() -> tuple[Step, ...]:
    """|g_t| <= p G: only points with a loss have a gradient."""
    size, following, norm = lengths("|grad_f_i| |next_sum| |g|")
    is_counted = lengths("p_i'")[0]
    small = given("|grad f| <= G", at_most(size, G))
    positive = defined("a length", sympy.Ge(P, 0))
    across = lemmas.triangle().at({lemmas.u_norm: P, lemmas.v_norm: is_counted * size, lemmas.sum_norm: following})
    add = follows(
        "E8.add",
        "adding p_i grad f_i to a sum of gradients adds at most p_i G to its length",
        at_most(following, P + is_counted * G),
        across,
        positive,
        small,
        falsified={
            "nine tenths of G": at_most(following, P + Rational(9, 10) * is_counted * G),
            "without |grad f| <= G": [across, positive],
        },
    )
    total = summed(
        "E8.gradients", "the sum of gradients is at most G sum p_i long", following - P, is_counted, G, add.at(), small
    )
    means = defined("means over the n points", sympy.And(equal(P, n * norm), equal(Q, n * p), equal(gradient, norm**2)))
    return (
        add,
        total,
        follows(
            "E8.gradient",
            "|g_t|^2 <= p^2 G^2",
            at_most(gradient, p**2 * G**2),
            total.at(),
            means,
            falsified={"0.99 of it": at_most(gradient, Rational(99, 100) * p**2 * G**2), "without the sum": [means]},
        ),
    )


def steps() -> tuple[Step, ...]:
    """What one step gains, for the loss and for the errors."""
    _, of_points, of_errors = points()
    bounded, one_step = gradients()[-1].at(), descent.one_step().at()
    loss_means = defined(
        "means over the n points", sympy.And(equal(P, n * (loss + p * (mu - tau - C * D))), equal(Q, n * inner))
    )
    error_means = defined(
        "means over the n points",
        sympy.And(equal(P, n * (q * (mu - C * D) + share * (mu - tau - C * D))), equal(Q, n * inner)),
    )
    for_loss = D - 2 * alpha * (loss + p * (mu - tau - C * D)) + alpha**2 * p**2 * G**2
    for_errors = D - 2 * alpha * (q * (mu - C * D) + share * (mu - tau - C * D)) + alpha**2 * (q + share) ** 2 * G**2
    return (
        follows(
            "E8.step",
            "D_{t+1} <= D - 2 alpha (L_A(W_t) + p (mu - tau - C D)) + alpha^2 p^2 G^2",
            at_most(D_next, for_loss),
            one_step,
            of_points.at(),
            loss_means,
            bounded,
            falsified={
                "half of alpha^2 p^2 G^2": at_most(D_next, for_loss - alpha**2 * p**2 * G**2 / 2),
                "without the gradient bound": [one_step, of_points.at(), loss_means],
            },
        ),
        follows(
            "E8.step of errors",
            "D_{t+1} <= D - 2 alpha (q (mu - C D) + (p - q)(mu - tau - C D)) + alpha^2 p^2 G^2",
            at_most(D_next, for_errors),
            one_step,
            of_errors.at(),
            error_means,
            bounded,
            defined("p - q", equal(p, q + share)),
            falsified={
                "half of alpha^2 p^2 G^2": at_most(D_next, for_errors - alpha**2 * (q + share) ** 2 * G**2 / 2),
                "without the gradient bound": [one_step, of_errors.at(), error_means],
            },
        ),
    )


def loss_target() -> tuple[Step, ...]:
    """While no loss is below v, every step gains 2 alpha GAIN(v)."""
    gained = e8.GAIN.xreplace({epsilon: LEAST})
    fraction = given("p <= 1", at_most(p, 1))
    above = given("no loss is below v", at_most(LEAST, loss))
    facts = (steps()[0].at(), fraction, above, given("D <= R^2", at_most(D, R**2)))
    gain = follows(
        "E8.gain",
        "D_{t+1} <= D - 2 alpha min(v, v + mu - tau - r - alpha G^2/2) if D <= R^2",
        at_most(D_next, D - 2 * alpha * gained),
        *facts,
        falsified={
            "1.1 of the gain": at_most(D_next, D - Rational(11, 5) * alpha * gained),
            "outside the ball": list(facts[:3]),
            "a smaller loss": [facts[0], facts[1], facts[3]],
        },
    )
    kept = distance_induction("E8.distance", "min(v, v + mu - tau - r - alpha G^2/2)", gain, gained, fraction, above)
    regret = e8.REGRET
    ended = follows(
        "E8.end",
        "min(v, v + mu - tau - r - alpha G^2/2) <= R^2/(2 alpha T), also where it is negative",
        at_most(gained, regret),
        kept.at({time: T + 1, distance: D_next}),
        falsified={"0.99 of it": at_most(gained, Rational(99, 100) * regret), "without the distance": []},
    )
    return (
        gain,
        kept,
        ended,
        follows(
            "E8",
            "min L_A(W_t) <= R^2/(2 alpha T) + max(0, alpha G^2/2 + C R^2 - (mu - tau))",
            at_most(LEAST, e8.BOUND),
            ended.at(),
            falsified={
                "0.99 of the bound": at_most(LEAST, Rational(99, 100) * e8.BOUND),
                "without the maximum": at_most(LEAST, e8.REGRET),
            },
        ),
    )


def distance_induction(name: str, text: str, gain: Step, gained: sympy.Expr, *facts: Fact) -> Step:
    """D_t <= R^2 - 2 alpha (t-1) gained for all t, where every step gains that much in the ball."""

    def induction(count: sympy.Expr) -> Induction:
        return Induction(
            invariant=sympy.And(
                at_most(distance, R**2 - 2 * alpha * count * gained), at_most(distance, R**2), evaluate=False
            ),
            counter=time,
            first={distance: R**2},
            following={distance: D_next},
            always=(given("the gain is not negative", at_most(0, gained)),),
            step_facts=(gain.at({D: distance}), descent.curved(distance), *facts),
        )

    return by(
        name,
        f"D_t <= R^2 - 2 alpha (t-1) {text}, and D_t <= R^2",
        induction(time - 1),
        falsified={"t for t - 1": induction(time)},
    )


def proof() -> Proof:
    """E8, resting on E1's step; for tied pairs the curvature is that of E2.a."""
    from . import margin_errors

    return Proof(
        "E8",
        "margins pay for the remainder",
        (*points(), *gradients(), *steps(), *loss_target(), *margin_errors.error_target(), *margin_errors.formulas()),
        rests_on=(first.proof(),),
    )
