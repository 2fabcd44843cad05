from typing import Any

import numpy as np
import pytest

from robustntk.bounds import get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks import search
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.attacks.search import data_and_random_starts, index_of_worst
from robustntk.verify.data import embed
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap

CAP = SphericalCap(0.3)
X = embed(np.random.default_rng(0).standard_normal((5, 9)))
Y = np.array([1.0, -1.0, 1.0, 1.0, -1.0])


def test_starts_are_the_data_and_random_points_of_the_sets() -> None:
    starts = data_and_random_starts(X, CAP, 3, (4, 0))
    np.testing.assert_array_equal(starts[0], X)
    assert starts.shape == (3, 5, 10) and all(np.all(CAP.contains(each, X)) for each in starts)
    np.testing.assert_array_equal(starts, data_and_random_starts(X, CAP, 3, (4, 0)))
    assert np.any(starts[1] != starts[2])
    assert np.any(starts[1] != data_and_random_starts(X, CAP, 3, (5, 0))[1])


def test_worst_is_the_highest_loss_then_the_lowest_margin_then_the_first() -> None:
    labels = np.array([1.0, 1.0, -1.0, 1.0])
    values = np.array([[0.5, 3.0, 0.0, 1.0], [0.2, 2.0, 0.5, 1.0], [0.9, 4.0, 0.1, 1.0]])
    np.testing.assert_array_equal(index_of_worst(values, labels, get_loss("hinge")), [1, 1, 1, 0])
    np.testing.assert_array_equal(index_of_worst(values, labels, None), [1, 1, 1, 0])
    # Far above the label the absolute loss is highest, though the margin is too.
    assert index_of_worst(np.array([[0.0], [9.0]]), np.ones(1), get_loss("absolute")).tolist() == [1]


@pytest.mark.parametrize("limit", [5, 10, 10**6])
def test_searching_starts_together_or_apart_finds_the_same(limit: int, monkeypatch: Any) -> None:
    start = SymmetricInitialisation(20, 10, 0)
    move = np.random.default_rng(1).standard_normal(start.weights.shape)
    network = TwoLayerNetwork(start.weights + move, start.signs, get_activation("erf"))
    attack = ProjectedGradientAttack(steps=4, restarts=5)
    monkeypatch.setattr(search, "_ROWS", limit)
    found = attack.perturb(network, X, Y, CAP)
    starts = data_and_random_starts(X, CAP, 5, (0, 0, 1))
    margins = [_descend(network, each, attack.sizes(index)) for index, each in enumerate(starts)]
    np.testing.assert_allclose(Y * network.predict(found.points), np.min(margins, axis=0), atol=1e-10)


def _descend(network: TwoLayerNetwork, points: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The lowest margins on the way, in plain NumPy."""
    met = [Y * network.predict(points)]
    for size in sizes:
        moved = CAP.move(points, -Y[:, None] * network.input_gradient(points), size)
        points = CAP.project(moved, X)
        met.append(Y * network.predict(points))
    return np.asarray(np.min(met, axis=0))
