"""The proof of E3: the regret of smooth losses, averaged over the run.

With w = sqrt(L_A(W_t)), the linearisation costs at most r sqrt(2 H) w and |g_t|^2 is at most 2 H G^2 w^2, by Jensen.
The mean a of the losses has k a - r sqrt(2 H a) <= s + R^2/(2 alpha T), since the mean of the roots is at most sqrt(a).
"""

from __future__ import annotations

import sympy
from sympy import Abs, Integer, Rational, sqrt

from .. import smooth_losses as e3
from ..engines.induction import Induction
from ..engines.relations import at_most, equal
from ..letters import C, G, H, R, T, alpha, epsilon, s, theta
from ..proof import Fact, Proof, Step
from ..smooth_losses import r
from ..two_layer import LARGEST_DISTANCE
from . import descent, lemmas
from . import two_layer as first
from .building import P, Q, by, defined, equals, follows, given, lengths, positives, reals, summed
from .descent import D, D_next, gradient, inner, loss
from .lemmas import mean, mean_of_squares, n

root, mean_slope, mean_square = lengths("sqrt(L_A) mean|l'| mean_l'^2")
ROOT = defined("sqrt(L_A(W_t))^2 = L_A(W_t)", equal(loss, root**2))


AVERAGE = lengths("a")[0]  # of the losses of the run


def slopes() -> tuple[Step, ...]:
    """The mean of |l_i'| is at most sqrt(2 H L_A(W_t))."""
    slope, point = reals("l_i' l_i")
    smooth = given("|l'|^2 <= 2 H l", at_most(slope**2, 2 * H * point))
    squares = summed("E3.squares", "sum l_i'^2 <= 2 H sum l_i", slope**2, point, 2 * H, smooth)
    means = defined("means over the n points", sympy.And(equal(P, n * mean_square), equal(Q, n * loss)))
    jensen = lemmas.jensen().at({mean: mean_slope, mean_of_squares: mean_square})
    bound = follows(
        "E3.slopes",
        "mean |l_i'| <= sqrt(2 H L_A(W_t)) and mean l_i'^2 <= 2 H L_A(W_t)",
        sympy.And(at_most(mean_slope, sqrt(2 * H) * root), at_most(mean_square, 2 * H * loss)),
        squares.at(),
        means,
        jensen,
        ROOT,
        falsified={
            "0.99 sqrt(2 H L_A)": at_most(mean_slope, Rational(99, 100) * sqrt(2 * H) * root),
            "without Jensen": [squares.at(), means, ROOT],
        },
    )
    return squares, bound


def regret() -> tuple[Step, ...]:
    """<g_t, W_t - W_*> >= L_A(W_t) - s - C D sqrt(2 H L_A(W_t))."""
    size = lengths("|l_i'|")[0]
    steep = defined("|l_i'|", equal(size, Abs(descent.point_slope)))
    bound = descent.point_loss - descent.point_comparator - descent.point_inner
    one = follows(
        "E3.point",
        "l_i(W_t) - l_i(W_*) <= <g_i, W_t - W_*> + |l_i'| C D",
        at_most(bound, C * D * size),
        descent.CONVEX,
        descent.SPLIT,
        descent.CURVED,
        steep,
        falsified={
            "nine tenths of C D": at_most(bound, Rational(9, 10) * C * D * size),
            "no bound of the curvature": [descent.CONVEX, descent.SPLIT, steep],
        },
    )
    points = summed("E3.points", "the same for sums over i", bound, size, C * D, one.at(), descent.CURVED)
    means = defined(
        "means over the n points",
        sympy.And(equal(P, n * (loss - descent.comparator_loss - inner)), equal(Q, n * mean_slope)),
    )
    robust = given("L_*(W_*) <= s, and l_t(W_*) <= L_*(W_*)", at_most(descent.comparator_loss, s))
    facts = (points.at(), means, robust, slopes()[-1].at(), given("C D >= 0", at_most(0, C * D)))
    cost = C * D * sqrt(2 * H) * root
    return (
        one,
        points,
        follows(
            "E3.regret",
            "<g_t, W_t - W_*> >= L_A(W_t) - s - C D sqrt(2 H L_A(W_t))",
            at_most(loss - s - cost, inner),
            *facts,
            falsified={
                "nine tenths of C D": at_most(loss - s - Rational(9, 10) * cost, inner),
                "losses not smooth": list(facts[:3]),
            },
        ),
    )


