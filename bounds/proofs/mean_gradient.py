"""The proof of E11: |g_t| <= L G_D, term by term, and E1.c's recursion with it.

Vectors are gradients in the space of the weights: grad f(W, x) has the rows a_r sigma'(w_r x) x / sqrt(m), so that its
length is that of (sigma'(w_r x))_r over sqrt(m) for |x| = 1, and <grad f(W_0, x), grad f(W_0, z)> = K_m(x, z).
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Abs, And, Derivative, Integer, Max, sqrt

from .. import mean_gradient as e11
from ..engines.identity import Identity
from ..engines.relations import at_most, equal
from ..gradient import operator_norm
from ..letters import C, L, R, alpha, beta, m, s, tau
from ..loss import f, get_loss, y
from ..mean_gradient import delta, form, modulus, n, start, steepness, turn
from ..proof import Fact, Proof, Step
from . import cube_forms, descent, remainder
from . import two_layer as first
from .building import SMALLER, P, Q, by, defined, equals, follows, given, lengths, positives, reals, summed
from .descent import D, D_next, loss
from .lemmas import cauchy_schwarz, sum_norm, triangle, u_norm, uu, uv, v_norm, vv

LABEL = given("y = 1 or -1", equal(y**2, 1))
UNIT = given("|x| = 1", equal(vv, 1))
change, step = reals("sigma'(w_r_x)-sigma'(w_r0_x) (w_r-w_r0)x")
shift = lengths("|grad_f(W)-grad_f(W_0)|")[0]
SMOOTH = given("sigma' is beta-Lipschitz", at_most(Abs(change), beta * Abs(step)))


def slopes() -> tuple[Step, ...]:
    """l'(f, y) = -L p y with p in [0, 1], for slopes of one sign; the hinge and the logistic loss have them."""
    slope = reals("l'")[0]
    weight = -slope * y / L
    facts = (given("|l'| <= L", at_most(Abs(slope), L)), given("l' y <= 0", at_most(slope * y, 0)), LABEL)
    weights = follows(
        "E11.weight",
        "l' = -L p y with p = -l' y/L in [0, 1]",
        And(at_most(0, weight), at_most(weight, 1), equal(slope, -L * weight * y)),
        *facts,
        falsified={
            "slopes of both signs": [facts[0], LABEL],
            "p below 0.99": And(at_most(0, weight), at_most(weight, SMALLER)),
        },
    )
    return weights, *_hinge(slope), *_logistic()


def _hinge(slope: sympy.Expr) -> tuple[Step, ...]:
    value = get_loss("hinge").expression.xreplace({Integer(1): tau})

    def above(move: sympy.Expr) -> Fact:
        there = value.xreplace({f: f + move})
        return defined("l' is a subgradient", at_most(value + slope * move, there))

    facts = (above(y), above(-y), LABEL)
    return (
        follows(
            "E11.hinge",
            "-1 <= l' y <= 0 for every subgradient l' of the hinge loss",
            And(at_most(-1, slope * y), at_most(slope * y, 0)),
            *facts,
            falsified={
                "-0.99": at_most(-SMALLER, slope * y),
                "any number": [LABEL],
            },
        ),
    )


def _logistic() -> tuple[Step, ...]:
    value, power = get_loss("logistic").expression, positives("exp(y_f)")[0]
    share = 1 / (1 + power)

    def slope(factor: Any) -> Identity:
        return Identity(Derivative(value, f), -factor * y / (1 + sympy.exp(y * f)))

    return (
        by(
            "E11.logistic",
            "the logistic loss has l' = -p y with p = 1/(1 + exp(y f))",
            slope(1),
            falsified={"0.99 of it": slope(SMALLER), "1.01 of it": slope(1 / SMALLER)},
        ),
        follows(
            "E11.logistic.weight",
            "0 <= 1/(1 + exp(y f)) <= 1",
            And(at_most(0, share), at_most(share, 1)),
            falsified={"at most 0.99": at_most(share, SMALLER)},
            uses=("E11.logistic",),
        ),
    )


