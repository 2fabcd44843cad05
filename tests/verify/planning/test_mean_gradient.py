"""E11: no weights in the ball, no slopes and no adversarial points give a gradient of the mean longer than G_D."""

import numpy as np
import pytest
import sympy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from robustntk.bounds import Activation, InvalidInput, get_activation, gradient_bound
from robustntk.bounds import mean_gradient as e11
from robustntk.bounds.activation import z
from robustntk.bounds.letters import R, beta, m
from robustntk.kernels import SymmetricInitialisation, numeric
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import embed, load_data
from robustntk.verify.planning.mean_gradient import MeanGradient, mean_gradient, mean_gradient_bound
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.named import perturbation_set

ACTIVATIONS = st.sampled_from(["quadratic_relu", "erf", "tanh", "softplus", "sin_cos"])
SEEDS = st.integers(0, 10**6)


def network_gradients(weights: np.ndarray, signs: np.ndarray, activation: Activation, points: np.ndarray) -> np.ndarray:
    """grad_W f(W, x) for every point, shape (n, m d)."""
    slopes = numeric(activation, 1)(points @ weights.T) * signs / np.sqrt(len(weights))
    return np.asarray((slopes[:, :, None] * points[:, None, :]).reshape(len(points), -1))


def some_data(seed: int, points: int, bias: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, 1])
    X = embed(rng.standard_normal((points, 3)), bias=bias)
    return X, rng.choice([-1.0, 1.0], points)


def some_weights(start: SymmetricInitialisation, radius: float, seed: int) -> np.ndarray:
    """A point at the border of the ball: a random one, or one that moves along a single input."""
    rng = np.random.default_rng([seed, 2])
    move = rng.standard_normal((start.width, start.dimension))
    if seed % 2:
        move = np.outer(rng.standard_normal(start.width), rng.standard_normal(start.dimension))
    return np.asarray(start.weights + radius * move / np.linalg.norm(move))


@settings(max_examples=80)
@given(
    SEEDS,
    ACTIVATIONS,
    st.sampled_from([2, 16, 200]),
    st.sampled_from([1, 2, 6]),
    st.sampled_from([0.02, 0.2, 0.7]),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from([0.0, 0.3, 5.0]),
)
@example(1, "quadratic_relu", 2, 1, 0.7, 0.0, 5.0)
def test_no_gradient_of_the_mean_is_longer_than_the_bound_of_e11(
    seed: int, name: str, width: int, points: int, delta: float, bias: float, radius: float
) -> None:
    activation, start = get_activation(name), SymmetricInitialisation(width, 4, seed)
    (X, y), cap = some_data(seed, points, bias), SphericalCap(delta, bias)
    bound = mean_gradient_bound(start, activation, X, y, cap, radius)
    rng = np.random.default_rng([seed, 3])
    weights = some_weights(start, radius, seed)
    for moved in np.concatenate([cap.sample(X, 10, rng, part="cap"), cap.sample(X, 10, rng, part="rim")]):
        gradients = network_gradients(weights, start.signs, activation, moved)
        for share in (np.ones(points), rng.integers(0, 2, points), rng.random(points)):
            assert np.linalg.norm((share * y) @ gradients) / points <= bound


@settings(max_examples=40)
@given(SEEDS, ACTIVATIONS, st.sampled_from(["l2", "linf", "cap"]), st.sampled_from([0.0, 0.5, None]))
def test_the_bound_of_e11_holds_on_sets_in_feature_space_and_on_the_whole_sphere(
    seed: int, name: str, kind: str, bias: float | None
) -> None:
    """Each row has a chord of its own there."""
    features = np.random.default_rng([seed, 1]).uniform(1.0, 3.0, (4, 3))
    points = embed(features, bias=bias)
    perturbations = perturbation_set(kind, 0.4, bias=bias)
    X, y = (points if kind == "cap" else features), np.array([1.0, -1.0, 1.0, 1.0])
    activation, start = get_activation(name), SymmetricInitialisation(16, points.shape[1], seed)
    bound = mean_gradient_bound(start, activation, X, y, perturbations, 0.3)
    weights = some_weights(start, 0.3, seed)
    for moved in perturbations.sample(X, 30, np.random.default_rng([seed, 3]), part="rim"):
        gradients = network_gradients(weights, start.signs, activation, perturbations.embed(moved))
        assert np.linalg.norm(y @ gradients) / len(X) <= bound


