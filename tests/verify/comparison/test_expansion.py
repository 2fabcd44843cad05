"""Merged kernel expansions against all of their terms."""

import numpy as np
import pytest

from robustntk.kernels import dual_kernel
from robustntk.verify.comparison.expansion import Expansion
from robustntk.verify.predictors import KernelPredictor


def terms(count: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Points around three directions, and coefficients, shapes (count, 3, 6) and (count, 3)."""
    rng = np.random.default_rng(0)
    points = rng.standard_normal((3, 6)) + spread * rng.standard_normal((count, 3, 6))
    return points / np.linalg.norm(points, axis=-1, keepdims=True), rng.standard_normal((count, 3)) / count


def grown(tolerance: float, spread: float = 0.05, count: int = 80) -> tuple[Expansion, KernelPredictor]:
    """The expansion, and all of its terms."""
    points, coefficients = terms(count, spread)
    kernel = dual_kernel("erf")
    expansion = Expansion(kernel, 6, 3, tolerance)
    for row, weights in zip(points, coefficients, strict=True):
        expansion.add(row, weights, expansion.predictor().predict(row))
    return expansion, KernelPredictor(kernel, points.reshape(-1, 6), coefficients.ravel())


@pytest.mark.parametrize(("tolerance", "spread"), [(1e-5, 0.02), (1e-3, 0.02), (1e-1, 0.02), (1e-2, 0.1), (1e-1, 0.3)])
def test_what_is_lost_is_no_more_than_is_said(tolerance: float, spread: float) -> None:
    """The distance in the kernel's space, from all terms at once, against the running bound."""
    expansion, whole = grown(tolerance, spread)
    kept = expansion.predictor()
    difference = KernelPredictor(
        whole.kernel,
        np.vstack([whole.centers, kept.centers]),
        np.concatenate([whole.coefficients, -kept.coefficients]),
    )
    distance = np.sqrt(max(difference.norm_squared, 0.0))
    assert distance <= expansion.lost + 1e-8
    assert abs(expansion.norm - np.sqrt(whole.norm_squared)) <= expansion.lost + 1e-8
    assert len(kept.centers) < len(whole.centers)


def test_a_point_that_comes_again_is_no_new_centre() -> None:
    expansion = Expansion(dual_kernel("erf"), 6, 3, 1e-5)
    points, coefficients = terms(4, 0.3)
    for _ in range(5):
        for row, weights in zip(points, coefficients, strict=True):
            expansion.add(row, weights, expansion.predictor().predict(row))
    assert expansion.count == 12
    np.testing.assert_allclose(expansion.predictor().coefficients, 5 * coefficients.ravel(), rtol=1e-6)


def test_without_a_tolerance_every_term_is_kept() -> None:
    expansion, whole = grown(0.0)
    assert np.array_equal(expansion.predictor().centers, whole.centers) and expansion.lost == 0.0


def test_scaling_scales_what_was_lost() -> None:
    expansion, _ = grown(1e-2)
    norm, lost = expansion.norm, expansion.lost
    before = expansion.predictor()
    expansion.shrink_to(norm / 2)
    np.testing.assert_allclose(expansion.predictor().coefficients, before.coefficients / 2)
    assert expansion.norm == pytest.approx(norm / 2) and expansion.lost == pytest.approx(lost / 2)
