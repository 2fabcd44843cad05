"""The proof of E7: the recursion of E1.c with the remainder paid at the distance there is, solved as a geometric one.

Let v be the least loss of the run and e = v - s - alpha L^2 G^2/2, c = L C, q = 1 + 2 alpha c. Then
D_{t+1} <= q D_t - 2 alpha e, so D_t <= e/c - q^(t-1) (e/c - R^2), and D_{T+1} >= 0 bounds e, hence v.
"""

from __future__ import annotations

import sympy
from sympy import Rational

from .. import recursion as e7
from .. import two_layer as e1
from ..engines.induction import Induction
from ..engines.relations import at_most
from ..letters import C, L, R, T, alpha, epsilon, s, theta
from ..proof import Proof, Step
from . import descent, lemmas
from . import two_layer as first
from .building import TERMS, by, defined, equals, follows, given, positives, reals
from .descent import D, D_next, loss

power, least = reals("q^(t-1) v")
distance = first.DISTANCE
time = sympy.Symbol("t", integer=True, positive=True)
rest = least - s - e7.STEP_TERM


def contraction() -> Step:
    """D_{t+1} <= q D_t - 2 alpha e."""
    recursion = descent.recursion()[-1].at()
    above = given("no loss is below v", at_most(least, loss))
    kept = e7.GROWTH * D - 2 * alpha * rest
    return follows(
        "E7.step",
        "D_{t+1} <= q D_t - 2 alpha (v - s - alpha L^2 G^2/2), q = 1 + 2 alpha L C",
        at_most(D_next, kept),
        recursion,
        above,
        falsified={
            "q - 1 ten per cent smaller": at_most(D_next, kept - alpha * L * C * D / 5),
            "half of alpha L^2 G^2/2": at_most(D_next, kept - alpha * e7.STEP_TERM),
            "a smaller loss": [recursion],
        },
    )


def solution() -> tuple[Step, ...]:
    """D_t <= e/c - q^(t-1) (e/c - R^2), and what follows from D_{T+1} >= 0."""
    step = contraction()
    above = given("no loss is below v", at_most(least, loss))
    fixed_point = rest / (L * C)

    def induction(growth: sympy.Expr) -> Induction:
        return Induction(
            invariant=at_most(distance, fixed_point - power * (fixed_point - R**2)),
            counter=time,
            first={distance: R**2, power: sympy.Integer(1)},
            following={distance: D_next, power: growth * power},
            step_facts=(step.at({D: distance}), above, descent.curved(distance)),
        )

    solved = by(
        "E7.solution",
        "D_t <= e/c - q^(t-1) (e/c - R^2) with e = v - s - alpha L^2 G^2/2, c = L C",
        induction(e7.GROWTH),
        falsified={"a slower growth": induction(1 + alpha * L * C)},
    )
    q_to_T = positives("q^T")[0]
    end = solved.at({distance: D_next, power: q_to_T, time: T + 1})
    grown = defined("q^T > 1, as q > 1", sympy.Gt(q_to_T, 1))
    bound = L * C * R**2 * q_to_T / (q_to_T - 1)
    ended = follows(
        "E7.end",
        "v <= s + alpha L^2 G^2/2 + L C R^2 q^T/(q^T - 1)",
        at_most(least, s + e7.STEP_TERM + bound),
        end,
        grown,
        falsified={
            "0.99 of the last term": at_most(least, s + e7.STEP_TERM + Rational(99, 100) * bound),
            "half of the step term": at_most(least, s + e7.STEP_TERM / 2 + bound),
        },
    )
    return step, solved, ended


def formulas() -> tuple[Step, ...]:
    """The terms as the theorem writes them, and its calculator."""
    power = e7.GROWTH**T
    return (
        equals("E7.growth", "q - 1 = 2 alpha L C", e7.GROWTH - 1, 2 * alpha * L * C),
        equals(
            "E7.step term", "the step term is that of E1's regret", e7.STEP_TERM, e1.REGRET - R**2 / (2 * alpha * T)
        ),
        equals(
            "E7.distance term",
            "L C R^2/(1 - q^(-T)) = L C R^2 q^T/(q^T - 1)",
            e7.DISTANCE_TERM,
            L * C * R**2 * power / (power - 1),
        ),
        *_contraction(),
        equals(
            "E7.curvature",
            "at the largest curvature L C R^2 is the share",
            (L * C * R**2).xreplace({C: e7.LARGEST_CURVATURE}),
            theta * (epsilon - s),
        ),
        equals(
            "E7.step size",
            "the step term gets half of what the share leaves",
            e7.STEP_TERM.xreplace({alpha: e7.STEP_SIZE}),
            (1 - theta) * (epsilon - s) / 2,
        ),
        equals("E7.room", "what the step term leaves of epsilon - s", e7.ROOM, epsilon - s - e7.STEP_TERM),
        equals(
            "E7.largest step",
            "at the largest step L C R^2 fills the room",
            e7.ROOM.xreplace({alpha: e7.LARGEST_STEP_SIZE}),
            L * C * R**2,
        ),
        *_iterations(),
    )


