"""Short forms in which the proofs are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from ..engines.engine import Engine, Fact, defined, given
from ..engines.identity import Identity
from ..engines.induction import Induction
from ..engines.relations import at_most
from ..engines.smt import Entails
from ..proof import Falsified, Step

SMALLER, LARGER = sympy.Rational(99, 100), sympy.Rational(101, 100)
TERMS = sympy.Symbol("k", integer=True, nonnegative=True)  # how many terms a sum has
P, Q = sympy.symbols("P Q", real=True)  # two sums


def reals(names: str) -> tuple[sympy.Symbol, ...]:
    """Real symbols."""
    return tuple(sympy.symbols(names, real=True, seq=True))


def positives(names: str) -> tuple[sympy.Symbol, ...]:
    """Positive symbols."""
    return tuple(sympy.symbols(names, positive=True, seq=True))


def lengths(names: str) -> tuple[sympy.Symbol, ...]:
    """Nonnegative symbols."""
    return tuple(sympy.symbols(names, nonnegative=True, seq=True))


def follows(
    name: str,
    claim: str,
    conclusion: Any,
    *facts: Fact,
    falsified: Mapping[str, Any],
    uses: tuple[str, ...] = (),
) -> Step:
    """A step by SMT; `falsified` maps each change to the changed conclusion, or to the list of facts that are kept."""
    variants = tuple(
        Falsified(change, Entails(tuple(variant), conclusion) if isinstance(variant, list) else Entails(facts, variant))
        for change, variant in falsified.items()
    )
    return Step(name=name, claim=claim, engine=Entails(facts, conclusion), falsified=variants, uses=uses)


def equals(name: str, claim: str, left: Any, right: Any, *, uses: tuple[str, ...] = ()) -> Step:
    """A step by SymPy, with a left side one per cent smaller and one larger as falsified variants."""
    variants = (
        Falsified("the left side one per cent smaller", Identity(SMALLER * left, right)),
        Falsified("the left side one per cent larger", Identity(LARGER * left, right)),
    )
    return Step(name=name, claim=claim, engine=Identity(left, right), falsified=variants, uses=uses)


def summed(name: str, claim: str, term: Any, bound: Any, rate: Any, *facts: Fact, uses: tuple[str, ...] = ()) -> Step:
    """From term <= rate * bound for every term, by the facts: P <= rate * Q for the sums of any number of them."""

    def induction(rate: Any) -> Induction:
        return Induction(
            invariant=at_most(P, rate * Q),
            counter=TERMS,
            start=0,
            first={P: sympy.Integer(0), Q: sympy.Integer(0)},
            following={P: P + term, Q: Q + bound},
            step_facts=facts,
        )

    variants = (Falsified("nine tenths of the rate", induction(sympy.Rational(9, 10) * rate)),)
    return Step(name=name, claim=claim, engine=induction(rate), falsified=variants, uses=uses)


def by(name: str, claim: str, engine: Engine, *, falsified: Mapping[str, Engine], uses: Sequence[str] = ()) -> Step:
    """A step by any engine."""
    variants = tuple(Falsified(change, changed) for change, changed in falsified.items())
    return Step(name=name, claim=claim, engine=engine, falsified=variants, uses=tuple(uses))


__all__ = [
    "LARGER",
    "SMALLER",
    "TERMS",
    "P",
    "Q",
    "by",
    "defined",
    "equals",
    "follows",
    "given",
    "lengths",
    "positives",
    "reals",
    "summed",
]
