"""What a theorem is, what kind of statement it makes, and what it takes for granted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .errors import HypothesisError


class Kind(StrEnum):
    """What a number is worth: the first is proved, the second once its open hypotheses are checked."""

    GUARANTEE = "guarantee"
    CONDITIONAL_GUARANTEE = "conditional-guarantee"
    SCALING_LAW = "scaling-law"


@dataclass(frozen=True)
class Hypothesis:
    """A hypothesis as applied to one problem; `satisfied` is None while it is still to be checked."""

    text: str
    satisfied: bool | None
    reason: str

    def to_json(self) -> dict[str, str | bool | None]:
        return {"text": self.text, "satisfied": self.satisfied, "reason": self.reason}


@dataclass(frozen=True, kw_only=True)
class Theorem(ABC):
    """A named statement with its source. Concrete theorems are final and come as module-level constants.

    `statement` is the theorem in prose, `latex` as a formula, `needs` what it has to be told about the data.
    """

    id: str
    title: str
    source: str
    statement: str
    latex: str = ""
    needs: tuple[str, ...] = ()

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """The strongest kind of statement that this theorem can make."""

    @property
    @abstractmethod
    def assumptions(self) -> tuple[str, ...]:
        """The hypotheses in words, before any problem is given."""


def require(theorem: str, hypotheses: Iterable[Hypothesis]) -> None:
    """Raise HypothesisError with the reason of the first hypothesis that fails."""
    for hypothesis in hypotheses:
        if hypothesis.satisfied is False:
            raise HypothesisError(f"{theorem} does not apply: it needs {hypothesis.text}, but {hypothesis.reason}")


def kind_of(hypotheses: Iterable[Hypothesis]) -> Kind:
    """A guarantee if every hypothesis is satisfied, conditional if some are still to be checked."""
    if all(hypothesis.satisfied for hypothesis in hypotheses):
        return Kind.GUARANTEE
    return Kind.CONDITIONAL_GUARANTEE
