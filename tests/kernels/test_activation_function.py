"""Numeric activations against their SymPy expressions at 50 digits."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy
from mpmath import mpf

from robustntk.bounds import ACTIVATIONS, Activation, InvalidInput, get_activation
from robustntk.bounds.activation import z
from robustntk.kernels import numeric

POINTS = np.array([-30, -6.5, -2, -0.3, -1e-8, 1e-8, 0.1, 1, 2.5, 7, 40])
CASES = [(name, order) for name in sorted(ACTIVATIONS) for order in range(4)]


@pytest.mark.parametrize(("name", "order"), CASES)
@pytest.mark.parametrize("scale", [1, Fraction(3, 2)])
def test_values_have_full_relative_accuracy(name: str, order: int, scale: Fraction) -> None:
    activation = get_activation(name, scale)
    function = sympy.lambdify(z, activation.derivative(order), "mpmath")
    exact = np.array([float(function(mpf(float(point)))) for point in POINTS])
    values = numeric(activation, order)(POINTS)
    # The argument itself is rounded after scaling, which moves steep functions by |z| times as much.
    np.testing.assert_allclose(
        values, exact, rtol=2e-15 * (1 + 40 * (name in ("erf", "gelu"))), atol=1e-15 * (order + 1)
    )
    if name == "softplus" and order < 2:
        np.testing.assert_allclose(values, exact, rtol=1e-14)


@pytest.mark.parametrize(("name", "order"), CASES)
def test_jax_and_both_dtypes(name: str, order: int) -> None:
    expected = numeric(name, order)(POINTS)
    with jax.enable_x64(True):
        wide = jax.jit(numeric(name, order, jnp))(POINTS)
    assert wide.dtype == np.float64
    np.testing.assert_allclose(wide, expected, rtol=1e-13, atol=1e-15)
    for xp in (np, jnp):
        narrow = numeric(name, order, xp)(xp.asarray(POINTS, dtype=np.float32))
        assert narrow.dtype == np.float32
        np.testing.assert_allclose(narrow, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"relu"}))
def test_each_derivative_is_the_gradient_of_the_one_before(name: str) -> None:
    points = np.array([-2.0, -0.3, 0.4, 3.0])
    with jax.enable_x64(True):
        for order in range(3):
            slope = jax.vmap(jax.grad(numeric(name, order, jnp)))(points)
            np.testing.assert_allclose(slope, numeric(name, order + 1)(points), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["relu", "quadratic_relu"])
def test_at_a_kink_it_is_the_derivative_from_the_left(name: str) -> None:
    activation = get_activation(name)
    for order in range(4):
        exact = float(activation.derivative(order).subs(z, 0))
        for xp in (np, jnp):
            assert float(numeric(name, order, xp)(xp.zeros(1))[0]) == exact


@pytest.mark.parametrize("order", range(4))
def test_a_new_activation_is_printed_from_its_expression(order: int) -> None:
    expression = sympy.atan(z) + sympy.erf(z / sympy.sqrt(3)) / sympy.pi
    own = Activation.define("own", expression)
    exact = sympy.lambdify(z, sympy.diff(expression, z, order), "mpmath")
    points = np.linspace(-3, 3, 7)
    expected = [float(exact(mpf(float(point)))) for point in points]
    np.testing.assert_allclose(numeric(own, order)(points), expected, rtol=1e-13, atol=1e-14)
    for xp in (np, jnp):
        narrow = numeric(own, order, xp)(xp.asarray(points, dtype=np.float32))
        assert narrow.dtype == np.float32
        np.testing.assert_allclose(narrow, expected, rtol=1e-4, atol=1e-5)


def test_an_own_constant_derivative_keeps_the_shape() -> None:
    line = Activation.define("line", 2 * z)
    assert np.array_equal(numeric(line, 1)(np.zeros((2, 3))), np.full((2, 3), 2.0))


def test_other_orders_are_refused() -> None:
    with pytest.raises(InvalidInput, match="order is 4"):
        numeric("erf", 4)
