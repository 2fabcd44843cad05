"""Deep kernels as functions: types, jax transformations, accurate angles, and the same object for the same network."""

import doctest
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx

from robustntk.bounds import ACTIVATIONS, InvalidInput
from robustntk.kernels import SphereKernel, deep, deep_kernel, dual_kernel, fully_connected, ntk_enclosure

NETWORK = fully_connected("relu", 3, trained="all", weight_variance=2)
U = np.linspace(-1, 1, 41)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_depth_one_agrees_with_the_closed_forms(name: str) -> None:
    deep_one, dual = deep_kernel(name), dual_kernel(name)
    bound = 1e-14 * dual.at_one
    assert all(np.abs(deep_one.value(U) - dual.value(U)) <= bound)
    inner = U[1:-1]
    assert all(np.abs(deep_one.first(inner) - dual.first(inner)) <= 1e-12 * np.abs(dual.first(inner)).max())
    assert deep_one.at_one == pytest.approx(dual.at_one, rel=1e-15)
    assert dual.label == deep_one.label


def test_both_kinds_are_kernels_of_the_sphere() -> None:
    assert isinstance(deep_kernel(NETWORK), SphereKernel)
    assert isinstance(dual_kernel("erf"), SphereKernel)
    assert deep_kernel(NETWORK) is deep_kernel(NETWORK)
    assert deep_kernel(["relu", "erf"]).architecture == fully_connected(["relu", "erf"])


def test_they_travel_to_other_processes() -> None:
    for kernel in (deep_kernel(NETWORK), dual_kernel("tanh")):
        assert pickle.loads(pickle.dumps(kernel)) is kernel


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_and_shapes_are_kept(dtype: type) -> None:
    kernel = deep_kernel(NETWORK)
    for values in (kernel.value(U.astype(dtype)), kernel.first(U.astype(dtype)[1:-1].reshape(3, 13))):
        assert values.dtype == dtype
    assert kernel.value(dtype(0.5)).shape == ()
    assert kernel.value(1).dtype == np.float64


def test_an_accurate_angle_is_worth_its_digits() -> None:
    """At angle 1e-9 the cosine is 1 in float64, but the kernel of a ReLU network is not that of the diagonal."""
    from fractions import Fraction

    kernel, theta = deep_kernel(NETWORK), 1e-9
    half = Fraction(np.sin(theta / 2))
    for sign in (1, -1):
        u = np.float64(sign)
        angle = theta if sign > 0 else np.pi - theta
        supplement = np.pi - theta if sign > 0 else theta
        value = float(kernel.value(u, np.float64(angle), supplement=np.float64(supplement)))
        with ctx.workprec(200):
            exact = ntk_enclosure(NETWORK, sign * (1 - 2 * half**2))
            assert abs(arb(value) - exact) < 4e-15 * float(exact)
    without = float(kernel.value(np.float64(1)))
    assert without - float(kernel.value(np.float64(1), np.float64(theta))) > 1e-9


def test_jax_transforms_it() -> None:
    kernel = deep_kernel(NETWORK)
    with jax.enable_x64(True):
        u = jnp.asarray(U[1:-1])
        value = lambda x: kernel.value(x, xp=jnp)  # noqa: E731
        np.testing.assert_allclose(jax.jit(value)(u), kernel.value(U[1:-1]), rtol=1e-14)
        np.testing.assert_allclose(jax.vmap(jax.grad(value))(u), kernel.first(U[1:-1]), rtol=1e-13)
        np.testing.assert_allclose(jax.vmap(value)(u), kernel.value(U[1:-1]), rtol=1e-14)
        smooth = deep_kernel(fully_connected("erf", 2))
        assert np.isfinite(jax.grad(lambda x: smooth.value(x, xp=jnp))(1.0))
    assert jax.jit(value)(jnp.float32(0.3)).dtype == jnp.float32


def test_slopes_of_relu_are_infinite_on_the_diagonal_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    assert deep_kernel(NETWORK).first(1.0) == np.inf
    assert not recwarn.list


def test_what_the_error_bound_is_a_bound_of() -> None:
    kernel = deep_kernel(NETWORK)
    for dtype in (np.float32, np.float64):
        u = U.astype(dtype)
        with ctx.workprec(200):
            errors = [
                float(abs(arb(float(v)) - ntk_enclosure(NETWORK, float(x))).upper())
                for v, x in zip(kernel.value(u), u, strict=True)
            ]
        assert max(errors) <= kernel.error_bound(dtype) * kernel.at_one
        assert kernel.error_bound(dtype) <= 50 * np.finfo(dtype).eps


def test_refusals() -> None:
    with pytest.raises(InvalidInput, match="no_such"):
        deep_kernel("no_such")
    with pytest.raises(InvalidInput, match="dtype is float16"):
        deep_kernel(NETWORK).profile(np.float16)


def test_the_examples() -> None:
    result = doctest.testmod(deep)
    assert result.attempted
    assert result.failed == 0
