"""E5.a's construction: every split of every cluster, from its coordinates, and what happens when a choice is wrong."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.bounds.shattering import LARGEST_DIMENSION, Centres, Construction, at_least_two, fraction, signs
from robustntk.bounds.vc_bounds import GRID, SIZE, SPACING, d


def vectors(construction: Construction, split: int) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    """The vertices and the two centres in units of delta, written out."""
    dimension = construction.dimension
    size = construction.in_units_of_delta(construction.size)
    vertices = [
        [size if axis == vertex else Fraction(0) for axis in range(dimension)] for vertex in range(-1, dimension)
    ]
    at, near, far = construction.split_centres(split)
    return vertices, [[Fraction(x, at.denominator) for x in centre] for centre in (near, far)]


def squared_distance(left: list[Fraction], right: list[Fraction]) -> Fraction:
    return sum(((x - y) ** 2 for x, y in zip(left, right, strict=True)), Fraction(0))


def written_out(construction: Construction, split: int) -> tuple[Fraction, Fraction]:
    """Clearance and separation of a split by definition."""
    vertices, (near, far) = vectors(construction, split)
    own = signs(split, construction.dimension)
    centres = [near if sign == own[0] else far for sign in own]
    reach = max(squared_distance(vertex, centre) for vertex, centre in zip(vertices, centres, strict=True))
    return 1 - reach, squared_distance(near, far) - 4


@pytest.mark.parametrize("dimension", range(1, 7))
def test_e5a_every_split_of_a_cluster_is_made_by_two_disjoint_balls(dimension):
    construction = Construction(dimension=dimension)
    for split in range(2 ** (dimension + 1)):
        found = construction.margins(split)
        assert (found.clearance, found.separation) == written_out(construction, split)
        assert all(margin > 0 for margin in (found.clearance, found.separation)) and found.holds


@given(dimension=st.integers(1, 40), data=st.data())
def test_e5a_the_margins_are_those_of_the_coordinates_whatever_the_choices(dimension, data):
    split = data.draw(st.integers(0, 2 ** (dimension + 1) - 1))
    factor = data.draw(st.sampled_from([Fraction(1, 3), 1, 2, 5]))
    construction = Construction(dimension=dimension, size=SIZE * factor, excess=data.draw(st.integers(-1, 2)))
    found = construction.margins(split)
    assert (found.clearance, found.separation) == written_out(construction, split)
    assert found.holds == (found.clearance > 0 and found.separation > 0)


@given(dimension=st.integers(1, 300), data=st.data())
def test_e5a_any_split_in_any_dimension(dimension, data):
    split = data.draw(st.integers(0, 2 ** (dimension + 1) - 1))
    assert Construction(dimension=dimension).margins(split).holds


@given(dimension=st.integers(1, 60), data=st.data())
def test_e5a_a_split_and_its_mirror_image_have_the_same_margins(dimension, data):
    split = data.draw(st.integers(0, 2 ** (dimension + 1) - 1))
    construction = Construction(dimension=dimension)
    assert construction.margins(split) == construction.margins(2 ** (dimension + 1) - 1 - split)


@pytest.mark.parametrize("split", [0, 15])
def test_a_split_of_one_sign_leaves_the_other_centre_idle(split):
    vertices, (near, far) = vectors(Construction(dimension=3), split)
    assert near == [0, 0, 0] and all(squared_distance(vertex, near) <= 1 for vertex in vertices)
    assert far == [3, 0, 0]


@pytest.mark.parametrize("dimension", [1, 2, 3, 10, 100, 1000])
def test_e5a_clusters_keep_out_of_each_others_way_whatever_their_splits(dimension):
    assert Construction(dimension=dimension).gap() > 0


@given(dimension=st.integers(1, 30), data=st.data())
def test_e5a_the_gap_is_at_most_that_of_any_two_splits(dimension, data):
    construction = Construction(dimension=dimension)
    left, right = (data.draw(st.integers(0, 2 ** (dimension + 1) - 1)) for _ in range(2))
    spacing = construction.in_units_of_delta(SPACING)
    here, there = construction.first_coordinates(left), construction.first_coordinates(right)
    assert 0 < construction.gap() <= spacing + min(there) - max(here) - 2


PLANTED = {
    "a simplex of twice the size": ({"size": 2 * SIZE}, "clearance"),
    "a simplex as large as the balls": ({"size": SIZE * 4}, "clearance"),
    "centres at the last step of the grid before delta/sqrt(K)": ({"excess": 0}, "separation"),
    "a grid that is too coarse": ({"grid": d + 1}, "clearance"),
}


@pytest.mark.parametrize(("changes", "culprit"), PLANTED.values(), ids=PLANTED)
def test_a_fault_in_the_construction_is_caught(changes, culprit):
    found = [
        Construction(dimension=dimension, **changes).margins(split)
        for dimension in (1, 2, 7)
        for split in range(2 ** (dimension + 1))
    ]
    failed = [margins for margins in found if not margins.holds]
    assert failed and all(getattr(margins, culprit) <= 0 for margins in failed)


def test_clusters_that_stand_too_close_are_caught():
    assert Construction(dimension=100, spacing=SPACING * Fraction(99, 100)).gap() < 0


def test_signs_are_the_bits_from_the_lowest():
    assert signs(0b0110, 3) == (-1, 1, 1, -1)
    assert Construction(dimension=3).opposite(0b0110) == [True, True, False]


def test_centres_write_themselves_out():
    at = Centres(denominator=10, size=5, near=-7, far=9)
    assert at.coordinates([True, False]) == ([-7, 0], [9, 0])
    assert at.coordinates([False, False]) == ([0, 0], [9, 0])


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: Construction(dimension=0), "dimension is 0"),
        (lambda: Construction(dimension=2.0), "dimension is 2.0"),
        (lambda: Construction(dimension=LARGEST_DIMENSION + 1), "dimension is 1000001: expected at most 1000000"),
        (lambda: Construction(dimension=2).margins(8), "split is 8"),
        (lambda: Construction(dimension=2).margins(-1), "split is -1"),
        (lambda: at_least_two(1), "samples is 1: expected at least 2"),
        (lambda: fraction(GRID), "not rational"),
        (lambda: Construction(dimension=3, grid=GRID / 7).margins(1), "grid is 128/7"),
    ],
)
def test_bad_input_is_named(call, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        call()
