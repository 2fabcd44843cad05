"""Activations: scaling, derivatives, and what users may define."""

import pickle
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import ACTIVATIONS, Activation, InvalidInput, get_activation
from robustntk.bounds.activation import z


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
    assert not arctan.proved
    assert arctan.scaled(2).derivative_bound == 2


def test_what_a_user_leaves_out_is_missing_with_a_reason():
    assert set(Activation.define("arctan", sympy.atan(z), derivative_bound=1).reasons) == {
        "derivative_lipschitz",
        "curvature_lipschitz",
    }


@pytest.mark.parametrize(
    ("expression", "constants", "complaint"),
    [
        (sympy.atan(z), {"derivative_bound": "0.99"}, "derivative_bound = 99/100 is refuted at z ="),
        (sympy.atan(z), {"derivative_lipschitz": "0.64"}, "derivative_lipschitz = 16/25 is refuted at z ="),
        (sympy.Max(0, z), {"derivative_lipschitz": 0}, "derivative_lipschitz = 0 is refuted at z ="),
        (sympy.Abs(z), {"derivative_lipschitz": 1000}, "derivative_lipschitz = 1000 is refuted at z ="),
        (sympy.Max(0, z) ** 2, {"curvature_lipschitz": 50}, "curvature_lipschitz = 50 is refuted"),
        (z**2, {"derivative_bound": 100}, "derivative_bound = 100 is refuted"),
        (1 / z, {"derivative_bound": 10**30}, "no finite value at z = 0"),
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
