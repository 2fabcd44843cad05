"""The proof of E4.d: nets of caps, the four events, and what they add up to; see `one_neuron` for the moments.

g is the linearisation of W^c, the mean over the neurons; f is what it is the expectation of.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Abs, Max, Rational, exp, log, sqrt

from ..concentration import BERNSTEIN_DEVIATION, Lambda, M, N, eta, p
from ..concentration import v as second_moment
from ..engines.relations import at_most, equal
from ..existence import (
    AT_CENTRES,
    B_1,
    CAP_NET,
    EXCESS,
    FROM_CENTRES,
    LIPSCHITZ,
    LOG_CENTRES,
    LOG_NET,
    ON_NET,
    ONE_SCALE,
    OPERATOR_NORM,
    PAIRED_REALISATION,
    PAIRED_REMAINDER,
    RADIUS,
    REALISATION,
    REMAINDER,
    SPREAD,
    TANGENT_RADIUS,
    TWO_SCALES,
    F,
    Q,
    V,
    b,
    delta,
    n,
)
from ..letters import beta, d, m
from ..proof import Step
from .building import defined, equals, follows, given, lengths, reals
from .one_neuron import chord, one_point, spread, two_points


def nets_of_caps() -> tuple[Step, ...]:
    """The cap seen from its tangent plane: a ball of radius r sin(theta) in d - 2 dimensions, stretched by 1/cos."""
    first, second, high, low, cosine, sine, apart = lengths("|t| |t'| a a' cos(theta) sin(theta) |t-t'|")
    facts = (
        defined("|t|^2 + a^2 = r^2 = |t'|^2 + a'^2", equal(first**2 + high**2, second**2 + low**2)),
        given("angles up to theta: a cos >= 0, |t| cos <= a sin", at_most(first * cosine, high * sine)),
        given("and |t'| cos <= a' sin", at_most(second * cosine, low * sine)),
        defined("cos^2 + sin^2 = 1", equal(cosine**2 + sine**2, 1)),
        given("theta < pi/2", sympy.Gt(cosine, 0)),
        defined("| |t| - |t'| | <= |t - t'|", at_most((first - second) ** 2, apart**2)),
        given("t and t' are not both 0", sympy.Gt(high + low, 0)),
    )
    cosine_of_cap = 1 - delta**2 / (2 * (1 - b**2))
    return (
        follows(
            "E4.d.chord",
            "|x - x'|^2 = |t - t'|^2 + (a - a')^2 <= |t - t'|^2/cos(theta)^2",
            at_most((apart**2 + (high - low) ** 2) * cosine**2, apart**2),
            *facts,
            falsified={
                "0.99 of the right side": at_most(
                    (apart**2 + (high - low) ** 2) * cosine**2, Rational(99, 100) * apart**2
                ),
                "beyond theta": [facts[0], *facts[3:]],
            },
        ),
        equals(
            "E4.d.tangent",
            "(r sin(theta)/cos(theta))^2 with cos(theta) = 1 - delta^2/(2 r^2), r^2 = 1 - b^2",
            TANGENT_RADIUS**2,
            (1 - b**2) * (1 / cosine_of_cap**2 - 1),
            uses=("E4.d.chord",),
        ),
        equals(
            "E4.d.net",
            "points eta cos(theta) apart: (1 + 2 r tan(theta)/eta)^(d-2)",
            CAP_NET,
            (1 + 2 * TANGENT_RADIUS / eta) ** (d - 2),
            uses=("E4.d.tangent", "net.size"),
        ),
    )


def events() -> tuple[Step, ...]:
    """Each event fails with probability at most p/4; two-sided bounds at n centres and at n nets."""

    def within(name: str, claim: str, found: Any, moment: Any, bound: Any, cases: Any, *uses: str) -> Step:
        values = {N: m / 2, second_moment: moment, M: bound, Lambda: cases}
        return equals(name, claim, found, BERNSTEIN_DEVIATION.xreplace(values), uses=("bernstein.deviation", *uses))

    value, change = (B_1**2 * F**2, B_1 * V), (delta**2 * (B_1**2 * F**2 + beta**2 * SPREAD), 2 * B_1 * V)
    of_value, of_change = ("E4.d.moment", "E4.d.range"), ("E4.d.change.moment", "E4.d.change.range")
    cases = log(8 * n / p) + (d - 2) * log(1 + 2 * TANGENT_RADIUS / eta)
    total, *each = lengths("failure p_1 p_2 p_3 p_4")
    parts = [given(f"event {index} fails with p/4 at most", at_most(one, p / 4)) for index, one in enumerate(each, 1)]
    level = log(4 / p) + (d - 1) * log(17)
    return (
        equals("E4.d.cases", "2 n exp(-Lambda) = p/4 for the centres", 2 * n * exp(-LOG_CENTRES), p / 4),
        equals("E4.d.cases.net", "and Lambda + log(size of a net) for the nets", LOG_NET, cases, uses=("E4.d.net",)),
        within("E4.d.centres", "values at the centres", AT_CENTRES, *value, log(8 * n / p), *of_value, "E4.d.cases"),
        within("E4.d.from centres", "changes on the nets", FROM_CENTRES, *change, cases, *of_change, "E4.d.cases.net"),
        within("E4.d.on net", "values on the nets", ON_NET, *value, cases, *of_value, "E4.d.cases.net"),
        within(
            "E4.d.radius",
            "the mean of |v_r|^2 <= V^2, E |v|^4 <= V^2 F^2",
            EXCESS,
            V**2 * F**2,
            V**2,
            log(4 / p),
            "E4.d.fourth",
        ),
        equals("E4.d.radius=", "R^2 = F^2 + excess", RADIUS**2, F**2 + EXCESS),
        equals(
            "E4.d.operator",
            "||W_0||/sqrt(m) by a net of mesh 1/8, without the bias coordinate",
            OPERATOR_NORM**2 * Rational(7, 8) ** 2,
            1 + 2 * sqrt(level / (m / 2)) + 2 * level / (m / 2),
            uses=("norm.level",),
        ),
        follows(
            "E4.d.union",
            "the four events fail with probability at most p together",
            at_most(total, p),
            *parts,
            defined("union bound", at_most(total, sum(each))),
            falsified={"0.99 p": at_most(total, Rational(99, 100) * p), "without the union bound": parts},
            uses=("E4.d.centres", "E4.d.from centres", "E4.d.radius", "E4.d.operator"),
        ),
    )


def between_points() -> tuple[Step, ...]:
    """g and f change by at most their norms times the change of the features."""
    gradients, functions = lengths("|grad_g-grad_g'| |K_x-K_x'|")
    change, radius, operator = lengths("change |W^c-W_0| |W_0|/sqrt(m)")
    network, kernel = reals("g(x)-g(x') f(x)-f(x')")
    facts = (
        given("the mean of E4.d.feature over W_0", at_most(gradients**2, (B_1**2 + beta**2 * operator**2) * chord**2)),
        given("the mean of E4.d.feature over w", at_most(functions**2, (B_1**2 + beta**2) * chord**2)),
        given("|g(x) - g(x')| <= |W^c - W_0| |grad g - grad g'|", at_most(Abs(network), radius * gradients)),
        given("|f(x) - f(x')| <= |f| |K_x - K_x'|", at_most(Abs(kernel), F * functions)),
        given("|x - x'| <= eta", at_most(chord, eta)),
    )
    slope_of_g, slope_of_f = lengths("L_g L_f")
    roots = (
        defined("L_g^2 = B_1^2 + beta^2 omega^2", equal(slope_of_g**2, B_1**2 + beta**2 * operator**2)),
        defined("L_f^2 = B_1^2 + beta^2", equal(slope_of_f**2, B_1**2 + beta**2)),
    )
    steps = (
        follows(
            "E4.d.lipschitz.g",
            "|g(x) - g(x')| <= |W^c - W_0| L_g eta",
            at_most(Abs(network), radius * slope_of_g * eta),
            *(facts[index] for index in (0, 2, 4)),
            roots[0],
            falsified={
                "0.99 of it": at_most(Abs(network), Rational(99, 100) * radius * slope_of_g * eta),
                "points further apart": [facts[0], facts[2], roots[0]],
            },
            uses=("E4.d.feature",),
        ),
        follows(
            "E4.d.lipschitz.f",
            "|f(x) - f(x')| <= F L_f eta",
            at_most(Abs(kernel), F * slope_of_f * eta),
            *(facts[index] for index in (1, 3, 4)),
            roots[1],
            falsified={
                "0.99 of it": at_most(Abs(kernel), Rational(99, 100) * F * slope_of_f * eta),
                "points further apart": [facts[1], facts[3], roots[1]],
            },
            uses=("E4.d.feature",),
        ),
    )
    expected = RADIUS * sqrt(B_1**2 + beta**2 * OPERATOR_NORM**2) + F * sqrt(B_1**2 + beta**2)
    return (
        *steps,
        equals(
            "E4.d.lipschitz", "|W^c - W_0| L_g + F L_f", LIPSCHITZ, expected, uses=tuple(step.name for step in steps)
        ),
    )


def conclusion() -> tuple[Step, ...]:
    """On all four events, for the nearest point of the net: the deviation, and what it does to margins and losses."""
    here, there, centre, whole = reals("(g-f)(x) (g-f)(x') (g-f)(x_i) (f(W^c)-f)(x)")
    margin, reached, allowed = reals("y_f(x') y_f(W^c.x') t")
    at_centres, changes, on_net, lipschitz = lengths("t_0 t_1 t_net L")
    near = given("x is within the mesh of x', by E4.d.lipschitz", at_most(Abs(here - there), eta * lipschitz))
    rest = lengths("remainder")[0]
    two_scales, one_scale = at_centres + changes + eta * lipschitz + rest, on_net + eta * lipschitz + rest
    remainder = given("E4.a at |W^c - W_0| <= R", at_most(Abs(whole - here), rest))
    two = (
        given("event 1", at_most(Abs(centre), at_centres)),
        given("event 2", at_most(Abs(there - centre), changes)),
        near,
        remainder,
    )
    one = (given("events 1 and 2 in one", at_most(Abs(there), on_net)), near, remainder)
    robust = (
        given("|f(W^c, x') - f(x')| <= t", at_most(Abs(margin - reached), allowed)),
        given("y f(x') >= 1", at_most(1, margin)),
    )
    return (
        equals("E4.d.remainder", "E4.a at the radius", REMAINDER, REALISATION.xreplace({Q: F**2 + EXCESS})),
        equals(
            "E4.d.remainder.paired",
            "and its form for pairs",
            PAIRED_REMAINDER,
            PAIRED_REALISATION.xreplace({Q: F**2 + EXCESS}),
        ),
        follows(
            "E4.d",
            "|f(W^c, x) - f(x)| <= centres + net + mesh + remainder",
            at_most(Abs(whole), two_scales),
            *two,
            falsified={
                "without the mesh": at_most(Abs(whole), two_scales - eta * lipschitz),
                "without event 2": [two[0], near, remainder],
            },
            uses=("E4.d.union", "E4.d.lipschitz", "E4.d.remainder"),
        ),
        follows(
            "E4.d.one scale",
            "|f(W^c, x) - f(x)| <= net + mesh + remainder",
            at_most(Abs(whole), one_scale),
            *one,
            falsified={
                "without the mesh": at_most(Abs(whole), one_scale - eta * lipschitz),
                "off the net": list(one[:1]),
            },
            uses=("E4.d.union", "E4.d.lipschitz", "E4.d.remainder"),
        ),
        equals("E4.d=", "its terms", TWO_SCALES, AT_CENTRES + FROM_CENTRES + eta * LIPSCHITZ),
        equals("E4.d.one scale=", "its terms", ONE_SCALE, ON_NET + eta * LIPSCHITZ),
        follows(
            "E4.d.loss",
            "margins >= 1 of f leave W^c a hinge loss of at most t",
            at_most(Max(0, 1 - reached), Max(0, allowed)),
            *robust,
            falsified={
                "0.99 t": at_most(Max(0, 1 - reached), Rational(99, 100) * Max(0, allowed)),
                "smaller margins": [robust[0]],
            },
            uses=("E4.d",),
        ),
    )


def steps() -> tuple[Step, ...]:
    """All of E4.d."""
    return (*one_point(), *spread(), *two_points(), *nets_of_caps(), *events(), *between_points(), *conclusion())
