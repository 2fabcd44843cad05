"""The empirical NTK against Jacobians: by JAX's differentiation, by finite differences, and by neural-tangents."""

import json
import os
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import ACTIVATIONS, InvalidInput
from robustntk.kernels import SymmetricInitialisation, empirical_gram, numeric
from robustntk.kernels.architecture import Architecture, fully_connected, paper_network
from robustntk.kernels.finite.empirical_ntk import empirical_ntk
from robustntk.kernels.finite.finite_network import FiniteNetwork

VARIANCES: dict[str, Any] = {"weight_variance": [2, "1/3", 1, 5], "bias_variance": [0, "1/4", 1, 3]}
ARCHITECTURES = {
    "all layers, biases": fully_connected(["relu", "erf", "gelu"], trained="all", **VARIANCES),
    "first and third": fully_connected("tanh", 3, trained=(True, False, True, False), **VARIANCES),
    "readout": fully_connected("sin", 3, trained="readout", **VARIANCES),
    "hidden, no biases": fully_connected("quadratic_relu", 3),
    "one hidden layer": fully_connected("softplus", 1, trained="all", bias_variance=1),
    "standard": fully_connected("sigmoid", 3, trained="all", **VARIANCES, parametrization="standard", width=6),
    "paper": paper_network(3, 6),
}


