"""Short forms in which the proofs are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from ..engines.engine import Engine, Fact, given
from ..engines.identity import Identity
from ..engines.smt import Entails
from ..proof import Falsified, Step

SMALLER, LARGER = sympy.Rational(99, 100), sympy.Rational(101, 100)


def reals(names: str) -> tuple[sympy.Symbol, ...]:
    """Real symbols."""
    return tuple(sympy.symbols(names, real=True, seq=True))


def positives(names: str) -> tuple[sympy.Symbol, ...]:
    """Positive symbols."""
    return tuple(sympy.symbols(names, positive=True, seq=True))


def follows(
    name: str, claim: str, conclusion: Any, *facts: Fact, falsified: Mapping[str, Any], uses: tuple[str, ...] = ()
) -> Step:
    """A step by SMT; `falsified` maps each change to the changed conclusion, or to a list of the facts that are kept."""
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


def by(name: str, claim: str, engine: Engine, *, falsified: Mapping[str, Engine], uses: tuple[str, ...] = ()) -> Step:
    """A step by any engine."""
    variants = tuple(Falsified(change, changed) for change, changed in falsified.items())
    return Step(name=name, claim=claim, engine=engine, falsified=variants, uses=uses)


__all__ = ["LARGER", "SMALLER", "by", "equals", "follows", "given", "positives", "reals"]
