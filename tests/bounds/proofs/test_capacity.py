"""The proof of E5: every step holds, every falsified one is refuted, and no formula can be a tenth off."""

import importlib
import sys
from collections.abc import Callable
from fractions import Fraction

import pytest
import sympy

import robustntk.bounds
import robustntk.bounds.proofs
from robustntk.bounds import Verdict, vc_bounds
from robustntk.bounds.engines.relations import at_most
from robustntk.bounds.engines.smt import Entails
from robustntk.bounds.proof import Proof, check_step, given
from robustntk.bounds.proofs.capacity import proof
from robustntk.bounds.proofs.logarithms import logarithms_as_reals
from robustntk.bounds.proofs.sign_patterns import known_dimensions, known_patterns
from robustntk.bounds.vc_bounds import SIGN_PATTERNS, VC_UPPER_BOUND, L, S, W, d, i, k, m, n, w

COUNTED = ("E5.a", "E5.a.order", "E5.calculator")
DEPENDENT = ("capacity", "shattering", "shattering_check", "robust_configuration", "vc_dimension")
PROOFS = ("capacity", "shattering", "vc_dimension", "logarithms", "sign_patterns")
FORMULAS = [
    name
    for name, value in vars(vc_bounds).items()
    if name.isupper() and len(name) > 1 and isinstance(value, sympy.Expr) and not value.is_Symbol
]
CITED = "E5.b.sign patterns"


@pytest.mark.parametrize("step", proof().steps, ids=lambda step: step.name)
def test_every_step_holds_and_every_falsified_one_is_refuted(step):
    report = check_step(step, falsify=True)
    assert report.outcome is (Verdict.CITED if step.name == CITED else Verdict.PROVED), report.reason


def test_what_is_cited_and_what_is_assumed():
    (cited,) = (step for step in proof().steps if step.engine.name == "cited")
    assert cited.name == CITED
    assert "Theorem 8.3" in cited.engine.reference and "2 (2 e k m i/W)^W" in cited.engine.statement
    ends = {step.name: step.assumptions for step in proof().steps}
    assert ends["E5.a.containment"] == ("1 <= K <= d",)
    assert ends["E5.b"] == ("S >= 3: a hidden layer and the output",)


@pytest.fixture
def with_formula(monkeypatch) -> Callable[[str, sympy.Expr], Proof]:
    """The proof as it is put together where a formula is another one."""

    def changed(name: str, value: sympy.Expr) -> Proof:
        monkeypatch.setattr(vc_bounds, name, value)
        for package, modules in ((robustntk.bounds, DEPENDENT), (robustntk.bounds.proofs, PROOFS)):
            for module in modules:
                monkeypatch.delitem(sys.modules, f"{package.__name__}.{module}", raising=False)
                monkeypatch.delattr(package, module, raising=False)
        found: Proof = importlib.import_module("robustntk.bounds.proofs.capacity").proof()
        return found

    return changed


def caught(found: Proof) -> list[str]:
    """The steps by SymPy, and the counts, that a proof does not get through."""
    steps = [step for step in found.steps if step.engine.name == "sympy" or step.name in COUNTED]
    return [step.name for step in steps if check_step(step).outcome is not Verdict.PROVED]


@pytest.mark.parametrize("factor", [Fraction(9, 10), Fraction(11, 10)], ids=["smaller", "larger"])
@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_that_is_a_tenth_off_is_caught(name, factor, with_formula):
    assert caught(with_formula(name, sympy.Rational(factor) * getattr(vc_bounds, name)))


CONSTANTS = {
    "4 e": VC_UPPER_BOUND.xreplace({sympy.Integer(4): sympy.Rational(36, 10)}),
    "layers": VC_UPPER_BOUND - L / 10,
    "base of the outer logarithm": L + (VC_UPPER_BOUND - L) * sympy.Rational(11, 10),
    "e in both": VC_UPPER_BOUND.xreplace({S: S * sympy.Rational(11, 10)}),
}


@pytest.mark.parametrize("wrong", CONSTANTS.values(), ids=CONSTANTS)
def test_a_constant_of_e5b_that_is_a_tenth_off_is_caught(wrong, with_formula):
    assert wrong != VC_UPPER_BOUND
    assert "E5.b.formula" in caught(with_formula("VC_UPPER_BOUND", wrong))


def test_the_proof_as_it_is_gets_through(with_formula):
    assert caught(with_formula("VC_UPPER_BOUND", VC_UPPER_BOUND)) == []


COUNTS = {
    "whatever the degree": SIGN_PATTERNS.xreplace({i: sympy.Integer(1)}),
    "without e": SIGN_PATTERNS.xreplace({sympy.E: sympy.Integer(1)}),
    "without either 2": (sympy.E * m * k * i / W) ** W / 2,
    "polynomials of one variable": 2 * (2 * sympy.E * m * k * i / W) ** sympy.sqrt(W),
}


@pytest.mark.parametrize("wrong", COUNTS.values(), ids=COUNTS)
def test_the_stress_test_refutes_wrong_counts_of_sign_patterns(wrong):
    assert known_patterns(SIGN_PATTERNS).verdict is Verdict.PROVED
    assert known_patterns(wrong).verdict is Verdict.REFUTED


@pytest.mark.parametrize("wrong", [sympy.log(w), L + S, w / 3], ids=str)
def test_known_dimensions_refute_bounds_that_are_too_small(wrong):
    assert known_dimensions(VC_UPPER_BOUND).verdict is Verdict.PROVED
    assert known_dimensions(wrong).verdict is Verdict.REFUTED


def test_logarithms_as_reals_keep_what_is_known_of_them():
    fact = given("log n = log d", sympy.Eq(sympy.log(n), sympy.log(d), evaluate=False))
    follows = at_most(sympy.log(d), sympy.log(n))
    assert logarithms_as_reals((fact,), follows).check().verdict is Entails((fact,), follows).check().verdict
    assert logarithms_as_reals((), follows).check().verdict is Verdict.REFUTED
    assert logarithms_as_reals((), at_most(sympy.Rational(69, 100), sympy.log(2))).check().verdict is Verdict.PROVED