def gradient_bound() -> tuple[Step, ...]:
    """|g_t|^2 <= 2 H G^2 L_A(W_t)."""
    norm = lengths("|g|")[0]
    slope, size, following = lengths("|l_i'| |grad_f_i| |next_sum|")
    small = given("|grad f| <= G", at_most(size, G))
    positive = defined("a length", sympy.Ge(P, 0))
    across = lemmas.triangle().at({lemmas.u_norm: P, lemmas.v_norm: slope * size, lemmas.sum_norm: following})
    add = follows(
        "E3.add",
        "adding l_i' grad f_i to a sum of gradients adds at most |l_i'| G to its length",
        at_most(following, P + slope * G),
        across,
        positive,
        small,
        falsified={
            "nine tenths of G": at_most(following, P + Rational(9, 10) * slope * G),
            "without |grad f| <= G": [across, positive],
        },
    )
    total = summed(
        "E3.gradients", "the sum of gradients is at most G sum |l_i'| long", following - P, slope, G, add.at(), small
    )
    means = defined(
        "g_t is the mean", sympy.And(equal(P, n * norm), equal(Q, n * mean_slope), equal(gradient, norm**2))
    )
    facts = (total.at(), means, slopes()[-1].at(), ROOT)
    return (
        add,
        total,
        follows(
            "E3.gradient",
            "|g_t|^2 <= 2 H G^2 L_A(W_t)",
            at_most(gradient, 2 * H * G**2 * loss),
            *facts,
            falsified={
                "0.99 of it": at_most(gradient, Rational(99, 100) * 2 * H * G**2 * loss),
                "losses not smooth": [total.at(), means, ROOT],
            },
        ),
    )


def recursion() -> Step:
    """The distance recursion of smooth losses."""
    facts = (descent.one_step().at(), regret()[-1].at(), gradient_bound()[-1].at())
    kept = D - 2 * alpha * (loss - s - C * D * sqrt(2 * H) * root) + 2 * alpha**2 * H * G**2 * loss
    return follows(
        "E3.recursion",
        "|W_{t+1} - W_*|^2 <= D - 2 alpha (k L_A(W_t) - s - C D sqrt(2 H L_A(W_t))), k = 1 - alpha H G^2",
        at_most(D_next, kept),
        *facts,
        falsified={
            "alpha^2 H G^2 for 2 alpha^2 H G^2": at_most(D_next, kept - alpha**2 * H * G**2 * loss),
            "without the gradient bound": list(facts[:2]),
        },
    )


def averaged() -> tuple[Step, ...]:
    """The sum over the run, with r = C (2 R)^2, and the mean a."""
    paid_at = given("C D <= r, with r = C (2 R)^2 by E1.a.apart", at_most(C * D, r))
    kept = D - 2 * alpha * (e3.LOSS_KEPT * loss - s - r * sqrt(2 * H) * root)
    paid = follows(
        "E3.paid",
        "|W_{t+1} - W_*|^2 <= D - 2 alpha (k L_A(W_t) - s - r sqrt(2 H L_A(W_t)))",
        at_most(D_next, kept),
        recursion().at(),
        paid_at,
        falsified={
            "nine tenths of r": at_most(D_next, kept - alpha * r * sqrt(2 * H) * root / 5),
            "at any distance": [recursion().at()],
        },
        uses=("E1.a.apart",),
    )
    sums, roots = reals("sum_of_losses sum_of_roots")
    distance, time = first.DISTANCE, first.time

    def invariant(kept: sympy.Expr) -> Induction:
        gained = kept * sums - (time - 1) * s - r * sqrt(2 * H) * roots
        return Induction(
            invariant=at_most(distance, R**2 - 2 * alpha * gained),
            counter=time,
            first={distance: R**2, sums: Integer(0), roots: Integer(0)},
            following={distance: D_next, sums: sums + loss, roots: roots + root},
            step_facts=(
                paid.at({D: distance}),
                given("C D_t <= r", at_most(C * distance, r)),
                descent.curved(distance),
                given("C D_t >= 0", at_most(0, C * distance)),
            ),
        )

    added = by(
        "E3.sum",
        "D_t <= R^2 - 2 alpha (k sum L_A(W_u) - (t-1) s - r sqrt(2 H) sum sqrt(L_A(W_u)))",
        invariant(e3.LOSS_KEPT),
        falsified={"k = 1 - alpha H G^2/2": invariant(1 - alpha * H * G**2 / 2)},
    )
    jensen = lemmas.jensen().at({mean: roots / T, mean_of_squares: AVERAGE})
    facts = (
        added.at({time: T + 1, distance: D_next}),
        jensen,
        defined("a is the mean of the losses", equal(sums, T * AVERAGE)),
    )
    left = e3.LOSS_KEPT * AVERAGE - r * sqrt(2 * H) * sqrt(AVERAGE)
    return (
        paid,
        added,
        follows(
            "E3.mean",
            "k a - r sqrt(2 H a) <= s + R^2/(2 alpha T) for the mean a of the losses",
            at_most(left, s + e3.REGRET),
            *facts,
            falsified={
                "0.99 of the regret": at_most(left, s + Rational(99, 100) * e3.REGRET),
                "without Jensen": [facts[0], facts[2]],
            },
        ),
    )


def least() -> Step:
    """The least loss is at most the mean."""
    facts = (
        solved("E3.solved", "so a is at most the square of the larger root", AVERAGE, averaged()[-1].at()).at(),
        lemmas.least_and_mean()[-1].at({lemmas.total: T * AVERAGE}),
    )
    return follows(
        "E3",
        "k v - r sqrt(2 H v) <= s + R^2/(2 alpha T) for the least loss v, solved for v",
        at_most(lemmas.least, e3.BOUND),
        *facts,
        falsified={
            "one per cent smaller": at_most(lemmas.least, Rational(99, 100) * e3.BOUND),
            "for the largest loss": [facts[0]],
        },
    )


