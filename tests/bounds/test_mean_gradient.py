"""G_D of E11 in the calculators: T goes like its square, where |g_t| <= L G is all that a theorem asks for."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, get_loss, guarantee, required_width
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS
from robustntk.bounds.loss import Loss, f, y
from robustntk.bounds.mean_gradient import E11, has_slopes_of_one_sign

DRAWN = {"target_epsilon": "1/2", "radius": 2, "activation": "erf", "row_radius": 5, "operator_radius": 1}
RUN = {"width": 4000, "step_size": "1/10", "iterations": 300, "radius": 2, "activation": "erf", "row_radius": 5}
WIDE = 10**6
USING = ("E1", "E2", "E7", "E7-tied", "E10", "E10-tied")
BOUNDS = st.fractions(Fraction(1, 10), 1, max_denominator=30)


@pytest.mark.parametrize("theorem", ["E1", "E2", "E10", "E10-tied"])
@given(BOUNDS)
def test_iterations_go_like_the_square_of_the_gradient_bound(theorem, mean):
    one = required_width(**DRAWN, width=WIDE, theorem=theorem, mean_gradient_bound=1)
    found = required_width(**DRAWN, width=WIDE, theorem=theorem, mean_gradient_bound=mean)
    assert mean**2 * (one.iterations - 1) <= found.iterations <= mean**2 * one.iterations + 1
    assert found.gradient_bound == mean and found.required_width == one.required_width


@pytest.mark.parametrize("theorem", ["E7", "E7-tied"])
def test_e7_takes_it_too(theorem):
    plain = required_width(**DRAWN, width=WIDE, theorem=theorem)
    found = required_width(**DRAWN, width=WIDE, theorem=theorem, mean_gradient_bound="1/2")
    assert 0.15 * plain.iterations < found.iterations < 0.25 * plain.iterations  # (1/2)^2 / (4/pi) of it


@pytest.mark.parametrize("theorem", ["E8", "E8-tied"])
def test_e8_needs_more_of_g_and_does_not_use_it(theorem):
    plain, found = (guarantee(**RUN, theorem=theorem, mean_gradient_bound=mean) for mean in (None, "1/10"))
    assert found.value == plain.value and found.gradient_bound == plain.gradient_bound
    assert not any("E11" in hypothesis.reason for hypothesis in found.hypotheses)


def test_which_theorems_use_it():
    users = {theorem.id for theorem in CONVERGENCE_THEOREMS.values() if theorem.needs_mean_gradient_only}
    assert users == set(USING)


@pytest.mark.parametrize("theorem", USING)
def test_the_smaller_of_both_bounds_is_used(theorem):
    run = RUN | {"theorem": theorem, "operator_radius": 1}
    plain, smaller, larger = (guarantee(**run, mean_gradient_bound=mean) for mean in (None, "1/2", 7))
    assert larger.value == plain.value and larger.gradient_bound == plain.gradient_bound
    assert smaller.gradient_bound == Fraction(1, 2) and not plain.meets(smaller.value)
    assert any("E11" in hypothesis.reason for hypothesis in smaller.hypotheses)
    assert smaller.to_json()["mean_gradient_bound"] == 0.5 and plain.to_json()["mean_gradient_bound"] is None


@pytest.mark.parametrize("loss", ["huber", "absolute", "squared_hinge"])
def test_losses_with_slopes_of_both_signs_or_without_bound_are_refused(loss):
    with pytest.raises(InvalidInput, match=f"the {loss} .*loss does not have; expected the hinge or the logistic loss"):
        guarantee(**RUN, loss=loss, mean_gradient_bound="1/2")


def test_the_loss_is_known_by_its_formula():
    assert [name for name in ("hinge", "logistic", "huber", "absolute") if has_slopes_of_one_sign(get_loss(name))] == [
        "hinge",
        "logistic",
    ]
    assert has_slopes_of_one_sign(get_loss("hinge", margin="1/50"))
    liar = Loss(
        "hinge", (f - y) ** 2, get_loss("hinge").lipschitz, None, True, get_loss("hinge").misclassification_loss
    )
    assert not has_slopes_of_one_sign(liar)


def test_it_belongs_to_a_drawn_network():
    with pytest.raises(InvalidInput, match="mean_gradient_bound belongs to a drawn network: expected its width"):
        required_width(**DRAWN, mean_gradient_bound="1/2")


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_bound_that_is_no_positive_number_is_refused(value):
    with pytest.raises(InvalidInput, match="mean_gradient_bound"):
        guarantee(**RUN, mean_gradient_bound=value)


def test_the_theorem_says_what_it_supposes():
    assert E11.id == "E11" and "K_m" in E11.statement and r"\omega_i" in E11.latex
    assert any("hinge" in assumption for assumption in E11.assumptions)
