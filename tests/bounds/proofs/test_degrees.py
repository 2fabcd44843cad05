"""Why data need a bias coordinate: every step holds, every falsified one is refuted, nothing is cited."""

import pytest
import sympy

from robustntk.bounds import Verdict, load_proof
from robustntk.bounds.kernel_forms import KERNEL_FORMS, u
from robustntk.bounds.proof import check_step
from robustntk.bounds.proofs.degrees import signed_squares

STEPS = load_proof("degrees").steps


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_step_is_proved_and_every_falsified_one_is_refuted(step):
    report = check_step(step, falsify=True)
    assert report.outcome is Verdict.PROVED, report.reason


def test_the_series_of_the_kernel_has_the_coefficients_that_the_steps_speak_of():
    """u^2, and q_k (2/(2k + 1) + 1) (2/pi)/(n (n - 1)) at n = 2k + 3, from the recurrence of the q_k."""
    series = sympy.series(KERNEL_FORMS["quadratic_relu"], u, 0, 10).removeO()
    found = [series.coeff(u, power) for power in range(10)]
    assert found[:3] == [0, 2 / sympy.pi, 1] and found[4::2] == [0, 0, 0]
    q = sympy.Integer(1)
    for k in range(4):
        n = 2 * k + 3
        assert sympy.simplify(found[n] - 2 / sympy.pi * q * (sympy.Rational(2, 2 * k + 1) + 1) / (n * (n - 1))) == 0
        q *= sympy.Rational(2 * k + 1, 2 * k + 2)


def test_the_labels_that_no_network_fits_are_those_of_the_step():
    """Eight labels alternate; opposite points have the same label, as four is even. Of six they would not."""
    assert sympy.expand(signed_squares(4, -1)) == 0
    assert sympy.expand(signed_squares(3, -1)) != 0
