"""The proofs of E10 and E11: every step holds, every falsified one is refuted, and no formula can be a tenth off."""

import importlib
import sys
from collections.abc import Callable
from fractions import Fraction

import pytest
import sympy

import robustntk.bounds.proofs
from robustntk.bounds import Verdict, mean_gradient, operator_ball
from robustntk.bounds.proof import Proof, check_step
from robustntk.bounds.proofs import mean_gradient as of_e11
from robustntk.bounds.proofs import operator_ball as of_e10

MODULES = {"E10": (operator_ball, of_e10), "E11": (mean_gradient, of_e11)}
SOUND = {theorem: proof.proof() for theorem, (_, proof) in MODULES.items()}
STEPS = [step for proof in SOUND.values() for step in proof.steps]
FORMULAS = [
    (theorem, name)
    for theorem, (module, _) in MODULES.items()
    for name, value in vars(module).items()
    if name.isupper() and len(name) > 1 and isinstance(value, sympy.Expr) and not value.is_Symbol
    if (theorem, name) != ("E10", "REGRET")  # that is E1's
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_step_holds_and_every_falsified_one_is_refuted(step):
    report = check_step(step, falsify=True)
    assert report.outcome is Verdict.PROVED, report.reason


@pytest.fixture
def with_formula(monkeypatch) -> Callable[[str, str, sympy.Expr], Proof]:
    """The proof as it is put together where a formula is another one."""

    def changed(theorem: str, name: str, value: sympy.Expr) -> Proof:
        module, proofs = MODULES[theorem]
        monkeypatch.setattr(module, name, value)
        for stem in ("operator_ball", "mean_gradient", "cube_forms"):
            monkeypatch.delitem(sys.modules, f"robustntk.bounds.proofs.{stem}", raising=False)
            monkeypatch.delattr(robustntk.bounds.proofs, stem, raising=False)
        found: Proof = importlib.import_module(proofs.__name__).proof()
        return found

    return changed


def caught(theorem: str, found: Proof) -> list[str]:
    """The steps that are not what they were, and that do not hold."""
    before = {step.name: step.engine for step in SOUND[theorem].steps}
    changed = [step for step in found.steps if step.engine != before[step.name]]
    return [step.name for step in changed if check_step(step).outcome is not Verdict.PROVED]


@pytest.mark.parametrize("factor", [Fraction(9, 10), Fraction(11, 10)], ids=["smaller", "larger"])
@pytest.mark.parametrize(("theorem", "name"), FORMULAS)
def test_a_formula_that_is_a_tenth_off_is_caught(theorem, name, factor, with_formula):
    value = sympy.Rational(factor) * getattr(MODULES[theorem][0], name)
    assert caught(theorem, with_formula(theorem, name, value))


@pytest.mark.parametrize("theorem", MODULES)
def test_the_proof_as_it_is_gets_through(theorem, with_formula):
    name = next(name for each, name in FORMULAS if each == theorem)
    assert caught(theorem, with_formula(theorem, name, getattr(MODULES[theorem][0], name))) == []


def test_what_the_theorems_assume_in_the_end():
    ends = {step.name: {str(fact) for fact in step.hypotheses} for step in STEPS}
    assert ends["E10.b"] == {"w_i <= R_op", "|Z-W_0| <= R", "Eq(lambda, 0) | Eq(vv, R**2)"}
    assert {"|u| <= R_op", "|v| <= R_op"} <= ends["E10"] & ends["E10-tied"]
    assert ends["E11"] >= {"p <= 1", "|u| <= omega_i", "p'M_p <= p'Mp"}
