"""Touching quadratics: below every point of every cap, for every network, and close to what an attack finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from robustntk.bounds import Activation, InvalidInput, get_activation, get_loss
from robustntk.bounds.activation import z
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.certificates import neuron_curvature, touching
from robustntk.verify.certificates.neuron_curvature import Interval, SmoothCurvature
from robustntk.verify.certificates.touching import certify_touching
from robustntk.verify.data import embed, load_data
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.projected_descent import train

Array = NDArray[np.float64]
NAMES = ["quadratic_relu", "erf", "tanh", "softplus", "gelu", "sin_cos"]


def random_network(seed: int, name: str, width: int, size: int, move: float, *, mirrored: bool) -> TwoLayerNetwork:
    rng = np.random.default_rng([seed, 7])
    half = rng.standard_normal((width // 2, size))
    difference, mean = (move * rng.standard_normal(half.shape) / np.sqrt(len(half)) for _ in range(2))
    weights = np.vstack([half + mean + difference, half + mean - difference])
    first = rng.choice([-1.0, 1.0], width // 2)
    signs = np.concatenate([first, -first]) if mirrored else rng.choice([-1.0, 1.0], width)
    return TwoLayerNetwork(weights, signs, get_activation(name, scale=rng.choice([1, 2])))


def lowest(network: TwoLayerNetwork, X: Array, signs: Array, cap: SphericalCap) -> Array:
    """The lowest ``signs * f`` that sampling and an attack find on caps a hair smaller (against rounding)."""
    inner = SphericalCap(cap.delta * (1 - 1e-9), cap.bias)
    rng = np.random.default_rng(0)
    points = np.concatenate([inner.sample(X, 100, rng, part=part) for part in ("cap", "rim")])
    values = signs * network.predict(points.reshape(-1, X.shape[1])).reshape(len(points), len(X))
    _, attacked = ProjectedGradientAttack(steps=15).minimize_margin(network, X, signs, inner)
    return np.minimum(np.min(values, axis=0), attacked)


@settings(max_examples=30)
@given(
    st.integers(0, 10**6),
    st.sampled_from(NAMES),
    st.sampled_from([2, 16, 200]),
    st.sampled_from([1e-5, 0.02, 0.2, 0.7]),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from([1e-3, 3.0, 20.0]),
    st.booleans(),
)
def test_no_point_of_a_cap_is_below_its_certificate(
    seed: int, name: str, width: int, delta: float, bias: float, move: float, mirrored: bool
) -> None:
    network = random_network(seed, name, width, 4, move, mirrored=mirrored)
    rng = np.random.default_rng([seed, 8])
    X, signs, cap = embed(rng.standard_normal((3, 3)), bias=bias), rng.choice([-1.0, 1.0], 3), SphericalCap(delta, bias)
    found = lowest(network, X, signs, cap)
    for touches in (1, 4):
        assert np.all(found - certify_touching(network, X, signs, cap, touches=touches) >= 0.0)


def tight_case() -> tuple[TwoLayerNetwork, Array, Array, SphericalCap]:
    network = random_network(1, "erf", 100, 4, 3.0, mirrored=True)
    rng = np.random.default_rng(5)
    return network, embed(rng.standard_normal((6, 3)), bias=0.5), rng.choice([-1.0, 1.0], 6), SphericalCap(0.05)


def test_in_small_caps_it_is_tight_and_a_slightly_higher_one_is_false() -> None:
    network, X, signs, cap = tight_case()
    lower, found = certify_touching(network, X, signs, cap), lowest(network, X, signs, cap)
    change = np.abs(signs * network.predict(X) - found)
    assert np.all(found - lower >= 0.0) and np.all(found - lower < 0.01 * change)
    assert np.all(found - (lower + 0.01 * change) < 0.0)


def test_a_smaller_cap_or_a_wrong_curvature_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    network, X, signs, cap = tight_case()
    found = lowest(network, X, signs, cap)
    smaller = SphericalCap(0.97 * cap.delta, cap.bias)
    assert np.any(found - certify_touching(network, X, signs, smaller) < 0.0)

    class Flipped(SmoothCurvature):
        def _least(self, parts: list[tuple[Array, float]], signs: Array, interval: Interval, third: Array) -> Array:
            return -super()._least(parts, -signs, interval, third) + 0.2

    true = neuron_curvature.curvature_of(network.activation)
    assert isinstance(true, SmoothCurvature)
    monkeypatch.setattr(
        touching, "curvature_of", lambda _: Flipped(true.activation, true.beta, true.gamma, true.fourth)
    )
    assert np.any(found - certify_touching(network, X, signs, cap) < 0.0)


@pytest.mark.parametrize(("name", "radius", "step_size"), [("quadratic_relu", 3.91, 0.125), ("tanh", 8.0, 0.5)])
@pytest.mark.parametrize("width", [100, 1000])
@pytest.mark.parametrize("delta", [0.05, 0.1])
def test_trained_networks_are_certified_at_every_width(
    name: str, radius: float, step_size: float, width: int, delta: float
) -> None:
    """A plain Taylor bound grows with the width, the bound through E1.a fails at small ones; this one does neither."""
    data, cap, loss = load_data("digits", classes=("0", "1"), samples=20), SphericalCap(delta), get_loss("hinge")
    start = SymmetricInitialisation(width, data.dimension, 3)
    activation, attack = get_activation(name), ProjectedGradientAttack()
    options = {"step_size": step_size, "iterations": 40, "radius": radius}
    run = train(start, activation, loss, data.X, data.y, cap, attack, **options)
    network = TwoLayerNetwork(run.best_weights, start.signs, activation)
    lower = certify_touching(network, data.X, data.y, cap)
    _, found = ProjectedGradientAttack(steps=20, restarts=2).minimize_margin(network, data.X, data.y, cap)
    assert np.all(found - lower >= 0.0)
    gap = float(np.mean(np.maximum(0.0, 1.0 - lower)) - np.mean(np.maximum(0.0, 1.0 - found)))
    assert gap < 0.02


def test_without_constants_beyond_beta_there_is_still_a_bound() -> None:
    activation = Activation.define("two_slopes", z * abs(z) / 2)
    network = random_network(2, "erf", 20, 4, 1.0, mirrored=True)
    network = TwoLayerNetwork(network.weights, network.signs, activation)
    X, cap = embed(np.random.default_rng(5).standard_normal((3, 3)), bias=0.5), SphericalCap(0.05)
    lower = certify_touching(network, X, np.ones(3), cap)
    assert np.all(np.isfinite(lower)) and np.all(lowest(network, X, np.ones(3), cap) - lower >= 0.0)


def test_relu_is_refused() -> None:
    network = random_network(2, "erf", 4, 4, 1.0, mirrored=True)
    network = TwoLayerNetwork(network.weights, network.signs, get_activation("relu"))
    with pytest.raises(InvalidInput, match="Lipschitz sigma'"):
        certify_touching(network, np.eye(4)[:1], np.ones(1), SphericalCap(0.1, 0.0))


def test_weights_that_are_not_finite_give_no_bound() -> None:
    network = random_network(2, "erf", 4, 4, 1.0, mirrored=True)
    weights = network.weights.copy()
    weights[0, 0] = np.nan
    X = embed(np.ones((1, 3)), bias=0.5)
    lower = certify_touching(
        TwoLayerNetwork(weights, network.signs, network.activation), X, np.ones(1), SphericalCap(0.1)
    )
    assert not np.any(lower > -np.inf)
