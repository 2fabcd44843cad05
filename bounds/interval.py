"""A number known only up to a proved range."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .errors import InvalidInput


@dataclass(frozen=True)
class Interval:
    """Proved bounds around a best estimate; `upper` may be infinite when nothing better is known.

    Raises InvalidInput unless lower <= estimate <= upper and lower is finite.
    """

    lower: float
    estimate: float
    upper: float

    def __post_init__(self) -> None:
        if not self.lower <= self.estimate <= self.upper or math.isinf(self.lower):
            raise InvalidInput(
                f"not an interval: lower {self.lower}, estimate {self.estimate}, upper {self.upper}; "
                "expected lower <= estimate <= upper with a finite lower end"
            )

    @property
    def width(self) -> float:
        return self.upper - self.lower

    def contains(self, value: float) -> bool:
        return self.lower <= value <= self.upper

    def to_json(self) -> dict[str, float | None]:
        """Plain numbers, with None for an infinite end, which JSON cannot write."""
        ends = {"lower": self.lower, "estimate": self.estimate, "upper": self.upper}
        return {key: None if math.isinf(value) else value for key, value in ends.items()}
