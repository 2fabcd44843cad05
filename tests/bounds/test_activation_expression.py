"""Activations typed as text: what is read, how exactly, and what is refused with one clear line."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import ACTIVATIONS, InvalidInput, get_activation
from robustntk.bounds.activation import z
from robustntk.bounds.activation_expression import activation_from_text, expression_from_text

READ = {
    "log(cosh(z))": sympy.log(sympy.cosh(z)),
    " 0.1*z + arctan( -z/3 ) ": z / 10 + sympy.atan(-z / 3),
    "z/sqrt(1+z**2)": z / sympy.sqrt(1 + z**2),
    "max(0,z)**2": sympy.Max(0, z) ** 2,
    "abs(z - 1.25e-1)": sympy.Abs(z - sympy.Rational(1, 8)),
    "Piecewise((z**2, z > 0), (0, True))": sympy.Piecewise((z**2, z > 0), (0, True)),
    "cos(pi*z)/pi + e**(-z**2)": sympy.cos(sympy.pi * z) / sympy.pi + sympy.exp(-(z**2)),
    "relu(2*z) - relu(-z)": sympy.Piecewise((2 * z, z > 0), (0, True)) - sympy.Piecewise((-z, z < 0), (0, True)),
    "gelu(z)*1_0": z * (1 + sympy.erf(z / sympy.sqrt(2))) * 5,
    "ln(1+exp(+z))": sympy.log(1 + sympy.exp(z)),
}


@pytest.mark.parametrize("text", READ)
@given(point=st.fractions(-4, 4, max_denominator=16))
def test_the_text_means_what_it_says(text, point):
    at = sympy.Rational(point.numerator, point.denominator)
    difference = expression_from_text(" ".join(text.split())) - READ[text]
    assert abs(sympy.N(difference.subs(z, at), 30)) < 1e-25


@pytest.mark.parametrize("text", ["log(cosh(z))", "z/(1+exp(-z))", "max(0,z)**2"])
def test_an_activation_is_named_by_its_text_and_proved(text):
    activation = get_activation(f"  {text} ")
    assert activation.name == text and activation.proved
    assert get_activation(activation.name) == activation
    assert get_activation(text, "1/2").scale == sympy.Rational(1, 2)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_printed_expressions_are_read_back(name):
    assert expression_from_text(str(ACTIVATIONS[name].expression)) == ACTIVATIONS[name].expression


def test_known_functions_are_recognised_behind_their_text():
    assert get_activation("max(0, z)**2").expression == ACTIVATIONS["quadratic_relu"].expression
    assert get_activation("z*sigmoid(z)").derivative_bound == get_activation("z/(1+exp(-z))").derivative_bound


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("swish", "unknown activation 'swish': expected one of erf, .*, relu, or an expression in z"),
        ("a*z", "unknown name 'a'"),
        ("x**2", "unknown name 'x': expected an expression in z"),
        ("foo(z)", "unknown function 'foo': expected one of"),
        ("exp*z", "exp is a function: write exp"),
        ("exp(z, 2)", "exp takes one argument"),
        ("exp(x=z)", "exp takes one argument"),
        ("max()", "max takes some numbers"),
        ("z^2", r"write \*\* for powers"),
        ("z**65", "the power 65: expected at most 64"),
        ("(z**9)**9", "the power 81: expected at most 64"),
        ("10**10**10*z", "expected at most 64"),
        ("(10**60)**60*z", "more than 300 digits"),
        ("1e400*z", "finite real number"),
        ("z*1j", "expected a real number"),
        ("z*'1'", "expected a real number"),
        ("z/0", "is not finite"),
        ("sqrt(-1)*z", r"'sqrt\(-1\)' is not real"),
        ("3", "expected an expression in z"),
        ("z > 0", "expected an expression in z"),
        ("z*(z > 0)", "is no number"),
        ("Piecewise((z, z > 0))", "has to end with"),
        ("Piecewise(z, True)", "expected .value, condition."),
        ("Piecewise((z, z), (0, True))", "is no condition"),
        ("Piecewise((z, 0 < z < 1), (0, True))", "expected one of < <= > >="),
        ("z if z > 0 else 0", "cannot read"),
        ("__import__('os').getcwd()", "unknown function"),
        ("z.real", "cannot read 'z.real'"),
        ("[z]", "cannot read"),
        ("~z", "cannot read"),
        ("z % 2", "cannot read"),
        ("sin z", "cannot be read"),
        ("", "cannot be read"),
        ("(" * 250, "cannot be read"),
        ("z+" * 200 + "z", "401 characters"),
        ("log(z)", "no finite value at z = 0"),
        ("1/z", "no finite value at z = 0"),
        ("z**1.5", "no finite value at z = -1"),
        ("tan(z)", "no finite value at z = 1.5707963 or thereabouts"),
        ("floor(z)", "floor is not continuous"),
        ("sign(z)", "is not continuous at z = 0"),
        ("Piecewise((z, z > 1), (0, True))", "is not continuous at z = 1"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text, complaint):
    with pytest.raises(InvalidInput, match=complaint) as caught:
        get_activation(text)
    assert "\n" not in str(caught.value)


@given(text=st.text(alphabet="z01.+-*/()<>, exploginsqrtPcwTue_'[]{}\\\n", max_size=25))
def test_any_text_is_either_an_expression_or_refused(text):
    try:
        expression = expression_from_text(text)
    except InvalidInput:
        return
    assert expression.free_symbols == {z}


def test_texts_are_read_once():
    assert activation_from_text("atan(z)") is activation_from_text("atan(z)")
