"""Two short polynomials against enclosures; the proof of their error; and that a wrong coefficient is found out."""

from dataclasses import replace

import numpy as np
import pytest
from flint import acb, arb, ctx

from robustntk.bounds import ACTIVATIONS, InvalidInput, get_activation
from robustntk.kernels import Architecture, fully_connected, ntk_enclosure, paper_network
from robustntk.kernels.sphere.profile import Profile, Side, profile_of
from robustntk.kernels.sphere.profile_bound import profile_bound, truncation_bound

DEEP = {
    name: fully_connected(name, 5, trained="all", weight_variance=1 if name == "quadratic_relu" else 2)
    for name in sorted(ACTIVATIONS)
}
NETWORKS = [
    *(fully_connected(name) for name in sorted(ACTIVATIONS)),
    *(network for name, network in DEEP.items() if name not in ("tanh", "softplus", "sigmoid")),
    fully_connected("relu", 2),
    fully_connected("relu", 3, trained="readout", bias_variance="0.2"),
    fully_connected(["sin", "relu", "gelu"], trained="all"),
    fully_connected("quadratic_relu", 2, trained="first"),
    paper_network(3, 64),
]
QUICK = [network for network in NETWORKS if not any(a.name in ("tanh", "softplus") for a in network.activations)]


def cosines(dtype: type, seed: int = 0) -> np.ndarray:
    """Everywhere, and ever closer to -1, 0 and 1."""
    rng = np.random.default_rng(seed)
    small = 10.0 ** -rng.uniform(0, 16, 30)
    u = np.concatenate([rng.uniform(-1, 1, 60), 1 - small, small - 1, small, -small, [0, 1, -1]])
    return u.astype(dtype)


def errors(network: Architecture, values: np.ndarray, u: np.ndarray, derivative: int = 0) -> list[float]:
    """|value - exact|, upper ends of balls; those of infinite slopes are left out."""
    with ctx.workprec(200):
        exact = [ntk_enclosure(network, float(each), derivative=derivative) for each in u]
        return [
            float(abs(arb(float(value)) - ball).upper())
            for value, ball in zip(values, exact, strict=True)
            if ball.is_finite()
        ]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("network", QUICK, ids=lambda network: network.label)
def test_values_are_within_the_proved_bound(network: Architecture, dtype: type) -> None:
    u, one = cosines(dtype), float(ntk_enclosure(network, 1))
    bound = profile_bound(network, np.dtype(dtype))
    measured = max(errors(network, profile_of(network, dtype=dtype)(u), u)) / one
    assert measured <= bound.total
    # The bound is no formality: a few roundings of the type, and what is measured is in sight of it.
    assert bound.total <= 200 * np.finfo(dtype).eps
    assert measured >= bound.total / 500


@pytest.mark.parametrize("name", ["relu", "erf", "sin_cos"])
def test_a_wrong_coefficient_is_found_out(name: str) -> None:
    """By the proof: each coefficient moved by 1e-14 of the largest is more than the truncation bound allows."""
    network = DEEP[name]
    profile = profile_of(network)
    honest = truncation_bound(network, profile)
    one = float(ntk_enclosure(network, 1))
    for index in (0, 3, len(profile.plus.polynomial.coefficients) - 1):
        moved = list(profile.plus.polynomial.coefficients)
        moved[index] += 1e-13 * one
        wrong = replace(
            profile, plus=Side(profile.plus.power, replace(profile.plus.polynomial, coefficients=tuple(moved)))
        )
        assert truncation_bound(network, wrong) >= 0.9e-13
        assert honest <= 1e-14


def test_the_wrong_side_is_found_out() -> None:
    network = fully_connected("relu", 2)
    profile = profile_of(network)
    assert profile.minus is not None
    moved = [c + 1e-12 for c in profile.minus.polynomial.coefficients]
    wrong = replace(
        profile, minus=Side(profile.minus.power, replace(profile.minus.polynomial, coefficients=tuple(moved)))
    )
    assert truncation_bound(network, wrong) > 1e-13 > truncation_bound(network, profile)


@pytest.mark.parametrize("network", QUICK, ids=lambda network: network.label)
def test_slopes_are_accurate(network: Architecture) -> None:
    """Relative to the slope, or to the value on the diagonal where that is larger."""
    u = cosines(np.float64)
    with np.errstate(divide="ignore"):
        values = profile_of(network, derivative=1)(u)
    one = float(ntk_enclosure(network, 1))
    exact = [ntk_enclosure(network, float(each), derivative=1) for each in u]
    sizes = [max(abs(float(ball)), one) for ball in exact if ball.is_finite()]
    relative = np.array(errors(network, values, u, 1)) / np.array(sizes)
    assert max(relative) <= 1e-12
    assert max(np.array(errors(network, values * (1 + 1e-11), u, 1)) / np.array(sizes)) > 1e-12


