"""E1.a and E2.a: the curvature of full and of tied networks, one neuron at a time and then summed.

The remainder of one neuron is compared with Lambda t^2/2 through the two functions h = Lambda t^2/2 -+ remainder: h(0)
is 0, and h(t) = h'(xi) t for some xi between 0 and t is the mean value theorem, which is used by that name.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Abs, Derivative, Function, Rational, Subs, sqrt

from ..curvature import FULL_CURVATURE, FULL_WIDTH, TIED_CURVATURE, TIED_WIDTH
from ..engines.identity import Identity
from ..engines.relations import at_most, equal
from ..letters import C, R, beta, gamma, m, rho
from ..proof import Step
from ..two_layer import LARGEST_DISTANCE
from .building import P, Q, by, defined, equals, follows, given, lengths, positives, reals, summed
from .lemmas import cauchy_schwarz, triangle, u_norm, uu, uv, v_norm, vv

z, t, v, xi = reals("z t v xi")
difference, remainder, total_remainder = reals("slope_difference remainder total_remainder")
Lambda = positives("Lambda")[0]
sigma = Function("sigma", real=True)
distance_squared = lengths("|W'-W|^2")[0]


def taylor() -> tuple[Step, ...]:
    """|sigma(z + t) - sigma(z) - sigma'(z) t| <= Lambda t^2 / 2 for a Lambda-Lipschitz sigma'."""
    slope = reals("slope")[0]
    there = Subs(Derivative(sigma(v), v), v, z + t)
    error = sigma(z + t) - sigma(z) - slope * t

    def slope_of(bound: Any, sign: int) -> Identity:
        return Identity(Derivative(bound - sign * error, t), Lambda * t - sign * (there - slope))

    derivatives = [
        by(
            f"E1.a.h{name}",
            f"h(t) = Lambda t^2/2 {name} (sigma(z+t) - sigma(z) - sigma'(z) t) has h'(t) = Lambda t {name} "
            "(sigma'(z+t) - sigma'(z))",
            slope_of(Lambda * t**2 / 2, sign),
            falsified={"Lambda t^2/3 for Lambda t^2/2": slope_of(Lambda * t**2 / 3, sign)},
        )
        for name, sign in (("-", 1), ("+", -1))
    ]
    smooth = given("sigma' is Lambda-Lipschitz", at_most(Abs(difference), Lambda * Abs(xi)))
    between = defined("xi lies between 0 and t", sympy.Ge(xi * t, 0))
    mean_values = (
        defined("mean value theorem for h-", equal(Lambda * t**2 / 2 - remainder, (Lambda * xi - difference) * t)),
        defined("mean value theorem for h+", equal(Lambda * t**2 / 2 + remainder, (Lambda * xi + difference) * t)),
    )
    # The two theorems have a xi each; one of them is enough for each sign of the remainder.
    signed = [
        follows(
            f"E1.a.taylor{name}",
            f"{name}(sigma(z+t) - sigma(z) - sigma'(z) t) <= Lambda t^2/2",
            at_most(sign * remainder, Lambda * t**2 / 2),
            smooth,
            between,
            mean_value,
            falsified={
                "Lambda t^2/3 for Lambda t^2/2": at_most(sign * remainder, Lambda * t**2 / 3),
                "without the Lipschitz constant": [between, mean_value],
            },
            uses=(derivative.name,),
        )
        for name, sign, mean_value, derivative in zip("+-", (1, -1), mean_values, derivatives, strict=True)
    ]
    return (
        *derivatives,
        *signed,
        follows(
            "E1.a.taylor",
            "|sigma(z+t) - sigma(z) - sigma'(z) t| <= Lambda t^2/2",
            at_most(Abs(remainder), Lambda * t**2 / 2),
            *(step.at() for step in signed),
            falsified={"from one sign alone": [signed[0].at()]},
        ),
    )


def moves() -> tuple[Step, ...]:
    """((w'_r - w_r) x)^2 against |w'_r - w_r|^2 for |x| = 1, its sum, and the largest distance in B(R)."""
    unit = given("|x| = 1", equal(vv, 1))
    row = follows(
        "E1.a.row",
        "((w'_r - w_r) x)^2 <= |w'_r - w_r|^2 for |x| = 1",
        at_most(uv**2, uu),
        cauchy_schwarz().at(),
        unit,
        falsified={"half of the right side": at_most(uv**2, uu / 2), "for any x": [cauchy_schwarz().at()]},
    )
    rows = summed(
        "E1.a.rows",
        "|(W' - W) x|^2 <= ||W' - W||_F^2",
        uv**2,
        uu,
        sympy.Integer(1),
        row.at(),
        unit,
    )
    far = positives("|W'-W|")[0]
    inside = (
        given("|W' - W_0| <= R", at_most(u_norm, R)),
        given("|W_0 - W| <= R", at_most(v_norm, R)),
    )
    across = triangle()
    apart = follows(
        "E1.a.apart",
        "|W' - W| <= 2 R for W, W' in B(R)",
        at_most(far, LARGEST_DISTANCE),
        across.at({sympy.Symbol("|u+v|", nonnegative=True): far}),
        *inside,
        falsified={
            "1.99 R": at_most(far, Rational(199, 100) * R),
            "one of them outside the ball": [across.at({sympy.Symbol("|u+v|", nonnegative=True): far}), inside[0]],
        },
    )
    opposite = equals("E1.a.apart=", "opposite points of the ball are as far apart", LARGEST_DISTANCE, R - (-R))
    return row, rows, apart, opposite


def full_curvature() -> tuple[Step, ...]:
    """|f(W') - f(W) - <grad f(W), W' - W>| <= beta/(2 sqrt(m)) |W' - W|^2."""
    smooth = given("sigma' is beta-Lipschitz", at_most(Abs(difference), beta * Abs(xi)))
    one = taylor()[-1].at({Lambda: beta})
    neurons = summed(
        "E1.a.sum",
        "sum_r |remainder of neuron r| <= beta/2 sum_r t_r^2, t_r = (w'_r - w_r) x",
        Abs(remainder),
        t**2,
        beta / 2,
        one,
        smooth,
    )
    moved = lengths("sum_t_r^2")[0]
    network = defined("f sums the neurons with weights +-1/sqrt(m)", at_most(Abs(total_remainder) * sqrt(m), P))
    per_neuron = neurons.at({Q: moved})
    rows = moves()[1].at({P: moved, Q: distance_squared})
    facts = (network, per_neuron, rows, smooth, given("|x| = 1", equal(vv, 1)))
    bound = follows(
        "E1.a",
        "|f(W') - f(W) - <grad f(W), W' - W>| <= C |W' - W|^2 with C = beta/(2 sqrt(m))",
        at_most(Abs(total_remainder), FULL_CURVATURE * distance_squared),
        *facts,
        falsified={
            "C one per cent smaller": at_most(
                Abs(total_remainder), Rational(99, 100) * FULL_CURVATURE * distance_squared
            ),
            "without the bound on rows": [network, per_neuron, smooth],
        },
    )
    return (
        neurons,
        bound,
        equals("E1.a=", "C is Taylor's constant over sqrt(m)", FULL_CURVATURE, beta / 2 / sqrt(m)),
        *wide_enough("E1.a", FULL_CURVATURE, FULL_WIDTH),
    )


def wide_enough(name: str, curvature: Any, width: Any) -> tuple[Step, ...]:
    """The width formula inverts the curvature formula, and more neurons do no harm."""
    wide = given("m is at least the width of C", at_most(width, m))
    return (
        equals(f"{name}.width=", "the curvature at the width of C is C", curvature.xreplace({m: width}), C),
        follows(
            f"{name}.width",
            "at the width of C or more the curvature is at most C",
            at_most(curvature, C),
            wide,
            falsified={"at half of it": [given("m is half as large", at_most(width / 2, m))]},
            uses=(f"{name}.width=",),
        ),
    )


def tied_curvature() -> tuple[Step, ...]:
    """phi(t) = sigma(z+t) - sigma(z-t) has a slope with Lipschitz constant 2 gamma h on [-h, h], h = rho/sqrt(m)."""
    second, there, back = reals("phi'' sigma''(z+t) sigma''(z-t)")
    reach = positives("h")[0]
    curved = given("sigma'' is gamma-Lipschitz", at_most(Abs(there - back), gamma * Abs(2 * t)))
    value = defined("phi''(t) = sigma''(z+t) - sigma''(z-t), by E2.a.phi''", equal(second, there - back))
    short = given("|t| <= h", at_most(Abs(t), reach))
    curve = follows(
        "E2.a.phi",
        "|phi''(t)| <= 2 gamma h for |t| <= h",
        at_most(Abs(second), 2 * gamma * reach),
        curved,
        value,
        short,
        falsified={
            "1.9 for 2": at_most(Abs(second), Rational(19, 10) * gamma * reach),
            "for any t": [curved, value],
        },
        uses=("E2.a.phi''",),
    )
    odd = by(
        "E2.a.phi''",
        "phi''(t) = sigma''(z+t) - sigma''(z-t)",
        _second_derivative(sigma, -1),
        falsified={"a plus sign, for sigma = exp": _second_derivative(sympy.exp, 1)},
    )
    slopes = follows(
        "E2.a.lipschitz",
        "so phi' is 2 gamma h-Lipschitz on [-h, h]",
        at_most(Abs(difference), 2 * gamma * reach * Abs(xi)),
        defined("mean value theorem for phi'", equal(difference, second * xi)),
        curve.at(),
        curved,
        short,
        falsified={"1.9 for 2": at_most(Abs(difference), Rational(19, 10) * gamma * reach * Abs(xi))},
    )
    return odd, curve, slopes, *_tied_network(slopes, reach, curved, short)


def _tied_network(slopes: Step, reach: Any, curved: Any, short: Any) -> tuple[Step, ...]:
    unit = given("|x| = 1", equal(vv, 1))
    rows_bounded = given("|u_r| <= rho/sqrt(m)", at_most(uu, rho**2 / m))
    row, rows = moves()[:2]
    inside = follows(
        "E2.a.reach",
        "|u_r x| <= rho/sqrt(m) = h",
        at_most(Abs(uv), rho / sqrt(m)),
        row.at(),
        unit,
        rows_bounded,
        falsified={"half of it": at_most(Abs(uv), rho / sqrt(m) / 2), "without the bound on rows": [row.at(), unit]},
    )
    lipschitz = given("phi' is 2 gamma h-Lipschitz", at_most(Abs(difference), 2 * gamma * reach * Abs(xi)))
    pairs = summed(
        "E2.a.sum",
        "sum_r |remainder of pair r| <= gamma h sum_r (u'_r x - u_r x)^2",
        Abs(remainder),
        t**2,
        gamma * reach,
        taylor()[-1].at({Lambda: 2 * gamma * reach}),
        lipschitz,
        uses=("E2.a.lipschitz",),
    )
    moved, tied = lengths("sum_t_r^2 |U'-U|^2")
    facts = (
        defined("f sums the pairs with weights +-1/sqrt(m)", at_most(Abs(total_remainder) * sqrt(m), P)),
        pairs.at({Q: moved}),
        lipschitz,
        defined("h = rho/sqrt(m)", equal(reach, rho / sqrt(m))),
        rows.at({P: moved, Q: tied}),
        unit,
        defined("|W' - W|^2 = 2 |U' - U|^2: each u_r moves two rows", equal(distance_squared, 2 * tied)),
    )
    bound = follows(
        "E2.a",
        "|f(U') - f(U) - <grad f(U), U' - U>| <= C |W' - W|^2 with C = gamma rho/(2 m)",
        at_most(Abs(total_remainder), TIED_CURVATURE * distance_squared),
        *facts,
        falsified={
            "C one per cent smaller": at_most(
                Abs(total_remainder), Rational(99, 100) * TIED_CURVATURE * distance_squared
            ),
            "without the metric": list(facts[:-1]),
        },
        uses=("E2.a.reach",),
    )
    taylor_constant = gamma * (rho / sqrt(m))
    return (
        inside,
        pairs,
        bound,
        equals("E2.a=", "C is Taylor's constant of phi over 2 sqrt(m)", TIED_CURVATURE, taylor_constant / sqrt(m) / 2),
        *wide_enough("E2.a", TIED_CURVATURE, TIED_WIDTH),
    )


def _second_derivative(function: Any, sign: int) -> Identity:
    twice = Derivative(function(v), (v, 2))
    phi = function(z + t) - function(z - t)
    return Identity(Derivative(phi, (t, 2)), Subs(twice, v, z + t) + sign * Subs(twice, v, z - t))
