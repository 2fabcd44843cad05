"""Certificates of sets of any kind hold against samples and attacks, and rows get back the bound of their own cap."""

from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, get_activation
from robustntk.kernels import SymmetricInitialisation, dual_kernel
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.certificates.kernel import certify_kernel
from robustntk.verify.certificates.network import certify_network
from robustntk.verify.certificates.paired_moves import PairedMoves
from robustntk.verify.certificates.per_cap import kernel_bounds, linear_part_bounds, lower_bounds, network_bounds
from robustntk.verify.data import Dataset, load_data
from robustntk.verify.predictors import KernelPredictor, LinearisedNetwork, TwoLayerNetwork
from robustntk.verify.sets.block import Block
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.pixel_ball import PixelBall
from robustntk.verify.sets.product_set import ProductSet
from robustntk.verify.sets.protocol import PerturbationSet

SETS: dict[str, PerturbationSet] = {
    "cap": SphericalCap(0.1),
    "cap of the whole sphere": SphericalCap(0.1, None),
    "l2": PixelBall(3.0, "l2"),
    "l2 in a box, no bias": PixelBall(3.0, "l2", None, low=0.0, high=16.0),
    "linf in a box": PixelBall(0.6, low=0.0, high=16.0),
    "product": ProductSet((Block(2.0, "l2", columns=tuple(range(30))), Block(1.0, columns=(30, 35, 36)))),
}
kinds = pytest.mark.parametrize("kind", SETS)


def digits(perturbations: Any) -> Dataset:
    return load_data("digits", classes=("0", "1"), samples=6, bias=perturbations.bias)


def network(data: Dataset, name: str) -> tuple[PairedMoves, TwoLayerNetwork]:
    activation, rng = get_activation(name), np.random.default_rng(0)
    start = SymmetricInitialisation(60, data.dimension, 0)
    weights = start.weights + 0.3 * rng.standard_normal(start.weights.shape)
    return PairedMoves.between(start.weights, start.signs, weights), TwoLayerNetwork(weights, start.signs, activation)


def attacked(function: Any, data: Dataset, perturbations: PerturbationSet) -> np.ndarray:
    """The lowest margins that an attack and samples find."""
    centers = data.centers(perturbations)
    found = ProjectedGradientAttack(steps=20, restarts=2).minimize_margin(function, centers, data.y, perturbations)[1]
    samples = perturbations.embed(perturbations.sample(centers, 100, np.random.default_rng(0), part="rim"))
    margins = data.y * function.predict(samples.reshape(-1, data.dimension)).reshape(100, -1)
    return np.minimum(found, margins.min(axis=0))


@kinds
def test_kernel_functions(kind: str) -> None:
    perturbations, kernel = SETS[kind], dual_kernel(get_activation("erf"))
    data = digits(perturbations)
    predictor = KernelPredictor(kernel, data.X, 2.0 * data.y)
    bounds = kernel_bounds(predictor, data.centers(perturbations), data.y, perturbations)
    gaps = attacked(predictor, data, perturbations) - bounds
    assert np.all(gaps >= 0.0) and np.all(gaps < 0.1)


@kinds
@pytest.mark.parametrize("name", ["quadratic_relu", "tanh"])
def test_networks_and_their_linear_parts(kind: str, name: str) -> None:
    perturbations, activation = SETS[kind], get_activation(name)
    data = digits(perturbations)
    moves, function = network(data, name)
    centers = data.centers(perturbations)
    whole = network_bounds(moves, activation, centers, data.y, perturbations).lower
    assert np.all(attacked(function, data, perturbations) >= whole) and np.all(np.isfinite(whole))
    start = np.vstack([moves.rows, moves.rows])
    linear = LinearisedNetwork(start, moves.displacement, function.signs, activation)
    part = linear_part_bounds(moves, activation, centers, data.y, perturbations)
    assert np.all(attacked(linear, data, perturbations) >= part)


def test_one_cap_for_all_rows_is_the_certificate_itself() -> None:
    cap, activation = SphericalCap(0.1), get_activation("tanh")
    data = digits(cap)
    predictor = KernelPredictor(dual_kernel(activation), data.X, data.y)
    expected = certify_kernel(predictor, data.X, data.y, cap).lower
    assert np.array_equal(kernel_bounds(predictor, data.X, data.y, cap), expected)
    moves, _ = network(data, "tanh")
    found, expected_bounds = (
        network_bounds(moves, activation, data.X, data.y, cap),
        certify_network(moves, activation, data.X, data.y, cap),
    )
    assert np.array_equal(found.lower, expected_bounds.lower)


def test_rows_come_back_in_order_with_the_bound_of_their_own_cap() -> None:
    caps = [SphericalCap(delta) for delta in (0.1, 0.3, 0.1, 0.2)]
    points, signs = np.arange(8.0).reshape(4, 2), np.array([1.0, 2.0, 3.0, 4.0])
    calls = []

    def bound(points: np.ndarray, signs: np.ndarray, cap: SphericalCap) -> np.ndarray:
        calls.append(len(points))
        return np.stack([points[:, 0] * signs, np.full(len(points), cap.delta)], axis=1)

    found = lower_bounds(bound, points, signs, caps)
    assert found.tolist() == [[0.0, 0.1], [4.0, 0.3], [12.0, 0.1], [24.0, 0.2]]
    assert sorted(calls) == [1, 1, 2]


def test_rows_beyond_a_quarter_turn_get_no_bound_from_a_network() -> None:
    wide = PixelBall((1.6, 0.5, 0.0), bias=0.5)
    centers = np.array([[1.0, 1.0, 0.0], [10.0, 10.0, 0.0]])
    start = SymmetricInitialisation(8, 4, 0)
    moves = PairedMoves.between(start.weights, start.signs, 1.1 * start.weights)
    found = network_bounds(moves, get_activation("tanh"), centers, np.ones(2), wide).lower
    assert found[0] == -np.inf and np.isfinite(found[1])
    assert np.array_equal(
        np.isfinite(linear_part_bounds(moves, get_activation("tanh"), centers, np.ones(2), wide)), [False, True]
    )


def test_sets_with_caps_of_different_biases_are_refused() -> None:
    class Mixed:
        def enclosing_caps(self, centers: np.ndarray) -> Any:
            return centers, (SphericalCap(0.1, 0.0), SphericalCap(0.1, 0.5))

    predictor = KernelPredictor(dual_kernel(get_activation("erf")), np.eye(3), np.ones(3))
    mixed: Any = Mixed()
    with pytest.raises(InvalidInput, match="expected one bias"):
        kernel_bounds(predictor, np.eye(3)[:2], np.ones(2), mixed)
