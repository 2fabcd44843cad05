"""E8 for the robust error, and every formula of E8, held from both sides.

A step against q misclassified points and p - q others with a loss gains q a + (p - q)(a - tau) - p^2 X, a = mu - r,
X = alpha G^2/2. It is concave in (q, p - q), and (q, p - q) with q >= epsilon and p <= 1 lies in the triangle with the
corners (epsilon, 0), (1, 0), (epsilon, 1 - epsilon); at the second it is above its value at the third.
"""

from __future__ import annotations

import sympy
from sympy import Max, Min, Rational, sqrt

from .. import margins as e8
from ..engines.relations import at_most, equal, less
from ..letters import C, G, R, T, alpha, epsilon, mu, tau, theta
from ..margins import r
from ..proof import Step
from . import margins
from .building import defined, equals, follows, given, lengths, positives, reals
from .descent import D, D_next

a, gain = reals("a gain")
X, w = positives("X w")  # alpha G^2/2 and R^2/(2 alpha T)
first, second, third = lengths("lambda_1 lambda_2 lambda_3")  # weights of the corners
WEIGHTS = defined("the weights of the corners add up to 1", equal(first + second + third, 1))


def gain_of(q: sympy.Expr, share: sympy.Expr) -> sympy.Expr:
    """q a + (p - q)(a - tau) - p^2 X."""
    return q * a + share * (a - tau) - (q + share) ** 2 * X


def error_target() -> tuple[Step, ...]:
    """If more than the fraction epsilon is misclassified at every t <= T, the distance falls below 0."""
    inside = triangle()
    above = corners()
    return (inside, above, *run(above))


def triangle() -> Step:
    """A point of the triangle is a mean of its corners."""
    q, share, small = *lengths("q p-q"), positives("epsilon")[0]
    weights = {first: (1 - q - share) / (1 - small), second: (q - small) / (1 - small), third: share / (1 - small)}
    mean = sympy.And(
        equal(first * small + second + third * small, q).xreplace(weights),
        equal(third * (1 - small), share).xreplace(weights),
        equal(first + second + third, 1).xreplace(weights),
        *(at_most(0, weight) for weight in weights.values()),
    )
    inside = (given("q >= epsilon", at_most(small, q)), given("p <= 1", at_most(q + share, 1)))
    proper = given("epsilon < 1", less(small, 1))
    return follows(
        "E8.triangle",
        "(q, p - q) with epsilon <= q and p <= 1 is a mean of the three corners",
        mean,
        *inside,
        proper,
        falsified={"q below epsilon": [inside[1], proper], "p above 1": [inside[0], proper]},
    )


def corners() -> Step:
    """Concavity, with weights of the corners: the gain exceeds w if it is at least w at two corners and q > epsilon."""
    q = first * epsilon + second + third * epsilon
    share = third * (1 - epsilon)
    facts = (
        WEIGHTS,
        given("epsilon < 1", less(epsilon, 1)),
        given("the gain is at least w at (epsilon, 0)", at_most(w, gain_of(epsilon, sympy.Integer(0)))),
        given("and at (epsilon, 1 - epsilon)", at_most(w, gain_of(epsilon, 1 - epsilon))),
        given("q > epsilon: the corner (1, 0) has a weight", less(0, second)),
    )
    return follows(
        "E8.corners",
        "q a + (p - q)(a - tau) - p^2 X > w for q > epsilon",
        less(w, gain_of(q, share)),
        *facts,
        falsified={
            "1.1 w": less(Rational(11, 10) * w, gain_of(q, share)),
            "without the third corner": [*facts[:3], facts[4]],
            "q = epsilon": list(facts[:4]),
        },
        uses=("E8.triangle",),
    )


