"""What z3 is told says the same as the SymPy formula: checked at points, where exact arithmetic knows the truth."""

import pytest
import sympy
import z3
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Abs, Function, Max, Min, Piecewise, Rational, exp, sqrt

from robustntk.bounds import Verdict
from robustntk.bounds.engines.engine import Fact
from robustntk.bounds.engines.point import Point, holds
from robustntk.bounds.engines.relations import at_most, equal
from robustntk.bounds.engines.smt import Entails
from robustntk.bounds.engines.translation import Translation

x, y = sympy.symbols("x y", real=True)
a, q = sympy.symbols("a q", positive=True)
t = sympy.Symbol("t", integer=True, positive=True)
f = Function("f")

rationals = st.fractions(min_value=-3, max_value=3, max_denominator=4).map(
    lambda v: Rational(v.numerator, v.denominator)
)
expressions = st.recursive(
    st.one_of(st.sampled_from([x, y]), rationals),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(sum),
        st.tuples(inner, inner).map(sympy.prod),
        st.tuples(inner, inner).filter(lambda pair: pair[1] != 0).map(lambda pair: pair[0] / pair[1]),
        st.tuples(inner, inner).map(lambda pair: Max(*pair)),
        st.tuples(inner, inner).map(lambda pair: Min(*pair)),
        inner.map(Abs),
        inner.map(lambda part: sqrt(1 + part**2)),
        st.tuples(inner, inner).map(lambda pair: Piecewise((pair[0], x > 0), (pair[1], True))),
    ),
    max_leaves=5,
).map(sympy.sympify)


@settings(max_examples=60)
@given(left=expressions, right=expressions, u=rationals, v=rationals)
def test_at_a_point_exactly_what_holds_there_is_entailed(left, right, u, v):
    facts = (Fact("x", equal(x, u), assumed=True), Fact("y", equal(y, v), assumed=True))
    claim = at_most(left, right)
    truth = holds(claim, Point({x: u, y: v}))
    assume(truth is not None)
    assert Entails(facts, claim).check().verdict is (Verdict.PROVED if truth else Verdict.REFUTED)


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        (sqrt(a) + a ** Rational(3, 2) + 1 / sqrt(a), 2),  # a and its root
        (exp(x) + exp(-x) + exp(2 * x), 2),
        (exp(x) + exp(x / 2), 3),  # the root of exp(x) besides
        (q ** (t - 1) + q**t + q ** (-t), 3),  # q, t and q^t
        (sympy.pi**2 + sqrt(sympy.pi), 2),
        (f(x) + f(x) ** 2 + f(y), 4),
        (Abs(x - y) * Abs(x - y + 1), 4),
    ],
    ids=str,
)
def test_what_is_the_same_is_one_variable(expression, number):
    translation = Translation(z3)
    translation.term(expression)
    assert len(translation.variables) == number


def test_only_symbols_and_unknown_functions_have_values_of_their_own():
    translation = Translation(z3)
    translation.term(sqrt(a) * exp(x) + f(x) + sympy.pi)
    assert set(translation.symbols()) == {a, x, f(x)}


def test_a_term_names_the_conditions_under_which_it_is_defined():
    translation = Translation(z3)
    assert translation.term(1 / a + sqrt(a) + x**2).conditions == ()
    assert len(translation.term(1 / x).conditions) == 1
    assert len(translation.term(1 / sqrt(x)).conditions) == 2
    assert len(translation.term(sympy.log(x)).conditions) == 1
