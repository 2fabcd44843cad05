"""E4.d: the network W^c is as close to f as promised, the calculators invert each other, all bounds are monotone."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from robustntk.bounds import Activation, HypothesisError, InvalidInput, Kind, get_activation, is_at_most, nearest_float
from robustntk.bounds.a_priori import a_priori_confidence, a_priori_deviation, a_priori_width
from robustntk.bounds.concentration import eta
from robustntk.bounds.existence import AT_CENTRES, FROM_CENTRES, LIPSCHITZ, ON_NET, ONE_SCALE, TWO_SCALES
from robustntk.kernels import dual_kernel, numeric

ERF = {"activation": "erf", "norm": 2, "coefficient_sum": 5, "samples": 6, "dimension": 5, "delta": "0.2"}
GROWING = ("norm", "coefficient_sum", "samples", "dimension", "delta", "bias")


def test_the_width_is_the_least_even_one():
    found = a_priori_width(slack="1/2", confidence="0.9", **ERF)
    assert is_at_most(found.deviation, Fraction(1, 2))
    assert found.width % 2 == 0
    narrower = a_priori_deviation(width=found.width - 2, confidence="0.9", **ERF)
    assert not is_at_most(narrower.deviation, Fraction(1, 2))


def test_the_confidence_of_a_width_returns_the_one_it_was_made_for_up_to_its_grid():
    found = a_priori_width(slack="1/2", confidence=1 - Fraction(9, 1024), **ERF)
    assert a_priori_confidence(width=found.width, slack="1/2", **ERF) == 1 - sympy.Rational(9, 1024)
    assert a_priori_confidence(width=2, slack="1/2", **ERF) == 0


def test_the_terms_sum_up_to_the_deviation():
    found = a_priori_deviation(width=10**6, **ERF)
    assert nearest_float(sum(found.terms.values())) == pytest.approx(nearest_float(found.deviation))
    assert set(found.terms) == {"centres", "net", "mesh", "remainder"}
    assert TWO_SCALES == AT_CENTRES + FROM_CENTRES + eta * LIPSCHITZ
    assert ONE_SCALE == ON_NET + eta * LIPSCHITZ


@settings(max_examples=8)
@given(
    name=st.sampled_from(GROWING),
    width=st.integers(2, 10**7).map(lambda half: 2 * half),
    confidence=st.fractions(min_value=Fraction(1, 10), max_value=Fraction(99, 100), max_denominator=100),
)
def test_the_deviation_grows_with_the_problem_and_falls_with_the_width(name, width, confidence):
    """E4.d is monotone in norm, coefficients, number, dimension and size of the caps, bias, confidence and width."""
    grown = {"norm": 3, "coefficient_sum": 7, "samples": 9, "dimension": 8, "delta": "0.3", "bias": "0.6"}[name]
    base = a_priori_deviation(width=width, confidence=confidence, **ERF).deviation
    assert is_at_most(base, a_priori_deviation(width=width, confidence=confidence, **ERF | {name: grown}).deviation)
    assert is_at_most(a_priori_deviation(width=width + 2, confidence=confidence, **ERF).deviation, base)
    surer = (1 + confidence) / 2
    assert is_at_most(base, a_priori_deviation(width=width, confidence=surer, **ERF).deviation)


@settings(max_examples=4)
@given(name=st.sampled_from(GROWING), slack=st.fractions(min_value=Fraction(1, 5), max_value=2, max_denominator=20))
def test_widths_and_confidences_are_monotone(name, slack):
    grown = {"norm": 3, "coefficient_sum": 7, "samples": 9, "dimension": 8, "delta": "0.3", "bias": "0.6"}[name]
    width = a_priori_width(slack=slack, **ERF).width
    assert a_priori_width(slack=slack, **ERF | {name: grown}).width >= width
    assert a_priori_width(slack=slack / 2, **ERF).width >= width
    assert a_priori_width(slack=slack, confidence="0.999", **ERF).width >= width
    assert a_priori_confidence(width=width + 2 * width, slack=slack, **ERF) >= a_priori_confidence(
        width=width, slack=slack, **ERF
    )


def sampled_deviations(activation: Activation, half: int, draws: int, generator: np.random.Generator) -> np.ndarray:
    """Per draw of W_0: |W^c - W_0|^2, and the largest |f(W^c, x') - f(x')| over random points of two caps.

    f has two centres, at the centres of the caps; d = 4, b = 1/2, chord 0.2.
    """
    radius = np.sqrt(0.75)
    centres = np.array([[radius, 0, 0, 0.5], [0, radius, 0, 0.5]])
    coefficients = np.array([1.5, -1.2])
    noise = generator.standard_normal((2, 60, 3))
    angle = 2 * np.arcsin(0.1 / radius)
    tangents = noise - (noise @ centres[:, :3, None] / radius) * centres[:, None, :3] / radius
    tangents /= np.linalg.norm(tangents, axis=2, keepdims=True)
    sub = np.cos(angle) * centres[:, None, :3] + np.sin(angle) * radius * tangents
    points = np.vstack([centres, np.concatenate([sub.reshape(-1, 3), np.full((120, 1), 0.5)], axis=1)])
    kernel = dual_kernel(activation)
    wanted = kernel.value(points @ centres.T) @ coefficients
    value, slope = numeric(activation, 0), numeric(activation, 1)
    found = []
    for _ in range(draws):
        rows = generator.standard_normal((half, 4))
        moves = (slope(rows @ centres.T) * coefficients) @ centres / np.sqrt(2 * half)
        above, below = value((rows + moves) @ points.T), value((rows - moves) @ points.T)
        outputs = np.sum(above - below, axis=0) / np.sqrt(2 * half)
        found.append((2 * np.sum(moves**2), np.max(np.abs(outputs - wanted))))
    return np.array(found)


@pytest.mark.parametrize("name", ["erf", "tanh", "softplus"])
def test_networks_fail_no_more_often_than_e4_d_allows(name):
    activation = get_activation(name)
    kernel, gram = dual_kernel(activation), np.array([[1.0, 0.25], [0.25, 1.0]])
    coefficients = np.array([1.5, -1.2])
    norm = float(np.sqrt(coefficients @ kernel.value(gram) @ coefficients))
    promise = a_priori_deviation(
        width=400,
        confidence="1/2",
        activation=activation,
        norm=Fraction(norm) + Fraction(1, 10**9),
        coefficient_sum="2.7",
        samples=2,
        dimension=4,
        delta="0.2",
    )
    found = sampled_deviations(activation, 200, 200, np.random.default_rng(5))
    failed = (found[:, 0] > nearest_float(promise.radius) ** 2) | (found[:, 1] > nearest_float(promise.deviation))
    assert np.mean(failed) <= 0.5
    # A promise twenty times as bold is broken more often than that: the experiment can tell.
    assert np.mean(found[:, 1] > nearest_float(promise.deviation) / 20) > 0.5


def test_a_sharper_velocity_and_a_lipschitz_curvature_save_neurons():
    plain = a_priori_width(slack="1/2", **ERF).width
    sharper = {name: value for name, value in ERF.items() if name != "coefficient_sum"}
    assert a_priori_width(slack="1/2", velocity=3, **sharper).width < plain
    erf = get_activation("erf")
    rough = Activation("erf", erf.expression, erf.derivative_bound, erf.derivative_lipschitz, None)
    assert a_priori_width(slack="1/2", **ERF | {"activation": rough}).width > plain


@pytest.mark.parametrize(("name", "reason"), [("quadratic_relu", "unbounded"), ("relu", "jumps at 0")])
def test_activations_without_the_constants_are_refused_with_a_reason(name, reason):
    with pytest.raises(HypothesisError, match=f"E4 does not apply a priori.*{reason}"):
        a_priori_width(slack="1/2", **ERF | {"activation": name})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"delta": "1.3"}, "delta is 13/10: expected less than"),
        ({"bias": 1}, r"bias is 1: expected a number in \[0, 1\)"),
        ({"dimension": 2}, "dimension is 2: expected at least 3"),
        ({"norm": 0}, "norm is 0"),
        ({"velocity": 3}, "coefficient_sum and velocity: both are given, expected exactly one"),
        ({"slack": 0}, "slack is 0"),
        ({"slack": "1e-30"}, "too coarse for it"),
        ({"confidence": 1}, "confidence is 1"),
    ],
)
def test_bad_input_is_named(change, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        a_priori_width(**{"slack": "1/2"} | ERF | change)


def test_what_is_open_and_what_is_a_guarantee():
    assert a_priori_deviation(width=1000, **ERF).kind is Kind.CONDITIONAL_GUARANTEE
    assert a_priori_deviation(width=1000, verified=True, **ERF).kind is Kind.GUARANTEE
    declared = replace(get_activation("erf"), proved=False)
    found = a_priori_deviation(width=1000, verified=True, **ERF | {"activation": declared})
    assert found.kind is Kind.CONDITIONAL_GUARANTEE
    assert "is declared and not proved" in found.statement()


def test_the_guarantee_states_itself_and_travels_as_json():
    found = a_priori_width(slack="1/2", **ERF)
    assert f"width m = {found.width}" in found.statement()
    assert "With probability at least 0.99 over" in found.statement()
    told = json.loads(json.dumps(found.to_json()))
    assert (told["theorem"], told["kind"], told["width"]) == ("E4", "conditional-guarantee", found.width)
    assert told["confidence"] <= 0.99 and told["deviation"] <= 0.5 and told["radius"] >= 2