def points(n: int, d: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def draw(architecture: Architecture, seed: int = 1, dtype: Any = np.float64) -> FiniteNetwork:
    widths = architecture.width or [7, 5, 6][: architecture.depth]
    return FiniteNetwork.initialise(architecture, 4, widths, seed=seed, dtype=dtype)


def output(architecture: Architecture, parameters: Any, x: Any) -> Any:
    """f(x) as the docstring of `architecture` defines it, in JAX and without `FiniteNetwork`."""
    ntk, hidden = architecture.parametrization == "ntk", x
    for index, (weights, bias) in enumerate(parameters):
        s = float(architecture.weight_variances[index]) ** 0.5 if ntk else 1
        t = float(architecture.bias_variances[index]) ** 0.5 if ntk else 1
        width = hidden.size if ntk and index > 0 else 1
        z = s * (weights @ hidden) / width**0.5 + (0 if bias is None else t * bias)
        if index < architecture.depth:
            hidden = numeric(architecture.activations[index], 0, jnp)(z)
    return z[0]


def by_jacobians(network: FiniteNetwork, X: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """The product of the Jacobians of all trained parameters, written out."""

    def jacobian(rows: np.ndarray) -> Any:
        parameters = jax.tree.map(jnp.asarray, network.parameters)
        of_point = jax.jacobian(lambda p, x: output(network.architecture, p, x))
        layers = jax.vmap(of_point, (None, 0))(parameters, jnp.asarray(rows))
        trained = [pair for pair, on in zip(layers, network.architecture.trained, strict=True) if on]
        return jnp.concatenate([a.reshape(len(rows), -1) for pair in trained for a in pair if a is not None], axis=1)

    with jax.enable_x64(True):
        return np.asarray(jax.jit(lambda: jacobian(X) @ jacobian(Z).T)())


@lru_cache
def expected_of(name: str) -> np.ndarray:
    return by_jacobians(draw(ARCHITECTURES[name]), points(5), points(3, seed=1))


def disagreement(K: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(K - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_is_the_product_of_the_jacobians(name: str) -> None:
    network, X, Z = draw(ARCHITECTURES[name]), points(5), points(3, seed=1)
    assert disagreement(empirical_ntk(network, X, Z), expected_of(name)) < 1e-14
    assert disagreement(empirical_ntk(network, np.concatenate([X, Z]))[:5, 5:], expected_of(name)) < 1e-14


@pytest.mark.parametrize("name", ["all layers, biases", "first and third", "hidden, no biases"])
def test_a_layer_left_out_or_a_wrong_variance_is_refuted(name: str) -> None:
    network, X, Z = draw(ARCHITECTURES[name]), points(5), points(3, seed=1)
    architecture, expected = network.architecture, expected_of(name)
    for index, on in enumerate(architecture.trained):
        others = tuple(on != (i == index) for i, on in enumerate(architecture.trained))
        off = empirical_ntk(FiniteNetwork(replace(architecture, trained=others), network.parameters), X, Z)
        assert disagreement(off, expected) > 1e-4, (index, on)
        variances = list(architecture.weight_variances)
        variances[index] *= sympy.Rational(1001, 1000)
        wrong = FiniteNetwork(replace(architecture, weight_variances=tuple(variances)), network.parameters)
        assert disagreement(empirical_ntk(wrong, X, Z), expected) > 1e-5, index


@pytest.mark.parametrize("name", ["all layers, biases", "standard", "first and third"])
def test_finite_differences_of_the_output_give_the_same(name: str) -> None:
    """Central differences of `forward` in every single trained parameter, no derivative of an activation anywhere."""
    network, X = draw(ARCHITECTURES[name]), points(4)
    if name == "all layers, biases":  # differences across the kink of relu mean nothing
        network = FiniteNetwork(
            fully_connected(["tanh", "erf", "gelu"], trained="all", **VARIANCES), network.parameters
        )
    step, columns = 1e-5, []
    for layer, on in enumerate(network.architecture.trained):
        for part, array in enumerate(network.parameters[layer]):
            for entry in range(array.size if on and array is not None else 0):
                ends = [moved(network, layer, part, entry, shift).forward(X) for shift in (step, -step)]
                columns.append((ends[0] - ends[1]) / (2 * step))
    jacobian = np.array(columns).T
    assert disagreement(empirical_ntk(network, X), jacobian @ jacobian.T) < 1e-8


def moved(network: FiniteNetwork, layer: int, part: int, entry: int, shift: float) -> FiniteNetwork:
    parameters = [list(pair) for pair in network.parameters]
    array = parameters[layer][part].copy()
    array.ravel()[entry] += shift
    parameters[layer][part] = array
    return FiniteNetwork(network.architecture, tuple((pair[0], pair[1]) for pair in parameters))


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation_works_away_from_initialisation(name: str) -> None:
    architecture = fully_connected(name, 2, trained="all", bias_variance=1)
    drawn = FiniteNetwork.initialise(architecture, 4, 6, seed=3)
    rng = np.random.default_rng(4)
    trained = tuple((W + rng.standard_normal(W.shape), b + rng.standard_normal(b.shape)) for W, b in drawn.parameters)  # type: ignore[operator, union-attr]
    network = FiniteNetwork(architecture, trained)
    assert disagreement(empirical_ntk(network, points(3)), by_jacobians(network, points(3), points(3))) < 1e-14


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4000), st.booleans())
def test_tiles_and_the_memory_allowed_change_nothing(n: int, p: int, memory: int, symmetric: bool) -> None:
    network = draw(ARCHITECTURES["all layers, biases"])
    X, Z = points(9)[:n], points(9, seed=1)[:p]
    K = empirical_ntk(network, X, None if symmetric else Z, memory=memory)
    assert disagreement(K, entries(symmetric)[:n, : n if symmetric else p]) < 1e-14
    assert not symmetric or np.array_equal(K, K.T)


@lru_cache
def entries(symmetric: bool) -> np.ndarray:
    """Each entry from a call of its own."""
    network, X = draw(ARCHITECTURES["all layers, biases"]), points(9)
    Z = X if symmetric else points(9, seed=1)
    return np.array([[empirical_ntk(network, x[None], z[None])[0, 0] for z in Z] for x in X])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_symmetric_kernel_is_exactly_symmetric_and_positive(dtype: Any) -> None:
    network = FiniteNetwork.initialise(ARCHITECTURES["all layers, biases"], 4, 40, seed=1, dtype=dtype)
    X = points(1100)
    K = empirical_ntk(network, X)
    assert K.dtype == dtype
    assert np.array_equal(K, K.T)
    # Rounding moves an eigenvalue by no more than that of the entries, each a sum of products of 40 terms.
    rounding = len(X) * 100 * np.finfo(dtype).eps * np.abs(K).max()
    assert np.linalg.eigvalsh(K.astype(np.float64))[0] >= -rounding
    K[0, 0] -= 2 * K[0, 0]
    assert np.linalg.eigvalsh(K.astype(np.float64))[0] < -rounding


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_float32_has_the_digits_of_float32(name: str) -> None:
    wide, narrow = draw(ARCHITECTURES[name]), draw(ARCHITECTURES[name], dtype=np.float32)
    K = empirical_ntk(narrow, points(6), points(5, seed=1))
    assert K.dtype == np.float32
    error = disagreement(K, empirical_ntk(wide, points(6), points(5, seed=1)))
    assert 1e-10 < error < 5e-6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_jax_computes_the_same(dtype: Any) -> None:
    network, X, Z = draw(ARCHITECTURES["all layers, biases"], dtype=dtype), points(6), points(5, seed=1)
    K = empirical_ntk(network, X, Z, xp=jnp)
    assert isinstance(K, np.ndarray) and K.dtype == dtype
    assert disagreement(K, empirical_ntk(network, X, Z)) < 20 * np.finfo(dtype).eps
    square = empirical_ntk(network, X, xp=jnp)
    assert np.array_equal(square, square.T)
    assert disagreement(square, empirical_ntk(network, X)) < 20 * np.finfo(dtype).eps
    assert jnp.zeros(1).dtype == np.float32


@pytest.mark.parametrize("name", ["erf", "relu", "quadratic_relu"])
def test_the_two_layer_kernel_is_a_special_case(name: str) -> None:
    """`empirical_gram` at W_0 and at any other W: the readout is a = +-1, and only the first layer is trained."""
    start = SymmetricInitialisation(34, 4, seed=2)
    architecture = fully_connected(name, trained="first")
    X, Z = points(5), points(3, seed=1)
    elsewhere = start.weights + np.random.default_rng(3).standard_normal(start.weights.shape)
    for weights, K in [
        (start.weights, empirical_gram(start, name, X, Z)),
        (start.weights, empirical_gram(start, name, X, Z, weights=start.weights)),
        (elsewhere, empirical_gram(start, name, X, Z, weights=elsewhere)),
    ]:
        network = FiniteNetwork(architecture, ((weights, None), (start.signs[None], None)))
        np.testing.assert_allclose(empirical_ntk(network, X, Z), K, rtol=1e-12, atol=1e-14)
    assert disagreement(empirical_gram(start, name, X, Z), K) > 1e-2
    square = empirical_gram(start, name, X, weights=elsewhere)
    assert np.array_equal(square, square.T)
    with pytest.raises(InvalidInput, match=r"weights have shape \(17, 4\): expected \(34, 4\)"):
        empirical_gram(start, name, X, weights=start.half_weights)


def test_memory_stays_within_what_is_allowed() -> None:
    network = FiniteNetwork.initialise(fully_connected("gelu", 3, trained="all"), 4, 300, seed=1)
    X, memory = points(1500), 4 << 20
    empirical_ntk(network, X[:2])  # imports and caches
    tracemalloc.start()
    K = empirical_ntk(network, X, memory=memory)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    extra = peak - K.nbytes
    jacobian = X.shape[0] * (4 * 300 + 2 * 300**2 + 300) * 8
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    assert 0 < extra < memory + cores * (6 << 20)
    assert extra < jacobian / 100


def test_neural_tangents_agrees() -> None:
    """Its implementations 1 and 2 on the very same parameters; in a process of its own, as it touches JAX's modules."""
    done = subprocess.run([sys.executable, "-c", NEURAL_TANGENTS], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    errors = json.loads(done.stdout)
    assert len(errors) == 2
    assert max(errors.values()) < 1e-13, errors


NEURAL_TANGENTS = """
import json
import jax, numpy as np
from robustntk.kernels import import_neural_tangents
from robustntk.kernels.architecture import fully_connected
from robustntk.kernels.finite.empirical_ntk import empirical_ntk
from robustntk.kernels.finite.finite_network import FiniteNetwork

nt = import_neural_tangents()
stax = nt.stax
d, errors = 4, {}
X, Z = np.random.default_rng(0).standard_normal((5, d)), np.random.default_rng(1).standard_normal((3, d))
architecture = fully_connected(["relu", "erf"], trained="all", weight_variance=[2, 3, 5], bias_variance=[1, 2, 7])
network = FiniteNetwork.initialise(architecture, d, [6, 8], seed=1)
with jax.enable_x64(True):
    _, apply_fn, _ = stax.serial(
        stax.Dense(6, W_std=(2 * d) ** 0.5, b_std=1), stax.Relu(),
        stax.Dense(8, W_std=3 ** 0.5, b_std=2 ** 0.5), stax.Erf(),
        stax.Dense(1, W_std=5 ** 0.5, b_std=7 ** 0.5),
    )
    (W1, b1), (W2, b2), (W3, b3) = network.parameters
    theirs = [(W1.T, b1[None]), (), (W2.T, b2[None]), (), (W3.T, b3[None])]
    theirs = jax.tree.map(jax.numpy.asarray, theirs)
    for implementation in (1, 2):
        kernel_fn = jax.jit(nt.empirical_ntk_fn(apply_fn, implementation=implementation))
        K = np.asarray(kernel_fn(jax.numpy.asarray(X), jax.numpy.asarray(Z), theirs))
        errors[implementation] = float(np.abs(empirical_ntk(network, X, Z) / K - 1).max())
print(json.dumps(errors))
"""


def test_numpy_work_loads_no_jax() -> None:
    code = """
import sys
import numpy as np
from robustntk.kernels.architecture import fully_connected
from robustntk.kernels.finite.empirical_ntk import empirical_ntk
from robustntk.kernels.finite.finite_network import FiniteNetwork
empirical_ntk(FiniteNetwork.initialise(fully_connected("tanh", 2), 3, 4), np.eye(3))
print("jax" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_refusals() -> None:
    network = draw(ARCHITECTURES["readout"])
    with pytest.raises(InvalidInput, match=r"X has shape \(2, 3\): expected \(n, 4\)"):
        empirical_ntk(network, np.zeros((2, 3)))
    with pytest.raises(InvalidInput, match=r"Z has shape \(4,\): expected \(n, 4\)"):
        empirical_ntk(network, np.zeros((2, 4)), np.zeros(4))
    with pytest.raises(InvalidInput, match="memory is 0"):
        empirical_ntk(network, np.zeros((2, 4)), memory=0)
