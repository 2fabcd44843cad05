"""A quadratic in x' - x is bounded below on the whole cap, and not by more than the reduction costs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.verify.certificates.cap_model import CapGeometry, QuadraticModel, minimum_over_cap
from robustntk.verify.sets.cap import SphericalCap


def sphere_point(rng: np.random.Generator, cap: SphericalCap, size: int) -> np.ndarray:
    direction = rng.standard_normal(size)
    direction *= cap.radius / np.linalg.norm(direction)
    return np.append(direction, cap.bias)[None, :]


@given(st.integers(0, 10**6), st.integers(2, 8), st.sampled_from([0.01, 0.2, 0.8]), st.sampled_from([0.0, 0.5, 0.9]))
def test_no_point_of_the_cap_is_below_the_bound(seed: int, size: int, delta: float, bias: float) -> None:
    rng = np.random.default_rng(seed)
    cap = SphericalCap(delta * np.sqrt(1 - bias**2), bias)
    center = sphere_point(rng, cap, size)
    matrix = rng.standard_normal((size, size))
    model = QuadraticModel(0.3, rng.standard_normal(size), matrix + matrix.T, 0.0)
    direction = center[0, :-1] / np.linalg.norm(center[0, :-1])
    lower, step = minimum_over_cap(model, direction, CapGeometry(cap.radius, cap.angle))
    # Points are drawn from a cap a hair smaller, so that their own rounding cannot put them outside.
    inner = SphericalCap(cap.delta * (1 - 1e-9), bias)
    sampled = np.concatenate([inner.sample(center, 2000, rng, part=part)[:, 0] for part in ("cap", "rim")])
    moved = sampled[:, :-1] - center[0, :-1]
    values = 0.3 + moved @ model.gradient + 0.5 * np.sum((moved @ model.curvature) * moved, axis=1)
    assert np.all(values - lower >= 0.0)
    reached = np.append(center[0, :-1] + step, cap.bias)
    assert cap.contains(reached[None, :], center, tolerance=1e-9).all()


def test_small_caps_lose_only_third_order() -> None:
    rng = np.random.default_rng(5)
    matrix = rng.standard_normal((4, 4))
    direction = np.array([1.0, 0.0, 0.0, 0.0])
    gaps = []
    for delta in (0.1, 0.01):
        cap = SphericalCap(delta, 0.5)
        model = QuadraticModel(0.0, rng.standard_normal(4), matrix + matrix.T, 0.0)
        lower, step = minimum_over_cap(model, direction, CapGeometry(cap.radius, cap.angle))
        gaps.append(float(step @ model.gradient + 0.5 * step @ model.curvature @ step) - lower)
    assert 0.0 <= gaps[1] <= 10.0 * 0.01**3
    assert 0.0 <= gaps[0] <= 10.0 * 0.1**3


def test_a_cap_beyond_a_quarter_turn_is_refused() -> None:
    with pytest.raises(ValueError, match="pi/2"):
        CapGeometry(1.0, 1.7)
