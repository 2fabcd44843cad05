"""The proofs of E4 and of what it rests on: every step holds, every falsified one is refuted, nothing is cited."""

import pytest

from robustntk.bounds import Verdict
from robustntk.bounds.proof import check_step
from robustntk.bounds.proofs import cap_certificate, concentration, existence, kernel_forms

PROOFS = [concentration.proof(), kernel_forms.proof(), cap_certificate.proof(), existence.proof()]
STEPS = [step for proof in PROOFS for step in proof.steps]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_step_is_proved_and_every_falsified_one_is_refuted(step):
    report = check_step(step, falsify=True)
    assert report.outcome is Verdict.PROVED, report.reason


def test_e4_rests_on_the_means_the_kernels_the_caps_and_e1():
    proof = existence.proof()
    assert proof.theorem == "E4"
    assert {"E1", "concentration", "kernels", "caps", "lemmas"} <= set(proof.foundations)


def test_the_tests_on_exact_tails_can_fail():
    """The finite checks are no formality: each refutes a bound that is too small."""
    from robustntk.bounds.concentration import BERNSTEIN_TAIL, HOEFFDING_TAIL, N
    from robustntk.bounds.proofs.binomial import bernstein_on_binomials, chi_square_exactly, hoeffding_on_binomials

    assert bernstein_on_binomials(BERNSTEIN_TAIL.xreplace({N: 2 * N})).verdict is Verdict.REFUTED
    assert hoeffding_on_binomials(HOEFFDING_TAIL.xreplace({N: 2 * N})).verdict is Verdict.REFUTED
    assert chi_square_exactly(1 + 0 * N).verdict is Verdict.REFUTED
