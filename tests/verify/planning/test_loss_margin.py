"""The free margin and the stretch of E8: what they promise, the calculator confirms."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustntk.bounds import Target, get_loss, required_width
from robustntk.bounds.curvature import Network
from robustntk.verify.planning.loss_margin import LEAST_MARGIN, Prospect, free_margin, stretches

RADII, BENDINGS, EPSILONS = st.floats(1.0, 60.0), st.floats(1e-3, 0.5), st.sampled_from([0.05, 0.25, 0.6])


def prospect(radius: float, bending: float, network: Network = Network.FULL) -> Prospect:
    return Prospect(network, radius, bending, slope=1.0, growth=0.0)


def limit(radius: float, epsilon: float) -> float:
    """(1 + eps)^2 / (4 eps) R_1^2 G^2: E8's iterations for a vanishing remainder and an endless stretch."""
    return (1 + epsilon) ** 2 / (4 * epsilon) * radius**2


@given(RADII, BENDINGS, EPSILONS)
def test_with_a_free_margin_e8_needs_six_per_cent_more_steps_than_without_a_remainder(
    radius: float, bending: float, epsilon: float
) -> None:
    found = prospect(radius, bending)
    tau = free_margin(found)
    stretch = next(stretches(found, Target.ROBUST_ERROR, epsilon, loss_margin=float(tau), share=0.5))
    steps = found.iterations(
        Target.ROBUST_ERROR, epsilon, loss_margin=float(tau), margin=stretch * float(tau), share=0.5
    )
    part = bending * radius**2 * float(tau)
    assert part <= 1 / 2500 or tau == LEAST_MARGIN
    if part <= 1 / 2500:
        assert limit(radius, epsilon) <= steps <= 1.065 * limit(radius, epsilon)


@given(RADII, BENDINGS, st.sampled_from(list(Network)))
def test_the_free_margin_has_two_digits_and_is_the_largest_such(
    radius: float, bending: float, network: Network
) -> None:
    tau = free_margin(prospect(radius, bending, network))
    digits = str(tau.numerator * 10**12 // tau.denominator).strip("0")
    assert 0 < tau <= 1 and len(digits) <= 2
    if LEAST_MARGIN < tau < 1:
        power = 2 if network is Network.TIED else 1
        larger = float(tau) * 1.11  # more than the step between numbers of two digits
        assert bending * radius**2 * larger**power > 1 / 2500


@pytest.mark.parametrize("target", [Target.LOSS, Target.ROBUST_ERROR])
def test_the_estimated_iterations_are_those_of_the_calculator(target: Target) -> None:
    """An activation with beta = 1 and G = 1 at width 10^6: C = 1/2000."""
    found = prospect(5.0, 1 / 2000)
    for stretch in stretches(found, target, 0.25, loss_margin=1.0, share=0.5):
        plan = required_width(
            target_epsilon="1/4",
            target=target,
            radius=Fraction(5.0 * stretch),
            comparator_margin=Fraction(stretch),
            activation="sin",
            loss=get_loss("hinge"),
            width=10**6,
            theorem="E8",
        )
        estimate = found.iterations(target, 0.25, loss_margin=1.0, margin=stretch, share=2 / 3)
        assert estimate <= plan.iterations <= estimate + 1.001


def test_the_first_stretch_has_the_fewest_iterations_and_the_last_the_least_width() -> None:
    """At epsilon = 1/4 of the loss: k = 2 without a remainder, k = 2 (1 - 1/4) for the width."""
    first, last = stretches(prospect(5.0, 1e-9), Target.LOSS, 0.25, loss_margin=1.0, share=0.5)
    assert first == pytest.approx(2.0, rel=0.02) and last == 1.5


def test_too_narrow_a_network_gets_the_stretch_of_least_width_alone() -> None:
    assert list(stretches(prospect(50.0, 1.0), Target.LOSS, 0.25, loss_margin=1.0, share=0.5)) == [1.5]
    tied = prospect(50.0, 1.0, Network.TIED)
    assert list(stretches(tied, Target.LOSS, 0.25, loss_margin=1.0, share=0.5)) == [1.125]
