"""E10 in the calculators: the formulas of E1 with R_op where near-linearity is paid, and when that is worth it."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import HypothesisError, guarantee, required_width
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS

PROBLEM = {"target_epsilon": "1/2", "radius": 4, "activation": "erf"}
RUN = {"width": 4000, "step_size": "1/10", "iterations": 300, "radius": 4, "activation": "erf"}
FRACTIONS = st.fractions(Fraction(1, 10), 1, max_denominator=40)


@given(FRACTIONS)
def test_the_width_of_e1_falls_with_the_fourth_power_of_the_operator_radius(ratio):
    plain = required_width(**PROBLEM, theorem="E1")
    found = required_width(**PROBLEM, theorem="E10", operator_radius=4 * ratio)
    assert ratio**4 * (plain.width - 2) <= found.width <= ratio**4 * plain.width + 2
    assert (found.iterations, found.step_size) == (plain.iterations, plain.step_size)


@given(FRACTIONS)
def test_the_tied_width_of_e2_falls_with_its_square(ratio):
    plain = required_width(**PROBLEM, row_radius=7, theorem="E2")
    found = required_width(**PROBLEM, row_radius=7, theorem="E10-tied", operator_radius=4 * ratio)
    assert ratio**2 * (plain.width - 2) <= found.width <= ratio**2 * plain.width + 2
    assert found.iterations == plain.iterations


@given(FRACTIONS)
def test_the_bound_of_e10_is_that_of_e1_but_for_near_linearity(ratio):
    plain = guarantee(**RUN, theorem="E1")
    found = guarantee(**RUN, theorem="E10", operator_radius=4 * ratio)
    assert found.terms["regret"] == plain.terms["regret"]
    assert (found.terms["linearization"] - plain.terms["linearization"] * ratio**2).equals(0)
    assert found.meets(found.value) and not found.meets(found.value * Fraction(99, 100))


@pytest.mark.parametrize(("ratio", "winner"), [("0.3", "E10"), ("0.45", "E10"), ("0.55", "E7"), ("0.9", "E7")])
def test_e10_is_less_than_e7_only_below_half_the_radius(ratio, winner):
    """At a large width and T, where regret is the same and near-linearity 4 L C R_op^2 against L C R^2."""
    run = RUN | {"loss": "absolute", "iterations": 10**6, "step_size": "1/1000"}
    found = guarantee(**run, operator_radius=4 * Fraction(ratio))
    values = {row.theorem: row.value for row in found.alternatives if row.value is not None}
    assert values.keys() == {"E1", "E7", "E10"}
    assert found.theorem == winner


@pytest.mark.parametrize("theorem", ["E10", "E10-tied"])
def test_without_an_operator_radius_it_says_what_is_missing(theorem):
    with pytest.raises(HypothesisError, match="no R_op is given"):
        required_width(**PROBLEM, row_radius=7, theorem=theorem)
    rows = {row.theorem: row.reason for row in required_width(**PROBLEM, row_radius=7).alternatives}
    assert "no R_op is given" in rows[theorem]


def test_the_plan_says_where_to_train_and_what_is_open():
    plan = required_width(**PROBLEM, theorem="E10", operator_radius=1)
    assert "{||W - W_0||_F <= R, ||W - W_0||_op <= R_op}, R = 4, R_op = 1" in plan.statement()
    assert "||W_* - W_0||_op <= R_op" in plan.statement()
    written = json.loads(json.dumps(plan.to_json(), allow_nan=False))
    assert (written["operator_radius"], written["exact"]["operator_radius"]) == (1.0, "1")
    assert plan.kind == "conditional-guarantee"
    verified = required_width(**PROBLEM, theorem="E10", operator_radius=1, comparator_verified=True)
    assert verified.kind == "guarantee"
    excess = required_width(**PROBLEM, theorem="E10", operator_radius=1, target="excess-loss")
    assert excess.kind == "guarantee"
    tied = required_width(**PROBLEM, theorem="E10-tied", operator_radius=1, row_radius=7)
    assert "<= R, ||W - W_0||_op <= R_op, ||u_r|| <= rho/sqrt(m)" in tied.statement()


def test_the_theorems_say_what_they_suppose():
    for name in ("E10", "E10-tied"):
        theorem = CONVERGENCE_THEOREMS[name]
        assert "R_op" in theorem.statement and "R_{op}" in theorem.latex and "R_op" in theorem.needs
        assert any("||W_* - W_0||_op <= R_op" in assumption for assumption in theorem.assumptions)