def run(above: Step) -> tuple[Step, ...]:
    """The gain along the run, and the end."""
    q, share = margins.q, margins.share
    of_a_step = q * (mu - r) + share * (mu - tau - r) - (q + share) ** 2 * e8.STEP_TERM
    large = given("the gain exceeds R^2/(2 alpha T), by E8.corners", less(e8.REGRET, of_a_step))
    inside = given("D <= R^2", at_most(D, R**2))
    facts = (margins.steps()[1].at(), inside, large)
    strict = follows(
        "E8.strict",
        "D_{t+1} < D - R^2/T if D <= R^2 and more than the fraction epsilon is misclassified",
        less(D_next, D - R**2 / T),
        *facts,
        falsified={
            "1.1 R^2/T": less(D_next, D - Rational(11, 10) * R**2 / T),
            "outside the ball": [facts[0], large],
            "a small gain": list(facts[:2]),
        },
        uses=(above.name,),
    )
    weak = follows(
        "E8.weak",
        "so D_{t+1} <= D - 2 alpha R^2/(2 alpha T)",
        at_most(D_next, D - 2 * alpha * e8.REGRET),
        strict.at(),
        inside,
        large,
        falsified={"1.1 of it": at_most(D_next, D - Rational(11, 5) * alpha * e8.REGRET)},
    )
    kept = margins.distance_induction("E8.distance of errors", "R^2/(2 alpha T)", weak, e8.REGRET, large)
    last = (kept.at({margins.time: T, margins.distance: D}), margins.steps()[1].at(), inside)
    end = follows(
        "E8.errors end",
        "after T - 1 such steps the next gain is at most R^2/(2 alpha T): by then at most epsilon of them are wrong",
        at_most(of_a_step, e8.REGRET),
        *last,
        falsified={"0.99 of it": at_most(of_a_step, Rational(99, 100) * e8.REGRET), "without the run": list(last[1:])},
    )
    return strict, weak, kept, end


def formulas() -> tuple[Step, ...]:
    """Gains, bounds, step sizes, curvature and stretch."""
    return (
        equals("E8.remainder", "r = C R^2", r, C * R**2),
        equals("E8.regret", "2 alpha T times the regret is R^2", e8.REGRET * 2 * alpha * T, R**2),
        equals("E8.step term", "2 times the step term is alpha G^2", 2 * e8.STEP_TERM, alpha * G**2),
        *_gains(),
        *_value(),
        *_steps(),
        *_width(),
    )


def _gains() -> tuple[Step, ...]:
    """GAIN and GAIN_OF_ERRORS are the least of the gains at the corners."""
    in_letters = {a: mu - r, X: e8.STEP_TERM}
    at_corners = [gain_of(epsilon, sympy.Integer(0)), gain_of(epsilon, 1 - epsilon)]
    of_errors = Min(*(corner.xreplace(in_letters) for corner in at_corners))
    of_loss = Min(epsilon, epsilon + mu - tau - r - e8.STEP_TERM)
    bound = e8.REGRET + Max(0, e8.STEP_TERM + r - (mu - tau))

    return tuple(
        follows(
            name,
            claim,
            equal(formula, value),
            falsified={
                "one per cent less": equal(Rational(99, 100) * formula, value),
                "one per cent more": equal(Rational(101, 100) * formula, value),
            },
        )
        for name, claim, formula, value in (
            ("E8.gain=", "the gain of the loss is the least of p = 0 and p = 1", e8.GAIN, of_loss),
            ("E8.gain of errors=", "the gain of errors is that at two corners", e8.GAIN_OF_ERRORS, of_errors),
            ("E8.bound=", "the bound of the loss", e8.BOUND, bound),
        )
    )


def _value() -> tuple[Step, ...]:
    """The fraction that a run guarantees: both gains are at least w there."""
    few = (2 * w) / (a + sqrt(a**2 - 4 * X * w))
    unsure = 1 - (a - X - w) / tau
    claimed = positives("e")[0]
    facts = (
        given("the radicand is not negative", at_most(0, a**2 - 4 * X * w)),
        given("a > 0", less(0, a)),
        given("the bound is below 1", less(claimed, 1)),
        given("e is at least both", sympy.And(at_most(few, claimed), at_most(unsure, claimed))),
    )
    both = sympy.And(at_most(w, gain_of(claimed, sympy.Integer(0))), at_most(w, gain_of(claimed, 1 - claimed)))
    return (
        equals(
            "E8.fewest",
            "FEWEST_ERRORS in a, X and w",
            e8.FEWEST_ERRORS,
            few.xreplace({a: mu - r, X: e8.STEP_TERM, w: e8.REGRET}),
        ),
        equals(
            "E8.unsure",
            "FEWEST_UNSURE in a, X and w",
            e8.FEWEST_UNSURE,
            unsure.xreplace({a: mu - r, X: e8.STEP_TERM, w: e8.REGRET}),
        ),
        follows(
            "E8.value",
            "at the larger of the two fractions, and above, both gains are at least w",
            both,
            *facts,
            falsified={
                "1.01 w": at_most(Rational(101, 100) * w, gain_of(claimed, sympy.Integer(0))),
                "below the first": [*facts[:3], given("only the second", at_most(unsure, claimed))],
                "below the second": [*facts[:3], given("only the first", at_most(few, claimed))],
            },
        ),
    )


