"""Branches agree with the function, meet at its break points, and show its jumps."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Abs, Max, Min, Piecewise

from robustntk.bounds import ACTIVATIONS, InvalidInput
from robustntk.bounds.activation import z
from robustntk.bounds.engines.branches import branches, jump
from robustntk.bounds.engines.periods import period

FUNCTIONS = [
    Max(0, z) ** 2,
    Abs(z - 1) - Abs(z + 1) / 3,
    z / (1 + Abs(z)),
    Min(1, Max(-1, z)),
    Piecewise((z, z > 1), (z**2, z >= -1), (sympy.exp(z), True)),
    Piecewise((z**2 - 2, z**2 > 2), (0, True)),
    Piecewise((1, (z > 0) & (z < 2)), (0, True)),
    sympy.tanh(z),
]


@given(function=st.sampled_from(FUNCTIONS), point=st.fractions(-5, 5, max_denominator=60))
def test_the_branch_of_a_point_has_the_value_of_the_function(function, point):
    at = sympy.Rational(point.numerator, point.denominator)
    parts = branches(function, z)
    assert parts[0].lower == -sympy.oo and parts[-1].upper == sympy.oo
    assert all(left.upper == right.lower for left, right in zip(parts, parts[1:], strict=False))
    inside = [part for part in parts if part.lower < at < part.upper]
    for part in inside:
        assert sympy.simplify(part.expression.subs(z, at) - function.subs(z, at)) == 0
    assert inside or any(at == part.lower for part in parts)


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (ACTIVATIONS["relu"].derivative(1), 0),
        (ACTIVATIONS["quadratic_relu"].derivative(2), 0),
        (sympy.floor(0) + sympy.Heaviside(z - 3, 1), 3),
        (Piecewise((z, z < 1), (z + sympy.Rational(1, 10**30), True)), 1),
    ],
    ids=str,
)
def test_a_jump_is_found_and_proved(function, point):
    found = jump(function, z)
    assert found.point == point and found.proved and found.left != found.right


@pytest.mark.parametrize("function", [*FUNCTIONS[:4], FUNCTIONS[5], 2 * Max(0, z)], ids=str)
def test_a_continuous_function_has_no_jump(function):
    assert jump(function, z) is None


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (Piecewise((5, sympy.Eq(z, 0)), (z, True)), "not continuous at z = 0"),
        (Piecewise((1, sympy.sin(z) > 0), (0, True)), "expected a relation between polynomials"),
        (Piecewise((1, z > 0)), "not defined at"),
        (Piecewise((1 / z, z > 0), (0, True)), None),
    ],
    ids=str,
)
def test_what_cannot_be_cut_is_refused(function, complaint):
    if complaint is None:
        with pytest.raises(InvalidInput, match="no finite value at z = 0"):
            jump(function, z)
    else:
        with pytest.raises(InvalidInput, match=complaint):
            branches(function, z)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (sympy.sin(z) ** 2, 2 * sympy.pi),
        (sympy.sin(3 * z) + sympy.cos(z / 2 + 1), 4 * sympy.pi),
        (sympy.cos(sympy.sqrt(2) * z) * sympy.sin(3 * sympy.sqrt(2) * z), sympy.sqrt(2) * sympy.pi),
        (sympy.sin(z) + sympy.sin(sympy.sqrt(2) * z), None),
        (z + sympy.sin(z), None),
        (sympy.sin(z**2), None),
        (sympy.exp(z), None),
    ],
    ids=str,
)
def test_the_period_is_one(function, expected):
    found = period(function, z)
    assert found == expected
    if found is not None:
        assert sympy.simplify(sympy.expand_trig(function.subs(z, z + found) - function)) == 0
