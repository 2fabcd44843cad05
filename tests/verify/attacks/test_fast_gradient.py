import numpy as np
import pytest

from robustntk.kernels import dual_kernel
from robustntk.verify.attacks.fast_gradient import FastGradientAttack
from robustntk.verify.data import embed
from robustntk.verify.predictors import KernelPredictor
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.pixel_ball import PixelBall

FEATURES = np.random.default_rng(3).uniform(1.0, 2.0, (4, 6))
X = embed(FEATURES)
Y = np.array([1.0, -1.0, 1.0, -1.0])
FUNCTION = KernelPredictor(dual_kernel("erf"), embed(np.random.default_rng(4).standard_normal((5, 6))), np.ones(5))


def test_one_bump_is_fled_along_the_great_circle_which_is_optimal() -> None:
    """K grows with <x, z>, so the lowest point of a cap lies straight away from z, and the highest towards it."""
    bump = KernelPredictor(dual_kernel("erf"), X[:1], np.ones(1))
    cap, others, labels = SphericalCap(0.2), X[1:], np.array([1.0, -1.0, 1.0])
    found = FastGradientAttack().perturb(bump, others, labels, cap)
    samples = cap.sample(others, 2000, np.random.default_rng(0), part="rim")
    lowest = np.min([labels * bump.predict(each) for each in samples], axis=0)
    assert np.all(labels * bump.predict(found.points) <= lowest)
    polar = [np.arccos(np.sum(pair[0][:, :-1] * pair[1][:, :-1], axis=1) / 0.75) for pair in [(found.points, others)]]
    np.testing.assert_allclose(polar[0], cap.angle)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_one_step_of_full_size_by_signs_or_along_the_gradient(norm: str) -> None:
    ball = PixelBall(0.1, norm)
    found = FastGradientAttack().perturb(FUNCTION, FEATURES, Y, ball)
    slopes = np.empty_like(FEATURES)
    for column in range(FEATURES.shape[1]):
        step = np.zeros_like(FEATURES)
        step[:, column] = 1e-6
        ahead, behind = (FUNCTION.predict(embed(FEATURES + sign * step)) for sign in (1, -1))
        slopes[:, column] = Y * (behind - ahead) / 2e-6
    unit = np.sign(slopes) if norm == "linf" else slopes / np.linalg.norm(slopes, axis=1, keepdims=True)
    np.testing.assert_allclose(found.coordinates, FEATURES + 0.1 * unit, atol=1e-7)


def test_without_slope_it_stays() -> None:
    flat = KernelPredictor(dual_kernel("erf"), np.empty((0, 7)), np.empty(0))
    np.testing.assert_allclose(FastGradientAttack().perturb(flat, X, Y, SphericalCap(0.2)).points, X, atol=1e-15)
