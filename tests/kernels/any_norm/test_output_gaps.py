"""1 - rho of what a smooth layer passes on, to full accuracy, against 80 digits."""

from types import ModuleType

import numpy as np
import pytest
from mpmath import mp, mpf

import robustntk.kernels.any_norm.output_gaps
from robustntk.bounds import get_activation
from robustntk.kernels.any_norm.covariance_map import covariance_map
from robustntk.kernels.any_norm.hermite_map import HermiteMap
from robustntk.kernels.any_norm.output_gaps import smooth_gaps
from robustntk.kernels.any_norm.preactivation_pair import PreactivationPair

VARIANCES = ((1.0, 1.0), (0.5, 0.5 * (1 + 2.0**-30)), (1.0, 2.25), (3.0, 0.1))


def gaps(name: str, v: float, w: float, gap: float) -> tuple[float, float]:
    activation = get_activation(name)
    c = np.array([[np.sqrt(v) * np.sqrt(w) * (1 - gap)]])
    numbers = [np.array([[number]]) for number in (v, w)]
    pair = PreactivationPair(np, *numbers, c, np.array([[gap]]), np.array([[2 - gap]]))
    found = smooth_gaps(covariance_map(activation), activation, pair)
    return found[0].item(), found[1].item()


def exact_gaps(reference: ModuleType, name: str, v: float, w: float, gap: float) -> tuple[mpf, mpf]:
    c = mp.sqrt(mpf(v) * mpf(w)) * (1 - mpf(gap))
    value, square, other = (
        reference.expectations(name, mpf(1), *arguments)[0]
        for arguments in ((mpf(v), mpf(w), c), (mpf(v),) * 3, (mpf(w),) * 3)
    )
    rho = value / mp.sqrt(square * other)
    return 1 - rho, 1 + rho


@pytest.mark.parametrize("name", ["erf", "gelu", "sin", "sin_cos"])
@pytest.mark.parametrize("gap", [0.0, 1e-24, 1e-12, 1e-6, 1e-3, 0.1, 1.0])
def test_the_angle_of_the_outputs_is_right_to_rounding(deep_reference: ModuleType, name: str, gap: float) -> None:
    """An error e of the gap g moves the angle by about e/sqrt(2 g)."""
    with mp.workdps(80):
        for v, w in VARIANCES:
            exact, _ = exact_gaps(deep_reference, name, v, w, gap)
            found, _ = gaps(name, v, w, gap)
            if exact == 0:
                assert found == 0
                continue
            assert abs(found - exact) <= 1e-14 * mp.sqrt(2 * exact)
            assert not abs(found * (1 + 1e-4 * mp.sqrt(2 / exact) * 1e-9) - exact) <= 1e-14 * mp.sqrt(2 * exact)


@pytest.mark.parametrize("name", ["erf", "sin"])
def test_odd_activations_keep_the_angle_to_the_antipode(deep_reference: ModuleType, name: str) -> None:
    for v, w in VARIANCES:
        for supplement in (1e-16, 1e-8, 1e-4):
            same, opposite = (
                gaps(name, v, w, supplement),
                PreactivationPair(
                    np,
                    np.array([[v]]),
                    np.array([[w]]),
                    np.array([[-np.sqrt(v) * np.sqrt(w) * (1 - supplement)]]),
                    np.array([[2 - supplement]]),
                    np.array([[supplement]]),
                ),
            )
            activation = get_activation(name)
            found = smooth_gaps(covariance_map(activation), activation, opposite)
            assert found[1].item() == pytest.approx(same[0], rel=1e-14)


def test_vanishing_outputs_have_no_angle() -> None:
    activation = get_activation("erf")
    zero, one = np.zeros((1, 1)), np.ones((1, 1))
    found = smooth_gaps(covariance_map(activation), activation, PreactivationPair(np, zero, one, zero, one, one))
    assert [gap.item() for gap in found] == [1, 1]


@pytest.mark.parametrize("name", ["erf", "tanh"])
def test_many_close_pairs_are_done_in_parts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the features of a series as well."""
    variances, other_variances = np.array([0.5, 0.6, 0.7]), np.array([0.5, 0.65])
    gap = np.array([[1e-12, 1e-5], [1e-9, 0.5], [1e-4, 0.0]])
    map_ = covariance_map(get_activation(name))
    features = None
    if isinstance(map_, HermiteMap):
        both = map_.features(np.concatenate([variances, other_variances]))
        assert both is not None
        features = (both[:, :, :3, None], both[:, :, None, 3:])
    v, w = variances[:, None], other_variances[None, :]
    pair = PreactivationPair(np, v, w, np.sqrt(v * w) * (1 - gap), gap, 2 - gap, features)
    whole = smooth_gaps(map_, get_activation(name), pair)
    monkeypatch.setattr(robustntk.kernels.any_norm.output_gaps, "_PAIRS_AT_ONCE", 2)
    parts = smooth_gaps(map_, get_activation(name), pair)
    assert np.allclose(parts[0], whole[0], rtol=1e-12, atol=0)
    assert np.array_equal(parts[1], whole[1])
