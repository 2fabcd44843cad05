import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, numeric
from robustntk.verify.attacks.adversary import AdversarialPoints
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import embed
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.projected_descent import TrainingRun, TrainingStep, train
from robustntk.verify.training.run_state import Checkpoint

CAP = SphericalCap(0.2)
ALPHA, RADIUS = 0.5, 0.3


def data() -> tuple[np.ndarray, np.ndarray]:
    X = embed(np.random.default_rng(3).standard_normal((5, 7)))
    return X, np.array([1.0, -1.0, 1.0, 1.0, -1.0])


def run(name: str = "erf", loss: str = "hinge", width: int = 64, steps: int = 12, **options: Any) -> TrainingRun:
    X, y = data()
    settings = {"step_size": ALPHA, "iterations": steps, "radius": RADIUS, "dtype": np.float64, **options}
    start = SymmetricInitialisation(width, 8, 0)
    attack = settings.pop("attack", ProjectedGradientAttack(steps=4))
    return train(start, get_activation(name), get_loss(loss), X, y, CAP, attack, **settings)


def reference(name: str, loss: str, *, project: bool = True, antisymmetric: bool = True) -> dict[str, Any]:
    """Theory section 0 in plain NumPy, neuron by neuron, in float64."""
    X, y = data()
    start = SymmetricInitialisation(64, 8, 0)
    W0, a = start.weights, start.signs if antisymmetric else np.abs(start.signs)
    sigma, slope = (numeric(get_activation(name), order) for order in (0, 1))

    def value(W: np.ndarray, x: np.ndarray) -> float:
        return sum(a[r] * float(sigma(W[r] @ x)) for r in range(64)) / 8.0

    def attack(W: np.ndarray, x: np.ndarray, label: float) -> np.ndarray:
        tried, point = [], x
        for size in ProjectedGradientAttack(steps=4).sizes():
            gradient = sum(a[r] * float(slope(W[r] @ point)) * W[r] for r in range(64)) / 8.0
            tried.append(point)
            point = CAP.project(CAP.move(point[None], -label * gradient[None], size), x[None])[0]
        return min([*tried, point], key=lambda candidate: label * value(W, candidate))

    W, losses, norms, distances = W0.copy(), [], [], []
    for _ in range(12):
        # At W_0 the network is 0 and the adversary stands still; here, rounding would decide where it goes.
        still = not losses and antisymmetric
        points = X if still else np.array([attack(W, x, label) for x, label in zip(X, y, strict=True)])
        values = np.array([value(W, x) for x in points])
        slopes = get_loss(loss).slope(values, y)
        gradient = np.zeros_like(W)
        for r in range(64):
            for x, pull in zip(points, slopes, strict=True):
                gradient[r] += pull * a[r] * float(slope(W[r] @ x)) * x / 8.0 / len(y)
        losses.append(float(np.mean(get_loss(loss).value(values, y))))
        norms.append(float(np.linalg.norm(gradient)))
        distances.append(float(np.linalg.norm(W - W0)))
        W = W - ALPHA * gradient
        if project and np.linalg.norm(W - W0) > RADIUS:
            W = W0 + RADIUS * (W - W0) / np.linalg.norm(W - W0)
    return {"losses": losses, "norms": norms, "distances": distances, "weights": W}


CASES = [("erf", "hinge"), ("quadratic_relu", "squared_hinge"), ("tanh", "logistic")]


