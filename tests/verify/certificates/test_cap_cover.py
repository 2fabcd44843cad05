"""Dyadic covers of caps: cells are where they say, nothing of the cap is left out, and holes are noticed."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.verify.certificates.cap_cover import CapCover, Partition


def some_cover(dimension: int, angle: float, seed: int) -> CapCover:
    direction = np.random.default_rng(seed).standard_normal(dimension + 1)
    return CapCover(direction / np.linalg.norm(direction), angle)


def points_of(cover: CapCover, count: int, seed: int) -> np.ndarray:
    """Unit vectors of the cap, its rim included: great circles from the centre, so without the cover's own maps."""
    rng = np.random.default_rng([seed, 7])
    tangent = rng.standard_normal((count, cover.dimension + 1))
    tangent -= np.outer(tangent @ cover.direction, cover.direction)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    polar = cover.angle * np.minimum(rng.uniform(0.0, 1.2, count), 1.0)[:, None]
    return np.cos(polar) * cover.direction + np.sin(polar) * tangent


def angle_between(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    apart, together = np.linalg.norm(left - right, axis=-1), np.linalg.norm(left + right, axis=-1)
    return 2.0 * np.arctan2(apart, together)


def mixed_partition(cover: CapCover, seed: int) -> Partition:
    """Some cells of each level kept, the others split, down to level 4; cells off the cap are kept as well."""
    rng = np.random.default_rng(seed)
    cells, kept = cover.root, {}
    for level in range(4):
        stays = rng.random(len(cells)) < 0.3 * level
        kept[level], cells = cells[stays], cover.children(cells[~stays])
    return Partition(cover, {**kept, 4: cells})


@given(st.integers(1, 4), st.sampled_from([1e-4, 0.1, 1.0, 3.1]), st.integers(0, 1000), st.integers(0, 6))
def test_points_of_the_cap_lie_in_cells_that_meet_it_and_within_their_reach(
    dimension: int, angle: float, seed: int, level: int
) -> None:
    cover = some_cover(dimension, angle, seed)
    points = points_of(cover, 200, seed)
    cells = cover.locate(level, points)
    assert cover.meets(level, cells).all()
    reach = angle_between(cover.centers(level, cells), points)
    # A point next to a face may be put in the neighbouring cell by rounding.
    assert np.all(reach <= cover.reach(level) * (1.0 + 1e-9) + 1e-12)


@given(st.integers(1, 4), st.sampled_from([0.1, 1.0, 3.1]), st.integers(0, 1000))
def test_cells_inside_the_cap_have_no_point_outside_it(dimension: int, angle: float, seed: int) -> None:
    cover = some_cover(dimension, angle, seed)
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 2**4, (50, dimension))
    inside = cells[cover.inside(4, cells)]
    corners = [cover.centers(9, 32 * inside + rng.integers(0, 32, inside.shape)) for _ in range(5)]
    for corner in corners:
        assert np.all(angle_between(corner, cover.direction) <= angle + 1e-12)


def test_children_halve_the_cell_and_no_more() -> None:
    cover = some_cover(3, 0.5, 0)
    children = cover.children(np.array([[1, 0, 1]]))
    assert len(np.unique(children, axis=0)) == 8
    assert np.array_equal(np.unique(children // 2, axis=0), [[1, 0, 1]])
    assert cover.half_side(5) == 2 * cover.half_side(6)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_a_partition_is_complete_and_holds_every_point(dimension: int) -> None:
    partition = mixed_partition(some_cover(dimension, 0.7, 3), 5)
    assert partition.is_complete
    assert partition.holds(points_of(partition.cover, 500, 1)).all()


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_a_partition_with_a_missing_piece_is_refuted(dimension: int) -> None:
    whole = mixed_partition(some_cover(dimension, 0.7, 3), 5)
    points = points_of(whole.cover, 500, 1)
    lost = whole.cover.locate(4, points[:1])
    level = next(g for g, cells in whole.cells.items() if (cells == lost >> (4 - g)).all(axis=1).any())
    kept = whole.cells[level][~(whole.cells[level] == lost >> (4 - level)).all(axis=1)]
    broken = Partition(whole.cover, {**whole.cells, level: kept})
    assert not broken.is_complete
    assert not broken.holds(points[:1]).any()


def test_a_missing_piece_is_not_made_up_for_by_another_one_twice() -> None:
    cover = some_cover(2, 0.7, 0)
    cells = cover.children(cover.root)
    doubled = Partition(cover, {1: np.vstack([cells[:3], cells[2:3]])})
    nested = Partition(cover, {1: cells[:3], 2: cover.children(cells[:1])})
    outside = Partition(cover, {1: np.vstack([cells[:3], [[2, 2]]])})
    for broken in (doubled, nested, outside):
        assert sum(Fraction(len(c), 4**level) for level, c in broken.cells.items()) == 1
        assert not broken.is_complete
    assert Partition(cover, {1: cells}).is_complete
