"""Claims about all members of a sequence, from an entailment at its beginning and one from each member to the next.

What is concluded is built from the invariant or the quantities, never stated a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy

from ..errors import InvalidInput
from ..outcome import Outcome, Verdict
from .engine import Engine, Fact
from .identity import Identity
from .relations import at_most, substituted
from .smt import Entails


@dataclass(frozen=True, kw_only=True)
class Induction:
    """The invariant holds for every integer `counter` >= `start` (which the counter is to be declared as).

    `invariant` is a relation in the counter and in the state, the symbols whose values change with it. `first` maps
    every symbol of the state to its value at the start, `following` to its value at counter + 1, an expression in the
    state at the counter and in new symbols that `step_facts` speaks about. The facts of `always` are about constants,
    those of `base_facts` about the first values. A symbol of the state with a closed form, an expression in the counter
    such as q^(t - 1), is replaced by it in the conclusion, after a check that it obeys first and following.

    Base and step are checked over the reals; the step may use counter >= start. Refuted means that the base or the
    step fails at the counterexample, so that the invariant is not inductive.
    """

    invariant: Any
    counter: sympy.Symbol
    first: Mapping[sympy.Symbol, Any]
    following: Mapping[sympy.Symbol, Any]
    start: int = 1
    closed_forms: Mapping[sympy.Symbol, Any] = field(default_factory=dict)
    base_facts: tuple[Fact, ...] = ()
    step_facts: tuple[Fact, ...] = ()
    always: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        _check_counter(self.counter, self.start)
        if set(self.first) != set(self.following) or not set(self.closed_forms) <= set(self.first):
            raise InvalidInput(
                "first and following are to give values to the same symbols, closed forms to some of them"
            )
        changing = {self.counter, *self.first}
        for fact in (*self.always, *self.base_facts):
            _check_constant(f"the fact {fact.source}", fact.relation, changing)
        for symbol, value in self.first.items():
            _check_constant(f"the first value of {symbol}", value, changing)

    @property
    def name(self) -> str:
        return "induction"

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts that the base or the step may use."""
        return (*self.always, *self.base_facts, *self.step_facts)

    @property
    def changing(self) -> frozenset[Any]:
        """The counter and the state. What the step facts say of them holds for all members, not for the last."""
        return frozenset({self.counter, *self.first})

    @property
    def conclusion(self) -> Any:
        """The invariant, with the closed forms put in, for every integer counter >= start."""
        return substituted(self.invariant, self.closed_forms)

    @property
    def base(self) -> Entails:
        """The invariant at the start."""
        values = {**self.first, self.counter: sympy.Integer(self.start)}
        return Entails((*self.always, *self.base_facts), substituted(self.invariant, values))

    @property
    def step(self) -> Entails:
        """The invariant at counter + 1, from the invariant at the counter."""
        known = (
            Fact("the counter", at_most(self.start, self.counter), assumed=False),
            Fact("the induction hypothesis", self.invariant, assumed=False),
        )
        values = {**self.following, self.counter: self.counter + 1}
        return Entails((*self.always, *self.step_facts, *known), substituted(self.invariant, values))

    def check(self) -> Outcome:
        """Proved if the base, the step and all closed forms are; refuted if one of them is."""
        return _together((("the first member", self.base), ("the step to the next member", self.step), *self._closed()))

    def _closed(self) -> Iterator[tuple[str, Identity]]:
        for symbol, form in self.closed_forms.items():
            at_start = form.xreplace({self.counter: sympy.Integer(self.start)})
            following = sympy.sympify(self.following[symbol]).xreplace(dict(self.closed_forms))
            yield f"the first value of {symbol}", Identity(at_start, self.first[symbol])
            yield f"the recurrence of {symbol}", Identity(form.xreplace({self.counter: self.counter + 1}), following)


@dataclass(frozen=True, kw_only=True)
class Telescope:
    """Decreases add up: their sum over t = first, ..., last is at most quantity(first) - quantity(last + 1).

    `quantity` and `decrease` are expressions in the counter t, such as D(t) with a SymPy function D. `facts` are those
    from which quantity(t + 1) <= quantity(t) - decrease(t) follows for every t from first to last.
    """

    quantity: Any
    decrease: Any
    counter: sympy.Symbol
    last: Any
    facts: tuple[Fact, ...] = ()
    first: int = 1

    def __post_init__(self) -> None:
        _check_counter(self.counter, self.first)
        if sympy.sympify(self.last).has(self.counter):
            raise InvalidInput(f"the last member is {self.last}: expected one that does not depend on {self.counter}")

    @property
    def name(self) -> str:
        return "induction"

    @property
    def changing(self) -> frozenset[Any]:
        """The counter: what the facts say of it holds for all members."""
        return frozenset({self.counter})

    @property
    def conclusion(self) -> Any:
        total = sympy.Sum(self.decrease, (self.counter, self.first, self.last))
        return at_most(total, self._at(sympy.Integer(self.first)) - self._at(self.last + 1))

    @property
    def step(self) -> Entails:
        """One step: the quantity decreases by at least `decrease`."""
        counting = sympy.And(at_most(self.first, self.counter), at_most(self.counter, self.last), evaluate=False)
        known = (*self.facts, Fact("the counter", counting, assumed=False))
        return Entails(known, at_most(self._at(self.counter + 1), self.quantity - self.decrease))

    def check(self) -> Outcome:
        """Proved if the step is, refuted if the step is."""
        return _together((("the step", self.step),))

    def _at(self, member: Any) -> Any:
        return self.quantity.xreplace({self.counter: member})


def _check_counter(counter: sympy.Symbol, start: int) -> None:
    if counter.is_integer is not True or (counter - start).is_nonnegative is not True:
        raise InvalidInput(f"the counter {counter} is not declared as an integer >= {start}")


def _check_constant(what: str, expression: Any, changing: set[sympy.Symbol]) -> None:
    found = sympy.sympify(expression).free_symbols & changing
    if found:
        raise InvalidInput(f"{what} mentions {min(map(str, found))}, which changes: expected something constant")


def _together(parts: Iterable[tuple[str, Engine]]) -> Outcome:
    """Proved if all parts are; else what became of the first that is not."""
    reasons = []
    for part, engine in parts:
        found = engine.check()
        if found.verdict is not Verdict.PROVED:
            return Outcome(found.verdict, f"{part}: {found.reason}", found.counterexample)
        reasons.append(f"{part}: {found.reason}")
    return Outcome.proved("; ".join(reasons))
