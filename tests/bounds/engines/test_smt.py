"""Entailments: true ones proved, false ones refuted at points where SymPy agrees, the rest left open."""

import sys

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import Abs, And, Function, Implies, Max, Min, Not, Or, Piecewise, Rational, cbrt, exp, log, pi, sqrt

from robustntk.bounds import InvalidInput, Verdict
from robustntk.bounds.engines import smt
from robustntk.bounds.engines.engine import Engine, Fact
from robustntk.bounds.engines.relations import at_most, differs, equal, less
from robustntk.bounds.engines.smt import Entails

x, y, z = sympy.symbols("x y z", real=True)
a, b, m = sympy.symbols("a b m", positive=True)
s = sympy.Symbol("s", nonnegative=True)
n = sympy.Symbol("n", integer=True, positive=True)
f = Function("f")


def entails(conclusion, *facts, **options):
    assumed = tuple(Fact(f"fact {number}", fact, assumed=True) for number, fact in enumerate(facts))
    return Entails(assumed, conclusion, **options).check()


# Each entry is a conclusion and the facts that it is to follow from.
TRUE = {
    "square": (at_most(2 * x * y, x**2 + y**2),),
    "strict": (less(0, x**2 - x + 1),),
    "declared signs": (less(0, a + s),),
    "means": (at_most(2 * sqrt(a * b), a + b),),
    "three means": (at_most(cbrt(a) * cbrt(b) * cbrt(m), (a + b + m) / 3),),
    "quotient": (at_most(2, a + 1 / a),),
    "quotient of either sign": (Or(x > 0, 1 / x <= 0), differs(x, 0)),
    "negative power": (at_most(m ** Rational(-3, 2), 1 / m), at_most(1, m)),
    "nested root": (at_most(sqrt(a + sqrt(b)), sqrt(a) + b ** Rational(1, 4)),),
    "Cauchy-Schwarz": (at_most(x, (y + z) / 2), x**2 <= y * z, at_most(0, y), at_most(0, z)),
    "Abs": (And(at_most(x, Abs(x)), at_most(Abs(x + y), Abs(x) + Abs(y))),),
    "Max and Min": (equal(Max(x, y) + Min(x, y), x + y),),
    "Piecewise": (at_most(Piecewise((x**2, x > 0), (0, True)), x**2),),
    "Piecewise with a quotient": (at_most(0, Piecewise((1 / x, x > 0), (0, True))),),
    "Not": (Not(And(x > 1, x**2 < 1), evaluate=False),),
    "Implies": (Implies(x > 1, x**2 > x),),
    "Implies shields what is undefined": (Implies(x >= 1, sqrt(x - 1) >= 0),),
    "a fact that is a disjunction": (at_most(1, x**2), Or(x >= 1, x <= -1)),
    "a fact that is an implication": (at_most(y, 0), Implies(x > 0, y < 0), equal(x, 1)),
    "pi": (less(sqrt(2 / pi), Rational(797885, 10**6)),),
    "e": (less(sqrt(8 / (pi * sympy.E)), Rational(96789, 10**5)),),
    "a tiny constant": (less(0, sympy.erfc(12)),),
    "log of a constant": (less(Rational(693, 1000), log(2)),),
    "algebraic constants": (equal(sqrt(2) * sqrt(5), sqrt(10)),),
    "a function's sign": (less(0, exp(x)),),
    "a function through a fact": (at_most(1 + x, 2 * exp(x)), at_most(1 + x, exp(x))),
    "powers of a function": (at_most(2, exp(x + y) + exp(-x - y)),),
    "roots of a function": (at_most(2 * exp(x / 2), exp(x) + 1),),
    "a power with a symbol in the exponent": (equal(a ** (n - 1) * a, a**n),),
    "an unknown function": (at_most(f(x), 3), at_most(f(x), y), equal(y, 3)),
    "what defines a logarithm": (less(0, x), at_most(log(x), y)),
    "true": (sympy.true,),
}
FALSE = {
    "square": (less(2 * x * y, x**2 + y**2),),
    "declared sign": (less(0, s),),
    "constant": (less(sqrt(2 / pi), Rational(79788, 10**5)),),
    "means": (at_most(2 * sqrt(a * b), (a + b) * Rational(99, 100)),),
    "the root is not negative": (equal(sqrt(x**2), x),),
    "undefined at 0": (at_most(0, x / x**3),),
    "undefined below 0": (at_most(0, sqrt(x)),),
    "undefined beyond the branches": (at_most(x, Piecewise((x, x > 0))),),
    "undefined logarithm": (at_most(log(x), f(x)),),
    "Max": (at_most(Max(x, y), x),),
    "Min": (at_most(x, Min(x, y)),),
    "Abs": (at_most(Abs(x), x),),
    "Piecewise": (at_most(x**2, Piecewise((x**2, x > 0), (0, True))),),
    "Implies": (Implies(x >= 1, x**2 > x),),
    "irrational only": (less(x, 1), equal(x**2, 2)),
    "irrational only, of either sign": (less(-1, x), equal(x**2, 2)),
    "defined by a constant": (at_most(2 * y, x), equal(y, sqrt(2 / pi) * x), at_most(1, x)),
    "defined by a root": (less(a, 1), equal(a, sqrt(m)), at_most(m, 2)),
    "defined in turn": (at_most(x, 1), equal(x, y + sqrt(3)), equal(y, 2 * z), equal(z, log(2))),
    "integer": (at_most(n, 5),),
    "function": (at_most(exp(x), 1 + x + x**2),),
    "unknown function": (at_most(f(x), f(y)),),
    "false": (sympy.false,),
    "another branch of a fact": (less(0, x), Or(x >= 1, x <= -1)),
}