def solved(name: str, claim: str, value: sympy.Expr, *facts: Fact) -> Step:
    """v <= BOUND from k v - r sqrt(2 H v) <= s + R^2/(2 alpha T), which the facts have to yield."""
    kept = given("k = 1 - alpha H G^2 > 0", sympy.Gt(e3.LOSS_KEPT, 0))
    return follows(
        name,
        claim,
        at_most(value, e3.BOUND),
        kept,
        *facts,
        falsified={
            "one per cent smaller": at_most(value, Rational(99, 100) * e3.BOUND),
            "for a step with k <= 0": list(facts),
        },
    )


def formulas() -> tuple[Step, ...]:
    """The bound and the calculator, held from both sides; r is the remainder at any distance."""
    return (
        equals("E3.kept", "k = 1 - alpha H G^2", e3.LOSS_KEPT, 1 - alpha * H * G**2),
        equals("E3.regret term", "R^2/(2 alpha T)", e3.REGRET * 2 * alpha * T, R**2),
        equals(
            "E3.remainder",
            "at the largest remainder r sqrt(2 H epsilon) is the share",
            e3.LARGEST_REMAINDER * sqrt(2 * H * epsilon),
            theta * (epsilon - s),
        ),
        equals(
            "E3.step size",
            "alpha H G^2 epsilon gets half of what the share leaves",
            e3.STEP_SIZE * H * G**2 * epsilon,
            (1 - theta) * (epsilon - s) / 2,
        ),
        equals(
            "E3.room",
            "the room is k epsilon - r sqrt(2 H epsilon) - s",
            e3.ROOM,
            e3.LOSS_KEPT * epsilon - r * sqrt(2 * H * epsilon) - s,
        ),
        equals(
            "E3.iterations", "at the iterations the regret is the room", e3.REGRET.xreplace({T: e3.ITERATIONS}), e3.ROOM
        ),
        equals(
            "E3.largest step",
            "at the largest step alpha H G^2 epsilon is all that the rest leaves: there is no room",
            e3.LARGEST_STEP_SIZE * H * G**2 * epsilon,
            epsilon - s - r * sqrt(2 * H * epsilon),
        ),
        equals("E3.distance", "E3 pays at the distance 2 R of E1.a.apart", e3.E3.distance * R, LARGEST_DISTANCE),
        equals("E3.tied", "and so it does for tied pairs", e3.E3_TIED.distance * R, LARGEST_DISTANCE),
        _attained(),
        _covers_the_split(),
    )


def _attained() -> Step:
    """The bound solves the equation, so that no smaller one follows from the inequality."""
    value = lengths("v")[0]
    kept = given("k = 1 - alpha H G^2 > 0", sympy.Gt(e3.LOSS_KEPT, 0))
    solved = defined("v is the bound", equal(value, e3.BOUND))
    left = e3.LOSS_KEPT * value - r * sqrt(2 * H) * sqrt(value)
    return follows(
        "E3.bound=",
        "k v - r sqrt(2 H v) = s + R^2/(2 alpha T) at v = the bound",
        equal(left, s + e3.REGRET),
        kept,
        solved,
        falsified={
            "0.99 of the right side": equal(left, Rational(99, 100) * (s + e3.REGRET)),
            "at 1.01 of the bound": [kept, defined("v is more", equal(value, Rational(101, 100) * e3.BOUND))],
        },
    )


def _covers_the_split() -> Step:
    """theory's form: at alpha = 1/(2 H G^2) the mean is at most 4 s + 4 H G^2 R^2/T + 8 H r^2."""
    value = lengths("v")[0]
    left = value / 2 - r * sqrt(2 * H) * sqrt(value)
    spent = positives("q")[0]
    facts = (
        given("k v - r sqrt(2 H v) <= s + R^2/(2 alpha T) at alpha = 1/(2 H G^2)", at_most(left, s + spent)),
        defined("R^2/(2 alpha T) = H G^2 R^2/T", equal(spent, H * G**2 * R**2 / T)),
    )
    classic = 4 * s + 4 * H * G**2 * R**2 / T + 8 * H * r**2
    return follows(
        "E3.split",
        "at alpha = 1/(2 H G^2): v <= 4 s + 4 H G^2 R^2/T + 8 H r^2",
        at_most(value, classic),
        *facts,
        falsified={
            "7.9 for 8": at_most(value, classic - Rational(1, 10) * H * r**2),
            "without the bound": [facts[1]],
        },
    )


def proof() -> Proof:
    """E3, resting on E1's curvature, gradients and step."""
    steps = (
        *slopes(),
        *regret(),
        *gradient_bound(),
        recursion(),
        *averaged(),
        solved("E3.solved", "so a is at most the square of the larger root", AVERAGE, averaged()[-1].at()),
        least(),
        *formulas(),
    )
    return Proof("E3", "smooth losses", steps, rests_on=(first.proof(),))
