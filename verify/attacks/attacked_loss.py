"""The robust loss as an attack shows it, a lower bound, evaluated in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Loss
from ..predictors import Predictor
from ..sets.protocol import PerturbationSet
from .adversary import Adversary
from .worst_of import strongest

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AttackedLoss:
    """Per point the highest loss and the lowest margin ``y f`` that were met in its set, float64, shape (n,).

    ``points`` are those with the highest loss, on the sphere, shape (n, d).
    """

    losses: Float[Array, " n"]
    margins: Float[Array, " n"]
    points: Float[Array, "n d"]

    @property
    def loss(self) -> float:
        """A lower bound of the robust loss ``L_*``."""
        return float(np.mean(self.losses))

    @property
    def error(self) -> float:
        """A lower bound of the robust error: the fraction of points with no positive margin somewhere in their set."""
        return float(np.mean(~(self.margins > 0.0)))

    def to_json(self) -> dict[str, Any]:
        """The scalars."""
        return {"attacked_robust_loss": self.loss, "attacked_robust_error": self.error}


def attacked_robust_loss(
    predictor: Predictor,
    X: Float[Array, "n k"],
    y: Float[Array, " n"],
    perturbations: PerturbationSet,
    loss: Loss,
    *,
    adversary: Adversary | None = None,
    known: Sequence[Float[Array, "n d"]] = (),
) -> AttackedLoss:
    """Attack, and evaluate what was found, the data points and any points known before in float64.

    Args:
        predictor: the function under attack.
        X, y: centres in the set's own coordinates, shape (n, k), and labels, shape (n,).
        perturbations, loss: B and l.
        adversary: by default `strongest`.
        known: further points of the perturbation sets, one for each centre, on the sphere.
    """
    found = (adversary or strongest()).perturb(predictor, X, y, perturbations, loss=loss)
    points = np.stack([np.asarray(perturbations.embed(X)), found.points, *known])
    predictions = np.stack([predictor.predict(each) for each in points])
    losses, rows = loss.value(predictions, y), np.arange(len(X))
    worst = np.argmax(losses, axis=0)
    return AttackedLoss(losses[worst, rows], np.min(y * predictions, axis=0), points[worst, rows])
