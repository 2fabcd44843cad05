"""The proof of the losses' properties: it stands, and no constant of a loss can be changed unnoticed."""

from dataclasses import replace

import pytest
import sympy

from robustntk.bounds import LOSSES, Verdict
from robustntk.bounds.loss import f, y
from robustntk.bounds.proof import check_proof, check_step
from robustntk.bounds.proofs import losses
from robustntk.bounds.proofs.losses import proof

TINY = sympy.Rational(1, 10**9)
CONSTANTS = ("lipschitz", "smoothness", "misclassification_loss")
GIVEN = [
    (name, constant) for name, loss in LOSSES.items() for constant in CONSTANTS if getattr(loss, constant) is not None
]
BUILDERS = {name: getattr(losses, name) for name in ("hinge", "squared_hinge", "huber")}


def test_every_step_is_proved_and_every_falsified_variant_refuted():
    report = check_proof(proof(), falsify=True)
    assert [step.step.name for step in report.steps if step.outcome is not Verdict.PROVED] == []


def plant(monkeypatch, name, **changes):
    """Give the proof a loss that is not what it should be, whatever its parameter."""

    def changed(loss):
        return replace(loss, **{key: change(getattr(loss, key)) for key, change in changes.items()})

    if name in BUILDERS:
        monkeypatch.setattr(losses, name, lambda parameter: changed(BUILDERS[name](parameter)))
    else:
        monkeypatch.setattr(losses, "LOSSES", {**LOSSES, name: changed(LOSSES[name])})


def failing_steps(name):
    steps = [step for step in proof().steps if step.name.startswith(name)]
    return [step for step in steps if check_step(step).outcome is not Verdict.PROVED]


@pytest.mark.parametrize("factor", [1 - TINY, 1 + TINY], ids=["smaller", "larger"])
@pytest.mark.parametrize(("name", "constant"), GIVEN)
def test_a_constant_changed_by_1e_9_is_caught(monkeypatch, name, constant, factor):
    plant(monkeypatch, name, **{constant: lambda value: value * factor})
    assert failing_steps(name)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("hinge", lambda loss: loss + TINY),
        ("hinge", lambda loss: loss.xreplace({f: f * (1 + TINY)})),
        ("squared_hinge", lambda loss: loss.xreplace({f: -f})),
        ("absolute", lambda loss: loss - TINY * sympy.Abs(f)),
        ("huber", lambda loss: loss * (1 + TINY)),
        ("logistic", lambda loss: loss - TINY * f * y),
    ],
)
def test_another_function_of_that_name_is_caught(monkeypatch, name, change):
    plant(monkeypatch, name, expression=change)
    assert failing_steps(name)


def test_the_logistic_loss_is_not_0_at_the_label_but_the_others_are():
    claims = {step.name: step.claim for step in proof().steps if step.name.endswith(".label")}
    assert claims.pop("logistic.label") == "l > 0 everywhere, so l(y, y) = 0 fails"
    assert set(claims.values()) == {"l(y, y) = 0"}
    assert [name for name, loss in LOSSES.items() if not loss.zero_at_label] == ["logistic"]
