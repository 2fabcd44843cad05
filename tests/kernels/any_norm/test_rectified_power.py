"""Arc-cosine kernels of every order against 50 digits, near equal and near opposite preactivations included."""

import math
from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp, mpf

from robustntk.kernels.any_norm.preactivation_pair import PreactivationPair
from robustntk.kernels.any_norm.rectified_power import RectifiedPower

POWERS = (1, 2, 3, 5)
ANGLES = (0.0, 1e-12, 1e-8, 1e-4, 0.1, 1.0, 1.6, 2.1, 2.2, 3.0)
SUPPLEMENTS = (1e-8, 1e-4, 0.1)
V, W = 1.75, 0.3125


def cases() -> list[tuple[PreactivationPair, mpf]]:
    """Pairs with the covariance of the angle to 150 digits, since J_5 of a supplement f is about f^11."""
    with mp.workdps(150):
        return pairs_of_all_angles()


def pairs_of_all_angles() -> list[tuple[PreactivationPair, mpf]]:
    angles = [mpf(angle) for angle in ANGLES] + [mp.pi - mpf(supplement) for supplement in SUPPLEMENTS]
    found = []
    for angle in angles:
        c = mp.sqrt(mpf(V) * mpf(W)) * mp.cos(angle)
        gap, supplement = 2 * mp.sin(angle / 2) ** 2, 2 * mp.cos(angle / 2) ** 2
        numbers = (np.array([float(number)]) for number in (V, W, c, gap, supplement))
        found.append((PreactivationPair(np, *numbers), c))
    return found


@pytest.mark.parametrize("power", POWERS)
def test_covariance_and_slope(deep_reference: ModuleType, power: int) -> None:
    map_ = RectifiedPower(power, 1.5)
    for pair, c in cases():
        with mp.workdps(150):
            both = deep_reference.rectified(power, mpf(V), mpf(W), c)
        value, slope = (mpf(1.5) ** (2 * power) * each for each in both)
        for found, exact in ((map_.covariance(pair), value), (map_.slope(pair), slope)):
            assert abs(found.item() - exact) <= 4e-15 * exact
            assert not abs(found.item() * (1 + 1e-14) - exact) <= 4e-15 * exact


@pytest.mark.parametrize("power", POWERS)
def test_gaps_of_the_outputs(deep_reference: ModuleType, power: int) -> None:
    map_ = RectifiedPower(power, 1.5)
    for pair, c in cases()[1:]:
        value, square, other = (
            deep_reference.rectified(power, *arguments)[0]
            for arguments in ((mpf(V), mpf(W), c), (mpf(V),) * 3, (mpf(W),) * 3)
        )
        rho = value / mp.sqrt(square * other)
        for found, exact in zip(map_.gaps(pair), (1 - rho, 1 + rho), strict=True):
            assert abs(found.item() - exact) <= 4e-15 * exact
            assert not abs(found.item() * (1 + 1e-14) - exact) <= 4e-15 * exact


@pytest.mark.parametrize("power", POWERS)
def test_the_second_moment_is_that_of_a_pair_of_equals(power: int) -> None:
    map_, variances = RectifiedPower(power, 0.75), np.geomspace(1e-10, 1e10, 41)
    double_factorial = math.prod(range(1, 2 * power, 2))
    assert np.array_equal(map_.square(variances), map_.covariance(PreactivationPair.equal(variances)))
    assert np.allclose(
        map_.square(variances), 0.75 ** (2 * power) * variances**power * double_factorial / 2, rtol=1e-15
    )


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("which", ["covariance", "slope"])
def test_the_tangent_is_the_derivative(deep_reference: ModuleType, power: int, which: str) -> None:
    """Away from parallel pairs, along a direction in which all three numbers move."""
    direction = (0.3, -0.7, 0.2)
    map_, index = RectifiedPower(power, 1.0), ("covariance", "slope").index(which)
    for pair, c in cases()[4:-1]:

        def along(t: mpf, c: mpf = c) -> mpf:
            moved = (value + t * mpf(step) for value, step in zip((mpf(V), mpf(W), c), direction, strict=True))
            return deep_reference.rectified(power, *moved)[index]

        with mp.workdps(60):
            exact = mp.diff(along, 0)
        found = map_.tangent(which, pair, *(np.array([step]) for step in direction)).item()
        size = sum(abs(map_.tangent(which, pair, *part).item()) for part in np.diag(direction)[:, :, None])
        assert abs(found - exact) <= 1e-13 * size
        assert not abs(found * (1 + 1e-7) - exact) <= 1e-13 * abs(found)


def test_at_parallel_pairs_the_slope_of_relu_stands_still() -> None:
    pair, one = PreactivationPair.equal(np.array([2.0])), np.ones(1)
    assert RectifiedPower(1, 1.0).tangent("slope", pair, one, 0 * one, one) == 0
    assert RectifiedPower(1, 1.0).tangent("covariance", pair, 0 * one, 0 * one, one) == 0.5
    assert RectifiedPower(2, 1.0).tangent("slope", pair, 0 * one, 0 * one, one) == 2.0


@pytest.mark.parametrize("power", POWERS)
def test_jax_agrees_with_numpy(power: int) -> None:
    map_ = RectifiedPower(power, 1.5)
    for pair, _ in cases():
        numbers = (pair.variance, pair.other_variance, pair.covariance, pair.gap, pair.supplement)
        with jax.enable_x64(True):
            same = PreactivationPair(jnp, *(jnp.asarray(number) for number in numbers))
            for method in (map_.covariance, map_.slope, lambda p: map_.gaps(p)[0]):
                assert np.allclose(method(same), method(pair), rtol=4e-15, atol=0)
