"""Values and gradients of the kernel as a function for jax, against 60 digits."""

import doctest
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

import robustntk.kernels.any_norm.differentiable_ntk
from robustntk.bounds import Activation, InvalidInput
from robustntk.bounds.activation import z as symbol
from robustntk.kernels.any_norm.differentiable_ntk import ntk_gradient, ntk_pair
from robustntk.kernels.any_norm.matrix import ntk_matrix
from robustntk.kernels.architecture import Architecture, fully_connected

rng = np.random.default_rng(0)
X, Z = rng.standard_normal((2, 3)) / 2, rng.standard_normal((2, 3)) / 2
NETWORKS = {
    name: fully_connected(name, 2, trained="all", bias_variance="1/10")
    for name in ("relu", "quadratic_relu", "erf", "gelu", "sin", "sin_cos")
} | {"erf, relu": fully_connected(["erf", "relu"], trained="all", bias_variance="1/10")}
# Kernels that are differentiable at x = z: the NNGP kernel of ReLU is, its NTK is not.
SMOOTH = ("quadratic_relu", "erf", "gelu", "sin", "sin_cos")


def exact_gradient(reference: ModuleType, architecture: Architecture, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """By central differences of 60 digits; steps of 2^-26 leave an error of 1e-8 at a kink, else far less."""
    slopes = []
    for e in 2.0**-26 * np.eye(len(x)):
        difference = reference.kernel(architecture, x + e, z) - reference.kernel(architecture, x - e, z)
        slopes.append(float(difference) / np.sum((x + e) - (x - e)))
    return np.array(slopes)


@pytest.mark.parametrize("name", NETWORKS)
def test_values_are_those_of_the_matrix(name: str) -> None:
    with jax.enable_x64(True):
        kernel = jax.jit(jax.vmap(jax.vmap(ntk_pair(NETWORKS[name]), (None, 0)), (0, None)))
        others = np.concatenate([Z, X, -X[:1], X + 1e-9, np.zeros((1, 3)), 3 * X])
        values, matrix = np.asarray(kernel(X, others)), ntk_matrix(NETWORKS[name], X, others)
    assert values.dtype == np.float64
    assert np.all(np.abs(values - matrix) <= 1e-13 * np.abs(matrix))
    assert not np.all(np.abs(values * (1 + 1e-11) - matrix) <= 1e-13 * np.abs(matrix))


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_right_at_pairs_of_all_kinds(deep_reference: ModuleType, name: str) -> None:
    """Also at x = z, at the antipode, and at and towards the zero vector, where the kernel is differentiable."""
    x, z, zero = X[0], Z[0], np.zeros(3)
    pairs = [(x, z), (x, -x), (zero, z), (x, zero), (zero, zero), (x, 2 * x + 1e-3)]
    if name in SMOOTH:
        pairs += [(x, x), (x, x + 1e-10), (x, 2 * x)]
    with jax.enable_x64(True):
        gradient = jax.jit(jax.grad(ntk_pair(NETWORKS[name])))
        for one, other in pairs:
            exact = exact_gradient(deep_reference, NETWORKS[name], one, other)
            found = np.asarray(gradient(one, other))
            assert np.all(np.abs(found - exact) < 1e-7), (name, one, other)
            assert not np.all(np.abs(found + 1e-5 - exact) < 1e-7)


def test_large_norms_without_closed_form() -> None:
    architecture = fully_connected(["tanh", "relu"], trained="all", bias_variance="1/10")
    x, z = 12 * X[0], 12 * Z[0]
    with jax.enable_x64(True):
        value, gradient = jax.jit(jax.value_and_grad(ntk_pair(architecture, largest_norm=20)))(x, z)
    assert float(value) == pytest.approx(ntk_matrix(architecture, x[None], z[None])[0, 0], rel=1e-13)
    steps = 1e-4 * np.eye(3)
    differences = [np.diff(ntk_matrix(architecture, np.array([x - e, x + e]), z[None])[:, 0]) / 2e-4 for e in steps]
    assert np.all(np.abs(np.asarray(gradient) - np.array(differences)[:, 0]) < 1e-7)
    assert np.all(np.abs(ntk_gradient(architecture, x[None], z[None], np.ones(1))[0] - np.asarray(gradient)) < 1e-12)


def test_a_kink_has_the_mean_of_its_slopes(deep_reference: ModuleType) -> None:
    """The NTK of ReLU at x = z is K(x, x) minus a multiple of the distance: a central difference cancels that."""
    x = np.array([0.5, -0.25, 0.125])
    with jax.enable_x64(True):
        for name in ("relu", "erf, relu"):
            found = np.asarray(jax.jit(jax.grad(ntk_pair(NETWORKS[name])))(x, x))
            assert np.all(np.abs(found - exact_gradient(deep_reference, NETWORKS[name], x, x)) < 1e-7)


def test_near_a_kink_digits_are_lost_as_stated() -> None:
    """The kink's part of the gradient is a unit vector times 1/(2 pi) |x|, for ReLU at depth 1 and unit vectors."""
    x, across = np.array([0.6, 0.8]), np.array([0.8, -0.6])
    architecture = fully_connected("relu", 1)
    with jax.enable_x64(True):
        gradient = jax.jit(jax.grad(ntk_pair(architecture)))
        for distance in (1e-3, 1e-6, 1e-9):
            # K = <x, z> (1/2 - theta/(2 pi)) and theta grows as x moves away from z.
            along = float(np.asarray(gradient(x + distance * across, x)) @ across)
            assert abs(along + 1 / (2 * np.pi)) < 1e-15 / distance + distance


@pytest.mark.parametrize("name", ["quadratic_relu", "erf, relu"])
def test_second_derivatives_away_from_parallel(name: str) -> None:
    with jax.enable_x64(True):
        kernel = ntk_pair(NETWORKS[name])
        hessian = np.asarray(jax.jit(jax.jacfwd(jax.grad(kernel)))(X[0], Z[0]))
        steps = 1e-5 * np.eye(3)
        gradient = jax.jit(jax.grad(kernel))
        differences = [(gradient(X[0] + e, Z[0]) - gradient(X[0] - e, Z[0])) / 2e-5 for e in steps]
    assert np.all(np.abs(hessian - np.array(differences)) < 1e-7)


@pytest.mark.parametrize("name", ["tanh", "softplus"])
def test_series(deep_reference: ModuleType, name: str) -> None:
    architecture = fully_connected([name, "relu"], trained="all", bias_variance="1/10")
    with jax.enable_x64(True):
        kernel = jax.jit(jax.value_and_grad(ntk_pair(architecture, largest_norm=1.5)))
        value, gradient = kernel(X[0], Z[0])
        beyond, _ = kernel(jnp.array([1.6, 0.0, 0.0]), Z[0])
    exact = deep_reference.kernel(architecture, X[0], Z[0])
    assert abs(float(value) - exact) < 1e-13 * exact
    steps = 1e-5 * np.eye(3)
    differences = [np.diff(ntk_matrix(architecture, np.array([X[0] - e, X[0] + e]), Z[:1])[:, 0]) / 2e-5 for e in steps]
    assert np.all(np.abs(np.asarray(gradient) - np.array(differences)[:, 0]) < 1e-8)
    assert np.isnan(float(beyond))


@pytest.mark.parametrize("name", ["relu", "gelu", "erf, relu", "tanh"])
def test_gradients_of_kernel_functions_are_sums_of_those_of_pairs(name: str) -> None:
    architecture = NETWORKS.get(name) or fully_connected(name, 2, trained="all")
    points, coefficients = np.concatenate([X, Z[:1], np.zeros((1, 3))]), np.array([1.0, -2.0, 0.5])
    centres = np.concatenate([Z, X[:1]])
    found = ntk_gradient(architecture, points, centres, coefficients)
    with jax.enable_x64(True):
        table = jax.vmap(jax.vmap(jax.grad(ntk_pair(architecture)), (None, 0)), (0, None))
        pairs = np.einsum("ijk,j->ik", np.asarray(jax.jit(table)(points, centres)), coefficients)
    assert found.shape == points.shape
    assert np.all(np.abs(found - pairs) < 1e-12)
    assert not np.all(np.abs(found * (1 + 1e-10) - pairs) < 1e-12)


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    points, coefficients = rng.standard_normal((7, 3)), np.array([1.0, -1.0])
    whole = ntk_gradient(NETWORKS["relu"], points, Z, coefficients)
    monkeypatch.setattr(robustntk.kernels.any_norm.differentiable_ntk, "_ENTRIES_AT_ONCE", 6)
    assert np.allclose(ntk_gradient(NETWORKS["relu"], points, Z, coefficients), whole, rtol=1e-13, atol=1e-14)


def test_single_precision_stays_single() -> None:
    kernel = ntk_pair(NETWORKS["relu"])
    x, z = jnp.asarray(X[0], jnp.float32), jnp.asarray(Z[0], jnp.float32)
    value, gradient = jax.jit(jax.value_and_grad(kernel))(x, x)
    assert value.dtype == gradient.dtype == jnp.float32
    assert np.all(np.isfinite(gradient))
    assert abs(float(jax.jit(kernel)(x, z)) / ntk_matrix(NETWORKS["relu"], X[:1], Z[:1])[0, 0] - 1) < 1e-6


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(InvalidInput, match="largest_norm is 0: expected a positive number"):
        ntk_pair(NETWORKS["relu"], largest_norm=0)
    with pytest.raises(InvalidInput, match="swish at a preactivation variance of"):
        ntk_pair(fully_connected(Activation.define("swish", symbol * (1 + sympy.tanh(symbol)))), largest_norm=50)
    with pytest.raises(InvalidInput, match=r"coefficients have shape \(3,\): expected \(2,\)"):
        ntk_gradient(NETWORKS["relu"], X, Z, np.ones(3))
    with pytest.raises(InvalidInput, match="X has 3 columns and Z has 2"):
        ntk_gradient(NETWORKS["relu"], X, Z[:, :2], np.ones(2))


def test_the_example_is_true() -> None:
    result = doctest.testmod(robustntk.kernels.any_norm.differentiable_ntk)
    assert result.attempted > 2
    assert result.failed == 0
