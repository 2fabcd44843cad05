"""The band around the infinite-width curve: its arithmetic, its coverage, and what falls outside."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from robustntk.bounds import InvalidInput, get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, dual_kernel
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.comparison.band import Band, Place, band_seeds, largest_distance, monte_carlo_band
from robustntk.verify.comparison.infinite_width import InfiniteWidthRun, train_infinite_width
from robustntk.verify.data import embed
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.many_seeds import train_many

X = embed(np.random.default_rng(3).standard_normal((5, 7)))
SETTING = (get_loss("hinge"), X, np.array([1.0, -1.0, 1.0, 1.0, -1.0]), SphericalCap(0.2))
ATTACK = ProjectedGradientAttack(steps=3)
BALL: dict[str, Any] = {"step_size": 0.5, "radius": 100.0}


def limit(**options: Any) -> InfiniteWidthRun:
    return train_infinite_width(dual_kernel("erf"), *SETTING, ATTACK, **{"iterations": 15, **BALL, **options})


def curves(width: int, seeds: range | list[int], **options: Any) -> list[np.ndarray]:
    """Surrogate losses of networks of that width."""
    starts = [SymmetricInitialisation(width, 8, seed) for seed in seeds]
    settings = {"iterations": 15, "dtype": np.float64, **BALL, **options}
    return [run.surrogate_losses for run in train_many(starts, get_activation("erf"), *SETTING, ATTACK, **settings)]


def drawn(**options: Any) -> Band:
    settings = {"width": 64, "runs": 4, "seeds": band_seeds(0, 4), "dimension": 8, **BALL, **options}
    return monte_carlo_band(limit(), get_activation("erf"), *SETTING, ATTACK, **settings)


def test_the_bound_is_the_largest_distance_of_its_runs() -> None:
    band, line = drawn(), limit().surrogate_losses
    expected = [largest_distance(curve, line) for curve in curves(64, band_seeds(0, 4))]
    np.testing.assert_allclose(band.distances, expected)
    assert band.bound == max(band.distances) and band.coverage == 0.8 and not band.is_extrapolated
    assert band.to_json() == {
        "runs": 4,
        "width": 64,
        "coverage": 0.8,
        "bound": band.bound,
        "steps": 15,
        "extrapolated": False,
    }


def test_a_narrower_band_is_carried_over_as_the_root_of_the_width() -> None:
    narrow = drawn(width=256, band_width=64)
    assert narrow.is_extrapolated and narrow.bound == pytest.approx(drawn().bound / 2)


def test_places() -> None:
    line = np.linspace(1.0, 0.5, 10)
    band = Band(64, 64, 8, np.array([0.1, 0.2]))
    assert band.place(line + 0.2 * (1 - 1e-9), line) is Place.INSIDE
    assert band.place(line + 0.2 * (1 + 1e-9), line) is Place.OUTSIDE
    assert band.place(line[:4], line) is Place.INSIDE
    late = line + np.where(np.arange(10) < 8, 0.0, 1.0)
    assert band.place(late, line) is Place.INSIDE, "beyond its steps a band says nothing"
    assert band.place(np.where(np.arange(10) == 3, np.nan, line), line) is Place.OUTSIDE


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"runs": 0, "seeds": []}, "runs is 0"),
        ({"seeds": [1, 2]}, "one seed for each"),
        ({"band_width": 128}, "band_width is 128"),
        ({"band_width": 0}, "band_width is 0"),
    ],
)
def test_bad_input_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        drawn(**change)


def test_a_run_with_another_step_size_falls_outside() -> None:
    """1.5 times the step that the prediction is for; the same network with the right one stays inside."""
    band, line = drawn(width=1024, band_width=256, runs=9, seeds=band_seeds(0, 9)), limit().surrogate_losses
    right, wrong = (curves(1024, [77], step_size=factor * 0.5)[0] for factor in (1.0, 1.5))
    assert band.place(right, line) is Place.INSIDE and band.place(wrong, line) is Place.OUTSIDE


def coverage(groups: np.ndarray) -> tuple[int, int]:
    """How often the last distance of a group is at most the largest of the others, and how many groups there are."""
    return int(np.sum(groups[:, -1] <= groups[:, :-1].max(axis=1))), len(groups)


def distances(width: int, count: int, first: int) -> np.ndarray:
    line = limit().surrogate_losses
    return np.array([largest_distance(curve, line) for curve in curves(width, range(first, first + count))])


@pytest.mark.slow
def test_bands_cover_as_often_as_they_say() -> None:
    """120 bands of 4 runs at width 32, each with a fresh network: 4/5 of these are inside, says a binomial test.

    The same test refutes a band that is drawn from half of its largest distance.
    """
    groups = distances(32, 600, first=0).reshape(120, 5)
    inside, trials = coverage(groups)
    assert binomtest(inside, trials, 0.8).pvalue > 0.01
    groups[:, :-1] *= 0.5
    assert binomtest(coverage(groups)[0], trials, 0.8).pvalue < 1e-4


@pytest.mark.slow
def test_extrapolated_bands_cover_about_as_often() -> None:
    """From width 64 to 512: the deviation goes like 1/sqrt(m) well enough for the coverage that is stated."""
    narrow, wide = distances(64, 400, first=1000).reshape(100, 4), distances(512, 100, first=5000)
    groups = np.hstack([narrow * np.sqrt(64 / 512), wide[:, None]])
    inside, trials = coverage(groups)
    assert binomtest(inside, trials, 0.8).pvalue > 0.01


def test_the_horizon_does_not_depend_on_the_network() -> None:
    """It is that of the infinite-width run alone, however long the network ran."""
    short, long = (limit(stop_at=0.8, overtime=1.25, least_steps=steps, iterations=60) for steps in (1, 40))
    assert short.horizon == long.horizon < long.steps == 40 and short.steps == short.horizon
    first = int(np.flatnonzero(long.surrogate_losses <= 0.8)[0]) + 1
    assert short.horizon == int(np.ceil(1.25 * first))


def test_seeds_of_a_band_are_its_own() -> None:
    assert band_seeds(0, 4) == band_seeds(0, 4) != band_seeds(1, 4)
    assert len({0, 1, *band_seeds(0, 4), *band_seeds(1, 4)}) == 10
    assert replace(drawn(), target_width=256).bound == pytest.approx(drawn().bound / 2)
