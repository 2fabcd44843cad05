"""Plans as prose and as JSON."""

import json
from fractions import Fraction

import pytest
import sympy

from robustntk.bounds import get_activation, guarantee, is_at_most, required_width
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS
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
        theorem="E1",
    )


TIED = {"target_epsilon": "1/4", "radius": "7.8", "row_radius": 22, "activation": "erf", "target": "robust-error"}


def test_json_has_the_keys_and_types_of_the_contract(plan):
    written = json.loads(json.dumps(plan.to_json(), allow_nan=False))
    assert {key: type(written[key]) for key in CONTRACT} == CONTRACT
    assert {"linearization", "regret"} <= set(written["shares"]) & set(written["terms"])
    (alternative,) = written["alternatives"]
    assert {key: alternative[key] for key in ("theorem", "width", "iterations")} == {
        "theorem": "E1",
        "width": plan.width,
        "iterations": plan.iterations,
    }
    assert (written["activation"], written["scale"], written["kappa"]) == ("quadratic_relu", 2.0, 1.0)
    assert written["exact"]["epsilon"] == "3/10"


ADDED = {
    "network": "tied",
    "share": 0.5,
    "radius": 8.775,
    "row_radius": 24.75,
    "comparator_margin": 1.125,
    "loss_margin": 1.0,
}


def test_json_says_what_is_trained_and_what_is_supposed_of_the_comparator():
    """E8-tied stretches a comparator of margin 1 by 9/8, with its radius and its rows."""
    written = json.loads(json.dumps(required_width(**TIED, theorem="E8-tied").to_json(), allow_nan=False))
    assert {key: written[key] for key in ADDED} == ADDED
    assert (written["exact"]["radius"], written["exact"]["row_radius"]) == ("351/40", "99/4")
    assert (written["exact"]["comparator_margin"], written["exact"]["share"]) == ("9/8", "1/2")


def test_json_lists_all_theorems_with_plan_or_reason():
    written = json.loads(json.dumps(required_width(**TIED).to_json(), allow_nan=False))
    rows = {row["theorem"]: row for row in written["alternatives"]}
    assert rows.keys() == CONVERGENCE_THEOREMS.keys()
    for row in rows.values():
        without = [row[key] is None for key in ("width", "iterations", "share", "kind")]
        assert all(without) if row["reason"] else not any(without)
        assert row["network"] == ("tied" if row["theorem"] == "E2" or "tied" in row["theorem"] else "full")
    fewest = written["fewest_iterations"]
    assert fewest == rows[fewest["theorem"]]
    assert fewest["iterations"] == min(row["iterations"] for row in rows.values() if row["iterations"])


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
        ({"loss": "huber"}, "Of the loss, ", "of the margin"),
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
    common = {"target_epsilon": 0.5, "radius": 2, "activation": "erf"}
    for theorem in ("E1", "E3") if "loss" in changes else ("E1", "E7"):
        prose = required_width(**common, theorem=theorem, **changes).statement()
        assert present in prose
        assert absent not in prose


def test_the_statement_of_a_tied_plan_says_how_to_train():
    prose = required_width(**TIED, theorem="E7-tied").statement()
    for part in (
        "Theorem E7-tied (the distance to the comparator contracts, tied pairs), a conditional guarantee.",
        "train only the antisymmetric moves w_r + u_r, w_r - u_r of its symmetric pairs",
        "(in the metric of W: alpha/2 in the coordinates u_r)",
        "B(R) = {||W - W_0||_F <= R, ||u_r|| <= rho/sqrt(m) for all r}, R = 7.8, rho = 22,",
        "If some tied W_* in B(R) has robust loss at most 0, then min",
        "rho = 22 is to be checked on the drawn W_0",
    ):
        assert part in prose
    assert "train only" not in required_width(**TIED, theorem="E7").statement()


def test_the_statement_of_e8_is_about_margins():
    prose = required_width(**TIED, theorem="E8").statement()
    for part in (
        "R = 11.7,",
        "If some W_* in B(R) has y_i f(W_*, x') >= 1.5 on every B(x_i), then min",
        "the fraction of training points that A makes misclassified is at most 0.25",
        "In units of the margin, near-linearity costs about",
        "of which the comparator's spare margin mu - tau pays 0.5.",
    ):
        assert part in prose
    assert "robust loss at most" not in prose
    known = required_width(**TIED, theorem="E8", comparator_margin=1, comparator_verified=True).statement()
    assert "some W_* in B(R) has y_i f(W_*, x') >= 1 on every B(x_i); hence min" in known.replace("Some", "some")
    assert "spare margin" not in known


def test_the_forward_guarantee_lists_the_bounds_of_all_theorems():
    run = {"width": 4000, "step_size": "0.05", "iterations": 1000, "radius": 2, "activation": "erf"}
    written = json.loads(json.dumps(guarantee(**run).to_json(), allow_nan=False))
    rows = {row["theorem"]: row for row in written["alternatives"]}
    assert rows.keys() == CONVERGENCE_THEOREMS.keys()
    assert written["value"] == rows[written["theorem"]]["value"]
    assert all((row["value"] is None) == bool(row["reason"]) for row in rows.values())


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
