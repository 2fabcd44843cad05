"""The proof of E1: curvature (E1.a), gradients (E1.b), convergence (E1.c), and the calculator.

Machine-checked: every inequality and identity. Cited: Davidson and Szarek's bound of a Gaussian matrix. Textbook facts
used by name: the mean value theorem, and that the nearest point of a convex set has an obtuse angle to it.
"""

from __future__ import annotations

import sympy
from sympy import Integer, Rational

from ..curvature import FULL_CURVATURE
from ..engines.identity import Identity
from ..engines.induction import Induction
from ..engines.relations import at_most
from ..letters import C, G, L, R, T, alpha, epsilon, m, s, theta
from ..proof import Proof, Step
from ..two_layer import (
    ITERATIONS,
    LARGEST_CURVATURE,
    LARGEST_DISTANCE,
    LARGEST_STEP_SIZE,
    LINEARIZATION,
    NEAR_LINEARITY,
    REGRET,
    REGRET_BUDGET,
    STEP_SIZE,
    WIDTH,
)
from . import descent, gradients, lemmas, remainder
from .building import by, equals, follows, given, lengths, positives, reals
from .descent import D, D_next, loss
from .lemmas import least, total

budget = positives("b")[0]
EPSILON = {epsilon: s + budget}  # epsilon > s, said once and for all
time = sympy.Symbol("t", integer=True, positive=True)
DISTANCE = lengths("D_t")[0]


def convergence() -> tuple[Step, ...]:
    """The recursion, its remainder paid at the largest distance, summed over the run."""
    recursion = descent.recursion()[-1]
    near = given("D <= (2 R)^2, by E1.a.apart", at_most(D, LARGEST_DISTANCE**2))
    kept = D - 2 * alpha * (loss - s - LINEARIZATION) + alpha**2 * L**2 * G**2
    paid = follows(
        "E1.c.paid",
        "|W_{t+1} - W_*|^2 <= D - 2 alpha (L_A(W_t) - s - 4 L C R^2) + alpha^2 L^2 G^2",
        at_most(D_next, kept),
        recursion.at(),
        near,
        falsified={
            "0.99 of 4 L C R^2": at_most(D_next, kept - 2 * alpha * LINEARIZATION / 100),
            "at any distance": [recursion.at()],
        },
        uses=("E1.a.apart",),
    )
    sums, distance = reals("S")[0], DISTANCE

    def invariant(gain: sympy.Expr) -> Induction:
        spent = (time - 1) * (2 * alpha * (s + LINEARIZATION) + gain * alpha**2 * L**2 * G**2)
        return Induction(
            invariant=at_most(distance, R**2 - 2 * alpha * sums + spent),
            counter=time,
            first={distance: R**2, sums: Integer(0)},
            following={distance: D_next, sums: sums + loss},
            step_facts=(paid.at({D: distance}), near_at, descent.curved(distance)),
        )

    near_at = given("D_t <= (2 R)^2, by E1.a.apart", at_most(distance, LARGEST_DISTANCE**2))
    added = by(
        "E1.c.sum",
        "|W_t - W_*|^2 <= R^2 - 2 alpha sum_{u<t} L_A(W_u) + (t-1)(2 alpha (s + 4 L C R^2) + alpha^2 L^2 G^2)",
        invariant(Integer(1)),
        falsified={"nine tenths of alpha^2 L^2 G^2": invariant(Rational(9, 10))},
    )
    facts = (
        added.at({time: T + 1, distance: D_next, sums: total}),
        lemmas.least_and_mean()[-1].at(),
    )
    average = follows(
        "E1.c",
        "min L_A(W_t) <= (1/T) sum L_A(W_t) <= s + R^2/(2 alpha T) + alpha L^2 G^2/2 + 4 L C R^2",
        at_most(least, s + REGRET + LINEARIZATION),
        *facts,
        falsified={
            "0.99 of the regret": at_most(least, s + Rational(99, 100) * REGRET + LINEARIZATION),
            "0.99 of near-linearity": at_most(least, s + REGRET + Rational(99, 100) * LINEARIZATION),
        },
    )
    return paid, added, average


def statement(name: str, claim: str, curvature: Step, near_linearity: sympy.Expr, law: sympy.Expr) -> Step:
    """The theorem for a network whose curvature has been proved to be `law`."""
    bound = convergence()[-1].at({C: law})
    curved = curvature.at({remainder.total_remainder: descent.error, remainder.distance_squared: DISTANCE})
    return follows(
        name,
        claim,
        at_most(least, s + REGRET + near_linearity),
        bound,
        curved,
        falsified={
            "0.99 of near-linearity": at_most(least, s + REGRET + Rational(99, 100) * near_linearity),
            "0.99 of the regret": at_most(least, s + Rational(99, 100) * REGRET + near_linearity),
            "without the curvature": [bound],
        },
    )


