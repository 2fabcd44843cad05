"""Plans as prose and as JSON."""

import json
from fractions import Fraction

import pytest
import sympy

from robustntk.bounds import get_activation, is_at_most, required_width
from robustntk.bounds.prose import integer_text, number_text

CONTRACT = {
    "theorem": str,
    "kind": str,
    "epsilon": float,
    "radius": float,
    "activation": str,
    "loss": str,
    "width": int,
    "step_size": float,
    "iterations": int,
    "confidence": float,
    "gradient_bound": float,
    "shares": dict,
    "terms": dict,
    "hypotheses": list,
    "alternatives": list,
    "statement": str,
}


@pytest.fixture(scope="module")
def plan():
    return required_width(
        target_epsilon="0.3",
        radius=3.91,
        activation=get_activation("quadratic_relu", 2),
        loss="huber",
        dimension=65,
        comparator_loss="0.1",
    )


def test_json_has_the_keys_and_types_of_the_contract(plan):
    written = json.loads(json.dumps(plan.to_json(), allow_nan=False))
    assert {key: type(written[key]) for key in CONTRACT} == CONTRACT
    assert {"linearization", "regret"} <= set(written["shares"]) & set(written["terms"])
    assert written["alternatives"] == [{"theorem": "E1", "width": plan.width, "iterations": plan.iterations}]
    assert (written["activation"], written["scale"], written["kappa"]) == ("quadratic_relu", 2.0, 1.0)
    assert written["exact"]["epsilon"] == "3/10"


def test_json_bounds_are_rounded_outward(plan):
    written = plan.to_json()
    for name, term in plan.terms.items():
        assert is_at_most(term, Fraction(written["terms"][name]))
    assert is_at_most(plan.gradient_bound, Fraction(written["gradient_bound"]))
    assert is_at_most(plan.guarantee.value, Fraction(written["value"]))
    assert is_at_most(Fraction(written["confidence"]), plan.confidence)


def test_json_of_a_plan_without_probability_says_null():
    written = required_width(target_epsilon=0.5, radius=2, activation="erf").to_json()
    assert written["confidence"] is None


def test_a_plan_shows_what_it_is_made_of(plan):
    assert (plan.theorem, plan.activation.label, plan.loss.name) == (
        "E1",
        "quadratic_relu (scale 2)",
        "huber",
    )
    assert plan.radius == plan.problem.radius


def test_the_statement_names_theorem_kind_confidence_and_open_hypotheses(plan):
    prose = plan.statement()
    for part in (
        "Theorem E1",
        "a conditional guarantee",
        f"width m = {plan.width}",
        f"T = {plan.iterations} iterations",
        "quadratic_relu (scale 2)",
        "R = 3.91",
        "with probability at least 0.99 over W_0",
        "If some W_* in B(R) has robust loss at most 0.1",
        "min over t <= T of L_A(W_t) is at most 0.3",
        "Hypotheses to be checked: some W_* in B(R)",
    ):
        assert part in prose


@pytest.mark.parametrize(
    ("changes", "present", "absent"),
    [
        ({"target": "excess-loss"}, "at most L_*(W_*) + 0.5 for every W_* in B(R)", "to be checked"),
        (
            {"target": "robust-error"},
            "fraction of training points that A makes misclassified is at most 0.5",
            "L_A(W_t)",
        ),
        (
            {"comparator_verified": True},
            "Some W_* in B(R) has robust loss at most 0; hence min",
            "conditional",
        ),
    ],
)
def test_the_statement_follows_the_target(changes, present, absent):
    prose = required_width(target_epsilon=0.5, radius=2, activation="erf", **changes).statement()
    assert present in prose
    assert absent not in prose


def test_the_forward_guarantee_states_itself(plan):
    forward = plan.guarantee
    assert forward.statement().startswith("Theorem E1")
    written = json.loads(json.dumps(forward.to_json()))
    assert written["value"] <= 0.3
    assert "epsilon" not in written


def test_numbers_in_prose_are_exact_or_marked():
    assert number_text(sympy.Rational(391, 100)) == "3.91"
    assert number_text(sympy.Rational(1, 10**60)) == "1e-60"
    assert number_text(sympy.Rational(1, 3)).startswith("about 0.33333")
    assert number_text(sympy.pi).startswith("about 3.1415")
    assert integer_text(10**100) == "1" + "0" * 100
    assert integer_text(10**5000) == "about 10^5000"
