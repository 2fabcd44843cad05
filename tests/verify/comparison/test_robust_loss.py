"""The robust loss of a function of one's own, from both sides."""

import numpy as np
import pytest

from robustntk.bounds import get_activation, get_loss
from robustntk.kernels import dual_kernel
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.comparison.robust_loss import bracket_robust_loss
from robustntk.verify.data import embed
from robustntk.verify.predictors import KernelPredictor, TwoLayerNetwork
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.sets.pixel_ball import PixelBall

PIXELS = np.random.default_rng(0).uniform(0.2, 1.0, (6, 4))
LABELS = np.array([1.0, -1.0, 1.0, -1.0, 1.0, 1.0])
ATTACK = ProjectedGradientAttack(steps=10, restarts=2)


def network() -> TwoLayerNetwork:
    """Trained elsewhere: neither mirrored nor near any initialisation that we know."""
    rng = np.random.default_rng(1)
    return TwoLayerNetwork(rng.standard_normal((30, 5)), rng.choice([-1.0, 1.0], 30), get_activation("gelu"))


@pytest.mark.parametrize("loss", ["hinge", "absolute", "logistic"])
def test_a_network_from_elsewhere_is_bracketed_on_caps(loss: str) -> None:
    found = bracket_robust_loss(
        network(), embed(PIXELS, bias=0.5), LABELS, SphericalCap(0.05), loss=get_loss(loss), adversary=ATTACK
    )
    assert 0.0 <= found.certified - found.attacked < 1e-3
    assert found.methods == {"touching": 6}
    assert found.error.attacked <= found.error.certified


def test_a_network_is_bracketed_on_balls_of_pixels() -> None:
    balls = PixelBall(0.02, norm="linf", low=0.0, high=1.0)
    found = bracket_robust_loss(network(), PIXELS, LABELS, balls, loss=get_loss("hinge"), adversary=ATTACK)
    assert found.attacked <= found.certified < found.attacked + 0.1


def test_points_that_were_met_before_count() -> None:
    X, cap, hinge = embed(PIXELS, bias=0.5), SphericalCap(0.2), get_loss("hinge")
    weak = ProjectedGradientAttack(steps=1, step_size=1e-6)
    known = ProjectedGradientAttack(steps=20).perturb(network(), X, LABELS, cap, loss=hinge).points
    alone = bracket_robust_loss(network(), X, LABELS, cap, loss=hinge, adversary=weak)
    helped = bracket_robust_loss(network(), X, LABELS, cap, loss=hinge, adversary=weak, known=(known,))
    assert helped.attacked > alone.attacked and helped.certified == alone.certified


def test_a_kernel_function_is_bracketed_by_the_methods_asked_for() -> None:
    X = embed(PIXELS, bias=0.5)
    function = KernelPredictor(dual_kernel(get_activation("erf")), X, 3.0 * LABELS)
    options = {"loss": get_loss("hinge"), "adversary": ATTACK}
    best = bracket_robust_loss(function, X, LABELS, SphericalCap(0.1), **options)
    crude = bracket_robust_loss(function, X, LABELS, SphericalCap(0.1), methods=("order 0",), **options)
    assert best.attacked <= best.certified <= crude.certified
    assert set(best.to_json()) == {
        "attacked_robust_loss",
        "certified_robust_loss",
        "attacked_robust_error",
        "certified_robust_error",
        "certificate_methods",
    }
