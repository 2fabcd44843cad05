"""Claims about suprema: proved where true, refuted with evidence where false by a relative 1e-12 either way."""

import mpmath
import pytest
import sympy

from robustntk.bounds import ACTIVATIONS, Verdict, enclose, is_at_most, is_less
from robustntk.bounds.activation import z
from robustntk.bounds.engines.extremum import NotBounded
from robustntk.bounds.engines.lipschitz import Lipschitz, NotLipschitz
from robustntk.bounds.engines.supremum import Bounded, Supremum, SupremumEnclosure, Unbounded, enclose_supremum

TINY = sympy.Rational(1, 10**12)
CONSTANTS = ("derivative_bound", "derivative_lipschitz", "curvature_lipschitz")
FINITE = [
    (name, order)
    for name, activation in ACTIVATIONS.items()
    for order, constant in enumerate(CONSTANTS, start=1)
    if getattr(activation, constant) is not None
]


def claim(name, order):
    return ACTIVATIONS[name].derivative(order), getattr(ACTIVATIONS[name], CONSTANTS[order - 1])


@pytest.mark.parametrize(("name", "order"), FINITE)
def test_a_constant_of_the_table_is_the_supremum(name, order):
    function, value = claim(name, order)
    assert Supremum(function, z, value).check().verdict is Verdict.PROVED
    assert Bounded(function, z, value).check().verdict is Verdict.PROVED
    assert Lipschitz(ACTIVATIONS[name].derivative(order - 1), z, value).check().verdict is Verdict.PROVED


@pytest.mark.parametrize(("name", "order"), FINITE)
def test_a_smaller_constant_is_refuted_with_a_rational_point(name, order):
    function, value = claim(name, order)
    for engine in (Supremum, Bounded):
        outcome = engine(function, z, value * (1 - TINY)).check()
        assert outcome.verdict is Verdict.REFUTED
        assert outcome.counterexample.is_Rational
        one_sided = function.subs(z, outcome.counterexample + (TINY if function.has(sympy.Piecewise) else 0))
        assert is_less(value * (1 - TINY), abs(one_sided))


@pytest.mark.parametrize(("name", "order"), FINITE)
def test_a_larger_constant_is_no_supremum_but_a_bound(name, order):
    function, value = claim(name, order)
    outcome = Supremum(function, z, value * (1 + TINY)).check()
    assert outcome.verdict is Verdict.REFUTED
    assert isinstance(outcome.counterexample, SupremumEnclosure)
    assert is_less(outcome.counterexample.upper, value * (1 + TINY))
    assert Bounded(function, z, value * (1 + TINY)).check().verdict is Verdict.PROVED


@pytest.mark.parametrize(("name", "order"), FINITE)
def test_the_supremum_is_enclosed_to_12_digits(name, order):
    function, value = claim(name, order)
    enclosure = enclose_supremum(function, z, digits=12)
    assert is_at_most(enclosure.lower, value) and is_at_most(value, enclosure.upper)
    assert enclosure.upper - enclosure.lower <= TINY * enclosure.upper


def test_more_digits_are_given_on_request():
    swish = sympy.diff(z / (1 + sympy.exp(-z)), z)
    enclosures = [enclose_supremum(swish, z, digits=digits) for digits in (12, 16, 20)]
    with mpmath.workdps(60):
        steepest = mpmath.findroot(sympy.lambdify(z, sympy.diff(swish, z), "mpmath"), 2.4)
        supremum = sympy.Rational(str(sympy.lambdify(z, swish, "mpmath")(steepest)))
    for digits, enclosure in zip((12, 16, 20), enclosures, strict=True):
        assert enclosure.lower <= supremum <= enclosure.upper
        assert enclosure.upper - enclosure.lower <= enclosure.upper / 10**digits


def test_what_grows_beyond_the_constant_only_beyond_50_is_caught():
    function = sympy.diff(sympy.tanh(z) + 2 * sympy.exp(-((z - 60) ** 2)), z)
    outcome = Supremum(function, z, sympy.Integer(1)).check()
    assert outcome.verdict is Verdict.REFUTED
    assert outcome.counterexample > 50
    assert enclose(abs(function.subs(z, outcome.counterexample))) > 1
    assert Bounded(function, z, sympy.Integer(1)).check().verdict is Verdict.REFUTED


def test_an_unbounded_function_is_above_every_constant():
    slope = ACTIVATIONS["quadratic_relu"].derivative(1)
    assert Unbounded(slope, z).check().verdict is Verdict.PROVED
    for engine in (Supremum, Bounded):
        outcome = engine(slope, z, sympy.Integer(10**6)).check()
        assert outcome.verdict is Verdict.REFUTED and slope.subs(z, outcome.counterexample) > 10**6
    with pytest.raises(NotBounded, match="tends to oo"):
        enclose_supremum(slope, z)
    assert Unbounded(sympy.tanh(z), z).check().verdict is Verdict.REFUTED


def test_what_cannot_be_bounded_is_inconclusive():
    wild, nine = z * sympy.sin(z), sympy.Integer(9)
    assert Supremum(wild, z, nine).check().verdict is Unbounded(wild, z).check().verdict is Verdict.INCONCLUSIVE
    assert Bounded(wild, z, nine).check().verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("function", "jumps"),
    [(ACTIVATIONS["relu"].derivative(1), True), (ACTIVATIONS["quadratic_relu"].derivative(2), True), (z**2, False)],
    ids=str,
)
def test_what_jumps_or_is_too_steep_has_no_lipschitz_constant(function, jumps):
    assert NotLipschitz(function, z).check().verdict is Verdict.PROVED
    outcome = Lipschitz(function, z, sympy.Integer(10**9)).check()
    assert outcome.verdict is Verdict.REFUTED
    assert (outcome.counterexample == 0) is jumps


@pytest.mark.parametrize(
    "function", [sympy.tanh(z), sympy.Max(0, z), ACTIVATIONS["quadratic_relu"].derivative(1)], ids=str
)
def test_a_lipschitz_function_is_not_called_anything_else(function):
    assert NotLipschitz(function, z).check().verdict is Verdict.REFUTED


def test_a_jump_that_the_derivative_hides_is_not_missed():
    hidden = sympy.atan(1 / z)
    assert Lipschitz(hidden, z, sympy.Integer(1)).check().verdict is Verdict.INCONCLUSIVE
    assert NotLipschitz(hidden, z).check().verdict is Verdict.INCONCLUSIVE