@settings(max_examples=20)
@given(SEEDS, st.sampled_from(["quadratic_relu", "erf"]), st.sampled_from(["hinge", "logistic"]))
def test_the_gradients_of_adversarial_training_are_within_e11(seed: int, name: str, loss: str) -> None:
    """Steps against an attack, in a ball around the start."""
    from robustntk.bounds import get_loss

    activation, start = get_activation(name), SymmetricInitialisation(40, 4, seed)
    (X, y), cap, radius = some_data(seed, 5, 0.5), SphericalCap(0.1), 1.0
    bound = mean_gradient_bound(start, activation, X, y, cap, radius)
    attack = ProjectedGradientAttack(steps=5)
    weights = start.weights
    for _ in range(6):
        network = TwoLayerNetwork(weights, start.signs, activation)
        moved, _ = attack.minimize_margin(network, X, y, cap)
        slopes = get_loss(loss).slope(network.predict(moved), y)
        gradient = (slopes @ network_gradients(weights, start.signs, activation, moved) / len(X)).reshape(weights.shape)
        assert np.linalg.norm(gradient) <= bound
        move = weights - 0.5 * gradient - start.weights
        weights = start.weights + move * min(1.0, radius / max(float(np.linalg.norm(move)), 1e-300))


@settings(max_examples=40)
@given(
    SEEDS, ACTIVATIONS, st.sampled_from([2, 16, 200]), st.sampled_from([0.02, 0.2, 0.7]), st.sampled_from(["1", "2"])
)
def test_no_point_of_a_cap_turns_the_gradient_at_the_start_by_more_than_its_modulus(
    seed: int, name: str, width: int, delta: float, scale: str
) -> None:
    activation, start = get_activation(name, scale=scale), SymmetricInitialisation(width, 4, seed)
    (X, y), cap = some_data(seed, 3, 0.5), SphericalCap(delta)
    moduli = mean_gradient(start, activation, X, y, cap).moduli
    clean = network_gradients(start.weights, start.signs, activation, X)
    for moved in cap.sample(X, 40, np.random.default_rng([seed, 3]), part="rim"):
        turned = network_gradients(start.weights, start.signs, activation, moved)
        assert np.all(np.linalg.norm(turned - clean, axis=1) <= moduli)


def test_none_of_the_three_parts_can_be_left_out() -> None:
    """For one point: some perturbation, and some weights in the ball, have a gradient longer than without that part."""
    activation, start = get_activation("quadratic_relu"), SymmetricInitialisation(20, 4, 0)
    (X, y), cap = some_data(0, 1, 0.5), SphericalCap(0.5)
    parts = mean_gradient(start, activation, X, y, cap)
    moved = cap.sample(X, 200, np.random.default_rng(0), part="rim")[:, 0]
    perturbed = network_gradients(start.weights, start.signs, activation, moved)
    assert np.max(np.linalg.norm(perturbed, axis=1)) > 1.05 * parts.clean
    weights = start.weights + 2.0 * np.outer(np.ones(20), X[0]) / np.sqrt(20)
    trained = np.linalg.norm(network_gradients(weights, start.signs, activation, X))
    assert 1.05 * parts.clean < trained <= parts.clean + 2.0 * parts.growth
    assert float(np.linalg.norm(network_gradients(start.weights, start.signs, activation, X))) > 0.99 * parts.clean


def test_opposite_labels_cancel_and_equal_ones_do_not() -> None:
    activation, start = get_activation("erf"), SymmetricInitialisation(500, 4, 0)
    X, _ = some_data(0, 6, 0.5)
    X, cap = np.repeat(X[:1], 6, axis=0), SphericalCap(0.05)
    alike = mean_gradient(start, activation, X, np.ones(6), cap)
    mixed = mean_gradient(start, activation, X, np.array([1.0, -1.0] * 3), cap)
    assert np.isclose(alike.clean, np.linalg.norm(network_gradients(start.weights, start.signs, activation, X[:1])))
    # The slopes may vanish for one class and not for the other, so half of it is all that cancels.
    assert np.isclose(mixed.clean, alike.clean / 2.0, rtol=0.1) and np.array_equal(mixed.moduli, alike.moduli)


