"""What recorders measured is kept with the checkpoint of the run, and apart from its state."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from robustntk.bounds import get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import embed
from robustntk.verify.experiment.observers import RecordedCheckpoint, RobustLossRecorder, is_power_of_four
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.projected_descent import train
from robustntk.verify.training.run_state import Checkpoint
from robustntk.verify.training.training_run import TrainingStep

X, Y = embed(np.random.default_rng(3).standard_normal((4, 5))), np.array([1.0, -1.0, 1.0, -1.0])
CAP, HINGE = SphericalCap(0.2), get_loss("hinge")


class Losses:
    """Records the loss of every step."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def __call__(self, step: TrainingStep) -> None:
        self.seen.append(step.loss)
        if len(self.seen) == 7 and self.dies:
            raise KeyboardInterrupt

    dies = False

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        return {"seen": np.array(self.seen)}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.seen = arrays["seen"].tolist()


def run(recorder: Losses, path: Path | None = None) -> Any:
    checkpoint = None if path is None else RecordedCheckpoint(Checkpoint(path, every_seconds=0.0), [recorder])
    start = SymmetricInitialisation(16, 6, 0)
    settings: dict[str, Any] = {"step_size": 0.5, "iterations": 12, "radius": 100.0, "dtype": np.float64}
    attack = ProjectedGradientAttack(steps=3)
    return train(
        start, get_activation("erf"), HINGE, X, Y, CAP, attack, checkpoint=checkpoint, observer=recorder, **settings
    )


def test_a_killed_run_remembers_what_was_measured(tmp_path: Path) -> None:
    whole, mortal, heir = Losses(), Losses(), Losses()
    expected = run(whole)
    mortal.dies = True
    with pytest.raises(KeyboardInterrupt):
        run(mortal, tmp_path / "state.npz")
    found = run(heir, tmp_path / "state.npz")
    assert heir.seen == whole.seen == expected.surrogate_losses.tolist()
    assert np.array_equal(found.final_weights, expected.final_weights)


def test_robust_losses_are_those_of_the_steps_at_which_they_are_taken() -> None:
    recorder = RobustLossRecorder(ProjectedGradientAttack(steps=10, restarts=2), "PGD", HINGE, X, Y, CAP)
    settings: dict[str, Any] = {"step_size": 0.5, "iterations": 20, "radius": 100.0, "dtype": np.float64}
    start, weak = SymmetricInitialisation(16, 6, 0), ProjectedGradientAttack(steps=1)
    found = train(start, get_activation("erf"), HINGE, X, Y, CAP, weak, observer=recorder, **settings)
    assert recorder.steps == (1, 4, 16)
    assert np.all(recorder.losses >= found.surrogate_losses[[0, 3, 15]] - 1e-12)
    other = RobustLossRecorder(weak, "PGD", HINGE, X, Y, CAP)
    other.restore(recorder.arrays())
    assert other.steps == recorder.steps and np.array_equal(other.losses, recorder.losses)


def test_powers_of_four() -> None:
    assert [step for step in range(-1, 300) if is_power_of_four(step)] == [1, 4, 16, 64, 256]
