"""The comparator is a certified network inside the ball, and the plan that rests on it has no open hypothesis."""

from fractions import Fraction

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, empirical_gram
from robustntk.verify.attack import ProjectedGradientAttack
from robustntk.verify.cap import SphericalCap
from robustntk.verify.comparator import FiniteWidthSpace, draw_certified_plan, find_comparator
from robustntk.verify.data import Dataset, load_data
from robustntk.verify.minimum_norm import MinimumNormSolution, radius_interval
from robustntk.verify.predictors import TwoLayerNetwork

CAP = SphericalCap(0.05)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load_data("digits", classes=("0", "1"), samples=8)


def solve(data: Dataset, name: str) -> MinimumNormSolution:
    return radius_interval(data.X, data.y, CAP, activation=get_activation(name))


@pytest.mark.parametrize("name", ["quadratic_relu", "tanh"])
def test_comparator_keeps_its_margins_under_attack_and_its_norm(data: Dataset, name: str) -> None:
    activation = get_activation(name)
    start = SymmetricInitialisation(4000, data.dimension, 0, dtype=np.float32)
    space = FiniteWidthSpace(start, activation)
    found = find_comparator(space, data.X, data.y, CAP, loss=get_loss("hinge"), start=solve(data, name))
    moves = found.moves
    weights = start.weights + np.vstack([moves.means + moves.differences, moves.means - moves.differences])
    network = TwoLayerNetwork(weights, start.signs, activation)
    _, margins = ProjectedGradientAttack(steps=20, restarts=2).minimize_margin(network, data.X, data.y, CAP)
    assert np.all(margins - found.margins >= 0.0) and np.all(found.margins >= 1.0)
    assert found.robust_loss == 0.0
    assert np.linalg.norm(weights - start.weights) <= found.radius <= 1.001 * np.linalg.norm(weights - start.weights)


def test_displacement_realises_the_finite_width_kernel(data: Dataset) -> None:
    """E4.a: |W^c - W_0|^2 = c' K_m c, and <grad f(W_0, x), D> = sum_j c_j K_m(x, z_j)."""
    activation = get_activation("quadratic_relu")
    start = SymmetricInitialisation(500, data.dimension, 1)
    space = FiniteWidthSpace(start, activation)
    coefficients = np.random.default_rng(0).standard_normal(data.size)
    moved = space.displacement(data.X, coefficients)
    kernel = empirical_gram(start, activation, data.X)
    assert np.sum(moved**2) == pytest.approx(coefficients @ kernel @ coefficients, rel=1e-12)
    assert np.allclose(space.function(data.X, coefficients).predict(data.X), kernel @ coefficients, atol=1e-12)


def test_a_posteriori_plan_has_no_open_hypothesis(data: Dataset) -> None:
    drawn = draw_certified_plan(
        data.X,
        data.y,
        CAP,
        activation=get_activation("quadratic_relu"),
        loss=get_loss("hinge"),
        target_epsilon="0.9",
        solution=solve(data, "quadratic_relu"),
    )
    plan = drawn.plan
    assert plan.kind.value == "guarantee" and plan.confidence is None
    assert all(hypothesis.satisfied for hypothesis in plan.hypotheses)
    assert plan.width == drawn.initialisation.width >= plan.required_width
    # The ball of the run is the ball of the plan, in float32 too, and the comparator lies in it.
    assert drawn.comparator.radius <= float(plan.radius) <= drawn.comparator.radius * (1 + 1e-6)
    assert Fraction(float(np.float32(float(plan.radius)))) == Fraction(str(plan.radius))
    assert np.linalg.norm(drawn.initialisation.weights, 2) <= drawn.operator_norm
    assert float(np.float32(float(plan.step_size))) == float(plan.step_size)
    assert plan.guarantee.meets("0.9")


@pytest.mark.parametrize(("epsilon", "scale"), [("0.999", "1"), ("0.9", "6")])
def test_too_narrow_a_first_draw_is_widened(data: Dataset, epsilon: str, scale: str) -> None:
    """E1 alone would allow a handful of neurons here, at which no robust comparator exists."""
    activation = get_activation("quadratic_relu", scale=scale)
    solution = radius_interval(data.X, data.y, CAP, activation=activation)
    drawn = draw_certified_plan(
        data.X, data.y, CAP, activation=activation, loss=get_loss("hinge"), target_epsilon=epsilon, solution=solution
    )
    assert drawn.draws > 1 and drawn.plan.width > drawn.plan.required_width
    assert drawn.plan.kind.value == "guarantee" and np.all(drawn.comparator.margins > 0.0)


def test_a_width_limit_is_respected(data: Dataset) -> None:
    with pytest.raises(InvalidInput, match="above the limit of 100 neurons"):
        draw_certified_plan(
            data.X,
            data.y,
            CAP,
            activation=get_activation("tanh"),
            loss=get_loss("hinge"),
            target_epsilon="0.1",
            solution=solve(data, "tanh"),
            max_width=100,
        )


@pytest.mark.parametrize("name", ["absolute", "huber"])
def test_two_sided_losses_get_a_certified_comparator(data: Dataset, name: str) -> None:
    """Absolute and Huber losses rise beyond margin 1: the comparator's margins are bounded on both sides."""
    loss = get_loss(name)
    activation = get_activation("quadratic_relu")
    drawn = draw_certified_plan(
        data.X,
        data.y,
        CAP,
        activation=activation,
        loss=loss,
        target_epsilon="0.45",
        solution=solve(data, "quadratic_relu"),
    )
    moves, start = drawn.comparator.moves, drawn.initialisation
    weights = start.weights + np.vstack([moves.means + moves.differences, moves.means - moves.differences])
    network = TwoLayerNetwork(weights, start.signs, activation)
    points = ProjectedGradientAttack(steps=20).perturb(network, data.X, data.y, CAP, loss=loss).points
    attacked = float(np.mean(loss.value(network.predict(points), data.y)))
    assert attacked <= drawn.comparator.robust_loss < 0.45
    assert drawn.plan.kind.value == "guarantee" and drawn.plan.guarantee.meets("0.45")
