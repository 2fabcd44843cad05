import math
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, dual_kernel, gram
from robustntk.verify.attacks.auto_projected_gradient import AutoProjectedGradientAttack
from robustntk.verify.attacks.fast_gradient import FastGradientAttack
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.attacks.worst_of import WorstOf
from robustntk.verify.comparison.infinite_width import InfiniteWidthRun, train_infinite_width
from robustntk.verify.data import embed
from robustntk.verify.predictors import KernelPredictor
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.projected_descent import train

CAP, ATTACK = SphericalCap(0.2), ProjectedGradientAttack(steps=5)


def data() -> tuple[np.ndarray, np.ndarray]:
    X = embed(np.random.default_rng(3).standard_normal((5, 7)))
    return X, np.array([1.0, -1.0, 1.0, 1.0, -1.0])


def run(name: str = "erf", loss: str = "hinge", **options: Any) -> InfiniteWidthRun:
    settings = {"step_size": 0.5, "iterations": 30, "radius": 100.0, "tolerance": 0.0, **options}
    return train_infinite_width(dual_kernel(name), get_loss(loss), *data(), CAP, ATTACK, **settings)


def reference(name: str, loss: str, radius: float, *, scaled: bool = True) -> tuple[list[float], list[float]]:
    """Theory section 4 with the whole Gram matrix at every step; nothing incremental, nothing left out."""
    X, y = data()
    kernel, form = dual_kernel(name), get_loss(loss)
    Z, c, losses, norms = np.empty((0, 8)), np.empty(0), [], []
    for _ in range(30):
        norms.append(math.sqrt(c @ gram(kernel, Z) @ c) if len(c) else 0.0)
        points = ATTACK.perturb(KernelPredictor(kernel, Z, c), X, y, CAP, loss=form).points
        values = gram(kernel, points, Z) @ c if len(c) else np.zeros(5)
        losses.append(float(np.mean(form.value(values, y))))
        Z, c = np.vstack([Z, points]), np.concatenate([c, -0.5 / 5 * form.slope(values, y)])
        norm = math.sqrt(c @ gram(kernel, Z) @ c)
        c = c * min(1.0, radius / norm) if scaled else c
    return losses, norms


CASES = [("erf", "hinge", 100.0), ("quadratic_relu", "squared_hinge", 1.0), ("tanh", "logistic", 0.5)]


@pytest.mark.parametrize(("name", "loss", "radius"), CASES)
def test_run_is_the_recursion_of_theory_section_4(name: str, loss: str, radius: float) -> None:
    found = run(name, loss, radius=radius)
    losses, norms = reference(name, loss, radius)
    np.testing.assert_allclose(found.surrogate_losses, losses, atol=1e-8)
    np.testing.assert_allclose(found.norms, norms, atol=1e-8)
    assert np.all(found.norms <= radius * (1 + 1e-9))
    assert found.final_norm == pytest.approx(math.sqrt(found.predictor.norm_squared), rel=1e-9)
    if radius < 100:
        assert found.norms[-1] == pytest.approx(radius), "projection is active"


def test_reference_refutes_a_run_without_projection() -> None:
    losses, _ = reference("quadratic_relu", "squared_hinge", 1.0, scaled=False)
    assert np.max(np.abs(run("quadratic_relu", "squared_hinge", radius=1.0).surrogate_losses - losses)) > 1e-2


def test_points_without_loss_add_no_centre() -> None:
    found = run(iterations=300)
    assert np.any(found.surrogate_losses < 0.1)
    assert len(found.predictor.centers) < 300 * 5 and np.all(found.predictor.coefficients != 0)


def test_best_predictor_has_the_lowest_loss_of_the_curve() -> None:
    X, y = data()
    found = run(loss="absolute", step_size=2.0)
    assert found.best_step == int(np.argmin(found.surrogate_losses)) + 1
    points = ATTACK.perturb(found.best_predictor, X, y, CAP, loss=get_loss("absolute")).points
    loss = float(np.mean(np.abs(found.best_predictor.predict(points) - y)))
    assert loss == pytest.approx(found.surrogate_losses.min(), abs=1e-12)


