"""The proofs of E4.c, order 2: quadratic minorants of the kernel, and their minimum on a cap."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, Rational, cos, sin

from ..cap_certificate import (
    DROP_HIGH,
    DROP_LOW,
    DUAL_OF_BALL,
    DUAL_TERM,
    LARGEST_DROP,
    LARGEST_TANGENTIAL,
    TAYLOR_QUOTIENT,
    cap_cosine,
    lam,
    mu,
    n,
    r,
    rho,
    slope,
    tangential,
    theta,
)
from ..cap_certificate import u as here
from ..cap_certificate import v as there
from ..engines.induction import Induction
from ..engines.relations import at_most, equal, less
from ..proof import Step
from .building import by, defined, equals, follows, given, lengths, reals


def taylor_quotients() -> tuple[Step, ...]:
    """(u^n - v^n - n v^(n-1) (u - v))/(u - v)^2 is a polynomial with nonnegative coefficients in u."""
    gap, quotient, top = *reals("gap quotient"), lengths("v^(n-1)")[0]
    low, high, further = *lengths("Q(u) Q(u')"), lengths("u'")[0]
    rise = defined("u <= u'", at_most(here, further))

    def division(step: Any) -> Induction:
        return Induction(
            invariant=equal(gap, (here - there) ** 2 * quotient),
            counter=n,
            start=1,
            first={gap: Integer(0), quotient: Integer(0), top: Integer(1)},
            following={
                gap: here * gap + step * n * top * (here - there) ** 2,
                quotient: here * quotient + n * top,
                top: there * top,
            },
        )

    def growth(more: Any) -> Induction:
        return Induction(
            invariant=at_most(low, high),
            counter=n,
            start=1,
            first={low: Integer(0), high: Integer(0), top: Integer(1)},
            following={low: here * low + n * top, high: more * high + n * top, top: there * top},
            always=(rise,),
        )

    return (
        equals(
            "taylor.recursion",
            "u^(n+1) - v^(n+1) - (n+1) v^n (u - v) = u (u^n - v^n - n v^(n-1) (u - v)) + n v^(n-1) (u - v)^2",
            1 + _gap(n + 1),
            1 + here * _gap(n) + n * there ** (n - 1) * (here - there) ** 2,
        ),
        by(
            "taylor.division",
            "u^n - v^n - n v^(n-1) (u - v) = (u - v)^2 Q_n, Q_{n+1} = u Q_n + n v^(n-1), Q_1 = 0",
            division(1),
            falsified={"0.9 n v^(n-1)": division(Rational(9, 10))},
            uses=("taylor.recursion",),
        ),
        by(
            "taylor.growth",
            "Q_n(u) <= Q_n(u') for 0 <= u <= u'",
            growth(further),
            falsified={"for u' below u": growth(here / 2)},
            uses=("taylor.division",),
        ),
        *(
            equals(
                f"taylor.sum{size}",
                f"Q_{size} = sum_j ({size}-1-j) v^({size}-2-j) u^j",
                TAYLOR_QUOTIENT.subs(n, size).doit() * (here - there) ** 2,
                sympy.expand(_gap(Integer(size))),
            )
            for size in (2, 3, 7)
        ),
    )


def _gap(power: Any) -> Any:
    return here**power - there**power - power * there ** (power - 1) * (here - there)


def from_cap_to_ball() -> tuple[Step, ...]:
    """A point of the cap is t - h n below the tangent plane: h between two multiples of |t|^2."""
    drop, cosine = lengths("h cos(phi)")
    facts = (
        defined("h = r (1 - cos(phi))", equal(drop, r * (1 - cosine))),
        defined("|t|^2 = r^2 (1 - cos(phi)^2)", equal(tangential**2, r**2 * (1 - cosine**2))),
        given("phi <= theta: cos(theta) <= cos(phi) <= 1", sympy.And(at_most(cap_cosine, cosine), at_most(cosine, 1))),
    )
    normal, across, mixed_column, curvature = reals("g_n t'A_tn |A_tn| A_nn")
    length, largest, factor, least = lengths("|t| H lambda low")
    pinched = (
        given(
            "low |t|^2 <= h <= lambda |t|^2, by cap.drop",
            sympy.And(at_most(least * length**2, drop), at_most(drop, factor * length**2)),
        ),
        given("|t| <= rho", at_most(length, rho)),
        given("h <= H", at_most(drop, largest)),
        given("Cauchy-Schwarz: |t'A_tn| <= |t| |A_tn|", at_most(sympy.Abs(across), length * mixed_column)),
        given("|A_tn| >= 0", at_most(0, mixed_column)),
    )
    reduced = sympy.Max(0, normal) * factor + sympy.Min(0, normal) * least
    isotropic = -(reduced + factor * rho * mixed_column) + sympy.Min(0, curvature) * factor * largest / 2
    exactly = -drop * normal - drop * across + drop**2 * curvature / 2
    return (
        equals(
            "cap.drop=",
            "|t|^2/(r (1 + cos(theta))) is h at the rim",
            DROP_HIGH.subs(tangential, r * sin(theta)).subs(cap_cosine, cos(theta)),
            r * (1 - cos(theta)),
        ),
        equals("cap.low=", "h/|t|^2 is 1/(2 r) at the centre", 2 * r * DROP_LOW, tangential**2),
        follows(
            "cap.drop",
            "|t|^2/(2 r) <= h <= |t|^2/(r (1 + cos(theta)))",
            sympy.And(at_most(DROP_LOW, drop), at_most(drop, DROP_HIGH)),
            *facts,
            falsified={
                "0.99 of the upper end": at_most(drop, Rational(99, 100) * DROP_HIGH),
                "1.01 of the lower end": at_most(Rational(101, 100) * DROP_LOW, drop),
                "beyond the rim": list(facts[:2]),
            },
            uses=("cap.drop=", "cap.low="),
        ),
        equals("cap.largest", "H = r (1 - cos(theta))", LARGEST_DROP, r * (1 - cos(theta))),
        equals("cap.rim", "|t| <= r sin(theta)", LARGEST_TANGENTIAL**2, r**2 * (1 - cos(theta) ** 2)),
        follows(
            "cap.isotropic",
            "-h g_n - h t'A_tn + h^2 A_nn/2 is at least a multiple of |t|^2",
            at_most(isotropic * length**2, exactly),
            *pinched,
            falsified={
                "without the mixed column": at_most((isotropic + factor * rho * mixed_column) * length**2, exactly),
                "without the normal slope": at_most((isotropic + reduced) * length**2, exactly),
            },
            uses=("cap.drop", "cap.largest"),
        ),
    )


def dual_of_ball() -> tuple[Step, ...]:
    """Adding mu (|t|^2 - rho^2)/2 <= 0 and minimising over every coordinate of an eigenbasis."""
    coordinate, squared = reals("s")[0], lengths("|t|^2")[0]
    safe = given("lam + mu > 0", less(0, lam + mu))
    primal = slope * coordinate + (lam + mu) * coordinate**2 / 2
    inside = given("|t|^2 <= rho^2", at_most(squared, rho**2))
    return (
        follows(
            "ball.coordinate",
            "g s + (lam + mu) s^2/2 >= -g^2/(2 (lam + mu))",
            at_most(DUAL_TERM, primal),
            safe,
            falsified={"0.99 of it": at_most(Rational(99, 100) * DUAL_TERM, primal), "lam + mu < 0": []},
        ),
        equals(
            "ball.coordinate=",
            "with equality at s = -g/(lam + mu)",
            DUAL_TERM,
            primal.subs(coordinate, -slope / (lam + mu)),
        ),
        follows(
            "ball.multiplier",
            "0 >= mu (|t|^2 - rho^2)/2: t'A't/2 >= t'(A' + mu I)t/2 - mu rho^2/2",
            at_most(mu * squared / 2 + DUAL_OF_BALL, 0),
            inside,
            falsified={"0.99 of it": at_most(mu * squared / 2 + Rational(99, 100) * DUAL_OF_BALL, 0), "outside": []},
        ),
        equals("ball.multiplier=", "with equality on the rim", DUAL_OF_BALL, -(mu * squared / 2).subs(squared, rho**2)),
    )