@pytest.mark.parametrize(("name", "loss"), CASES)
def test_run_is_the_algorithm_of_theory_section_0(name: str, loss: str) -> None:
    found, expected = run(name, loss), reference(name, loss)
    np.testing.assert_allclose(found.surrogate_losses, expected["losses"], rtol=1e-9)
    np.testing.assert_allclose(found.gradient_norms, expected["norms"], rtol=1e-9)
    np.testing.assert_allclose(found.distances, expected["distances"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.final_weights, expected["weights"], atol=1e-9)
    assert found.distances[0] == 0 and found.distances[-1] == pytest.approx(RADIUS), "projection is active"


@pytest.mark.parametrize("wrong", [{"project": False}, {"antisymmetric": False}])
def test_reference_refutes_a_run_of_another_algorithm(wrong: dict[str, bool]) -> None:
    expected = reference("erf", "hinge", **wrong)
    assert np.max(np.abs(run().surrogate_losses - np.array(expected["losses"]))) > 1e-2


@pytest.mark.parametrize("count", [3, 40])
def test_gradient_norm_is_the_same_from_either_side(count: int) -> None:
    rng = np.random.default_rng(0)
    X, y = embed(rng.standard_normal((count, 7))), rng.choice([-1.0, 1.0], count)
    start, loss = SymmetricInitialisation(64, 8, 0), get_loss("hinge")
    seen: list[TrainingStep] = []
    options = {"step_size": 0.1, "iterations": 3, "radius": 1.0, "dtype": np.float64, "observer": seen.append}
    found = train(start, get_activation("erf"), loss, X, y, CAP, StandStill(), **options)  # type: ignore[arg-type]
    moves = [np.linalg.norm(after.weights() - before.weights()) for before, after in pairwise(seen)]
    np.testing.assert_allclose(found.gradient_norms[:2], np.array(moves) / 0.1, rtol=1e-9)


def test_float32_training_follows_float64_training_closely() -> None:
    single, double = run(dtype=np.float32), run()
    np.testing.assert_allclose(single.surrogate_losses, double.surrogate_losses, atol=1e-4)
    assert single.final_weights.dtype == np.float32 and single.best_weights.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_first_loss_is_exactly_that_of_the_zero_function(dtype: Any) -> None:
    assert run(width=5000, steps=1, dtype=dtype).surrogate_losses[0] == 1.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_claims_hold_in_float64(dtype: Any) -> None:
    X, y = data()
    found = run(dtype=dtype, steps=8)
    start = SymmetricInitialisation(64, 8, 0)
    predictions = TwoLayerNetwork(found.best_weights, start.signs, get_activation("erf")).predict(found.best_points)
    assert found.best_surrogate_loss == float(np.mean(np.maximum(0, 1 - y * predictions)))
    assert np.linalg.norm(found.best_weights - start.weights) <= RADIUS
    assert np.all(CAP.contains(found.best_points, X, tolerance=1e-14))
    assert found.best_step == int(np.argmin(found.surrogate_losses)) + 1
    assert found.best_surrogate_loss == pytest.approx(found.surrogate_losses.min(), abs=1e-5)
    assert found.stopped == "all iterations done" and found.steps == 8


def test_run_stops_at_the_first_step_that_meets_the_target() -> None:
    whole = run(steps=8)
    target = float(np.sort(whole.surrogate_losses)[2])
    found = run(steps=8, stop_at=target)
    assert found.stopped == "target reached"
    assert found.best_step == found.steps == int(np.argmax(whole.surrogate_losses <= target + 1e-12)) + 1
    assert found.best_surrogate_loss <= target
    assert run(steps=8, stop_at=0.0).stopped == "all iterations done"
    assert found.to_json()["reached_at"] == found.best_step


class InterruptionError(Exception):
    pass


def interrupt_at(step: int) -> Any:
    def observe(seen: TrainingStep) -> None:
        if seen.iteration == step:
            raise InterruptionError

    return observe


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_resumed_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path, dtype: Any) -> None:
    attack = ProjectedGradientAttack(steps=3, restarts=2)
    whole = run("quadratic_relu", dtype=dtype, attack=attack)
    checkpoint = Checkpoint(tmp_path / "state.npz", every_seconds=0)
    for step in (1, 5, 9):
        with pytest.raises(InterruptionError):
            run("quadratic_relu", dtype=dtype, attack=attack, checkpoint=checkpoint, observer=interrupt_at(step))
    seen: list[int] = []
    options = {"checkpoint": checkpoint, "progress": lambda step, total, loss: seen.append(step)}
    resumed = run("quadratic_relu", dtype=dtype, attack=attack, **options)
    assert seen == [9, 10, 11, 12], "the step that was cut off is done again, earlier ones are not"
    for again in (resumed, run("quadratic_relu", dtype=dtype, attack=attack, **options)):
        for field in TrainingRun.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(again, field), getattr(whole, field))
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]


def test_checkpoint_of_another_run_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    run(steps=2, checkpoint=Checkpoint(path, every_seconds=0))
    for other in ({"step_size": 0.4}, {"steps": 3}, {"name": "tanh"}, {"dtype": np.float32}):
        with pytest.raises(InvalidInput, match="other settings"):
            run(**{"steps": 2, "checkpoint": Checkpoint(path), **other})
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InvalidInput, match="not readable"):
        run(steps=2, checkpoint=Checkpoint(path))


def test_observer_sees_the_weights_before_each_step() -> None:
    steps: list[TrainingStep] = []
    found = run(steps=3, observer=steps.append)
    start = SymmetricInitialisation(64, 8, 0)
    np.testing.assert_array_equal(steps[0].weights(), start.weights)
    np.testing.assert_allclose([np.linalg.norm(seen.weights() - start.weights) for seen in steps], found.distances)
    assert [seen.loss for seen in steps] == found.surrogate_losses.tolist()
    network = TwoLayerNetwork(steps[2].weights(), start.signs, get_activation("erf"))
    np.testing.assert_allclose(network.predict(steps[2].points), steps[2].values, atol=1e-13)


class StandStill:
    """A user's own adversary: it does nothing."""

    def perturb(self, predictor: Any, X: Any, y: Any, perturbations: Any, **_: Any) -> AdversarialPoints:
        return AdversarialPoints(X, X, predictor.predict(X))


def test_a_users_own_adversary_trains_too() -> None:
    X, _ = data()
    found = run(steps=4, attack=StandStill())
    np.testing.assert_array_equal(found.best_points, X)
    assert np.all(found.surrogate_losses <= run(steps=4).surrogate_losses + 1e-12)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"step_size": 0.0}, "step_size"),
        ({"step_size": math.nan}, "step_size"),
        ({"radius": -1.0}, "radius"),
        ({"steps": 0}, "iterations"),
        ({"dtype": np.float16}, "dtype"),
    ],
)
def test_wrong_parameters_are_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        run(**wrong)


def test_shapes_that_do_not_fit_are_named() -> None:
    X, y = data()
    start = SymmetricInitialisation(64, 9, 0)
    with pytest.raises(InvalidInput, match="9 dimensions"):
        train(
            start, get_activation("erf"), get_loss("hinge"), X, y, CAP, StandStill(),
            step_size=1.0, iterations=1, radius=1.0,
        )  # fmt: skip
