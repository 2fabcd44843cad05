"""Kernels as functions for jax: on the sphere and, beside them, of vectors of any norm."""

import doctest
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import robustntk.kernels.interfaces.jax_function
from robustntk.kernels import (
    DeepKernel,
    DualKernel,
    deep_kernel,
    dual_kernel,
    fully_connected,
    gram,
    gram_gradient,
    paper_network,
)
from robustntk.kernels.any_norm.differentiable_ntk import ntk_pair
from robustntk.kernels.any_norm.matrix import ntk_matrix
from robustntk.kernels.interfaces.jax_function import sphere_pair

KERNELS: list[DeepKernel | DualKernel] = [
    dual_kernel("relu"),
    dual_kernel("erf"),
    deep_kernel(fully_connected("relu", 3, trained="all", bias_variance="1/10")),
    deep_kernel(fully_connected("tanh", 2, trained="readout")),
    deep_kernel(fully_connected("quadratic_relu", 2)),
    deep_kernel(fully_connected("gelu", 2, weight_variance=2)),
    deep_kernel(paper_network(2, 5)),
]
# A derivative at u = 1 exists without a ReLU.
DIFFERENTIABLE = [kernel for kernel in KERNELS if "relu" not in kernel.label.replace("quadratic_relu", "")]


def unit_vectors() -> np.ndarray:
    """Some that are equal, opposite, and at distances of 1e-4 and 1e-9 from another or its opposite."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6, 5))
    across = rng.standard_normal((4, 5))
    X = np.vstack([X, X[0], -X[1], X[0] + 1e-4 * across[0], X[0] + 1e-9 * across[1], 1e-9 * across[2] - X[2]])
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def matrix(function: Any, X: np.ndarray, Z: np.ndarray) -> Any:
    return jax.jit(jax.vmap(jax.vmap(function, (None, 0)), (0, None)))(X, Z)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.label)
def test_pairs_give_the_gram_matrix(kernel: DeepKernel) -> None:
    X = unit_vectors()
    K = gram(kernel, X)
    with jax.enable_x64(True):
        found = np.asarray(matrix(sphere_pair(kernel), X, X))
        assert found.dtype == np.float64
        assert np.abs(found - K).max() <= 1e-14 * kernel.at_one
        assert not np.abs(found * (1 + 1e-12) - K).max() <= 1e-14 * kernel.at_one
    single = np.asarray(matrix(sphere_pair(kernel), X, X))
    assert single.dtype == np.float32
    # Cosines of float32, of which the chord makes up only near 1 and -1.
    assert np.abs(single - K).max() <= 1e-5 * kernel.at_one


def along(kernel: DeepKernel | DualKernel, x: np.ndarray, z: np.ndarray) -> Any:
    """The kernel on the great circle through x and the coordinate axes' mean, as a function of the angle."""
    across = np.ones(5) - (np.ones(5) @ x) * x
    across /= np.linalg.norm(across)
    return lambda t: sphere_pair(kernel)(jnp.cos(t) * x + jnp.sin(t) * across, jnp.asarray(z))


@pytest.mark.parametrize("kernel", KERNELS[:5], ids=lambda kernel: kernel.label)
def test_derivatives_are_limits_of_differences(kernel: DeepKernel) -> None:
    """The first two along great circles, by differences of the sixth order; wrong ones are refuted."""
    X, step = unit_vectors()[:6], 1e-2
    with jax.enable_x64(True):
        for x, z in ((X[0], X[1]), (X[2], X[5]), (X[3], -X[4])):
            function = along(kernel, x, z)
            twice = jax.jit(jax.vmap(lambda t, f=function: (f(t), jax.grad(f)(t), jax.grad(jax.grad(f))(t))))
            at = [np.asarray(each) for each in twice(step * jnp.arange(-3, 4))]
            weights = np.array([-1, 9, -45, 0, 45, -9, 1]) / (60 * step)
            found = np.array([at[1][3], at[2][3]])
            differences = np.array([weights @ at[0], weights @ at[1]])
            size = np.abs(differences).max()
            assert np.abs(found - differences).max() <= 1e-8 * size
            assert not np.abs(found * (1 + 1e-6) - differences).max() <= 1e-8 * size


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.label)
def test_gradients_in_space_are_those_of_kernel_functions(kernel: DeepKernel) -> None:
    X = unit_vectors()
    coefficients = np.random.default_rng(1).standard_normal(4)
    with jax.enable_x64(True):
        function = sphere_pair(kernel)
        found = jax.vmap(jax.grad(lambda x: jnp.asarray(coefficients) @ jax.vmap(function, (None, 0))(x, X[2:6])))(X)
    exact = gram_gradient(kernel, X, X[2:6], coefficients)
    other = [0, 1, 6, 7, 8, 9]
    np.testing.assert_allclose(
        found[np.array(other)], exact[other], rtol=1e-12, atol=1e-13 * np.abs(exact[other]).max()
    )