@pytest.mark.parametrize("name", ["relu", "quadratic_relu", "erf", "sin"])
def test_zeros_keep_their_relative_accuracy(name: str) -> None:
    """Where the kernel vanishes, at u = 0 and for powers of ReLU at u = -1."""
    network = fully_connected(name)
    profile = profile_of(network)
    small = np.array([1e-3, 1e-7, 1e-12, -1e-5, -1e-14])
    assert all(np.array(errors(network, profile(small), small)) <= 1e-15 * np.abs(profile(small)))
    if name in ("relu", "quadratic_relu"):
        chord = np.array([1e-3, 1e-6, 1e-9])
        exact = [ntk_enclosure(network, _opposite(c)) for c in chord]
        values = profile(2 * chord**2 - 1, chord)
        with ctx.workprec(200):
            assert all(abs(arb(float(v)) / e - 1) < 1e-14 for v, e in zip(values, exact, strict=True))


def _opposite(chord: float) -> object:
    from fractions import Fraction

    return 2 * Fraction(float(chord)) ** 2 - 1


def test_the_half_chord_counts_near_the_diagonal() -> None:
    """For u so near 1 that a float does not know it, the chord does."""
    network = fully_connected("relu", 5, trained="all", weight_variance=2)
    from fractions import Fraction

    chord = 1e-12
    exact = ntk_enclosure(network, 1 - 2 * Fraction(chord) ** 2)
    fall = float(ntk_enclosure(network, 1) - exact)
    profile = profile_of(network)
    slope = (float(profile(np.float64(1), np.float64(0))) - float(profile(np.float64(1), np.float64(1e-4)))) / 1e-4
    assert fall == pytest.approx(slope * chord, rel=1e-2)
    assert float(profile(np.float64(1), np.float64(chord))) == pytest.approx(float(exact), rel=1e-15)


def test_depth_costs_nothing() -> None:
    shallow, deep = (profile_of(network).operations for network in (fully_connected("relu"), DEEP["relu"]))
    assert deep <= 1.2 * shallow


def test_jax_evaluates_the_same_polynomials() -> None:
    import jax
    import jax.numpy as jnp

    for network in (DEEP["relu"], DEEP["erf"], DEEP["sin_cos"]):
        with jax.enable_x64(True):
            profile = profile_of(network)
            u = cosines(np.float64)
            ours = np.asarray(jax.jit(lambda x, profile=profile: profile(x, xp=jnp))(jnp.asarray(u)))
        np.testing.assert_allclose(ours, profile(u), rtol=0, atol=1e-14 * float(profile(np.float64(1))))


def test_refusals() -> None:
    with pytest.raises(InvalidInput, match="dtype is float16"):
        profile_of(fully_connected("relu"), dtype=np.float16)
    # The second one is 1e12 at u = 1 and nothing at all from 1 - u = 1e-10 on: a peak between the nodes.
    for sharp in (
        fully_connected("sin_cos", 12, trained="all", weight_variance=4),
        fully_connected(get_activation("sin_cos", scale=5), 9),
    ):
        with pytest.raises(InvalidInput, match="no polynomial of degree below 192"):
            profile_of(sharp)


@pytest.mark.slow
@pytest.mark.parametrize("network", [*NETWORKS, *DEEP.values()], ids=lambda network: network.label)
def test_all_activations_are_within_the_proved_bound(network: Architecture) -> None:
    for dtype in (np.float64, np.float32):
        u = cosines(dtype, seed=1)
        bound = profile_bound(network, np.dtype(dtype)).total * float(ntk_enclosure(network, 1))
        assert all(np.array(errors(network, profile_of(network, dtype=dtype)(u), u)) <= bound)


def test_a_profile_is_a_value() -> None:
    assert isinstance(profile_of(fully_connected("erf")), Profile)
    assert profile_of(fully_connected("erf")) == profile_of(fully_connected("erf"))


@pytest.mark.parametrize(("h", "inside"), [(0.3536, True), (0.2, True), (0.01, True), (0.5, False)])
def test_the_ellipse_of_the_proof_is_where_the_kernel_is_bounded(h: float, inside: bool) -> None:
    """|1 - 2 c^2| <= 1 on the whole ellipse with foci h, 2h and semi-axes 53h/56 and 45h/56, in boxes."""
    pieces = 2000
    worst = 0.0
    for j in range(pieces):
        angle = (arb(2 * j) / pieces).union(arb(2 * j + 2) / pieces) * arb.pi()
        c = acb(arb(h) * (arb(3) / 2 + arb(53) / 56 * angle.cos()), arb(h) * arb(45) / 56 * angle.sin())
        worst = max(worst, float((1 - 2 * c * c).abs_upper()))
    assert (worst <= 1) == inside
