"""The proof of E2: the curvature and the gradients of tied pairs; the rest is E1's, in the metric of W.

The set {||W - W_0||_F <= R, |u_r| <= rho/sqrt(m)} of tied moves is convex, and its points are at most 2 R apart.
"""

from __future__ import annotations

import sympy
from sympy import Rational, sqrt

from .. import two_layer as e1
from ..curvature import TIED_CURVATURE
from ..engines.relations import at_most, equal
from ..letters import C, G, L, R, T, alpha, epsilon, m, s, theta
from ..proof import Proof, Step
from ..tied_pairs import NEAR_LINEARITY, REGRET, WIDTH
from . import gradients, remainder
from . import two_layer as first
from .building import equals, follows, given, lengths
from .lemmas import triangle, u_norm, v_norm


def convex_set() -> Step:
    """A point between two rows of length at most rho/sqrt(m) is one."""
    row, share, bound = lengths("|row| p bound")
    norms = triangle().at(
        {u_norm: share * u_norm, v_norm: (1 - share) * v_norm, sympy.Symbol("|u+v|", nonnegative=True): row}
    )
    part = given("0 <= p <= 1", at_most(share, 1))
    rows = (given("|u| <= bound", at_most(u_norm, bound)), given("|v| <= bound", at_most(v_norm, bound)))
    return follows(
        "E2.convex",
        "|p u + (1 - p) v| <= bound if |u|, |v| <= bound: the set trained in is convex",
        at_most(row, bound),
        norms,
        part,
        *rows,
        falsified={
            "nine tenths of the bound": at_most(row, Rational(9, 10) * bound),
            "one row too long": [norms, part, rows[0]],
        },
    )


def metric() -> Step:
    """A step alpha in W is a step alpha/2 in U."""
    step_in_u, gradient_u, gradient_w, move_u, move_w = sympy.symbols("alpha_U g_U g_W move_U move_W", positive=True)
    facts = (
        given("|move_W| = sqrt(2) |move_U|", equal(move_w, sqrt(2) * move_u)),
        given("|g_W| = |g_U|/sqrt(2)", equal(gradient_w, gradient_u / sqrt(2))),
        given("the same move: move_U = alpha_U g_U", equal(move_u, step_in_u * gradient_u)),
        given("and move_W = alpha g_W", equal(move_w, alpha * gradient_w)),
    )
    return follows(
        "E2.metric",
        "the step size of U is alpha/2",
        equal(step_in_u, alpha / 2),
        *facts,
        falsified={"alpha": equal(step_in_u, alpha), "without the metric": list(facts[1:])},
    )


def proof() -> Proof:
    """E2, resting on E1."""
    at_tied = {C: TIED_CURVATURE}
    curvature = remainder.tied_curvature()
    steps = (
        *curvature,
        *gradients.tied(),
        convex_set(),
        metric(),
        equals(
            "E2.near-linearity",
            "at C = gamma rho/(2 m) near-linearity is 2 L gamma rho R^2/m",
            NEAR_LINEARITY,
            e1.LINEARIZATION.xreplace(at_tied),
        ),
        equals("E2.regret", "the regret is that of E1 in the metric of W", REGRET, e1.REGRET),
        equals(
            "E2.regret in U",
            "R^2/(4 a T) + a L^2 B_1^2 with the step size a = alpha/2 of U and G = B_1",
            REGRET,
            R**2 / (4 * (alpha / 2) * T) + (alpha / 2) * L**2 * G**2,
        ),
        equals(
            "E2.width",
            "at the width near-linearity is the share",
            NEAR_LINEARITY.xreplace({m: WIDTH}).xreplace(first.EPSILON),
            (theta * (epsilon - s)).xreplace(first.EPSILON),
        ),
        first.statement(
            "E2",
            "min L_A(W_t) <= s + R^2/(2 alpha T) + alpha L^2 B_1^2/2 + 2 L gamma rho R^2/m",
            next(step for step in curvature if step.name == "E2.a"),
            NEAR_LINEARITY,
            TIED_CURVATURE,
        ),
    )
    return Proof("E2", "tied pairs", steps, rests_on=(first.proof(),))
