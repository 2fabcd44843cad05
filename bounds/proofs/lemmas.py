"""Lemmas about vectors in any dimension, in terms of their inner products, and about means.

A vector inequality becomes one between the reals <u, u>, <u, v>, <v, v>; what makes them inner products is that
|u + t v|^2 >= 0 for every t. Nothing here is cited.
"""

from __future__ import annotations

import sympy

from ..engines.induction import Induction
from ..engines.relations import at_most, equal
from ..letters import T
from ..proof import Proof, Step
from .building import TERMS, by, defined, follows, lengths, positives, reals

uu, uv, vv, t = reals("uu uv vv t")
u_norm, v_norm, sum_norm = lengths("|u| |v| |u+v|")
n = positives("n")[0]
mean, mean_of_squares = reals("mean mean_of_squares")
least, total = reals("least total")
before, after = lengths("|V-W_*|^2 |PV-W_*|^2")


def cauchy_schwarz() -> Step:
    square = uu + 2 * t * uv + t**2 * vv

    def holds_at(value: sympy.Expr) -> sympy.Basic:
        return at_most(0, square.subs(t, value))

    if_zero = sympy.And(equal(vv, 0), sympy.Or(equal(uv, 0), holds_at(-(uu + 1) / (2 * uv))))
    instances = sympy.Or(sympy.And(sympy.Gt(vv, 0), holds_at(-uv / vv)), if_zero)
    lengths_squared = defined("|u|^2, |v|^2 >= 0", sympy.And(sympy.Ge(uu, 0), sympy.Ge(vv, 0)))
    positive = defined("|u + t v|^2 >= 0 at t = -<u,v>/<v,v> or, for v = 0, -(<u,u> + 1)/(2 <u,v>)", instances)
    return follows(
        "Cauchy-Schwarz",
        "<u,v>^2 <= |u|^2 |v|^2",
        at_most(uv**2, uu * vv),
        positive,
        lengths_squared,
        falsified={
            "half of the right side": at_most(uv**2, uu * vv / 2),
            "without |u + t v|^2 >= 0": [lengths_squared],
        },
    )


def triangle() -> Step:
    norms = (
        defined("|u|^2 = <u,u>", equal(uu, u_norm**2)),
        defined("|v|^2 = <v,v>", equal(vv, v_norm**2)),
        defined("|u + v|^2 = <u,u> + 2 <u,v> + <v,v>", equal(sum_norm**2, uu + 2 * uv + vv)),
    )
    return follows(
        "triangle",
        "|u + v| <= |u| + |v|",
        at_most(sum_norm, u_norm + v_norm),
        cauchy_schwarz().at(),
        *norms,
        falsified={
            "nine tenths of the right side": at_most(sum_norm, sympy.Rational(9, 10) * (u_norm + v_norm)),
            "without Cauchy-Schwarz": list(norms),
        },
    )


def projection() -> Step:
    gap, mixed = reals("gap mixed")
    facts = (
        defined("|V - W_*|^2 = |V-PV|^2 + 2 <V-PV, PV-W_*> + |PV-W_*|^2", equal(before, gap + 2 * mixed + after)),
        defined("|V - PV|^2 >= 0", sympy.Ge(gap, 0)),
        defined("PV is the nearest point of a convex set that contains W_*: <V-PV, W_*-PV> <= 0", sympy.Ge(mixed, 0)),
    )
    return follows(
        "projection",
        "|PV - W_*| <= |V - W_*| for the projection on a convex set that contains W_*",
        at_most(after, before),
        *facts,
        falsified={"for W_* outside the set": list(facts[:2]), "the other way round": at_most(before, after)},
    )


def jensen() -> Step:
    """Cauchy-Schwarz for a vector p of n entries and the vector of ones: <p, 1>^2 <= n |p|^2."""
    facts = (cauchy_schwarz().at({uu: n * mean_of_squares, uv: n * mean, vv: n}),)
    return follows(
        "Jensen",
        "the square of a mean is at most the mean of the squares",
        at_most(mean**2, mean_of_squares),
        *facts,
        falsified={"half of the right side": at_most(mean**2, mean_of_squares / 2), "without it": []},
    )


def least_and_mean() -> tuple[Step, ...]:
    """The least of T numbers is at most their mean."""
    term = reals("term")[0]

    def engine(multiple: int) -> Induction:
        return Induction(
            invariant=at_most(multiple * least * TERMS, total),
            counter=TERMS,
            start=0,
            first={total: sympy.Integer(0)},
            following={total: total + term},
            step_facts=(defined("no term is below the least", at_most(least, term)),),
        )

    sums = by(
        "least.sum",
        "k times the least of k numbers is at most their sum",
        engine(1),
        falsified={"twice the least": engine(2)},
    )
    return sums, follows(
        "least",
        "the least of T numbers is at most their sum over T",
        at_most(least, total / T),
        sums.at({TERMS: T}),
        falsified={"nine tenths of it": at_most(least, sympy.Rational(9, 10) * total / T), "without the sum": []},
    )


def bernoulli() -> Step:
    """(1 + x)^k >= 1 + k x for x >= 0."""
    x, power = positives("x")[0], reals("power")[0]

    def engine(rate: sympy.Expr) -> Induction:
        return Induction(
            invariant=at_most(1 + rate * TERMS * x, power),
            counter=TERMS,
            start=0,
            first={power: sympy.Integer(1)},
            following={power: (1 + x) * power},
        )

    return by(
        "Bernoulli",
        "(1 + x)^k >= 1 + k x for x > 0",
        engine(sympy.Integer(1)),
        falsified={"1 + 1.1 k x": engine(sympy.Rational(11, 10))},
    )


def proof() -> Proof:
    """The lemmas, as a proof without a theorem."""
    steps = (cauchy_schwarz(), triangle(), projection(), jensen(), *least_and_mean(), bernoulli())
    return Proof("lemmas", "vectors in any dimension, and means", steps)
