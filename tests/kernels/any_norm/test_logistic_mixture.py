"""tanh, sigmoid and softplus as mixtures, against quadrature of 30 digits, and limits for large variances."""

from types import ModuleType

import numpy as np
import pytest
from mpmath import mp, mpf

from robustntk.bounds import get_activation
from robustntk.kernels.any_norm.hermite_map import HermiteMap
from robustntk.kernels.any_norm.logistic_mixture import logistic_mixture
from robustntk.kernels.any_norm.preactivation_pair import PreactivationPair

NAMES = ("tanh", "sigmoid", "softplus")


def pair_of(v: float, w: float, gap: float) -> tuple[PreactivationPair, mpf]:
    c = mp.sqrt(mpf(v) * mpf(w)) * (1 - mpf(gap))
    return PreactivationPair(np, *(np.array([float(number)]) for number in (v, w, c, gap, 2 - gap))), c


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("v", "w", "gap"), [(1e-6, 0.5, 0.3), (1.0, 1.0, 0.0), (1.0, 2.0, 1e-8), (0.5, 0.25, 1.9), (4.0, 0.5, 0.75)]
)
def test_expectations(deep_reference: ModuleType, name: str, v: float, w: float, gap: float) -> None:
    mixture = logistic_mixture(get_activation(name))
    assert mixture is not None
    pair, c = pair_of(v, w, gap)
    exact = deep_reference.expectations(name, mpf(1), mpf(v), mpf(w), c)
    for found, value in zip((mixture.covariance(pair), mixture.slope(pair)), exact, strict=True):
        assert abs(found.item() - value) <= 4e-15 * abs(value)
        assert not abs(found.item() * (1 + 1e-13) - value) <= 4e-15 * abs(value)


def test_large_variances_tend_to_those_of_step_and_relu() -> None:
    """tanh(z) is the sign but for |z| of the order of 1, so that the difference falls like v^(-1/2)."""
    for v in (1e8, 1e12):
        pair, _ = pair_of(v, 2 * v, 0.5)
        found = {name: logistic_mixture(get_activation(name)).covariance(pair).item() for name in NAMES}
        assert abs(found["tanh"] - 2 / np.pi * np.arcsin(0.5)) < 10 / v
        assert abs(found["sigmoid"] - 0.25 - np.arcsin(0.5) / (2 * np.pi)) < 10 / v
        relu = np.sqrt(2) * v * (np.sqrt(3) / 2 + 0.5 * 2 * np.pi / 3) / (2 * np.pi)
        assert abs(found["softplus"] / relu - 1) < 10 / v
        assert not abs(found["tanh"] - 2 / np.pi * np.arcsin(0.5001)) < 10 / v


@pytest.mark.parametrize("name", NAMES)
def test_series_and_mixture_agree_where_both_are_known(name: str) -> None:
    variances = np.array([0.25, 2.0])
    map_ = HermiteMap(get_activation(name, 2))
    features = map_.features(variances)
    assert features is not None
    both = (features[:, :, :, None], features[:, :, None, :])
    covariance = np.array([[0.25, -0.5], [0.1, 1.9]])
    pair = PreactivationPair(np, variances[:, None], variances[None, :], covariance, features=both)
    mixture = logistic_mixture(get_activation(name, 2))
    assert mixture is not None
    assert np.allclose(map_.covariance(pair), mixture.covariance(pair), rtol=1e-13, atol=0)
    assert np.allclose(map_.slope(pair), mixture.slope(pair), rtol=1e-13, atol=0)


def test_other_activations_have_none() -> None:
    assert logistic_mixture(get_activation("erf")) is None
    assert logistic_mixture(get_activation("tanh", 3)) is not None
