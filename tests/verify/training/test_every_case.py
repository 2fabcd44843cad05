"""Every constraint set, loss and activation: each step is the projected gradient step, and the best iterate is inside.

All combinations are run by `make test-slow`; a selection that has every one of them at least once runs always.
"""

from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import ACTIVATIONS, LOSSES, InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, numeric
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import embed
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.constraint_set import ConstraintSet
from robustntk.verify.training.projected_descent import train
from robustntk.verify.training.run_state import Checkpoint
from robustntk.verify.training.training_run import TrainingRun, TrainingStep

CAP = SphericalCap(0.2)
START = SymmetricInitialisation(8, 8, 0)
SETS: dict[str, dict[str, float]] = {
    "ball": {},
    "tied": {"row_radius": 0.35},
    "operator ball": {"operator_radius": 0.2},
    "tied in the operator ball": {"row_radius": 0.35, "operator_radius": 0.2},
}
RADIUS, ALPHA = 0.3, 0.5
EVERY = list(product(sorted(SETS), sorted(ACTIVATIONS), sorted(LOSSES)))


def selected(index: int) -> bool:
    """A diagonal: all activations, each with another set and loss than the one before it."""
    kind, name, loss = EVERY[index]
    place = sorted(ACTIVATIONS).index(name)
    return sorted(SETS).index(kind) == place % len(SETS) and sorted(LOSSES).index(loss) == place % len(LOSSES)


CASES = [
    pytest.param(*case, marks=() if selected(index) else pytest.mark.slow, id="-".join(case).replace(" ", "_"))
    for index, case in enumerate(EVERY)
]


def data() -> tuple[np.ndarray, np.ndarray]:
    X = embed(np.random.default_rng(3).standard_normal((4, 7)))
    return X, np.array([1.0, -1.0, 1.0, -1.0])


def run(kind: str, name: str, loss: str, **options: Any) -> TrainingRun:
    X, y = data()
    settings = {"step_size": ALPHA, "iterations": 4, "radius": RADIUS, "dtype": np.float64, **SETS[kind], **options}
    attack = ProjectedGradientAttack(steps=2)
    return train(START, get_activation(name), get_loss(loss), X, y, CAP, attack, **settings)


def gradient(weights: np.ndarray, points: np.ndarray, name: str, loss: str, *, tied: bool) -> np.ndarray:
    """g_t of theory section 0, or for tied pairs its antisymmetric part."""
    _, y = data()
    slope = numeric(get_activation(name), 1)
    values = TwoLayerNetwork(weights, START.signs, get_activation(name)).predict(points)
    pulls = get_loss(loss).slope(values, y) / len(y)
    outputs = START.signs / np.sqrt(START.width)
    whole = sum(
        pull * (outputs * slope(weights @ point))[:, None] * point for pull, point in zip(pulls, points, strict=True)
    )
    if tied:
        first, second = np.split(np.asarray(whole), 2)
        return np.concatenate([first - second, second - first]) / 2.0
    return np.asarray(whole)


@pytest.mark.parametrize(("kind", "name", "loss"), CASES)
def test_each_step_is_a_projected_gradient_step_of_its_set(kind: str, name: str, loss: str) -> None:
    seen: list[TrainingStep] = []
    found = run(kind, name, loss, observer=seen.append)
    constraints = ConstraintSet(RADIUS, **SETS[kind])
    weights = [*(step.weights() for step in seen), found.final_weights]
    for step, (before, after) in zip(seen, pairwise(weights), strict=True):
        wanted = before - ALPHA * gradient(before, step.points, name, loss, tied=constraints.is_tied)
        np.testing.assert_allclose(after, constraints.moved_inside(wanted, START.half_weights), rtol=0, atol=1e-10)
    assert constraints.contains(found.best_weights, START.half_weights)
    assert np.any(weights[-1] != weights[0])
    predictions = TwoLayerNetwork(found.best_weights, START.signs, get_activation(name)).predict(found.best_points)
    assert found.best_surrogate_loss == float(np.mean(get_loss(loss).value(predictions, data()[1])))
    assert np.all(CAP.contains(found.best_points, data()[0], tolerance=1e-14))


def test_the_operator_ball_is_active_and_is_another_set_than_the_ball() -> None:
    inner, outer = run("operator ball", "erf", "hinge"), run("ball", "erf", "hinge")
    moved = inner.final_weights - START.weights
    assert np.linalg.norm(moved, 2) == pytest.approx(0.2, rel=1e-9)
    assert np.linalg.norm(outer.final_weights - START.weights, 2) > 0.21
    assert inner.distances[-1] < outer.distances[-1]


@pytest.mark.parametrize("kind", ["operator ball", "tied in the operator ball"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_resumed_run_in_the_operator_ball_is_the_same_bit_for_bit(kind: str, dtype: Any, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(step: TrainingStep) -> None:
        if step.iteration == 3:
            raise Stop

    checkpoint = Checkpoint(tmp_path / "state.npz", every_seconds=0)
    whole = run(kind, "erf", "hinge", dtype=dtype)
    with pytest.raises(Stop):
        run(kind, "erf", "hinge", dtype=dtype, checkpoint=checkpoint, observer=stop)
    resumed = run(kind, "erf", "hinge", dtype=dtype, checkpoint=checkpoint)
    for field in TrainingRun.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(resumed, field), getattr(whole, field))
    assert ConstraintSet(RADIUS, **SETS[kind]).contains(resumed.best_weights, START.half_weights)
    with pytest.raises(InvalidInput, match="other settings"):
        run(kind, "erf", "hinge", dtype=dtype, checkpoint=checkpoint, operator_radius=0.21)
