"""The proofs of E4.a and E4.b: the network W^c, its remainder, and the radius from both sides."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Abs, Derivative, Integer, Max, Rational, Subs, sqrt

from ..curvature import FULL_CURVATURE
from ..engines.identity import Identity
from ..engines.relations import at_most, equal
from ..existence import (
    DUAL_BOUND,
    FEASIBLE_NORM,
    HALF,
    PAIRED_REALISATION,
    REALISATION,
    SLACK_RADIUS,
    Q,
    V,
    energy,
    gain,
    margin,
    norm,
)
from ..letters import R, gamma, m, s
from ..proof import Step
from . import building, remainder
from .building import P, by, defined, equals, follows, given, lengths, reals, summed
from .lemmas import cauchy_schwarz, uu, uv, vv
from .remainder import distance_squared, sigma, total_remainder, v, z

network, linear = reals("f(W^c.x) <grad_f(W_0.x).W^c-W_0>")
t, xi, inner = lengths("t xi xi'")
derivative = sympy.Function("sigma'", real=True)
odd, even, bent = reals("odd even bent")
speed, velocity = reals("<v.x>")[0], lengths("|v|")[0]


def realised() -> tuple[Step, ...]:
    """|W^c - W_0|^2 = c'K_m c, and what W^c differs from its linearisation by."""
    c1, c2, s1, s2, p1, p2, q1, q2 = reals("c1 c2 s1 s2 p1 p2 q1 q2")
    square = (c1 * s1 * p1 + c2 * s2 * q1) ** 2 + (c1 * s1 * p2 + c2 * s2 * q2) ** 2
    products = {(1, 1): p1**2 + p2**2, (1, 2): p1 * q1 + p2 * q2, (2, 2): q1**2 + q2**2}
    kernel = (c1 * s1) ** 2 * products[1, 1] + 2 * c1 * c2 * s1 * s2 * products[1, 2] + (c2 * s2) ** 2 * products[2, 2]
    curvature = remainder.full_curvature()[1].at({distance_squared: Q})
    start = defined("f(W_0, x) = 0: the pairs cancel", equal(total_remainder, network - 0 - linear))
    return (
        equals(
            "E4.a.norm",
            "|v(w)|^2 = sum_ij c_i c_j sigma'(w.z_i) sigma'(w.z_j) <z_i, z_j>, a neuron's share of m c'K_m c",
            square,
            kernel,
        ),
        equals(
            "E4.a.pair",
            "a pair adds 2 (1/sqrt(m))^2 h to the linearisation: it is a mean over the pairs",
            2 * (1 / sqrt(m)) ** 2,
            1 / HALF,
        ),
        follows(
            "E4.a",
            "|f(W^c, x) - sum_j c_j K_m(x, z_j)| <= beta/(2 sqrt(m)) c'K_m c",
            at_most(Abs(network - linear), REALISATION),
            curvature,
            start,
            falsified={
                "0.99 of it": at_most(Abs(network - linear), Rational(99, 100) * REALISATION),
                "f(W_0, x) may be anything": [curvature],
            },
            uses=("E4.a.norm",),
        ),
        equals("E4.a=", "it is the curvature of E1.a at |W^c - W_0|^2", REALISATION, FULL_CURVATURE * Q),
    )


