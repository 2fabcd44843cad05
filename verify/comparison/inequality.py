"""An inequality of a proof with both of its sides evaluated along a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Inequality:
    """``lhs <= rhs``, as evaluated; ``slack`` is what the proof gives away there."""

    step: str
    lhs: float
    rhs: float

    @classmethod
    def tightest(cls, step: str, lhs: Float[np.ndarray, " t"], rhs: Float[np.ndarray, " t"]) -> Inequality:
        """The one of least slack among many (the first NaN, if there is one)."""
        slack = np.asarray(rhs - lhs)
        index = int(np.argmin(np.where(np.isnan(slack), -np.inf, slack)))
        return cls(step, float(lhs[index]), float(np.broadcast_to(rhs, slack.shape)[index]))

    @property
    def slack(self) -> float:
        """``rhs - lhs``."""
        return self.rhs - self.lhs

    @property
    def kept(self) -> bool:
        """Whether the inequality holds as evaluated; False for NaN."""
        return self.slack >= 0.0

    def to_json(self) -> dict[str, str | float]:
        """The contract's ``anatomy`` entry."""
        return {"step": self.step, "lhs": self.lhs, "rhs": self.rhs, "slack": self.slack}
