"""The proof of E10: E1.a and E2.a with |(W' - W) x| <= 2 R_op, the recursion of E1.c with that remainder, and E10.b.

E10.b is the projection on the set, in the singular values and vectors of V - W_0: with w_i = <p_i, (Z - W_0) q_i> for a
point Z of the set, the inner product of V - PV and Z - PV is the sum of (a_i - S_i)(w_i - S_i). Textbook facts: w_i is
at most |Z - W_0|_op, and the sum of the w_i^2 at most |Z - W_0|_F^2. For tied pairs the rows are cut first; clipping
singular values lengthens no row, and two projections in a row bring no point farther from one that is in both sets.
"""

from __future__ import annotations

import sympy
from sympy import Abs, Integer, Min, Rational, sqrt

from .. import operator_ball as e10
from .. import two_layer as e1
from ..curvature import FULL_CURVATURE, TIED_CURVATURE
from ..engines.induction import Induction
from ..engines.relations import at_most, equal
from ..letters import C, G, L, R, T, alpha, beta, epsilon, gamma, m, rho, s, theta
from ..operator_ball import R_op
from ..proof import Fact, Proof, Step
from . import descent, lemmas, remainder, tied_pairs
from . import two_layer as first
from .building import P, Q, by, defined, equals, follows, given, lengths, positives, reals, summed
from .descent import D, D_next, loss
from .lemmas import cauchy_schwarz, least, sum_norm, total, triangle, u_norm, uu, uv, v_norm, vv

stretch = lengths("|(W'-W)x|")[0]
NEAR = e10.LARGEST_STRETCH**2
CURVED = descent.curved(NEAR)


def curvature() -> tuple[Step, ...]:
    """|f(W') - f(W) - <grad f(W), W' - W>| <= C (2 R_op)^2, for the C of full and of tied networks."""
    inside = (
        given("|(W' - W_0) x| <= R_op", at_most(u_norm, R_op)),
        given("|(W_0 - W) x| <= R_op", at_most(v_norm, R_op)),
    )
    across = triangle().at({sum_norm: stretch})
    apart = follows(
        "E10.apart",
        "|(W' - W) x| <= 2 R_op for |x| = 1 and W, W' in the set",
        at_most(stretch, e10.LARGEST_STRETCH),
        across,
        *inside,
        falsified={
            "1.99 R_op": at_most(stretch, Rational(199, 100) * R_op),
            "one of them outside": [across, inside[0]],
        },
    )
    opposite = equals("E10.apart=", "opposite points are as far apart", e10.LARGEST_STRETCH, R_op - (-R_op))
    return apart, opposite, _full(apart), _tied(apart)


def _full(apart: Step) -> Step:
    error = remainder.total_remainder
    xi, difference = remainder.xi, remainder.difference
    neurons = remainder.full_curvature()[0]
    smooth = given("sigma' is beta-Lipschitz", at_most(Abs(difference), beta * Abs(xi)))
    facts = (
        defined("f sums the neurons with weights +-1/sqrt(m)", at_most(Abs(error) * sqrt(m), P)),
        neurons.at({Q: stretch**2}),
        smooth,
        apart.at(),
        *_inside(apart),
    )
    bound = FULL_CURVATURE * NEAR
    return follows(
        "E10.a",
        "|f(W') - f(W) - <grad f(W), W' - W>| <= C (2 R_op)^2 with C = beta/(2 sqrt(m))",
        at_most(Abs(error), bound),
        *facts,
        falsified={
            "0.99 of it": at_most(Abs(error), Rational(99, 100) * bound),
            "in any ball": list(facts[:3]),
        },
    )


def _tied(apart: Step) -> Step:
    error, reach = remainder.total_remainder, positives("h")[0]
    xi, difference = remainder.xi, remainder.difference
    pairs = next(step for step in remainder.tied_curvature() if step.name == "E2.a.sum")
    facts = (
        defined("f sums the pairs with weights +-1/sqrt(m)", at_most(Abs(error) * sqrt(m), P)),
        pairs.at({Q: stretch**2 / 2}),
        given("phi' is 2 gamma h-Lipschitz", at_most(Abs(difference), 2 * gamma * reach * Abs(xi))),
        defined("h = rho/sqrt(m), and |(W' - W) x|^2 = 2 |(U' - U) x|^2", equal(reach, rho / sqrt(m))),
        apart.at(),
        *_inside(apart),
    )
    bound = TIED_CURVATURE * NEAR
    return follows(
        "E10.a.tied",
        "the same for tied pairs with C = gamma rho/(2 m)",
        at_most(Abs(error), bound),
        *facts,
        falsified={
            "0.99 of it": at_most(Abs(error), Rational(99, 100) * bound),
            "in any ball": list(facts[:4]),
        },
        uses=("E2.a.reach", "E2.a.lipschitz"),
    )


