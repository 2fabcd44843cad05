"""E5.a's data sets, all pairs: separated points, and every shattered point in a ball of its sign."""

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.bounds.capacity import vc_lower_bound
from robustntk.bounds.robust_configuration import Vector, robust_configuration
from robustntk.bounds.shattering_check import random_splits


def squared_distance(left: Vector, right: Vector) -> Fraction:
    return sum(((x - y) ** 2 for x, y in zip(left, right, strict=True)), Fraction(0))


problems = st.tuples(
    st.integers(2, 13), st.integers(1, 6), st.fractions(min_value=Fraction(1, 50), max_value=50), st.integers(0, 99)
)


@given(problem=problems)
def test_e5a_robust_interpolation_of_the_points_gives_the_targets(problem):
    samples, dimension, radius, seed = problem
    splits = list(random_splits(dimension, samples // 2, seed=seed))
    found = robust_configuration(samples, dimension=dimension, radius=radius, splits=splits)
    assert len(found.points) == len(found.labels) == samples
    assert all(squared_distance(*pair) > 4 * radius**2 for pair in combinations(found.points, 2))
    for vertex, target in zip(found.shattered, found.targets, strict=True):
        balls = {
            label
            for point, label in zip(found.points, found.labels, strict=True)
            if squared_distance(vertex, point) <= radius**2
        }
        assert balls == {target}


@given(problem=problems)
def test_e5a_as_many_different_points_as_the_lower_bound_says_the_same_for_all_splits(problem):
    samples, dimension, radius, seed = problem
    first, second = (
        robust_configuration(samples, dimension=dimension, radius=radius, splits=list(splits))
        for splits in (random_splits(dimension, samples // 2, seed=seed), [0] * (samples // 2))
    )
    assert first.shattered == second.shattered
    assert len(set(first.shattered)) == vc_lower_bound(samples, dimension)


def test_e5a_all_labellings_occur():
    splits = [(left, right) for left in range(8) for right in range(8)]
    found = {robust_configuration(4, dimension=2, radius=1, splits=pair).targets for pair in splits}
    assert len(found) == 2**6


def test_the_radius_is_exact():
    found = robust_configuration(3, dimension=1, radius="0.1", splits=[1])
    assert found.shattered == ((Fraction(0),), (Fraction(1, 20),))
    assert found.targets == (1, -1)
    assert found.points[2] == (Fraction(6, 10),)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"samples": 1, "splits": []}, "samples is 1: expected at least 2"),
        ({"samples": 2.0}, "samples is 2.0"),
        ({"dimension": 0}, "dimension is 0"),
        ({"radius": 0}, "radius is 0"),
        ({"radius": "-1"}, "radius is -1"),
        ({"radius": float("nan")}, "radius is nan"),
        ({"splits": [0]}, "splits has 1 entries: expected one for each of 2 clusters"),
        ({"splits": [0, 8]}, "split is 8"),
    ],
)
def test_bad_input_is_named(changes, complaint):
    arguments = {"samples": 4, "dimension": 2, "radius": 1, "splits": [0, 1]} | changes
    with pytest.raises(InvalidInput, match=complaint):
        robust_configuration(arguments.pop("samples"), **arguments)
