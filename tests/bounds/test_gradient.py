"""E1.b: the gradient bound by its formula, on drawn networks, and on a network where it is attained."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import (
    ACTIVATIONS,
    Activation,
    HypothesisError,
    InvalidInput,
    enclose,
    gradient_bound,
    is_less,
)
from robustntk.bounds.activation import z


@pytest.mark.parametrize("name", [name for name, row in ACTIVATIONS.items() if row.derivative_bound is not None])
def test_a_bounded_derivative_is_the_bound_whatever_else_is_given(name):
    bound = gradient_bound(name, width=10, radius=1, initial_operator_norm=3)
    assert bound == ACTIVATIONS[name].derivative_bound


@given(
    width=st.integers(min_value=2, max_value=10**30),
    dimension=st.integers(min_value=1, max_value=10**6),
    radius=st.fractions(min_value=Fraction(1, 100), max_value=1000),
    confidence=st.fractions(min_value=Fraction(1, 1000), max_value=Fraction(999_999, 1_000_000)),
    scale=st.sampled_from([1, 2, Fraction(1, 3)]),
)
def test_the_random_bound_is_the_formula_of_e1b(width, dimension, radius, confidence, scale):
    activation = ACTIVATIONS["quadratic_relu"].scaled(scale)
    bound = gradient_bound(activation, width=width, radius=radius, dimension=dimension, confidence=confidence)
    with mpmath.workdps(60):
        beta = mpmath.mpf(2) * mpmath.mpf(Fraction(scale).numerator) ** 2 / Fraction(scale).denominator ** 2
        m, level = mpmath.mpf(width), mpmath.mpf(confidence.numerator) / confidence.denominator
        deviation = mpmath.sqrt(2 * mpmath.log(1 / (1 - level)))
        expected = beta * (1 + mpmath.sqrt(2 * dimension / m) + mpmath.sqrt(2) * deviation / mpmath.sqrt(m))
        expected += beta * mpmath.mpf(radius.numerator) / radius.denominator / mpmath.sqrt(m)
        assert abs(mpmath.mpf(enclose(bound, 200).str(50, radius=False)) / expected - 1) < mpmath.mpf(10) ** -40


def test_the_measured_bound_counts_a_float_as_its_binary_value():
    norm = 0.1  # a little above 1/10 in binary
    bound = gradient_bound("quadratic_relu", width=4, radius=1, initial_operator_norm=norm)
    assert bound == sympy.Rational(Fraction(norm).numerator, Fraction(norm).denominator) + 1


def test_drawn_networks_stay_below_the_random_bound():
    width, dimension, radius = 40, 5, 2.0
    bound = float(gradient_bound("quadratic_relu", width=width, radius=radius, dimension=dimension))
    generator = np.random.default_rng(0)
    for _ in range(200):
        half = generator.standard_normal((width // 2, dimension))
        move = generator.standard_normal((width, dimension))
        weights = np.vstack([half, half]) + radius * move / np.linalg.norm(move)
        point = generator.standard_normal(dimension)
        slopes = 2 * np.maximum(weights @ (point / np.linalg.norm(point)), 0)
        assert np.linalg.norm(slopes) / np.sqrt(width) <= bound


def test_an_aligned_network_attains_the_measured_bound_and_refutes_a_smaller_one():
    width, radius, length = 16, 0.5, 3.0
    point = np.array([0.6, 0.8])
    initial = length * np.tile(point, (width, 1))
    moved = initial + radius / np.sqrt(width) * point
    gradient = np.linalg.norm(2 * np.maximum(moved @ point, 0)) / np.sqrt(width)
    norm = np.linalg.norm(initial, ord=2)
    bound = float(gradient_bound("quadratic_relu", width=width, radius=radius, initial_operator_norm=norm))
    assert gradient <= bound * (1 + 1e-12)
    assert gradient > 0.99 * bound


def test_more_confidence_costs_a_larger_bound():
    bounds = [
        gradient_bound("quadratic_relu", width=100, radius=1, dimension=10, confidence=level)
        for level in ("0.5", "0.99", "0.999999")
    ]
    assert is_less(bounds[0], bounds[1]) and is_less(bounds[1], bounds[2])


def test_what_the_bound_lacks_is_said():
    with pytest.raises(HypothesisError, match="quadratic_relu .*needs the dimension .*or the measured"):
        gradient_bound("quadratic_relu", width=10, radius=1)
    bare = Activation.define("bare", sympy.Max(0, z) ** 3)
    with pytest.raises(HypothesisError, match="neither bounded nor Lipschitz"):
        gradient_bound(bare, width=10, radius=1, dimension=3)
    with pytest.raises(InvalidInput, match="confidence is 1"):
        gradient_bound("quadratic_relu", width=10, radius=1, dimension=3, confidence=1)
    with pytest.raises(InvalidInput, match="operator norm is -1"):
        gradient_bound("quadratic_relu", width=10, radius=1, initial_operator_norm=-1)
