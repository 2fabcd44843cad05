"""Counterexamples have short numbers where there are any, and nothing passes that does not hold up."""

import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Rational, exp, sqrt

from robustntk.bounds import Verdict
from robustntk.bounds.engines.engine import Fact
from robustntk.bounds.engines.point import fails, holds
from robustntk.bounds.engines.relations import at_most, equal, less
from robustntk.bounds.engines.smt import Entails

x, y, z = sympy.symbols("x y z", real=True)
a, b, c = sympy.symbols("a b c", positive=True)


def outcome(conclusion, *facts):
    return Entails(tuple(Fact("fact", fact, assumed=True) for fact in facts), conclusion).check()


def test_the_numbers_are_short():
    found = outcome(at_most(a * b * c, 1), less(a + b + c, 20)).counterexample
    assert set(found.values.values()) <= {1, 2, 3, Rational(1, 2), 10, Rational(1, 10)}


def test_symbols_that_facts_define_are_computed_and_not_taken_from_the_solver():
    found = outcome(at_most(z, 3), equal(z, y + 1), equal(y, sqrt(2) * x), at_most(2, x)).counterexample
    assert found.values[y] == sqrt(2) * found.values[x]
    assert found.values[z] == found.values[y] + 1


def test_definitions_that_go_in_circles_are_only_checked():
    assert outcome(at_most(x, 1), equal(x, 2 * y - 1), equal(y, 2 * x - 1)).verdict is Verdict.PROVED
    found = outcome(less(x, 1), equal(x, 2 * y - 1), equal(y, 2 * x - 1))
    assert found.verdict is Verdict.REFUTED
    assert found.counterexample.values == {x: 1, y: 1}


def test_several_models_are_tried_for_a_function_the_solver_does_not_know():
    found = outcome(at_most(exp(x), 1 + x + x**2))
    assert found.verdict is Verdict.REFUTED
    value = found.counterexample.values[x]
    assert sympy.N(exp(value) - 1 - value - value**2, 30) > 0


def test_a_root_of_degree_three_is_left_open():
    assert outcome(less(x, 1), equal(x**3, x + 5)).verdict is Verdict.INCONCLUSIVE


rationals = st.fractions(min_value=-4, max_value=4, max_denominator=5).map(
    lambda v: Rational(v.numerator, v.denominator)
)


@settings(max_examples=15)
@given(slopes=st.lists(rationals, min_size=3, max_size=3), bound=rationals, box=st.integers(1, 4))
def test_a_linear_claim_on_a_box_is_refuted_exactly_if_a_corner_refutes_it(slopes, bound, box):
    claim = at_most(sum(slope * letter for slope, letter in zip(slopes, (x, y, z), strict=True)), bound)
    facts = [at_most(sympy.Abs(letter), box) for letter in (x, y, z)]
    found = outcome(claim, *facts)
    assert found.verdict is (Verdict.PROVED if sum(map(abs, slopes)) * box <= bound else Verdict.REFUTED)
    if found.verdict is Verdict.REFUTED:
        assert all(holds(fact, found.counterexample) for fact in facts)
        assert fails(claim, found.counterexample)
