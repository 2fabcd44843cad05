"""E6: the best slack is the best, E4 settles what is open about W_*, and a plan from data alone holds together."""

import json
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import E1, HypothesisError, InvalidInput, Kind, Problem, is_at_most, nearest_float, required_width
from robustntk.bounds.end_to_end import E6, TIED_WIDTH_LAW, WIDTH_LAW, optimal_slack
from robustntk.bounds.end_to_end_plan import a_priori_plan
from robustntk.bounds.letters import epsilon, s

below_one = st.fractions(min_value=Fraction(1, 100), max_value=Fraction(99, 100), max_denominator=200)
F = {"activation": "erf", "norm": 2, "coefficient_sum": 5, "samples": 6, "dimension": 5, "delta": "0.2"}


@given(level=below_one, share=below_one, tied=st.booleans())
def test_no_slack_makes_the_network_narrower_than_the_best_one(level, share, tied):
    law = TIED_WIDTH_LAW if tied else WIDTH_LAW
    level = sympy.Rational(level)
    best, other = optimal_slack(level, tied=tied), sympy.Rational(share) * level
    assert 0 <= best < level
    assert law.subs({epsilon: level, s: best}) <= law.subs({epsilon: level, s: other})


def test_the_best_slack_is_none_up_to_one_half_and_one_third():
    assert [optimal_slack(level) for level in ("0.3", "0.5", "0.75")] == [0, 0, sympy.Rational(1, 2)]
    assert optimal_slack("0.3", tied=True) == 0
    assert optimal_slack("0.5", tied=True) == sympy.Rational(1, 4)


def test_the_best_slack_saves_neurons_in_the_calculator():
    def width(slack):
        radius, level = 3 * (1 - slack), Fraction(9, 10)
        return required_width(
            target_epsilon=level, radius=radius, comparator_loss=slack, activation="erf", theorem="E1", share="1/2"
        ).width

    best = Fraction(str(optimal_slack("0.9")))
    assert best == Fraction(4, 5)
    assert width(best) < min(width(Fraction(0)), width(Fraction(7, 10)), width(Fraction(17, 20)))


@pytest.mark.parametrize("level", [0, 1, "1.5"])
def test_a_target_that_is_no_target_is_refused(level):
    with pytest.raises(InvalidInput, match="epsilon is .*initial network has the hinge loss 1"):
        optimal_slack(level)


def test_what_is_open_about_the_comparator_is_settled_by_e4_and_nothing_else_is():
    problem = Problem.validated(radius=2, activation="erf", loss="hinge", target="robust-error")
    mine = E1.hypotheses(problem)
    joined = E6.hypotheses((), mine, confidence=sympy.Rational(9, 10))
    settled = {item.text for item, before in zip(joined, mine, strict=True) if item.satisfied and not before.satisfied}
    assert settled == {"some W_* in B(R) has robust loss <= 0"}
    assert all(item.satisfied for item in joined)
    (reason,) = (item.reason for item in joined if item.text in settled)
    assert reason == "W_* is W^c, by E4 with probability at least 9/10 over W_0"


@pytest.mark.parametrize("theorem", ["auto", "E1"])
def test_a_plan_from_data_alone_holds_together(theorem):
    found = a_priori_plan(target_epsilon="1/2", theorem=theorem, verified=True, **F)
    plan, existence = found.plan, found.existence
    assert found.kind is Kind.GUARANTEE and found.confidence == sympy.Rational(99, 100)
    assert plan.guarantee.meets("1/2")
    assert existence.width == plan.width == found.width
    assert is_at_most(existence.radius, plan.radius)
    assert is_at_most(1 - found.margin, plan.problem.comparator_loss)
    if plan.problem.comparator_margin is not None:
        assert is_at_most(plan.problem.comparator_margin, found.margin)
    if plan.network == "tied":
        assert is_at_most(existence.problem.velocity, plan.problem.row_radius)


def test_an_open_hypothesis_makes_the_plan_conditional():
    found = a_priori_plan(target_epsilon="1/2", **F)
    assert found.kind is Kind.CONDITIONAL_GUARANTEE
    assert "f has norm <= F and margins >= 1 on every cap" in found.statement()
    assert "some W_*" not in found.statement()
    told = json.loads(json.dumps(found.to_json()))
    assert (told["theorem"], told["width"]) == ("E6", found.width)
    assert told["existence"]["width"] == told["plan"]["width"] == found.width
    assert told["margin"] <= nearest_float(found.stretch)


def test_an_unbounded_slope_is_refused_with_a_reason():
    with pytest.raises(HypothesisError, match="E4 does not apply a priori.*unbounded"):
        a_priori_plan(target_epsilon="1/2", **F | {"activation": "quadratic_relu"})


def test_e6_states_itself():
    assert (E6.id, E6.kind) == ("E6", Kind.GUARANTEE)
    assert "1 - p - p_G" in E6.statement
    assert E6.latex.count("{") == E6.latex.count("}")
