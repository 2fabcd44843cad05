"""Pairs of preactivations keep their gaps through affine maps, against exact arithmetic."""

import numpy as np
import pytest
from mpmath import mp, mpf

from robustntk.kernels.any_norm.preactivation_pair import PreactivationPair, affine

GAPS = (1e-24, 1e-16, 1e-8, 0.3, 1.0, 1.9, 2 - 1e-8)


def pair_of(v: float, w: float, gap: float) -> tuple[PreactivationPair, mpf]:
    """The pair, and its covariance to 50 digits; for gaps above 1 the supplement is exact instead."""
    supplement = 2 - gap
    c = mp.sqrt(mpf(v) * mpf(w)) * (1 - mpf(gap) if gap < 1 else mpf(supplement) - 1)
    numbers = (np.array([[number]]) for number in (v, w, float(c), gap, supplement))
    return PreactivationPair(np, *numbers), c


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize(("v", "w"), [(1.0, 1.0), (0.3, 1.7), (1.0, 1 + 1e-9), (2.0, 0.0)])
@pytest.mark.parametrize(("weight", "bias"), [(2.0, 0.0), (1.5, 0.1), (0.25, 3.0)])
def test_gaps_after_weights_and_biases(gap: float, v: float, w: float, weight: float, bias: float) -> None:
    pair, c = pair_of(v, w, gap)
    following = affine(pair, weight, bias)
    new = [mpf(weight) * each + mpf(bias) for each in (mpf(v), mpf(w), c)]
    if w == 0 and bias == 0:
        return
    rho = new[2] / mp.sqrt(new[0] * new[1])
    for found, exact in ((following.gap, 1 - rho), (following.supplement, 1 + rho)):
        assert abs(found.item() - exact) <= 1e-15 * exact + mpf(10) ** -40
        assert not abs(found.item() * (1 + 1e-14) - exact) <= 1e-15 * exact
    assert abs(following.covariance.item() - new[2]) <= 1e-15 * (abs(weight * c) + bias)


@pytest.mark.parametrize("gap", GAPS)
def test_what_follows_from_the_gap_is_accurate(gap: float) -> None:
    pair, c = pair_of(0.3, 1.7, gap)
    v, w = mpf(0.3), mpf(1.7)
    exact = {
        "determinant": v * w - c * c,
        "apart": v + w - 2 * c,
        "together": v + w + 2 * c,
        "sine": mp.sqrt(1 - c * c / (v * w)),
        "angle": mp.atan2(mp.sqrt(v * w - c * c), c),
        "opposite_angle": mp.atan2(mp.sqrt(v * w - c * c), -c),
    }
    for name, value in exact.items():
        assert abs(getattr(pair, name).item() - value) <= 2e-15 * value, name
    assert abs(pair.correlation.item() - c / mp.sqrt(v * w)) <= 2e-16


def test_without_gaps_the_covariance_is_taken_as_exact() -> None:
    pair = PreactivationPair(np, np.array([2.0]), np.array([8.0]), np.array([-1.0]))
    assert pair.correlation.item() == pytest.approx(-0.25, rel=1e-15)
    assert (pair.determinant.item(), pair.apart.item(), pair.together.item()) == (15, 12, 8)
    nothing = PreactivationPair(np, np.array([0.0]), np.array([8.0]), np.array([0.0]))
    assert nothing.correlation.item() == 0


def test_equal_and_opposed_pairs() -> None:
    pair = PreactivationPair.equal(np.array([3.0, 1e-300]))
    assert np.array_equal(pair.root, pair.variance)
    assert np.array_equal(pair.angle, [0, 0])
    assert np.array_equal(pair.opposed().angle, [np.pi, np.pi])
    assert np.array_equal(pair.scaled(4.0).covariance, [12, 4e-300])
    assert np.array_equal(pair.at_gap(np.array([1.0, 0.5])).covariance, [0, 0.5e-300])