def paired_neuron() -> tuple[Step, ...]:
    """|sigma(z+t) - sigma(z-t) - 2 sigma'(z) t| <= gamma t^3/3 for t >= 0; for t < 0 both sides are odd or even."""
    slope = reals("sigma'(z)")[0]
    first = _slope_of(sigma, 1) + _slope_of(sigma, -1) - 2 * slope
    second_there, second_back = (_slope_of(derivative, sign) for sign in (1, -1))
    value = sigma(z + t) - sigma(z - t) - 2 * slope * t
    curve = derivative(z + t) + derivative(z - t) - 2 * slope

    def cubic(factor: Any, sign: int) -> Identity:
        return Identity(Derivative(factor * gamma * t**3 - sign * value, t), gamma * t**2 - sign * first)

    def quadratic(factor: Any, sign: int) -> Identity:
        return Identity(
            Derivative(factor * gamma * t**2 - sign * curve, t), 2 * gamma * t - sign * (second_there - second_back)
        )

    slopes = [
        by(
            f"E4.a.{name}{'-+'[sign < 0]}",
            claim,
            engine(factor, sign),
            falsified={"nine tenths of the factor": engine(Rational(9, 10) * factor, sign)},
        )
        for name, claim, engine, factor in (
            ("k", "the slope of gamma t^2 -+ (sigma'(z+t) + sigma'(z-t) - 2 sigma'(z))", quadratic, Integer(1)),
            ("h", "the slope of gamma t^3/3 -+ (sigma(z+t) - sigma(z-t) - 2 sigma'(z) t)", cubic, Rational(1, 3)),
        )
        for sign in (1, -1)
    ]
    third = given(
        "sigma'' is gamma-Lipschitz: |sigma''(z+xi) - sigma''(z-xi)| <= gamma 2 xi", at_most(Abs(bent), 2 * gamma * xi)
    )
    curved = [
        follows(
            f"E4.a.even{'+-'[sign < 0]}",
            "sigma'(z+t) + sigma'(z-t) - 2 sigma'(z) is within gamma t^2",
            at_most(sign * even, gamma * t**2),
            third,
            defined("mean value theorem", equal(gamma * t**2 - sign * even, (2 * gamma * xi - sign * bent) * t)),
            falsified={"0.9 gamma": at_most(sign * even, Rational(9, 10) * gamma * t**2), "without gamma": []},
            uses=(f"E4.a.k{'-+'[sign < 0]}",),
        )
        for sign in (1, -1)
    ]
    both = [step.at({t: xi, xi: inner}) for step in curved]
    cubes = [
        follows(
            f"E4.a.odd{'+-'[sign < 0]}",
            "sigma(z+t) - sigma(z-t) - 2 sigma'(z) t is within gamma t^3/3",
            at_most(sign * odd, gamma * t**3 / 3),
            both[index],
            given("sigma'' is gamma-Lipschitz, at xi'", at_most(Abs(bent), 2 * gamma * inner)),
            defined("mean value theorem", equal(odd, sign * (gamma * t**3 / 3 - (gamma * xi**2 - sign * even) * t))),
            falsified={"0.9 gamma": at_most(sign * odd, Rational(9, 10) * gamma * t**3 / 3), "without E4.a.even": []},
            uses=(f"E4.a.h{'-+'[sign < 0]}",),
        )
        for index, sign in enumerate((1, -1))
    ]
    return (*slopes, *curved, *cubes)


def _slope_of(function: Any, sign: int) -> Any:
    return Subs(Derivative(function(v), v), v, z + sign * t)


def paired_network() -> tuple[Step, ...]:
    """The pairs of W^c move by t_r = <v_r, x>/sqrt(m), and sum_r |v_r|^2 = (m/2) Q."""
    term = lengths("|remainder|")[0]
    facts = (
        given(
            "E4.a.odd: a pair's remainder is at most gamma |t_r|^3/3, t_r = <v_r, x>/sqrt(m)",
            at_most(term, gamma * Abs(speed) ** 3 / 3 / m ** Rational(3, 2)),
        ),
        given("|<v_r, x>| <= |v_r|, for |x| = 1", at_most(Abs(speed), velocity)),
        given("|v_r| <= V", at_most(velocity, V)),
    )
    rate = gamma * V / (3 * m ** Rational(3, 2))
    pairs = summed(
        "E4.a.pairs",
        "sum over pairs of |remainder| <= gamma V/(3 m^(3/2)) sum |v_r|^2",
        term,
        velocity**2,
        rate,
        *facts,
        uses=("E4.a.odd+", "E4.a.odd-"),
    )
    whole = (
        pairs.at({building.Q: HALF * Q}),
        defined(
            "f sums the pairs with weights 1/sqrt(m); sum_r |v_r|^2 = (m/2) Q",
            at_most(Abs(network - linear) * sqrt(m), P),
        ),
        *facts,
    )
    return (
        pairs,
        follows(
            "E4.a.paired",
            "|f(W^c, x) - sum_j c_j K_m(x, z_j)| <= gamma V/(6 m) c'K_m c",
            at_most(Abs(network - linear), PAIRED_REALISATION),
            *whole,
            falsified={
                "0.99 of it": at_most(Abs(network - linear), Rational(99, 100) * PAIRED_REALISATION),
                "without E4.a.pairs": list(whole[1:]),
            },
        ),
        equals("E4.a.paired=", "it is that sum over sqrt(m)", PAIRED_REALISATION, rate * HALF * Q / sqrt(m)),
    )


