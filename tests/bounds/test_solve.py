"""Solving for any quantity: answers are proved, and slightly better ones are not."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustntk.bounds import (
    HypothesisError,
    InvalidInput,
    TooFewIterations,
    WidthTooSmall,
    fewest_iterations,
    guarantee,
    is_at_most,
    is_less,
    largest_radius,
    required_width,
    smallest_epsilon,
    smallest_width,
)
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS

COMMON = {"activation": "erf", "row_radius": 10, "operator_radius": "2.7"}
RADIUS = "3.91"
THEOREMS = st.sampled_from(sorted(CONVERGENCE_THEOREMS))
steps = st.fractions(min_value="1/1000", max_value=20, max_denominator=1000)


def problem(theorem):
    return COMMON | {"theorem": theorem, "loss": "squared_hinge" if theorem.startswith(("E3", "E9")) else "hinge"}


def again(solution, theorem, **changes):
    """The forward evaluation of a solution's run, for its own comparator, with some values changed."""
    plan = solution.plan
    run = {"width": plan.width, "step_size": plan.step_size, "iterations": plan.iterations, "radius": plan.radius}
    known = {"comparator_margin": plan.problem.comparator_margin, "row_radius": plan.problem.row_radius}
    return guarantee(**(problem(theorem) | run | known | changes))


@settings(max_examples=25)
@given(theorem=THEOREMS, width=st.integers(500, 50_000), iterations=st.integers(50, 5000), factor=steps)
def test_no_step_size_proves_an_epsilon_below_the_smallest(theorem, width, iterations, factor):
    found = smallest_epsilon(width=2 * width, iterations=iterations, radius=RADIUS, **problem(theorem))
    assert found.plan.guarantee.meets(found.value)
    assert again(found, theorem).meets(found.value)
    for factor_of_step in (factor, Fraction(1001, 1000), Fraction(999, 1000)):
        try:
            other = again(found, theorem, step_size=found.plan.step_size * factor_of_step)
        except InvalidInput:  # no bound at so large a step size
            continue
        assert is_less(found.unproved, other.value)


@settings(max_examples=10)
@given(
    theorem=st.sampled_from(["E8", "E8-tied"]),
    width=st.integers(500, 50_000),
    stretch=st.fractions("1/1", 16),
    factor=steps,
)
def test_no_stretched_comparator_proves_much_less_than_the_smallest_epsilon(theorem, width, stretch, factor):
    """Stretches come from a grid: one in between may be better by the few percent that the grid leaves."""
    found = smallest_epsilon(width=2 * width, iterations=1000, radius=RADIUS, target="robust-error", **problem(theorem))
    changes = {"radius": Fraction(RADIUS) * stretch, "comparator_margin": stretch, "row_radius": 10 * stretch}
    other = again(found, theorem, target="robust-error", step_size=found.plan.step_size * factor, **changes)
    assert is_less(found.value * Fraction(9, 10), other.value)


def test_a_given_step_size_is_kept():
    found = smallest_epsilon(
        width=4096, iterations=500, radius=2, activation="sin", step_size="1/100", theorem="E1", loss="absolute"
    )
    regret = Fraction(4) / (2 * Fraction(1, 100) * 500) + Fraction(1, 200)
    assert found.plan.step_size == Fraction(1, 100)
    assert float(found.value) == pytest.approx(float(regret + Fraction(8, 64)), rel=1e-12)


def test_of_all_theorems_the_smallest_epsilon_is_taken():
    found = smallest_epsilon(width=20_000, iterations=2000, radius=RADIUS, **COMMON)
    assert {each.plan.theorem for each in (found, *found.others)} == {
        theorem for theorem in CONVERGENCE_THEOREMS if not theorem.startswith(("E3", "E9"))
    }
    assert {each.theorem for each in found.refused} == {"E3", "E3-tied", "E9", "E9-tied"}
    values = [each.value for each in (found, *found.others)]
    assert all(is_at_most(first, second) for first, second in zip(values, values[1:], strict=False))
    assert found.plan.network == "tied"


@settings(max_examples=20)
@given(
    theorem=THEOREMS,
    width=st.integers(500, 50_000),
    epsilon=st.fractions("1/10", "9/10", max_denominator=50),
    limited=st.booleans(),
)
def test_a_slightly_larger_radius_has_no_plan(theorem, width, epsilon, limited):
    limit = 3000 if limited else None
    found = largest_radius(width=2 * width, target_epsilon=epsilon, iterations=limit, **problem(theorem))
    assert found.plan.guarantee.meets(epsilon)
    assert limit is None or found.plan.iterations <= limit
    assert is_at_most(found.unproved, found.value * (1 + Fraction(1, 10**6)))
    wanted = problem(theorem) | {"target_epsilon": epsilon, "radius": found.unproved}
    if limited:
        with pytest.raises((WidthTooSmall, TooFewIterations)):
            required_width(**wanted, max_width=2 * width, max_iterations=limit)
    else:
        assert required_width(**wanted, share="99/100").width > 2 * width


