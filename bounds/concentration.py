"""Tails of means and of Gaussian matrices, and sizes of nets, with every constant (theory E4.d).

X_1, ..., X_N are independent, |X_r| <= M and E X_r^2 <= v. Each tail bounds the probability that the mean of the X_r
exceeds its expectation by t; each deviation is the t at which the tail has come down to exp(-Lambda). The proofs are in
`bounds.proofs.concentration`.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Integer, Rational, exp, log, sqrt

from .errors import InvalidInput
from .exact import Number, between_zero_and_one, ceil_integer, is_at_most, is_less, positive, whole_number

N, t, v, M, x, p, Lambda, lam = sympy.symbols("N t v M x p Lambda lambda", positive=True)
D, tangent, eta, zeta = sympy.symbols("D r_t eta zeta", positive=True)

# Bernstein: log E exp(lam (X - E X)) is at most the cumulant, for lam M < 3; Chernoff's bound takes lam = the tilt.
BERNSTEIN_CUMULANT = lam**2 * v / (2 * (1 - lam * M / 3))
BERNSTEIN_TILT = t / (v + M * t / 3)
BERNSTEIN_TAIL = exp(-N * t**2 / (2 * (v + M * t / 3)))
BERNSTEIN_DEVIATION = (M * Lambda / 3 + sqrt((M * Lambda / 3) ** 2 + 2 * N * v * Lambda)) / N
BERNSTEIN_COUNT = 2 * (v + M * t / 3) * log(1 / p) / t**2

# Hoeffding: the second moment is not used.
HOEFFDING_CUMULANT = lam**2 * M**2 / 2
HOEFFDING_TILT = t / M**2
HOEFFDING_TAIL = exp(-N * t**2 / (2 * M**2))
HOEFFDING_DEVIATION = M * sqrt(2 * Lambda / N)
HOEFFDING_COUNT = 2 * M**2 * log(1 / p) / t**2

# A set in a ball of radius r_t in R^D, up to an error of eta.
NET = (1 + 2 * tangent / eta) ** D

# N rows N(0, I_D): a sum of N squares exceeds N x with probability at most the tail, and x = the level brings that down
# to exp(-Lambda). A zeta-net of the unit sphere then bounds the operator norm, divided by sqrt(N).
CHI_SQUARE_TILT = (1 - 1 / x) / 2
CHI_SQUARE_TAIL = (x * exp(1 - x)) ** (N / 2)
CHI_SQUARE_LEVEL = 1 + 2 * sqrt(Lambda / N) + 2 * Lambda / N
NET_OF_SPHERE = NET.xreplace({tangent: Integer(1), eta: zeta})
NORM_FROM_NET = sqrt(x) / (1 - zeta)
FAILURES_OF_NET = log(1 / p) + D * log(1 + 2 / zeta)
GAUSSIAN_NORM = NORM_FROM_NET.xreplace({x: CHI_SQUARE_LEVEL.xreplace({Lambda: FAILURES_OF_NET})})
SPHERE_NET = Rational(1, 8)  # the zeta in use: the cost of a finer net shows in the logarithm only


@dataclass(frozen=True)
class SampleSize:
    """How many samples bring a mean that close, and whose inequality says so."""

    count: int
    inequality: str


def tail(*, count: int, deviation: Number, bound: Number, second_moment: Number | None = None) -> sympy.Expr:
    """An upper bound, at most 1, of the probability that a mean of `count` samples is off by `deviation` to one side.

    `bound` is M, `second_moment` is v (M^2 if none is given): the better of Bernstein's and Hoeffding's inequality.
    """
    values = _values(deviation, bound, second_moment) | {N: Integer(whole_number(count, name="count"))}
    bernstein, hoeffding = (formula.xreplace(values) for formula in (BERNSTEIN_TAIL, HOEFFDING_TAIL))
    return bernstein if is_at_most(bernstein, hoeffding) else hoeffding


def sample_size(
    *, deviation: Number, failure: Number, bound: Number, second_moment: Number | None = None
) -> SampleSize:
    """The fewest samples for which `tail` is at most `failure`.

    Raises InvalidInput for a failure outside (0, 1), and for a second moment above the square of the bound.
    """
    values = _values(deviation, bound, second_moment) | {p: between_zero_and_one(failure, name="failure")}
    formulas = {"Bernstein": BERNSTEIN_COUNT, "Hoeffding": HOEFFDING_COUNT}
    counts = {name: ceil_integer(formula.xreplace(values)) for name, formula in formulas.items()}
    name = min(counts, key=lambda each: counts[each])
    return SampleSize(counts[name], name)


def gaussian_norm(*, rows: int, columns: int, failure: Number) -> sympy.Expr:
    """An upper bound of the operator norm of `rows` x `columns` normal entries, divided by sqrt(rows).

    It fails with probability at most `failure`. Davidson and Szarek's bound is sharper, this one is proved here.
    """
    values = {
        N: Integer(whole_number(rows, name="rows")),
        D: Integer(whole_number(columns, name="columns")),
        p: between_zero_and_one(failure, name="failure"),
        zeta: SPHERE_NET,
    }
    return GAUSSIAN_NORM.xreplace(values)


def _values(deviation: Number, bound: Number, second_moment: Number | None) -> dict[sympy.Symbol, sympy.Expr]:
    largest = positive(bound, name="bound")
    moment = largest**2 if second_moment is None else positive(second_moment, name="second_moment")
    if is_less(largest**2, moment):
        raise InvalidInput(f"second_moment is {second_moment}: expected at most {largest**2}, the square of the bound")
    return {t: positive(deviation, name="deviation"), M: largest, v: moment}