def test_run_stops_at_its_target_and_reports_progress() -> None:
    whole = run()
    target = float(whole.surrogate_losses[10])
    seen: list[int] = []
    found = run(stop_at=target, progress=lambda step, total, loss: seen.append(step))
    assert found.steps == len(seen) == 11 and found.stopped == "target reached"
    np.testing.assert_array_equal(found.surrogate_losses, whole.surrogate_losses[:11])
    assert found.to_json()["reached_at"] == 11


def test_wide_network_follows_the_infinite_width_curve_and_refutes_another_kernel() -> None:
    X, y = data()
    start = SymmetricInitialisation(4096, 8, 0)
    options: dict[str, Any] = {"step_size": 0.5, "iterations": 30, "radius": 100.0}
    network = train(start, get_activation("erf"), get_loss("hinge"), X, y, CAP, ATTACK, **options)

    def deviation(name: str) -> float:
        return float(np.max(np.abs(network.surrogate_losses - run(name).surrogate_losses)))

    assert deviation("erf") < 0.05 < deviation("tanh")


@pytest.mark.parametrize(
    "wrong",
    [
        {"step_size": -1.0},
        {"radius": math.nan},
        {"iterations": 0},
        {"budget": 0},
        {"tolerance": 1e-7},
        {"tolerance": math.nan},
    ],
)
def test_wrong_parameters_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        run(**wrong)


@pytest.mark.parametrize(("name", "loss", "radius"), CASES)
def test_merged_centres_change_next_to_nothing(name: str, loss: str, radius: float) -> None:
    """A run of 150 steps with a tenth of the centres; what was left out is small against the norm."""
    exact, merged = (run(name, loss, radius=radius, iterations=150, tolerance=tolerance) for tolerance in (0.0, 1e-4))
    np.testing.assert_allclose(merged.surrogate_losses, exact.surrogate_losses, atol=1e-3)
    assert len(merged.predictor.centers) < 0.5 * len(exact.predictor.centers)
    assert 0.0 < merged.lost <= 1e-3 * merged.final_norm and exact.lost == 0.0


def test_a_run_ends_where_its_budget_does() -> None:
    """The pairs of points and centres that were spent are those of the steps taken."""
    whole = run(iterations=20)
    spent = 5 * np.cumsum([max(1, len(run(iterations=steps).predictor.centers)) for steps in range(1, 6)])
    cut = run(iterations=20, budget=int(5 + spent[2]) + 1)
    assert cut.stopped == "budget spent" and cut.steps == cut.horizon == 5 < whole.steps
    np.testing.assert_array_equal(cut.surrogate_losses, whole.surrogate_losses[:5])


def test_snapshots_are_the_functions_of_their_steps() -> None:
    X, y = data()
    found = run(iterations=12, snapshots={1, 7, 99}, tolerance=1e-4)
    assert set(found.snapshots) == {1, 7}
    points = ATTACK.perturb(found.snapshots[7], X, y, CAP, loss=get_loss("hinge")).points
    loss = float(np.mean(np.maximum(0.0, 1.0 - y * found.snapshots[7].predict(points))))
    assert loss == pytest.approx(found.surrogate_losses[6], abs=1e-9)


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge", "absolute", "huber", "logistic"])
@pytest.mark.parametrize(
    "adversary",
    [FastGradientAttack(), AutoProjectedGradientAttack(steps=5, restarts=1), WorstOf((ATTACK, FastGradientAttack()))],
    ids=lambda adversary: type(adversary).__name__,
)
def test_any_loss_and_adversary(loss: str, adversary: Any) -> None:
    """The loss falls, and the points are those that the adversary answers."""
    form, (X, y) = get_loss(loss), data()
    found = train_infinite_width(
        dual_kernel("erf"), form, X, y, CAP, adversary, step_size=0.3, iterations=12, radius=100.0
    )
    assert found.surrogate_losses[-1] < found.surrogate_losses[0]
    answer = adversary.perturb(found.best_predictor, X, y, CAP, loss=form, iteration=found.best_step)
    loss_there = float(np.mean(form.value(found.best_predictor.predict(answer.points), y)))
    assert loss_there == pytest.approx(found.surrogate_losses.min(), abs=1e-9)
