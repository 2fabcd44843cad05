"""Two bounds of p'Mp for p in the cube [0, 1]^n, for E11: entry by entry, and from multipliers d >= 0.

Since p_i^2 <= p_i, p'Mp <= d.p - p'Ap with A = diag(d) - M. Where A is positive semidefinite that is concave in p, and
at most d.q/2 for 2 A q = d: the dual of the semidefinite relaxation. The bound below holds for any q that comes close.
"""

from __future__ import annotations

from typing import Any

from sympy import Abs, And, Integer, Max

from .. import mean_gradient as e11
from ..engines.relations import at_most, equal
from ..proof import Fact, Step
from .building import SMALLER, P, Q, defined, equals, follows, given, lengths, positives, reals, summed


def forms() -> tuple[Step, ...]:
    """p'Mp over the cube."""
    one, other = lengths("p_i p_j")
    cube = (given("p_i <= 1", at_most(one, 1)), given("p_j <= 1", at_most(other, 1)))
    entry = follows(
        "E11.c.entry",
        "p_i p_j M_ij <= max(0, M_ij)",
        at_most(one * other * e11.entry, e11.LARGEST_ENTRY),
        *cube,
        falsified={
            "0.99 of it": at_most(one * other * e11.entry, SMALLER * e11.LARGEST_ENTRY),
            "p_j > 1": [cube[0]],
        },
    )
    entries = summed(
        "E11.c.entries",
        "p'Mp <= sum_ij max(0, M_ij): the sums within the classes, where K_m >= 0",
        one * other * e11.entry,
        e11.LARGEST_ENTRY,
        Integer(1),
        entry.at(),
        *cube,
    )
    large = positives("M")[0]
    attained = equals(
        "E11.c.entry=", "attained at p_i = p_j = 1 if M_ij > 0", e11.LARGEST_ENTRY.xreplace({e11.entry: large}), large
    )
    return entry, entries, attained, *_box(one, cube[0])


def _box(weight: Any, in_cube: Fact) -> tuple[Step, ...]:
    """p'Mp <= d.p - p'Ap for d >= 0 and A = diag(d) - M, and how large that gets."""
    dual, error, reach, rest = reals("d_i e_i r_i q_i")[0], *reals("e_i r_i q_i")
    nonnegative = given("d_i >= 0", at_most(0, dual))
    inside = summed(
        "E11.c.cube",
        "sum_i d_i p_i^2 <= sum_i d_i p_i for d_i >= 0",
        dual * weight**2,
        dual * weight,
        Integer(1),
        in_cube,
        nonnegative,
    )
    far = Max(Abs(rest), Abs(1 - rest))
    apart = defined("e = p - q", equal(error, weight - rest))
    away = (apart, in_cube)
    products = summed(
        "E11.c.residual",
        "e.r <= sum_i |r_i| max(|q_i|, |1 - q_i|) for e = p - q, p in the cube",
        error * reach,
        Abs(reach) * far,
        Integer(1),
        *away,
    )
    lengths_of_e = summed(
        "E11.c.weights", "|e|^2 <= sum_i max(|q_i|, |1 - q_i|)^2", error**2, far**2, Integer(1), *away
    )
    return inside, products, lengths_of_e, *_certificate(inside, products, lengths_of_e, (in_cube, nonnegative, apart))


def _certificate(inside: Step, products: Step, lengths_of_e: Step, of_points: tuple[Fact, ...]) -> tuple[Step, ...]:
    value, diagonal, dp, pAp, de, eAq, eAe, er, ee = reals("p'Mp p'Dp d.p p'Ap d.e e'Aq e'Ae e.r |e|^2")
    facts = (
        inside.at({P: diagonal, Q: dp}),
        *of_points,
        defined("A = D - M", equal(pAp, diagonal - value)),
        defined("p = q + e", And(equal(dp, e11.linear + de), equal(pAp, e11.square + 2 * eAq + eAe))),
        defined("r = d - 2 A q", equal(er, de - 2 * eAq)),
        products.at({P: er, Q: e11.residual}),
        lengths_of_e.at({P: ee, Q: e11.squares}),
        given("A + kappa is positive semidefinite", at_most(0, eAe + e11.kappa * ee)),
    )
    exact = {e11.residual: Integer(0), e11.kappa: Integer(0), e11.square: e11.linear / 2}
    bound = follows(
        "E11.c",
        "p'Mp <= d.q - q'Aq + sum_i |r_i| w_i + kappa sum_i w_i^2 for p in the cube, w_i = max(|q_i|, |1 - q_i|)",
        at_most(value, e11.BOX),
        *facts,
        falsified={
            "without the residual": at_most(value, e11.BOX - e11.residual),
            "without kappa": at_most(value, e11.BOX - e11.kappa * e11.squares),
            "A anything": list(facts[:-1]),
        },
    )
    return (
        bound,
        equals("E11.c.solved", "where 2 A q = d and A >= 0 that is d.q/2", e11.BOX.xreplace(exact), e11.linear / 2),
        equals(
            "E11.c=",
            "the bound is the value at q, and what p = q + e may add",
            e11.BOX - (e11.linear - e11.square),
            e11.residual + e11.kappa * e11.squares,
        ),
    )
