"""E5.b: the formula, its sums for networks of any shape, integers rounded the safe way, and classes that it covers."""

import math

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, enclose
from robustntk.bounds.vc_dimension import ReluNetwork, floor_integer, uniform_upper_bound

small = st.integers(1, 40)


def as_written(dimension: int, widths: list[int]) -> float:
    """E5.b from its definition: layers, their units, the parameters up to each."""
    units = [*widths, 1]
    total, parameters = 0, 0
    for layer, here in enumerate(units):
        before = units[layer - 1] if layer else dimension
        parameters += here * (before + 1)
        total += parameters
    weighted = sum((layer + 1) * here for layer, here in enumerate(units))
    return len(units) + total * math.log2(4 * math.e * weighted * math.log2(2 * math.e * weighted))


@given(dimension=small, widths=st.lists(small, min_size=1, max_size=5))
def test_e5b_is_the_formula_for_any_shape(dimension, widths):
    network = ReluNetwork(dimension=dimension, widths=tuple(widths))
    ball = enclose(network.vc_upper_bound)
    assert float(ball.mid()) == pytest.approx(as_written(dimension, widths), rel=1e-12)


@given(dimension=small, width=small, depth=st.integers(1, 8))
def test_e5b_closed_forms_are_the_sums_over_layers(dimension, width, depth):
    network = ReluNetwork(dimension=dimension, widths=(width,) * depth)
    assert network.vc_upper_bound == uniform_upper_bound(width=width, depth=depth, dimension=dimension)


@given(dimension=small, width=small, depth=st.integers(1, 8))
def test_e5b_grows_with_width_depth_and_dimension(dimension, width, depth):
    sizes = {"dimension": dimension, "width": width, "depth": depth}
    here = enclose(uniform_upper_bound(**sizes))
    for name in sizes:
        assert here < enclose(uniform_upper_bound(**sizes | {name: sizes[name] + 1}))


def test_the_parts_of_a_network():
    network = ReluNetwork(dimension=3, widths=(5, 2))
    assert network.units == (5, 2, 1)
    assert network.parameters == (20, 32, 35)


@given(dimension=small, width=small)
def test_e5b_is_above_the_vc_dimension_of_halfspaces_and_of_unions_of_intervals(dimension, width):
    """One unit realises all halfspaces, d + 1; k units on the line interpolate k + 1 points."""
    assert floor_integer(uniform_upper_bound(width=1, depth=1, dimension=dimension)) >= dimension + 1
    assert floor_integer(uniform_upper_bound(width=width, depth=1, dimension=1)) >= width + 1


@given(value=st.fractions(min_value=-1000, max_value=1000))
def test_floor_of_rationals(value):
    assert floor_integer(sympy.Rational(value.numerator, value.denominator)) == math.floor(value)


@pytest.mark.parametrize(
    ("constant", "expected"),
    [
        (sympy.sqrt(2), 1),
        (-sympy.pi, -4),
        (sympy.log(8, 2), 3),
        (sympy.sqrt(2) * (sympy.sqrt(2) + sympy.sqrt(8)), 6),
        (10**30 + sympy.E / 10**20, 10**30),
        (10**30 - sympy.E / 10**20, 10**30 - 1),
    ],
)
def test_floor_of_constants_that_floats_cannot_tell_apart(constant, expected):
    assert floor_integer(constant) == expected


def test_an_undecidable_floor_is_the_upper_one():
    nested = sympy.sqrt(2 + sympy.sqrt(3)) - (sympy.sqrt(6) + sympy.sqrt(2)) / 2
    assert floor_integer(5 + nested) == 5


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: ReluNetwork(dimension=0, widths=(3,)), "dimension is 0"),
        (lambda: ReluNetwork(dimension=2, widths=()), "number of hidden layers is 0"),
        (lambda: ReluNetwork(dimension=2, widths=(3, 0)), "width is 0"),
        (lambda: uniform_upper_bound(width=1.5, depth=1, dimension=2), "width is 1.5"),
        (lambda: uniform_upper_bound(width=1, depth=0, dimension=2), "depth is 0"),
        (lambda: uniform_upper_bound(width=1, depth=1, dimension=-2), "dimension is -2"),
    ],
)
def test_bad_input_is_named(call, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        call()
