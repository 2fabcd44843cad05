"""Bounds of kappa'' hold on whole intervals, and are attained up to their padding where they can be."""

import numpy as np
import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.bounds import ACTIVATIONS, Activation, InvalidInput, get_activation
from robustntk.bounds.activation import z
from robustntk.kernels import dual_kernel, kappa_enclosure

# sigma' has even and odd parts, so it is not known where kappa''' vanishes.
MIXED = Activation("mixed", sympy.tanh(z) + sympy.log(2 * sympy.cosh(z)) / 2, None, sympy.Integer(2), sympy.Integer(4))
KERNELS = [*(get_activation(name, scale) for name in sorted(ACTIVATIONS) for scale in (1, 2)), MIXED]


@given(st.sampled_from(KERNELS), st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 1))
@example(get_activation("sin_cos", 2), -1.0, -0.5, 0.5)
@example(get_activation("relu"), -0.7, 0.6, 0.53)
@example(MIXED, -0.9, 0.4, 0.3)
def test_bounds_hold_on_the_whole_interval(activation: Activation, one: float, other: float, part: float) -> None:
    kernel, lower, upper = dual_kernel(activation), min(one, other), max(one, other)
    lo, hi = kernel.second_bounds(np.array([lower]), np.array([upper]))
    for u in (lower, min(max(lower + part * (upper - lower), lower), upper), upper):
        ball = kappa_enclosure(activation, u, derivative=2)
        if ball.is_finite():
            assert lo[0] <= ball.lower()
            assert ball.upper() <= hi[0]


@pytest.mark.parametrize("activation", KERNELS, ids=lambda activation: activation.label)
@pytest.mark.parametrize(("lower", "upper"), [(0.2, 0.7), (-0.8, -0.3), (-0.5, 0.9), (0.5, 0.5)])
def test_bounds_are_the_range_unless_the_parities_mix(activation: Activation, lower: float, upper: float) -> None:
    kernel = dual_kernel(activation)
    lo, hi = kernel.second_bounds(lower, upper)
    inside = kernel.second(np.linspace(lower, upper, 4001))
    slack = 1e-5 * (1 + np.abs(inside).max())
    assert lo <= inside.min() and inside.max() <= hi
    if activation is not MIXED or lower >= 0:
        assert inside.min() - lo <= slack and hi - inside.max() <= slack


def test_the_ends_of_the_singular_kernels() -> None:
    lo, hi = dual_kernel("quadratic_relu").second_bounds(np.array([0.5, -1, 1]), np.array([1, 0.5, 1]))
    assert np.array_equal(hi == np.inf, [True, False, True])
    assert np.array_equal(lo == -np.inf, [False, True, False])
    assert not np.isnan(lo).any()


def test_padding_is_relative_and_small() -> None:
    kernel = dual_kernel("quadratic_relu")
    lo, hi = kernel.second_bounds(0.9, 0.9)
    value = kernel.second(0.9)
    assert lo < value < hi
    assert hi - lo < 5e-12 * value


@pytest.mark.parametrize(("lower", "upper"), [(0.5, 0.4), (-1.1, 0), (0, 1.1), (np.nan, 1)])
def test_refusals(lower: float, upper: float) -> None:
    with pytest.raises(InvalidInput, match=r"an interval is \[.*\]: expected -1"):
        dual_kernel("erf").second_bounds(lower, upper)
