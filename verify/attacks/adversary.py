"""What every adversary has in common: a rule that answers a predictor with points of the perturbation sets.

Adversaries give no guarantee; what they find is a lower bound of the robust loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Loss
from ..predictors import Predictor
from ..sets.protocol import PerturbationSet

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AdversarialPoints:
    """What an adversary found.

    ``coordinates`` has shape (n, k), float64, projected onto the perturbation sets in float64, in the sets' own
    coordinates; ``points`` are the same on the sphere, shape (n, d). ``values`` are the predictions there as the
    attack saw them, in the predictor's dtype: `Predictor.predict` gives them in float64.
    """

    coordinates: Float[Array, "n k"]
    points: Float[Array, "n d"]
    values: Float[NDArray[Any], " n"]

    @classmethod
    def at(
        cls, found: Any, values: NDArray[Any], centers: Float[Array, "n k"], perturbations: PerturbationSet
    ) -> AdversarialPoints:
        """Project what was found in the predictor's dtype onto the sets in float64, and put it on the sphere."""
        coordinates = np.asarray(perturbations.project(np.asarray(found, np.float64), centers))
        return cls(coordinates, np.asarray(perturbations.embed(coordinates)), values)


class Adversary(Protocol):
    """The rule ``A(W, x, y)`` of theory section 0: a function of its arguments, so that runs can resume."""

    def perturb(
        self,
        predictor: Predictor,
        X: Float[Array, "n k"],
        y: Float[Array, " n"],
        perturbations: PerturbationSet,
        *,
        loss: Loss | None = None,
        iteration: int = 0,
    ) -> AdversarialPoints:
        """Points of the perturbation sets with a high loss; with low margins ``y f`` if no loss is given.

        ``X`` are the centres in the sets' own coordinates (`PerturbationSet.space`).
        """
        ...
