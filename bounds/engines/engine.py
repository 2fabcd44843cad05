"""What an engine is, and what it may use: facts, each either assumed or the conclusion of an earlier step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ..outcome import Outcome


@dataclass(frozen=True)
class Fact:
    """A relation that an engine may use. `source` names the hypothesis or the earlier step that it comes from.

    What comes from an earlier step rests on the `hypotheses` of that step, which are relations, and has `values` put
    in for symbols of its conclusion.
    """

    source: str
    relation: Any
    assumed: bool
    hypotheses: tuple[Any, ...] = ()
    values: tuple[tuple[Any, Any], ...] = ()
    by_definition: bool = False


def given(source: str, relation: Any) -> Fact:
    """A hypothesis: whoever uses a step that rests on it has to know it of the values put in."""
    return Fact(source, relation, assumed=True)


def defined(source: str, relation: Any) -> Fact:
    """What holds by the meaning of the symbols, whatever their values: a definition, or a textbook fact named so."""
    return Fact(source, relation, assumed=True, by_definition=True)


@runtime_checkable
class Engine(Protocol):
    """A claim in the form that one kind of machinery can check.

    `facts` is what the claim may use; `conclusion` is the claim as a SymPy relation, None where it has no such form.
    """

    @property
    def name(self) -> str: ...

    @property
    def facts(self) -> tuple[Fact, ...]: ...

    @property
    def conclusion(self) -> Any: ...

    def check(self) -> Outcome: ...
