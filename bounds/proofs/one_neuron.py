"""The proof of E4.d, one neuron: moments and ranges of what is averaged over the neurons.

Phi_x(w) = sigma'(w.x) x is the feature of a neuron, v(w) = sum_j c_j Phi_{z_j}(w), and h_x(w) = <v(w), Phi_x(w)>: its
mean is f(x), and the mean of N independent ones is the linearisation g(x) of W^c (E4.a).
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Abs, Integer, Rational, factorial2

from ..engines.finite import Exact
from ..engines.induction import Induction
from ..engines.relations import at_most, equal
from ..existence import (
    B_1,
    CHANGE_BOUND,
    CHANGE_MOMENT,
    SPREAD,
    VALUE_BOUND,
    VALUE_MOMENT,
    F,
    V,
    delta,
    q,
    velocity_bound,
)
from ..existence_problem import SPREAD_ORDERS
from ..letters import beta
from ..outcome import Outcome
from ..proof import Step
from .building import by, defined, equals, follows, given, lengths, positives, reals, summed
from .lemmas import cauchy_schwarz, uu, uv, vv

slope, slope_there, h, along = reals("sigma'(w.x) sigma'(w.x') h <v.x>")
velocity, chord, shift = lengths("|v| |x-x'| |w.(x-x')|")
feature = lengths("|Phi_x-Phi_x'|^2")[0]
BOUNDED = given("|sigma'| <= B_1", at_most(Abs(slope), B_1))
SHORT = given("|v(w)| <= V", at_most(velocity, V))


def one_point() -> tuple[Step, ...]:
    """|h_x| <= B_1 V, E h_x^2 <= B_1^2 F^2."""
    shortened = given("|<v, x>| <= |v|, for |x| = 1", at_most(Abs(along), velocity))
    product = defined("h_x = <v, x> sigma'(w.x)", equal(h, along * slope))
    mean_square, mean_length = lengths("E[h^2] E|v|^2")
    squares = given("the mean of E4.d.square", at_most(mean_square, B_1**2 * mean_length))
    isometry = given("E |v|^2 = |f|_H^2 <= F^2", at_most(mean_length, F**2))
    (coefficient, pair), one = reals("c_j c_i_c_j<z_i.z_j>"), Integer(1)
    return (
        summed(
            "E4.d.velocity",
            "|v(w)| <= sum_j |c_j| |sigma'(w.z_j)| |z_j| <= B_1 ||c||_1",
            Abs(coefficient) * Abs(slope),
            Abs(coefficient),
            velocity_bound(B_1, one),
            BOUNDED,
        ),
        follows(
            "E4.d.range",
            "|h_x| <= B_1 V",
            at_most(Abs(h), VALUE_BOUND),
            BOUNDED,
            SHORT,
            shortened,
            product,
            falsified={
                "0.99 of it": at_most(Abs(h), Rational(99, 100) * VALUE_BOUND),
                "a longer v": [BOUNDED, shortened, product],
            },
        ),
        follows(
            "E4.d.square",
            "h_x^2 <= B_1^2 |v|^2",
            at_most(h**2, B_1**2 * velocity**2),
            BOUNDED,
            shortened,
            product,
            falsified={
                "0.99 B_1^2": at_most(h**2, Rational(99, 100) * B_1**2 * velocity**2),
                "a steeper sigma": [shortened, product],
            },
        ),
        follows(
            "E4.d.moment",
            "E h_x^2 <= B_1^2 F^2",
            at_most(mean_square, VALUE_MOMENT),
            squares,
            isometry,
            falsified={"0.99 of it": at_most(mean_square, Rational(99, 100) * VALUE_MOMENT), "a longer f": [squares]},
            uses=("E4.d.square",),
        ),
        follows(
            "E4.d.fourth",
            "|v|^4 <= V^2 |v|^2: the second moment of |v|^2 is at most V^2 F^2",
            at_most(velocity**4, V**2 * velocity**2),
            SHORT,
            falsified={
                "0.99 V^2": at_most(velocity**4, Rational(99, 100) * V**2 * velocity**2),
                "a longer v": [],
            },
        ),
        summed(
            "E4.d.velocity.gram",
            "|v(w)|^2 <= B_1^2 sum_ij |c_i c_j <z_i, z_j>|, a sharper V",
            pair * slope * slope_there,
            Abs(pair),
            B_1**2,
            BOUNDED,
            given("|sigma'| <= B_1 at the other centre", at_most(Abs(slope_there), B_1)),
        ),
        equals(
            "E4.d.velocity=", "V = B_1 ||c||_1", velocity_bound(B_1, velocity), B_1 * velocity, uses=("E4.d.velocity",)
        ),
        equals("E4.d.range=", "the range is B_1 V", VALUE_BOUND, B_1 * V),
        equals("E4.d.moment=", "the moment is B_1^2 F^2", VALUE_MOMENT, B_1**2 * F**2),
    )


def two_points() -> tuple[Step, ...]:
    """|h_x - h_x'| <= 2 B_1 V and its second moment; features change by the slope and by the point."""
    other, change = reals("h' h-h'")
    steeper = given("|sigma'| <= B_1 at x'", at_most(Abs(slope_there), B_1))
    smooth = given("sigma' is beta-Lipschitz", at_most(Abs(slope - slope_there), beta * shift))
    distance = defined(
        "|Phi_x - Phi_x'|^2, by E4.d.feature=",
        equal(feature, (slope - slope_there) ** 2 + slope * slope_there * chord**2),
    )
    moved = follows(
        "E4.d.feature",
        "|Phi_x - Phi_x'|^2 <= B_1^2 |x - x'|^2 + beta^2 (w.(x - x'))^2",
        at_most(feature, B_1**2 * chord**2 + beta**2 * shift**2),
        BOUNDED,
        steeper,
        smooth,
        distance,
        falsified={
            "0.99 B_1^2": at_most(feature, Rational(99, 100) * B_1**2 * chord**2 + beta**2 * shift**2),
            "0.99 beta^2": at_most(feature, B_1**2 * chord**2 + Rational(99, 100) * beta**2 * shift**2),
            "without beta": [BOUNDED, steeper, distance],
        },
    )
    mean_square, mean_length, mean_spread = lengths("E[(h-h')^2] E|v|^2 E[|v|^2(w.u)^2]")
    averaged = (
        given(
            "the mean of |v|^2 |Phi_x - Phi_x'|^2, |x - x'| <= delta",
            at_most(mean_square, delta**2 * (B_1**2 * mean_length + beta**2 * mean_spread)),
        ),
        given("E |v|^2 = |f|_H^2 <= F^2", at_most(mean_length, F**2)),
        given("E |v|^2 (w.u)^2 is at most the spread, by E4.d.spread", at_most(mean_spread, SPREAD)),
    )
    return (
        equals(
            "E4.d.feature=",
            "|Phi_x - Phi_x'|^2 with <x, x'> = 1 - |x - x'|^2/2",
            (slope - slope_there) ** 2 + slope * slope_there * chord**2,
            slope**2 - 2 * slope * slope_there * (1 - chord**2 / 2) + slope_there**2,
        ),
        moved,
        follows(
            "E4.d.change",
            "(h_x - h_x')^2 <= |v|^2 |Phi_x - Phi_x'|^2",
            at_most(change**2, velocity**2 * feature),
            cauchy_schwarz().at({uu: velocity**2, uv: change, vv: feature}),
            falsified={"0.99 of it": at_most(change**2, Rational(99, 100) * velocity**2 * feature)},
        ),
        follows(
            "E4.d.change.range",
            "|h_x - h_x'| <= 2 B_1 V",
            at_most(Abs(h - other), CHANGE_BOUND),
            given("E4.d.range at x", at_most(Abs(h), VALUE_BOUND)),
            given("E4.d.range at x'", at_most(Abs(other), VALUE_BOUND)),
            falsified={
                "0.99 of it": at_most(Abs(h - other), Rational(99, 100) * CHANGE_BOUND),
                "one range only": [given("E4.d.range at x", at_most(Abs(h), VALUE_BOUND))],
            },
            uses=("E4.d.range",),
        ),
        follows(
            "E4.d.change.moment",
            "E (h_x - h_x')^2 <= delta^2 (B_1^2 F^2 + beta^2 spread)",
            at_most(mean_square, CHANGE_MOMENT),
            *averaged,
            falsified={
                "0.99 of it": at_most(mean_square, Rational(99, 100) * CHANGE_MOMENT),
                "a longer f": [averaged[0], averaged[2]],
            },
            uses=("E4.d.change", "E4.d.feature"),
        ),
        equals("E4.d.change.range=", "twice the range of h", CHANGE_BOUND, 2 * (B_1 * V)),
        equals("E4.d.change.moment=", "and that moment", CHANGE_MOMENT, delta**2 * (B_1**2 * F**2 + beta**2 * SPREAD)),
    )


