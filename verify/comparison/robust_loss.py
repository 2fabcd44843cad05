"""The robust loss of any function from both sides: the strongest attack below, the best certificate above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Loss
from ..attacks.adversary import Adversary
from ..attacks.attacked_loss import attacked_robust_loss
from ..attacks.worst_of import strongest
from ..certificates.certify import CertifiedMargins, certify
from ..certificates.losses import needs_upper_margins
from ..predictors import KernelPredictor, TwoLayerNetwork
from ..sets.protocol import PerturbationSet

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bracket:
    """A quantity of which an attack shows what is below and a certificate what is above."""

    attacked: float
    certified: float


@dataclass(frozen=True)
class RobustLoss:
    """The robust loss of one function, from both sides; margins are of ``y_i f(x')`` over the sets, shape (n,).

    ``methods`` says for how many points each certificate gave the best lower margin.
    """

    attacked: float
    certified: float
    attacked_margins: Array
    certified_margins: Array
    methods: dict[str, int]

    @property
    def error(self) -> Bracket:
        """The fraction of points misclassified on their sets: as an attack shows, and at most."""
        return Bracket(float(np.mean(~(self.attacked_margins > 0.0))), float(np.mean(~(self.certified_margins > 0.0))))

    def to_json(self) -> dict[str, Any]:
        """The scalars and which certificate won how often."""
        error = self.error
        return {
            "attacked_robust_loss": self.attacked,
            "certified_robust_loss": self.certified,
            "attacked_robust_error": error.attacked,
            "certified_robust_error": error.certified,
            "certificate_methods": self.methods,
        }


def bracket_robust_loss(
    function: KernelPredictor | TwoLayerNetwork,
    centers: Float[Array, "n k"],
    y: Float[Array, " n"],
    perturbations: PerturbationSet,
    *,
    loss: Loss,
    adversary: Adversary | None = None,
    initial: Float[NDArray[Any], "m d"] | None = None,
    known: Sequence[Float[Array, "n d"]] = (),
    methods: Sequence[str] | None = None,
) -> RobustLoss:
    """``L_*`` of a network, trained here or elsewhere, or of a kernel function (theory sections 0 and E4.c).

    Both ends are evaluated in float64: the lower one is the loss at points that were found, the upper one is certified
    for exact arithmetic.

    Args:
        function: what is judged.
        centers: the data in the coordinates of the sets, shape (n, k), float64.
        y: labels, +-1, shape (n,).
        perturbations: ``B``.
        loss: of margins; one that rises again (absolute, Huber) is certified from both sides.
        adversary: by default `strongest`: PGD with restarts, APGD and a black-box search.
        initial: a symmetric W_0 near which the weights are, for one more certificate.
        known: points of the sets that an adversary met before, on the sphere, shape (n, d) each.
        methods: certificates to try, as `certify` names them.

    Raises:
        InvalidInput: see `certify`.
    """
    certified = certify(function, centers, y, perturbations, initial=initial, methods=methods)
    upper: CertifiedMargins | None = None
    if needs_upper_margins(loss):
        upper = certify(function, centers, -y, perturbations, initial=initial, methods=methods)
    found = attacked_robust_loss(
        function, centers, y, perturbations, loss, adversary=adversary or strongest(seed=1), known=known
    )
    return RobustLoss(found.loss, certified.robust_loss(loss, upper), found.margins, certified.lower, certified.wins)
