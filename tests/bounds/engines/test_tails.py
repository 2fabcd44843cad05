"""Behaviour near infinity: limits are exact, ranges contain every value, signs hold however far out."""

from fractions import Fraction

import pytest
import sympy
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import ACTIVATIONS, enclose
from robustntk.bounds.activation import z
from robustntk.bounds.engines.tails import NotReal, TooNear, Unknown, tail

oo = sympy.oo
SMOOTH = [row.derivative(order) for name, row in ACTIVATIONS.items() if "relu" not in name for order in range(5)]
SWISH = z / (1 + sympy.exp(-z))
MORE = [
    *(sympy.diff(SWISH, z, order) for order in range(4)),
    *(sympy.diff(z * sympy.tanh(sympy.log(1 + sympy.exp(z))), z, order) for order in range(3)),
    *(sympy.diff(sympy.sqrt(1 + z**2), z, order) for order in range(4)),
    sympy.exp(z**2 / (1 + z)),
    sympy.exp(-((z - 60) ** 2)),
    sympy.log(1 + z**2) / z,
    sympy.sin(1 / z) + sympy.cos(z) * sympy.exp(-z),
    sympy.erfc(z / 3) * z**2,
    sympy.atan(z**3 / (1 + z)),
    2**z / (1 + 3**z),
]


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("expression", [*SMOOTH, *MORE], ids=str)
def test_values_lie_in_the_range_and_have_the_sign(expression, direction):
    behaviour = tail(expression, z, direction)
    start = next(behaviour.starts())
    try:
        whole, sign = behaviour.range_from(start), behaviour.sign_from(start)
    except (Unknown, TooNear):
        whole, sign = arb(0, "inf"), 0
    for factor in (1, Fraction(5, 4), 3, 20):
        point = fmpq(direction * start) * fmpq(Fraction(factor).numerator, Fraction(factor).denominator)
        with ctx.workprec(2000):
            value = enclose(expression, 2000, at={z: arb(point)})
            assert whole.overlaps(value)
            assert not sign * value < 0


@pytest.mark.parametrize(
    ("expression", "limits"),
    [
        (sympy.tanh(z), (1, -1)),
        (sympy.atan(z), (sympy.pi / 2, -sympy.pi / 2)),
        (SWISH, (oo, 0)),
        (sympy.diff(SWISH, z), (1, 0)),
        (z / sympy.sqrt(1 + z**2), (1, -1)),
        (z**3 / (1 + z**2), (oo, -oo)),
        (sympy.exp(-sympy.exp(-z)), (1, None)),
        (sympy.sin(z), (None, None)),
        (z * sympy.sin(z), (None, None)),
        (sympy.sin(z) / z, (0, 0)),
        (sympy.log(1 + sympy.exp(z)) - z, (0, oo)),
        (sympy.erf(z) * sympy.sqrt(sympy.pi), (sympy.sqrt(sympy.pi), -sympy.sqrt(sympy.pi))),
        ((1 + 1 / z) ** 3 * 2, (2, 2)),
    ],
    ids=str,
)
def test_limits_are_exact(expression, limits):
    for direction, expected in zip((1, -1), limits, strict=True):
        try:
            assert tail(expression, z, direction).limit() == expected
        except Unknown:
            assert expected is None


@pytest.mark.parametrize(
    "expression",
    [
        1 - sympy.tanh(z),
        1 - sympy.erf(z),
        sympy.sqrt(1 + z**2) - z,
        1 - z / sympy.sqrt(1 + z**2),
        sympy.pi / 2 - sympy.atan(z),
    ],
    ids=str,
)
def test_what_tends_to_0_from_above_is_known_to_be_positive(expression):
    behaviour = tail(expression, z)
    assert behaviour.limit() == 0
    assert behaviour.sign_from(next(behaviour.starts())) == 1
    assert tail(-expression, z).sign_from(8) == -1


@given(centre=st.integers(5, 400))
def test_a_bump_far_away_keeps_the_start_beyond_it(centre):
    behaviour = tail(sympy.tanh(z) - 2 + 3 * sympy.exp(-((z - centre) ** 2)), z)
    for start in behaviour.starts():
        try:
            sign = behaviour.sign_from(start)
        except TooNear:
            continue
        if sign:
            break
    assert sign == -1 and start > centre


@pytest.mark.parametrize("expression", [sympy.log(10 - z), sympy.sqrt(1 - z**2), sympy.sqrt(1 - sympy.exp(z))], ids=str)
def test_what_is_not_real_far_out_is_said_to_be_so(expression):
    with pytest.raises(NotReal):
        tail(expression, z)


@pytest.mark.parametrize("expression", [sympy.asin(z), sympy.exp(sympy.exp(z)), sympy.log(sympy.log(z)), z**z], ids=str)
def test_what_is_beyond_the_rules_is_unknown(expression):
    with pytest.raises(Unknown):
        tail(expression, z)