def _contraction() -> tuple[Step, ...]:
    """q^(-T) as the code evaluates it, through h = tanh(T log(q)/2)."""
    x, q = positives("x q")
    (half,) = e7.HALFWAY.args
    return (
        equals("E7.halfway", "twice the argument of tanh is T log q", 2 * half, T * sympy.log(e7.GROWTH)),
        equals(
            "E7.contraction",
            "(1 - tanh x)/(1 + tanh x) = exp(-2 x)",
            e7.CONTRACTION.xreplace({e7.HALFWAY: sympy.tanh(x)}).rewrite(sympy.exp),
            sympy.exp(-2 * x),
        ),
        equals("E7.power", "exp(-T log q) = q^(-T)", sympy.exp(-T * sympy.log(q)), q**-T),
    )


def _iterations() -> tuple[Step, ...]:
    """At T = log(room/(room - L C R^2))/log(q) the distance term is the room; it falls with T."""
    room, q_to_T, enough = positives("room q^T q^T'")
    exponent = e7.ITERATIONS * sympy.log(e7.GROWTH)
    at_T = L * C * R**2 * q_to_T / (q_to_T - 1)
    filled = defined("q^T at the iterations, by E7.iterations", sympy.Eq(q_to_T * (room - L * C * R**2), room))
    small = given("alpha is below the largest step size", sympy.Gt(room, L * C * R**2))
    more = given("T is at least the iterations", at_most(q_to_T, enough))
    bound = at_T.xreplace({q_to_T: enough})
    return (
        equals(
            "E7.iterations",
            "log q^T at the iterations is log(room/(room - L C R^2))",
            exponent,
            sympy.log(e7.ROOM / (e7.ROOM - L * C * R**2)),
        ),
        follows(
            "E7.enough",
            "from the iterations on the distance term is at most the room",
            at_most(bound, room),
            small,
            filled,
            more,
            falsified={
                "0.99 of the room": at_most(bound, Rational(99, 100) * room),
                "with fewer": [small, filled, given("fewer", sympy.And(at_most(enough, q_to_T), sympy.Gt(enough, 1)))],
            },
            uses=("E7.iterations", "E7.distance term"),
        ),
    )


def sharper() -> Step:
    """E7's bound is below E1's: L C R^2/(1 - q^(-T)) <= L C R^2 + R^2/(2 alpha T), by Bernoulli."""
    q_to_T = positives("q^T")[0]
    grown = lemmas.bernoulli().at(
        {TERMS: T, sympy.Symbol("x", positive=True): e7.GROWTH - 1, sympy.Symbol("power", real=True): q_to_T}
    )
    bound = L * C * R**2 * q_to_T / (q_to_T - 1)
    return follows(
        "E7.sharper",
        "L C R^2 q^T/(q^T - 1) + alpha L^2 G^2/2 <= R^2/(2 alpha T) + alpha L^2 G^2/2 + L C R^2, a fourth of E1's",
        at_most(bound + e7.STEP_TERM, e1.REGRET + e1.LINEARIZATION / 4),
        grown,
        falsified={
            "an eighth of E1's": at_most(bound + e7.STEP_TERM, e1.REGRET + e1.LINEARIZATION / 8),
            "without Bernoulli": [given("q^T > 1", sympy.Gt(q_to_T, 1))],
        },
    )


def proof() -> Proof:
    """E7, resting on E1's recursion; for tied pairs the curvature is that of E2.a."""
    steps = (*solution(), *formulas(), sharper())
    return Proof("E7", "the distance to the comparator contracts", steps, rests_on=(first.proof(),))
