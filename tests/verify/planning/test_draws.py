"""A certified plan has no open hypothesis, and its numbers are those of the network that was drawn."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, WidthTooSmall, get_activation, get_loss, required_width
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import Dataset, load_data
from robustntk.verify.planning.certified_plan import DrawnPlan, TooManyIterations, certify, run_dtype
from robustntk.verify.planning.draws import Draw, TooWide, draw_certified_plan, ladder, narrowest_plan
from robustntk.verify.planning.goal import Goal
from robustntk.verify.planning.minimum_norm import radius_interval
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap

CAP = SphericalCap(0.05)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load_data("digits", classes=("0", "1"), samples=8)


def drawn(data: Dataset, *, activation: str = "quadratic_relu", scale: str = "1", **options: Any) -> DrawnPlan:
    chosen = get_activation(activation, scale)
    solution = radius_interval(data.X, data.y, CAP, activation=chosen)
    wanted = {"loss": "hinge", "target_epsilon": "0.9", **options}
    return draw_certified_plan(data.X, data.y, CAP, activation=chosen, solution=solution, **wanted)


def check(found: DrawnPlan, epsilon: str) -> None:
    """What every certified plan has, by other means."""
    plan, comparator, start = found.plan, found.comparator, found.initialisation
    assert found.is_settled and plan.confidence is None and plan.guarantee.meets(epsilon)
    assert plan.width == start.width >= plan.required_width
    # The ball of the run is the ball of the plan, in the dtype of the run, and the comparator lies in it.
    assert comparator.radius <= float(plan.radius) <= comparator.radius * (1 + 1e-6)
    assert float(start.dtype(float(plan.radius))) == Fraction(str(plan.radius))
    assert float(start.dtype(float(plan.step_size))) == Fraction(str(plan.step_size))
    assert np.linalg.norm(comparator.moves.displacement) <= float(plan.radius)
    assert np.linalg.norm(start.weights, 2) <= found.operator_norm


def test_an_e1_plan_has_no_open_hypothesis(data: Dataset) -> None:
    found = drawn(data, theorem="E1")
    check(found, "0.9")
    assert found.plan.kind.value == "guarantee" and all(each.satisfied for each in found.plan.hypotheses)


@pytest.mark.parametrize("theorem", ["E1", "E2", "E7", "E7-tied", "E8", "E8-tied"])
def test_every_lipschitz_theorem_is_planned_at_its_own_comparator(data: Dataset, theorem: str) -> None:
    found = drawn(data, activation="tanh", theorem=theorem, target_epsilon="0.8")
    check(found, "0.8")
    problem = found.plan.problem
    assert found.plan.theorem == theorem
    assert (problem.row_radius is not None) == (theorem in ("E2", "E7-tied", "E8-tied"))
    if problem.row_radius is not None:
        rows = np.linalg.norm(found.comparator.moves.differences, axis=1)
        assert np.all(np.sqrt(found.plan.width) * rows <= float(problem.row_radius))
    if theorem.startswith("E8"):
        assert found.comparator.margin >= problem.comparator_margin == Fraction(found.comparator.margin)
    else:
        assert found.comparator.robust_loss <= float(problem.comparator_loss) < 0.8


@pytest.mark.parametrize("theorem", ["E3", "E9", "E9-tied"])
def test_smooth_losses_have_plans_too(data: Dataset, theorem: str) -> None:
    found = drawn(data, activation="tanh", theorem=theorem, loss="squared_hinge", target_epsilon="0.4")
    check(found, "0.4")
    assert 0.0 < found.comparator.robust_loss < 0.4


def test_where_only_signs_count_two_neurons_will_do(data: Dataset) -> None:
    """A free margin: training stays so close to W_0 that any width has room, if its kernel separates the caps."""
    found = drawn(data, activation="tanh", scale="1/4", target="robust-error", target_epsilon="1/4")
    check(found, "1/4")
    loss, dtype = found.plan.loss, found.initialisation.dtype
    assert (found.plan.width, found.plan.theorem, dtype) == (2, "E8", np.float64)
    assert loss.name == "hinge" and 0 < loss.margin < Fraction(1, 1000)
    # 5 per cent above what E8 needs without a remainder.
    limit = 25 / 16 * (found.comparator.radius / found.comparator.margin * float(found.plan.gradient_bound)) ** 2
    assert limit < found.plan.iterations < 1.07 * limit + 1


@pytest.mark.parametrize(("epsilon", "scale"), [("0.999", "1"), ("0.9", "6")])
def test_too_narrow_a_first_draw_is_widened(data: Dataset, epsilon: str, scale: str) -> None:
    """E1 alone would allow a handful of neurons here, at which no robust comparator exists."""
    found = drawn(data, scale=scale, target_epsilon=epsilon, theorem="E1")
    check(found, epsilon)
    assert found.draws > 1 and found.plan.width > found.plan.required_width


def test_a_width_limit_is_respected(data: Dataset) -> None:
    with pytest.raises(TooWide, match="above the limit of 100 neurons"):
        drawn(data, activation="tanh", target_epsilon="0.1", max_width=100)


def test_an_iteration_limit_buys_width(data: Dataset) -> None:
    """The least width that keeps the limit is smaller than the width of least work, if the limit leaves room."""
    wanted = {"activation": "tanh", "target_epsilon": "0.6", "theorem": "E7"}
    least_work = drawn(data, **wanted)
    narrower = drawn(data, **wanted, max_iterations=20 * least_work.plan.iterations)
    check(narrower, "0.6")
    assert narrower.plan.width < least_work.plan.width
    assert least_work.plan.iterations < narrower.plan.iterations <= 20 * least_work.plan.iterations


@pytest.mark.parametrize("name", ["absolute", "huber"])
def test_two_sided_losses_get_a_certified_comparator(data: Dataset, name: str) -> None:
    """Absolute and Huber losses rise beyond margin 1: the comparator's margins are bounded on both sides."""
    loss = get_loss(name)
    found = drawn(data, loss=loss, target_epsilon="0.45")
    check(found, "0.45")
    start = found.initialisation
    weights = start.weights + found.comparator.moves.displacement
    network = TwoLayerNetwork(weights, start.signs, found.activation)
    points = ProjectedGradientAttack(steps=20).perturb(network, data.X, data.y, CAP, loss=loss).points
    attacked = float(np.mean(loss.value(network.predict(points), data.y)))
    assert attacked <= found.comparator.robust_loss < 0.45


