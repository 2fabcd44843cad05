"""The proof of E6: every step holds, every falsified one is refuted, and it rests on E4 and E1."""

import pytest

from robustntk.bounds import Verdict
from robustntk.bounds.proof import check_step
from robustntk.bounds.proofs.end_to_end import proof


@pytest.mark.parametrize("step", proof().steps, ids=lambda step: step.name)
def test_every_step_is_proved_and_every_falsified_one_is_refuted(step):
    report = check_step(step, falsify=True)
    assert report.outcome is Verdict.PROVED, report.reason


def test_e6_rests_on_e4_and_e1():
    assert proof().theorem == "E6"
    assert {"E4", "E1"} <= set(proof().foundations)
