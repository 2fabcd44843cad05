from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import Activation, get_activation
from robustntk.kernels import SymmetricInitialisation, dual_kernel, empirical_gram, gram, numeric
from robustntk.verify import predictors
from robustntk.verify.data import embed
from robustntk.verify.predictors import (
    KernelPredictor,
    LinearisedNetwork,
    Predictor,
    TwoLayerNetwork,
    homogeneity,
    network_parts,
)

SMOOTH = ["quadratic_relu", "erf", "tanh", "sin_cos"]


def sphere(count: int, dimension: int, seed: int) -> np.ndarray:
    return embed(np.random.default_rng([seed, 2]).standard_normal((count, dimension - 1)))


def make(kind: str, name: str, seed: int = 0, dtype: Any = np.float64) -> Predictor:
    rng = np.random.default_rng(seed)
    activation = get_activation(name)
    if kind == "kernel":
        return KernelPredictor(dual_kernel(activation), sphere(7, 5, seed + 1), rng.standard_normal(7))
    start = SymmetricInitialisation(30, 5, seed)
    move = rng.standard_normal((30, 5))
    if kind == "network":
        return TwoLayerNetwork((start.weights + move).astype(dtype), start.signs, activation)
    return LinearisedNetwork(start.weights.astype(dtype), move.astype(dtype), start.signs, activation)


KINDS = pytest.mark.parametrize("kind", ["kernel", "network", "linearised"])


@KINDS
@pytest.mark.parametrize("name", SMOOTH)
def test_input_gradient_is_the_derivative_of_predict(kind: str, name: str) -> None:
    predictor: Any = make(kind, name)
    X = sphere(4, 5, 9)
    direction = np.random.default_rng(4).standard_normal(X.shape)
    if kind == "kernel":
        # kappa lives on the sphere: only tangential directions make sense of it.
        direction -= np.sum(direction * X, axis=1, keepdims=True) * X
    step = 1e-6
    slope = (predictor.predict(X + step * direction) - predictor.predict(X - step * direction)) / (2 * step)
    np.testing.assert_allclose(np.sum(predictor.input_gradient(X) * direction, axis=1), slope, atol=1e-7)


@KINDS
@pytest.mark.parametrize("name", ["relu", *SMOOTH])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_jax_twin_agrees_with_numpy(kind: str, name: str, dtype: Any) -> None:
    predictor: Any = make(kind, name, dtype=dtype)
    X = sphere(4, 5, 9)
    with jax.enable_x64(predictor.dtype == np.float64):
        twin, points = predictor.evaluator(), X.astype(predictor.dtype)
        parameters = jax.device_put(predictor.parameters())
        values, gradients = jax.jit(twin.values_and_gradients)(parameters, points)
        alone = jax.jit(twin.values)(parameters, points)
    assert values.dtype == gradients.dtype == alone.dtype == predictor.dtype
    tolerance = 200 * np.finfo(predictor.dtype).eps
    np.testing.assert_allclose(values, predictor.predict(X), atol=tolerance, rtol=tolerance)
    np.testing.assert_allclose(alone, predictor.predict(X), atol=tolerance, rtol=tolerance)
    np.testing.assert_allclose(gradients, predictor.input_gradient(X), atol=tolerance, rtol=tolerance)


@KINDS
def test_equal_functions_share_one_evaluator(kind: str) -> None:
    first, second, other = make(kind, "erf", 0), make(kind, "erf", 1), make(kind, "tanh", 0)
    assert first.evaluator() == second.evaluator() and hash(first.evaluator()) == hash(second.evaluator())
    assert first.evaluator() != other.evaluator()