def _inside(step: Step) -> list[Fact]:
    return [fact for fact in step.engine.facts if fact.assumed]


def projection() -> tuple[Step, ...]:
    """E10.b: S_i = min(c a_i, R_op) with the largest c <= 1 of norm at most R is the nearest point of the set."""
    value, other = lengths("a_i")[0], reals("w_i")[0]
    slack = lengths("lambda")[0]
    kept = Min(value / (1 + slack), R_op)
    inside = given("w_i <= |Z - W_0|_op <= R_op", at_most(other, R_op))
    gain, spent = (value - kept) * (other - kept), kept * (other - kept)
    one = follows(
        "E10.b.value",
        "(a_i - S_i)(w_i - S_i) <= lambda S_i (w_i - S_i) for S_i = min(c a_i, R_op), c = 1/(1 + lambda)",
        at_most(gain, slack * spent),
        inside,
        falsified={"for Z outside": [], "lambda/2": at_most(gain, slack / 2 * spent)},
    )
    sums = summed("E10.b.sum", "the same summed over i", gain, spent, slack, one.at(), inside)
    inner, far = reals("<V-PV,Z-PV>")[0], lengths("|Z-W_0|")[0]
    facts = (
        sums.at({P: inner, Q: uv - vv}),
        inside,
        cauchy_schwarz().at(),
        defined("the sum of the w_i^2 is at most |Z - W_0|_F^2", at_most(uu, far**2)),
        given("|Z - W_0|_F <= R", at_most(far, R)),
        given("c = 1, or |PV - W_0|_F = R", sympy.Or(equal(slack, 0), equal(vv, R**2))),
    )
    nearest = follows(
        "E10.b",
        "<V - PV, Z - PV> <= 0 for every Z of the set: PV is the nearest point of it",
        at_most(inner, 0),
        *facts,
        falsified={
            "for Z outside the Frobenius ball": [*facts[:4], facts[5]],
            "for another c": list(facts[:5]),
            "strictly": at_most(inner, -(far**2) / 1000),
        },
    )
    return one, sums, nearest, *_one_after_the_other()


def _one_after_the_other() -> tuple[Step, ...]:
    """For tied pairs: first the rows, then the singular values."""
    factor, coordinate = lengths("S_i/a_i")[0], reals("<u_r,q_i>")[0]
    shrinks = given("S_i <= a_i", at_most(factor, 1))
    rows = summed(
        "E10.b.rows",
        "clipping singular values lengthens no row: sum_i (S_i/a_i)^2 <u_r, q_i>^2 <= |u_r|^2",
        (factor * coordinate) ** 2,
        coordinate**2,
        Integer(1),
        shrinks,
    )
    between = lengths("|P_1V-W_*|^2")[0]
    after, before = lemmas.after, lemmas.before
    both = (lemmas.projection().at({after: between}), lemmas.projection().at({before: between}))
    return rows, follows(
        "E10.b.twice",
        "|P_2 P_1 V - W_*| <= |V - W_*| for projections on two convex sets that contain W_*",
        at_most(after, before),
        *both,
        falsified={"one of them alone": [both[0]], "0.99 of it": at_most(after, Rational(99, 100) * before)},
    )


def convergence() -> tuple[Step, ...]:
    """The recursion of E1.c with that remainder, summed over the run."""
    facts = (
        descent.one_step().at(),
        descent.regret_of_a_point()[-1].at({D: NEAR}),
        descent.gradient_of_the_mean()[-1].at(),
        CURVED,
    )
    kept = D - 2 * alpha * (loss - s - e10.LINEARIZATION) + alpha**2 * L**2 * G**2
    paid = follows(
        "E10.paid",
        "|W_{t+1} - W_*|^2 <= |W_t - W_*|^2 - 2 alpha (L_A(W_t) - s - 4 L C R_op^2) + alpha^2 L^2 G^2",
        at_most(D_next, kept),
        *facts,
        falsified={
            "0.99 of 4 L C R_op^2": at_most(D_next, kept - 2 * alpha * e10.LINEARIZATION / 100),
            "without the gradient bound": [facts[0], facts[1], facts[3]],
        },
    )
    time, distance, sums = first.time, first.DISTANCE, reals("S")[0]

    def invariant(gain: sympy.Expr) -> Induction:
        spent = (time - 1) * (2 * alpha * (s + e10.LINEARIZATION) + gain * alpha**2 * L**2 * G**2)
        return Induction(
            invariant=at_most(distance, R**2 - 2 * alpha * sums + spent),
            counter=time,
            first={distance: R**2, sums: Integer(0)},
            following={distance: D_next, sums: sums + loss},
            step_facts=(paid.at({D: distance}), CURVED),
        )

    added = by(
        "E10.sum",
        "|W_t - W_*|^2 <= R^2 - 2 alpha sum_{u<t} L_A(W_u) + (t-1)(2 alpha (s + 4 L C R_op^2) + alpha^2 L^2 G^2)",
        invariant(Integer(1)),
        falsified={"nine tenths of alpha^2 L^2 G^2": invariant(Rational(9, 10))},
    )
    ends = (added.at({time: T + 1, distance: D_next, sums: total}), lemmas.least_and_mean()[-1].at())
    average = follows(
        "E10.average",
        "min L_A(W_t) <= s + R^2/(2 alpha T) + alpha L^2 G^2/2 + 4 L C R_op^2",
        at_most(least, s + e1.REGRET + e10.LINEARIZATION),
        *ends,
        falsified={
            "0.99 of the regret": at_most(least, s + Rational(99, 100) * e1.REGRET + e10.LINEARIZATION),
            "0.99 of near-linearity": at_most(least, s + e1.REGRET + Rational(99, 100) * e10.LINEARIZATION),
        },
    )
    return paid, added, average


