"""The regret of E1.c is attained, in exact arithmetic and in symbols; a little more or less is refuted."""

import re
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, sqrt

from robustntk.bounds import InvalidInput, Verdict
from robustntk.bounds.attained_regret import (
    AVERAGE_GAP,
    COSINE,
    SHORTEST_STEP,
    STEP_OF_E1,
    attained_regret,
    attains,
)
from robustntk.bounds.letters import G, L, R, T, alpha, epsilon, s, theta
from robustntk.bounds.proof import check_proof
from robustntk.bounds.proofs.attained_regret import proof
from robustntk.bounds.two_layer import ITERATIONS, REGRET, STEP_SIZE

INSIDE = st.tuples(st.integers(2, 30), st.fractions(0, 1)).map(
    lambda pair: (pair[0], Fraction(1, pair[0] ** 2) + pair[1] * (Fraction(1, pair[0]) - Fraction(1, pair[0] ** 2)))
)  # T and (alpha M/R)^2 between 1/T^2 and 1/T


def regret(run):
    one = sympy.Integer(1)
    return REGRET.xreplace(
        {R: run.radius, L: run.lipschitz, G: one, alpha: run.step_size, T: sympy.Integer(run.iterations)}
    )


def simulated_gaps(run):
    """The same run on vectors in floating point, with the projection, from nothing but the angle between them."""
    rounds, radius = run.iterations, float(run.radius)
    cosines = np.full((rounds, rounds), float(run.cosine)) + (1 - float(run.cosine)) * np.eye(rounds)
    values, vectors = np.linalg.eigh(cosines)
    pieces = float(run.lipschitz) * vectors * np.sqrt(values.clip(min=0))
    position, paid = np.zeros(rounds), []
    for t in range(rounds):
        heights = pieces @ position
        assert heights[t] >= heights.max() - 1e-12
        paid.append(heights.max())
        position = position - float(run.step_size) * pieces[t]
        position *= min(1, radius / np.linalg.norm(position))
    comparator = -radius * pieces.sum(axis=0) / np.linalg.norm(pieces.sum(axis=0))
    return np.array(paid) - (pieces @ comparator).max()


@given(INSIDE, st.fractions("1/8", 8), st.fractions("1/8", 8))
def test_e1c_average_regret_is_attained_for_every_step_up_to_that_of_e1(setting, radius, lipschitz):
    rounds, square = setting
    step = sqrt(Rational(str(square))) * Rational(str(radius)) / Rational(str(lipschitz))
    run = attained_regret(iterations=rounds, step_size=step, radius=radius, lipschitz=lipschitz)
    assert sympy.expand(run.average - regret(run)) == 0
    assert simulated_gaps(run) == pytest.approx([float(gap) for gap in run.gaps], rel=1e-6)


@pytest.mark.parametrize("rounds", [1, 2, 5, 50])
def test_with_the_step_of_e1_the_best_iterate_is_as_bad_as_the_average(rounds):
    run = attained_regret(iterations=rounds, step_size=1 / sqrt(sympy.Integer(rounds)))
    assert run.best == run.average == 1 / sqrt(sympy.Integer(rounds))
    assert run.cosine == 0


def test_e1_prescription_rounded_up_to_whole_steps_still_attains_its_regret():
    run = attained_regret(iterations=490, step_size="1/8", radius="3.91", lipschitz=sqrt(2))
    assert sympy.expand(run.average - regret(run)) == 0
    assert 0.999 * run.average < run.best < run.average


def test_the_step_of_e1_is_the_calculators_for_every_share_and_epsilon():
    budget = R * L * G / sqrt(T)
    values = {epsilon: s + budget / (1 - theta)}
    step = sympy.simplify(STEP_SIZE.subs(values))
    assert sympy.simplify(step - STEP_OF_E1) == 0
    assert sympy.simplify(ITERATIONS.subs(values).subs(alpha, step) - T) == 0


def test_the_average_gap_in_symbols_is_the_regret():
    assert sympy.simplify(AVERAGE_GAP - REGRET) == 0
    assert sympy.simplify(COSINE.subs(alpha, STEP_OF_E1)) == 0
    assert sympy.simplify(COSINE.subs(alpha, SHORTEST_STEP)) == 1


def test_regret_is_proved_attained_and_a_little_more_or_less_is_refuted():
    assert attains().verdict is Verdict.PROVED
    for factor in ("9/10", "999/1000", "1001/1000"):
        outcome = attains(REGRET * Rational(factor))
        assert outcome.verdict is Verdict.REFUTED
        assert outcome.counterexample.startswith("T = 1")


@pytest.mark.parametrize("fault", [{R**2 / (2 * alpha * T): R**2 / (alpha * T)}, {T: T + 1}, {G: 2 * G}])
def test_a_fault_in_the_regret_is_refuted(fault):
    assert attains(REGRET.subs(fault)).verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"iterations": 4, "step_size": "0.2"}, "expected at least R/(M T) for T = 4"),
        ({"iterations": 4, "step_size": 3}, "step_size is 3: step 1 of 4 leaves the ball"),
        ({"iterations": 4, "step_size": sympy.pi / 8}, "to be rational, not pi**2/64"),
        ({"iterations": 0, "step_size": 1}, "iterations is 0"),
        ({"iterations": 2, "step_size": -1}, "step_size is -1"),
        ({"iterations": 2, "step_size": "1/2", "radius": 0}, "radius is 0"),
        ({"iterations": 2, "step_size": "1/2", "lipschitz": "nan"}, "lipschitz is 'nan'"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(InvalidInput, match=re.escape(message)):
        attained_regret(**arguments)


def test_that_it_is_attained_for_every_t_is_proved_and_every_falsified_variant_refuted():
    report = check_proof(proof(), falsify=True)
    assert {step.step.name: step.outcome for step in report.steps if step.outcome is not Verdict.PROVED} == {}
    assert report.outcome is Verdict.PROVED