def test_the_reference_case_needs_a_fifth_of_the_iterations() -> None:
    """Digits 0/1, n = 20, delta = 0.1, quadratic ReLU, m = 2000, R = 3.91: T goes like G^2."""
    data, activation = load_data("digits", classes=("0", "1"), samples=20), get_activation("quadratic_relu")
    start = SymmetricInitialisation(2000, data.dimension, 0)
    found = mean_gradient(start, activation, data.X, data.y, SphericalCap(0.1))
    plain = float(
        gradient_bound(activation, width=2000, radius=3.91, initial_operator_norm=start.operator_norm_upper())
    )
    assert 0.75 < found.clean < 0.77 and found.bound(3.91) < 1.2 and (plain / found.bound(3.91)) ** 2 > 5.0
    # The modulus is measured from above: points on the rims come within 40 per cent of it.
    clean = network_gradients(start.weights, start.signs, activation, data.X)
    rims = SphericalCap(0.1).sample(data.X, 5, np.random.default_rng(0), part="rim")
    turns = [network_gradients(start.weights, start.signs, activation, moved) - clean for moved in rims]
    assert np.max(np.linalg.norm(turns, axis=2)) > 0.6 * np.mean(found.moduli)


def test_the_parts_are_the_formulas_of_the_theorem() -> None:
    activation, start = get_activation("erf"), SymmetricInitialisation(50, 4, 0)
    (X, y), cap = some_data(0, 4, 0.5), SphericalCap(0.1)
    found = mean_gradient(start, activation, X, y, cap)
    sub_norm = float(np.linalg.norm(start.weights[:, :-1], 2))
    values = {beta: float(activation.derivative_lipschitz), m: 50, e11.delta: 0.1, e11.operator_norm: sub_norm}
    turn = e11.TURN.subs(e11.steepness, e11.STEEPNESS).subs(values)
    start_norms = np.linalg.norm(network_gradients(start.weights, start.signs, activation, X), axis=1)
    moduli = [float(e11.MODULUS.subs({e11.turn: turn, e11.start: norm, e11.delta: 0.1})) for norm in start_norms]
    assert np.allclose(found.moduli, moduli, rtol=1e-9)
    form = 16.0 * found.clean**2
    parts = {e11.form: form, e11.n: 4, e11.modulus: float(np.mean(moduli)), R: 1.5} | values
    assert np.isclose(found.bound(1.5), float(e11.MEAN_GRADIENT_BOUND.subs(parts)), rtol=1e-8)
    assert found.bound(1.5) >= float(e11.MEAN_GRADIENT_BOUND.subs(parts))


def test_neurons_that_stay_off_turn_nothing() -> None:
    """The quadratic ReLU is charged for the neurons that are on or may switch, about half of what all would cost."""
    activation, start = get_activation("quadratic_relu"), SymmetricInitialisation(2000, 4, 0)
    (X, y), cap = some_data(0, 3, 0.5), SphericalCap(0.02)
    moduli = mean_gradient(start, activation, X, y, cap).moduli
    sub_norm = float(np.linalg.norm(start.weights[:, :-1], 2))
    everywhere = 2.0 * 0.02 * sub_norm / np.sqrt(2000)
    norms = np.linalg.norm(network_gradients(start.weights, start.signs, activation, X), axis=1)
    assert np.all(moduli < 0.9 * np.sqrt(everywhere**2 + 0.02**2 * norms * (norms + everywhere)))


def test_a_name_is_no_proof() -> None:
    """What merely calls itself quadratic_relu is charged for every neuron."""
    liar = Activation.define("quadratic_relu", sympy.sin(z), derivative_bound=1, derivative_lipschitz=1)
    honest = get_activation("sin")
    (X, y), start = some_data(0, 3, 0.5), SymmetricInitialisation(50, 4, 0)
    bounds = [mean_gradient_bound(start, each, X, y, SphericalCap(0.1), 1.0) for each in (liar, honest)]
    assert bounds[0] == bounds[1]


def test_nan_is_not_lost() -> None:
    assert np.isnan(MeanGradient(clean=float("nan"), moduli=np.zeros(2), growth=1.0).bound(1.0))
    assert np.isnan(MeanGradient(clean=1.0, moduli=np.array([0.0, np.nan]), growth=1.0).bound(1.0))


def test_refusals() -> None:
    (X, y), start, cap = some_data(0, 3, 0.5), SymmetricInitialisation(4, 4, 0), SphericalCap(0.1)
    with pytest.raises(InvalidInput, match="Lipschitz sigma' only"):
        mean_gradient(start, get_activation("relu"), X, y, cap)
    with pytest.raises(InvalidInput, match="row 0 is off the sphere"):
        mean_gradient(start, get_activation("erf"), 2.0 * X, y, cap)
    with pytest.raises(InvalidInput, match=r"a label is .*: expected \+1 and -1"):
        mean_gradient(start, get_activation("erf"), X, 2.0 * y, cap)
