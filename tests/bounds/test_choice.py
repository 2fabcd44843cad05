"""Which theorem is taken, and why the others are not."""

import pytest

from robustntk.bounds import HypothesisError, InvalidInput, guarantee, is_at_most, required_width
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS

REFERENCE = {"target_epsilon": 0.5, "radius": 3.91, "activation": "quadratic_relu", "dimension": 65}


@pytest.mark.parametrize("theorem", ["auto", "E1"])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"activation": "relu"}, "sigma' jumps at 0"),
        ({"loss": "logistic"}, "positive everywhere"),
        ({"loss": "logistic", "target": "robust-error"}, "positive everywhere"),
        ({"loss": "squared_hinge", "target": "excess-loss"}, "Lipschitz only on a bounded range"),
        ({"activation": "quadratic_relu"}, "needs the dimension"),
    ],
)
def test_failed_hypotheses_are_refused_with_their_reason(theorem, changes, reason):
    with pytest.raises(HypothesisError, match=reason):
        required_width(**({"target_epsilon": 0.5, "radius": 2, "activation": "erf", "theorem": theorem} | changes))


def test_where_no_theorem_applies_the_nearest_says_why():
    """ReLU fails every theorem, but with the squared hinge loss E3 fails in nothing else."""
    with pytest.raises(HypothesisError, match="^no theorem applies: E3 is the nearest and needs sigma'"):
        required_width(target_epsilon=0.5, radius=2, activation="relu", loss="squared_hinge")


def test_auto_takes_the_least_width_and_says_why_the_others_do_not_apply():
    plan = required_width(**REFERENCE)
    rows = {other.theorem: other for other in plan.alternatives}
    assert rows.keys() == CONVERGENCE_THEOREMS.keys()
    applying = [row for row in plan.alternatives if row.width is not None]
    assert applying == list(plan.alternatives[: len(applying)])
    assert [row.width for row in applying] == sorted(row.width for row in applying)
    assert (plan.theorem, plan.width, plan.iterations) == (
        applying[0].theorem,
        applying[0].width,
        applying[0].iterations,
    )
    assert rows["E1"].width == 59834 > 20 * plan.width
    assert "no finite H" in rows["E3"].reason and "sigma'' jumps" in rows["E2"].reason
    for row in applying:
        alone = required_width(**REFERENCE, theorem=row.theorem)
        assert (alone.width, alone.iterations, alone.share) == (row.width, row.iterations, row.share)
        assert alone.alternatives == (row,)


def test_the_fewest_gradient_evaluations_are_named_beside_the_least_width():
    fewest = required_width(**REFERENCE).fewest_iterations
    assert fewest.iterations == min(row.iterations for row in required_width(**REFERENCE).alternatives if row.width)
    assert fewest.theorem == "E1"


def test_tied_theorems_need_the_row_radius():
    common = {"target_epsilon": "0.25", "radius": "7.8", "activation": "erf", "target": "robust-error"}
    without = {row.theorem: row.reason for row in required_width(**common).alternatives}
    assert all("no rho is given" in without[name] for name in ("E2", "E7-tied", "E8-tied"))
    plan = required_width(**common, row_radius=22)
    assert plan.network == "tied" and plan.width < required_width(**common).width
    assert "W_* is tied and moves no neuron by more than rho / sqrt(m)" in [item.text for item in plan.hypotheses]


RUN = {"width": 4000, "step_size": "0.05", "iterations": 1000, "radius": 2, "activation": "erf"}


def test_the_forward_bound_is_the_least_of_all_theorems_that_apply():
    found = guarantee(**RUN, row_radius=5)
    values = {row.theorem: row.value for row in found.alternatives if row.value is not None}
    assert values.keys() == {"E1", "E2", "E7", "E7-tied", "E8", "E8-tied"}
    assert {row.theorem for row in found.alternatives} == CONVERGENCE_THEOREMS.keys()
    assert found.value == values[found.theorem]
    assert all(is_at_most(found.value, value) for value in values.values())
    for name, value in values.items():
        assert guarantee(**RUN, row_radius=5, theorem=name).value == value


def test_a_theorem_without_a_bound_at_a_step_size_says_so():
    smooth = RUN | {"loss": "huber", "step_size": 2}
    rows = {row.theorem: row for row in guarantee(**smooth).alternatives}
    assert rows["E3"].value is None and "step_size is 2" in rows["E3"].reason
    assert rows["E1"].value is not None
    with pytest.raises(InvalidInput, match="step_size is 2: .*expected less than about 0.785"):
        guarantee(**smooth, theorem="E3")


def test_of_the_theorems_that_a_drawn_network_is_wide_enough_for_the_quickest_is_taken():
    common = {"target_epsilon": 0.5, "radius": 3, "activation": "erf"}
    plan = required_width(**common, width=1000)
    rows = {other.theorem: other for other in plan.alternatives}
    assert {"E7", "E8"} == {name for name, row in rows.items() if row.width == 1000}
    assert plan.iterations == min(row.iterations for row in rows.values() if row.iterations is not None)
    assert "asks for at least" in rows["E1"].reason
