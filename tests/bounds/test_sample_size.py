"""Tails, deviations and sample sizes: they contain what is sampled, they invert each other, and they are monotone."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, is_at_most, is_less, nearest_float
from robustntk.bounds.concentration import (
    BERNSTEIN_DEVIATION,
    CHI_SQUARE_LEVEL,
    HOEFFDING_DEVIATION,
    Lambda,
    M,
    N,
    v,
)
from robustntk.bounds.sample_size import gaussian_norm, sample_size, tail

small = st.fractions(min_value=Fraction(1, 50), max_value=Fraction(19, 20), max_denominator=1000)
failures = st.fractions(min_value=Fraction(1, 10**6), max_value=Fraction(9, 10), max_denominator=10**6)


@given(deviation=small, failure=failures, second_moment=small)
def test_the_sample_size_is_the_smallest_that_the_tail_allows(deviation, failure, second_moment):
    known = {"deviation": deviation, "bound": 1, "second_moment": second_moment}
    count = sample_size(failure=failure, **known).count
    assert is_at_most(tail(count=count, **known), sympy.Rational(failure))
    assert count == 1 or is_less(sympy.Rational(failure), tail(count=count - 1, **known))


@given(deviation=small, failure=failures, second_moment=small, factor=st.integers(2, 9))
def test_sample_sizes_are_monotone(deviation, failure, second_moment, factor):
    known = {"deviation": deviation, "failure": failure, "second_moment": second_moment / factor, "bound": 1}
    count = sample_size(**known).count
    assert sample_size(**known | {"deviation": deviation / factor}).count >= count
    assert sample_size(**known | {"failure": failure / factor}).count >= count
    assert sample_size(**known | {"second_moment": second_moment}).count >= count
    assert sample_size(**known | {"bound": factor}).count >= count


def test_each_inequality_has_its_domain():
    assert sample_size(deviation="0.01", failure="0.01", bound=1, second_moment="0.01").inequality == "Bernstein"
    assert sample_size(deviation="0.9", failure="0.01", bound=1).inequality == "Hoeffding"


def frequency(deviation: float, *, chance: float, count: int, trials: int = 20_000) -> float:
    """How often the mean of `count` centred Bernoulli variables exceeds 0 by more than `deviation`."""
    means = np.random.default_rng(3).binomial(count, chance, size=trials) / count - chance
    return float(np.mean(means > deviation))


@pytest.mark.parametrize(("chance", "count"), [(0.5, 200), (0.02, 300), (0.9, 50)])
@pytest.mark.parametrize("formula", [BERNSTEIN_DEVIATION, HOEFFDING_DEVIATION])
def test_sampled_means_exceed_the_deviation_no_more_often_than_allowed(chance, count, formula):
    exact = sympy.Rational(str(chance))
    for exponent in (1, 2, 3):
        values = {N: count, v: exact * (1 - exact), M: max(exact, 1 - exact), Lambda: exponent}
        allowed = float(np.exp(-exponent))
        assert frequency(nearest_float(formula.subs(values)), chance=chance, count=count) <= allowed


def test_a_deviation_without_the_range_is_refuted_by_rare_events():
    """Bernstein's inequality with M = 0 is the Gaussian tail, which rare events exceed."""
    values = {N: 300, v: sympy.Rational(1, 1000), M: 1, Lambda: 6}
    gaussian = nearest_float(BERNSTEIN_DEVIATION.subs(values | {M: 0}))
    assert frequency(gaussian, chance=0.001, count=300) > np.exp(-6)
    assert frequency(nearest_float(BERNSTEIN_DEVIATION.subs(values)), chance=0.001, count=300) <= np.exp(-6)


@pytest.mark.parametrize(("rows", "columns"), [(40, 5), (400, 3), (300, 30)])
def test_sampled_gaussian_matrices_stay_below_the_bound_of_their_norm(rows, columns):
    bound = nearest_float(gaussian_norm(rows=rows, columns=columns, failure="1/2")) * np.sqrt(rows)
    generator = np.random.default_rng(1)
    norms = [np.linalg.norm(generator.standard_normal((rows, columns)), 2) for _ in range(100)]
    assert np.mean(np.array(norms) > bound) <= 0.5
    assert bound < 3.0 * max(norms)  # no absurdly loose bound


def test_the_chi_square_level_is_exceeded_no_more_often_than_allowed_and_a_lower_one_is():
    squares = np.random.default_rng(2).chisquare(4, size=200_000) / 4
    level = nearest_float(CHI_SQUARE_LEVEL.subs({N: 4, Lambda: 3}))
    assert np.mean(squares > level) <= np.exp(-3)
    assert np.mean(squares > 0.5 * level) > np.exp(-3)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"failure": 1}, "failure is 1"),
        ({"deviation": 0}, "deviation is 0"),
        ({"bound": -1}, "bound is -1"),
        ({"second_moment": 2}, "second_moment is 2: expected at most 1"),
    ],
)
def test_bad_input_is_named(change, complaint):
    known = {"deviation": "0.1", "failure": "0.1", "bound": 1, "second_moment": "0.5"}
    with pytest.raises(InvalidInput, match=complaint):
        sample_size(**known | change)
