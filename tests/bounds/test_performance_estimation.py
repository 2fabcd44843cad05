"""The semidefinite program agrees with closed forms derived by hand and covers every run that is simulated."""

import math
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from robustntk.bounds.performance_estimation import Domain, Estimate, Measure, estimate

STEPS = st.floats(-5, 5).map(lambda power: 2.0**power)
CHOICES = [(measure, domain) for measure in Measure for domain in Domain]


def worst(rounds, step, measure=Measure.BEST, domain=Domain.BALL):
    found = estimate(iterations=rounds, step=step, measure=measure, domain=domain)
    assert found.solved, found
    return found.value


def best_of_two(step):
    """Two iterates, one loss, by hand: g_1 and g_2 of norm 1, u = W_1 - W_*, |u| = 1, step <= 1.

    Maximise min(<g_1, u>, <g_2, u - step g_1>) with f(W_1) >= f(W_2) + step <g_2, g_1>.
    """
    if step <= 1 / 4:
        return 1 - step
    if step <= math.sqrt(2) / 4:
        return step + 1 / (8 * step)
    if step <= 1 / math.sqrt(2):
        return 1 / math.sqrt(2)
    return math.sqrt(1 + 2 * step**2) - step


def average_of_linear_losses(rounds, step):
    """|S| - step |S|^2/2 + step T/2 over T >= 2, largest at |S| = |g_1 + ... + g_T| = min(T, 1/step)."""
    length = min(rounds, 1 / step)
    return (length - step * length**2 / 2 + step * rounds / 2) / rounds


@pytest.mark.parametrize(("measure", "domain"), CHOICES)
@pytest.mark.parametrize("step", [0.01, 1, 100])
def test_one_iterate_is_off_by_at_most_lipschitz_constant_times_distance(measure, domain, step):
    assert worst(1, step, measure, domain) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("step", [0.05, 0.25, 0.3, math.sqrt(2) / 4, 0.5, 1 / math.sqrt(2), 0.8, 1])
@pytest.mark.parametrize("domain", Domain)
def test_best_of_two_iterates_is_as_derived_by_hand(step, domain):
    assert worst(2, step, Measure.BEST, domain) == pytest.approx(best_of_two(step), abs=1e-6)


@pytest.mark.parametrize("step", [0.05, 0.3, 1 / math.sqrt(2), 1, 1.5, 2])
def test_best_of_two_iterates_against_a_moving_loss_is_as_derived_by_hand(step):
    expected = math.sqrt(1 + 2 * step**2) - step
    assert worst(2, step, Measure.MOVING_BEST, Domain.SPACE) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=10)
