"""Suprema over the whole line: above every value, attained or approached, however far out the maximum is."""

import mpmath
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from robustntk.bounds import ACTIVATIONS, enclose, is_at_most, is_less
from robustntk.bounds.activation import z
from robustntk.bounds.engines.extremum import NotBounded, bounded_by, supremum, value_at
from robustntk.bounds.engines.tails import tail

oo, sqrt, exp, tanh = sympy.oo, sympy.sqrt, sympy.exp, sympy.tanh
SWISH = z * (1 + tanh(z / 2)) / 2
BUMP = exp(-((z - 60) ** 2))
FUNCTIONS = {
    "swish'": sympy.diff(SWISH, z),
    "swish'''": sympy.diff(SWISH, z, 3),
    "bump far away": sympy.diff(tanh(z) + BUMP, z),
    "narrow": sympy.diff(tanh(1000 * z), z, 2),
    "wide": sympy.diff(tanh(z / 1000), z, 3),
    "two frequencies": sympy.sin(3 * z) + 2 * sympy.cos(z),
    "waves that decay": sympy.sin(3 * z) * exp(-(z**2)),
    "flat maximum": 1 / (1 + (z - 1) ** 4),
    "flat maximum in no closed form": 1 / (1 + (z - exp(-2)) ** 4),
    "elu'": sympy.Piecewise((1, z > 0), (exp(z), True)),
    "hat": sympy.Piecewise((1 - sympy.Abs(z), sympy.Abs(z) < 1), (0, True)),
    "cut off before its peak": sympy.Piecewise((2 * exp(-((z - 1) ** 2)), 10 * z < 9), (0, True)),
    "cut off at an irrational point": sympy.Piecewise((2 * exp(-((z - 2) ** 2)), z < sqrt(2)), (0, True)),
    "rational": (z**3 - 2 * z) / (1 + z**4),
    "to a limit": z / sqrt(1 + z**2) - 1 / (1 + z**2),
}


@given(name=st.sampled_from(sorted(FUNCTIONS)), point=st.floats(-80, 80))
def test_no_value_exceeds_the_supremum(name, point):
    found = supremum(FUNCTIONS[name], z)
    with mpmath.workdps(40):
        value = abs(sympy.lambdify(z, FUNCTIONS[name], "mpmath")(mpmath.mpf(point)))
        assert value <= mpmath.mpf(str(sympy.N(found.value, 40))) * (1 + mpmath.mpf(10) ** -35)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_come_within_1e_12_of_the_supremum(name):
    found = supremum(FUNCTIONS[name], z)
    assert is_at_most(found.lower, found.value)
    assert is_less(found.value * (1 - sympy.Rational(1, 10**12)), found.lower) or found.value == 0
    where = sympy.Integer(10**8) if found.where == oo else found.where
    assert value_at(FUNCTIONS[name], z, where) > (sympy.N(found.value, 30) * (1 - sympy.Float("1e-12", 30)))


def scaled_atoms():
    """Smooth functions of a z + b."""
    makers = [tanh, sympy.erf, sympy.sin, sympy.atan, lambda x: exp(-(x**2)), lambda x: 1 / (1 + x**2), sympy.asinh]
    numbers = (
        st.fractions(-4, 4, max_denominator=6).filter(bool).map(lambda q: sympy.Rational(q.numerator, q.denominator))
    )
    return st.tuples(st.sampled_from(makers), numbers, numbers).map(
        lambda parts: parts[0](abs(parts[1]) * z + parts[2])
    )