def statement(name: str, claim: str, curved: Step, average: Step, near: sympy.Expr, law: sympy.Expr) -> Step:
    """The theorem where E10.a has been proved for the curvature `law`."""
    facts = (average.at({C: law}), curved.at({remainder.total_remainder: descent.error}))
    return follows(
        name,
        claim,
        at_most(least, s + e1.REGRET + near),
        *facts,
        falsified={
            "0.99 of near-linearity": at_most(least, s + e1.REGRET + Rational(99, 100) * near),
            "0.99 of the regret": at_most(least, s + Rational(99, 100) * e1.REGRET + near),
            "without the curvature": [facts[0]],
        },
    )


def formulas() -> tuple[Step, ...]:
    """Every formula of the theorem, held from both sides."""
    share = (theta * (epsilon - s)).xreplace(first.EPSILON)
    return (
        equals("E10.linearization", "4 L C R_op^2 = L C (2 R_op)^2", e10.LINEARIZATION, L * C * NEAR),
        equals("E10.as E1", "at R_op = R it is that of E1", e10.LINEARIZATION.xreplace({R_op: R}), e1.LINEARIZATION),
        equals(
            "E10.near-linearity",
            "at C = beta/(2 sqrt(m)) it is 2 L beta R_op^2/sqrt(m)",
            e10.NEAR_LINEARITY,
            e10.LINEARIZATION.xreplace({C: FULL_CURVATURE}),
        ),
        equals(
            "E10.near-linearity tied",
            "at C = gamma rho/(2 m) it is 2 L gamma rho R_op^2/m",
            e10.NEAR_LINEARITY_TIED,
            e10.LINEARIZATION.xreplace({C: TIED_CURVATURE}),
        ),
        equals(
            "E10.curvature",
            "at the largest curvature near-linearity is the share",
            e10.LINEARIZATION.xreplace({C: e10.LARGEST_CURVATURE}).xreplace(first.EPSILON),
            share,
        ),
        equals(
            "E10.width",
            "at the width near-linearity is the share",
            e10.NEAR_LINEARITY.xreplace({m: e10.WIDTH}).xreplace(first.EPSILON),
            share,
        ),
        equals(
            "E10.width tied",
            "and for tied pairs",
            e10.NEAR_LINEARITY_TIED.xreplace({m: e10.WIDTH_TIED}).xreplace(first.EPSILON),
            share,
        ),
    )


def proof() -> Proof:
    """E10 and E10-tied, resting on E2, and so on E1."""
    curved = curvature()
    *before, average = convergence()
    full, tied = curved[-2:]
    steps = (
        *curved,
        *projection(),
        *before,
        average,
        *formulas(),
        statement(
            "E10",
            "min L_A(W_t) <= s + R^2/(2 alpha T) + alpha L^2 G^2/2 + 2 L beta R_op^2/sqrt(m)",
            full,
            average,
            e10.NEAR_LINEARITY,
            FULL_CURVATURE,
        ),
        statement(
            "E10-tied",
            "min L_A(W_t) <= s + R^2/(2 alpha T) + alpha L^2 G^2/2 + 2 L gamma rho R_op^2/m",
            tied,
            average,
            e10.NEAR_LINEARITY_TIED,
            TIED_CURVATURE,
        ),
    )
    return Proof("E10", "training in an operator-norm ball", steps, rests_on=(tied_pairs.proof(),))
