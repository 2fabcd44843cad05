"""Identities: true ones proved by algebra, false ones refuted at an admissible point, numbers alone prove nothing."""

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Derivative,
    Function,
    Integral,
    Limit,
    Piecewise,
    Rational,
    Sum,
    cos,
    erf,
    exp,
    log,
    oo,
    pi,
    sin,
    sqrt,
    tanh,
)

from robustntk.bounds import Verdict
from robustntk.bounds.engines import identity
from robustntk.bounds.engines.engine import Engine
from robustntk.bounds.engines.identity import Identity
from robustntk.bounds.engines.relations import equal

x, y, z = sympy.symbols("x y z", real=True)
a, c, q, m = sympy.symbols("a c q m", positive=True)
k, T = sympy.symbols("k T", integer=True, positive=True)

TRUE = {
    "polynomials": ((x + y) ** 2, x**2 + 2 * x * y + y**2),
    "quotients": (1 / (x - 1) - 1 / (x + 1), 2 / (x**2 - 1)),
    "roots of symbols": (sqrt(a * m) / m, sqrt(a) / sqrt(m)),
    "a root of a square": (sqrt(x**2), Abs(x)),
    "rational denominators": (1 / (sqrt(2) - 1), 1 + sqrt(2)),
    "nested roots": (sqrt(5 + 2 * sqrt(6)), sqrt(2) + sqrt(3)),
    "constants": (sqrt(8 / (pi * sympy.E)), 2 * sqrt(2) / sqrt(pi * sympy.E)),
    "trigonometric": (sin(x) ** 2 + cos(x) ** 2, 1),
    "hyperbolic": (tanh(x), (exp(2 * x) - 1) / (exp(2 * x) + 1)),
    "logarithms": (log(a * m), log(a) + log(m)),
    "an integral over the line": (Integral(exp(-(z**2) / 2), (z, -oo, oo)), sqrt(2 * pi)),
    "an integral with a parameter": (Integral((1 - z) * a, (z, 0, 1)), a / 2),
    "an integral of erf": (Integral(z * erf(z) * exp(-(z**2)), (z, 0, oo)), sqrt(2) / 4),
    "a derivative": (Derivative(sqrt(m) * tanh(x), x), sqrt(m) * (1 - tanh(x) ** 2)),
    "a limit": (Limit((1 - (1 - q) ** T) / q, q, 0), T),
    "a limit at infinity": (Limit(a / (1 - (1 + c) ** (-x)), x, oo), a),
    "a sum": (Sum(k, (k, 1, T)), T * (T + 1) / 2),
    "a geometric sum": (Sum(q**k, (k, 0, T - 1)), (1 - q**T) / (1 - q)),
    "Piecewise": (Piecewise((x**2, x > 0), (0, True)), Piecewise((x * x, x > 0), (x - x, True))),
    "evaluated": (x, x),
}
FALSE = {
    "polynomials": ((x + y) ** 2, x**2 + x * y + y**2),
    "a constant off by 1e-9": (sqrt(2 * pi), sqrt(2 * pi) + Rational(1, 10**9)),
    "an integral": (Integral(exp(-(z**2) / 2), (z, -oo, oo)), sqrt(pi)),
    "a derivative": (Derivative(a * x**2, x), a * x),
    "a limit": (Limit((1 - (1 - q) ** T) / q, q, 0), T + 1),
    "a sum": (Sum(k, (k, 1, T)), T**2 / 2),
    "a geometric sum": (Sum(q**k, (k, 0, T)), (1 - q**T) / (1 - q)),
    "the sign of a root": (sqrt(x**2), x),
    "Piecewise": (Piecewise((x**2, x > 0), (0, True)), x**2),
    "integers only": (cos(pi * k), 1),
}


@pytest.mark.parametrize("sides", TRUE.values(), ids=TRUE)
def test_a_true_identity_is_proved(sides):
    assert Identity(*sides).check().verdict is Verdict.PROVED


@pytest.mark.parametrize("sides", FALSE.values(), ids=FALSE)
def test_a_false_identity_is_refuted_at_a_point_where_the_sides_differ(sides):
    outcome = Identity(*sides).check()
    assert outcome.verdict is Verdict.REFUTED
    values = outcome.counterexample.values
    left, right = (side.doit().subs(values) for side in map(sympy.sympify, sides))
    assert abs((left - right).n(30)) > 1e-10
    assert outcome.counterexample.is_admissible()


@pytest.mark.parametrize("symbol", [a, -x, k, sympy.Symbol("w", negative=True), sympy.Symbol("e", even=True)])
def test_points_are_what_symbols_are_declared_to_be(symbol):
    name = next(iter(symbol.free_symbols))
    points = list(identity._points({name}))
    assert points
    assert all(point.is_admissible() for point in points)


def test_agreement_of_numbers_proves_nothing():
    """A rational that agrees with a root to 1,200 digits: they differ, but no ball that is tried can tell."""
    digits, _ = sympy.integer_nthroot(2 * 4**4000, 2)
    outcome = Identity(sqrt(2) + a, a + Rational(digits, 2**4000)).check()
    assert outcome.verdict is Verdict.INCONCLUSIVE


def test_an_unknown_function_is_no_number():
    f, g = Function("f"), Function("g")
    assert Identity(f(x) + g(x) - f(x), g(x)).check().verdict is Verdict.PROVED
    assert Identity(f(x), g(x)).check().verdict is Verdict.INCONCLUSIVE


def test_an_integral_that_sympy_gets_wrong_is_noticed(monkeypatch):
    monkeypatch.setattr(Integral, "doit", lambda self, **options: sympy.Integer(7))
    outcome = Identity(Integral(z**2, (z, 0, 1)), 7).check()
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "quadrature" in outcome.reason


def test_an_identity_is_an_engine():
    engine = Identity(x, y)
    assert isinstance(engine, Engine)
    assert (engine.name, engine.facts, engine.conclusion) == ("sympy", (), equal(x, y))


rationals = st.fractions(min_value=-3, max_value=3, max_denominator=5).map(
    lambda v: Rational(v.numerator, v.denominator)
)


@settings(max_examples=30)
@given(roots=st.lists(rationals, min_size=1, max_size=4), change=rationals)
def test_a_polynomial_equals_its_expansion_and_nothing_else(roots, change):
    product = sympy.prod(x - root for root in roots)
    assert Identity(product, sympy.expand(product)).check().verdict is Verdict.PROVED
    assume(change != 0)
    assert Identity(product, sympy.expand(product) + change * x**2).check().verdict is Verdict.REFUTED


@settings(max_examples=15)
@given(coefficients=st.lists(rationals, min_size=1, max_size=4), change=rationals)
def test_the_integral_of_a_derivative_is_the_difference_at_the_ends(coefficients, change):
    polynomial = sum(coefficient * z**power for power, coefficient in enumerate(coefficients))
    integral = Integral(Derivative(polynomial, z), (z, 0, a))
    difference = polynomial.subs(z, a) - coefficients[0] if len(coefficients) > 1 else sympy.Integer(0)
    assert Identity(integral, difference).check().verdict is Verdict.PROVED
    assume(change != 0)
    assert Identity(integral, difference + change).check().verdict is Verdict.REFUTED
