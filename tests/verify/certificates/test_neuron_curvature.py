"""Curvatures of neurons and pairs from below: no point of the range is under the quadratic, a larger one would be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from robustntk.bounds import Activation, InvalidInput, get_activation
from robustntk.bounds.activation import z
from robustntk.kernels import numeric
from robustntk.verify.certificates.neuron_curvature import (
    Interval,
    QuadraticReluCurvature,
    SlopeCurvature,
    SmoothCurvature,
    curvature_of,
    switching_majorant,
)

Array = NDArray[np.float64]
NAMES = ["quadratic_relu", "erf", "tanh", "softplus", "sigmoid", "gelu", "sin", "sin_cos"]
COUNT = 40


class Case:
    """Neurons with arguments A and B, signs, ranges and shifts, drawn from a seed."""

    def __init__(self, seed: int, name: str, scale: str, spread: float, apart: float, reach: float) -> None:
        rng = np.random.default_rng(seed)
        self.activation = get_activation(name, scale=scale)
        self.sigma, self.slope = (numeric(self.activation, order) for order in (0, 1))
        self.A = spread * rng.standard_normal(COUNT)
        self.B = self.A - apart * rng.standard_normal(COUNT)
        self.signs = rng.choice([-1.0, 1.0], COUNT)
        self.interval = Interval(-reach * rng.random(COUNT), reach * rng.random(COUNT))
        self.shift = 0.3 * reach * rng.random(COUNT)
        low, high = self.interval.low, self.interval.high
        self.places = low + (high - low) * np.concatenate([np.linspace(0, 1, 41)[:, None] * np.ones(COUNT)])
        self.moves = self.shift * rng.uniform(-1, 1, self.places.shape)
        size = sum(np.abs(self.sigma(each)) + np.abs(self.slope(each)) for each in (self.A, self.B)) + 1.0
        # What sums of float64 sigmas of this size are known to.
        self.rounding = 64.0 * np.finfo(float).eps * size * (1.0 + np.abs(self.A) + np.abs(self.B) + reach) ** 2


cases = st.builds(
    Case,
    st.integers(0, 10**6),
    st.sampled_from(NAMES),
    st.sampled_from(["1", "3"]),
    st.sampled_from([1e-3, 0.3, 2.0]),
    st.sampled_from([1e-9, 1e-3, 0.3]),
    st.sampled_from([1e-6, 0.05, 1.0, 4.0]),
)


@settings(max_examples=150)
@given(cases)
def test_the_quadratics_stay_below_neurons_and_pairs(case: Case) -> None:
    curvature, a = curvature_of(case.activation), case.places
    neuron = case.sigma(case.A + a) - case.sigma(case.A) - case.slope(case.A) * a
    least = curvature.of_neurons(case.A, case.signs, case.interval)
    assert np.all(case.signs * neuron - 0.5 * least * a**2 + case.rounding >= 0.0)
    pair = neuron - (case.sigma(case.B + a) - case.sigma(case.B) - case.slope(case.B) * a)
    least = curvature.of_pairs(case.A, case.B, case.signs, case.interval)
    assert np.all(case.signs * pair - 0.5 * least * a**2 + case.rounding >= 0.0)


@settings(max_examples=150)
@given(cases)
def test_the_rest_of_a_pair_is_bounded(case: Case) -> None:
    curvature, a, e = curvature_of(case.activation), case.places, case.moves
    omega, eta, kappa = curvature.mixed(case.A, case.B, case.interval.reach, case.shift)
    second = [curvature.second(each) for each in (case.A, case.B)]
    modelled = case.sigma(case.A + a) - case.sigma(case.B + a) + (case.slope(case.A) + case.slope(case.B)) * e
    modelled += (second[0] + second[1]) * a * e + 0.5 * (second[0] - second[1]) * e**2
    rest = np.abs(case.sigma(case.A + a + e) - case.sigma(case.B + a - e) - modelled)
    assert np.all(omega * a**2 + eta * e**2 + kappa - rest + 2.0 * case.rounding >= 0.0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_curvature_is_nearly_the_largest_possible(name: str, sign: float) -> None:
    """A hundredth of beta more, and every neuron crosses its quadratic (a tenth where a grid is used)."""
    activation = get_activation(name)
    A = np.linspace(-2.0, 2.0, 41)
    a = np.linspace(-0.5, 0.5, 401)[:, None]
    interval = Interval(np.full(41, -0.5), np.full(41, 0.5))
    sigma, slope = numeric(activation, 0), numeric(activation, 1)
    curvature = curvature_of(activation)
    share = 0.01 if isinstance(curvature, QuadraticReluCurvature) else 0.1
    greater = curvature.of_neurons(A, np.full(41, sign), interval) + share * float(activation.derivative_lipschitz)
    rest = sign * (sigma(A + a) - sigma(A) - slope(A) * a) - 0.5 * greater * a**2
    assert np.all(np.min(rest, axis=0) < 0.0)


def test_a_gamma_that_is_too_small_is_found_out() -> None:
    """With half of gamma and of the fourth constant the same check fails."""
    case = Case(3, "erf", "1", 1.0, 0.3, 4.0)
    true = curvature_of(case.activation)
    assert isinstance(true, SmoothCurvature)
    wrong = SmoothCurvature(case.activation, true.beta, true.gamma / 20.0, true.fourth / 20.0)
    a = case.places
    neuron = case.sigma(case.A + a) - case.sigma(case.A) - case.slope(case.A) * a
    least = wrong.of_neurons(case.A, case.signs, case.interval)
    assert np.any(case.signs * neuron - 0.5 * least * a**2 + case.rounding < 0.0)


@given(st.floats(1e-3, 1.0), st.floats(1e-6, 2.0), st.floats(1e-2, 1.0))
def test_switching_majorant_is_above_and_one_five_per_cent_smaller_is_not(
    reach: float, distance: float, threshold: float
) -> None:
    omega, kappa = switching_majorant(np.array([distance]), np.array([reach]), threshold)
    inputs = np.linspace(0.0, reach, 4001)
    majorant, target = omega * inputs**2 + kappa, np.maximum(inputs - distance, 0.0)
    assert np.all(majorant - target >= -1e-15)
    # It is attained at twice the distance, at the threshold, or at the end of the range, if that lies inside.
    attained = threshold <= reach if distance < threshold / 2.0 else distance < 0.99 * reach
    assert np.any(0.95 * majorant < target) or not attained


def test_what_is_used_depends_on_what_is_proved() -> None:
    assert isinstance(curvature_of(get_activation("quadratic_relu", scale=2)), QuadraticReluCurvature)
    assert isinstance(curvature_of(get_activation("gelu")), SmoothCurvature)
    kinked = Activation.define("two_slopes", z * abs(z) / 2)
    assert isinstance(curvature_of(kinked), SlopeCurvature)
    liar = Activation.define("quadratic_relu", z / (1 + z**2))
    assert isinstance(curvature_of(liar), SmoothCurvature)
    with pytest.raises(InvalidInput, match="Lipschitz sigma'"):
        curvature_of(get_activation("relu"))
