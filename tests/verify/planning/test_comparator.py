"""The comparator is a certified network: no point of a cap has a smaller margin than it claims, at any width."""

import numpy as np
import pytest

from robustntk.bounds import get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, empirical_gram
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import Dataset, load_data
from robustntk.verify.planning.comparator import (
    Comparator,
    FiniteWidthSpace,
    NoComparator,
    find_comparator,
    least_move,
)
from robustntk.verify.planning.minimum_norm import MarginRange, MinimumNormSolution, radius_interval
from robustntk.verify.predictors import TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.pixel_ball import PixelBall

CAP = SphericalCap(0.05)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load_data("digits", classes=("0", "1"), samples=8)


def solve(data: Dataset, name: str) -> MinimumNormSolution:
    return radius_interval(data.X, data.y, CAP, activation=get_activation(name))


@pytest.mark.parametrize("name", ["quadratic_relu", "tanh"])
def test_comparator_keeps_its_margins_under_attack_and_its_norm(data: Dataset, name: str) -> None:
    activation = get_activation(name)
    start = SymmetricInitialisation(4000, data.dimension, 0, dtype=np.float32)
    space = FiniteWidthSpace(start, activation)
    found = find_comparator(space, data.X, data.y, CAP, loss=get_loss("hinge"), start=solve(data, name))
    moves = found.moves
    weights = start.weights + np.vstack([moves.means + moves.differences, moves.means - moves.differences])
    network = TwoLayerNetwork(weights, start.signs, activation)
    _, margins = ProjectedGradientAttack(steps=20, restarts=2).minimize_margin(network, data.X, data.y, CAP)
    assert np.all(margins - found.margins >= 0.0) and np.all(found.margins >= 1.0)
    assert found.robust_loss == 0.0
    assert np.linalg.norm(weights - start.weights) <= found.radius <= 1.001 * np.linalg.norm(weights - start.weights)


@pytest.mark.parametrize("bias", [0.5, None])
def test_a_comparator_for_balls_in_pixel_space(bias: float | None) -> None:
    data = load_data("digits", classes=("0", "1"), samples=8, bias=bias)
    perturbations, activation = PixelBall(0.3, bias=bias, low=0.0, high=16.0), get_activation("tanh")
    space = FiniteWidthSpace(SymmetricInitialisation(2000, data.dimension, 0), activation)
    found = find_comparator(space, data.features, data.y, perturbations, loss=get_loss("hinge", margin="1/10"))
    network = TwoLayerNetwork(
        space.initialisation.weights + found.moves.displacement, space.initialisation.signs, activation
    )
    attack = ProjectedGradientAttack(steps=20, restarts=2)
    _, margins = attack.minimize_margin(network, data.features, data.y, perturbations)
    assert np.all(margins >= found.margins) and np.all(found.margins >= 1.0)


def test_displacement_realises_the_finite_width_kernel(data: Dataset) -> None:
    """E4.a: |W^c - W_0|^2 = c' K_m c, and <grad f(W_0, x), D> = sum_j c_j K_m(x, z_j)."""
    activation = get_activation("quadratic_relu")
    start = SymmetricInitialisation(500, data.dimension, 1)
    space = FiniteWidthSpace(start, activation)
    coefficients = np.random.default_rng(0).standard_normal(data.size)
    moved = space.displacement(data.X, coefficients)
    kernel = empirical_gram(start, activation, data.X)
    assert np.sum(moved**2) == pytest.approx(coefficients @ kernel @ coefficients, rel=1e-12)
    assert np.allclose(space.function(data.X, coefficients).predict(data.X), kernel @ coefficients, atol=1e-12)


def test_the_move_is_exactly_antisymmetric_and_rho_is_its_longest_row(data: Dataset) -> None:
    start = SymmetricInitialisation(64, data.dimension, 0)
    space, loss = FiniteWidthSpace(start, get_activation("tanh")), get_loss("hinge", margin="1/1000")
    found = find_comparator(space, data.X, data.y, CAP, loss=loss, margins=MarginRange(1e-3))
    moved = found.moves.displacement
    assert np.array_equal(moved[:32], -moved[32:]) and found.moves.is_tied
    longest = 8.0 * float(np.max(np.linalg.norm(moved, axis=1)))
    assert longest <= found.row_radius <= longest * (1 + 1e-9)


@pytest.mark.parametrize("width", [2, 8, 32])
def test_narrow_networks_have_certified_comparators_of_small_margins(data: Dataset, width: int) -> None:
    """What E8 needs for the robust error: any width at which the drawn kernel separates the caps."""
    activation = get_activation("tanh", "1/4")
    start = SymmetricInitialisation(width, data.dimension, 3)
    loss = get_loss("hinge", margin="1/10000")
    move = least_move(FiniteWidthSpace(start, activation), data.X, data.y, CAP)
    for margin in (1e-4, 3e-3):
        found = move.comparator(loss, margin)
        assert margin <= found.margin <= 1.001 * margin and found.robust_loss == 0.0
        network = TwoLayerNetwork(start.weights + found.moves.displacement, start.signs, activation)
        samples = CAP.sample(data.X, 100, np.random.default_rng(0), part="rim")
        values = network.predict(samples.reshape(-1, data.dimension)).reshape(100, -1)
        assert np.all(np.min(data.y * values, axis=0) - found.margins >= 0.0)


def test_an_understated_remainder_would_be_noticed(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the remainder the certificate claims margins that the network does not have."""
    activation = get_activation("tanh")
    start = SymmetricInitialisation(32, data.dimension, 0)
    move = least_move(FiniteWidthSpace(start, activation), data.X, data.y, CAP)
    attack = ProjectedGradientAttack(steps=20, restarts=2)

    def attacked(found: Comparator) -> np.ndarray:
        network = TwoLayerNetwork(start.weights + found.moves.displacement, start.signs, activation)
        return attack.minimize_margin(network, data.X, data.y, CAP)[1]

    sound = move.comparator(get_loss("hinge", margin="1/100"), 0.01)
    assert np.all(attacked(sound) >= sound.margins)
    with pytest.raises(NoComparator, match="could be certified at width 32"):
        move.comparator(get_loss("hinge"), 3.0)
    monkeypatch.setattr("robustntk.verify.certificates.network._remainder", lambda _: 0.0)
    wrong = move.comparator(get_loss("hinge"), 3.0)
    assert np.any(attacked(wrong) < wrong.margins)


def test_a_kernel_that_does_not_separate_the_caps_is_refused(data: Dataset) -> None:
    space = FiniteWidthSpace(SymmetricInitialisation(2, data.dimension, 0), get_activation("quadratic_relu"))
    with pytest.raises(NoComparator, match="at width 2"):
        find_comparator(space, data.X, data.y, CAP, loss=get_loss("hinge"))