def formulas() -> tuple[Step, ...]:
    """Every formula of the theorem and of its calculator, held from both sides."""
    return (
        equals("E1.linearization", "4 L C R^2 = L C (2 R)^2", LINEARIZATION, L * C * LARGEST_DISTANCE**2),
        equals(
            "E1.near-linearity",
            "at C = beta/(2 sqrt(m)) it is 2 L beta R^2/sqrt(m)",
            NEAR_LINEARITY,
            LINEARIZATION.xreplace({C: FULL_CURVATURE}),
        ),
        by(
            "E1.regret",
            "2 alpha T times the regret is R^2 + T alpha^2 L^2 G^2",
            Identity(2 * alpha * T * REGRET, R**2 + T * alpha**2 * L**2 * G**2),
            falsified={"half the square": Identity(2 * alpha * T * REGRET, R**2 + T * alpha**2 * L**2 * G**2 / 2)},
        ),
        equals(
            "E1.budget", "the regret gets what the share leaves", REGRET_BUDGET, (epsilon - s) - theta * (epsilon - s)
        ),
        equals(
            "E1.curvature",
            "at the largest curvature near-linearity is the share",
            LINEARIZATION.xreplace({C: LARGEST_CURVATURE}).xreplace(EPSILON),
            (theta * (epsilon - s)).xreplace(EPSILON),
        ),
        equals(
            "E1.width",
            "at the width near-linearity is the share",
            NEAR_LINEARITY.xreplace({m: WIDTH}).xreplace(EPSILON),
            (theta * (epsilon - s)).xreplace(EPSILON),
        ),
        equals(
            "E1.iterations",
            "at the iterations the regret is its budget",
            REGRET.xreplace({T: ITERATIONS}),
            REGRET_BUDGET,
        ),
        equals(
            "E1.largest step",
            "at the largest step alpha L^2 G^2/2 alone is the budget",
            LARGEST_STEP_SIZE * L**2 * G**2 / 2,
            REGRET_BUDGET,
        ),
        best_step("E1.step", ITERATIONS, STEP_SIZE),
        enough_iterations(),
    )


def best_step(name: str, iterations: sympy.Expr, step_size: sympy.Expr) -> Step:
    """No other step size needs fewer iterations."""
    other = positives("alpha'")[0]
    share, part = positives("theta theta'")
    # theta = theta'/(1 + theta') is between 0 and 1
    values = {theta: share / (1 + share)} | EPSILON
    at_other = iterations.xreplace({alpha: other}).xreplace(values)

    def claim(chosen: sympy.Expr) -> object:
        best = iterations.xreplace({alpha: chosen}).xreplace(values)
        return sympy.Or(at_most(best, at_other), at_most(at_other, 0))

    return follows(
        name,
        "no step size needs fewer iterations",
        claim(step_size),
        given("both are defined", sympy.Ne(1 / at_other, 0)),
        falsified={
            "one tenth smaller": claim(Rational(9, 10) * step_size),
            "one tenth larger": claim(Rational(11, 10) * step_size),
        },
    )


def enough_iterations() -> Step:
    """More iterations than the formula says do no harm."""
    share = positives("theta'")[0]
    values = {theta: share / (1 + share)} | EPSILON
    small = given("alpha is below the largest step size", sympy.Lt(alpha, LARGEST_STEP_SIZE.xreplace(values)))
    many = given("T is at least the iterations", at_most(ITERATIONS.xreplace(values), T))
    return follows(
        "E1.enough",
        "from the iterations on the regret is within its budget",
        at_most(REGRET, REGRET_BUDGET.xreplace(values)),
        small,
        many,
        falsified={"with fewer": [small, given("half as many", at_most(ITERATIONS.xreplace(values) / 2, T))]},
    )


def proof() -> Proof:
    """E1 with everything that it rests on but the lemmas."""
    steps = (
        *remainder.taylor(),
        *remainder.moves(),
        *remainder.full_curvature(),
        *gradients.bounded(),
        *gradients.lipschitz(),
        *gradients.random_norm(),
        *descent.recursion(),
        *convergence(),
        statement(
            "E1",
            "min L_A(W_t) <= s + R^2/(2 alpha T) + alpha L^2 G^2/2 + 2 L beta R^2/sqrt(m)",
            remainder.full_curvature()[1],
            NEAR_LINEARITY,
            FULL_CURVATURE,
        ),
        *formulas(),
    )
    return Proof("E1", "explicit convergence, two layers", steps, rests_on=(lemmas.proof(),))
