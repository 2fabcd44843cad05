"""What a training run leaves behind, and what an observer sees of each of its steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, InvalidInput
from ..predictors import Evaluator, NetworkEvaluator, Parameters, TwoLayerNetwork

Array = NDArray[np.float64]


class Coverage(StrEnum):
    """Which theorems are about the algorithm that a run took; whether they apply is for its plan to say."""

    CONVERGENCE_THEOREMS = "convergence theorems"
    NONE = "no theorem of this project"


class CoveredRun(Protocol):
    """Any result of training."""

    @property
    def coverage(self) -> Coverage:
        """Which theorems are about its algorithm."""
        ...


def require_coverage(run: CoveredRun) -> None:
    """Let only those runs through that a guarantee may be attached to.

    Raises:
        InvalidInput: for a run of an algorithm that no theorem is about.
    """
    if run.coverage is not Coverage.CONVERGENCE_THEOREMS:
        raise InvalidInput(
            f"the run is a {type(run).__name__}, covered by {run.coverage.value}: expected full-batch projected "
            "descent, as `train` takes it"
        )


@dataclass(frozen=True, eq=False)
class TrainingStep:
    """What an observer sees of step t, before the gradient step: ``W_t`` and the adversary's answer to it.

    ``error`` is the fraction of points with ``y f <= 0`` there, ``active`` that of points with a gradient.
    """

    iteration: int
    points: Float[Array, "n d"]
    values: Float[NDArray[Any], " n"]
    loss: float
    error: float
    active: float
    gradient_norm: float
    _network: DeviceNetwork = field(repr=False)

    def weights(self) -> Float[NDArray[Any], "m d"]:
        """``W_t`` in the training dtype, a copy."""
        return self._network.weights()

    @property
    def network(self) -> DeviceNetwork:
        """The network at ``W_t``, to be attacked or measured where it is."""
        return self._network


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """Curves and results of one run.

    ``surrogate_losses[t - 1]``, ``gradient_norms[t - 1]`` and ``distances[t - 1]`` are ``L_A(W_t)``,
    ``|g_t|_F`` and ``|W_t - W_0|_F`` as computed in the training dtype; ``errors`` and ``active`` are the
    fractions of points that A misclassifies and that have a gradient; ``remaining[t - 1]`` is ``|W_t -
    W_*|_F`` (empty without a comparator), up to and including the final weights. The best step is the one
    of least loss, or for the target robust-error of least error. ``best_surrogate_loss`` and ``best_error``
    are the float64 loss and error of ``best_weights``, which lie in the ball in float64, at ``best_points``,
    which lie in the perturbation sets in float64.
    """

    surrogate_losses: Float[Array, " t"]
    gradient_norms: Float[Array, " t"]
    distances: Float[Array, " t"]
    errors: Float[Array, " t"]
    active: Float[Array, " t"]
    remaining: Float[Array, " t_plus_one"]
    best_step: int
    best_surrogate_loss: float
    best_error: float
    best_weights: Float[Array, "m d"]
    best_points: Float[Array, "n d"]
    final_weights: Float[NDArray[Any], "m d"]
    final_distance: float
    stopped: Literal["target reached", "all iterations done"]

    @property
    def coverage(self) -> Coverage:
        """The algorithm is that of the theorems."""
        return Coverage.CONVERGENCE_THEOREMS

    @property
    def steps(self) -> int:
        """Number of gradient steps taken."""
        return len(self.surrogate_losses)

    def to_json(self) -> dict[str, Any]:
        """The scalars; curves and weights are for files."""
        return {
            "steps": self.steps,
            "best_surrogate_loss": self.best_surrogate_loss,
            "best_error": self.best_error,
            "reached_at": self.best_step,
            "final_distance": self.final_distance,
            "stopped": self.stopped,
            "covered_by": self.coverage.value,
        }


@dataclass(frozen=True, eq=False)
class DeviceNetwork:
    """A network in training, as a predictor: its two halves stay where JAX put them."""

    halves: tuple[Any, Any]
    outputs: tuple[Any, Any]
    activation: Activation

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = np.dtype(self.halves[0].dtype)
        return dtype

    def predict(self, X: Float[Any, "n d"]) -> Float[Array, " n"]:
        scale = np.sqrt(sum(len(part) for part in self.outputs))
        signs = np.concatenate([np.asarray(part, np.float64) for part in self.outputs]) * scale
        return TwoLayerNetwork(self.weights(), np.rint(signs), self.activation).predict(X)

    def weights(self) -> Float[NDArray[Any], "m d"]:
        return np.concatenate([np.asarray(half) for half in self.halves])

    def evaluator(self) -> Evaluator:
        return NetworkEvaluator(self.activation)

    def parameters(self) -> Parameters:
        return tuple(zip(self.halves, self.outputs, strict=True))