@settings(max_examples=15)
@given(theorem=THEOREMS, more=st.fractions("11/10", 50, max_denominator=20), factor=steps)
def test_one_iteration_less_is_not_enough_at_any_step_size(theorem, more, factor):
    width = 2 * int(required_width(**problem(theorem), radius=RADIUS, target_epsilon="1/4").width * more / 2)
    found = fewest_iterations(width=width, target_epsilon="1/4", radius=RADIUS, **problem(theorem))
    assert found.value == found.plan.iterations == found.unproved + 1
    assert found.plan.guarantee.meets("1/4")
    for factor_of_step in (1, factor, Fraction(1001, 1000), Fraction(999, 1000)):
        changes = {"iterations": found.plan.iterations - 1, "step_size": found.plan.step_size * factor_of_step}
        try:
            shorter = again(found, theorem, **changes)
        except InvalidInput:
            continue
        assert not shorter.meets("1/4")


def test_the_search_for_a_step_size_beats_the_one_of_e7():
    """E7's own step size is a closed form that is close to the best one."""
    common = {"target_epsilon": "1/4", "radius": RADIUS, "activation": "erf", "theorem": "E7"}
    width = required_width(**common).width
    found = fewest_iterations(width=width, **common)
    own = required_width(**common, width=width).iterations
    assert 0.85 * own < found.value < own


@settings(max_examples=15)
@given(theorem=THEOREMS, iterations=st.integers(1000, 10**5))
def test_the_smallest_width_is_that_of_the_plan_within_the_iterations(theorem, iterations):
    wanted = problem(theorem) | {"target_epsilon": "1/3", "radius": RADIUS}
    found = smallest_width(**wanted, iterations=iterations)
    plan = required_width(**wanted, max_iterations=iterations)
    assert replace(plan, alternatives=()) == found.plan
    assert found.value == found.plan.width
    if found.unproved >= 2:
        with pytest.raises((WidthTooSmall, TooFewIterations)):
            required_width(**wanted, max_width=int(found.unproved), max_iterations=iterations)


def test_without_a_limit_near_linearity_takes_almost_all():
    found = smallest_width(target_epsilon="1/4", radius=RADIUS, activation="erf", theorem="E1")
    assert 0.98 < float(found.plan.share) <= 0.99
    assert (
        found.value
        == required_width(target_epsilon="1/4", radius=RADIUS, activation="erf", theorem="E1", share="99/100").width
    )


def test_the_four_answers_agree():
    """Solving for epsilon, then with it for the others, returns to where one started."""
    common = {"activation": "sin", "theorem": "E1", "loss": "absolute"}
    start = smallest_epsilon(width=4096, iterations=2000, radius=3, **common)
    epsilon = start.value
    assert fewest_iterations(width=4096, target_epsilon=epsilon, radius=3, **common).value in (1999, 2000, 2001)
    assert smallest_width(target_epsilon=epsilon, radius=3, iterations=2001, **common).value in range(4080, 4098)
    radius = largest_radius(width=4096, target_epsilon=epsilon, iterations=2001, **common).value
    assert float(radius) == pytest.approx(3, rel=1e-3)


@pytest.mark.parametrize(
    ("solve", "wrong", "complaint"),
    [
        (smallest_epsilon, {"width": 7, "iterations": 3, "radius": 1}, "width is 7"),
        (smallest_epsilon, {"width": 8, "iterations": 0, "radius": 1}, "iterations is 0"),
        (smallest_epsilon, {"width": 8, "iterations": 3, "radius": -1}, "radius is -1"),
        (smallest_epsilon, {"width": 8, "iterations": 3, "radius": 1, "step_size": 0}, "step_size is 0"),
        (largest_radius, {"width": 8, "target_epsilon": 0}, "epsilon is 0"),
        (largest_radius, {"width": 8, "target_epsilon": 1, "iterations": 2.5}, "iterations is 2.5"),
        (fewest_iterations, {"width": 8, "target_epsilon": 1, "radius": 1, "theorem": "E99"}, "unknown theorem"),
        (smallest_width, {"target_epsilon": 1, "radius": 1, "comparator_loss": 1}, "comparator_loss is 1"),
    ],
)
def test_bad_input_is_refused(solve, wrong, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        solve(**({"activation": "erf"} | wrong))


def test_an_activation_is_needed():
    with pytest.raises(InvalidInput, match="activation is missing"):
        smallest_epsilon(width=8, iterations=3, radius=1)


def test_what_cannot_be_had_is_refused_with_the_limit():
    with pytest.raises(WidthTooSmall, match="width is 8: theorem .* asks for at least"):
        fewest_iterations(width=8, target_epsilon="1/4", radius=RADIUS, activation="erf")
    with pytest.raises(TooFewIterations, match="max_iterations is 3"):
        smallest_width(target_epsilon="1/4", radius=RADIUS, activation="erf", iterations=3)
    with pytest.raises(HypothesisError, match="sigma' jumps at 0"):
        smallest_epsilon(width=8, iterations=3, radius=1, activation="relu")


def test_json_says_what_was_solved_for():
    found = largest_radius(width=4096, target_epsilon="1/2", iterations=3000, activation="sin")
    written = found.to_json()
    assert written["solved_for"] == "radius"
    assert is_at_most(Fraction(written["value"]), found.value) and written["value"] < written["unproved"]
    rows = {row["theorem"]: row for row in written["alternatives"]}
    assert rows.keys() == CONVERGENCE_THEOREMS.keys()
    assert written["alternatives"][0]["radius"] == written["value"]
    assert rows["E3"]["radius"] is None and "no finite H" in rows["E3"]["reason"]
    iterations = fewest_iterations(width=4096, target_epsilon="1/2", radius=2, activation="sin").to_json()
    assert type(iterations["value"]) is int and iterations["unproved"] == iterations["iterations"] - 1
