"""The search finds what its candidates have, keeps all of it, and says why the others have nothing."""

from typing import Any

import pytest

from robustntk.bounds import InvalidInput, get_activation
from robustntk.verify import Draw, Goal, Search, SphericalCap, TooWide, candidate_activations, load_data, search_plans
from robustntk.verify.data import Dataset

CAP = SphericalCap(0.1)


@pytest.fixture(scope="module")
def reference() -> Dataset:
    """The reference case: digits 0 and 1, n = 20, delta = 0.1."""
    return load_data("digits", classes=("0", "1"), samples=20)


def search(data: Dataset, activation: str, scale: str = "1", *, seed: int = 0, **options: Any) -> Search:
    goal = Goal.validated(**{"loss": "hinge", "target_epsilon": "1/4", "target": "robust-error", **options})
    candidates = candidate_activations(activation, scale, drawn_margin=not goal.free_margin)
    return search_plans(Draw(data.X, data.y, CAP, seed), candidates, goal)


@pytest.mark.parametrize("seed", range(3))
def test_erf_needs_a_few_neurons_on_the_reference_case(reference: Dataset, seed: int) -> None:
    """E1 asks for 16 beta^2 R^4 / eps^2, more than 860,000."""
    best = search(reference, "erf", seed=seed).best
    assert best.is_settled and best.plan.width < 50 and best.plan.iterations < 50_000
    assert best.plan.guarantee.meets("1/4")


def test_two_neurons_are_enough_if_the_activation_is_free(reference: Dataset) -> None:
    found = search(reference, "auto", "auto")
    best = found.best
    assert (best.plan.width, best.is_settled) == (2, True) and best.plan.iterations < 200
    labels = {each.activation.label for each in found.plans} | set(found.refused)
    assert {each.label for each in candidate_activations("auto", "auto")} <= labels
    assert all(found.refused.values())


def test_plans_are_sorted_and_the_pareto_front_has_no_plan_that_another_beats(reference: Dataset) -> None:
    found = search(reference, "erf", "auto")
    pairs = [(each.plan.width, each.plan.iterations) for each in found.plans]
    assert pairs == sorted(pairs)
    front = [(each.plan.width, each.plan.iterations) for each in found.pareto]
    assert all(any(w <= width and t <= steps for w, t in front) for width, steps in pairs)
    assert not any(w <= width and t <= steps for w, t in front for width, steps in front if (w, t) != (width, steps))
    assert all(each.work == each.plan.width * each.plan.iterations for each in found.plans)


def test_a_later_candidate_may_be_narrower_than_the_first(reference: Dataset) -> None:
    goal = Goal.validated(loss="hinge", target_epsilon="1/4", target="robust-error", theorem="E8")
    names = [get_activation("erf"), get_activation("quadratic_relu"), get_activation("tanh", "1/4")]
    found = search_plans(Draw(reference.X, reference.y, CAP), names, goal)
    assert [each.activation.label for each in found.plans][0] == "tanh (scale 1/4)"
    assert found.best.plan.width < found.plans[-1].plan.width
    assert "quadratic_relu" in found.refused


def test_for_the_loss_the_scale_of_a_homogeneous_activation_buys_width(reference: Dataset) -> None:
    wanted = {"target": "loss", "target_epsilon": "1/2"}
    free, plain = (search(reference, "quadratic_relu", scale, **wanted) for scale in ("auto", "1"))
    assert free.best.is_settled and free.best.plan.width < plain.best.plan.width / 10
    assert free.best.plan.loss.margin == 1
    assert all(each.plan.width > free.best.plan.width for each in free.estimates)


def test_fixed_margins_are_compared_by_what_they_come_to(reference: Dataset) -> None:
    wanted = {"target": "loss", "target_epsilon": "1/2", "loss": "squared_hinge"}
    with pytest.raises(InvalidInput, match="already"):
        search(reference, "sin", "auto", **wanted)
    found = search(reference, "sin", "auto", **{**wanted, "target_epsilon": "1/4"})
    assert found.best.plan.theorem in ("E9", "E9-tied")
    assert found.best.plan.width <= min(each.plan.width for each in found.estimates)


def test_too_wide_for_all_candidates_is_said_so(reference: Dataset) -> None:
    with pytest.raises(TooWide, match="above the limit of 50"):
        search(reference, "erf", target="loss", max_width=50)


def test_no_candidate_has_a_plan(reference: Dataset) -> None:
    with pytest.raises(InvalidInput, match="no candidate activation has a plan; the last was refused because"):
        search(reference, "erf", "auto", max_iterations=2, max_width=8)


def test_the_same_seed_finds_the_same_plans(reference: Dataset) -> None:
    first, again, other = (search(reference, "sin", seed=seed).best for seed in (1, 1, 2))
    assert first.plan.radius == again.plan.radius != other.plan.radius
