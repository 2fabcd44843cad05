"""What an engine is, and what it may use: facts, each either assumed or the conclusion of an earlier step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ..outcome import Outcome


@dataclass(frozen=True)
class Fact:
    """A relation that an engine may use. `source` names the hypothesis or the earlier step that it comes from."""

    source: str
    relation: Any
    assumed: bool


def given(source: str, relation: Any) -> Fact:
    """A fact that is assumed: a hypothesis of the theorem, a definition, or what a symbol stands for."""
    return Fact(source, relation, assumed=True)


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
