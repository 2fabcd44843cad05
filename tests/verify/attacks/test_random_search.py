from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from robustntk.kernels import dual_kernel
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.attacks.random_search import RandomSearchAttack
from robustntk.verify.data import embed, load_data
from robustntk.verify.predictors import KernelPredictor
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.pixel_ball import PixelBall

FEATURES = np.random.default_rng(3).uniform(1.0, 2.0, (4, 6))
X = embed(FEATURES)
Y = np.array([1.0, -1.0, 1.0, -1.0])
FUNCTION = KernelPredictor(dual_kernel("erf"), embed(np.random.default_rng(4).standard_normal((5, 6))), np.ones(5))


@dataclass(frozen=True)
class ValuesOnly:
    """An evaluator without gradients."""

    inner: Any

    def values(self, parameters: Any, points: Any) -> Any:
        return self.inner.values(parameters, points)

    def values_and_gradients(self, parameters: Any, points: Any) -> Any:
        raise AssertionError("a black-box attack asked for gradients")


class BlackBox:
    dtype = np.dtype(np.float64)

    def predict(self, points: Any) -> Any:
        return FUNCTION.predict(points)

    def evaluator(self) -> Any:
        return ValuesOnly(FUNCTION.evaluator())

    def parameters(self) -> Any:
        return FUNCTION.parameters()


def test_it_asks_for_values_only() -> None:
    found = RandomSearchAttack(queries=10).perturb(BlackBox(), X, Y, SphericalCap(0.2))
    assert np.all(Y * FUNCTION.predict(found.points) < Y * FUNCTION.predict(X))
    with pytest.raises(AssertionError, match="black-box"):
        ProjectedGradientAttack().perturb(BlackBox(), X, Y, SphericalCap(0.2))


@pytest.mark.parametrize(
    "perturbations",
    [SphericalCap(0.2), SphericalCap(0.9), PixelBall(0.2, "linf"), PixelBall(0.4, "l2")],
    ids=["cap", "wide cap", "linf", "l2"],
)
def test_in_few_dimensions_it_comes_close_to_the_gradient_attack(perturbations: Any) -> None:
    centers = X if perturbations.space == "sphere" else FEATURES
    by_gradient, at_random = (
        Y * FUNCTION.predict(attack.perturb(FUNCTION, centers, Y, perturbations).points)
        for attack in (ProjectedGradientAttack(steps=60, restarts=4), RandomSearchAttack(queries=1500))
    )
    drop = Y * FUNCTION.predict(X) - by_gradient
    assert np.all(at_random <= by_gradient + 0.01 * drop)


def test_it_is_far_better_than_as_many_random_points() -> None:
    data = load_data("digits", classes=("0", "1"), samples=10)
    function = KernelPredictor(dual_kernel("quadratic_relu"), data.X, data.y)
    cap = SphericalCap(0.1)
    found = RandomSearchAttack(queries=400).perturb(function, data.X, data.y, cap)
    samples = cap.sample(data.X, 400, np.random.default_rng(0), part="rim")
    clean = data.y * function.predict(data.X)
    drop = np.mean(clean - data.y * function.predict(found.points))
    by_chance = np.mean(clean - np.min([data.y * function.predict(each) for each in samples], axis=0))
    assert drop > 1.5 * by_chance
