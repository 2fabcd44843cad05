from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, dual_kernel
from robustntk.verify.attacks.adversary import AdversarialPoints
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.attacks.worst_of import WorstOf, strongest
from robustntk.verify.data import embed
from robustntk.verify.predictors import KernelPredictor
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.projected_descent import train

X = embed(np.random.default_rng(3).standard_normal((4, 9)))
Y = np.array([1.0, -1.0, 1.0, -1.0])
CAP = SphericalCap(0.3)
FUNCTION = KernelPredictor(dual_kernel("erf"), embed(np.random.default_rng(4).standard_normal((5, 9))), np.ones(5))


@dataclass(frozen=True)
class Only:
    """Attacks some rows and leaves the others where they are."""

    rows: tuple[int, ...]

    def perturb(self, predictor: Any, X: Any, y: Any, perturbations: Any, **options: Any) -> AdversarialPoints:
        found = ProjectedGradientAttack(steps=3).perturb(predictor, X, y, perturbations, **options)
        points = X.copy()
        points[list(self.rows)] = found.points[list(self.rows)]
        return AdversarialPoints(points, points, predictor.predict(points))


def margins(points: np.ndarray) -> np.ndarray:
    return Y * FUNCTION.predict(points)


def test_of_every_point_the_worst_answer_counts() -> None:
    whole = Only((0, 1, 2, 3)).perturb(FUNCTION, X, Y, CAP)
    found = WorstOf((Only((0, 2)), Only((1, 3)))).perturb(FUNCTION, X, Y, CAP)
    for name in ("coordinates", "points", "values"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
    assert np.all(margins(found.points) < margins(X))


def test_where_the_loss_is_flat_the_lower_margin_counts() -> None:
    loss = get_loss("hinge")
    gram = np.stack([KernelPredictor(FUNCTION.kernel, X, unit).predict(X) for unit in np.eye(4)])
    far = KernelPredictor(FUNCTION.kernel, X, np.linalg.solve(gram, 50 * Y))
    found = WorstOf((Only(()), Only((0, 1, 2, 3)))).perturb(far, X, Y, CAP, loss=loss)
    assert np.all(loss.value(far.predict(found.points), Y) == 0) and np.all(far.predict(found.points) * Y > 1)
    np.testing.assert_array_equal(found.points, Only((0, 1, 2, 3)).perturb(far, X, Y, CAP).points)


def test_it_is_an_adversary_itself_hashable_and_nested() -> None:
    pair = WorstOf((Only((0,)), WorstOf((Only((1,)), Only((2, 3))))))
    assert hash(pair) == hash(WorstOf(pair.adversaries))
    whole = Only((0, 1, 2, 3)).perturb(FUNCTION, X, Y, CAP)
    np.testing.assert_array_equal(pair.perturb(FUNCTION, X, Y, CAP).points, whole.points)


def test_a_network_trains_against_it() -> None:
    start = SymmetricInitialisation(30, 10, 0)
    settings = {"step_size": 0.5, "iterations": 3, "radius": 2.0, "dtype": np.float64}
    runs = [
        train(start, get_activation("erf"), get_loss("hinge"), X, Y, CAP, adversary, **settings)
        for adversary in (WorstOf((Only((0, 2)), Only((1, 3)))), Only((0, 1, 2, 3)))
    ]
    np.testing.assert_array_equal(runs[0].surrogate_losses, runs[1].surrogate_losses)
    assert np.any(runs[0].best_points != X)


def test_the_strongest_is_at_least_as_strong_as_each_of_its_parts() -> None:
    combined = strongest(seed=3)
    assert all(each.seed == 3 for each in combined.adversaries)
    found = margins(combined.perturb(FUNCTION, X, Y, CAP).points)
    parts = np.array([margins(each.perturb(FUNCTION, X, Y, CAP).points) for each in combined.adversaries])
    np.testing.assert_array_equal(found, parts.min(axis=0))


def test_no_adversary_is_refused() -> None:
    with pytest.raises(InvalidInput, match="adversaries"):
        WorstOf(())
