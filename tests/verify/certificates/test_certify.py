"""`certify`: the best of all methods, for kernel functions and networks, on sets of any kind; what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, dual_kernel
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.certificates.certify import certify
from robustntk.verify.data import embed
from robustntk.verify.predictors import KernelPredictor, TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap

Array = NDArray[np.float64]
CAP = SphericalCap(0.1)


def rows(seed: int, count: int) -> Array:
    return embed(np.random.default_rng(seed).standard_normal((count, 5)), bias=0.5)


def network(width: int, move: float) -> tuple[SymmetricInitialisation, TwoLayerNetwork]:
    start = SymmetricInitialisation(width, 6, 0)
    change = move * np.random.default_rng(1).standard_normal(start.weights.shape) / np.sqrt(width)
    return start, TwoLayerNetwork(start.weights + change, start.signs, get_activation("tanh"))


def kernel_function(name: str) -> KernelPredictor:
    return KernelPredictor(dual_kernel(get_activation(name)), rows(2, 7), np.random.default_rng(3).standard_normal(7))


def test_a_network_is_certified_by_the_best_method_and_says_which() -> None:
    start, function = network(500, 2.0)
    X, signs = rows(4, 5), np.array([1.0, -1.0, 1.0, -1.0, 1.0])
    found = certify(function, X, signs, CAP, initial=start.weights)
    assert set(found.by_method) == {"touching", "linearised"}
    assert np.array_equal(found.lower, np.max(list(found.by_method.values()), axis=0))
    assert all(found.by_method[name][row] == found.lower[row] for row, name in enumerate(found.method))
    assert sum(found.wins.values()) == 5
    _, attacked = ProjectedGradientAttack(steps=20).minimize_margin(function, X, signs, CAP)
    assert np.all(attacked - found.lower >= 0.0)


@pytest.mark.parametrize(("name", "orders"), [("erf", 3), ("quadratic_relu", 3), ("relu", 2)])
def test_a_kernel_function_is_certified_by_every_order_it_allows(name: str, orders: int) -> None:
    function, X, signs = kernel_function(name), rows(4, 5), np.ones(5)
    found = certify(function, X, signs, CAP)
    assert len(found.by_method) == orders
    _, attacked = ProjectedGradientAttack(steps=20).minimize_margin(function, X, signs, CAP)
    assert all(np.all(attacked - lower >= 0.0) for lower in found.by_method.values())


def test_the_robust_loss_is_bounded_from_both_ends_where_the_loss_needs_it() -> None:
    _, function = network(100, 1.0)
    X, y = rows(4, 5), np.array([1.0, -1.0, 1.0, -1.0, 1.0])
    lower, upper = certify(function, X, y, CAP), certify(function, X, -y, CAP)
    attacked = ProjectedGradientAttack(steps=20).perturb(function, X, y, CAP, loss=get_loss("absolute"))
    robust = lower.robust_loss(get_loss("absolute"), upper)
    assert np.mean(np.abs(y - function.predict(attacked.points))) <= robust
    assert lower.robust_loss(get_loss("hinge")) <= robust + 1.0
    with pytest.raises(ValueError, match="upper is None: expected upper margins"):
        lower.robust_loss(get_loss("absolute"))


def test_caps_wider_than_a_quarter_turn_get_no_bound_from_quadratics() -> None:
    _, function = network(10, 1.0)
    found = certify(function, rows(4, 2), np.ones(2), SphericalCap(1.6))
    assert np.all(found.lower == -np.inf)
    assert np.all(np.isfinite(certify(kernel_function("erf"), rows(4, 2), np.ones(2), SphericalCap(1.6)).lower))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"signs": np.array([1.0, 0.5])}, "signs contain 0.5"),
        ({"signs": np.ones(3)}, r"signs of shape \(3,\)"),
        ({"centers": np.full((2, 6), np.nan)}, "centers contain nan"),
        ({"methods": ("crown",)}, r"unknown method 'crown': expected one of touching"),
        ({"methods": ()}, "methods is empty: expected one of touching"),
    ],
)
def test_refusals(change: dict[str, object], message: str) -> None:
    _, function = network(10, 1.0)
    arguments = {"centers": rows(4, 2), "signs": np.ones(2)} | change
    with pytest.raises(InvalidInput, match=message):
        certify(function, perturbations=CAP, **arguments)


def test_constants_that_are_only_declared_give_no_certificate() -> None:
    _, function = network(10, 1.0)
    declared = replace(function, activation=replace(function.activation, proved=False))
    with pytest.raises(InvalidInput, match="tanh: its constants are declared, not proved"):
        certify(declared, rows(4, 2), np.ones(2), CAP)
