"""Bernstein's and Hoeffding's inequalities, chi-square tails and nets: from the exponential series to the constants.

Nothing is cited. What is taken for granted, by name: Markov's inequality for exp(lam S), that the expectation of a
product of independent factors is the product of theirs, Taylor's formula, and that volumes add up.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integral, Rational, exp, log

from ..concentration import (
    BERNSTEIN_COUNT,
    BERNSTEIN_CUMULANT,
    BERNSTEIN_DEVIATION,
    BERNSTEIN_TAIL,
    BERNSTEIN_TILT,
    HOEFFDING_COUNT,
    HOEFFDING_CUMULANT,
    HOEFFDING_DEVIATION,
    HOEFFDING_TAIL,
    HOEFFDING_TILT,
    Lambda,
    M,
    N,
    lam,
    p,
    t,
    v,
)
from ..engines.engine import Fact
from ..engines.finite import Exact
from ..engines.identity import Identity
from ..engines.relations import at_most, equal, less
from ..proof import Proof, Step
from . import lemmas
from .binomial import bernstein_on_binomials, hoeffding_on_binomials
from .building import by, defined, equals, follows, given, positives, reals
from .nets import chi_square, net, operator_norm

y, a, mean, X, place = reals("y a mu X xi")
exp_y, exp_minus_y, exp_place, exp_cumulant = positives("exp(y) exp(-y) exp(xi) exp(lam_mu+cumulant)")
exp_up, exp_down, exp_above, exp_below = positives("exp(lam(M-X)) exp(-lam(M+X)) exp(lam_M) exp(-lam_M)")


def remainder(function: Any, variable: Any, second: Any) -> Identity:
    """function(y) = int_0^y (y - a) function''(a) da: it vanishes at 0 with its derivative, and this is its second."""
    integral = Integral((variable - a) * second.xreplace({variable: a}), (a, 0, variable))
    return Identity(function, sympy.expand(integral.doit()))


def taylor(value: Any, second: Any) -> Fact:
    """Taylor's formula at 0 for a function that vanishes there with its derivative; exponentials are positive reals."""
    second = second.xreplace({y: place}).xreplace({exp(place): exp_place})
    formula = equal(value.xreplace({exp(y): exp_y}), second * y**2 / 2)
    return defined("Taylor's formula: g(y) = g''(xi) y^2/2 if g(0) = g'(0) = 0", formula)


def exponential() -> tuple[Step, ...]:
    """1 + y <= exp(y)."""
    gap = exp(y) - 1 - y
    curve = by(
        "exp.curve",
        "exp(y) - 1 - y vanishes at 0 with its derivative, and its second derivative is exp(y)",
        remainder(gap, y, exp(y)),
        falsified={"exp(y) - 1 - 1.01 y": remainder(exp(y) - 1 - Rational(101, 100) * y, y, exp(y))},
    )
    tangent = follows(
        "exp.tangent",
        "1 + y <= exp(y)",
        at_most(1 + y, exp_y),
        taylor(gap, exp(y)),
        falsified={
            "1.01 + y": at_most(Rational(101, 100) + y, exp_y),
            "without Taylor's formula": [],
        },
        uses=("exp.curve",),
    )
    return curve, tangent


def bernstein_moments(tangent: Step) -> tuple[Step, ...]:
    """exp(lam X) <= 1 + lam X + lam^2 X^2 / (2 (1 - lam M/3)) for X <= M, lam M < 3."""
    gap = y**2 / 2 - (1 - y / 3) * (exp(y) - 1 - y)
    second = (1 + (y - 1) * exp(y)) / 3
    wrong = y**2 / 2 - (1 - y / 4) * (exp(y) - 1 - y)
    inverse = defined("exp(y) exp(-y) = 1", equal(exp_y * exp_minus_y, 1))
    product = (1 - y / 3) * (exp_y - 1 - y)
    convex = follows(
        "bernstein.convex",
        "1 + (y - 1) exp(y) >= 0",
        at_most(0, 1 + (y - 1) * exp_y),
        tangent.at({y: -y, exp_y: exp_minus_y}),
        inverse,
        falsified={
            "0.99 for 1": at_most(0, Rational(99, 100) + (y - 1) * exp_y),
            "exp(-y) may be anything": [inverse],
        },
    )
    curved = convex.at({y: place, exp_y: exp_place})
    series = follows(
        "bernstein.series",
        "(1 - y/3) (exp(y) - 1 - y) <= y^2/2 for all y",
        at_most(product, y**2 / 2),
        taylor(gap, second),
        curved,
        falsified={
            "0.49 y^2": at_most(product, Rational(49, 100) * y**2),
            "1 - y/4 for 1 - y/3": at_most((1 - y / 4) * (exp_y - 1 - y), y**2 / 2),
        },
        uses=("bernstein.curve",),
    )
    bounded = given("X <= M, with y = lam X", at_most(y, lam * M))
    small = given("lam M < 3", less(lam * M, 3))
    moment = follows(
        "bernstein.moment",
        "exp(y) <= 1 + y + y^2/(2 (1 - lam M/3)) for y = lam X, X <= M",
        at_most(exp_y, 1 + y + y**2 / (2 * (1 - lam * M / 3))),
        series.at(),
        tangent.at(),
        bounded,
        small,
        falsified={
            "lam M/4 for lam M/3": at_most(exp_y, 1 + y + y**2 / (2 * (1 - lam * M / 4))),
            "for X > M": [series.at(), tangent.at(), small],
        },
    )
    return (
        by(
            "bernstein.curve",
            "g(y) = y^2/2 - (1 - y/3) (exp(y) - 1 - y) vanishes at 0 with g', and g'' = (1 + (y - 1) exp(y))/3",
            remainder(gap, y, second),
            falsified={"y/4 for y/3": remainder(wrong, y, second)},
        ),
        convex,
        series,
        moment,
    )


