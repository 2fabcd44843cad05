"""How many samples a mean needs, and how large a Gaussian matrix may be: `concentration` as a calculator."""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Integer

from .concentration import (
    BERNSTEIN_COUNT,
    BERNSTEIN_TAIL,
    GAUSSIAN_NORM,
    HOEFFDING_COUNT,
    HOEFFDING_TAIL,
    SPHERE_NET,
    D,
    M,
    N,
    p,
    t,
    v,
    zeta,
)
from .errors import InvalidInput
from .exact import Number, between_zero_and_one, ceil_integer, is_at_most, is_less, positive, whole_number


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
