"""Activations: scaling, derivatives, and what users may define."""

import pickle
from dataclasses import replace
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
    InvalidInput,
    Verdict,
    check_constants,
    enclose,
    get_activation,
)
from robustntk.bounds.activation import NAMES, z


@given(name=st.sampled_from(sorted(ACTIVATIONS)), scale=st.fractions(min_value=Fraction(1, 5), max_value=5))
def test_scaling_multiplies_the_constants_by_powers_of_the_scale(name, scale):
    plain, scaled = ACTIVATIONS[name], get_activation(name, scale)
    s = sympy.Rational(scale.numerator, scale.denominator)
    assert scaled.expression == plain.expression.xreplace({z: s * z})
    assert scaled.scale == s
    for power, constant in enumerate(("derivative_bound", "derivative_lipschitz", "curvature_lipschitz"), 1):
        before, after = getattr(plain, constant), getattr(scaled, constant)
        assert after == (None if before is None else before * s**power)
    assert scaled.derivative_at_zero == s * plain.derivative_at_zero


def test_scaling_twice_is_scaling_by_the_product():
    assert get_activation("erf", 2).scaled(3) == get_activation("erf", 6)


@pytest.mark.parametrize("scale", [0, -1, "nan"])
def test_a_scale_is_positive(scale):
    with pytest.raises(InvalidInput, match="scale is"):
        get_activation("erf", scale)


def test_labels_show_the_scale():
    assert get_activation("erf").label == "erf"
    assert get_activation("erf", 3).label == "erf (scale 3)"


@pytest.mark.parametrize(
    ("name", "slope"),
    [("relu", 0), ("quadratic_relu", 0), ("softplus", "1/2"), ("gelu", "1/2"), ("sin_cos", 1), ("tanh", 1)],
)
def test_slope_at_zero_is_exact(name, slope):
    assert ACTIVATIONS[name].derivative_at_zero == sympy.Rational(slope)


def test_derivatives_of_the_rectified_activations_are_clean():
    assert str(ACTIVATIONS["quadratic_relu"].derivative(1)) == "Piecewise((2*z, z > 0), (0, True))"
    assert str(ACTIVATIONS["quadratic_relu"].derivative(2)) == "Piecewise((2, z > 0), (0, True))"
    assert str(ACTIVATIONS["relu"].derivative(1)) == "Piecewise((1, z > 0), (0, True))"


def test_activations_are_values():
    erf = get_activation("erf", 2)
    assert {erf: 1}[get_activation("erf", 2)] == 1
    assert pickle.loads(pickle.dumps(erf)) == erf


def test_a_user_defines_an_activation_in_a_symbol_of_their_own():
    t = sympy.Symbol("t")
    arctan = Activation.define(
        "arctan", sympy.atan(t), derivative_bound=1, derivative_lipschitz="0.65", curvature_lipschitz=2
    )
    assert arctan.expression == sympy.atan(z)
    assert arctan.proved and not arctan.reasons
    assert arctan.scaled(2).derivative_bound == 2 and arctan.scaled(2).proved


sqrt = sympy.sqrt
FOUND = [
    (sympy.log(sympy.cosh(z)), (1, 1, 4 / (3 * sqrt(3)))),
    (sympy.atan(z), (1, 3 * sqrt(3) / 8, 2)),
    (z / sqrt(1 + z**2), (1, 48 * sqrt(5) / 125, 3)),
    (sympy.exp(-(z**2)), (sqrt(2 / sympy.E), 2, 4 * sqrt(6) * sqrt((3 - sqrt(6)) / 2) * sympy.exp((sqrt(6) - 3) / 2))),
    (sympy.sin(z) ** 2, (1, 2, 4)),
    (sqrt(1 + z**2), (1, 1, 48 * sqrt(5) / 125)),
    (sympy.Max(0, z) ** 2, (None, 2, None)),
    (z**2, (None, 2, 0)),
    (z**3, (None, None, 6)),
    (sympy.Max(z / 10, z), (1, None, None)),
    (z / (1 + sympy.Abs(z)), (1, 2, None)),
    (sympy.Piecewise((z, z > 0), (sympy.exp(z) - 1, True)), (1, 1, None)),
    (1 / (1 + sympy.exp(-z)), (sympy.Rational(1, 4), 1 / (6 * sqrt(3)), sympy.Rational(1, 8))),
    (sympy.asinh(z), (1, 2 * sqrt(3) / 9, 1)),
    (sympy.exp(z), (None, None, None)),
]