def bernstein(tangent: Step) -> tuple[Step, ...]:
    """From the moments to the tail, its inverses, and a test on exact binomial tails."""
    mgf, square = positives("E[exp(lam_X)] E[X^2]")
    exponent = lam * mean + BERNSTEIN_CUMULANT
    facts = (
        given(
            "the mean of bernstein.moment",
            at_most(mgf, 1 + lam * mean + lam**2 * square / (2 * (1 - lam * M / 3))),
        ),
        given("E X^2 <= v", at_most(square, v)),
        given("lam M < 3", less(lam * M, 3)),
        tangent.at({y: exponent, exp_y: exp_cumulant}),
    )
    cumulant = follows(
        "bernstein.cumulant",
        "E exp(lam X) <= exp(lam E X + cumulant)",
        at_most(mgf, exp_cumulant),
        *facts,
        falsified={
            "0.99 of it": at_most(mgf, Rational(99, 100) * exp_cumulant),
            "a second moment above v": [facts[0], *facts[2:]],
        },
        uses=("bernstein.moment",),
    )
    tilted = BERNSTEIN_CUMULANT.xreplace({lam: BERNSTEIN_TILT})
    return (
        cumulant,
        follows(
            "bernstein.tilt",
            "the tilt lam = t/(v + M t/3) has lam M < 3",
            less(BERNSTEIN_TILT * M, 3),
            falsified={"2.9 for 3": less(BERNSTEIN_TILT * M, Rational(29, 10))},
        ),
        equals(
            "bernstein.chernoff",
            "-lam t + cumulant = -t^2/(2 (v + M t/3)) at that tilt: the N factors are the tail",
            log(BERNSTEIN_TAIL),
            N * (tilted - BERNSTEIN_TILT * t),
            uses=("bernstein.cumulant", "bernstein.tilt"),
        ),
        *inverses("bernstein", BERNSTEIN_TAIL, BERNSTEIN_DEVIATION, BERNSTEIN_COUNT),
        by(
            "bernstein.binomials",
            "the tail is above the exact tails of centred binomial variables",
            Exact(lambda: bernstein_on_binomials(BERNSTEIN_TAIL)),
            falsified={
                "M/30 for M/3": Exact(lambda: bernstein_on_binomials(exp(-N * t**2 / (2 * (v + M * t / 30))))),
                "0.8 v for v": Exact(lambda: bernstein_on_binomials(BERNSTEIN_TAIL.xreplace({v: Rational(8, 10) * v}))),
            },
            uses=("bernstein.chernoff",),
        ),
    )


