"""Rounding errors of predictions stay within their bounds: float64 against 50 digits, float32 against float64."""

import jax
import numpy as np
import pytest
from flint import arb, ctx

from robustntk.bounds import InvalidInput, get_activation
from robustntk.kernels import dual_kernel
from robustntk.verify.certificates.evaluation_error import evaluation_error
from robustntk.verify.data import embed
from robustntk.verify.predictors import KernelPredictor, TwoLayerNetwork


def random_network(width: int, name: str) -> TwoLayerNetwork:
    rng = np.random.default_rng(width)
    signs = rng.choice([-1.0, 1.0], width)
    return TwoLayerNetwork(rng.standard_normal((width, 9)).astype(np.float32), signs, get_activation(name))


@pytest.mark.parametrize("name", ["quadratic_relu", "erf", "tanh", "gelu"])
@pytest.mark.parametrize("width", [2, 100, 5000])
def test_float32_evaluations_stay_within_their_bound(name: str, width: int) -> None:
    network = random_network(width, name)
    X = embed(np.random.default_rng(0).standard_normal((6, 8)), bias=0.5)
    exact = network.predict(X)
    evaluator, parameters = network.evaluator(), network.parameters()
    values = np.asarray(jax.jit(evaluator.values)(parameters, X.astype(np.float32)), np.float64)
    euler = np.asarray(jax.jit(evaluator.values_and_gradients)(parameters, X.astype(np.float32))[0], np.float64)
    allowed = evaluation_error(network, X, dtype=np.float32)
    assert np.all(allowed - np.abs(values - exact) > 0.0) and np.all(allowed - np.abs(euler - exact) > 0.0)
    # It is a bound for the worst order of summation: not tight, but of the right magnitude.
    assert np.all(allowed < 1e-5 * (width + 200) * np.sqrt(width))


def test_float64_evaluations_stay_within_their_bound_and_a_thousandth_of_it_is_too_small() -> None:
    network = random_network(400, "tanh")
    X = embed(np.random.default_rng(0).standard_normal((20, 8)), bias=0.5)
    with ctx.workprec(200):
        exact = [
            sum(
                arb(float(sign)) * sum(arb(float(w)) * arb(float(x)) for w, x in zip(row, point, strict=True)).tanh()
                for row, sign in zip(network.weights, network.signs, strict=True)
            )
            / arb(400).sqrt()
            for point in X
        ]
        errors = np.array(
            [abs(float(value - arb(float(given)))) for value, given in zip(exact, network.predict(X), strict=True)]
        )
    allowed = evaluation_error(network, X)
    assert np.all(allowed - errors > 0.0)
    assert np.any(1e-4 * allowed - errors < 0.0)


def test_kernel_functions_are_evaluated_in_float64_only() -> None:
    X = embed(np.random.default_rng(0).standard_normal((3, 8)), bias=0.5)
    predictor = KernelPredictor(dual_kernel(get_activation("erf")), X, np.ones(3))
    assert np.all(evaluation_error(predictor, X) > 0.0)
    with pytest.raises(InvalidInput, match="dtype is float32: expected float64"):
        evaluation_error(predictor, X, dtype=np.float32)
    with pytest.raises(InvalidInput, match="dtype is float16: expected"):
        evaluation_error(predictor, X, dtype=np.float16)
