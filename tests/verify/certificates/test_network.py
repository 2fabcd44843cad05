"""Certificates on networks: below every point of every cap, tight where the bounds are attained, width-independent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustntk.bounds import Activation, InvalidInput, get_activation
from robustntk.bounds.activation import z
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.certificates.network import certify_linear_part, certify_network
from robustntk.verify.certificates.paired_moves import PairedMoves
from robustntk.verify.data import embed
from robustntk.verify.predictors import LinearisedNetwork, TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap

ACTIVATIONS = ["quadratic_relu", "erf", "tanh", "softplus", "gelu", "sin_cos"]


def random_network(
    seed: int, name: str, width: int, size: int, move: float, mean: float, scale: str = "1"
) -> tuple[SymmetricInitialisation, np.ndarray, Activation]:
    """A symmetric start and weights moved by about ``move`` (half differences) and ``mean`` (means of the pairs)."""
    rng = np.random.default_rng([seed, 7])
    start = SymmetricInitialisation(width, size, seed)
    half = width // 2
    difference = move * rng.standard_normal((half, size)) / np.sqrt(half)
    shift = mean * rng.standard_normal((half, size)) / np.sqrt(half)
    weights = start.weights + np.vstack([shift + difference, shift - difference])
    return start, weights, get_activation(name, scale=scale)


def lowest(
    network: TwoLayerNetwork | LinearisedNetwork, X: np.ndarray, signs: np.ndarray, cap: SphericalCap
) -> np.ndarray:
    """The lowest ``signs * f`` that sampling finds on caps a hair smaller (against rounding)."""
    inner = SphericalCap(cap.delta * (1 - 1e-9), cap.bias)
    rng = np.random.default_rng(0)
    points = np.concatenate([inner.sample(X, 150, rng, part=part) for part in ("cap", "rim")])
    values = network.predict(points.reshape(-1, X.shape[1])).reshape(len(points), len(X))
    return np.asarray(np.min(signs * values, axis=0))


@settings(max_examples=60)
@given(
    st.integers(0, 10**6),
    st.sampled_from(ACTIVATIONS),
    st.sampled_from([2, 16, 200]),
    st.sampled_from([0.02, 0.2, 0.7]),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from([0.3, 3.0, 20.0]),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from(["1", "2"]),
)
def test_no_point_of_a_cap_is_below_its_certificate(
    seed: int, name: str, width: int, delta: float, bias: float, move: float, mean: float, scale: str
) -> None:
    start, weights, activation = random_network(seed, name, width, 4, move, mean * move, scale)
    rng = np.random.default_rng([seed, 8])
    X = embed(rng.standard_normal((3, 3)), bias=bias)
    signs = rng.choice([-1.0, 1.0], 3)
    cap = SphericalCap(delta, bias)
    moves = PairedMoves.between(start.weights, start.signs, weights)
    bounds = certify_network(moves, activation, X, signs, cap)
    assert np.all(lowest(TwoLayerNetwork(weights, start.signs, activation), X, signs, cap) - bounds.lower >= 0.0)
    linear = LinearisedNetwork(start.weights, weights - start.weights, start.signs, activation)
    assert np.all(lowest(linear, X, signs, cap) - certify_linear_part(moves, activation, X, signs, cap).lower >= 0.0)
    deviation = TwoLayerNetwork(weights, start.signs, activation).predict(X) - linear.predict(X)
    # The deviation is a difference of two float64 sums; the remainder may be exactly 0.
    rounding = 16.0 * np.finfo(np.float64).eps * float(np.sum(weights**2 + np.abs(weights)))
    assert np.all(bounds.remainder - np.abs(deviation) >= -rounding)


@pytest.mark.parametrize("name", ["erf", "quadratic_relu"])
def test_pair_remainder_is_attained_by_a_neuron_at_its_inflection(name: str) -> None:
    """With w.x = 0 the remainder is gamma t^3 / 3 (erf) or t^2 (quadratic ReLU): a bound 20 % smaller is false."""
    X = np.array([[np.sqrt(0.75), 0.0, 0.5]])
    rows, difference = np.array([[0.0, 1.0, 0.0]]), np.array([[1e-2 / np.sqrt(0.75), 0.0, 0.0]])
    weights = np.vstack([rows + difference, rows - difference])
    initial, signs = np.vstack([rows, rows]), np.array([1.0, -1.0])
    activation, cap = get_activation(name), SphericalCap(1e-7)
    moves = PairedMoves.between(initial, signs, weights)
    remainder = certify_network(moves, activation, X, np.ones(1), cap).remainder[0]
    true = TwoLayerNetwork(weights, signs, activation).predict(X)
    linear = LinearisedNetwork(initial, weights - initial, signs, activation).predict(X)
    assert abs(true - linear)[0] <= remainder
    assert abs(true - linear)[0] > 0.8 * remainder


def test_bounds_do_not_grow_with_the_width() -> None:
    """The same function, realised by more neurons, is certified better, not worse (a plain Taylor bound grows)."""
    rng = np.random.default_rng(0)
    X = embed(rng.standard_normal((2, 5)), bias=0.5)
    direction = embed(rng.standard_normal((1, 5)), bias=0.5)
    losses = []
    for width in (100, 1000, 10_000):
        start = SymmetricInitialisation(width, 6, 3)
        slope = 1.0 - np.tanh(start.half_weights @ direction.T) ** 2
        moved = 2.0 * slope * direction / np.sqrt(width)
        moves = PairedMoves.between(start.weights, start.signs, start.weights + np.vstack([moved, -moved]))
        bounds = certify_network(moves, get_activation("tanh"), X, np.ones(2), SphericalCap(0.1))
        network = TwoLayerNetwork(start.weights + np.vstack([moved, -moved]), start.signs, get_activation("tanh"))
        _, found = ProjectedGradientAttack(steps=10).minimize_margin(network, X, np.ones(2), SphericalCap(0.1))
        losses.append(float(np.max(found - bounds.lower)))
    assert losses[2] < losses[0] and losses[2] < 0.05


def test_user_defined_activation_without_gamma_is_still_certified() -> None:
    activation = Activation.define("mine", z / (1 + z**2), derivative_bound=1, derivative_lipschitz="1.5")
    start, weights, _ = random_network(5, "tanh", 50, 4, 1.0, 0.0)
    X = embed(np.random.default_rng(5).standard_normal((2, 3)), bias=0.5)
    cap = SphericalCap(0.05)
    moves = PairedMoves.between(start.weights, start.signs, weights)
    lower = certify_network(moves, activation, X, np.ones(2), cap).lower
    found = lowest(TwoLayerNetwork(weights, start.signs, activation), X, np.ones(2), cap)
    assert np.all(found - lower >= 0.0) and np.all(np.isfinite(lower))


def test_a_name_is_no_proof() -> None:
    """An activation that merely calls itself quadratic_relu gets no bound that rests on its being one."""
    honest = Activation.define("mine", z / (1 + z**2), derivative_bound=1, derivative_lipschitz="1.5")
    liar = Activation.define("quadratic_relu", z / (1 + z**2), derivative_bound=1, derivative_lipschitz="1.5")
    start, weights, _ = random_network(5, "tanh", 50, 4, 1.0, 0.0)
    X = embed(np.random.default_rng(5).standard_normal((2, 3)), bias=0.5)
    moves = PairedMoves.between(start.weights, start.signs, weights)
    bounds = [certify_network(moves, each, X, np.ones(2), SphericalCap(0.05)).lower for each in (honest, liar)]
    assert np.array_equal(*bounds)


def test_neurons_that_see_no_perturbation_are_certified() -> None:
    """Rows along the bias coordinate only: no preactivation moves, and nothing is typical."""
    rows = np.array([[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, -1.0]])
    differences = np.array([[0.3, -0.2, 0.1, 0.0], [0.1, 0.2, 0.0, 0.3]])
    moves = PairedMoves.tied(rows, np.array([1.0, -1.0]), differences)
    activation, cap = get_activation("quadratic_relu"), SphericalCap(0.2)
    X = embed(np.random.default_rng(3).standard_normal((4, 3)), bias=0.5)
    lower = certify_network(moves, activation, X, np.ones(4), cap).lower
    weights, signs = np.vstack([rows + differences, rows - differences]), np.array([1.0, -1.0, -1.0, 1.0])
    found = lowest(TwoLayerNetwork(weights, signs, activation), X, np.ones(4), cap)
    assert np.all(np.isfinite(lower)) and np.all(found - lower >= 0.0)


def test_refusals() -> None:
    start, weights, _ = random_network(0, "relu", 4, 3, 1.0, 0.0)
    moves = PairedMoves.between(start.weights, start.signs, weights)
    with pytest.raises(InvalidInput, match="Lipschitz sigma'"):
        certify_network(moves, get_activation("relu"), np.eye(3)[:1], np.ones(1), SphericalCap(0.1, 0.0))
    with pytest.raises(InvalidInput, match="mirrored pairs"):
        PairedMoves.between(weights, start.signs, weights)
