"""The proofs of E4.c: certificates on a cap of orders 0 and 1; for order 2 see `cap_quadratics`.

Functions are vectors of the reproducing kernel Hilbert space: f(x) = <f, K_x>, and the derivative of f at x along a
great circle is <f, dK_x>. So a value elsewhere is a sum of what is known and of one inner product that is not.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Derivative, Function, Integer, Rational, cos, exp, sqrt

from ..cap_certificate import (
    BEND,
    CHANGE,
    COSINE,
    ORDER_ONE,
    ORDER_ZERO,
    SLOPE_CHANGE,
    STIFFNESS,
    TURN,
    D,
    F,
    b,
    bend,
    first,
    first_at_one,
    g,
    k_0,
    phi,
    q_0,
    r,
    second,
    turn,
    y,
)
from ..engines.identity import Identity
from ..engines.relations import at_most, equal, less
from ..proof import Proof, Step
from . import lemmas
from .building import by, defined, equals, follows, given, lengths, positives, reals
from .cap_quadratics import dual_of_ball, from_cap_to_ball, taylor_quotients
from .lemmas import cauchy_schwarz, uu, uv, vv

value, mixed, free = reals("f(x') <f_.P> |f_|^2")
directional = reals("d_1f(x)")[0]
room, size = lengths("room |P|^2")


def unknown_part() -> Step:
    """What is not known of f(x') is an inner product of two vectors whose lengths are."""
    bound = -sqrt(room) * sqrt(size)
    facts = (
        cauchy_schwarz().at({uu: free, uv: mixed, vv: size}),
        given("|f_|^2 is at most the room that norm, value and gradient leave", at_most(free, room)),
    )
    return follows(
        "cap.unknown",
        "<f_, P> >= -sqrt(room) |P|",
        at_most(bound, mixed),
        *facts,
        falsified={"0.99 of it": at_most(Rational(99, 100) * bound, mixed), "more room": [facts[0]]},
    )


def order_zero() -> tuple[Step, ...]:
    """|K_x' - K_x|^2 = 2 D; and with K_x' = (1 - D/k_0) K_x + P, P orthogonal to K_x."""
    change = reals("f(x')-f(x)")[0]
    known = y * (1 - D / k_0)
    apart = cauchy_schwarz().at({uu: F**2, uv: change, vv: 2 * D})
    parts = (
        defined("f(x') = <f, K_x'> = (1 - D/k_0) f(x) + <f_, P>", equal(value, (1 - D / k_0) * y + mixed)),
        unknown_part().at({room: F**2 - y**2 / k_0, size: D * (2 - D / k_0)}),
        given("|f_|^2 = |f|^2 - f(x)^2/k_0 and |f| <= F", at_most(free, F**2 - y**2 / k_0)),
        defined("|f_|^2 >= 0", at_most(0, free)),
        given("D <= 2 k_0, as |kappa~| <= k_0", at_most(D, 2 * k_0)),
    )
    return (
        equals(
            "order0.distance", "|K_x' - K_x|^2 = k_0 - 2 (k_0 - D) + k_0", CHANGE**2, F**2 * (k_0 - 2 * (k_0 - D) + k_0)
        ),
        follows(
            "order0.change",
            "|f(x') - f(x)| <= F sqrt(2 D)",
            at_most(sympy.Abs(change), CHANGE),
            apart,
            falsified={
                "0.99 of it": at_most(sympy.Abs(change), Rational(99, 100) * CHANGE),
                "without Cauchy-Schwarz": [],
            },
            uses=("order0.distance",),
        ),
        equals(
            "order0.power",
            "|P|^2 = k_0 - (k_0 - D)^2/k_0 = D (2 - D/k_0)",
            D * (2 - D / k_0),
            k_0 - 2 * (1 - D / k_0) * (k_0 - D) + (1 - D / k_0) ** 2 * k_0,
        ),
        equals(
            "order0.free",
            "|f - (f(x)/k_0) K_x|^2 = |f|^2 - f(x)^2/k_0",
            F**2 - y**2 / k_0,
            F**2 - 2 * y / k_0 * y + (y / k_0) ** 2 * k_0,
        ),
        follows(
            "order0",
            "f(x') >= f(x) (1 - D/k_0) - sqrt(F^2 - f(x)^2/k_0) sqrt(D (2 - D/k_0))",
            at_most(ORDER_ZERO, value),
            *parts,
            falsified={
                "0.9 of what is taken off": at_most(
                    y * (1 - D / k_0) + Rational(9, 10) * (ORDER_ZERO - y * (1 - D / k_0)), value
                ),
                "a larger norm": [parts[0], parts[1], parts[4]],
            },
            uses=("order0.power", "order0.free"),
        ),
        equals(
            "order0.attained",
            "the bound is attained where f_ points against P",
            (ORDER_ZERO - known) ** 2,
            (F**2 - y**2 / k_0) * (k_0 - (k_0 - D) ** 2 / k_0),
        ),
    )


def great_circles() -> tuple[Step, ...]:
    """Derivatives of the kernel along great circles; of powers of u through exp(k u), whose coefficients they are."""
    angle, turned, k = reals("s t k")
    wave = Function("K", real=True)
    kernel = exp(k * COSINE)
    series = {first: k * kernel, second: k**2 * kernel, first_at_one: k * exp(k * (r**2 + b**2))}
    axis = positives("l")[0]
    second_angle = kernel.diff(phi, 2)
    return (
        by(
            "circle.inner",
            "<d_s K_s, d_t K_t> = d_s d_t kappa~(s - t) = -kappa~''(s - t)",
            Identity(Derivative(wave(angle - turned), angle, turned).doit(), -_second(wave, angle - turned)),
            falsified={
                "without the sign": Identity(Derivative(exp(angle - turned), angle, turned), exp(angle - turned))
            },
        ),
        equals("circle.turn", "-kappa~'(phi) = r^2 sin(phi) kappa'(u)", TURN.xreplace(series), -kernel.diff(phi)),
        equals(
            "circle.stiffness",
            "q_0 = -kappa~''(0) = r^2 kappa'(1)",
            STIFFNESS.xreplace(series),
            -second_angle.subs(phi, 0),
        ),
        equals("circle.value", "1 + <K_x, d K_x> = 1 + kappa~'(0) = 1", 1 + kernel.diff(phi).subs(phi, 0), Integer(1)),
        equals(
            "circle.across",
            "1 + <K_x', d_i K_x> = 1 for a tangent e_i orthogonal to x'",
            1 + exp(k * (r**2 * cos(phi) * cos(axis) + b**2)).diff(axis).subs(axis, 0),
            Integer(1),
        ),
        equals(
            "circle.bend",
            "kappa~''(phi) - kappa~''(0) without cancellation",
            BEND.xreplace(series),
            second_angle - second_angle.subs(phi, 0),
        ),
    )


def _second(function: Any, argument: Any) -> Any:
    inner = sympy.Dummy("w", real=True)
    return sympy.Subs(Derivative(function(inner), inner, inner), inner, argument).doit()


def order_one() -> tuple[Step, ...]:
    """K_x' = (1 - D/k_0) K_x + (turn/q_0) d_1 K_x + P, P orthogonal to K_x and to all derivatives."""
    lean = turn / q_0
    left, width = F**2 - y**2 / k_0 - g**2 / q_0, D * (2 - D / k_0) - turn**2 / q_0
    parts = (
        defined(
            "f(x') = (1 - D/k_0) f(x) + (turn/q_0) d_1 f(x) + <f_, P>",
            equal(value, (1 - D / k_0) * y + lean * directional + mixed),
        ),
        unknown_part().at({room: left, size: width}),
        given("|f_|^2 = |f|^2 - f(x)^2/k_0 - |grad f(x)|^2/q_0 and |f| <= F", at_most(free, left)),
        defined("|f_|^2 >= 0", at_most(0, free)),
        defined("|P|^2 >= 0, with order1.power", at_most(0, width)),
        given("d_1 f(x) >= -|grad f(x)|", at_most(-g, directional)),
    )
    taken = ORDER_ONE - y * (1 - D / k_0)
    drift, length = reals("h'(t)-h'(0)")[0], 2 * q_0 - 2 * (q_0 - bend)
    bent = cauchy_schwarz().at({uu: F**2, uv: drift, vv: 2 * bend})
    return (
        equals(
            "order1.power",
            "|P|^2 = k_0 - (k_0 - D)^2/k_0 - turn^2/q_0",
            width,
            k_0 - 2 * (1 - D / k_0) * (k_0 - D) - 2 * lean * turn + (1 - D / k_0) ** 2 * k_0 + lean**2 * q_0,
            uses=("circle.value", "circle.across", "circle.inner"),
        ),
        equals(
            "order1.free",
            "|f_|^2 = |f|^2 - f(x)^2/k_0 - |grad f(x)|^2/q_0: d_i K_x are orthogonal, of squared length q_0",
            left,
            F**2 - 2 * y / k_0 * y - 2 * g / q_0 * g + (y / k_0) ** 2 * k_0 + (g / q_0) ** 2 * q_0,
            uses=("circle.value", "circle.stiffness"),
        ),
        follows(
            "order1",
            "f(x') >= f(x) (1 - D/k_0) - g turn/q_0 - sqrt(F^2 - f(x)^2/k_0 - g^2/q_0) |P|",
            at_most(ORDER_ONE, value),
            *parts,
            falsified={
                "0.9 of what is taken off": at_most(y * (1 - D / k_0) + Rational(9, 10) * taken, value),
                "a gradient longer than g": list(parts[:5]),
            },
            uses=("order1.power", "order1.free"),
        ),
        equals(
            "order1.attained",
            "the bound is attained where grad f(x) and f_ point against x' and P",
            (taken + g * lean) ** 2,
            left * (k_0 - (k_0 - D) ** 2 / k_0 - turn**2 / q_0),
        ),
        equals(
            "order1.bend",
            "|d_t K_t - d_0 K_0|^2 = 2 (kappa~''(t) - kappa~''(0))",
            SLOPE_CHANGE**2,
            F**2 * length,
            uses=("circle.inner",),
        ),
        follows(
            "order1.integrand",
            "the slope along a great circle changes by at most F sqrt(2 (kappa~''(t) - kappa~''(0)))",
            at_most(sympy.Abs(drift), SLOPE_CHANGE),
            bent,
            given("the circle is no straight line", less(0, bend)),
            falsified={"0.99 of it": at_most(sympy.Abs(drift), Rational(99, 100) * SLOPE_CHANGE)},
            uses=("order1.bend",),
        ),
    )


def proof() -> Proof:
    """E4.c, as a proof that E4 rests on."""
    steps = (
        unknown_part(),
        *order_zero(),
        *great_circles(),
        *order_one(),
        *taylor_quotients(),
        *from_cap_to_ball(),
        *dual_of_ball(),
    )
    return Proof("caps", "certificates on a cap (E4.c)", steps, rests_on=(lemmas.proof(),))
