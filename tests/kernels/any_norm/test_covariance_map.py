"""Closed forms of activations with two variances, against 60 digits; and which activation has which form."""

from types import ModuleType

import numpy as np
import pytest
import sympy
from mpmath import mp, mpf

from robustntk.bounds import Activation, get_activation
from robustntk.bounds.activation import z
from robustntk.kernels.any_norm.covariance_map import covariance_map, is_odd, rectified_power
from robustntk.kernels.any_norm.hermite_map import HermiteMap
from robustntk.kernels.any_norm.preactivation_pair import PreactivationPair
from robustntk.kernels.any_norm.rectified_power import RectifiedPower
from robustntk.kernels.architecture import LINEAR

SMOOTH = ("linear", "erf", "gelu", "sin", "sin_cos")
VARIANCES = ((1.0, 1.0), (0.25, 3.0), (1e-6, 0.5), (40.0, 45.0))
GAPS = (0.0, 1e-20, 1e-8, 0.2, 1.0, 1.7, 2.0)


def activation(name: str, scale: int) -> Activation:
    return LINEAR if name == "linear" else get_activation(name, scale)


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("known", [True, False])
def test_smooth_forms(deep_reference: ModuleType, name: str, known: bool) -> None:
    """With gaps to all digits also for large variances; without them a rounding of c counts at most as v E[s' s']."""
    for scale in (1, 2) if name != "linear" else (1,):
        map_ = covariance_map(activation(name, scale))
        for v, w in VARIANCES:
            for gap in GAPS:
                c = mp.sqrt(mpf(v) * mpf(w)) * (1 - mpf(gap))
                numbers = [np.array([float(number)]) for number in (v, w, c, gap, 2 - gap)]
                pair = PreactivationPair(np, *(numbers if known else numbers[:3]))
                exact = deep_reference.expectations(name, mpf(scale), mpf(v), mpf(w), c)
                lost = scale**2 * 2.0**-52 * (0 if known else 4 * max(v, w))
                for found, value in zip((map_.covariance(pair), map_.slope(pair)), exact, strict=True):
                    assert abs(found.item() - value) <= (3e-15 + 20 * lost) * float(abs(value)) + (
                        scale**2 * 2e-16 * float(abs(c))
                    ), (v, w, gap)


@pytest.mark.parametrize("name", SMOOTH)
def test_falsified_forms_are_refuted(deep_reference: ModuleType, name: str) -> None:
    map_ = covariance_map(activation(name, 1))
    numbers = [np.array([number]) for number in (0.25, 3.0, 0.4)]
    pair = PreactivationPair(np, *numbers)
    exact = deep_reference.expectations(name, mpf(1), mpf(0.25), mpf(3), mpf(0.4))
    for found, value in zip((map_.covariance(pair), map_.slope(pair)), exact, strict=True):
        assert abs(found.item() - value) <= 1e-15 * value < abs(found.item() * (1 + 1e-13) - value)


@pytest.mark.parametrize("name", ["erf", "gelu", "sin", "sin_cos"])
def test_the_slope_is_the_derivative_of_the_covariance(name: str) -> None:
    """Price's theorem, d E[sigma(a) sigma(b)]/dc = E[sigma'(a) sigma'(b)]: a check of the two against one another."""
    map_ = covariance_map(activation(name, 2))
    for c in (-0.6, 0.1, 0.8):
        at = [
            PreactivationPair(np, np.array([0.9]), np.array([1.3]), np.array([c + step])) for step in (-1e-5, 0, 1e-5)
        ]
        difference = (map_.covariance(at[2]) - map_.covariance(at[0])).item() / 2e-5
        assert abs(difference - map_.slope(at[1]).item()) < 1e-8
        assert not abs(difference - 1.0001 * map_.slope(at[1]).item()) < 1e-8


def test_the_right_form_for_every_activation() -> None:
    assert covariance_map(get_activation("relu", 3)) == RectifiedPower(1, 3.0)
    assert covariance_map(get_activation("quadratic_relu", 2)) == RectifiedPower(2, 2.0)
    assert isinstance(covariance_map(get_activation("tanh")), HermiteMap)
    assert [covariance_map(activation(name, 1)).smooth for name in SMOOTH] == [True] * 5
    assert [covariance_map(activation(name, 1)).odd for name in SMOOTH] == [True, True, False, True, False]
    assert covariance_map(get_activation("z")).odd
    assert not covariance_map(get_activation("relu")).smooth


def test_powers_of_the_positive_part_are_recognised() -> None:
    cubic = Activation.define("cubic", 5 * sympy.Max(z, 0) ** 3)
    found = rectified_power(cubic)
    assert found is not None
    assert found.power == 3
    assert found.scale**3 == pytest.approx(5)
    for other in (sympy.Max(z, 0) + z, sympy.Max(-z, 0), sympy.tanh(z), sympy.Max(z, 0) * sympy.exp(-sympy.Max(z, 0))):
        assert rectified_power(Activation.define("other", other)) is None


def test_oddness_is_seen() -> None:
    assert is_odd(get_activation("tanh"))
    assert is_odd(LINEAR)
    assert not is_odd(get_activation("softplus"))
