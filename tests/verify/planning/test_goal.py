"""What may be asked for, what is refused, and which theorems are tried."""

from typing import Any

import pytest

from robustntk.bounds import HypothesisError, InvalidInput, Target, exact, get_activation, get_loss
from robustntk.verify import Goal
from robustntk.verify.planning.goal import check_epsilon


def goal(**options: Any) -> Goal:
    return Goal.validated(**{"loss": "hinge", "target_epsilon": "0.25", **options})


@pytest.mark.parametrize(("loss", "epsilon"), [("hinge", "1"), ("hinge", "7"), ("absolute", "1"), ("huber", "0.5")])
def test_an_epsilon_that_the_initial_network_meets_is_refused(loss: str, epsilon: str) -> None:
    with pytest.raises(InvalidInput, match="already"):
        check_epsilon(get_loss(loss), epsilon)


def test_a_loss_that_never_vanishes_is_refused() -> None:
    with pytest.raises(InvalidInput, match="logistic"):
        check_epsilon(get_loss("logistic"), "0.3")


def test_epsilon_is_worth_the_loss_of_that_fraction_of_errors() -> None:
    half = get_loss("hinge", margin="1/2")
    assert goal().loss_budget(half) == exact("1/4")
    assert goal(target="robust-error").loss_budget(half) == exact("1/8")
    assert goal(target="robust-error").loss_budget(get_loss("squared_hinge", margin="1/2")) == exact("1/32")


@pytest.mark.parametrize(
    ("options", "free"),
    [
        ({}, False),
        ({"target": "robust-error"}, True),
        ({"target": "robust-error", "loss": "squared_hinge"}, True),
        ({"target": "robust-error", "loss_margin": "auto"}, True),
        ({"target": "robust-error", "loss_margin": "1"}, False),
        ({"target": "robust-error", "loss": get_loss("hinge", margin="1/3")}, False),
        ({"target": "robust-error", "loss": "huber", "target_epsilon": "0.2"}, False),
        ({"target": "robust-error", "drawn": False}, False),
    ],
)
def test_the_loss_margin_is_free_where_only_signs_count(options: dict[str, Any], free: bool) -> None:
    assert goal(**options).free_margin is free


def test_a_margin_replaces_the_free_one() -> None:
    fixed = goal(target="robust-error").with_margin("1/1000")
    assert (fixed.loss.margin, fixed.free_margin, fixed.target) == (exact("1/1000"), False, Target.ROBUST_ERROR)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"theorem": "E99"}, "theorem is 'E99'"),
        ({"theorem": "P1"}, "theorem is 'P1'"),
        ({"target": "excess-loss"}, "where a network is drawn"),
        ({"target": "nonsense"}, "nonsense"),
        ({"loss_margin": "auto"}, "only the target robust-error leaves it free"),
        ({"loss_margin": "auto", "target": "robust-error", "loss": "absolute"}, "absolute has none"),
        ({"loss_margin": "2"}, "margin is 2"),
        ({"loss_margin": "1/2", "loss": "absolute"}, "margin is 1/2"),
        ({"share": "1"}, "share"),
        ({"max_iterations": 0}, "max_iterations"),
        ({"max_width": 0}, "max_width"),
        ({"target_epsilon": "nan"}, "epsilon"),
    ],
)
def test_refused_with_the_offending_value(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        goal(**options)
    assert "\n" not in str(caught.value)


def test_theorems_that_a_loss_or_an_activation_rules_out_are_not_tried() -> None:
    names = {theorem.id for theorem in goal().applicable(get_activation("erf"))}
    assert names == {"E1", "E2", "E7", "E7-tied", "E8", "E8-tied"}
    assert {theorem.id for theorem in goal().applicable(get_activation("quadratic_relu"))} == {"E1", "E7", "E8"}
    smooth = goal(loss="squared_hinge").applicable(get_activation("quadratic_relu"))
    assert {theorem.id for theorem in smooth} == {"E3", "E9"}
    assert goal(target="robust-error").applicable(get_activation("erf"))[0].id == "E8"


@pytest.mark.parametrize(("theorem", "activation"), [("E2", "quadratic_relu"), ("E9", "erf"), ("auto", "relu")])
def test_a_hypothesis_that_fails_is_named(theorem: str, activation: str) -> None:
    with pytest.raises(HypothesisError, match="does not apply: it needs"):
        goal(theorem=theorem).applicable(get_activation(activation))