def _steps() -> tuple[Step, ...]:
    """No step size does better, for the loss and for the errors."""
    room, target, other = positives("room epsilon alpha'")
    # room = mu - tau - r + epsilon > 0
    values = {mu: room - epsilon + tau + r}
    step = e8.STEP_SIZE.xreplace(values).xreplace({epsilon: target})
    gain = e8.GAIN.xreplace(values).xreplace({epsilon: target})

    def best(chosen: sympy.Expr) -> object:
        return at_most(other * gain.xreplace({alpha: other}), chosen * gain.xreplace({alpha: chosen}))

    reach = (a - tau) / (1 + epsilon)
    half = (a - (1 - epsilon) * tau) / 2
    at_X = Min(gain_of(epsilon, sympy.Integer(0)), gain_of(epsilon, 1 - epsilon))
    other_X = positives("X'")[0]

    def best_of_errors(factor: sympy.Expr) -> object:
        chosen = factor * Max(reach, half)
        return at_most(other_X * at_X.xreplace({X: other_X}), chosen * at_X.xreplace({X: chosen}))

    facts = (
        given("0 < epsilon < 1", less(epsilon, 1)),
        given("there is room", less(0, half)),
        given("a > 0", less(0, a)),
    )
    return (
        follows(
            "E8.best step",
            "no step size gains more in the least favourable case",
            best(step),
            falsified={
                "one tenth smaller": best(Rational(9, 10) * step),
                "one tenth larger": best(Rational(11, 10) * step),
            },
        ),
        equals(
            "E8.step of errors=",
            "alpha = 2 X/G^2 at X = max((a - tau)/(1 + epsilon), (a - (1 - epsilon) tau)/2)",
            e8.STEP_SIZE_OF_ERRORS,
            (2 * Max(reach, half) / G**2).xreplace({a: mu - r}),
        ),
        follows(
            "E8.best step of errors",
            "no step size gains more in the least favourable case",
            best_of_errors(sympy.Integer(1)),
            *facts,
            falsified={
                "one tenth smaller": best_of_errors(Rational(9, 10)),
                "one tenth larger": best_of_errors(Rational(11, 10)),
            },
        ),
        equals(
            "E8.largest step",
            "at the largest step the second gain of the loss is 0",
            e8.LARGEST_STEP_SIZE * G**2 / 2,
            epsilon + mu - tau - r,
        ),
    )


def _width() -> tuple[Step, ...]:
    """The share of near-linearity, and the stretch k of a comparator of margin tau that needs the least curvature."""
    k, e = positives("k e")
    stretch = (e8.STRETCH.xreplace({epsilon: e * tau}), e8.STRETCH_TIED.xreplace({epsilon: e * tau}))
    stretched = given("k >= 1", at_most(1, k))
    small = given("e < 1", less(e, 1))

    def best(chosen: sympy.Expr, power: int) -> object:
        return at_most(chosen**power * (k - 1 + e), k**power * (chosen - 1 + e))

    return (
        equals(
            "E8.curvature",
            "at the largest curvature r is the share of mu - tau + epsilon",
            e8.LARGEST_CURVATURE * R**2,
            theta * (mu - tau + epsilon),
        ),
        *(
            follows(
                f"E8.stretch{name}",
                f"k^{power}/(k - 1 + epsilon/tau) is least at the stretch",
                best(chosen, power),
                stretched,
                small,
                falsified={
                    "one tenth more": best(Rational(11, 10) * chosen, power),
                    "one tenth less": best(Rational(9, 10) * chosen, power),
                },
            )
            for name, chosen, power in (("", stretch[0], 2), (" of tied pairs", stretch[1], 3))
        ),
    )
