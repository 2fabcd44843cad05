import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput
from robustntk.verify.sets.block import Block
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.feature_set import FeatureSet
from robustntk.verify.sets.pixel_ball import PixelBall
from robustntk.verify.sets.product_set import ProductSet

BIASES = (0.5, 0.0, None)


def images(seed: int, count: int, size: int) -> np.ndarray:
    """Rows of pixels in [0, 16], a third of them black, none of them zero."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 17, (count, size)) * (rng.random((count, size)) < 0.67)
    rows[:, 0] = 16
    return rows.astype(float)


def angles_of(caps: tuple[SphericalCap, ...]) -> np.ndarray:
    return np.array([cap.angle for cap in caps])


def turned(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Angles between feature rows, accurate for small ones."""
    left, right = (rows / np.linalg.norm(rows, axis=-1, keepdims=True) for rows in (points, centers))
    return 2.0 * np.arctan2(np.linalg.norm(left - right, axis=-1), np.linalg.norm(left + right, axis=-1))


def tabular(size: int, bias: float | None) -> ProductSet:
    """A ball, a box with a radius of its own for each column, and columns that stay as they are."""
    third = size // 3
    ball = Block(2.0, "l2", low=0.0, high=16.0, columns=tuple(range(third)))
    box = Block(tuple(np.linspace(0.0, 1.0, third)), low=0.0, columns=tuple(range(third, 2 * third)))
    return ProductSet((ball, box), bias)


SETS = {
    "l2": lambda size, bias: PixelBall(3.0, "l2", bias),
    "l2 in a box": lambda size, bias: PixelBall(6.0, "l2", bias, low=0.0, high=16.0),
    "linf": lambda size, bias: PixelBall(0.5, "linf", bias),
    "linf in a box": lambda size, bias: PixelBall(2.0, "linf", bias, low=0.0, high=16.0),
    "linf by column": lambda size, bias: PixelBall(tuple(np.linspace(0.0, 1.0, size)), "linf", bias, low=0.0),
    "product": tabular,
}


@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("kind", SETS)
def test_caps_contain_ten_thousand_samples(kind: str, bias: float | None) -> None:
    centers, perturbations = images(1, 4, 24), SETS[kind](24, bias)
    points, caps = perturbations.enclosing_caps(centers)
    rng = np.random.default_rng(2)
    for part in ("cap", "rim"):
        samples = perturbations.sample(centers, 10_000, rng, part=part)
        embedded = perturbations.embed(samples)
        for row, cap in enumerate(caps):
            assert np.all(cap.contains(embedded[:, row], points[row]))


@given(st.integers(0, 10**6), st.sampled_from(sorted(SETS)), st.integers(9, 40), st.sampled_from(BIASES))
def test_caps_contain_samples_of_random_sets(seed: int, kind: str, size: int, bias: float | None) -> None:
    centers, perturbations = images(seed, 3, size), SETS[kind](size, bias)
    points, caps = perturbations.enclosing_caps(centers)
    samples = perturbations.sample(centers, 50, np.random.default_rng(seed), part="rim")
    chords = np.linalg.norm(perturbations.embed(samples) - points, axis=-1)
    assert np.all(chords <= [cap.delta for cap in caps])


@given(st.integers(0, 10**6), st.integers(2, 8), st.floats(1e-6, 3.0), st.booleans())
@example(0, 2, 3.0, True)
@example(5, 8, 1e-6, False)
def test_the_cap_of_a_small_box_is_that_of_its_worst_corner(seed: int, size: int, radius: float, cut: bool) -> None:
    """Hence it is the smallest: a cap that is 1 % smaller misses the corner."""
    centers = images(seed, 2, size)
    limits = {"low": 0.0, "high": 16.0} if cut else {}
    perturbations = PixelBall(radius, **limits)
    _, caps = perturbations.enclosing_caps(centers)
    below, above = perturbations.blocks[0].limits(centers)
    corners = np.array([np.where(sides, above, below) for sides in itertools.product((False, True), repeat=size)])
    worst = np.max(turned(corners, centers), axis=0)
    assert np.all(worst <= angles_of(caps))
    assert np.all(angles_of(caps) <= worst * (1.0 + 1e-6) + 1e-13)
    assert np.all(worst > 0.99 * angles_of(caps))


