"""Lemmas about vectors in any dimension, in terms of their inner products, and about sums.

A vector inequality becomes one between the reals <u, u>, <u, v>, <v, v>; what makes them inner products is that
|u + t v|^2 >= 0 for every t. Nothing here is cited.
"""

from __future__ import annotations

import sympy

from ..engines.induction import Induction
from ..engines.relations import at_most, equal
from ..proof import Proof, Step
from .building import by, follows, given, positives, reals

uu, uv, vv, t = reals("uu uv vv t")
a, b, x, y = reals("a b x y")
P, Q, P_next, Q_next = reals("P Q P_next Q_next")
factor = positives("k")[0]
count = sympy.Symbol("r", integer=True, nonnegative=True)

_SQUARE = "|u + t v|^2 >= 0, at t = -<u,v>/<v,v>"


def cauchy_schwarz() -> Step:
    square = given(_SQUARE, at_most(0, (uu + 2 * t * uv + t**2 * vv).subs(t, -uv / vv)))
    nonzero = given("v is not 0", sympy.Gt(vv, 0))
    return follows(
        "Cauchy-Schwarz",
        "<u,v>^2 <= |u|^2 |v|^2",
        at_most(uv**2, uu * vv),
        square,
        nonzero,
        falsified={
            "half of the right side": at_most(uv**2, uu * vv / 2),
            "without |u + t v|^2 >= 0": [nonzero],
        },
    )


def triangle(inequality: Step) -> Step:
    lengths = (
        given("|u| = x >= 0", sympy.And(equal(uu, x**2), sympy.Ge(x, 0))),
        given("|v| = y >= 0", sympy.And(equal(vv, y**2), sympy.Ge(y, 0))),
        given("|u + v| = a >= 0", sympy.And(equal(a**2, uu + 2 * uv + vv), sympy.Ge(a, 0))),
    )
    return follows(
        "triangle",
        "|u + v| <= |u| + |v|",
        at_most(a, x + y),
        inequality.at(),
        *lengths,
        falsified={
            "nine tenths of the right side": at_most(a, sympy.Rational(9, 10) * (x + y)),
            "without Cauchy-Schwarz": list(lengths),
        },
    )


def sums() -> Step:
    """Terms p_r <= k q_r add up; the sequences P and Q are the partial sums."""
    p, q = reals("p q")

    def engine(rate: sympy.Expr, bound: sympy.Expr) -> Induction:
        return Induction(
            invariant=at_most(P, bound * Q),
            counter=count,
            start=0,
            first={P: sympy.Integer(0), Q: sympy.Integer(0)},
            following={P: P + p, Q: Q + q},
            step_facts=(given("p_r <= k q_r", at_most(p, rate * q)),),
        )

    return by(
        "sums",
        "p_r <= k q_r for all r gives sum p_r <= k sum q_r",
        engine(factor, factor),
        falsified={"k is doubled in the terms": engine(2 * factor, factor)},
    )


def projection() -> Step:
    dv, dp, gap, mixed = reals("dv dp gap mixed")
    facts = (
        given("|V - W_*|^2 = |V - PV|^2 + 2 <V - PV, PV - W_*> + |PV - W_*|^2", equal(dv, gap + 2 * mixed + dp)),
        given("|V - PV|^2 >= 0", sympy.Ge(gap, 0)),
        given("PV is the nearest point of a convex set with W_* in it: <V - PV, W_* - PV> <= 0", sympy.Ge(mixed, 0)),
    )
    return follows(
        "projection",
        "|PV - W_*|^2 <= |V - W_*|^2",
        at_most(dp, dv),
        *facts,
        falsified={"for W_* outside the set": list(facts[:2]), "the other way round": at_most(dv, dp)},
    )


def jensen(inequality: Step) -> Step:
    """The mean of a vector p against the vector of ones, |1|^2 = n: <p, 1>^2 <= n |p|^2."""
    n, mean, mean_of_squares = positives("n")[0], *reals("mean mean_of_squares")
    facts = (
        inequality.at({uu: n * mean_of_squares, uv: n * mean, vv: n}),
        given("n >= 1", at_most(1, n)),
    )
    return follows(
        "Jensen",
        "the square of a mean is at most the mean of the squares",
        at_most(mean**2, mean_of_squares),
        *facts,
        falsified={"half of the right side": at_most(mean**2, mean_of_squares / 2), "without it": [facts[1]]},
    )


def least_is_at_most_mean() -> Step:
    """T times the least of T numbers is at most their sum."""
    T, least, total, term = positives("T")[0], *reals("least total term")

    def engine(rate: sympy.Expr) -> Induction:
        return Induction(
            invariant=at_most(rate * least * count, total),
            counter=count,
            start=0,
            first={total: sympy.Integer(0)},
            following={total: total + term},
            step_facts=(given("no term is below the least", at_most(least, term)),),
        )

    return by(
        "least",
        "T times the least of T numbers is at most their sum",
        engine(sympy.Integer(1)),
        falsified={"twice the least": engine(sympy.Integer(2))},
    )


def proof() -> Proof:
    """The lemmas, as a proof without a theorem."""
    inequality = cauchy_schwarz()
    steps = (inequality, triangle(inequality), sums(), projection(), jensen(inequality), least_is_at_most_mean())
    return Proof("lemmas", "vectors in any dimension, and sums", steps)