@settings(max_examples=40)
@given(first=scaled_atoms(), second=scaled_atoms(), order=st.integers(0, 2), product=st.booleans())
def test_the_supremum_of_a_combination_is_above_its_samples(first, second, order, product):
    function = sympy.diff(first * second if product else first + second, z, order)
    try:
        found = supremum(function, z)
    except NotBounded:
        assert function.has(sympy.sin)  # which need not be periodic together with the rest
        return
    if found.infinite:
        assert found.where in (oo, -oo)
        return
    evaluate = sympy.lambdify(z, function, "mpmath")
    with mpmath.workdps(30):
        largest = max(abs(evaluate(mpmath.mpf(step) / 16)) for step in range(-320, 321))
        assert largest <= mpmath.mpf(str(sympy.N(found.value, 30))) + mpmath.mpf(10) ** -25


@pytest.mark.parametrize(
    ("function", "value", "where"),
    [
        (sympy.diff(tanh(z), z, 2), 4 / (3 * sqrt(3)), sympy.atanh(1 / sqrt(3))),
        (sympy.diff(sympy.atan(z), z, 2), 3 * sqrt(3) / 8, sqrt(3) / 3),
        (sympy.sin(z) + 2 * sympy.cos(z), sqrt(5), sympy.atan(sympy.Rational(1, 2))),
        (sympy.diff(sympy.log(1 + exp(3 * z)), z, 3), 27 / (6 * sqrt(3)), sympy.log(2 + sqrt(3)) / 3),
        (z / (1 + z**2) - sympy.Rational(1, 2), 1, -1),
        (
            sympy.sin(5 * z / 4 - sympy.Rational(9, 8)) / 3,
            sympy.Rational(1, 3),
            (4 * sympy.pi + 9) / 10 - sympy.pi * 4 / 5,
        ),
        (sympy.diff(tanh(sqrt(2) * z - 1), z, 2), 8 / (3 * sqrt(3)), (1 - sympy.atanh(1 / sqrt(3))) / sqrt(2)),
        (tanh(z) - 1, 2, -oo),
        (FUNCTIONS["flat maximum"], 1, 1),
        (FUNCTIONS["hat"], 1, 0),
    ],
    ids=str,
)
def test_closed_forms_are_found(function, value, where):
    found = supremum(function, z)
    assert found.exact and sympy.simplify(found.value - value) == 0
    attained = function.subs(z, where) if where not in (oo, -oo) else tail(function, z, 1 if where > 0 else -1).limit()
    assert sympy.simplify(abs(attained) - value) == 0
    assert (
        value_at(function, z, found.where).overlaps(enclose(value)) if found.where.is_finite else where == found.where
    )


@pytest.mark.parametrize(
    ("function", "where"), [(z**3, -oo), (exp(z) - 1, oo), (z * tanh(z), -oo), (exp(z**2 / 9), -oo)]
)
def test_what_is_unbounded_is_known_to_be_so(function, where):
    found = supremum(function, z)
    assert found.infinite and found.where == where


@pytest.mark.parametrize("function", [z * sympy.sin(z), sympy.sin(z) + sympy.sin(sqrt(2) * z), 1 / z], ids=str)
def test_what_is_beyond_the_method_is_said_and_not_guessed(function):
    with pytest.raises(NotBounded):
        supremum(function, z)


@given(centre=st.integers(-3000, 3000), height=st.fractions("1/1000", 5, max_denominator=1000))
def test_a_bump_anywhere_refutes_the_constant_without_it(centre, height):
    function = sympy.diff(tanh(z), z) + sympy.Rational(height.numerator, height.denominator) * exp(-((z - centre) ** 2))
    assert is_less(1, function.subs(z, bounded_by(function, z, supremum(sympy.diff(tanh(z), z), z).value)))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("scale", ["1/7", "3"])
def test_the_constants_of_scaled_activations_are_their_suprema(name, scale):
    activation = ACTIVATIONS[name].scaled(scale)
    constants = (activation.derivative_bound, activation.derivative_lipschitz, activation.curvature_lipschitz)
    for order, constant in enumerate(constants, start=1):
        if constant is not None:
            found = supremum(activation.derivative(order), z)
            assert found.exact and sympy.simplify(found.value - constant) == 0