@given(st.integers(2, 4), STEPS)
@example(4, 0.25)
@example(4, 0.5)
def test_average_against_a_moving_loss_is_as_derived_by_hand(rounds, step):
    found = worst(rounds, step, Measure.MOVING_AVERAGE, Domain.SPACE)
    assert found == pytest.approx(average_of_linear_losses(rounds, step), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("step", [1.5, 10])
def test_projection_onto_the_ball_itself_is_covered_by_projection_onto_any_set_in_it(step):
    in_the_ball = 3 / 4  # g_1 = e, W_2 = -e; c + sqrt(2 - 2 c), over 2, is largest at c = <e, -W_*> = 1/2
    assert in_the_ball <= worst(2, step, Measure.MOVING_AVERAGE) + 1e-6
    assert worst(2, step, Measure.MOVING_AVERAGE) < worst(2, step, Measure.MOVING_AVERAGE, Domain.SPACE)


@settings(max_examples=8)
@given(st.integers(2, 3), STEPS)
def test_a_loss_that_moves_and_an_average_are_worse_and_projection_is_better(rounds, step):
    found = {choice: worst(rounds, step, *choice) for choice in CHOICES}
    slack = 1e-5 * (1 + step)
    for domain in Domain:
        best, average, moving_best, moving_average = (found[measure, domain] for measure in Measure)
        assert best <= min(average, moving_best) + slack
        assert max(average, moving_best) <= moving_average + slack
    for measure in Measure:
        assert found[measure, Domain.BALL] <= found[measure, Domain.SPACE] + slack


def simulated(generator, rounds, step, moving):
    """Gaps to the best W_* of the ball that sampling finds, for random pieces: a maximum, or one after another."""
    pieces = generator.standard_normal((rounds, 2))
    pieces /= np.linalg.norm(pieces, axis=1, keepdims=True)
    heights = generator.normal(scale=0.3, size=rounds)
    angles = np.linspace(0, 2 * np.pi, 60)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    comparators = np.concatenate([circle, circle / 2, np.zeros((1, 2))])
    position, paid, least = np.zeros(2), [], []
    for t in range(rounds):
        values = pieces @ position + heights
        active = t if moving else int(values.argmax())
        paid.append(values[active])
        everywhere = comparators @ pieces.T + heights
        least.append(everywhere[:, t] if moving else everywhere.max(axis=1))
        position = position - step * pieces[active]
        position /= max(1, np.linalg.norm(position))
    return np.array(paid)[:, None] - np.array(least)  # t, comparator


@pytest.mark.parametrize("step", [0.2, 0.6, 1.5])
def test_no_simulated_run_is_worse(step):
    generator, rounds = np.random.default_rng(3), 3
    gaps = {
        moving: np.concatenate([simulated(generator, rounds, step, moving) for _ in range(300)], axis=1)
        for moving in (False, True)
    }
    for measure in Measure:
        found = gaps[measure.moving]
        largest = (found.mean(axis=0) if measure.averaged else found.min(axis=0)).max()
        limit = worst(rounds, step, measure)
        assert 0.6 * limit < largest <= limit + 1e-6


@pytest.mark.parametrize("rounds", [2, 3, 4])
@pytest.mark.parametrize("factor", [0.3, 0.8, 1, 1.3, 3])
def test_no_step_beats_the_lower_bound_of_drori_and_teboulle(rounds, factor):
    lower = 1 / math.sqrt(rounds)
    found = worst(rounds, factor * lower)
    assert found >= lower - 1e-6
    if factor == 1:
        assert found == pytest.approx(lower, abs=1e-6)


def test_it_prints_nothing_and_repeats_itself(capfd):
    first, second = (estimate(iterations=3, step=0.4, measure=Measure.BEST, domain=Domain.BALL) for _ in range(2))
    assert first == second
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("missing", ["PEPit", "cvxpy"])
def test_a_missing_package_is_one_clear_line(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=rf"^{missing} is not installed.*pip install 'robustntk\[proofs\]'$"):
        estimate(iterations=1, step=1, measure=Measure.BEST, domain=Domain.BALL)


def test_a_solver_that_fails_is_a_status_and_not_a_solution():
    found = estimate(iterations=3, step=1e100, measure=Measure.AVERAGE, domain=Domain.SPACE)
    assert math.isnan(found.value)
    assert not found.solved


def test_a_wide_duality_gap_or_a_doubtful_status_is_not_solved():
    assert Estimate(1.0, 1e-8, "optimal").solved
    assert not Estimate(1.0, 1e-3, "optimal").solved
    assert not Estimate(1.0, math.nan, "optimal").solved
    assert not Estimate(1.0, 1e-8, "optimal_inaccurate").solved


def test_every_measure_says_what_it_measures():
    assert len({measure.text for measure in Measure}) == len(Measure)


@pytest.mark.parametrize(("rounds", "step"), [(8, 0.035), (8, 0.001), (5, 100.0), (2, 1e6)])
def test_short_and_long_steps_are_solved_too(rounds, step):
    for domain in Domain:
        assert 0 < worst(rounds, step, Measure.AVERAGE, domain) <= (1 / (rounds * step) + step) / 2 + 1e-6 * (1 + step)
