"""The slack that makes the width smallest, and the ranges of margins of two-sided losses."""

from fractions import Fraction

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, exact, get_activation, get_loss
from robustntk.kernels import dual_kernel
from robustntk.verify.attack import ProjectedGradientAttack
from robustntk.verify.cap import SphericalCap
from robustntk.verify.data import load_data
from robustntk.verify.margin_target import check_epsilon, choose_margins, hinge_slack
from robustntk.verify.minimum_norm import InfiniteWidthSpace, MarginRange, radius_interval, robust_minimum_norm

CAP = SphericalCap(0.05)
SPACE = InfiniteWidthSpace(dual_kernel(get_activation("erf")))


def test_hinge_slack_minimises_the_width() -> None:
    """Against a fine grid of (1 - s)^4 / (eps - s)^2, exactly."""
    for epsilon in (Fraction(1, 4), Fraction(1, 2), Fraction(7, 10), Fraction(9, 10)):
        chosen = Fraction(str(hinge_slack(exact(epsilon))))
        grid = [epsilon * k / 200 for k in range(200)]
        assert all((1 - s) ** 4 / (epsilon - s) ** 2 >= (1 - chosen) ** 4 / (epsilon - chosen) ** 2 for s in grid)


@pytest.mark.parametrize(("loss", "epsilon"), [("hinge", "1"), ("hinge", "7"), ("absolute", "1"), ("huber", "0.5")])
def test_an_epsilon_that_the_initial_network_meets_is_refused(loss: str, epsilon: str) -> None:
    with pytest.raises(InvalidInput, match="already"):
        check_epsilon(get_loss(loss), epsilon)


def test_a_loss_that_never_vanishes_is_refused() -> None:
    with pytest.raises(InvalidInput, match="logistic"):
        check_epsilon(get_loss("logistic"), "0.3")


@pytest.mark.parametrize("slack", ["-0.1", "0.5", "0.7"])
def test_slack_must_leave_something_of_epsilon(slack: str) -> None:
    data = load_data("digits", classes=("0", "1"), samples=6)
    solution = radius_interval(data.X, data.y, CAP, activation=get_activation("erf"))
    with pytest.raises(InvalidInput, match="slack is"):
        choose_margins(
            SPACE, data.X, data.y, CAP, loss=get_loss("hinge"), target_epsilon="0.5", solution=solution, slack=slack
        )


def test_two_sided_solution_stays_inside_its_certificate_and_costs_more_norm() -> None:
    data = load_data("digits", classes=("0", "1"), samples=10)
    one = robust_minimum_norm(SPACE, data.X, data.y, CAP, margins=MarginRange(0.9))
    two = robust_minimum_norm(SPACE, data.X, data.y, CAP, margins=MarginRange(0.9, 1.1))
    assert two.norm >= one.radius.lower and two.radius.lower >= one.radius.lower * (1 - 1e-4)
    f = SPACE.function(two.centers, two.coefficients)
    attack = ProjectedGradientAttack(steps=40, restarts=3)
    _, low = attack.minimize_margin(f, data.X, data.y, CAP)
    _, high = attack.minimize_margin(f, data.X, -data.y, CAP)
    assert two.certified_margin <= float(np.min(low)) <= float(np.max(-high)) <= two.certified_upper
    assert float(np.min(low)) >= 0.9 - 1e-3 and float(np.max(-high)) <= 1.1 + 1e-3


@pytest.mark.parametrize("ends", [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0)])
def test_impossible_ranges_are_refused(ends: tuple[float, float]) -> None:
    with pytest.raises(InvalidInput, match="margins in"):
        MarginRange(*ends)
