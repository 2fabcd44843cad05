"""kappa along great circles: differences to full relative accuracy, down to angles of 1e-8."""

from collections.abc import Callable
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp, mpf

from robustntk.bounds import ACTIVATIONS, InvalidInput
from robustntk.kernels import dual_kernel

CLOSED = ("relu", "quadratic_relu", "erf", "sin", "sin_cos")
ANGLES = (1e-8, 1e-4, 0.1, 1.0, 3.0)
BIASES = (0.0, 0.5)


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("theta", ANGLES)
def test_value_and_drop(reference: SimpleNamespace, name: str, bias: float, theta: float) -> None:
    kernel = dual_kernel(name)
    exact = reference.along_circle(name, mpf(theta), bias)
    drop = reference.along_circle(name, mpf(0), bias) - exact
    assert reference.relative_error(kernel.angular(theta, bias), exact) <= 1e-13
    assert reference.relative_error(kernel.angular_drop(theta, bias), drop) <= 1e-13
    if theta <= 1e-4:
        plain = kernel.angular(0.0, bias) - kernel.angular(theta, bias)
        assert reference.relative_error(plain, drop) > 1e-13


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("theta", ANGLES)
def test_derivatives(reference: SimpleNamespace, name: str, bias: float, theta: float) -> None:
    kernel = dual_kernel(name)

    def curve(angle: mpf) -> mpf:
        return reference.along_circle(name, angle, bias)

    with mp.workdps(80):
        first, second = (_one_sided(curve, mpf(theta), order) for order in (1, 2))
        at_zero = _one_sided(curve, mpf(0), 2)
        assert float(kernel.angular_first(theta, bias)) == pytest.approx(float(first), rel=1e-12, abs=0)
        if kernel.order > 0:
            assert float(kernel.angular_second(theta, bias)) == pytest.approx(float(second), rel=1e-12)
            rise = kernel.angular_second_rise(theta, bias)
            assert float(rise) == pytest.approx(float(second - at_zero), rel=1e-11, abs=0)


def _one_sided(curve: Callable[[mpf], mpf], theta: mpf, order: int) -> mpf:
    """A derivative from the right, where kinks do no harm, by interpolation in tiny steps."""
    step = mpf(10) ** -14 * max(theta, mpf(10) ** -8)
    values = [curve(theta + step * j) for j in range(9)]
    total = mpf(0)
    for j in range(9):
        others = [i for i in range(9) if i != j]
        scale = mp.fprod(mpf(j - i) for i in others)
        # The coefficients of the Lagrange polynomial of node j are symmetric functions of the other nodes.
        symmetric = _elementary([mpf(-i) for i in others], len(others) - order)
        total += values[j] * symmetric * mp.factorial(order) / scale
    return total / step**order


def _elementary(numbers: list[mpf], degree: int) -> mpf:
    """The elementary symmetric polynomial of that degree."""
    sums = [mpf(1)] + [mpf(0)] * degree
    for number in numbers:
        for k in range(degree, 0, -1):
            sums[k] += number * sums[k - 1]
    return sums[degree]


@pytest.mark.parametrize("bias", BIASES)
def test_at_zero(bias: float) -> None:
    ratio = 1 - bias**2
    for name in ACTIVATIONS:
        kernel = dual_kernel(name)
        assert kernel.angular(0.0, bias) == pytest.approx(kernel.at_one, rel=1e-15)
        assert kernel.angular_drop(0.0, bias) == 0
        if kernel.order > 0:
            assert kernel.angular_first(0.0, bias) == pytest.approx(0, abs=1e-90)
            assert kernel.angular_second(0.0, bias) == pytest.approx(-ratio * kernel.first_at_one, rel=1e-14)
            assert kernel.angular_second_rise(0.0, bias) == pytest.approx(0, abs=1e-90)
    # kappa~(theta) of relu has a kink: its slope from the right is -sqrt(1 - b^2) / (2 pi).
    slope = dual_kernel("relu").angular_first(0.0, bias)
    assert slope == pytest.approx(-np.sqrt(ratio) / (2 * np.pi), rel=1e-14)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("bias", BIASES)
def test_jax_computes_the_same_and_differentiates(name: str, bias: float) -> None:
    kernel, theta = dual_kernel(name), np.array([0, 1e-8, 0.3, 2.0, np.pi])
    with jax.enable_x64(True):
        for method, slope in (("angular", "angular_first"), ("angular_first", "angular_second")):
            if kernel.order < 1 and slope == "angular_second":
                continue
            function = getattr(kernel, method)
            value = jax.jit(lambda t, f=function: f(t, bias, xp=jnp))(theta)
            gradient = jax.vmap(jax.grad(lambda t, f=function: f(t, bias, xp=jnp)))(theta)
            np.testing.assert_allclose(value, function(theta, bias), rtol=1e-13, atol=1e-14)
            np.testing.assert_allclose(gradient, getattr(kernel, slope)(theta, bias), rtol=1e-13, atol=1e-14)
        drop = jax.grad(lambda t: kernel.angular_drop(t, bias, xp=jnp))(0.3)
        assert drop == pytest.approx(-float(kernel.angular_first(0.3, bias)), rel=1e-13)


def test_refusals() -> None:
    kernel = dual_kernel("relu")
    for method in (kernel.angular_second, kernel.angular_second_rise):
        with pytest.raises(InvalidInput, match="relu.*infinite"):
            method(0.1, 0.5)
    with pytest.raises(InvalidInput, match=r"bias is 1\.0"):
        kernel.angular(0.1, 1.0)
