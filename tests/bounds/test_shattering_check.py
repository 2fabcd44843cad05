"""Checking the splits of E5.a: all of them or a sample, the same sample for the same seed, and faults reported."""

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.bounds.shattering import Construction
from robustntk.bounds.shattering_check import (
    EXHAUSTIVE_DIMENSION,
    LARGEST_ARRANGEMENT,
    SAMPLED_SPLITS,
    check_arrangement,
    check_shattering,
    random_splits,
)
from robustntk.bounds.vc_bounds import SIZE, SPACING


@pytest.mark.parametrize("dimension", [1, 2, 5, 9, EXHAUSTIVE_DIMENSION])
def test_e5a_all_splits_up_to_the_exhaustive_dimension(dimension):
    report = check_shattering(dimension)
    assert (report.checked, report.failed, report.exhaustive) == (2 ** (dimension + 1), 0, True)
    assert all(margin > 0 for margin in (report.clearance, report.separation, report.gap))
    assert report.holds and report.failure is None
    assert report.size == Fraction(1, dimension + 1)


@pytest.mark.parametrize("dimension", [13, 40, 784])
def test_e5a_a_sample_of_splits_in_higher_dimensions(dimension):
    report = check_shattering(dimension, seed=3)
    assert (report.checked, report.failed, report.exhaustive) == (SAMPLED_SPLITS, 0, False)
    assert report.holds


@pytest.mark.parametrize(("splits", "checked", "exhaustive"), [(15, 15, False), (16, 16, True), (10**6, 16, True)])
def test_no_more_splits_than_there_are(splits, checked, exhaustive):
    report = check_shattering(3, splits=splits)
    assert (report.checked, report.exhaustive) == (checked, exhaustive)


def test_the_margins_reported_are_the_smallest():
    report, construction = check_shattering(4), Construction(dimension=4)
    found = [construction.margins(split) for split in range(32)]
    assert report.clearance == min(margins.clearance for margins in found)
    assert report.separation == min(margins.separation for margins in found)


@pytest.mark.parametrize("changes", [{"size": 3 * SIZE}, {"excess": 0}])
def test_failed_splits_are_counted_and_the_first_is_shown(changes):
    faulty = Construction(dimension=3, **changes)
    report = check_shattering(3, construction=faulty)
    failed = [split for split in range(16) if not faulty.margins(split).holds]
    assert 0 < report.failed == len(failed) and report.failure == failed[0]
    assert not report.holds
    assert report.to_json(sympy.Integer(1))["first_failure"] == [1 if failed[0] >> j & 1 else -1 for j in range(4)]


def test_clusters_that_stand_too_close_do_not_hold():
    report = check_shattering(60, construction=Construction(dimension=60, spacing=SPACING / 2))
    assert report.failed == 0 and report.gap < 0 and not report.holds


def test_no_split_checked_does_not_hold():
    assert not replace(check_shattering(2), checked=0).holds


@given(dimension=st.integers(1, 200), seed=st.integers(0, 2**40))
def test_random_splits_are_splits_and_repeat_with_their_seed(dimension, seed):
    drawn = list(random_splits(dimension, 5, seed=seed))
    assert drawn == list(random_splits(dimension, 5, seed=seed))
    assert all(0 <= split < 2 ** (dimension + 1) for split in drawn)


def test_random_splits_reach_all_proportions_and_depend_on_the_seed():
    drawn = list(random_splits(9, 500, seed=0))
    assert {split.bit_count() for split in drawn} == set(range(11))
    assert drawn != list(random_splits(9, 500, seed=1))


def test_json_is_in_the_unit_of_delta_and_exact():
    found = check_shattering(3).to_json(sympy.Rational(1, 10))
    assert found["exact"] == {
        "delta": "1/10",
        "size": "1/40",
        "clearance": "389/409600",
        "separation": "11/102400",
        "cluster_gap": "3/256",
    }
    assert (found["splits_checked"], found["splits_failed"], found["splits_exhaustive"]) == (16, 0, True)
    for name in ("clearance", "separation", "cluster_gap"):
        assert Fraction(found[name]) <= Fraction(found["exact"][name])
    assert found["delta"] == 0.1


@given(samples=st.integers(2, 60), dimension=st.integers(1, 12), seed=st.integers(0, 100))
def test_e5a_a_whole_data_set(samples, dimension, seed):
    report = check_arrangement(samples, dimension, seed=seed)
    assert report.points == samples and report.failed == 0 and report.holds
    assert report.gap >= Construction(dimension=dimension).gap() > 0


def test_of_a_large_data_set_the_first_clusters():
    report = check_arrangement(10**300, 99)
    assert report.points == 2 * (LARGEST_ARRANGEMENT // 100) and report.holds


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: check_shattering(0), "dimension is 0"),
        (lambda: check_shattering(3, splits=0), "splits is 0"),
        (lambda: check_shattering(3, splits=2.5), "splits is 2.5"),
        (lambda: check_shattering(20, splits=5, seed=-1), "seed is -1"),
        (lambda: check_shattering(20, splits=5, seed=True), "seed is True"),
        (lambda: check_shattering(99, splits=10**6), "splits is 1000000 in dimension 99: expected at most 100000"),
        (lambda: check_shattering(10**6), "splits is 1000 in dimension 1000000: expected at most 9"),
        (lambda: check_shattering(30, splits=2**31), "expected at most 322580"),
        (lambda: check_arrangement(1, 3), "samples is 1"),
        (lambda: check_arrangement(2, 0), "dimension is 0"),
    ],
)
def test_bad_input_is_named(call, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        call()
