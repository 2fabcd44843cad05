"""Finite claims, checked case by case in exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..outcome import Outcome
from .engine import Fact


@dataclass(frozen=True)
class Exact:
    """A claim about finitely many cases, which `decide` goes through without rounding."""

    decide: Callable[[], Outcome]
    conclusion: Any = None
    facts: tuple[Fact, ...] = ()

    @property
    def name(self) -> str:
        return "exact"

    def check(self) -> Outcome:
        """What `decide` finds. Raises TypeError for anything but an Outcome: a bare True is no proof."""
        found = self.decide()
        if not isinstance(found, Outcome):
            raise TypeError(f"an exact check returned {found!r}: expected an Outcome")
        return found
