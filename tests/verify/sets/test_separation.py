import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.verify.data import embed, load_data
from robustntk.verify.sets import separation
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.pixel_ball import PixelBall
from robustntk.verify.sets.separation import check_separation, common_direction

Y = np.array([1.0, -1.0, 1.0])


def features(angle: float) -> np.ndarray:
    """Rows of different lengths, the first two at that angle."""
    return np.array([[2.0, 0.0, 0.0], [3.0 * math.cos(angle), 3.0 * math.sin(angle), 0.0], [0.0, 0.0, 1.0]])


@given(st.floats(0.01, 1.5), st.floats(0.5, 1.5))
def test_balls_are_refused_exactly_when_their_cones_meet(angle: float, share: float) -> None:
    """Two balls share a direction if and only if their angles ``asin(r / |u|)`` add up to the one between them."""
    radius = share * 2.0 * math.sin(0.5 * angle)
    rows = features(angle)
    meet = math.asin(min(radius / 2.0, 1.0)) + math.asin(min(radius / 3.0, 1.0)) - angle
    if abs(meet) < 0.02 or radius >= 0.9:
        return
    perturbations = PixelBall(radius, "l2")
    assert common_direction(perturbations, rows[:1], rows[1:2]).item() == (meet > 0.0)
    if meet > 0.0:
        with pytest.raises(InvalidInput, match=r"rows 0 and 1 have opposite labels, .* share a point"):
            check_separation(perturbations, rows, Y)
    else:
        assert check_separation(perturbations, rows, Y) == pytest.approx(angle)


@given(st.integers(0, 10**6), st.floats(0.05, 3.0))
def test_boxes_that_share_a_direction_are_found(seed: int, radius: float) -> None:
    """Whether ``t B(v)`` meets ``B(u)`` for some t is a question about intervals of t, one for each coordinate."""
    rng = np.random.default_rng(seed)
    left, right = rng.uniform(1.0, 9.0, (2, 1, 3))
    perturbations = PixelBall(radius, low=0.5)
    (low, high), (low_right, high_right) = (perturbations.blocks[0].limits(row) for row in (left, right))
    first, last = np.max(low / high_right), np.min(high / low_right)
    if abs(first / last - 1.0) > 0.02:
        assert common_direction(perturbations, left, right).item() == (first < last)


def test_caps_are_decided_by_their_own_rule() -> None:
    X = embed(features(0.3))
    assert check_separation(SphericalCap(0.1), X, Y) == SphericalCap(0.1).check_separation(X, Y)
    with pytest.raises(InvalidInput, match="rows 0 and 1"):
        check_separation(SphericalCap(0.3), X, Y)


def test_the_separation_of_pixel_balls_is_that_of_their_centres() -> None:
    data = load_data("digits", classes=("0", "1"), samples=20)
    expected = SphericalCap(0.1).check_separation(data.X, data.y)
    assert check_separation(PixelBall(1.0, "l2"), data.features, data.y) == pytest.approx(expected, rel=1e-12)
    assert check_separation(PixelBall(1.0), data.features, np.ones(20)) == math.inf


def test_images_of_opposite_labels_within_reach_of_each_other_are_refused() -> None:
    data = load_data("digits", classes=("0", "1"), samples=20)
    with pytest.raises(InvalidInput, match="share a point of the sphere"):
        check_separation(PixelBall(8.0, low=0.0, high=16.0), data.features, data.y)


def test_wrong_labels_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"a label is 0.0: expected \+1 and -1"):
        check_separation(PixelBall(0.1), features(0.5), np.array([1.0, 0.0, 1.0]))


@pytest.mark.parametrize("block", [512, 3])
def test_pairs_are_found_across_blocks_of_rows(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separation, "_BLOCK", block)
    rows = np.array([[1.0, 0.0, 0.1], *np.eye(3)[[1, 2, 1]] * 2.0, [1.0, 0.05, 0.1]])
    with pytest.raises(InvalidInput, match="rows 0 and 4 have opposite labels"):
        check_separation(PixelBall(0.1), rows, np.array([1.0, 1.0, 1.0, 1.0, -1.0]))
    assert check_separation(PixelBall(0.001), rows, np.array([1.0, 1.0, 1.0, 1.0, -1.0])) < 0.06
