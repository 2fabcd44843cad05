"""h >= 0 on intervals: proved where true, even at exact contacts, refuted where false by however little."""

from fractions import Fraction
from itertools import pairwise

import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, Verdict, is_less
from robustntk.bounds.activation import z
from robustntk.bounds.engines.subdivision import nonnegative

oo, exp, log, cos, sqrt = sympy.oo, sympy.exp, sympy.log, sympy.cos, sympy.sqrt
TINY = sympy.Rational(1, 10**18)
# h >= 0 with equality somewhere: inside (also where h'' vanishes too), at an end, or at infinity.
TOUCHING = [
    (exp(z) - 1 - z, -oo, oo),
    ((z**2 - 2) ** 2, -oo, oo),
    ((3 * z**2 - 2) ** 2 * exp(-z), -oo, oo),
    (z**4 * (1 + z**2), -3, 3),
    (1 - exp(-(z**6)), -1, 1),
    (z - log(1 + z), 0, oo),
    (exp(z) - 1 - z - z**2 / 2, 0, oo),
    (z - sympy.sin(z), 0, oo),
    (1 - cos(z), -4, 7),
    (sympy.sin(z), 0, sympy.pi),
    (1 - z**2, -1, 1),
    (sqrt(2) - z, -5, sqrt(2)),
    ((sqrt(2) - z) * (3 - z), -5, sqrt(2)),
    ((z - sympy.pi) * (z - 1) / (1 + z**2), sympy.pi, oo),
    (4 / (3 * sqrt(3)) - 2 * sympy.tanh(z) * (1 - sympy.tanh(z) ** 2), -oo, oo),
]
POSITIVE = [
    (1 - sympy.tanh(z), -oo, oo),
    (exp(-(z**2)), -oo, oo),
    (sympy.erfc(z), -oo, oo),
    (1 - sympy.erf(3 * z + 11), -oo, oo),
    (1 - sympy.tanh(20 * z + 60), -oo, oo),
    (sqrt(1 + z**2) - z, 0, oo),
    (sympy.Integer(3), -oo, oo),
    (log(1 + exp(-z)) / 2 - 1 / (1 + exp(z)) ** 2, -oo, oo),
]


@pytest.mark.parametrize(("expression", "lower", "upper"), [*TOUCHING, *POSITIVE], ids=str)
def test_what_is_nonnegative_is_proved(expression, lower, upper):
    assert nonnegative(expression, z, lower, upper).verdict is Verdict.PROVED


@pytest.mark.parametrize(("expression", "lower", "upper"), POSITIVE, ids=str)
def test_what_is_positive_is_proved_strictly(expression, lower, upper):
    assert nonnegative(expression, z, lower, upper, strict=True).verdict is Verdict.PROVED


@pytest.mark.parametrize(("expression", "lower", "upper"), TOUCHING, ids=str)
def test_what_touches_0_is_not_positive(expression, lower, upper):
    outcome = nonnegative(expression, z, lower, upper, strict=True)
    assert outcome.verdict is Verdict.REFUTED
    assert sympy.simplify(expression.subs(z, outcome.counterexample)) == 0


@pytest.mark.parametrize(("expression", "lower", "upper"), TOUCHING, ids=str)
def test_a_shift_of_1e_18_is_refuted_with_a_point_of_the_interval(expression, lower, upper):
    outcome = nonnegative(expression - TINY, z, lower, upper)
    assert outcome.verdict is Verdict.REFUTED
    point = outcome.counterexample
    assert point.is_Rational
    assert lower == -oo or not is_less(point, lower)
    assert upper == oo or not is_less(upper, point)
    assert is_less(expression.subs(z, point), TINY)


@given(
    first=st.fractions(-6, 6, max_denominator=50),
    second=st.fractions(-6, 6, max_denominator=50),
    offset=st.fractions(-1, 1, max_denominator=10**6),
)
def test_a_quartic_is_nonnegative_where_its_least_value_is(first, second, offset):
    a, b, c = (sympy.Rational(number.numerator, number.denominator) for number in (first, second, offset))
    outcome = nonnegative((z - a) ** 2 * (z - b) ** 2 + c, z, -oo, oo)
    assert outcome.verdict is (Verdict.PROVED if c >= 0 else Verdict.REFUTED)


@given(
    roots=st.lists(st.fractions(-2, 2, max_denominator=8), min_size=1, max_size=4),
    ends=st.tuples(st.fractions(-3, 3, max_denominator=8), st.fractions(-3, 3, max_denominator=8)),
    sign=st.sampled_from([1, -1]),
)
@example(roots=[Fraction(-1, 2)], ends=(Fraction(-3), Fraction(3)), sign=1)
@example(roots=[Fraction(0), Fraction(0)], ends=(Fraction(0), Fraction(0)), sign=-1)
def test_a_polynomial_is_nonnegative_if_it_is_so_between_its_roots(roots, ends, sign):
    lower, upper = (sympy.Rational(end.numerator, end.denominator) for end in sorted(ends))
    zeros = [sympy.Rational(root.numerator, root.denominator) for root in roots]
    polynomial = sign * sympy.prod(z - root for root in zeros)
    inside = sorted({lower, upper, *(root for root in zeros if lower < root < upper)})
    samples = [lower, upper, *((left + right) / 2 for left, right in pairwise(inside))]
    expected = all(polynomial.subs(z, sample) >= 0 for sample in samples)
    outcome = nonnegative(polynomial, z, lower, upper)
    assert outcome.verdict is (Verdict.PROVED if expected else Verdict.REFUTED)
    assert expected or (lower <= outcome.counterexample <= upper and polynomial.subs(z, outcome.counterexample) < 0)


def test_an_empty_interval_is_refused():
    with pytest.raises(InvalidInput, match="from 2 to 1 is empty"):
        nonnegative(z, z, 2, 1)


def test_a_narrow_dip_far_from_the_origin_is_found():
    dip = sympy.Integer(1) - 2 * exp(-((100 * (z - sympy.Rational(4567, 10))) ** 2))
    outcome = nonnegative(dip, z, -oo, oo)
    assert outcome.verdict is Verdict.REFUTED
    assert abs(outcome.counterexample - sympy.Rational(4567, 10)) < sympy.Rational(1, 50)


@pytest.mark.parametrize(
    ("expression", "lower", "upper", "place"),
    [
        (2 - sympy.sin(z) - sympy.sin(sqrt(2) * z), -oo, oo, "near -oo"),
        (1 / z**2, -1, 1, "near z = "),
        (exp(-exp(z)), 0, oo, "an exponential that outgrows"),
        (sqrt(z), 0, 1, "near z = "),
    ],
    ids=str,
)
def test_what_cannot_be_decided_is_inconclusive_with_the_place(expression, lower, upper, place):
    outcome = nonnegative(expression, z, lower, upper)
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert place in outcome.reason