@pytest.mark.parametrize("kernel", KERNELS[1:5], ids=lambda kernel: kernel.label)
def test_on_the_sphere_all_is_as_at_any_norm(kernel: DeepKernel) -> None:
    """`ntk_pair` has the same values, and the same derivatives along the sphere; for near pairs as well."""
    X = unit_vectors()
    x, z = X[[0, 2, 0, 5]], X[[1, 3, 8, 7]]
    across = np.eye(5) - x[:, :, None] * x[:, None, :]
    with jax.enable_x64(True):
        found = []
        for function in (sphere_pair(kernel), ntk_pair(kernel.architecture)):
            values, gradients = jax.jit(jax.vmap(jax.value_and_grad(function)))(x, z)
            found.append((np.asarray(values), np.einsum("kij,kj->ki", across, gradients)))
    (values, slopes), (others, exact) = found
    assert np.abs(values - others).max() <= 1e-13 * kernel.at_one
    assert all(np.abs(slopes - exact).max(axis=1) <= 1e-10 * np.abs(exact).max(axis=1))


@pytest.mark.parametrize("kernel", DIFFERENTIABLE, ids=lambda kernel: kernel.label)
def test_the_gradient_exists_where_points_coincide(kernel: DeepKernel) -> None:
    x = unit_vectors()[0]
    with jax.enable_x64(True):
        found = jax.grad(sphere_pair(kernel))(x, x)
        # Theta'(1) from values alone, by extrapolation in powers of the square root of the step.
        steps = 1e-3 * 0.25 ** np.arange(4)
        table = [(kernel.at_one - float(kernel.value(np.float64(1 - step)))) / step for step in steps]
        for order in range(1, 4):
            table = [(2**order * b - a) / (2**order - 1) for a, b in zip(table[:-1], table[1:], strict=True)]
    assert len(DIFFERENTIABLE) >= 4
    np.testing.assert_allclose(found, table[0] * x, rtol=1e-6)


def test_second_derivatives_where_points_coincide_are_refused() -> None:
    x = unit_vectors()[0]
    for kernel in KERNELS[:3]:
        assert np.all(np.isnan(jax.hessian(sphere_pair(kernel))(x, x)))


def test_other_vectors_have_no_value() -> None:
    X = unit_vectors()
    kernel = sphere_pair(dual_kernel("erf"))
    for x, z in ((X[0] * 1.0001, X[1]), (X[0], X[1] * 0.9), (X[0] * 0, X[0])):
        assert np.isnan(kernel(x, z))
    assert np.isfinite(kernel(X[0], X[1]))


def test_sums_of_kernel_functions_differentiate_under_everything() -> None:
    """What an attack does: gradients of sum_j c_j K(x, z_j) for many x at once, here at points of any norm as well."""
    rng = np.random.default_rng(3)
    X, c, move, step = unit_vectors()[:6], rng.standard_normal(4), rng.standard_normal(5), 1e-5
    network = fully_connected("erf", 3, trained="all")
    with jax.enable_x64(True):
        on_sphere = sphere_pair(deep_kernel(network))
        functions = {
            1: lambda x, z: on_sphere(x / jnp.linalg.norm(x), z),
            2: ntk_pair(network),
        }
        for norm, function in functions.items():
            rows = norm * X

            def f(x: Any, function: Any = function, Z: np.ndarray = rows[2:]) -> Any:
                return jnp.asarray(c) @ jax.vmap(function, (None, 0))(x, Z)

            values, gradients = jax.jit(jax.vmap(jax.value_and_grad(f)))(rows)
            np.testing.assert_allclose(values, ntk_matrix(network, rows, rows[2:]) @ c, rtol=1e-12)
            moved = [np.array([float(f(x + sign * step * move)) for x in rows]) for sign in (1, -1)]
            np.testing.assert_allclose(gradients @ move, (moved[0] - moved[1]) / (2 * step), rtol=1e-7, atol=1e-9)


def test_the_example_is_true() -> None:
    result = doctest.testmod(robustntk.kernels.interfaces.jax_function)
    assert result.attempted > 5
    assert result.failed == 0