def radius() -> tuple[Step, ...]:
    """Lower bounds from any multipliers, upper bounds from certified margins, and the slack."""
    multiplier = lengths("l")[0]
    threshold, value, pairing = reals("b a_f(z) sum_l_a_f(z)")
    met = given("the constraint holds: b_i <= a_i f(z_i)", at_most(threshold, value))
    duality = (
        cauchy_schwarz().at({uu: norm**2, uv: pairing, vv: energy}),
        given("b'l <= sum_i l_i a_i f(z_i), by E4.b.sum", at_most(gain, pairing)),
    )
    scaled, least, reached = reals("y_f(x')/mu R(s) y_f(x')")
    certified = given("mu <= y f(x')", at_most(margin, reached))
    stretched = (
        given("(1 - s) f has margins 1 - s, so R(s) <= (1 - s) R", at_most(least, (1 - s) * R)),
        given("f/(1 - s) has margins 1, so R <= R(s)/(1 - s)", at_most(R, least / (1 - s))),
        given("s < 1", sympy.Lt(s, 1)),
    )
    short = given("y f(x') >= 1 - s", at_most(1 - s, reached))
    return (
        summed(
            "E4.b.sum",
            "b'l <= sum_i l_i a_i f(z_i) for l >= 0",
            multiplier * threshold,
            multiplier * value,
            Integer(1),
            met,
        ),
        follows(
            "E4.b.dual",
            "|f| >= b'l/sqrt(l'Ml)",
            at_most(DUAL_BOUND, norm),
            *duality,
            falsified={
                "1.01 of it": at_most(Rational(101, 100) * DUAL_BOUND, norm),
                "constraints not met": [duality[0]],
            },
            uses=("E4.b.sum",),
        ),
        equals("E4.b.dual=", "equality for f parallel to the multipliers", DUAL_BOUND * sqrt(energy), gain),
        follows(
            "E4.b.feasible",
            "f/mu has margins >= 1",
            at_most(1, scaled),
            certified,
            defined("value of f/mu", equal(scaled, reached / margin)),
            falsified={"1.01 for 1": at_most(Rational(101, 100), scaled), "not certified": []},
        ),
        equals("E4.b.feasible=", "and the norm |f|/mu", FEASIBLE_NORM * margin, norm, uses=("E4.b.feasible",)),
        follows(
            "E4.b.slack",
            "R(s) = (1 - s) R",
            equal(least, SLACK_RADIUS),
            *stretched,
            falsified={
                "1.01 R": equal(least, Rational(101, 100) * SLACK_RADIUS),
                "one scaling only": [stretched[0], stretched[2]],
            },
        ),
        follows(
            "E4.b.hinge",
            "margins >= 1 - s cost a hinge loss of at most s",
            at_most(Max(0, 1 - reached), s),
            short,
            falsified={"0.99 s": at_most(Max(0, 1 - reached), Rational(99, 100) * s), "smaller margins": []},
        ),
    )