@pytest.mark.parametrize("claim", TRUE.values(), ids=TRUE)
def test_a_true_entailment_is_proved(claim):
    assert entails(*claim).verdict is Verdict.PROVED


@pytest.mark.parametrize("claim", FALSE.values(), ids=FALSE)
def test_a_false_entailment_is_refuted_at_a_point_where_the_facts_hold_and_it_does_not(claim):
    conclusion, *facts = claim
    outcome = entails(*claim)
    assert outcome.verdict is Verdict.REFUTED
    values = outcome.counterexample.values
    assert all(fact.subs(values) == sympy.true for fact in facts)
    assert not holds_by_sympy(conclusion, values)


def holds_by_sympy(conclusion, values):
    try:
        return conclusion.subs(values) == sympy.true
    except TypeError:  # a comparison of complex numbers or of nan
        return False


def test_a_counterexample_reads_as_values_of_the_symbols():
    outcome = entails(at_most(x + a, 2), equal(x, 1), at_most(2, a))
    assert str(outcome.counterexample) == "a = 2, x = 1"
    assert outcome.to_json()["counterexample"] == "a = 2, x = 1"


def test_a_counterexample_says_where_the_conclusion_is_undefined():
    assert "undefined" in entails(at_most(0, sqrt(x) + 1)).reason
    assert "undefined" not in entails(at_most(0, sqrt(a) - 1)).reason


@pytest.mark.parametrize(
    "facts",
    [
        (x > 1, x < 0),
        (less(a, 0),),
        (sympy.false,),
        (equal(1 / x, y), equal(x, 0)),
        (less(pi, 3),),
        (at_most(sqrt(x), 1), less(x, 0)),
    ],
    ids=str,
)
def test_nothing_follows_from_facts_that_contradict_each_other(facts):
    outcome = entails(equal(y, 7), *facts)
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "contradict" in outcome.reason


def test_a_conclusion_follows_only_where_it_is_defined():
    conclusion = equal(x * y / x**2, y / x)
    assert entails(conclusion).verdict is Verdict.REFUTED
    assert entails(conclusion, differs(x, 0)).verdict is Verdict.PROVED


def test_a_fact_whose_premise_is_undefined_says_nothing():
    fact = Implies(less(0, 1 / x), less(5, y))
    assert entails(less(5, y), fact, equal(x, 1)).verdict is Verdict.PROVED
    assert entails(less(5, y), fact, equal(x, 0)).verdict is Verdict.REFUTED


def test_a_model_that_gives_a_function_false_values_refutes_nothing():
    outcome = entails(less(0, sympy.sin(x)), less(0, x), less(x, 1))
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "do not confirm" in outcome.reason


def test_an_unknown_function_has_one_value_at_one_point():
    assert entails(at_most(f(x), f(y)), equal(x, y)).verdict is Verdict.PROVED
    outcome = entails(at_most(f(x), f(y)), at_most(x, y))
    assert outcome.verdict is Verdict.REFUTED
    assert outcome.counterexample.values[x] < outcome.counterexample.values[y]


