"""E1 as a statement: its terms hold on small networks, and slightly smaller ones are refuted."""

import numpy as np
import pytest

from robustntk.bounds import E1, HypothesisError, Kind, Problem, guarantee, required_width
from robustntk.bounds.two_layer import NEAR_LINEARITY, REGRET, G, L, R, T, alpha, beta, m


def squared_relu(values):
    return np.maximum(values, 0) ** 2


def residual(weights, moved, signs, point):
    """f(W') - f(W) - <grad f(W), W' - W> of a quadratic ReLU network at one point."""
    before, after = weights @ point, moved @ point
    linear = 2 * np.maximum(before, 0) * (after - before)
    return signs @ (squared_relu(after) - squared_relu(before) - linear) / np.sqrt(len(signs))


def near_linearity(width, radius):
    values = {L: 1, beta: 2, R: radius, m: width}
    return float(NEAR_LINEARITY.subs(values))


def test_near_linearity_holds_between_any_two_networks_of_the_ball():
    width, dimension, radius = 12, 4, 1.5
    generator = np.random.default_rng(1)
    signs = np.repeat([1.0, -1.0], width // 2)
    for _ in range(300):
        centre = generator.standard_normal((width, dimension))
        moves = generator.standard_normal((2, width, dimension))
        first, second = (centre + radius * move / np.linalg.norm(move) for move in moves)
        point = generator.standard_normal(dimension)
        point /= np.linalg.norm(point)
        assert abs(residual(first, second, signs, point)) <= near_linearity(width, radius)


def test_near_linearity_is_attained_and_one_percent_less_is_refuted():
    width, radius, point = 8, 1.0, np.array([1.0, 0.0])
    signs = np.repeat([1.0, -1.0], width // 2)
    centre = np.tile(10 * point, (width, 1))
    move = np.where(signs[:, None] > 0, point, 0)
    move *= radius / np.linalg.norm(move)
    worst = residual(centre - move, centre + move, signs, point)
    assert worst == pytest.approx(near_linearity(width, radius), rel=1e-9)
    assert worst > 0.99 * near_linearity(width, radius)


def test_regret_is_attained_by_one_linear_step():
    radius, slope = 1.7, 2.3
    first_loss, comparator = 0.0, -slope * radius  # l(w) = slope * w on [-R, R], started at 0
    bound = float(REGRET.subs({R: radius, L: 1, G: slope, T: 1, alpha: radius / slope}))
    assert first_loss - comparator == pytest.approx(bound, rel=1e-12)


def test_regret_holds_for_projected_subgradient_steps_against_a_moving_loss():
    generator, radius, rounds, step = np.random.default_rng(2), 1.0, 30, 0.1
    for _ in range(50):
        slopes = generator.standard_normal((rounds, 3))
        slopes /= np.linalg.norm(slopes, axis=1, keepdims=True)
        position, paid = np.zeros(3), 0.0
        for slope in slopes:
            paid += slope @ position
            position = position - step * slope
            position *= min(1, radius / max(np.linalg.norm(position), 1e-300))
        best = -radius * np.linalg.norm(slopes.sum(axis=0))
        bound = float(REGRET.subs({R: radius, L: 1, G: 1, T: rounds, alpha: step}))
        assert (paid - best) / rounds <= bound + 1e-12


def hypotheses(**changes):
    arguments = {"radius": 2, "activation": "erf", "loss": "hinge"} | changes
    return {item.text: item for item in E1.hypotheses(Problem.validated(**arguments))}


def test_hypotheses_of_the_loss_target_leave_only_the_comparator_open():
    listed = hypotheses()
    still_open = [text for text, item in listed.items() if item.satisfied is None]
    assert still_open == ["some W_* in B(R) has robust loss <= 0"]
    assert {"sigma' is beta-Lipschitz", "l is convex and L-Lipschitz in f", "l(y, y) = 0"} <= set(listed)
    assert all(item.reason for item in listed.values())


def test_the_excess_loss_asks_nothing_of_the_comparator():
    listed = hypotheses(target="excess-loss", loss="logistic")
    assert all(item.satisfied for item in listed.values())
    assert "l(y, y) = 0" not in listed


def test_the_bound_on_errors_supposes_nothing_of_the_adversary_and_says_whose_errors_it_counts():
    assert all(item.satisfied for item in hypotheses(target="robust-error", comparator_verified=True).values())
    plan = required_width(
        target_epsilon=0.5, radius=2, activation="erf", target="robust-error", comparator_verified=True, theorem="E1"
    )
    assert plan.kind is Kind.GUARANTEE
    assert "the fraction of training points that A makes misclassified is at most 0.5" in plan.statement()
    assert "is the robust error if A is the strongest adversary" in plan.statement()


@pytest.mark.parametrize(
    ("activation", "loss", "reason"),
    [
        ("relu", "hinge", "sigma' jumps at 0"),
        ("erf", "squared_hinge", "bounded range"),
        ("erf", "logistic", "positive everywhere"),
        ("quadratic_relu", "hinge", "dimension"),
    ],
)
def test_what_e1_cannot_do_is_refused_with_a_reason(activation, loss, reason):
    with pytest.raises(HypothesisError, match=reason):
        guarantee(width=10, step_size="0.1", iterations=5, radius=1, activation=activation, loss=loss, theorem="E1")


def test_e1_states_itself():
    assert (E1.id, E1.kind) == ("E1", Kind.GUARANTEE)
    assert "2 L beta R^2/sqrt(m)" in E1.statement
    assert "some W_* in B(R) has robust loss <= s" in E1.assumptions
