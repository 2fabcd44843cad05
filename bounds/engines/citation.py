"""Claims that rest on a published theorem: never proved here, but put to a test that may refute them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..outcome import Outcome, Verdict
from .engine import Fact


@dataclass(frozen=True)
class Cited:
    """`statement` as proved in `reference` (author, year, number of the theorem there).

    `stress` tries to refute it. If it does not, the claim is cited, whatever else the test finds: a test on examples
    proves nothing, and one that did would belong to another engine. A test that could not be carried out leaves the
    claim inconclusive or unsupported, as the test says.
    """

    reference: str
    statement: str
    stress: Callable[[], Outcome]
    conclusion: Any = None
    facts: tuple[Fact, ...] = ()

    @property
    def name(self) -> str:
        return "cited"

    def check(self) -> Outcome:
        """Cited or refuted; what the stress test says if it could not be carried out."""
        found = self.stress()
        if found.verdict in (Verdict.PROVED, Verdict.CITED):
            return Outcome.cited(f"{self.reference}: {self.statement} (not refuted by a stress test: {found.reason})")
        return found
