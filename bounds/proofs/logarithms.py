"""Inequalities of logarithms, from their tangents: log(x) <= x - 1. Used by E5.b.

Taken for granted, by name: Taylor's formula, and the laws of the logarithm as SymPy has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sympy
from sympy import And, Integer, Rational, log

from ..engines.engine import Fact
from ..engines.rational_bounds import rational_bounds
from ..engines.relations import at_most, equal, substituted
from ..engines.smt import Entails
from ..proof import Step
from ..vc_bounds import m, w
from .building import by, defined, equals, given, positives, reals
from .concentration import exp_y, exponential, y

a, b, r = positives("a b r")
u = reals("u")[0]  # log2(r)

LARGE = given("r >= 16", at_most(16, r))
BINARY = defined("u = log2(r)", equal(log(r), u * log(2)))


def logarithms_as_reals(facts: Sequence[Fact], conclusion: Any) -> Entails:
    """The same entailment with a real number for every logarithm, one of known size for that of a number.

    That is how the solver reads logarithms in any case. Here it can show a counterexample that others can check.
    """
    relations = [sympy.sympify(relation) for relation in (*(fact.relation for fact in facts), conclusion)]
    found = sorted(set().union(*(relation.atoms(log) for relation in relations)), key=str)
    names = {each: sympy.Symbol(f"log_{index}", real=True) for index, each in enumerate(found)}
    *known, claim = (substituted(relation, names) for relation in relations)
    sizes = (_between(names[each], each) for each in found if not each.free_symbols)
    return Entails(tuple(given("a fact", relation) for relation in (*known, *sizes)), claim)


def _between(name: sympy.Symbol, value: sympy.Expr) -> Any:
    below, above = rational_bounds(value, bits=16)
    return And(at_most(below, name), at_most(name, above))


def follows(
    name: str, claim: str, conclusion: Any, *facts: Fact, falsified: Mapping[str, Any], uses: Sequence[str] = ()
) -> Step:
    """A step by SMT; `falsified` maps each change to the changed conclusion, or to the list of facts that are kept."""
    variants = {
        change: logarithms_as_reals(kept, conclusion) if isinstance(kept, list) else logarithms_as_reals(facts, kept)
        for change, kept in falsified.items()
    }
    return by(name, claim, Entails(facts, conclusion), falsified=variants, uses=uses)


@cache
def exponentials() -> tuple[Step, ...]:
    """1 + y <= exp(y), put together once."""
    return exponential()


def tangent(value: sympy.Expr) -> Fact:
    """log(value) <= value - 1."""
    return exponentials()[1].at({y: log(value), exp_y: value})


def quotient() -> Step:
    return equals("E5.b.quotient", "log(a/b) = log a - log b", log(a / b), log(a) - log(b))


def product() -> Step:
    return equals("E5.b.product", "log(2 a b) = log 2 + log a + log b", log(2 * a * b), log(2) + log(a) + log(b))


def powers_of_two() -> tuple[Step, ...]:
    return (
        equals("E5.b.four", "log 4 = 2 log 2", log(4), 2 * log(2)),
        equals("E5.b.sixteen", "log 16 = 4 log 2", log(16), 4 * log(2)),
    )


def exponent() -> Step:
    facts = (BINARY, tangent(16 / r), quotient().at({a: Integer(16), b: r}), powers_of_two()[1].at())
    return follows(
        "E5.b.exponent",
        "r >= 16 gives log2(r) >= 4",
        at_most(4, u),
        LARGE,
        *facts,
        falsified={
            "log2(r) >= 4.01": at_most(Rational(401, 100), u),
            "r >= 15": [given("r >= 15", at_most(15, r)), *facts],
        },
    )


def slow() -> Step:
    facts = (tangent(a / 4), quotient().at({b: Integer(4)}), powers_of_two()[0].at())
    return follows(
        "E5.b.slow",
        "2 + log2(a) <= a for a >= 4",
        at_most(2 * log(2) + log(a), a * log(2)),
        given("a >= 4", at_most(4, a)),
        *facts,
        falsified={
            "0.99 of a": at_most(2 * log(2) + log(a), Rational(99, 100) * a * log(2)),
            "for a >= 3.9": [given("a >= 3.9", at_most(Rational(39, 10), a)), *facts],
        },
    )


def rising() -> Step:
    return follows(
        "E5.b.rising",
        "log(a) >= 1 - 1/a",
        at_most(1 - 1 / a, log(a)),
        tangent(1 / a),
        quotient().at({a: Integer(1), b: a}),
        falsified={"1.01 - 1/a": at_most(Rational(101, 100) - 1 / a, log(a)), "without the tangent": []},
    )


def near() -> Step:
    """The tangent at m = 2 u w."""
    ratio = (r * m / w) / (2 * r * b)
    bound = log(2 * r * b) + m / (2 * b * w) - 1
    return follows(
        "E5.b.near",
        "log(r m/w) <= log(2 r b) + m/(2 b w) - 1",
        at_most(log(r * m / w), bound),
        tangent(ratio),
        quotient().at({a: r * m / w, b: 2 * r * b}),
        falsified={
            "0.99 of m/(2 b w)": at_most(log(r * m / w), bound - m / (2 * b * w) / 100),
            "without the tangent": [quotient().at({a: r * m / w, b: 2 * r * b})],
        },
    )


def logarithms() -> tuple[Step, ...]:
    """All of them, from the exponential on."""
    return (*exponentials(), quotient(), product(), *powers_of_two(), exponent(), slow(), rising(), near())