def spread() -> tuple[Step, ...]:
    """E |v|^2 u^2 for a standard normal u, from |v|^2 <= V^2, E |v|^2 <= F^2 and E u^(2q) = (2q-1)!!."""
    k = sympy.Symbol("k", integer=True, nonnegative=True)
    base, power, share, order = lengths("y y^q A q")
    level, moment, x = positives("lambda mu x")

    def bernoulli(rate: Any) -> Induction:
        return Induction(
            invariant=at_most(1 + k * (base - rate), power),
            counter=k,
            start=0,
            first={power: Integer(1)},
            following={power: base * power},
        )

    tangent = given("Bernoulli: 1 + q (y - 1) <= y^q", at_most(1 + order * (base - 1), power))
    facts = (tangent, given("A = |v|^2/V^2 <= 1", at_most(share, 1)), given("q >= 1", at_most(1, order)))
    density = sympy.exp(-(x**2) / 2)
    means = V**2 * (level * (1 - 1 / q) * F**2 / V**2 + moment * level ** (1 - q) / q)
    best = (moment * V**2 / F**2) ** (1 / q)
    return (
        by(
            "E4.d.bernoulli",
            "y^q >= 1 + q (y - 1) for y >= 0",
            bernoulli(Integer(1)),
            falsified={"0.9 for 1": bernoulli(Rational(9, 10))},
        ),
        follows(
            "E4.d.young",
            "A y <= (1 - 1/q) A + y^q/q for 0 <= A <= 1",
            at_most(share * base, (1 - 1 / order) * share + power / order),
            *facts,
            falsified={
                "0.99 of it": at_most(share * base, Rational(99, 100) * ((1 - 1 / order) * share + power / order)),
                "A above 1": [tangent, facts[2]],
            },
            uses=("E4.d.bernoulli",),
        ),
        equals(
            "E4.d.gaussian",
            "d(-x^(2q-1) phi) = x^(2q) phi - (2q-1) x^(2q-2) phi: E u^(2q) = (2q-1) E u^(2q-2)",
            (-(x ** (2 * q - 1)) * density).diff(x),
            x ** (2 * q) * density - (2 * q - 1) * x ** (2 * q - 2) * density,
        ),
        by(
            "E4.d.moments",
            "E u^(2q) = (2q-1)!! for every q in use",
            Exact(lambda: _moments(Integer(1))),
            falsified={"2q for 2q-1": Exact(lambda: _moments(Integer(0)))},
            uses=("E4.d.gaussian",),
        ),
        equals(
            "E4.d.spread",
            "V^2 E(A u^2), u^2 = lambda y, at the best lambda: the spread",
            SPREAD.xreplace({factorial2(2 * q - 1): moment}),
            means.xreplace({level: best}),
            uses=("E4.d.young", "E4.d.moments"),
        ),
    )


def _moments(offset: Any) -> Outcome:
    for order in SPREAD_ORDERS:
        product = sympy.prod([2 * index - offset for index in range(1, int(order) + 1)])
        moment = SPREAD.xreplace({F: Integer(1), V: Integer(1), q: order}) ** order
        if moment != product:
            return Outcome.refuted(f"q = {order}", f"the spread has the moment {moment}, the recursion gives {product}")
    return Outcome.proved(f"they are the products 1 3 ... (2q-1) for q = 1, ..., {SPREAD_ORDERS[-1]}")
