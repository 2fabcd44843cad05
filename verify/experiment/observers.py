"""What is measured while a network trains, and how it survives a killed run: it is saved with the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Loss
from ..attacks.adversary import Adversary
from ..predictors import Predictor
from ..sets.protocol import PerturbationSet
from ..training.run_state import Checkpoint
from ..training.training_run import TrainingStep

Array = NDArray[np.float64]


class Recorder(Protocol):
    """An observer of `train` whose memory is a few arrays."""

    def __call__(self, step: TrainingStep) -> None:
        """Measure one step."""
        ...

    def arrays(self) -> dict[str, Array]:
        """All that was measured so far."""
        ...

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take back what `arrays` gave."""
        ...


class RecordedCheckpoint(Checkpoint):
    """A checkpoint that keeps what recorders measured beside the state of the run."""

    def __init__(self, inner: Checkpoint, recorders: Sequence[Recorder]) -> None:
        super().__init__(inner.path, inner.every_seconds)
        self._inner, self._recorders = inner, recorders

    def is_due(self) -> bool:
        return self._inner.is_due()

    def save(self, identity: str, arrays: Mapping[str, Any]) -> None:
        measured = {
            f"{_PREFIX}{index}_{name}": values
            for index, recorder in enumerate(self._recorders)
            for name, values in recorder.arrays().items()
        }
        self._inner.save(identity, {**arrays, **measured})

    def load(self, identity: str) -> dict[str, NDArray[Any]] | None:
        arrays = self._inner.load(identity)
        if arrays is None:
            return None
        for index, recorder in enumerate(self._recorders):
            prefix = f"{_PREFIX}{index}_"
            recorder.restore({name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)})
        return {name: values for name, values in arrays.items() if not name.startswith(_PREFIX)}


_PREFIX = "recorded_"


class RobustLossRecorder:
    """The loss under a stronger attack than the one trained against, at the steps 1, 4, 16, 64, ...

    Args:
        attack: the adversary; what it finds is a lower bound of the robust loss. label: its name for reports.
        loss, X, y, perturbations: those of the run, X in the coordinates of the sets.
    """

    def __init__(
        self,
        attack: Adversary,
        label: str,
        loss: Loss,
        X: Float[Array, "n k"],
        y: Float[Array, " n"],
        perturbations: PerturbationSet,
    ) -> None:
        self.label = label
        self._attack, self._loss, self._X, self._y, self._perturbations = attack, loss, X, y, perturbations
        self._found: dict[int, float] = {}

    def __call__(self, step: TrainingStep) -> None:
        if is_power_of_four(step.iteration):
            self._found[step.iteration] = self.attacked(step.network)

    def attacked(self, predictor: Predictor) -> float:
        """The loss that the attack reaches, evaluated in float64."""
        found = self._attack.perturb(predictor, self._X, self._y, self._perturbations, loss=self._loss)
        return float(np.mean(self._loss.value(predictor.predict(found.points), self._y)))

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps so far."""
        return tuple(self._found)

    @property
    def losses(self) -> Float[Array, " steps"]:
        """What the attack found there."""
        return np.array(list(self._found.values()))

    def arrays(self) -> dict[str, Array]:
        return {"steps": np.array(self.steps, np.float64), "losses": self.losses}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._found = {int(step): float(loss) for step, loss in zip(arrays["steps"], arrays["losses"], strict=True)}


def is_power_of_four(step: int) -> bool:
    """1, 4, 16, 64, ..."""
    return step > 0 and step & (step - 1) == 0 and step.bit_length() % 2 == 1
