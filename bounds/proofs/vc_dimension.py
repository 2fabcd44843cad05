"""E5.b: from a cited count of sign patterns to the VC dimension of ReLU networks.

Cited: polynomials p_1..p_M of degree <= i in W <= M variables have at most 2 (2 e M i/W)^W sign patterns (Warren 1968,
in the form of Anthony and Bartlett 1999, Theorem 8.3). Machine-checked: everything that Bartlett, Harvey, Liaw and
Mehrabian (2019, Theorem 7) build on it: the degrees, the layers, the weighted mean of the logarithms, and the solution
of 2^m <= 2^L (r m/w)^w for m. Taken for granted, by name: Taylor's formula and the laws of the logarithm as SymPy has
them.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import And, E, Implies, Integer, Rational, Sum, log

from ..engines.citation import Cited
from ..engines.engine import Fact
from ..engines.finite import Exact
from ..engines.induction import Induction
from ..engines.relations import at_most, substituted
from ..proof import Step
from ..vc_bounds import (
    HIDDEN_PARAMETERS,
    LAYERS,
    OUTPUT_PARAMETERS,
    SIGN_PATTERNS,
    SUM_OF_PARAMETERS,
    VC_UPPER_BOUND,
    WEIGHTED_UNITS,
    H,
    L,
    S,
    W,
    d,
    i,
    k,
    m,
    w,
)
from .building import by, equals, given, positives, reals
from .logarithms import (
    BINARY,
    a,
    b,
    exponent,
    follows,
    logarithms,
    near,
    product,
    quotient,
    r,
    rising,
    slow,
    tangent,
    u,
)
from .sign_patterns import known_dimensions, known_patterns

REFERENCE = "Anthony and Bartlett, Neural Network Learning, 1999, Theorem 8.3, after Warren 1968"

A = positives("A")[0]
patterns = reals("log_of_patterns")[0]  # the sum over all layers of log SIGN_PATTERNS
layer = sympy.Symbol("layer", integer=True, nonnegative=True)

ROOT = 2 * E * S  # r
BOUND = L + w * log(2 * r * u) / log(2)  # E5.b at r = 2 e S
FEW_LAYERS = given("L <= w: every W_i is at least 1", at_most(L, w))


def counting() -> tuple[Step, ...]:
    """The cited count, what it is applied to, and what it gives."""

    def stressed(count: sympy.Expr) -> Cited:
        statement = "k m polynomials of degree <= i in W <= k m variables have at most 2 (2 e k m i/W)^W sign patterns"
        return Cited(REFERENCE, statement, lambda: known_patterns(count))

    degree, degree_next = positives("D D'")
    number = sympy.Symbol("i", integer=True, positive=True)

    def degrees(gain: int) -> Induction:
        return Induction(
            invariant=at_most(degree, number),
            counter=number,
            first={degree: Integer(1)},
            following={degree: degree_next},
            step_facts=(given("D' <= D + 1: a weight times an output", at_most(degree_next, degree + gain)),),
        )

    return (
        by(
            "E5.b.sign patterns",
            "k m polynomials of degree i in W variables have at most 2 (2 e k m i/W)^W sign patterns",
            stressed(SIGN_PATTERNS),
            falsified={
                "whatever the degree": stressed(SIGN_PATTERNS.xreplace({i: Integer(1)})),
                "without e": stressed(SIGN_PATTERNS.xreplace({E: Integer(1)})),
                "one variable less": stressed(2 * (2 * E * m * k * i / W) ** (W - 1)),
            },
        ),
        by(
            "E5.b.degree",
            "where the signs of the units before are fixed, inputs of layer i are polynomials of degree <= i",
            degrees(1),
            falsified={"degrees grow by 2": degrees(2)},
        ),
        growth(),
    )


def growth() -> Step:
    """Fixing the signs of one layer after another splits every cell into at most SIGN_PATTERNS."""
    cells, cells_next, total, count = reals("C C' T log_of_count")

    def induction(rate: int) -> Induction:
        return Induction(
            invariant=at_most(cells, total),
            counter=layer,
            start=0,
            first={cells: Integer(0), total: Integer(0)},
            following={cells: cells_next, total: total + count},
            step_facts=(given("log C' <= log C + log SIGN_PATTERNS", at_most(cells_next, cells + rate * count)),),
        )

    return by(
        "E5.b.growth",
        "m >= w points (so that W <= k m) have at most as many labellings as the product of all SIGN_PATTERNS",
        induction(1),
        falsified={"the square of SIGN_PATTERNS in each layer": induction(2)},
        uses=("E5.b.sign patterns", "E5.b.degree"),
    )


def mean() -> tuple[Step, ...]:
    """The weighted mean of logarithms is at most the logarithm of the mean, A = 2 e m S/w."""
    term = 2 * E * m * k * i
    expanded = equals(
        "E5.b.logarithm",
        "log SIGN_PATTERNS = log 2 + W log(2 e m k i/W)",
        log(SIGN_PATTERNS),
        log(2) + W * log(term / W),
    )
    one_layer = log(2) + W * log(A) + term / A - W
    in_layer = follows(
        "E5.b.layer",
        "log SIGN_PATTERNS <= log 2 + W log A + 2 e m k i/A - W for every A > 0",
        at_most(log(SIGN_PATTERNS), one_layer),
        expanded.at(),
        tangent(term / (W * A)),
        quotient().at({a: term / W, b: A}),
        falsified={
            "0.99 of 2 e m k i/A": at_most(log(SIGN_PATTERNS), one_layer - term / A / 100),
            "the other way round": at_most(one_layer, log(SIGN_PATTERNS)),
        },
    )
    summed = layers(in_layer)
    closed = L * log(2) + w * log(ROOT * m / w)
    return (
        expanded,
        in_layer,
        summed,
        follows(
            "E5.b.mean",
            "at A = 2 e m S/w: sum log SIGN_PATTERNS <= L log 2 + w log(2 e m S/w)",
            at_most(patterns, closed),
            summed.at({layer: L, total: patterns, parameters: w, weighted: S, A: ROOT * m / w}),
            falsified={
                "without L log 2": at_most(patterns, closed - L * log(2)),
                "0.99 of w": at_most(patterns, closed - w * log(ROOT * m / w) / 100),
            },
        ),
    )


total, parameters, weighted, one_count, one_mean = reals("T w_i S_i log_of_count log_A")


def layers(in_layer: Step) -> Step:
    """The sum over layers."""

    def induction(weight: Any, count: Any, of_mean: Any, fact: Fact) -> Induction:
        bound = layer * log(2) + parameters * of_mean + 2 * E * m * weighted / A - parameters
        return Induction(
            invariant=at_most(total, bound),
            counter=layer,
            start=0,
            first={total: Integer(0), parameters: Integer(0), weighted: Integer(0)},
            following={total: total + count, parameters: parameters + W, weighted: weighted + weight * k},
            step_facts=(fact,),
        )

    of_layer = log(SIGN_PATTERNS).xreplace({i: layer + 1})
    fact = in_layer.at({i: layer + 1})
    named = given("E5.b.layer", substituted(fact.relation, {of_layer: one_count, log(A): one_mean}))
    return by(
        "E5.b.layers",
        "sum log SIGN_PATTERNS <= L log 2 + w log A + 2 e m S/A - w with w = sum W_i and S = sum i k_i",
        induction(layer + 1, of_layer, log(A), fact),
        falsified={"S = sum k_i": induction(Integer(1), one_count, one_mean, named)},
    )


def size() -> Step:
    facts = (exponent().at(), slow().at({a: u}), product().at({a: r, b: u}), rising().at({a: u}), BINARY)
    return follows(
        "E5.b.size",
        "w <= bound <= 2 w log2(r)",
        And(at_most(w, BOUND), at_most(BOUND, 2 * u * w)),
        FEW_LAYERS,
        *facts,
        falsified={
            "1.99 for 2": And(at_most(w, BOUND), at_most(BOUND, Rational(199, 100) * u * w)),
            "without L <= w": list(facts),
        },
    )


def solution() -> tuple[Step, ...]:
    """2^m <= 2^L (r m/w)^w, r >= 16 and L <= w give m <= L + w log2(2 r log2 r)."""
    shattered = given(
        "m points are shattered: 2^m <= the product of all SIGN_PATTERNS, if m >= w",
        Implies(at_most(w, m), at_most(m * log(2), patterns)),
    )
    few = mean()[-1].at({S: r / (2 * E)})
    facts = (few, near().at({b: u}), size().at(), exponent().at())
    return (
        follows(
            "E5.b.solution",
            "m points can be shattered only if m <= L + w log2(2 r log2 r), r = 2 e S >= 16",
            at_most(m, BOUND),
            shattered,
            *facts,
            falsified={
                "0.99 of it": at_most(m, Rational(99, 100) * BOUND),
                "however many layers": [shattered, few, near().at({b: u}), exponent().at()],
                "2^m <= twice the product": [
                    given("2^(m-1) <= product", Implies(at_most(w, m), at_most((m - 1) * log(2), patterns))),
                    *facts,
                ],
            },
            uses=("E5.b.growth",),
        ),
    )


def formula() -> tuple[Step, ...]:
    """E5.b as it is evaluated, held from both sides."""
    values = {r: ROOT, u: log(ROOT) / log(2)}
    three = given("S >= 3: a hidden layer and the output", at_most(3, S))
    solved = solution()[-1].at(values)
    sharp = {L: Integer(1), w: Integer(1), r: Integer(16), u: Integer(4)}
    return (
        equals("E5.b.formula", "the bound at r = 2 e S is E5.b", BOUND.xreplace(values), VC_UPPER_BOUND),
        equals("E5.b.sharp", "at L = w = 1, r = 16 the solution is 8", BOUND.xreplace(sharp), Integer(8)),
        equals("E5.b.attained", "where 2^m = 2^L (r m/w)^w", Integer(2) ** 8, 2 * Integer(16) * 8),
        follows(
            "E5.b",
            "VC <= L + w log2(4 e S log2(2 e S))",
            at_most(m, VC_UPPER_BOUND),
            solved,
            three,
            falsified={
                "nine tenths": at_most(m, Rational(9, 10) * VC_UPPER_BOUND),
                "for S >= 2": [solved, given("S >= 2", at_most(2, S))],
            },
        ),
        by(
            "E5.b.known dimensions",
            "halfspaces and polygonal lines stay below it",
            Exact(lambda: known_dimensions(VC_UPPER_BOUND)),
            falsified={
                "L parameters": Exact(lambda: known_dimensions(VC_UPPER_BOUND.xreplace({w: L}))),
                "without L and log": Exact(lambda: known_dimensions(w / 3)),
            },
            uses=("E5.b",),
        ),
    )


def equal_layers() -> tuple[Step, ...]:
    """The sums for H hidden layers of k units each."""
    number, count = sympy.symbols("i H", integer=True, positive=True)
    names = {i: number, H: count}
    hidden, last = HIDDEN_PARAMETERS.xreplace(names), HIDDEN_PARAMETERS.xreplace({i: count})
    return (
        equals(
            "E5.b.first layer", "the first layer has k (d + 1) parameters", HIDDEN_PARAMETERS.subs(i, 1), k * (d + 1)
        ),
        equals(
            "E5.b.next layer",
            "and each further hidden layer k (k + 1)",
            HIDDEN_PARAMETERS.subs(i, i + 1) - HIDDEN_PARAMETERS,
            k * (k + 1),
        ),
        equals("E5.b.output", "the output has k + 1", OUTPUT_PARAMETERS, k + 1),
        equals("E5.b.all layers", "it is layer H + 1", LAYERS, H + 1),
        equals(
            "E5.b.parameters",
            "w = sum of W_i over the hidden layers, and W_H + k + 1",
            Sum(hidden, (number, 1, count)) + last + OUTPUT_PARAMETERS,
            SUM_OF_PARAMETERS.xreplace(names),
        ),
        equals(
            "E5.b.units",
            "S = sum of i k over the hidden layers, and H + 1",
            Sum(number * k, (number, 1, count)) + LAYERS.xreplace(names),
            WEIGHTED_UNITS.xreplace(names),
        ),
        follows(
            "E5.b.applies",
            "such networks have S >= 3 and L <= w",
            And(at_most(3, WEIGHTED_UNITS), at_most(LAYERS, SUM_OF_PARAMETERS)),
            given("k, d, H >= 1", And(at_most(1, k), at_most(1, d), at_most(1, H))),
            falsified={
                "S >= 3.01": at_most(Rational(301, 100), WEIGHTED_UNITS),
                "twice as many layers as parameters": at_most(4 * LAYERS, SUM_OF_PARAMETERS),
            },
        ),
    )


def steps() -> tuple[Step, ...]:
    """All steps about the VC dimension of ReLU networks."""
    return (
        *logarithms(),
        *counting(),
        *mean(),
        size(),
        *solution(),
        *formula(),
        *equal_layers(),
    )
