"""The interval for R: weak duality below, a certified feasible function above."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robustntk.bounds import InvalidInput, Verdict, get_activation
from robustntk.kernels import dual_kernel, gram
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import embed, load_data
from robustntk.verify.planning.minimum_norm import describe_radius, radius_interval
from robustntk.verify.predictors import KernelPredictor
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.named import perturbation_set


def small_problem(seed: int, size: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Six points in two well separated groups."""
    rng = np.random.default_rng(seed)
    pole = np.eye(size)[0]
    rows = np.vstack([pole + 0.3 * rng.standard_normal((3, size)), -pole + 0.3 * rng.standard_normal((3, size))])
    return embed(rows, bias=0.5), np.repeat([1.0, -1.0], 3)


@settings(max_examples=10)
@given(st.integers(0, 10**4), st.sampled_from(["quadratic_relu", "erf", "softplus"]))
def test_the_interval_holds_a_feasible_norm_and_is_narrow(seed: int, name: str) -> None:
    X, y = small_problem(seed)
    cap = SphericalCap(0.05)
    solution = radius_interval(X, y, cap, activation=get_activation(name))
    assert solution.outcome.verdict is Verdict.PROVED
    assert solution.radius.lower <= solution.radius.estimate <= solution.radius.upper <= 1.05 * solution.radius.lower
    f = KernelPredictor(dual_kernel(get_activation(name)), solution.centers, solution.coefficients)
    rng = np.random.default_rng([seed, 1])
    samples = np.concatenate([cap.sample(X, 200, rng, part=part) for part in ("cap", "rim")])
    margins = y * f.predict(samples.reshape(-1, X.shape[1])).reshape(len(samples), len(X))
    assert np.all(margins - solution.certified_margin >= -1e-12)


@pytest.mark.parametrize("bias", [0.5, None])
@pytest.mark.parametrize("kind, delta", [("l2", 0.2), ("linf", 0.1), ("cap", 0.1)])
def test_the_interval_on_sets_of_every_kind(kind: str, delta: float, bias: float | None) -> None:
    rng = np.random.default_rng(5)
    pole = np.eye(4)[0]
    features = 3.0 * np.vstack([sign * pole + 0.3 * rng.standard_normal((3, 4)) for sign in (1.0, -1.0)])
    perturbations, y = perturbation_set(kind, delta, bias=bias), np.repeat([1.0, -1.0], 3)
    X = embed(features, bias=bias) if kind == "cap" else features
    solution = radius_interval(X, y, perturbations, activation=get_activation("erf"))
    assert solution.outcome.verdict is Verdict.PROVED
    assert solution.radius.lower <= solution.radius.estimate <= solution.radius.upper <= 1.1 * solution.radius.lower
    f = KernelPredictor(dual_kernel(get_activation("erf")), solution.centers, solution.coefficients)
    samples = np.concatenate([perturbations.sample(X, 300, rng, part=part) for part in ("cap", "rim")])
    points = perturbations.embed(samples).reshape(-1, 4 if bias is None else 5)
    margins = y * f.predict(points).reshape(len(samples), len(X))
    assert np.all(margins >= solution.certified_margin)
    assert np.all(margins >= solution.attacked_margin - 1e-3)


def test_without_perturbation_it_is_the_minimum_norm_interpolant() -> None:
    """As delta shrinks, R tends to the hard-margin norm, which a dense quadratic program gives independently."""
    from scipy.optimize import nnls

    X, y = small_problem(0)
    kernel = dual_kernel(get_activation("erf"))
    signed = np.outer(y, y) * gram(kernel, X)
    factor = np.linalg.cholesky(signed)
    multipliers, _ = nnls(factor.T, np.linalg.solve(factor, np.ones(len(y))))
    norm = float(np.sqrt(multipliers @ signed @ multipliers))
    radius = radius_interval(X, y, SphericalCap(1e-6), activation=get_activation("erf")).radius
    assert radius.lower <= norm * (1 + 1e-5) and norm * (1 - 1e-5) <= radius.upper


def test_radius_grows_with_delta_and_each_lower_end_is_below_each_larger_upper_end() -> None:
    data = load_data("digits", classes=("0", "1"), samples=12)
    radii = [
        radius_interval(data.X, data.y, SphericalCap(delta), activation=get_activation("quadratic_relu")).radius
        for delta in (0.02, 0.08, 0.16)
    ]
    assert radii[0].lower < radii[1].lower < radii[2].lower
    # A claim that R at the larger delta is the one at the smaller would be refuted.
    assert radii[1].lower > radii[0].upper


def test_scaling_the_activation_scales_the_radius() -> None:
    """sigma(s z) = s^2 sigma(z) for the quadratic ReLU, so R is divided by s^2."""
    X, y = small_problem(1)
    plain = radius_interval(X, y, SphericalCap(0.05), activation=get_activation("quadratic_relu")).radius
    scaled = radius_interval(X, y, SphericalCap(0.05), activation=get_activation("quadratic_relu", scale=3)).radius
    assert scaled.estimate * 9 == pytest.approx(plain.estimate, rel=1e-6)


def test_infinity_is_said_where_nothing_is_certified() -> None:
    data = load_data("digits", classes=("0", "1"), samples=20)
    cap = SphericalCap(0.28)
    solution = radius_interval(data.X, data.y, cap, activation=get_activation("quadratic_relu"), max_iterations=15)
    assert solution.outcome.verdict is Verdict.INCONCLUSIVE and np.isinf(solution.radius.upper)
    described = describe_radius(data, cap, get_activation("quadratic_relu"), solution)
    assert described["radius"]["upper"] is None and described["radius"]["lower"] > 0


def test_the_attack_finds_no_margin_below_the_certificate() -> None:
    data = load_data("digits", classes=("3", "8"), samples=16)
    cap = SphericalCap(0.08)
    solution = radius_interval(data.X, data.y, cap, activation=get_activation("quadratic_relu"))
    f = KernelPredictor(dual_kernel("quadratic_relu"), solution.centers, solution.coefficients)
    _, margins = ProjectedGradientAttack(steps=80, restarts=4, seed=9).minimize_margin(f, data.X, data.y, cap)
    assert np.all(margins - solution.certified_margin >= 0.0)


def test_same_seed_same_interval() -> None:
    X, y = small_problem(4)
    first, second = (radius_interval(X, y, SphericalCap(0.1), activation=get_activation("erf"), seed=3) for _ in "ab")
    assert first.radius == second.radius and np.array_equal(first.coefficients, second.coefficients)


def test_a_space_of_odd_functions_cannot_label_antipodes_alike() -> None:
    """Without bias the kernel of sin is odd in each argument, so f(-x) = -f(x): no margin for equal labels."""
    X = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    with pytest.raises(InvalidInput, match="no function of this space"):
        radius_interval(X, np.array([1.0, 1.0, -1.0]), SphericalCap(0.05, 0.0), activation=get_activation("sin"))


def test_overlapping_caps_name_the_two_rows() -> None:
    X, y = small_problem(0)
    with pytest.raises(InvalidInput, match=r"rows \d and \d have opposite labels"):
        radius_interval(X, y, SphericalCap(1.5), activation=get_activation("erf"))


@pytest.mark.parametrize("slack", [-0.1, 1.0, float("nan")])
def test_slack_outside_its_range(slack: float) -> None:
    data = load_data("digits", classes=("0", "1"), samples=6)
    solution = radius_interval(data.X, data.y, SphericalCap(0.05), activation=get_activation("erf"))
    with pytest.raises(InvalidInput, match="slack is"):
        describe_radius(data, SphericalCap(0.05), get_activation("erf"), solution, slack=slack)
