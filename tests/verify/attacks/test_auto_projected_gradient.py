import math
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import get_activation
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.auto_projected_gradient import AutoProjectedGradientAttack, checkpoints
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import embed
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.pixel_ball import PixelBall

FEATURES = np.random.default_rng(3).uniform(1.0, 2.0, (4, 6))
X = embed(FEATURES)
Y = np.array([1.0, -1.0, 1.0, -1.0])
CAP, BALL = SphericalCap(0.8), PixelBall(0.5, "linf")


def network(dtype: Any = np.float64, *, width: int = 20) -> TwoLayerNetwork:
    """A bumpy function: erf at four times its scale."""
    start = SymmetricInitialisation(width, 7, 0)
    move = np.random.default_rng(1).standard_normal(start.weights.shape)
    weights = (start.weights + 0.7 * move).astype(dtype)
    return TwoLayerNetwork(weights, start.signs, get_activation("erf").scaled(4))


def test_checkpoints_are_those_of_the_paper() -> None:
    shares = [0.0, 0.22]
    while shares[-1] < 1.0:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    assert checkpoints(100) == tuple(math.ceil(round(100 * share, 9)) for share in shares[1:] if share < 1.0)
    assert checkpoints(100) == (22, 41, 57, 70, 80, 87, 93, 99)
    assert checkpoints(1) == (1,)
    assert all(1 <= moment <= steps for steps in range(1, 60) for moment in checkpoints(steps))


def algorithm_1(function: TwoLayerNetwork, perturbations: Any, center: np.ndarray, label: float, steps: int) -> tuple:
    """Algorithm 1 of the paper for one point, line by line; also how often the step size was halved."""

    def margin(point: np.ndarray) -> float:
        return label * float(function.predict(perturbations.embed(point[None]))[0])

    def slope(point: np.ndarray) -> np.ndarray:
        """The downhill direction in the set's own coordinates, by central differences where these are features."""
        if perturbations.space == "sphere":
            return -label * function.input_gradient(point[None])[0]
        steps = 1e-6 * np.eye(len(point))
        return np.array([margin(point - step) - margin(point + step) for step in steps])

    def project(point: np.ndarray) -> np.ndarray:
        return perturbations.project(point[None], center[None])[0]

    def step_from(point: np.ndarray, size: float) -> np.ndarray:
        return project(perturbations.move(point[None], slope(point)[None], size)[0])

    size, points = 2.0, [center, step_from(center, 2.0)]
    margins = [margin(point) for point in points]
    best = int(np.argmin(margins))
    best_point, lowest = points[best], margins[best]
    rises, last, kept, lowest_at_check, halvings = int(margins[1] < margins[0]), 0, False, margins[0], 0
    for moves in range(1, steps + 1):
        if moves > 1:
            towards = step_from(points[-1], size) - points[-1]
            points.append(project(points[-1] + 0.75 * towards + 0.25 * (points[-1] - points[-2])))
            margins.append(margin(points[-1]))
            rises += margins[-1] < margins[-2]
            if margins[-1] < lowest:
                best_point, lowest = points[-1], margins[-1]
        if moves in checkpoints(steps):
            halve = rises < 0.75 * (moves - last) or (kept and lowest == lowest_at_check)
            if halve:
                size, points[-1], margins[-1], halvings = size / 2, best_point, lowest, halvings + 1
            rises, last, kept, lowest_at_check = 0, moves, not halve, lowest
    return lowest, halvings


@pytest.mark.parametrize("perturbations", [CAP, BALL], ids=["cap", "linf"])
def test_it_is_algorithm_1(perturbations: Any) -> None:
    function, steps = network(), 23
    centers = X if perturbations is CAP else FEATURES
    attack = AutoProjectedGradientAttack(steps=steps, restarts=1)
    lowest = attack.lowest_margins(function, centers, Y, perturbations)
    expected = [algorithm_1(function, perturbations, *pair, steps) for pair in zip(centers, Y, strict=True)]
    np.testing.assert_allclose(lowest[0, :, -1], [margin for margin, _ in expected], rtol=1e-5)
    assert len({halvings for _, halvings in expected}) > 1, "rows must be halved at different checkpoints in this test"


def test_lowest_margins_fall_from_where_each_start_began() -> None:
    function, attack = network(np.float32), AutoProjectedGradientAttack(steps=12, restarts=3)
    lowest = attack.lowest_margins(function, X, Y, CAP)
    found = attack.perturb(function, X, Y, CAP)
    assert lowest.shape == (3, 4, 13) and lowest.dtype == np.float32
    assert np.all(np.diff(lowest, axis=-1) <= 0)
    for start, first in zip(attack.starts(X, CAP), lowest[:, :, 0], strict=True):
        np.testing.assert_allclose(first, Y * function.predict(start), atol=1e-5)
    np.testing.assert_allclose(lowest[:, :, -1].min(axis=0), Y * found.values, rtol=1e-6)


def test_it_settles_where_steps_of_fixed_size_do_not() -> None:
    function = network()
    steps = 40
    fixed = ProjectedGradientAttack(steps=steps, step_size=0.5, last_step_size=0.5)
    adaptive = AutoProjectedGradientAttack(steps=steps, restarts=1)
    by_fixed, by_adaptive = (
        Y * function.predict(attack.perturb(function, X, Y, CAP).points) for attack in (fixed, adaptive)
    )
    assert np.mean(by_adaptive) < np.mean(by_fixed) - 1e-6


def test_it_finds_the_minimum_on_an_arc() -> None:
    """In dimension 3 a cap is an arc, which a grid exhausts."""
    start = SymmetricInitialisation(20, 3, 5)
    function = TwoLayerNetwork(start.weights * [1.0, 1.0, 2.0], -start.signs, get_activation("erf").scaled(3))
    function = TwoLayerNetwork(
        function.weights + np.random.default_rng(2).standard_normal((20, 3)), start.signs, function.activation
    )
    centers = embed(np.random.default_rng(6).standard_normal((3, 2)))
    labels = np.array([1.0, -1.0, 1.0])
    found = AutoProjectedGradientAttack(steps=60, restarts=6).perturb(function, centers, labels, CAP)
    turn = np.stack([-centers[:, 1], centers[:, 0], np.zeros(3)], axis=1)
    arcs = np.stack([CAP.move(centers, turn, fraction) for fraction in np.linspace(-1.0, 1.0, 4001)])
    exhaustive = np.min(labels * function.predict(arcs.reshape(-1, 3)).reshape(-1, 3), axis=0)
    assert np.all(labels * function.predict(found.points) <= exhaustive + 1e-6)
