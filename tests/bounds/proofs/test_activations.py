"""The proof of the activations' constants: it stands, and no constant of the table can be changed unnoticed."""

from dataclasses import replace

import pytest
import sympy

from robustntk.bounds import ACTIVATIONS, Activation, Verdict, get_activation
from robustntk.bounds.activation import NAMES, z
from robustntk.bounds.proof import Proof, check_proof, check_step
from robustntk.bounds.proofs import activations
from robustntk.bounds.proofs.activations import proof, prove_constants

TINY = sympy.Rational(1, 10**9)
GIVEN = [
    (name, constant) for name, row in ACTIVATIONS.items() for constant in NAMES if getattr(row, constant) is not None
]
MISSING = [(name, constant) for name in ACTIVATIONS for constant in NAMES if (name, constant) not in GIVEN]
LETTERS = dict(zip(NAMES, ("B_1", "beta", "gamma"), strict=True))


def test_every_step_is_proved_and_every_falsified_variant_refuted():
    report = check_proof(proof(), falsify=True)
    assert [step.step.name for step in report.steps if step.outcome is not Verdict.PROVED] == []


def test_there_is_a_step_for_every_constant():
    names = {step.name for step in proof().steps}
    assert {f"{name}.{letter}" for name in ACTIVATIONS for letter in ("sigma", *LETTERS.values())} <= names


def faulty_step(monkeypatch, name, constant, value):
    """The step on that constant when the table has another value."""
    faulty = {**ACTIVATIONS, name: replace(ACTIVATIONS[name], **{constant: value})}
    monkeypatch.setattr(activations, "ACTIVATIONS", faulty)
    return {step.name: step for step in proof().steps}.get(f"{name}.{LETTERS[constant]}")


@pytest.mark.parametrize("factor", [1 - TINY, 1 + TINY], ids=["smaller", "larger"])
@pytest.mark.parametrize(("name", "constant"), GIVEN)
def test_a_constant_changed_by_1e_9_is_refuted(monkeypatch, name, constant, factor):
    step = faulty_step(monkeypatch, name, constant, getattr(ACTIVATIONS[name], constant) * factor)
    assert check_step(step).outcome is Verdict.REFUTED


@pytest.mark.parametrize(("name", "constant"), MISSING)
def test_a_constant_where_there_is_none_is_refuted(monkeypatch, name, constant):
    step = faulty_step(monkeypatch, name, constant, sympy.Integer(10**6))
    assert check_step(step).outcome is Verdict.REFUTED


@pytest.mark.parametrize(("name", "constant"), GIVEN)
def test_a_constant_that_is_left_out_has_no_proof_of_not_existing(monkeypatch, name, constant):
    assert faulty_step(monkeypatch, name, constant, None) is None


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "relu"])
def test_another_function_of_that_name_is_refuted(monkeypatch, name):
    row = ACTIVATIONS[name]
    other = replace(row, expression=row.expression.xreplace({z: z * (1 + TINY)}))
    monkeypatch.setattr(activations, "ACTIVATIONS", {**ACTIVATIONS, name: other})
    steps = {step.name: step for step in proof().steps}
    assert check_step(steps[f"{name}.sigma"]).outcome is Verdict.REFUTED


@pytest.mark.parametrize(
    "activation",
    [
        Activation.define("log cosh", sympy.log(sympy.cosh(z))),
        Activation.define("swish", z / (1 + sympy.exp(-z))),
        Activation.define("loose", sympy.atan(z), derivative_bound=2, derivative_lipschitz="0.65"),
        Activation.define("cube", z**3),
        Activation.define("waves", sympy.sin(z) + sympy.sin(sympy.sqrt(2) * z), derivative_bound="2.5"),
        get_activation("gelu", "1/3"),
        get_activation("quadratic_relu", 5),
    ],
    ids=lambda activation: activation.label,
)
def test_the_constants_of_any_activation_are_proved(activation):
    steps = prove_constants(activation)
    assert len(steps) >= sum(getattr(activation, constant) is not None for constant in NAMES)
    report = check_proof(Proof("any", "constants", steps), falsify=True)
    assert report.outcome is Verdict.PROVED


def test_the_claim_is_equality_where_it_can_be():
    claims = [step.claim for step in prove_constants(get_activation("z/(1+exp(-z))"))]
    assert claims[0].startswith("sup |sigma'| <= 1.09") or claims[0].startswith("sup |sigma'| <= 1099")
    assert claims[1] == "Lip(sigma') = 1/2"
