"""Cells: what they measure is what the functions of the package give, and what the theory allows."""

from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, dual_kernel
from robustntk.kernels.finite.width_deviation import two_layer_deviation
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.comparison.infinite_width import train_infinite_width
from robustntk.verify.data import load_data
from robustntk.verify.planning.minimum_norm import radius_interval
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sweep import runs
from robustntk.verify.sweep.cell import Cell, canonical
from robustntk.verify.sweep.runs import compute, data_digest
from robustntk.verify.training.projected_descent import train

CLASSES = ("0", "1")
DATA = load_data("digits", classes=CLASSES, samples=8, seed=3)
COMMON: dict[str, Any] = {
    "activation": "tanh",
    "scale": "1",
    "data": "digits",
    "first_class": "0",
    "second_class": "1",
    "bias": 0.5,
    "standardize": False,
    "data_sha256": data_digest("digits", CLASSES),
    "samples": 8,
    "data_seed": 3,
}
TRAINING = {"loss": "hinge", "huber_kappa": None, "attack_steps": 4, "step_size": 0.3, "delta": 0.1, "radius": 3.0}
PROBLEM = (get_loss("hinge"), DATA.X, DATA.y, SphericalCap(0.1), ProjectedGradientAttack(steps=4))


def values(kind: str, **settings: Any) -> dict[str, Any]:
    found = compute(Cell.of(kind, COMMON | settings))
    canonical(found)
    return found


def test_training_is_that_of_the_package() -> None:
    found = values("training", **TRAINING, width=32, seed=5, iterations=6)
    start = SymmetricInitialisation(32, DATA.dimension, 5, dtype=np.float32)
    run = train(start, get_activation("tanh"), *PROBLEM, step_size=0.3, iterations=6, radius=3.0)
    assert found["surrogate_losses"] == run.surrogate_losses.tolist()
    assert found["distance"] == run.final_distance
    beta = float(get_activation("tanh").derivative_lipschitz or 0)
    assert 0 < found["residual"] <= beta * found["distance"] ** 2 / (2 * np.sqrt(32))
    assert len(found["robust_losses"]) == 8


def test_the_limit_is_that_of_the_package_and_the_gap_is_that_of_the_final_functions() -> None:
    found = values("limit", **TRAINING, iterations=6)
    kernel = dual_kernel(get_activation("tanh"))
    run = train_infinite_width(kernel, *PROBLEM, step_size=0.3, iterations=6, radius=3.0)
    assert found["surrogate_losses"] == run.surrogate_losses.tolist()
    clean = np.maximum(0.0, 1.0 - DATA.y * run.predictor.predict(DATA.X))
    assert np.all(np.array(found["robust_losses"]) >= clean)


def test_steps_count_to_the_first_that_reaches_epsilon() -> None:
    settings = {**TRAINING, "width": 32, "seed": 5, "iterations": 60}
    curve = values("training", **settings)["surrogate_losses"]
    found = values("steps", **settings, epsilon=0.6)
    assert found["reached_at"] == 1 + next(index for index, loss in enumerate(curve) if loss <= 0.6) > 2
    assert values("steps", **{**settings, "iterations": 2}, epsilon=0.6) == {"reached_at": None, "steps": 2}


def test_the_kernel_is_that_of_the_package() -> None:
    found = [values("kernel", width=width, seed=seed)["deviation"] for width in (16, 64) for seed in range(3)]
    expected = two_layer_deviation("tanh", DATA.X, widths=(16, 64), seeds=range(3)).relative[0]
    assert found == pytest.approx(expected.ravel().tolist())


@pytest.mark.parametrize("activation", ["tanh", "erf", "quadratic_relu"])
@pytest.mark.parametrize("width", [16, 256])
def test_untied_residuals_are_of_the_order_of_their_bound(activation: str, width: int) -> None:
    """E1.a: at most beta R^2 / (2 sqrt(m)); the direction is one for which a tenth of that is reached."""
    settings = {"activation": activation, "width": width, "seed": 1, "radius": 0.5, "tied": False}
    found = values("linearisation", **settings)["residual"]
    bound = float(get_activation(activation).derivative_lipschitz or 0) * 0.25 / (2 * np.sqrt(width))
    assert 0.1 * bound < found <= bound


@pytest.mark.parametrize("width", [16, 256])
def test_tied_residuals_keep_their_bound(width: int) -> None:
    """E2: at most gamma rho R^2 / (2 m), since |U|^2 = R^2 / 2."""
    found = values("linearisation", width=width, seed=1, radius=1.0, tied=True)
    gamma = float(get_activation("tanh").curvature_lipschitz or 0)
    assert 0 < found["residual"] <= gamma * found["row_radius"] / (2 * width)


def test_the_distance_is_the_one_asked_for() -> None:
    """The quadratic ReLU's residual is proportional to R^2 as long as no neuron changes its sign at a point."""
    near, far = (
        values("linearisation", activation="quadratic_relu", width=64, seed=1, radius=radius, tied=False)["residual"]
        for radius in (1e-3, 2e-3)
    )
    assert far == pytest.approx(4 * near, rel=1e-6)


def test_the_radius_is_that_of_the_package() -> None:
    found = values("radius", delta=0.1)
    interval = radius_interval(DATA.X, DATA.y, SphericalCap(0.1), activation=get_activation("tanh")).radius
    assert found == interval.to_json()


def test_other_data_are_refused() -> None:
    with pytest.raises(InvalidInput, match="not those that the sweep began with"):
        values("kernel", width=16, seed=0, data_sha256="0" * 64)


def test_training_that_diverges_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    def diverges(settings: Any) -> dict[str, Any]:
        raise FloatingPointError("the surrogate loss at step 3 is nan")

    monkeypatch.setattr(runs, "RUNS", {"training": diverges})
    with pytest.raises(FloatingPointError, match=r"training at .*'seed': 5.*loss at step 3"):
        values("training", seed=5)
