"""The proof of E6: the two theorems fit together, and no slack makes the network narrower than the one in use."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Max, Rational

from ..end_to_end import (
    OPTIMAL_SLACK,
    OPTIMAL_TIED_SLACK,
    TIED_ROW_RADIUS,
    TIED_WIDTH_LAW,
    WIDTH_LAW,
)
from ..engines.engine import Fact
from ..engines.relations import at_most, equal, less
from ..existence import SLACK_RADIUS, V
from ..letters import L, R, beta, epsilon, gamma, m, rho, s, theta
from ..proof import Proof, Step
from ..recursion import LARGEST_CURVATURE as CURVATURE_OF_E7
from ..tied_pairs import WIDTH as TIED_WIDTH
from ..two_layer import LARGEST_CURVATURE, NEAR_LINEARITY, REGRET, WIDTH
from . import existence
from .building import defined, equals, follows, given, lengths, reals

least = reals("least")[0]
budget = given("epsilon < 1", less(epsilon, 1))


def laws() -> tuple[Step, ...]:
    """What the slack does to the widths, with everything that does not depend on it."""
    at_slack = {R: SLACK_RADIUS}
    plain = (2 * L * beta * R**2 / theta) ** 2
    return (
        equals("E6.law", "the width of E1 at the radius (1 - s) R", WIDTH.xreplace(at_slack), plain * WIDTH_LAW),
        equals(
            "E6.law.tied",
            "the width of E2 at (1 - s) R and (1 - s) rho",
            TIED_WIDTH.xreplace(at_slack | {rho: (1 - s) * rho}),
            2 * L * gamma * rho * R**2 / theta * TIED_WIDTH_LAW,
        ),
        equals(
            "E6.law.recursion",
            "E7 affords four times the curvature of E1, at every slack",
            CURVATURE_OF_E7.xreplace(at_slack),
            4 * LARGEST_CURVATURE.xreplace(at_slack),
        ),
    )


def best_slack() -> tuple[Step, ...]:
    """The roots of the laws: (1 - s)^2/(epsilon - s), and (1 - s)^3/(epsilon - s), at any slack and at the best one."""
    below = given("s < epsilon", less(s, epsilon))
    small, large = given("epsilon <= 1/2", at_most(2 * epsilon, 1)), given("epsilon > 1/2", less(1, 2 * epsilon))
    first, third = given("epsilon <= 1/3", at_most(3 * epsilon, 1)), given("epsilon > 1/3", less(1, 3 * epsilon))
    square, cube = (1 - s) ** 2 / (epsilon - s), TIED_WIDTH_LAW

    inner, tied, zero = 2 * epsilon - 1, (3 * epsilon - 1) / 2, sympy.Integer(0)

    def optimal(name: str, claim: str, law: Any, best: Any, case: Fact, worse: Any) -> Step:
        least_value = law.xreplace({s: best})
        variants = {
            "1.01 of it": at_most(Rational(101, 100) * least_value, law),
            "another slack": at_most(law.xreplace({s: worse}), law),
        }
        return follows(name, claim, at_most(least_value, law), below, budget, case, falsified=variants)

    cases = (
        ("E6.slack.small", "for epsilon <= 1/2 no slack is better than 0", square, zero, small, epsilon / 2),
        ("E6.slack.large", "for epsilon > 1/2 none is better than 2 epsilon - 1", square, inner, large, zero),
        ("E6.slack.tied.small", "E2, epsilon <= 1/3: no slack is better than 0", cube, zero, first, epsilon / 2),
        ("E6.slack.tied.large", "E2, epsilon > 1/3: none is better than (3 epsilon - 1)/2", cube, tied, third, zero),
    )
    return (
        equals("E6.root", "the law of E1 is the square of (1 - s)^2/(epsilon - s)", WIDTH_LAW, square**2),
        *(optimal(*case) for case in cases),
        equals(
            "E6.slack",
            "1 + max(0, 2 epsilon - 1) covers both cases of E1",
            OPTIMAL_SLACK + 1,
            1 + Max(0, inner),
            uses=("E6.slack.small", "E6.slack.large", "E6.root"),
        ),
        equals(
            "E6.slack.tied",
            "1 + max(0, (3 epsilon - 1)/2) covers both cases of E2",
            OPTIMAL_TIED_SLACK + 1,
            1 + Max(0, tied),
            uses=("E6.slack.tied.small", "E6.slack.tied.large", "E6.law.tied"),
        ),
    )


def together() -> tuple[Step, ...]:
    """The comparator is W^c; its rows; the chance that both theorems hold; what the loss says of errors."""
    reached, loss, prediction = reals("L_*(W^c) loss y_f")
    converged = given("the convergence theorem, for W_* = W^c", at_most(least, reached + REGRET + NEAR_LINEARITY))
    near = given("E4: L_*(W^c) <= s, W^c in B(R)", at_most(reached, s))
    planned = given("the plan: s + regret + near-linearity <= epsilon", at_most(s + REGRET + NEAR_LINEARITY, epsilon))
    failure, first, second = lengths("failure p_1 p_2")
    chances = (
        given("E4 fails with probability p at most", at_most(first, sympy.Symbol("p", positive=True))),
        given("the gradient bound with p_G", at_most(second, sympy.Symbol("p_G", positive=True))),
    )
    row, velocity = lengths("|u_r| |v_r|")
    moved = (
        defined("u_r = a_r v_r/sqrt(m), by E4.a", equal(row, velocity / sympy.sqrt(m))),
        given("|v_r| <= V", at_most(velocity, V)),
    )
    wrong = given("the point is misclassified: y f <= 0", at_most(prediction, 0))
    hinge = defined("hinge loss", equal(loss, Max(0, 1 - prediction)))
    total = sympy.Symbol("p", positive=True) + sympy.Symbol("p_G", positive=True)
    return (
        follows(
            "E6",
            "min L_A(W_t) <= epsilon",
            at_most(least, epsilon),
            converged,
            near,
            planned,
            falsified={
                "0.99 epsilon": at_most(least, Rational(99, 100) * epsilon),
                "without E4": [converged, planned],
                "without the plan": [converged, near],
            },
        ),
        follows(
            "E6.chance",
            "both hold with probability at least 1 - p - p_G",
            at_most(failure, total),
            *chances,
            defined("union bound", at_most(failure, first + second)),
            falsified={
                "0.99 (p + p_G)": at_most(failure, Rational(99, 100) * total),
                "without the union bound": list(chances),
            },
        ),
        follows(
            "E6.rows",
            "W^c is tied, and rho = V",
            at_most(row, TIED_ROW_RADIUS * V / sympy.sqrt(m)),
            *moved,
            falsified={"0.99 V": at_most(row, Rational(99, 100) * V / sympy.sqrt(m)), "without V": [moved[0]]},
            uses=("E4.a.pair",),
        ),
        equals("E6.rows=", "in units of V", TIED_ROW_RADIUS * V, V),
        follows(
            "E6.error",
            "a misclassified point has hinge loss at least 1",
            at_most(1, loss),
            wrong,
            hinge,
            falsified={"1.01 for 1": at_most(Rational(101, 100), loss), "any point": [hinge]},
        ),
    )


def proof() -> Proof:
    """E6, resting on E4 and, through it, on E1."""
    return Proof("E6", "end to end", (*laws(), *best_slack(), *together()), rests_on=(existence.proof(),))
