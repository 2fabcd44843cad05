"""Sizes of nets by volume, tails of sums of squares, and with both the operator norm of a Gaussian matrix."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, Integral, Rational, exp, log, sqrt

from ..concentration import (
    CHI_SQUARE_LEVEL,
    CHI_SQUARE_TAIL,
    CHI_SQUARE_TILT,
    FAILURES_OF_NET,
    GAUSSIAN_NORM,
    NET,
    NET_OF_SPHERE,
    NORM_FROM_NET,
    D,
    Lambda,
    N,
    eta,
    p,
    tangent,
    x,
    zeta,
)
from ..engines.finite import Exact
from ..engines.identity import Identity
from ..engines.relations import at_most, equal, less
from ..proof import Step
from .binomial import chi_square_exactly, packing_of_a_line
from .building import by, defined, equals, follows, given, positives, reals
from .lemmas import sum_norm, triangle, u_norm, v_norm

s, exp_y, exp_place = positives("s exp(y) exp(xi)")
y = reals("y")[0]


def net() -> tuple[Step, ...]:
    """Points of a ball, more than eta apart and as many as there can be: an eta-net; their balls do not overlap."""
    apart, near, far = positives("apart near far")
    side = triangle().at({sum_norm: apart, u_norm: near, v_norm: far})
    spaced = given("the centres are more than eta apart", less(eta, apart))
    close = given("the point is within eta/2 of one centre", at_most(near, eta / 2))
    disjoint = follows(
        "net.disjoint",
        "balls of radius eta/2 about centres more than eta apart do not meet",
        less(eta / 2, far),
        side,
        spaced,
        close,
        falsified={"balls of radius 0.6 eta": less(Rational(6, 10) * eta, far), "closer centres": [side, close]},
    )
    out, centre = positives("out centre")
    inside = follows(
        "net.inside",
        "they lie in the ball of radius r_t + eta/2",
        at_most(out, tangent + eta / 2),
        triangle().at({sum_norm: out, u_norm: centre, v_norm: near}),
        given("the centre is in the ball", at_most(centre, tangent)),
        close,
        falsified={"radius r_t + eta/3": at_most(out, tangent + eta / 3)},
    )
    points, unit, large, small = positives("points unit large small")
    volumes = (
        given("the volumes of disjoint balls add up", at_most(points * small, large)),
        defined("volume of the large ball", equal(large, unit * (tangent + eta / 2))),
        defined("volume of a small ball", equal(small, unit * eta / 2)),
    )
    ratio = (tangent + eta / 2) / (eta / 2)
    return (
        disjoint,
        inside,
        follows(
            "net.count",
            "on a line there are at most (r_t + eta/2)/(eta/2) of them; in R^D its D-th power",
            at_most(points, ratio),
            *volumes,
            falsified={
                "0.99 of it": at_most(points, Rational(99, 100) * ratio),
                "balls that overlap": list(volumes[1:]),
            },
            uses=("net.disjoint", "net.inside"),
        ),
        equals("net.size", "the size of the net is that quotient of volumes", NET, ratio**D, uses=("net.count",)),
        by(
            "net.line",
            "as many points of [-1, 1] as are more than eta apart",
            Exact(lambda: packing_of_a_line(NET)),
            falsified={"1 + r_t/eta": Exact(lambda: packing_of_a_line((1 + tangent / eta) ** D))},
        ),
    )


def chi_square() -> tuple[Step, ...]:
    """P(sum of N squares > N x) <= (x exp(1 - x))^(N/2), at most exp(-Lambda) at the level."""
    rate, u = positives("rate")[0], reals("u")[0]
    weighted = exp(sympy.expand((1 - rate) / 2 * u**2 - u**2 / 2)) / sqrt(2 * sympy.pi)
    moment = Integral(weighted, (u, -sympy.oo, sympy.oo))
    steps = sqrt(Lambda / N)
    level = CHI_SQUARE_LEVEL.xreplace({Lambda: N * s**2})
    gap = exp_y - 1 - y - y**2 / 2
    cubic = defined(
        "Taylor's formula: g(y) = g'''(xi) y^3/6 if g(0) = g'(0) = g''(0) = 0", equal(gap, exp_place * y**3 / 6)
    )
    above = given("y >= 0", sympy.Ge(y, 0))
    quadratic = follows(
        "chi.exp",
        "1 + y + y^2/2 <= exp(y) for y >= 0",
        at_most(1 + y + y**2 / 2, exp_y),
        cubic,
        above,
        falsified={"0.51 for 1/2": at_most(1 + y + Rational(51, 100) * y**2, exp_y), "for any y": [cubic]},
        uses=("chi.cubic",),
    )
    return (
        equals("chi.moment", "E exp((1 - a) u^2/2) = a^(-1/2) for normal u", moment.doit(), rate ** Rational(-1, 2)),
        equals(
            "chi.chernoff",
            "the N factors at the tilt (1 - 1/x)/2 are the tail",
            log(CHI_SQUARE_TAIL).expand(force=True),
            (log(rate ** Rational(-1, 2)) * N - CHI_SQUARE_TILT * N * x).subs(rate, 1 - 2 * CHI_SQUARE_TILT),
            uses=("chi.moment",),
        ),
        by(
            "chi.cubic",
            "exp(y) - 1 - y - y^2/2 = int_0^y (y - a)^2/2 exp(a) da",
            _cubic(Rational(1, 2)),
            falsified={"y^2/3": _cubic(Rational(1, 3))},
        ),
        quadratic,
        equals("chi.level", "the level is 1 + 2 s + 2 s^2 with Lambda = N s^2", level, 1 + 2 * s + (2 * s) ** 2 / 2),
        follows(
            "chi.below",
            "the level is at most exp(y), y = 2 s",
            at_most(level, exp_y),
            quadratic.at({y: 2 * s}),
            falsified={"at most 0.99 exp(2 s)": at_most(level, Rational(99, 100) * exp_y), "freely": []},
            uses=("chi.level",),
        ),
        equals(
            "chi.tail",
            "(exp(2 s) exp(1 - level))^(N/2) = exp(-Lambda)",
            (N / 2 * (2 * s + 1 - level)).xreplace({s: steps}),
            -Lambda,
            uses=("chi.below", "chi.chernoff"),
        ),
        by(
            "chi.exactly",
            "exact tails at the level are below exp(-Lambda)",
            Exact(chi_square_exactly),
            falsified={
                "1.4 for the first 2": Exact(lambda: chi_square_exactly(1 + Rational(14, 10) * steps + 2 * Lambda / N))
            },
            uses=("chi.tail",),
        ),
    )


def _cubic(coefficient: Any) -> Identity:
    inner = sympy.Symbol("a", real=True)
    integral = Integral((y - inner) ** 2 / 2 * exp(inner), (inner, 0, y))
    return Identity(exp(y) - 1 - y - coefficient * y**2, sympy.expand(integral.doit()))


def operator_norm() -> tuple[Step, ...]:
    """||A|| <= max over a net of |A u_j| + zeta ||A||."""
    norm, best, root = positives("||A|| best sqrt(N)")
    facts = (
        given("|A u| <= |A u_j| + |A (u - u_j)|, |u - u_j| <= zeta", at_most(norm, best + zeta * norm)),
        given("|A u_j|^2 <= N x on the net", at_most(best, root * sqrt(x))),
        given("zeta < 1", less(zeta, 1)),
    )
    bound = follows(
        "norm.net",
        "||A||/sqrt(N) <= sqrt(x)/(1 - zeta)",
        at_most(norm / root, NORM_FROM_NET),
        *facts,
        falsified={
            "0.99 of it": at_most(norm / root, Rational(99, 100) * NORM_FROM_NET),
            "without the net": list(facts[1:]),
        },
        uses=("chi.tail",),
    )
    return (
        bound,
        equals("norm.net=", "(1 - zeta) times the bound is sqrt(x)", NORM_FROM_NET * (1 - zeta), sqrt(x)),
        equals(
            "norm.sphere",
            "the net of the sphere has (1 + 2/zeta)^D points",
            NET_OF_SPHERE,
            (1 + Integer(1) / (zeta / 2)) ** D,
        ),
        equals(
            "norm.failure",
            "all its points together fail with probability p",
            log(NET_OF_SPHERE).expand(force=True) - FAILURES_OF_NET.expand(force=True),
            log(p),
            uses=("norm.sphere", "net.size"),
        ),
        equals(
            "norm.level",
            "the bound of ||A||/sqrt(N), squared, is the level at that Lambda over (1 - zeta)^2",
            GAUSSIAN_NORM**2 * (1 - zeta) ** 2,
            1 + 2 * sqrt(FAILURES_OF_NET / N) + 2 * FAILURES_OF_NET / N,
            uses=("norm.net", "norm.failure"),
        ),
    )
