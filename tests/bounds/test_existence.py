"""E4 as a statement: its a priori and its a posteriori form, and what each needs."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from robustntk.bounds import E1, HypothesisError, Kind, Problem, get_activation
from robustntk.bounds.end_to_end import E6
from robustntk.bounds.existence import E4, PAIRED_REALISATION, REALISATION, Q, V
from robustntk.bounds.letters import beta, gamma, m
from robustntk.bounds.theorem import kind_of
from robustntk.kernels import numeric


def test_e4_states_itself():
    assert (E4.id, E4.kind) == ("E4", Kind.GUARANTEE)
    assert "||c||_1" in E4.needs and "|sigma'| <= B_1 (a priori only)" in E4.assumptions
    assert "no probability is left" in E4.statement
    assert E4.latex.count("{") == E4.latex.count("}")


def test_a_certified_network_needs_no_probability():
    erf = get_activation("erf")
    mine = E4.a_posteriori(erf, radius="3.5", robust_loss="0.1")
    problem = Problem.validated(radius="3.5", activation=erf, loss="hinge", comparator_loss="0.1")
    joined = E6.hypotheses(mine, E1.hypotheses(problem), confidence=None)
    assert kind_of(mine) is kind_of(joined) is Kind.GUARANTEE
    assert kind_of(E1.hypotheses(problem)) is Kind.CONDITIONAL_GUARANTEE
    assert all("probability" not in item.reason for item in joined)


def test_a_declared_constant_keeps_the_certified_network_conditional():
    declared = replace(get_activation("erf"), proved=False)
    assert kind_of(E4.a_posteriori(declared, radius=1, robust_loss=0)) is Kind.CONDITIONAL_GUARANTEE


def test_a_slope_that_jumps_is_refused_with_a_reason():
    with pytest.raises(HypothesisError, match="E4 does not apply: .*jumps at 0"):
        E4.a_posteriori(get_activation("relu"), radius=1, robust_loss=0)


def remainders(name: str, width: int, generator: np.random.Generator) -> tuple[float, float, float]:
    """|f(W^c, x) - <grad f(W_0, x), W^c - W_0>| with |W^c - W_0|^2 and max |v_r|; two centres, d = 3."""
    value, slope = numeric(get_activation(name), 0), numeric(get_activation(name), 1)
    points = generator.standard_normal((3, 3))
    point, *centres = points / np.linalg.norm(points, axis=1, keepdims=True)
    rows = generator.standard_normal((width // 2, 3))
    velocities = (slope(rows @ np.transpose(centres)) * 20 * generator.standard_normal(2)) @ np.array(centres)
    moves, start = velocities @ point / np.sqrt(width), rows @ point
    reached = np.sum(value(start + moves) - value(start - moves)) / np.sqrt(width)
    linear = 2 * np.sum(slope(start) * moves) / np.sqrt(width)
    square = 2 * np.sum(velocities**2) / width
    return abs(reached - linear), square, float(np.max(np.linalg.norm(velocities, axis=1)))


@pytest.mark.parametrize("name", ["erf", "tanh", "sin_cos", "quadratic_relu"])
@pytest.mark.parametrize("width", [2, 20, 2000])
def test_networks_stay_within_the_remainder_of_e4_a(name, width):
    activation, generator = get_activation(name), np.random.default_rng(width)
    for _ in range(50):
        found, square, largest = remainders(name, width, generator)
        values = {m: width, Q: square, V: largest, beta: activation.derivative_lipschitz}
        assert found <= float(REALISATION.subs(values))
        if activation.curvature_lipschitz is not None:
            assert found <= float(PAIRED_REALISATION.subs(values | {gamma: activation.curvature_lipschitz}))


def test_the_remainder_for_pairs_is_nearly_attained_and_half_of_it_is_refuted():
    """sigma = sin: sin(z + t) - sin(z - t) - 2 t cos(z) is -t^3/3 cos(z) for small t, and gamma = 1."""
    t, width = 0.05, 2
    found = abs(np.sin(t) - np.sin(-t) - 2 * t) / np.sqrt(width)
    velocity = t * np.sqrt(width)
    bound = float(PAIRED_REALISATION.subs({m: width, V: velocity, Q: velocity**2, gamma: sympy.Integer(1)}))
    assert 0.99 * bound < found <= bound