def turns() -> tuple[Step, ...]:
    """|sigma'(W_0 x') - sigma'(W_0 x)| <= sqrt(m) q delta."""
    change, local, step = reals("sigma'(w_r_x')-sigma'(w_r_x) lambda_r w_r(x'-x)")
    bent, weighted, chord = lengths("|change| sum_of_(lambda_r_w_r(x'-x))^2 |x'-x|")
    steep = given("lambda_r is the steepest chord", at_most(Abs(change), local * Abs(step)))
    sums = summed(
        "E11.turns",
        "sum_r (sigma'(w_r x') - sigma'(w_r x))^2 <= sum_r (lambda_r w_r (x' - x))^2",
        change**2,
        (local * step) ** 2,
        Integer(1),
        steep,
    )
    near = given("|x' - x| <= delta", at_most(chord, delta))
    facts = (
        sums.at({P: bent**2, Q: weighted}),
        steep,
        given(
            "q^2 is the largest eigenvalue of (1/m) sum_r lambda_r^2 w_r w_r'",
            at_most(weighted, m * steepness**2 * chord**2),
        ),
        near,
    )
    bound = follows(
        "E11.turn",
        "|sigma'(W_0 x') - sigma'(W_0 x)| <= sqrt(m) E with E = q delta",
        at_most(bent, sqrt(m) * e11.TURN),
        *facts,
        falsified={
            "0.99 of it": at_most(bent, SMALLER * sqrt(m) * e11.TURN),
            "at any distance": list(facts[:-1]),
        },
    )
    return sums, bound, *_steepness(local, step, weighted, chord)


def _steepness(local: Any, step: Any, weighted: Any, chord: Any) -> tuple[Step, ...]:
    """q <= beta ||W_0||_op/sqrt(m), and the steepest chords of the quadratic ReLU."""
    image = lengths("|W_0(x'-x)|")[0]
    smooth = given("lambda_r <= beta", at_most(Abs(local), beta))
    sums = summed(
        "E11.steep",
        "sum_r (lambda_r w_r (x' - x))^2 <= beta^2 |W_0 (x' - x)|^2",
        (local * step) ** 2,
        step**2,
        beta**2,
        smooth,
    )
    facts = (
        sums.at({P: weighted, Q: image**2}),
        smooth,
        defined("the operator norm", at_most(image, operator_norm * chord)),
    )
    globally = follows(
        "E11.steepness",
        "sum_r (lambda_r w_r (x' - x))^2 <= m q^2 |x' - x|^2 with q = beta ||W_0||_op/sqrt(m)",
        at_most(weighted, m * e11.STEEPNESS**2 * chord**2),
        *facts,
        falsified={
            "0.99 of q": at_most(weighted, m * (SMALLER * e11.STEEPNESS) ** 2 * chord**2),
            "without the operator norm": list(facts[:2]),
        },
    )
    z, move = reals("z a")

    def slope(at: Any) -> sympy.Expr:
        return beta * Max(0, at)

    def chord_within(share: Any) -> Any:
        return at_most(Abs(slope(z + move) - slope(z)), beta * share * Abs(move))

    left, short = given("z <= 0", at_most(z, 0)), given("|a| is that large at most", at_most(Abs(move), e11.reach))
    away = defined("the distance from the kink", equal(e11.distance, Abs(z)))
    switching = follows(
        "E11.switching",
        "|sigma'(z + a) - sigma'(z)| <= beta max(0, 1 - |z|/r) |a| for sigma' = beta max(0, z), z <= 0, |a| <= r",
        chord_within(e11.SWITCHING),
        left,
        short,
        away,
        falsified={
            "0.99 of it": chord_within(SMALLER * e11.SWITCHING),
            "from z > 0": [short, away],
            "from any distance": [left, away],
        },
    )
    active = follows(
        "E11.active",
        "|sigma'(z + a) - sigma'(z)| <= beta |a| for sigma' = beta max(0, z)",
        chord_within(Integer(1)),
        falsified={"0.99 of it": chord_within(SMALLER)},
    )
    ratio = positives("u")[0]
    exactly = (
        equals("E11.turn=", "E is q delta", e11.TURN / steepness, delta),
        equals("E11.steepness=", "sqrt(m) q = beta ||W_0||_op", sqrt(m) * e11.STEEPNESS, beta * operator_norm),
        equals(
            "E11.switching=",
            "at |z| = r u/(1 + u) it is 1/(1 + u)",
            e11.SWITCHING.xreplace({e11.distance: e11.reach * ratio / (1 + ratio)}),
            1 / (1 + ratio),
        ),
    )
    return sums, globally, switching, active, *exactly


