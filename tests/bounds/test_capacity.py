"""E5: bounds of the VC dimension from both sides, and the width at which they meet, decided without rounding."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, Kind, enclose
from robustntk.bounds import capacity as module
from robustntk.bounds.capacity import (
    E5,
    capacity,
    necessary_width,
    necessary_width_plain,
    necessary_width_robust,
    vc_lower_bound,
)
from robustntk.bounds.vc_dimension import uniform_upper_bound

samples = st.integers(2, 10**6)
dimensions = st.integers(1, 1000)
depths = st.integers(1, 12)


@given(n=samples, d=dimensions)
def test_e5a_is_the_floor_of_half_the_points_times_the_vertices(n, d):
    assert vc_lower_bound(n, d) == n // 2 * (d + 1)


@given(n=samples, d=dimensions)
@example(n=3, d=1)
def test_e5a_makes_p4_explicit_with_one_third(n, d):
    assert 3 * vc_lower_bound(n, d) >= n * (d + 1)


@given(target=st.integers(1, 10**12), d=dimensions, depth=depths)
@example(target=1, d=1, depth=1)
def test_e5_the_necessary_width_reaches_the_target_and_the_next_smaller_one_provably_does_not(target, d, depth):
    width = necessary_width(target, dimension=d, depth=depth)
    assert not enclose(uniform_upper_bound(width=width, depth=depth, dimension=d), 256) < target
    if width > 1:
        assert enclose(uniform_upper_bound(width=width - 1, depth=depth, dimension=d), 256) < target


@given(n=samples, d=dimensions, depth=depths)
def test_e5_the_necessary_width_grows_with_the_points_and_falls_with_depth(n, d, depth):
    for width in (necessary_width_robust, necessary_width_plain):
        assert width(n, dimension=d, depth=depth) <= width(n + 2, dimension=d, depth=depth)
        assert width(n, dimension=d, depth=depth) >= width(n, dimension=d, depth=depth + 1)
    assert necessary_width_plain(n, dimension=d, depth=depth) >= necessary_width_plain(n, dimension=d + 1, depth=depth)


@given(n=samples, d=dimensions, depth=depths)
def test_e5_robust_interpolation_never_needs_less(n, d, depth):
    assert necessary_width_plain(n, dimension=d, depth=depth) <= necessary_width_robust(n, dimension=d, depth=depth)


@given(n=st.integers(2, 2000), d=st.integers(1, 50), depth=depths)
def test_e5_in_higher_dimension_the_gap_between_robust_and_plain_does_not_close(n, d, depth):
    """The target grows by a factor, the first layer alone by at most the same."""
    low, high = (necessary_width_robust(n, dimension=dim, depth=depth) for dim in (d, 2 * d + 1))
    plain = [necessary_width_plain(n, dimension=dim, depth=depth) for dim in (d, 2 * d + 1)]
    assert high * plain[0] >= low * plain[1]


def test_the_numbers_of_an_example():
    found = capacity(60000, dimension=784, depth=3, width=256)
    assert found.vc_lower_bound == 30000 * 785
    assert (found.necessary_width_robust, found.necessary_width_plain) == (287, 2)
    assert found.width_excluded and "which is too little" in found.statement()


def test_without_a_width_the_necessary_one_is_taken():
    found = capacity(100, dimension=10)
    assert found.width == found.necessary_width_robust == 3
    assert found.vc_upper_bound_at_width >= found.vc_lower_bound
    assert not found.width_excluded and "too little" not in found.statement()


@given(n=st.integers(2, 10**4), d=st.integers(1, 100), depth=st.integers(1, 4), width=st.integers(1, 60))
def test_e5_a_width_is_excluded_exactly_if_the_bounds_contradict_each_other(n, d, depth, width):
    found = capacity(n, dimension=d, depth=depth, width=width)
    assert found.width_excluded == (found.vc_upper_bound_at_width < found.vc_lower_bound)


def test_integers_of_any_size():
    found = capacity(10**40, dimension=10**30, depth=7)
    assert found.vc_lower_bound == 5 * 10**39 * (10**30 + 1)
    assert json.loads(json.dumps(found.to_json()))["necessary_width_robust"] == found.necessary_width_robust


def test_a_bound_that_does_not_grow_is_noticed(monkeypatch):
    real = module.uniform_upper_bound
    calls = []

    def moody(**sizes):
        calls.append(sizes)
        return real(**sizes | {"width": 1}) if len(calls) > 12 else real(**sizes)

    monkeypatch.setattr(module, "uniform_upper_bound", moody)
    with pytest.raises(ArithmeticError, match="E5.b"):
        necessary_width(10**4, dimension=3, depth=1)


def test_the_theorem_says_what_it_is_worth():
    found = capacity(10, dimension=2)
    assert found.to_json()["kind"] == "necessary-condition"
    assert "necessary condition, not a sufficient one" in found.statement()
    assert "cited" in found.statement() and any("cited" in text for text in E5.assumptions)
    assert E5.kind is Kind.GUARANTEE
    assert "floor(n/2) (d + 1)" in E5.statement and "log2(4 e S log2(2 e S))" in E5.statement


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"samples": 1}, "samples is 1: expected at least 2"),
        ({"samples": 0}, "samples is 0"),
        ({"samples": 10.0}, "samples is 10.0"),
        ({"samples": 10**301}, "samples is 1000.*expected at most 10.300"),
        ({"dimension": 0}, "dimension is 0"),
        ({"depth": 0}, "depth is 0"),
        ({"width": 0}, "width is 0"),
        ({"width": -3}, "width is -3"),
        ({"width": 2.5}, "width is 2.5"),
    ],
)
def test_bad_input_is_named(changes, complaint):
    arguments = {"samples": 10, "dimension": 3, "depth": 1, "width": None} | changes
    with pytest.raises(InvalidInput, match=complaint):
        capacity(arguments.pop("samples"), **arguments)
