"""No certificate is beaten on thousands of random triples, and the same test notices certificates that are wrong."""

from typing import Any

import numpy as np
import pytest

from robustntk.bounds import InvalidInput
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.checking.planted import FAULTS
from robustntk.verify.checking.soundness import SoundnessReport, certified, compare, probe_certificates
from robustntk.verify.checking.subjects import family

SEED = 5


def test_no_certificate_is_beaten() -> None:
    report = probe_certificates(2000, seed=SEED, members=3, attacks=(ProjectedGradientAttack(steps=10, restarts=2),))
    assert report.holds, report.violations
    assert report.triples >= 2000
    assert report.by_dtype["float64"] == report.triples
    assert 0 < report.by_dtype["float32"] < report.triples
    assert {method for method, _ in report.tallies} == {"order 0", "order 1", "order 2", "touching", "linearised"}
    assert all(tally.compared > 0 and tally.margin >= 0.0 for tally in report.tallies.values())
    assert report.to_json()["holds"] is True


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_noticed(name: str) -> None:
    """Within the triples of which the certificates of the library withstand all."""
    with FAULTS[name]() as certifier:
        report = probe_certificates(4000, certifier=certifier, attacks=(), members=8, stop_at_violation=True)
    assert report.violated > 0
    assert not report.holds
    assert all(not violation.margin >= 0.0 for violation in report.violations)
    assert "below the certificate" in str(report.violations[0])


def test_without_faults_the_same_triples_are_kept() -> None:
    report = probe_certificates(4000, attacks=(), members=8)
    assert report.holds, report.violations


@pytest.mark.slow
def test_no_certificate_is_beaten_by_many_more() -> None:
    assert probe_certificates(30_000, seed=SEED + 1).holds


def test_faults_do_not_outlast_their_context() -> None:
    subject = family(1).member(0)
    before = certified(subject)
    for plant in FAULTS.values():
        with plant() as certifier:
            certifier(subject)
    after = certified(subject)
    assert all(np.array_equal(before[method], after[method]) for method in before)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_certificate_that_is_no_bound_is_a_violation(wrong: float) -> None:
    subject, report = family(0).member(0), SoundnessReport()
    compare(subject, {"wrong": np.full(4, wrong)}, report, attacks=())
    assert report.violated > 0
    assert not report.holds


def test_no_certificate_at_all_counts_nothing() -> None:
    subject, report = family(0).member(0), SoundnessReport()
    compare(subject, {"none": np.full(4, -np.inf)}, report, attacks=())
    assert report.triples == 0
    assert not report.holds


def test_subjects_are_those_of_their_seeds() -> None:
    first, second, third = family(7).member(2), family(7).member(2), family(7).member(3)
    assert np.array_equal(first.centers, second.centers)
    assert not np.array_equal(first.centers, third.centers)
    assert first.name == "family(7).member(2)"


def test_families_differ_in_all_that_matters() -> None:
    drawn = [family(seed) for seed in range(200)]
    assert {each.width for each in drawn} >= {None, 2, 256, 10000}
    assert {each.dimension for each in drawn} >= {3, 100}
    assert {np.dtype(each.dtype).name for each in drawn} == {"float32", "float64"}
    assert len({each.activation for each in drawn}) > 10
    assert {type(each.perturbations).__name__ for each in drawn} == {"SphericalCap", "PixelBall"}


@pytest.mark.parametrize(
    ("options", "message"), [({"triples": 0}, "triples is 0"), ({"triples": 1, "dtypes": (np.float16,)}, "dtypes are")]
)
def test_wrong_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        probe_certificates(**options)
