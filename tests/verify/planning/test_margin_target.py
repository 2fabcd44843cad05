"""The slack that makes the width smallest, and the ranges of margins of two-sided losses."""

from fractions import Fraction

import numpy as np
import pytest

from robustntk.bounds import InvalidInput, exact, get_activation, get_loss, required_width
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS
from robustntk.bounds.curvature import Network
from robustntk.kernels import dual_kernel
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.certificates.losses import loss_at
from robustntk.verify.data import load_data
from robustntk.verify.planning.margin_target import (
    MarginCost,
    best_slack,
    hinge_slack,
    one_sided,
    squared_hinge_slack,
)
from robustntk.verify.planning.minimum_norm import InfiniteWidthSpace, MarginRange, robust_minimum_norm
from robustntk.verify.sets.cap import SphericalCap

CAP = SphericalCap(0.05)
SPACE = InfiniteWidthSpace(dual_kernel(get_activation("erf")))


COST = MarginCost(radius=4.0, least_radius=3.9, rows_per_norm=2.5)


@pytest.mark.parametrize("network", list(Network))
def test_hinge_slack_minimises_the_width(network: Network) -> None:
    """Against a fine grid of (1 - s)^4 / (eps - s)^2, and of (1 - s)^3 / (eps - s) for tied networks, exactly."""
    power, root = (3, 1) if network is Network.TIED else (4, 2)
    for epsilon in (Fraction(1, 4), Fraction(1, 2), Fraction(7, 10), Fraction(9, 10)):
        chosen = Fraction(str(hinge_slack(exact(epsilon), network)))
        grid = [epsilon * k / 200 for k in range(200)]
        least = (1 - chosen) ** power / (epsilon - chosen) ** root
        assert all((1 - s) ** power / (epsilon - s) ** root >= least for s in grid)


@pytest.mark.parametrize("network", list(Network))
def test_squared_hinge_slack_minimises_the_width(network: Network) -> None:
    power, root = (3, 1) if network is Network.TIED else (4, 2)
    for epsilon in (0.05, 0.25, 0.45):
        chosen = float(squared_hinge_slack(exact(epsilon), network))
        grid = np.linspace(0.0, 1.0, 500)
        grid = grid[grid**2 / 2 < epsilon]
        widths = (1 - grid) ** power / (epsilon - grid**2 / 2) ** root
        assert np.all(widths >= (1 - chosen) ** power / (epsilon - chosen**2 / 2) ** root * (1 - 1e-12))


@pytest.mark.parametrize(
    ("theorem", "loss"),
    [("E1", "hinge"), ("E2", "hinge"), ("E7", "hinge"), ("E9", "squared_hinge"), ("E9-tied", "squared_hinge")],
)
def test_no_other_slack_has_a_smaller_width_by_the_calculator(theorem: str, loss: str) -> None:
    """In units of the loss margin, whatever that is."""
    chosen = CONVERGENCE_THEOREMS[theorem]
    tau = Fraction(1, 8)
    form = get_loss(loss, margin=tau)
    budget = form.misclassification_loss * Fraction(7, 10)

    def width(slack: object) -> int:
        target = one_sided(chosen, form, budget, cost=COST, slack=slack)  # type: ignore[arg-type]
        return required_width(
            target_epsilon=budget,
            radius=Fraction(target.radius) * 50,
            row_radius=Fraction(target.radius) * 100,
            activation="erf",
            loss=form,
            comparator_loss=target.robust_loss,
            theorem=theorem,
        ).width

    least = width(best_slack(chosen, form, budget))
    assert least == width(None)
    others = [Fraction(k, 20) for k in range(14)]
    assert all(width(slack) >= least for slack in others if loss_at(form, (1 - slack) * tau) < budget)


def test_margins_and_losses_are_in_units_of_the_loss_margin() -> None:
    loss = get_loss("hinge", margin="1/50")
    target = one_sided(CONVERGENCE_THEOREMS["E7"], loss, exact("1/100"), cost=COST, slack="1/4")
    assert target.margins.lower == pytest.approx(0.015) and target.robust_loss == exact("1/200")
    assert target.radius == pytest.approx(0.06) and target.least_radius <= target.radius


def test_e8_wants_the_whole_margin() -> None:
    loss = get_loss("hinge", margin="1/2")
    assert best_slack(CONVERGENCE_THEOREMS["E8"], loss, exact("0.49")) == 0
    with pytest.raises(InvalidInput, match="E8 needs margins beyond"):
        one_sided(CONVERGENCE_THEOREMS["E8"], loss, exact("0.4"), cost=COST, slack="0.1")


@pytest.mark.parametrize("slack", ["-0.1", "0.5", "0.7"])
def test_slack_must_leave_something_of_epsilon(slack: str) -> None:
    with pytest.raises(InvalidInput, match="slack is"):
        one_sided(CONVERGENCE_THEOREMS["E1"], get_loss("hinge"), exact("0.5"), cost=COST, slack=slack)


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