def moduli() -> tuple[Step, ...]:
    """|grad f(W_0, x') - grad f(W_0, x)| <= MODULUS."""
    here, there, square = reals("sigma'(w_r_x) sigma'(w_r_x') |x'-x|^2")
    cosine = 1 - square / 2
    neuron = equals(
        "E11.a.neuron",
        "|s' x' - s x|^2 = (s' - s)^2 + s s' |x' - x|^2 for |x| = |x'| = 1",
        there**2 - 2 * there * here * cosine + here**2,
        (there - here) ** 2 + here * there * square,
    )
    shift, slopes_here, slopes_there, bent, chord = lengths("|grad_f'-grad_f| |slopes| |slopes'| |change| |x'-x|")
    product = reals("slopes.slopes'")[0]
    value = defined(
        "m |grad f(W_0, x') - grad f(W_0, x)|^2, summed over the neurons",
        equal(m * shift**2, bent**2 + chord**2 * product),
    )
    facts = (
        value,
        cauchy_schwarz().at({uu: slopes_here**2, vv: slopes_there**2, uv: product}),
        triangle().at({u_norm: slopes_here, v_norm: bent, sum_norm: slopes_there}),
        defined("S^2 = K_m(x, x) = |sigma'(W_0 x)|^2/m", equal(slopes_here, sqrt(m) * start)),
        given("|sigma'(W_0 x') - sigma'(W_0 x)| <= sqrt(m) E", at_most(bent, sqrt(m) * turn)),
        given("|x' - x| <= delta", at_most(chord, delta)),
    )
    return (
        neuron,
        follows(
            "E11.a",
            "|grad f(W_0, x') - grad f(W_0, x)| <= omega = sqrt(E^2 + delta^2 S (S + E))",
            at_most(shift**2, e11.MODULUS**2),
            *facts,
            falsified={
                "0.99 of it": at_most(shift**2, (SMALLER * e11.MODULUS) ** 2),
                "at any distance": list(facts[:-1]),
                "without the turn of the slopes": [*facts[:4], facts[5]],
            },
            uses=("E11.a.neuron",),
        ),
        equals(
            "E11.a=", "omega^2 = E^2 + delta^2 S (S + E)", e11.MODULUS**2, turn**2 + delta**2 * start * (start + turn)
        ),
    )


def drift() -> tuple[Step, ...]:
    """|grad f(W, x) - grad f(W_0, x)| <= beta R/sqrt(m) for W in B(R)."""
    moved = lengths("|(W-W_0)_x|")[0]
    sums = summed(
        "E11.b.sum",
        "sum_r (sigma'(w_r x) - sigma'(w_r0 x))^2 <= beta^2 |(W - W_0) x|^2",
        change**2,
        step**2,
        beta**2,
        SMOOTH,
    )
    facts = (
        sums.at({P: m * shift**2, Q: moved**2}),
        SMOOTH,
        UNIT,
        remainder.moves()[1].at({P: moved**2, Q: R**2}),
    )
    return (
        sums,
        follows(
            "E11.b",
            "|grad f(W, x) - grad f(W_0, x)| <= beta R/sqrt(m) for W in B(R)",
            at_most(shift, e11.DRIFT),
            *facts,
            falsified={"0.99 of it": at_most(shift, SMALLER * e11.DRIFT), "outside the ball": list(facts[:-1])},
        ),
        equals("E11.b=", "sqrt(m) times the drift is beta R", sqrt(m) * e11.DRIFT, beta * R),
    )


