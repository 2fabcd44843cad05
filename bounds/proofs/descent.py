"""E1.c, the part that all convergence theorems share: one step of projected gradient descent.

Everything is said at one time t: loss = l_t(W_t) = L_A(W_t), `inner` = <g_t, W_t - W_*>, D = |W_t - W_*|^2.
"""

from __future__ import annotations

import sympy
from sympy import Abs, Integer, Rational

from ..engines.relations import at_most, equal
from ..letters import C, G, L, alpha, s
from ..proof import Fact, Step
from .building import P, Q, defined, follows, given, lengths, reals, summed
from .lemmas import after, before, n, projection, sum_norm, triangle, u_norm, v_norm

loss, inner, comparator_loss = reals("loss inner comparator_loss")
D, D_next, gradient = lengths("D D_next |g|^2")
point_loss, point_comparator, point_inner, point_slope, change, error = reals(
    "l_i l_i* inner_i l_i' f_*-f_t remainder_i"
)


def curved(distance: sympy.Expr) -> Fact:
    """The hypothesis that C bounds the curvature, for a squared distance."""
    return given("C bounds the curvature: |remainder_i| <= C D", at_most(Abs(error), C * distance))


CURVED = curved(D)
LIPSCHITZ = given("|l_i'| <= L", at_most(Abs(point_slope), L))
CONVEX = defined(
    "l is convex in f: l_i(W_t) - l_i(W_*) <= l_i' (f_t - f_*)",
    at_most(point_loss - point_comparator, -point_slope * change),
)
SPLIT = defined(
    "f_* - f_t = -<grad f, W_t - W_*> + remainder_i and inner_i = l_i' <grad f, W_t - W_*>",
    equal(point_slope * change, -point_inner + point_slope * error),
)


def regret_of_a_point() -> tuple[Step, ...]:
    """l_i(W_t) - l_i(W_*) <= inner_i + L C D, and the mean over the points."""
    bound = point_loss - point_comparator - point_inner
    one = follows(
        "E1.c.point",
        "l_i(W_t) - l_i(W_*) <= <g_i, W_t - W_*> + L C D",
        at_most(bound, L * C * D),
        CONVEX,
        SPLIT,
        LIPSCHITZ,
        CURVED,
        falsified={
            "nine tenths of L C D": at_most(bound, Rational(9, 10) * L * C * D),
            "l not convex": [SPLIT, LIPSCHITZ, CURVED],
            "no bound of the curvature": [CONVEX, SPLIT, LIPSCHITZ],
        },
    )
    points = summed(
        "E1.c.points", "the same for sums over i", bound, Integer(1), L * C * D, one.at(), LIPSCHITZ, CURVED
    )
    mean = defined("means over the n points", equal(P, n * (loss - comparator_loss - inner)))
    robust = given("L_*(W_*) <= s, and l_t(W_*) <= L_*(W_*) since x_i^t is in B(x_i)", at_most(comparator_loss, s))
    facts = (points.at({Q: n}), mean, robust)
    regret = follows(
        "E1.c.regret",
        "<g_t, W_t - W_*> >= L_A(W_t) - s - L C D",
        at_most(loss - s - L * C * D, inner),
        *facts,
        falsified={
            "nine tenths of L C D": at_most(loss - s - Rational(9, 10) * L * C * D, inner),
            "W_* with more loss": list(facts[:-1]),
        },
    )
    return one, points, regret


def gradient_of_the_mean() -> tuple[Step, ...]:
    """|g_t| <= L G: the triangle inequality over the points."""
    slope, size, following, norm = lengths("|l_i'| |grad_f_i| |next_sum| |g|")
    steep = given("|l_i'| <= L", at_most(slope, L))
    small = given("|grad f| <= G", at_most(size, G))
    across = triangle().at({u_norm: P, v_norm: slope * size, sum_norm: following})
    one = follows(
        "E1.c.add",
        "adding l_i' grad f_i to a sum of gradients adds at most L G to its length",
        at_most(following, P + L * G),
        across,
        given("a length", sympy.Ge(P, 0)),
        steep,
        small,
        falsified={
            "nine tenths of L G": at_most(following, P + Rational(9, 10) * L * G),
            "without |grad f| <= G": [across, given("a length", sympy.Ge(P, 0)), steep],
        },
    )
    total = summed(
        "E1.c.gradients",
        "the sum of k gradients is at most k L G long",
        following - P,
        Integer(1),
        L * G,
        one.at(),
        given("a length", sympy.Ge(P, 0)),
        steep,
        small,
    )
    mean = defined("g_t is the mean of n gradients", equal(P, n * norm))
    square = defined("|g|^2", equal(gradient, norm**2))
    facts = (mean, square, total.at({Q: n}))
    bound = follows(
        "E1.c.gradient",
        "|g_t|^2 <= L^2 G^2",
        at_most(gradient, L**2 * G**2),
        *facts,
        falsified={
            "0.99 of it": at_most(gradient, Rational(99, 100) * L**2 * G**2),
            "without the sum": list(facts[:-1]),
        },
    )
    return one, total, bound


def one_step() -> Step:
    """|W_{t+1} - W_*|^2 <= |W_t - W_*|^2 - 2 alpha <g_t, W_t - W_*> + alpha^2 |g_t|^2."""
    expanded = defined(
        "|W_t - alpha g_t - W_*|^2, expanded", equal(before, D - 2 * alpha * inner + alpha**2 * gradient)
    )
    projected = projection().at({after: D_next})
    return follows(
        "E1.c.step",
        "|W_{t+1} - W_*|^2 <= |W_t - W_*|^2 - 2 alpha <g_t, W_t - W_*> + alpha^2 |g_t|^2",
        at_most(D_next, D - 2 * alpha * inner + alpha**2 * gradient),
        expanded,
        projected,
        falsified={
            "alpha for 2 alpha": at_most(D_next, D - alpha * inner + alpha**2 * gradient),
            "without the projection": [expanded],
        },
    )


def recursion() -> tuple[Step, ...]:
    """The distance recursion of Lipschitz losses."""
    regret, bounded, step = regret_of_a_point()[-1], gradient_of_the_mean()[-1], one_step()
    facts = (step.at(), regret.at(), bounded.at())
    kept = D - 2 * alpha * (loss - s - L * C * D) + alpha**2 * L**2 * G**2
    return (
        *regret_of_a_point(),
        *gradient_of_the_mean(),
        step,
        follows(
            "E1.c.recursion",
            "|W_{t+1} - W_*|^2 <= D - 2 alpha (L_A(W_t) - s - L C D) + alpha^2 L^2 G^2, D = |W_t - W_*|^2",
            at_most(D_next, kept),
            *facts,
            falsified={
                "half of alpha^2 L^2 G^2": at_most(D_next, kept - alpha**2 * L**2 * G**2 / 2),
                "without the gradient bound": list(facts[:2]),
            },
        ),
    )
