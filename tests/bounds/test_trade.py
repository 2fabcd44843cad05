"""Width against iterations: limits are kept, and one step beyond the answer they are not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, Problem, TooFewIterations, WidthTooSmall, exact, required_width
from robustntk.bounds.backward import LARGEST_SHARE, LEAST_SHARE, Goal, draft_at_width, least_width
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS
from robustntk.bounds.trade import PRECISION

COMMON = {"radius": "3.91", "activation": "sin", "row_radius": 10, "operator_radius": "2.7"}
SMOOTH = ("E3", "E9")


def arguments(theorem, epsilon="1/4"):
    loss = "squared_hinge" if theorem.startswith(SMOOTH) else "hinge"
    return COMMON | {"target_epsilon": epsilon, "loss": loss, "theorem": theorem}


def goal(**given):
    theorem, epsilon = given.pop("theorem"), given.pop("target_epsilon")
    return CONVERGENCE_THEOREMS[theorem], Goal.validated(Problem.validated(**given), epsilon)


@settings(max_examples=25)
@given(theorem=st.sampled_from(sorted(CONVERGENCE_THEOREMS)), more=st.fractions(min_value="3/4", max_value=100))
def test_two_neurons_less_take_more_iterations_than_are_allowed(theorem, more):
    given_arguments = arguments(theorem)
    allowed = 1 + int(required_width(**given_arguments).iterations * more)
    plan = required_width(**given_arguments, max_iterations=allowed)
    assert plan.iterations <= allowed
    assert plan.guarantee.meets("1/4")
    chosen, wanted = goal(**given_arguments)
    if plan.width > least_width(chosen, wanted, LARGEST_SHARE):
        assert draft_at_width(chosen, wanted, plan.width - 2).iterations > allowed


@settings(max_examples=25)
@given(theorem=st.sampled_from(sorted(CONVERGENCE_THEOREMS)), more=st.fractions(min_value="3/4", max_value=100))
def test_the_quickest_plan_of_a_width_is_no_slower_than_that_of_the_full_width(theorem, more):
    given_arguments = arguments(theorem)
    limit = 2 + int(required_width(**given_arguments).width * more)
    plan = required_width(**given_arguments, max_width=limit)
    chosen, wanted = goal(**given_arguments)
    assert plan.width <= limit
    assert plan.iterations == draft_at_width(chosen, wanted, limit - limit % 2).iterations
    if plan.width > least_width(chosen, wanted, LARGEST_SHARE):
        assert draft_at_width(chosen, wanted, plan.width - 2).iterations > plan.iterations


def test_huge_widths_are_found_to_one_part_in_a_million():
    given_arguments = arguments("E7", epsilon="1e-30")
    allowed = 3 * required_width(**given_arguments).iterations
    plan = required_width(**given_arguments, max_iterations=allowed)
    chosen, wanted = goal(**given_arguments)
    less = plan.width - 4 * (plan.width // PRECISION)
    assert plan.iterations <= allowed < draft_at_width(chosen, wanted, less - less % 2).iterations


def test_too_few_iterations_are_refused_with_the_fewest_that_would_do():
    common = arguments("auto")
    with pytest.raises(TooFewIterations, match="max_iterations is 5: theorem .* asks for at least") as caught:
        required_width(**common, max_iterations=5)
    required = caught.value.required
    assert required_width(**common, max_iterations=required).iterations <= required
    with pytest.raises(TooFewIterations):
        required_width(**common, max_iterations=required - 1)


def test_too_small_a_width_is_refused_with_the_least_that_would_do():
    common = arguments("auto")
    with pytest.raises(WidthTooSmall, match="^max_width is 40: theorem .* asks for at least") as caught:
        required_width(**common, max_width=40)
    required = caught.value.required
    assert required_width(**common, max_width=required).width == required
    with pytest.raises(WidthTooSmall):
        required_width(**common, max_width=required - 2)


def test_both_limits_are_kept_or_the_width_that_would_do_is_named():
    common = arguments("E7")
    plan = required_width(**common, max_width=10**6, max_iterations=2000)
    assert plan.width == required_width(**common, max_iterations=2000).width
    with pytest.raises(WidthTooSmall) as caught:
        required_width(**common, max_width=plan.width - 2, max_iterations=2000)
    assert caught.value.required == plan.width


def test_a_drawn_network_keeps_the_limit_to_its_iterations():
    common = arguments("E7") | {"width": 10_000}
    needed = required_width(**common).iterations
    assert required_width(**common, max_iterations=needed).iterations == needed
    with pytest.raises(TooFewIterations, match=f"theorem E7 asks for {needed} at width 10000"):
        required_width(**common, max_iterations=needed - 1)


def test_a_step_size_of_ones_own_is_kept_within_the_limits():
    common = arguments("E7")
    step = required_width(**common).step_size / 3
    plan = required_width(**common, step_size=step, max_iterations=3000)
    assert plan.step_size == step and plan.iterations <= 3000 and plan.guarantee.meets("1/4")
    with pytest.raises(InvalidInput, match="step_size is"):
        required_width(**common, step_size=10, max_iterations=3000)


@pytest.mark.parametrize("theorem", CONVERGENCE_THEOREMS)
def test_the_ends_of_the_range_of_shares_have_plans(theorem):
    chosen, wanted = goal(**arguments(theorem))
    for share in (LEAST_SHARE, LARGEST_SHARE):
        width = least_width(chosen, wanted, share)
        draft = draft_at_width(chosen, wanted, width)
        assert draft.plan().guarantee.meets(exact("1/4"))
        assert draft.share <= share or chosen.id.startswith("E8")