@pytest.mark.parametrize("name", ["quadratic_relu", "erf"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_symmetric_network_is_exactly_zero_in_floating_point(name: str, dtype: Any) -> None:
    start = SymmetricInitialisation(20_000, 65, 0)
    network = TwoLayerNetwork(start.weights.astype(dtype), start.signs, get_activation(name))
    with jax.enable_x64(dtype == np.float64):
        parameters = jax.device_put(network.parameters())
        twin = network.evaluator()
        values, gradients = jax.jit(twin.values_and_gradients)(parameters, sphere(20, 65, 1).astype(dtype))
    assert not np.any(values) and not np.any(gradients)


def test_network_is_the_formula_of_theory_section_0() -> None:
    network: Any = make("network", "erf")
    sigma = numeric(network.activation, 0)
    X = sphere(3, 5, 2)
    expected = [sum(a * sigma(w @ x) for a, w in zip(network.signs, network.weights, strict=True)) for x in X]
    np.testing.assert_allclose(network.predict(X), np.array(expected) / np.sqrt(30), rtol=1e-13)


@KINDS
def test_tiles_do_not_change_predictions(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor: Any = make(kind, "tanh")
    X = sphere(3, 5, 2)
    whole = predictor.predict(X), predictor.input_gradient(X)
    monkeypatch.setattr(predictors, "_TILE", 21)
    np.testing.assert_allclose(predictor.predict(X), whole[0], rtol=1e-12)
    np.testing.assert_allclose(predictor.input_gradient(X), whole[1], rtol=1e-12)


@pytest.mark.parametrize("name", SMOOTH)
def test_linearised_network_is_the_derivative_of_the_network_in_its_weights(name: str) -> None:
    linear: Any = make("linearised", name)
    X, step = sphere(3, 5, 2), 1e-6
    moved = [
        TwoLayerNetwork(linear.weights + sign * step * linear.displacement, linear.signs, linear.activation).predict(X)
        for sign in (1, -1)
    ]
    np.testing.assert_allclose(linear.predict(X), (moved[0] - moved[1]) / (2 * step), atol=1e-7)


def test_linearised_network_at_a_kernel_displacement_is_the_empirical_kernel() -> None:
    start, activation = SymmetricInitialisation(40, 5, 3), get_activation("tanh")
    Z, coefficients = sphere(4, 5, 5), np.array([1.0, -2.0, 0.5, 3.0])
    active = numeric(activation, 1)(start.weights @ Z.T) * coefficients
    displacement = start.signs[:, None] / np.sqrt(40) * (active @ Z)
    linear = LinearisedNetwork(start.weights, displacement, start.signs, activation)
    X = sphere(3, 5, 2)
    np.testing.assert_allclose(linear.predict(X), empirical_gram(start, activation, X, Z) @ coefficients, rtol=1e-12)


@given(st.sampled_from(["relu", *SMOOTH]), st.integers(0, 10**6))
def test_squared_norm_is_the_quadratic_form_of_the_gram_matrix(name: str, seed: int) -> None:
    predictor: Any = make("kernel", name, seed)
    K = gram(predictor.kernel, predictor.centers)
    expected = predictor.coefficients @ K @ predictor.coefficients
    assert predictor.norm_squared == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert predictor.norm_squared >= 0


@pytest.mark.parametrize("count", [0, 1, 64, 65, 300, 1025])
def test_padding_adds_nothing_and_takes_few_shapes(count: int) -> None:
    rng = np.random.default_rng(count)
    predictor = KernelPredictor(dual_kernel("erf"), sphere(count, 5, 1), rng.standard_normal(count))
    centers, coefficients = predictor.parameters()
    assert len(centers) == len(coefficients) in {64, 256, 1024, 2048}
    padded = KernelPredictor(predictor.kernel, centers, coefficients)
    X = sphere(3, 5, 2)
    np.testing.assert_allclose(padded.predict(X), predictor.predict(X), atol=1e-12)


def test_relu_kernel_has_a_finite_gradient_at_its_own_centre() -> None:
    predictor: Any = make("kernel", "relu")
    with jax.enable_x64(True):
        twin = jax.jit(predictor.evaluator().values_and_gradients)
        _, gradients = twin(predictor.parameters(), jnp.asarray(predictor.centers))
    assert np.all(np.isfinite(gradients)) and np.all(np.isfinite(predictor.input_gradient(predictor.centers)))


def test_relu_kernel_is_accurate_next_to_its_centre() -> None:
    center = np.array([[0.6, 0.0, 0.8]])
    near = center + np.array([[0.0, 1e-7, 0.0]])
    predictor = KernelPredictor(dual_kernel("relu"), center, np.ones(1))
    drop = predictor.predict(center) - predictor.predict(near / np.linalg.norm(near))
    assert drop[0] == pytest.approx(1e-7 / (2 * np.pi), rel=1e-6)


@pytest.mark.parametrize(("name", "degree"), [("relu", 1.0), ("quadratic_relu", 2.0)])
def test_homogeneity_is_found_by_proof(name: str, degree: float) -> None:
    assert homogeneity(get_activation(name)) == degree
    assert homogeneity(get_activation(name).scaled(3)) == degree


@pytest.mark.parametrize("name", ["erf", "tanh", "softplus", "sigmoid", "gelu", "sin", "sin_cos"])
def test_other_activations_are_not_homogeneous(name: str) -> None:
    assert homogeneity(get_activation(name)) is None


def test_an_almost_homogeneous_activation_is_not_taken_for_one() -> None:
    z = sympy.Symbol("z")
    activation = Activation.define("bent", sympy.Max(0, z) ** 2 + sympy.Rational(1, 10**9) * z)
    assert homogeneity(activation) is None


def test_parts_are_the_two_halves_with_their_output_weights() -> None:
    (first, plus), (second, minus) = network_parts(np.arange(8.0).reshape(4, 2), np.array([1.0, 1.0, -1.0, -1.0]))
    np.testing.assert_array_equal(np.concatenate([first, second]), np.arange(8.0).reshape(4, 2))
    np.testing.assert_array_equal(np.concatenate([plus, minus]), [0.5, 0.5, -0.5, -0.5])
