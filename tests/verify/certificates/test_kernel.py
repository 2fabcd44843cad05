"""Certificates on kernel functions: below every point of every cap, and above the reference values of the theory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, get_activation
from robustntk.kernels import dual_kernel
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.certificates.kernel import certify_kernel
from robustntk.verify.data import embed, load_data
from robustntk.verify.planning.minimum_norm import radius_interval
from robustntk.verify.predictors import KernelPredictor
from robustntk.verify.sets.cap import SphericalCap

SMOOTH_AND_NOT = ["quadratic_relu", "erf", "tanh", "softplus", "sin", "sin_cos", "gelu", "relu"]


def random_case(
    seed: int, name: str, delta: float, bias: float, size: int
) -> tuple[KernelPredictor, np.ndarray, SphericalCap]:
    """Centres scattered over the sphere and close to the data, with coefficients of both signs."""
    rng = np.random.default_rng(seed)
    X = embed(rng.standard_normal((4, size)), bias=bias)
    cap = SphericalCap(delta * np.sqrt(1.0 - bias**2), bias)
    centers = np.vstack([embed(rng.standard_normal((5, size)), bias=bias), X, cap.sample(X, 1, rng)[0]])
    coefficients = rng.standard_normal(len(centers))
    return KernelPredictor(dual_kernel(get_activation(name)), centers, coefficients), X, cap


def sampled_margins(f: KernelPredictor, X: np.ndarray, signs: np.ndarray, cap: SphericalCap, seed: int) -> np.ndarray:
    """The lowest ``signs * f`` that sampling finds on each cap (drawn a hair smaller, against rounding)."""
    rng = np.random.default_rng([seed, 1])
    inner = SphericalCap(cap.delta * (1 - 1e-9), cap.bias)
    points = np.concatenate([inner.sample(X, 150, rng, part=part) for part in ("cap", "rim")])
    values = f.predict(points.reshape(-1, X.shape[1])).reshape(len(points), len(X))
    return np.min(signs * values, axis=0)


@settings(max_examples=60)
@given(
    st.integers(0, 10**6),
    st.sampled_from(SMOOTH_AND_NOT),
    st.sampled_from([1e-6, 0.02, 0.2, 0.9]),
    st.sampled_from([0.0, 0.5, 0.9]),
    st.sampled_from([2, 3, 6]),
    st.sampled_from([0, 1, 2]),
)
def test_no_point_of_a_cap_is_below_its_certificate(
    seed: int, name: str, delta: float, bias: float, size: int, order: int
) -> None:
    f, X, cap = random_case(seed, name, delta, bias, size)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], len(X))
    bounds = certify_kernel(f, X, signs, cap, orders=(order,))
    assert np.all(sampled_margins(f, X, signs, cap, seed) - bounds.lower >= 0.0)


@pytest.mark.parametrize("name", ["quadratic_relu", "erf"])
def test_the_second_order_bound_is_tight_for_small_caps(name: str) -> None:
    """Claiming a little more than the certificate is refuted by an attack: there is hardly any room above it."""
    f, X, cap = random_case(3, name, 0.02, 0.5, 6)
    signs = np.ones(len(X))
    lower = certify_kernel(f, X, signs, cap, orders=(2,)).lower
    _, attacked = ProjectedGradientAttack(steps=60, restarts=3).minimize_margin(f, X, signs, cap)
    change = np.abs(f.predict(X) - lower)
    assert np.all(attacked - lower >= 0.0)
    assert np.all(lower + 0.02 * change > attacked)


def test_each_order_improves_on_the_one_before_on_the_reference_data() -> None:
    data = load_data("digits", classes=("0", "1"), samples=20)
    cap = SphericalCap(0.1)
    solution = radius_interval(data.X, data.y, cap, activation=get_activation("quadratic_relu"))
    f = KernelPredictor(dual_kernel("quadratic_relu"), solution.centers, solution.coefficients)
    zero, one, two = (certify_kernel(f, data.X, data.y, cap, orders=(order,)).minimum for order in (0, 1, 2))
    assert zero < one < two < 1.0


REFERENCE = [  # theory.md section 4: activation, delta, radius, certified margin of order 1 (where listed)
    ("quadratic_relu", 0.05, 2.98, None),
    ("quadratic_relu", 0.1, 3.91, 0.869),
    ("quadratic_relu", 0.2, 10.0, None),
    ("erf", 0.05, 5.97, None),
    ("erf", 0.1, 7.75, 0.909),
    ("erf", 0.2, 18.8, None),
]


@pytest.mark.parametrize(("name", "delta", "radius", "margin"), REFERENCE)
def test_reference_values_of_the_theory(name: str, delta: float, radius: float, margin: float | None) -> None:
    data = load_data("digits", classes=("0", "1"), samples=20)
    cap = SphericalCap(delta)
    solution = radius_interval(data.X, data.y, cap, activation=get_activation(name))
    assert solution.radius.estimate == pytest.approx(radius, rel=0.01)
    assert solution.radius.lower <= radius * 1.005 and radius * 0.995 <= solution.radius.upper
    assert solution.attacked_margin >= 1 - 2e-4
    if margin is not None:
        f = KernelPredictor(dual_kernel(get_activation(name)), solution.centers, solution.coefficients)
        assert certify_kernel(f, data.X, data.y, cap, orders=(1,)).minimum >= margin
        assert solution.certified_margin >= margin


def test_a_norm_claimed_too_small_is_refuted() -> None:
    """Order 1 rests on |f|: with the norm of a smaller function it would exceed points of the cap."""

    class Understated(KernelPredictor):
        @property
        def norm_squared(self) -> float:
            return 0.2 * super().norm_squared

    refuted = 0
    for seed in range(20):
        f, X, cap = random_case(seed, "erf", 0.5, 0.5, 2)
        liar = Understated(f.kernel, f.centers, f.coefficients)
        lower = certify_kernel(liar, X, np.ones(len(X)), cap, orders=(1,)).lower
        refuted += bool(np.any(sampled_margins(f, X, np.ones(len(X)), cap, seed) < lower))
    assert refuted > 0


def test_unknown_order_is_refused() -> None:
    f, X, cap = random_case(0, "erf", 0.1, 0.5, 3)
    with pytest.raises(InvalidInput, match="order 3"):
        certify_kernel(f, X, np.ones(len(X)), cap, orders=(3,))