@given(st.integers(0, 10**6), st.floats(1e-6, 0.999), st.sampled_from(BIASES))
def test_the_cap_of_a_ball_touches_it(seed: int, share: float, bias: float | None) -> None:
    """``sin(angle) = r / |u|``, met at the tangent point, which a cap that is 1 % smaller misses."""
    rng = np.random.default_rng(seed)
    center = rng.standard_normal((1, 12))
    length = float(np.linalg.norm(center))
    perturbations = PixelBall(share * length, "l2", bias)
    points, caps = perturbations.enclosing_caps(center)
    assert caps[0].angle == pytest.approx(math.asin(share), rel=1e-8)
    across = rng.standard_normal(12)
    across -= (across @ center[0]) / length**2 * center[0]
    across /= np.linalg.norm(across)
    tangent = center + share * length * (math.sqrt(1 - share**2) * across - share * center / length)
    assert perturbations.contains(tangent, center).all()
    embedded = perturbations.embed(tangent)
    assert caps[0].contains(embedded, points).all()
    assert not SphericalCap(0.99 * caps[0].delta, bias).contains(embedded, points).any()


def farthest_corner(perturbations: FeatureSet, center: np.ndarray) -> np.ndarray:
    """Corners that no change of one coordinate improves, by greedy ascent from several random ones."""
    below, above = perturbations.blocks[0].limits(center)
    rng = np.random.default_rng(0)
    best = center
    for _ in range(10):
        corner = np.where(rng.random(len(center)) < 0.5, below, above)
        while True:
            flipped = np.repeat(corner[None], len(center), axis=0)
            np.fill_diagonal(flipped, np.where(corner == above, below, above))
            angles = turned(flipped, center)
            if np.max(angles) <= turned(corner, center) * (1 + 1e-12):
                break
            corner = flipped[np.argmax(angles)]
        best = max(best, corner, key=lambda point: float(turned(point, center)))
    return best


@pytest.mark.parametrize("kind", ["linf", "linf in a box", "linf by column"])
def test_the_cap_of_a_box_of_many_coordinates_is_tight(kind: str) -> None:
    centers, perturbations = images(3, 3, 64), SETS[kind](64, 0.5)
    points, caps = perturbations.enclosing_caps(centers)
    for row, cap in enumerate(caps):
        found = turned(farthest_corner(perturbations, centers[row]), centers[row])
        assert 0.999 * cap.angle < found <= cap.angle
        embedded = perturbations.embed(farthest_corner(perturbations, centers[row]))
        assert not SphericalCap(0.99 * cap.delta).contains(embedded, points[row])


def test_sets_that_reach_behind_the_origin_are_enclosed() -> None:
    center = np.array([[1.0, 1.0]])
    perturbations = PixelBall((1.6, 0.5))
    points, caps = perturbations.enclosing_caps(center)
    samples = perturbations.sample(center, 5000, np.random.default_rng(0), part="rim")
    assert math.pi / 2 < np.max(turned(samples, center)) <= caps[0].angle
    assert caps[0].contains(perturbations.embed(samples)[:, 0], points[0]).all()


@pytest.mark.parametrize("norm, radius", [("l2", 5.0), ("l2", 7.0), ("linf", 4.0), ("linf", 9.0)])
def test_rows_whose_ball_contains_zero_are_named(norm: str, radius: float) -> None:
    centers = np.array([[30.0, 40.0], [3.0, 4.0]])
    with pytest.raises(InvalidInput, match="row 1 contains 0"):
        PixelBall(radius, norm).enclosing_caps(centers)


def test_sets_that_go_round_are_refused_by_row() -> None:
    centers = np.array([[5.0, 0.0], [1.0, 0.001]])
    perturbations = PixelBall((3.0, 0.0005))
    with pytest.raises(InvalidInput, match="row 1 lies in no cap"):
        perturbations.enclosing_caps(centers)


def test_values_that_are_not_valid_are_named_by_row() -> None:
    centers = np.array([[3.0, 4.0], [3.0, 17.0]])
    with pytest.raises(InvalidInput, match="row 1 has a value outside .* from 0.0 to 16.0"):
        PixelBall(1.0, low=0, high=16).enclosing_caps(centers)