def hoeffding(tangent: Step) -> tuple[Step, ...]:
    """For |X| <= M: the chord above exp, the curvature of its logarithm, the tail."""
    middle = positives("exp(lam_X)")[0]
    supports = (
        given("|X| <= M", sympy.And(at_most(-M, X), at_most(X, M))),
        tangent.at({y: lam * (M - X), exp_y: exp_up}),
        tangent.at({y: -lam * (M + X), exp_y: exp_down}),
        defined("exp(lam M) = exp(lam X) exp(lam (M - X))", equal(exp_above, middle * exp_up)),
        defined("exp(-lam M) = exp(lam X) exp(-lam (M + X))", equal(exp_below, middle * exp_down)),
    )
    chord_value = ((M - X) * exp_below + (M + X) * exp_above) / (2 * M)
    chord = follows(
        "hoeffding.chord",
        "exp(lam X) <= ((M - X) exp(-lam M) + (M + X) exp(lam M))/(2 M)",
        at_most(middle, chord_value),
        *supports,
        falsified={
            "half of one end": at_most(middle, ((M - X) * exp_below + (M + X) * exp_above / 2) / (2 * M)),
            "for X > M": list(supports[1:]),
        },
    )
    u, q = reals("u q")[0], positives("q")[0]
    weight = q * exp(u) / (1 - q + q * exp(u))
    cumulant = log(1 - q + q * exp(u)) - q * u
    share = reals("share")[0]
    flat = follows(
        "hoeffding.quarter",
        "w (1 - w) <= 1/4",
        at_most(share * (1 - share), Rational(1, 4)),
        falsified={"0.24 for 1/4": at_most(share * (1 - share), Rational(24, 100))},
    )
    value = reals("L")[0]
    eighth = follows(
        "hoeffding.eighth",
        "L(u) <= u^2/8",
        at_most(value, u**2 / 8),
        flat.at(),
        defined(
            "Taylor's formula for L, whose second derivative is w (1 - w)", equal(value, share * (1 - share) * u**2 / 2)
        ),
        falsified={"u^2/9": at_most(value, u**2 / 9), "without the curvature": [flat.at()]},
        uses=("hoeffding.curve", "hoeffding.slope"),
    )
    shifted = log(((M - mean) * exp(-lam * M) + (M + mean) * exp(lam * M)) / (2 * M)) - lam * mean
    return (
        chord,
        equals(
            "hoeffding.centred",
            "the mean of the chord times exp(-lam mu) is exp(L(u)), u = 2 lam M, q = (M + mu)/(2 M)",
            exp(shifted),
            exp(cumulant).xreplace({q: (M + mean) / (2 * M), u: 2 * lam * M}),
            uses=("hoeffding.chord",),
        ),
        equals("hoeffding.slope", "L(0) + 1 = 1 and L'(0) + 1 = 1", (cumulant + cumulant.diff(u) + 1).subs(u, 0), 1),
        equals("hoeffding.curve", "L'' = w (1 - w)", cumulant.diff(u, 2), weight * (1 - weight)),
        flat,
        eighth,
        equals("hoeffding.cumulant", "u^2/8 at u = 2 lam M", HOEFFDING_CUMULANT, (2 * lam * M) ** 2 / 8),
        equals(
            "hoeffding.chernoff",
            "-lam t + cumulant = -t^2/(2 M^2) at lam = t/M^2: the N factors are the tail",
            log(HOEFFDING_TAIL),
            N * (HOEFFDING_CUMULANT.xreplace({lam: HOEFFDING_TILT}) - HOEFFDING_TILT * t),
            uses=("hoeffding.eighth", "hoeffding.cumulant"),
        ),
        *inverses("hoeffding", HOEFFDING_TAIL, HOEFFDING_DEVIATION, HOEFFDING_COUNT),
        by(
            "hoeffding.binomials",
            "the tail is above the exact tails of centred binomial variables",
            Exact(lambda: hoeffding_on_binomials(HOEFFDING_TAIL)),
            falsified={
                "0.8 M for M": Exact(lambda: hoeffding_on_binomials(HOEFFDING_TAIL.xreplace({M: Rational(8, 10) * M})))
            },
            uses=("hoeffding.chernoff",),
        ),
    )


def inverses(name: str, tail: Any, deviation: Any, count: Any) -> tuple[Step, ...]:
    """The deviation and the number of samples belong to the tail; more samples do no harm."""
    exponent, more = -log(tail).expand(force=True), positives("N_more")[0]
    return (
        equals(
            f"{name}.deviation",
            "the tail at the deviation is exp(-Lambda)",
            log(tail.xreplace({t: deviation})),
            -Lambda,
        ),
        follows(
            f"{name}.deviation.positive",
            "the deviation is positive",
            less(0, deviation),
            falsified={"above 1": less(1, deviation)},
        ),
        equals(f"{name}.count", "the tail at the count is p", tail.xreplace({N: count}), p),
        follows(
            f"{name}.more",
            "more samples make the tail smaller",
            at_most(exponent, exponent.xreplace({N: more})),
            given("N_more >= N", at_most(N, more)),
            falsified={"fewer samples": at_most(exponent.xreplace({N: more}), exponent), "any number": []},
        ),
    )


def proof() -> Proof:
    """The inequalities, as a proof without a theorem."""
    curve, tangent = exponential()
    steps = (
        curve,
        tangent,
        *bernstein_moments(tangent),
        *bernstein(tangent),
        *hoeffding(tangent),
        *net(),
        *chi_square(),
        *operator_norm(),
    )
    return Proof("concentration", "means, Gaussian matrices and nets", steps, rests_on=(lemmas.proof(),))
