"""What became of a claim that was checked: five outcomes, none of which can pass for a boolean.

`CITED` is for a claim that rests on a published theorem: a stress test failed to refute it, nothing proved it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Verdict(Enum):
    PROVED = "proved"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    UNSUPPORTED = "unsupported"
    CITED = "cited"


@dataclass(frozen=True)
class Outcome:
    """The verdict on a claim with its reason, and the counterexample if it was refuted."""

    verdict: Verdict
    reason: str
    counterexample: Any = None

    @classmethod
    def proved(cls, reason: str) -> Outcome:
        return cls(Verdict.PROVED, reason)

    @classmethod
    def refuted(cls, counterexample: Any, reason: str) -> Outcome:
        return cls(Verdict.REFUTED, reason, counterexample)

    @classmethod
    def inconclusive(cls, reason: str) -> Outcome:
        return cls(Verdict.INCONCLUSIVE, reason)

    @classmethod
    def unsupported(cls, reason: str) -> Outcome:
        return cls(Verdict.UNSUPPORTED, reason)

    @classmethod
    def cited(cls, reason: str) -> Outcome:
        return cls(Verdict.CITED, reason)

    def __bool__(self) -> bool:
        raise TypeError("an Outcome is not true or false: compare its .verdict (inconclusive is not refuted)")

    def __str__(self) -> str:
        found = f" at {self.counterexample}" if self.verdict is Verdict.REFUTED else ""
        return f"{self.verdict.value}{found}: {self.reason}"

    def to_json(self) -> dict[str, str | None]:
        counterexample = None if self.counterexample is None else str(self.counterexample)
        return {"outcome": self.verdict.value, "reason": self.reason, "counterexample": counterexample}
