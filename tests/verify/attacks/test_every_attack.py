"""What every adversary keeps, whatever the predictor, the perturbation set and the dtype."""

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, dual_kernel
from robustntk.verify.attacks.attacked_loss import attacked_robust_loss
from robustntk.verify.attacks.auto_projected_gradient import AutoProjectedGradientAttack
from robustntk.verify.attacks.fast_gradient import FastGradientAttack
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.attacks.random_search import RandomSearchAttack
from robustntk.verify.attacks.worst_of import WorstOf
from robustntk.verify.data import Dataset, load_data
from robustntk.verify.predictors import KernelPredictor, TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.pixel_ball import PixelBall

CAP = SphericalCap(0.2)
LINF = PixelBall(1.0, "linf", low=0.0, high=16.0)
L2 = PixelBall(4.0, "l2", low=0.0, high=16.0)
ATTACKS = {
    "fast gradient": FastGradientAttack(),
    "projected gradient": ProjectedGradientAttack(steps=5, restarts=2),
    "auto projected gradient": AutoProjectedGradientAttack(steps=8, restarts=2),
    "random search": RandomSearchAttack(queries=40, restarts=2),
    "worst of": WorstOf((FastGradientAttack(), RandomSearchAttack(queries=40, restarts=2))),
}
PROBLEMS = {
    "kernel, cap": ("kernel", CAP, np.float64),
    "network, linf, float32": ("network", LINF, np.float32),
    "network, l2": ("network", L2, np.float64),
}
every_attack = pytest.mark.parametrize("attack", ATTACKS.values(), ids=list(ATTACKS))
every_problem = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=list(PROBLEMS))


@lru_cache
def digits() -> Dataset:
    return load_data("digits", classes=("0", "1"), samples=6)


@lru_cache
def predictor(kind: str, dtype: Any) -> Any:
    data = digits()
    if kind == "kernel":
        return KernelPredictor(dual_kernel("erf"), data.X, data.y + 0.3)
    start = SymmetricInitialisation(40, data.dimension, 1)
    move = np.random.default_rng(2).standard_normal(start.weights.shape)
    return TwoLayerNetwork((start.weights + 0.3 * move).astype(dtype), start.signs, get_activation("quadratic_relu"))


def run(attack: Any, problem: tuple[str, Any, Any], **options: Any) -> Any:
    kind, perturbations, dtype = problem
    data = digits()
    return attack.perturb(predictor(kind, dtype), data.centers(perturbations), data.y, perturbations, **options)


@every_attack
@every_problem
def test_the_points_lie_in_the_sets_and_have_low_margins(attack: Any, problem: tuple[str, Any, Any]) -> None:
    kind, perturbations, dtype = problem
    data, function = digits(), predictor(kind, dtype)
    found = run(attack, problem)
    assert found.coordinates.dtype == found.points.dtype == np.float64 and found.values.dtype == dtype
    assert np.all(perturbations.contains(found.coordinates, data.centers(perturbations), tolerance=1e-13))
    np.testing.assert_array_equal(found.points, perturbations.embed(found.coordinates))
    values = function.predict(found.points)
    np.testing.assert_allclose(found.values, values, atol=1e3 * np.finfo(dtype).eps)
    assert np.all(data.y * values < data.y * function.predict(data.X))


@every_attack
def test_the_same_seed_and_iteration_give_the_same_points(attack: Any) -> None:
    problem = PROBLEMS["network, linf, float32"]
    np.testing.assert_array_equal(run(attack, problem).points, run(attack, problem).points)


@pytest.mark.parametrize(
    "kind", [ProjectedGradientAttack, AutoProjectedGradientAttack, RandomSearchAttack], ids=lambda kind: kind.__name__
)
def test_random_starts_follow_seed_and_iteration(kind: Any) -> None:
    problem = PROBLEMS["network, linf, float32"]
    budget = {"queries": 3} if kind is RandomSearchAttack else {"steps": 1}
    first = run(kind(restarts=3, **budget), problem).points
    assert np.any(first != run(kind(restarts=3, seed=1, **budget), problem).points)
    assert np.any(first != run(kind(restarts=3, **budget), problem, iteration=1).points)


@every_attack
def test_losses_that_rise_with_the_margin_are_attacked_from_both_sides(attack: Any) -> None:
    loss, problem, data = get_loss("absolute"), PROBLEMS["kernel, cap"], digits()
    function = predictor("kernel", np.float64)
    found = loss.value(function.predict(run(attack, problem, loss=loss).points), data.y)
    low = loss.value(function.predict(run(attack, problem).points), data.y)
    assert np.all(found >= low) and np.any(found > low), "raising the margin must matter in this test"


@pytest.mark.parametrize("kind", [ProjectedGradientAttack, AutoProjectedGradientAttack, RandomSearchAttack])
@pytest.mark.parametrize("wrong", [-1, 1.5, True])
def test_arguments_that_are_no_counts_are_named(kind: Any, wrong: Any) -> None:
    for name in {"steps", "queries", "restarts", "seed"} & set(kind.__dataclass_fields__):
        with pytest.raises(InvalidInput, match=name):
            kind(**{name: wrong})


def test_attacked_loss_is_that_of_the_worst_points_known() -> None:
    data, function, loss = digits(), predictor("network", np.float64), get_loss("hinge")
    weak, strong = ATTACKS["fast gradient"], AutoProjectedGradientAttack(steps=8, restarts=2)
    better = strong.perturb(function, data.X, data.y, CAP, loss=loss).points
    alone = attacked_robust_loss(function, data.X, data.y, CAP, loss, adversary=weak)
    helped = attacked_robust_loss(function, data.X, data.y, CAP, loss, adversary=weak, known=[better])
    expected = np.mean(loss.value(function.predict(better), data.y))
    assert alone.loss < helped.loss and helped.loss >= expected
    np.testing.assert_allclose(loss.value(function.predict(helped.points), data.y), helped.losses, atol=1e-14)
    assert helped.to_json() == {"attacked_robust_loss": helped.loss, "attacked_robust_error": helped.error}


def test_an_attack_that_finds_nothing_still_reports_the_clean_loss() -> None:
    data, function, loss = digits(), predictor("network", np.float64), get_loss("hinge")

    class Away:
        """Points as good as can be for the predictor."""

        def perturb(self, predictor: Any, X: Any, y: Any, perturbations: Any, **options: Any) -> Any:
            return AutoProjectedGradientAttack(steps=5).perturb(predictor, X, -y, perturbations)

    found = attacked_robust_loss(function, data.X, data.y, CAP, loss, adversary=Away())
    clean = function.predict(data.X)
    assert found.loss == np.mean(loss.value(clean, data.y))
    assert found.error == np.mean(data.y * clean <= 0)
    np.testing.assert_array_equal(found.margins, data.y * clean)