def bound() -> tuple[Step, ...]:
    """The mean of the gradients, compared with that of the gradients at W_0 and the clean points."""
    weight, size, turned, following = lengths("p |both| omega_i |next_difference|")
    inside = (
        given("p <= 1", at_most(weight, 1)),
        given("|grad f(W_0, x_i^t) - grad f(W_0, x_i)| <= omega_i: x_i^t is in B(x_i)", at_most(u_norm, turned)),
        SMOOTH,
        UNIT,
        given("a length", sympy.Ge(P, 0)),
    )
    across = (
        drift()[1].at({shift: v_norm}),
        triangle().at({sum_norm: size}),
        triangle().at({u_norm: P, v_norm: weight * size, sum_norm: following}),
    )
    one = follows(
        "E11.add",
        "a point moves sum_i p_i y_i (grad f(W_t, x_i^t) - grad f(W_0, x_i)) by omega_i + beta R/sqrt(m) at most",
        at_most(following, P + turned + e11.DRIFT),
        *across,
        *inside,
        falsified={
            "0.99 of omega_i": at_most(following, P + SMALLER * turned + e11.DRIFT),
            "0.99 of the drift": at_most(following, P + turned + SMALLER * e11.DRIFT),
            "p > 1": [*across, *inside[1:]],
        },
    )
    difference = summed(
        "E11.difference",
        "the same summed over the points",
        following - P,
        turned + e11.DRIFT,
        Integer(1),
        one.at(),
        *inside,
    )
    return one, difference, *_total(difference, inside)


def _total(difference: Step, of_points: tuple[Fact, ...]) -> tuple[Step, ...]:
    clean, all_of_it, apart, norm = lengths("|sum_at_W_0| |sum| |difference| |g|")
    value = reals("p'M_p")[0]
    gradient = descent.gradient
    facts = (
        difference.at({P: apart, Q: n * (modulus + e11.DRIFT)}),
        *of_points,
        triangle().at({u_norm: clean, v_norm: apart, sum_norm: all_of_it}),
        defined("|sum_i p_i y_i grad f(W_0, x_i)|^2 = p'Mp, M = yy' o K_m", equal(clean**2, value)),
        given("p'Mp <= form, as by E11.c", at_most(value, form)),
        defined("n g_t = -L sum_i p_i y_i grad f(W_t, x_i^t), by E11.weight", equal(n * norm, L * all_of_it)),
        defined("|g|^2", equal(gradient, norm**2)),
    )
    bound = e11.MEAN_GRADIENT_BOUND
    whole = follows(
        "E11",
        "|g_t|^2 <= L^2 G_D^2",
        at_most(gradient, L**2 * bound**2),
        *facts,
        falsified={
            "0.99 of G_D": at_most(gradient, L**2 * (SMALLER * bound) ** 2),
            "any quadratic form": [*facts[:-3], *facts[-2:]],
        },
        uses=("E11.weight", "E11.a", "E11.c", "E11.c.entries"),
    )
    exactly = equals(
        "E11=",
        "n G_D = sqrt(form) + n omega + n beta R/sqrt(m)",
        n * bound,
        sqrt(form) + n * (modulus + beta * R / sqrt(m)),
    )
    return whole, exactly, _recursion(whole), _tied()


def _recursion(whole: Step) -> Step:
    """E1.c's recursion, from which E1, E2, E7 and E10 follow, with G_D in the place of G."""
    facts = (descent.one_step().at(), descent.regret_of_a_point()[-1].at(), whole.at())
    kept = D - 2 * alpha * (loss - s - L * C * D)
    square = alpha**2 * L**2 * e11.MEAN_GRADIENT_BOUND**2
    return follows(
        "E11.recursion",
        "|W_{t+1} - W_*|^2 <= D - 2 alpha (L_A(W_t) - s - L C D) + alpha^2 L^2 G_D^2, as in E1.c",
        at_most(D_next, kept + square),
        *facts,
        falsified={
            "half of alpha^2 L^2 G_D^2": at_most(D_next, kept + square / 2),
            "without the gradient bound": list(facts[:2]),
        },
    )


def _tied() -> Step:
    """Tied pairs: the gradient along antisymmetric moves is a projection of the whole gradient on a subspace."""
    tied, whole, rest = lengths("|Pg|^2 |g|^2 |g-Pg|^2")
    return follows(
        "E11.tied",
        "|P g_t| <= |g_t| for the part of the gradient along tied moves",
        at_most(tied, whole),
        defined("Pythagoras", equal(whole, tied + rest)),
        falsified={"0.99 of it": at_most(tied, SMALLER * whole), "without it": []},
    )


def proof() -> Proof:
    """E11, resting on E1's lemmas."""
    steps = (*slopes(), *turns(), *moduli(), *drift(), *cube_forms.forms(), *bound())
    return Proof("E11", "the gradient of the mean", steps, rests_on=(first.proof(),))
