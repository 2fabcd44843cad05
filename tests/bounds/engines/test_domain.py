"""Functions are real and smooth everywhere, or there is a point of trouble."""

import pytest
import sympy

from robustntk.bounds import ACTIVATIONS, InvalidInput
from robustntk.bounds.activation import z
from robustntk.bounds.engines.domain import trouble
from robustntk.bounds.engines.tails import Unknown

oo, sqrt, exp, log = sympy.oo, sympy.sqrt, sympy.exp, sympy.log


@pytest.mark.parametrize(
    "function",
    [
        *(row.derivative(order) for row in ACTIVATIONS.values() for order in range(3)),
        log(sympy.cosh(z)),
        z / (1 + exp(-z)),
        sqrt(1 + z**2),
        sympy.Max(0, z) ** 3,
        sympy.sin(z**2),
        1 / (1 + sympy.Abs(z)),
        log(2 + sympy.sin(z)),
    ],
    ids=str,
)
def test_there_is_no_trouble_with_what_is_smooth_between_its_break_points(function):
    assert trouble(function, z) is None


@pytest.mark.parametrize(
    ("function", "point"),
    [
        (1 / z, 0),
        (log(z), 0),
        (sympy.sin(z) / z, 0),
        (sympy.atan(1 / z), 0),
        (sqrt(z), -1),
        (sqrt(z**2 + z + sympy.Rational(1, 4)), None),
        (1 / (z - 10**5), 10**5),
        (log(10**4 - z), oo),
        (sympy.asin(z), -2),
        (1 / (1 + sympy.cos(z)), None),
        (sympy.Piecewise((1 / (z - 2), z > 1), (-1, True)), 2),
    ],
    ids=str,
)
def test_the_trouble_is_found(function, point):
    found = trouble(function, z)
    assert found is not None
    assert point is None or found == point


def test_what_is_beyond_the_rules_is_said():
    with pytest.raises(Unknown, match="outgrows"):
        trouble(exp(-exp(-z)), z)
    with pytest.raises(InvalidInput, match="floor is not a known real function"):
        trouble(sympy.floor(z), z)
