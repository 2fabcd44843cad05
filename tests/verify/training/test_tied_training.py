"""Training of tied pairs is projected gradient descent on their set, and what is recorded is what happened."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, Target, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, numeric
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import embed
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.projected_descent import TrainingRun, TrainingStep, train
from robustntk.verify.training.run_state import Checkpoint
from robustntk.verify.training.tied_projection import project_rows

CAP = SphericalCap(0.2)
START = SymmetricInitialisation(16, 8, 0)
ALPHA, RADIUS, ROWS = 0.5, 0.3, 0.35


def data() -> tuple[np.ndarray, np.ndarray]:
    X = embed(np.random.default_rng(3).standard_normal((5, 7)))
    return X, np.array([1.0, -1.0, 1.0, 1.0, -1.0])


def run(steps: int = 12, **options: Any) -> TrainingRun:
    X, y = data()
    settings = {"step_size": ALPHA, "iterations": steps, "radius": RADIUS, "dtype": np.float64, **options}
    loss = settings.pop("loss", get_loss("hinge"))
    return train(START, get_activation("erf"), loss, X, y, CAP, ProjectedGradientAttack(steps=4), **settings)


def differences(weights: np.ndarray) -> np.ndarray:
    first, second = np.split(np.asarray(weights, np.float64) - START.weights, 2)
    assert np.allclose(first, -second, rtol=0, atol=1e-14), "the moves are antisymmetric"
    return first


def tied_gradient(move: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Half of the gradient with respect to U of E2's network, neuron by neuron: a step of alpha in the norm of W."""
    _, y = data()
    slope, half = numeric(get_activation("erf"), 1), START.half_weights
    signs = START.signs[: len(half)] / np.sqrt(START.width)
    values = TwoLayerNetwork(np.concatenate([half + move, half - move]), START.signs, get_activation("erf")).predict(
        points
    )
    total = np.zeros_like(half)
    for point, value, label in zip(points, values, y, strict=True):
        pull = float(get_loss("hinge").slope(value, label)) / len(y)
        both = slope((half + move) @ point) + slope((half - move) @ point)
        total += pull * (signs * both)[:, None] * point
    return np.asarray(total / 2.0)


def test_a_tied_run_is_projected_gradient_descent_on_e2s_set() -> None:
    seen: list[TrainingStep] = []
    found = run(row_radius=ROWS, observer=seen.append)
    moves = [differences(step.weights()) for step in seen] + [differences(found.final_weights)]
    for step, (before, after) in zip(seen, pairwise(moves), strict=True):
        gradient = tied_gradient(before, step.points)
        expected = project_rows(before - ALPHA * gradient, RADIUS / np.sqrt(2), ROWS / np.sqrt(START.width))
        np.testing.assert_allclose(after, expected, atol=1e-12)
        assert step.gradient_norm == pytest.approx(np.sqrt(2) * np.linalg.norm(gradient), rel=1e-9)
    longest = np.max(np.linalg.norm(moves[-1], axis=1))
    assert longest == pytest.approx(ROWS / np.sqrt(START.width)), "the row constraint is active"
    assert found.distances[-1] == pytest.approx(np.sqrt(2) * np.linalg.norm(moves[-2]), rel=1e-9)


def test_the_best_weights_of_a_tied_run_lie_in_the_set() -> None:
    found = run(row_radius=ROWS)
    move = differences(found.best_weights)
    assert np.linalg.norm(move) <= RADIUS / np.sqrt(2)
    assert np.all(np.linalg.norm(move, axis=1) <= ROWS / np.sqrt(START.width))


def test_training_all_weights_is_another_algorithm() -> None:
    tied, full = run(row_radius=100.0), run()
    assert np.max(np.abs(tied.surrogate_losses - full.surrogate_losses)) > 1e-6


def test_curves_are_those_of_the_run() -> None:
    """Errors and active points of every step, and the distances to a landmark, recomputed from the weights."""
    X, y = data()
    landmark = 0.1 * np.random.default_rng(1).standard_normal(START.weights.shape)
    seen: list[TrainingStep] = []
    loss = get_loss("hinge", margin="1/100")
    found = run(loss=loss, landmark=landmark, observer=seen.append)
    for index, step in enumerate(seen):
        network = TwoLayerNetwork(step.weights(), START.signs, get_activation("erf"))
        values = y * network.predict(step.points)
        wrong = np.ones(5, dtype=bool) if index == 0 else values <= 0
        assert found.errors[index] == np.mean(wrong) and found.active[index] == np.mean(values < 0.01)
        away = np.linalg.norm(step.weights() - START.weights - landmark)
        assert found.remaining[index] == pytest.approx(away, rel=1e-12)
    away = np.linalg.norm(found.final_weights - START.weights - landmark)
    assert found.remaining[-1] == pytest.approx(away, rel=1e-12) and len(found.remaining) == 13
    assert len(run().remaining) == 0


def test_the_best_step_is_that_of_the_target() -> None:
    """For the robust error the first of the least errors counts, whatever its loss; ties go to the least loss."""
    loss = get_loss("hinge", margin="1/100")
    found = run(loss=loss, target=Target.ROBUST_ERROR)
    order = min(zip(found.errors, found.surrogate_losses, range(1, 13), strict=True))
    assert (found.best_error, found.best_step) == (order[0], order[2])
    by_loss = run(loss=loss)
    assert by_loss.best_step == int(np.argmin(by_loss.surrogate_losses)) + 1


def test_a_run_stops_at_the_first_step_that_meets_the_error() -> None:
    loss = get_loss("hinge", margin="1/100")
    whole = run(loss=loss, target=Target.ROBUST_ERROR)
    level = float(np.min(whole.errors))
    found = run(loss=loss, target=Target.ROBUST_ERROR, stop_at=level)
    assert found.stopped == "target reached" and found.best_error <= level < 1.0
    assert found.steps == found.best_step == int(np.argmin(whole.errors)) + 1


def test_a_tied_run_resumes_bit_for_bit(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(step: TrainingStep) -> None:
        if step.iteration == 7:
            raise Stop

    options = {"row_radius": ROWS, "landmark": np.full(START.weights.shape, 0.1)}
    checkpoint = Checkpoint(tmp_path / "state.npz", every_seconds=0.0)
    with pytest.raises(Stop):
        run(checkpoint=checkpoint, observer=stop, **options)
    resumed, whole = run(checkpoint=checkpoint, **options), run(**options)
    for name in ("surrogate_losses", "errors", "active", "remaining", "final_weights"):
        assert np.array_equal(getattr(resumed, name), getattr(whole, name)), name
    with pytest.raises(InvalidInput, match="other settings"):
        run(checkpoint=checkpoint, **{**options, "row_radius": 0.5})


def test_a_row_radius_that_is_not_positive_is_refused() -> None:
    with pytest.raises(InvalidInput, match="row_radius is 0.0"):
        run(row_radius=0.0)