@pytest.mark.parametrize(("expression", "constants"), FOUND, ids=str)
def test_what_a_user_leaves_out_is_found_in_closed_form_or_missing_with_a_reason(expression, constants):
    activation = Activation.define("mine", expression)
    assert activation.proved
    assert check_constants(activation).verdict is Verdict.PROVED
    for name, expected in zip(NAMES, constants, strict=True):
        value = getattr(activation, name)
        assert (value is None) == (expected is None) == (name in activation.reasons)
        assert value is None or sympy.simplify(value - expected) == 0


def test_without_a_closed_form_the_constant_is_a_rational_bound_within_1e_12():
    swish = Activation.define("swish", z / (1 + sympy.exp(-z)))
    assert swish.proved and set(swish.reasons) == {"derivative_bound", "curvature_lipschitz"}
    assert "1e-12" in swish.reasons["derivative_bound"]
    for order, name in ((1, "derivative_bound"), (3, "curvature_lipschitz")):
        bound = getattr(swish, name)
        assert bound.is_Rational
        below = replace(swish, **{name: bound * (1 - sympy.Rational(1, 10**12))})
        outcome = check_constants(below)
        assert outcome.verdict is Verdict.REFUTED
        assert enclose(abs(swish.derivative(order).subs(z, outcome.counterexample))) > enclose(getattr(below, name))


def test_a_constant_that_is_neither_proved_nor_refuted_is_declared_only():
    waves = sympy.sin(z) + sympy.sin(sqrt(2) * z)
    declared = Activation.define("waves", waves, derivative_bound="2.41421357")
    assert not declared.proved and declared.derivative_bound == sympy.Rational("2.41421357")
    assert "could be proved" in declared.reasons["derivative_lipschitz"]
    assert Activation.define("waves", waves, derivative_bound="2.5").proved


@given(point=st.floats(-30, 30), expression=st.sampled_from([expression for expression, _ in FOUND]))
def test_the_form_in_which_an_activation_is_kept_has_the_same_values(point, expression):
    activation = Activation.define("mine", expression)
    kept, given_ = (sympy.lambdify(z, formula, "mpmath") for formula in (activation.expression, expression))
    with mpmath.workdps(30):
        assert mpmath.almosteq(kept(mpmath.mpf(point)), given_(mpmath.mpf(point)), rel_eps=1e-20, abs_eps=1e-20)


@pytest.mark.parametrize(
    "expression", [FOUND[0][0], FOUND[12][0], z / (1 + sympy.exp(-z)), sympy.log(1 + sympy.exp(z))]
)
def test_derivatives_do_not_overflow_in_floating_point(expression):
    activation = Activation.define("mine", expression)
    for order in (1, 2, 3):
        slope = sympy.lambdify(z, activation.derivative(order), "numpy")
        assert np.isfinite(slope(np.array([-1400.0, -800.0, 0.0, 800.0, 1400.0]))).all()


@pytest.mark.parametrize(
    ("expression", "constants", "complaint"),
    [
        (sympy.atan(z), {"derivative_bound": "0.99"}, "derivative_bound = 99/100 is refuted at z ="),
        (sympy.atan(z), {"derivative_lipschitz": "0.64"}, "derivative_lipschitz = 16/25 is refuted at z ="),
        (sympy.Max(0, z), {"derivative_lipschitz": 0}, "derivative_lipschitz = 0 is refuted at z ="),
        (sympy.Abs(z), {"derivative_lipschitz": 1000}, "derivative_lipschitz = 1000 is refuted at z ="),
        (sympy.Max(0, z) ** 2, {"curvature_lipschitz": 50}, "curvature_lipschitz = 50 is refuted"),
        (z**2, {"derivative_bound": 100}, "derivative_bound = 100 is refuted"),
        (1 / z, {"derivative_bound": 10**30}, "activation mine: 1/z has no finite value at z = 0"),
        (sympy.sign(z), {}, "activation mine: .* is not continuous at z = 0"),
        (sympy.Max(0, z) ** 2, {"derivative_lipschitz": "1.999999999"}, "refuted"),
        (sympy.atan(z), {"derivative_bound": -1}, "derivative_bound is -1: expected a number >= 0"),
        (sympy.Float(0.5) * z, {"derivative_bound": 1}, "found a float"),
        (sympy.Integer(1), {}, "exactly one symbol"),
        (z * sympy.Symbol("a"), {}, "exactly one symbol"),
        ("tanh(z)", {}, "exactly one symbol"),
    ],
)
def test_what_is_wrong_with_a_definition_is_said(expression, constants, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        Activation.define("mine", expression, **constants)


def test_kinks_are_stored_as_piecewise():
    leaky = Activation.define("leaky", sympy.Max(z / 10, z), derivative_bound=1)
    assert leaky.expression.has(sympy.Piecewise)
    assert not leaky.derivative(1).has(sympy.Heaviside, sympy.Derivative)
    assert leaky.derivative(1).subs(z, -1) == sympy.Rational(1, 10)
