"""The regret of E1.c beside the computed worst case: equal where the step is E1's, and refuted if made smaller."""

import doctest
import json
import math
import re
import sys

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Rational

import robustntk.bounds.worst_case as module
from robustntk.bounds import InvalidInput, Verdict, nearest_float
from robustntk.bounds.attained_regret import attained_regret
from robustntk.bounds.engines.engine import Engine
from robustntk.bounds.letters import G, L, R, T, alpha
from robustntk.bounds.performance_estimation import Estimate
from robustntk.bounds.two_layer import REGRET
from robustntk.bounds.worst_case import Domain, Measure, NoWorseCase, compare, step_of_e1, worst_case

NUMBERS = st.fractions("1/16", 16)


@settings(max_examples=12)
@given(st.integers(1, 4), NUMBERS, NUMBERS, NUMBERS, st.sampled_from(list(Measure)), st.sampled_from(list(Domain)))
def test_e1c_regret_is_never_exceeded(rounds, step, radius, lipschitz, measure, domain):
    case = worst_case(
        iterations=rounds, step_size=step, radius=radius, lipschitz=lipschitz, measure=measure, domain=domain
    )
    assert case.estimate.solved
    assert 0 < case.ratio <= 1 + 1e-5
    assert case.outcome.verdict is Verdict.CITED


@pytest.mark.parametrize("measure", Measure)
def test_e1c_regret_is_tight_for_the_step_of_e1(measure):
    for case in compare(iterations=(1, 2, 3, 5), measures=(measure,)):
        assert case.ratio == pytest.approx(1, abs=1e-6)


def test_with_half_or_twice_the_step_of_e1_the_best_iterate_is_better_than_the_regret():
    for factor in ("1/2", 2):
        for case in compare(iterations=(2, 3, 5), measures=("best",), step_factor=factor):
            assert 0.7 < case.ratio < 0.99


def test_the_worst_case_lies_between_an_exact_run_and_the_exact_bound():
    case = worst_case(iterations=4, step_size="2/5", measure="average")
    run = attained_regret(iterations=4, step_size="2/5")
    assert nearest_float(run.average) - 1e-6 <= case.worst_case <= nearest_float(case.bound) + 1e-6


@given(NUMBERS, NUMBERS)
@settings(max_examples=5)
def test_the_ratio_depends_on_step_times_lipschitz_over_radius_only(radius, lipschitz):
    plain = worst_case(iterations=2, step_size="1/2")
    scaled = worst_case(iterations=2, step_size=radius / lipschitz / 2, radius=radius, lipschitz=lipschitz)
    assert scaled.estimate == plain.estimate
    assert scaled.ratio == pytest.approx(plain.ratio, rel=1e-12)
    assert scaled.worst_case == pytest.approx(float(radius * lipschitz) * plain.worst_case, rel=1e-12)


def test_no_worse_case_is_found_and_that_is_no_proof():
    engine = NoWorseCase()
    assert isinstance(engine, Engine)
    assert engine.name == "pep"
    outcome = engine.check()
    assert outcome.verdict is Verdict.CITED
    assert "16 semidefinite programs" in outcome.reason


@pytest.mark.parametrize(
    "falsified",
    [
        REGRET * Rational(9, 10),
        R**2 / (2 * alpha * T) + alpha * L**2 * G**2 / 4,
        R**2 / (4 * alpha * T) + alpha * L**2 * G**2 / 2,
        R**2 / (2 * alpha * T**2) + alpha * L**2 * G**2 / 2,
        REGRET.subs(R, R / 2),
        sympy.Integer(0),
    ],
    ids=str,
)
def test_a_smaller_bound_is_refuted_by_a_worse_case(falsified):
    outcome = NoWorseCase(bound=falsified, iterations=(2, 3), measures=(Measure.BEST,)).check()
    assert outcome.verdict is Verdict.REFUTED
    assert outcome.counterexample.startswith("T = 2, alpha = 0.707107, best, ball: worst case 0.707107")


def test_a_bound_one_in_ten_thousand_too_small_is_refuted_where_it_is_tight():
    smaller = REGRET * Rational(9999, 10000)
    assert NoWorseCase(bound=smaller, iterations=(5,)).check().verdict is Verdict.REFUTED


def test_a_failed_solver_is_inconclusive_and_its_json_is_valid(monkeypatch):
    monkeypatch.setattr(module, "estimate", lambda **_: Estimate(math.nan, math.nan, "failed"))
    case = worst_case(iterations=2, step_size=1)
    assert case.outcome.verdict is Verdict.INCONCLUSIVE
    assert json.loads(json.dumps(case.to_json(), allow_nan=False))["worst_case"] is None
    assert NoWorseCase().check().verdict is Verdict.INCONCLUSIVE


def test_without_pepit_the_engine_is_unsupported_and_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "PEPit", None)
    outcome = NoWorseCase().check()
    assert outcome.verdict is Verdict.UNSUPPORTED
    assert outcome.reason.endswith("pip install 'robustntk[proofs]'")


def test_json_is_plain_and_says_that_the_value_is_computed():
    shown = json.loads(json.dumps(worst_case(iterations=2, step_size="1/4").to_json(), allow_nan=False))
    assert shown["worst_case"] == pytest.approx(0.75, abs=1e-6)
    assert shown["bound"] == 1.125
    assert (shown["certainty"], shown["solver"], shown["status"]) == ("computed", "CLARABEL", "optimal")
    assert (shown["measure"], shown["domain"], shown["iterations"]) == ("best", "ball", 2)


def test_the_step_of_e1_is_exact():
    assert step_of_e1(iterations=9, radius="3/2", lipschitz=2) == Rational(1, 4)
    assert step_of_e1(iterations=2) == sympy.sqrt(2) / 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"iterations": 0}, "iterations is 0: expected a positive integer"),
        ({"iterations": 2.0}, "iterations is 2.0: expected a positive integer"),
        ({"iterations": 21}, "iterations is 21: expected at most 20"),
        ({"step_size": 0}, "step_size is 0: expected a number greater than 0"),
        ({"step_size": math.nan}, "step_size is nan: expected a finite real number"),
        ({"radius": -1}, "radius is -1: expected a number greater than 0"),
        ({"lipschitz": "one"}, "lipschitz is 'one': expected a finite real number"),
        ({"measure": "last"}, "measure is 'last': expected one of best, average, moving-best, moving-average"),
        ({"domain": "cube"}, "domain is 'cube': expected one of ball, space"),
    ],
)
def test_bad_input_is_named(changes, message):
    with pytest.raises(InvalidInput, match=re.escape(message)):
        worst_case(**({"iterations": 2, "step_size": 1} | changes))


def test_the_example_of_the_module_runs():
    result = doctest.testmod(module)
    assert result.attempted >= 3
    assert result.failed == 0