def test_values_of_an_integer_are_integers():
    outcome = entails(at_most(n, 7), at_most(7 * n, 57))
    assert outcome.verdict is Verdict.REFUTED
    assert outcome.counterexample.values[n] == 8
    # Only 15/2 would be a counterexample: none for the integers, but the solver knows only the reals.
    assert entails(at_most(n, 7), at_most(2 * n, 15)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        (sympy.Symbol("q") > 0, "q is not real"),
        (at_most(sympy.Symbol("x", positive=True), x), "two symbols are called x"),
        (at_most(0.5, x), "float is not exact"),
        (at_most(sympy.gamma(Rational(1, 3)), x), "gamma"),
        (at_most(x**y, 1), "not known to be real"),
        (at_most(sympy.oo, x), "Infinity"),
        (x + y, "cannot read"),
        (None, "cannot read"),
        (sympy.Xor(x > 0, y > 0), "cannot read"),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_named(claim, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        entails(claim)


def test_time_that_is_over_leaves_a_hard_claim_open():
    letters = sympy.symbols("p0:12", positive=True)
    mean = sympy.prod(letters) ** Rational(1, 12)
    assert entails(at_most(mean, sum(letters) / 12), seconds=0.01).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("opinion", "witness"), [("missing", "z3"), ("unknown", "z3"), ("unsat", "z3 and cvc5")])
def test_the_reason_names_the_solvers_that_agree(monkeypatch, opinion, witness):
    monkeypatch.setattr(smt, "second_opinion", lambda text, seconds: opinion)
    outcome = entails(*TRUE["square"])
    assert outcome.verdict is Verdict.PROVED
    assert outcome.reason.endswith(f"by {witness}")


def test_two_solvers_that_disagree_prove_nothing(monkeypatch):
    monkeypatch.setattr(smt, "second_opinion", lambda text, seconds: "sat")
    assert entails(*TRUE["square"]).verdict is Verdict.INCONCLUSIVE


def test_without_z3_the_claim_is_unsupported(monkeypatch):
    monkeypatch.setitem(sys.modules, "z3", None)
    outcome = entails(*TRUE["square"])
    assert outcome.verdict is Verdict.UNSUPPORTED
    assert "z3-solver" in outcome.reason


def test_an_entailment_is_an_engine():
    engine = Entails((Fact("h", x > 0, assumed=True),), at_most(0, x))
    assert isinstance(engine, Engine)
    assert (engine.name, engine.conclusion, len(engine.facts)) == ("smt", at_most(0, x), 1)


def rationals(low, high):
    fractions = st.fractions(min_value=low, max_value=high, max_denominator=6)
    return fractions.map(lambda value: Rational(value.numerator, value.denominator))


@settings(max_examples=10)
@given(
    forms=st.lists(st.tuples(rationals(-3, 3), rationals(-3, 3)), min_size=1, max_size=3),
    centre=st.tuples(rationals(-2, 2), rationals(-2, 2)),
    gap=rationals(0, 2),
)
def test_a_sum_of_squares_is_at_least_zero_and_takes_the_value_zero(forms, centre, gap):
    squares = sympy.expand(sum((p * (x - centre[0]) + q * (y - centre[1])) ** 2 for p, q in forms))
    assert entails(at_most(0, squares)).verdict is Verdict.PROVED
    outcome = entails(less(gap, squares))
    assert outcome.verdict is Verdict.REFUTED
    assert squares.subs(outcome.counterexample.values) <= gap


@settings(max_examples=10)
@given(p=rationals(Rational(1, 5), 5), q=rationals(-3, 3), r=rationals(-3, 3))
def test_a_quadratic_is_at_least_its_least_value_and_attains_it_only_at_its_vertex(p, q, r):
    quadratic, least = p * x**2 + q * x + r, r - q**2 / (4 * p)
    assert entails(at_most(least, quadratic)).verdict is Verdict.PROVED
    outcome = entails(less(least, quadratic))
    assert outcome.verdict is Verdict.REFUTED
    assert outcome.counterexample.values[x] == -q / (2 * p)


@settings(max_examples=10)
@given(p=rationals(-3, 3), q=rationals(-3, 3), r=rationals(-3, 3))
def test_an_equation_follows_from_the_fact_that_solves_it_and_not_without(p, q, r):
    assume(p != 0)
    equation = equal(p * x + q * y + r, 0)
    assert entails(equation, equal(x, -(q * y + r) / p)).verdict is Verdict.PROVED
    assert entails(equation).verdict is Verdict.REFUTED