def test_the_plan_follows_from_the_measured_numbers_alone(data: Dataset) -> None:
    """A comparator with half the margin, or twice the radius, would need a wider network than the one drawn."""
    goal = Goal.validated(loss="hinge", target_epsilon="0.5", theorem="E8")
    found = drawn(data, target_epsilon="0.5", theorem="E8")
    problem = found.plan.problem
    given = {
        "target_epsilon": "0.5",
        "activation": found.activation,
        "loss": goal.loss,
        "theorem": "E8",
        "initial_operator_norm": problem.initial_operator_norm,
        "comparator_verified": True,
        "width": found.plan.width,
    }
    again = required_width(radius=problem.radius, comparator_margin=problem.comparator_margin, **given)
    assert again.iterations <= found.plan.iterations
    with pytest.raises(WidthTooSmall):
        required_width(radius=2 * problem.radius, comparator_margin=problem.comparator_margin, **given)
    with pytest.raises(WidthTooSmall):
        required_width(radius=problem.radius, comparator_margin=problem.comparator_margin / 2, **given)


def test_more_iterations_than_are_allowed_are_refused(data: Dataset) -> None:
    goal = Goal.validated(loss="hinge", target_epsilon="1/4", target="robust-error", max_iterations=10)
    draw, activation = Draw(data.X, data.y, CAP), get_activation("tanh", "1/4")
    with pytest.raises(TooManyIterations, match="above the limit of 10"):
        certify(draw.least_move(activation, 2, goal), goal, CONVERGENCE_THEOREMS["E8"])
    with pytest.raises(InvalidInput, match="above the limit of 10"):
        narrowest_plan(draw, activation, goal, widths=[2, 4])


def test_the_first_width_with_a_certified_plan_is_taken(data: Dataset) -> None:
    goal = Goal.validated(loss="hinge", target_epsilon="1/4", target="robust-error")
    draw, activation = Draw(data.X, data.y, CAP), get_activation("quadratic_relu")
    found = narrowest_plan(draw, activation, goal, widths=ladder(1000))
    assert found.plan.width > 2
    with pytest.raises(InvalidInput, match="quadratic_relu: no comparator"):
        narrowest_plan(draw, activation, goal, widths=ladder(found.plan.width - 1))
    with pytest.raises(InvalidInput, match="expected a limit"):
        narrowest_plan(draw, activation, goal, widths=ladder(1))


def test_the_ladder_has_even_rungs_at_most_twice_apart() -> None:
    rungs = list(ladder(10**6))
    assert rungs[:8] == [2, 4, 6, 8, 12, 16, 24, 32] and all(rung % 2 == 0 for rung in rungs)
    assert all(low < high <= 2 * low for low, high in zip(rungs, rungs[1:], strict=False))
    assert list(ladder(7, above=2)) == [4, 6]


def test_large_networks_run_in_float32_unless_their_margins_are_small() -> None:
    plain = Goal.validated(loss="hinge", target_epsilon="1/4")
    small = Goal.validated(loss="hinge", target_epsilon="1/10000", loss_margin="1/1000")
    free = Goal.validated(loss="hinge", target_epsilon="1/4", target="robust-error")
    assert run_dtype(plain, 1000, 65) is np.float64 and run_dtype(plain, 100_000, 65) is np.float32
    assert run_dtype(small, 100_000, 65) is run_dtype(free, 100_000, 65) is np.float64
