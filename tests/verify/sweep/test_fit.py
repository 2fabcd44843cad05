"""Intervals cover exponents as often as they say; wrong predictions are refuted; rules hold as stated."""

from collections.abc import Callable

import numpy as np
import pytest

from robustntk.bounds import InvalidInput
from robustntk.verify.sweep.fit import Verdict, fit_integers, fit_power_law, judge

WIDTHS = (64.0, 256.0, 1024.0, 4096.0)
# Standard deviations of the logarithms, not the same at all points.
SCATTER = np.array([0.5, 0.7, 0.3, 0.6])[:, None]
Draw = Callable[[int], np.ndarray]


def power_law(exponent: float, *, seeds: int = 8, scale: float = 1.0, correction: float = 0.0) -> Draw:
    """Values with the scatter above, and with a part that all points of a seed share."""

    def draw(number: int) -> np.ndarray:
        rng = np.random.default_rng([number, seeds])
        noise = SCATTER * rng.standard_normal((4, seeds)) + 0.4 * rng.standard_normal(seeds)
        law = exponent * np.log(WIDTHS) + np.log1p(correction / np.sqrt(WIDTHS))
        return np.asarray(np.exp(law[:, None] + scale * noise))

    return draw


def coverage(draw: Draw, exponent: float, repetitions: int, *, correction: float | None = None) -> float:
    """The share of the intervals that contain the exponent."""
    hits = 0
    for number in range(repetitions):
        interval = fit_power_law(WIDTHS, draw(number), correction=correction).exponent
        assert interval is not None
        hits += interval.contains(exponent)
    return hits / repetitions


@pytest.mark.parametrize(("seeds", "exponent"), [(3, -0.5), (8, -1.0), (16, 2.0)])
def test_an_interval_of_95_percent_covers_95_percent(seeds: int, exponent: float) -> None:
    """Of 1,000 repetitions 95 +- 2.8 per cent, four standard deviations."""
    assert coverage(power_law(exponent, seeds=seeds), exponent, 1000) == pytest.approx(0.95, abs=0.028)


def test_looking_for_bends_costs_at_most_a_hundredth_or_two() -> None:
    """It may add a missed interval in a hundred to the five of a straight law."""
    assert coverage(power_law(-0.5), -0.5, 1000, correction=-0.5) == pytest.approx(0.94, abs=0.03)


def test_joint_intervals_hold_together() -> None:
    """Of ten right laws judged together, all intervals contain their exponents in 95 % of the cases or more."""
    draw, failures = power_law(-0.5), 0
    for number in range(100):
        fits = [fit_power_law(WIDTHS, draw(10 * number + law), together=10) for law in range(10)]
        failures += any(fit.joint is None or not fit.joint.contains(-0.5) for fit in fits)
    assert failures <= 12


@pytest.mark.parametrize(
    ("measured", "predicted", "verdict"),
    [
        (-0.5, -0.5, Verdict.CONSISTENT),
        (-0.75, -0.5, Verdict.STEEPER),
        (-0.25, -0.5, Verdict.FLATTER),
        (2.0, 2.0, Verdict.CONSISTENT),
        (2.3, 2.0, Verdict.STEEPER),
        (1.7, 2.0, Verdict.FLATTER),
        (0.1, -0.5, Verdict.FLATTER),
    ],
)
def test_planted_exponents_get_their_verdicts(measured: float, predicted: float, verdict: Verdict) -> None:
    draw = power_law(measured, scale=0.3)
    found = [judge(fit_power_law(WIDTHS, draw(number), together=10), predicted) for number in range(40)]
    assert found.count(verdict) >= 38


def test_a_correction_that_bends_the_data_is_seen_and_taken_into_account() -> None:
    """m^(-1/2) (1 + 2 m^(-1/2)): the best line is too steep, and its interval never contains -1/2."""
    draw = power_law(-0.5, scale=0.03, correction=2.0)
    assert coverage(draw, -0.5, 100) == 0.0
    assert coverage(draw, -0.5, 100, correction=-0.5) >= 0.8
    fit = fit_power_law(WIDTHS, draw(0), correction=-0.5)
    assert "with a correction of order -0.5" in fit.method and fit.bend > 0.5


def test_the_line_is_that_of_least_squares() -> None:
    values = power_law(-0.5)(0)
    fit = fit_power_law(WIDTHS, values)
    slope, intercept = np.polyfit(np.repeat(np.log(WIDTHS), 8), np.log(values).ravel(), 1)
    assert fit.exponent is not None and fit.exponent.estimate == pytest.approx(slope)
    assert fit.intercept == pytest.approx(intercept)
    assert fit.means == pytest.approx(np.exp(np.log(values).mean(axis=1)))
    local = np.diff(np.log(values).mean(axis=1)) / np.log(4.0)
    assert fit.local == pytest.approx(local)


def test_the_order_of_the_points_does_not_matter() -> None:
    values = power_law(-0.5)(0)
    there, back = fit_power_law(WIDTHS, values), fit_power_law(WIDTHS[::-1], values[::-1])
    assert there.exponent is not None and back.exponent is not None
    assert back.exponent.to_json() == pytest.approx(there.exponent.to_json())
    assert back.local == pytest.approx(there.local)


@pytest.mark.parametrize(
    ("x", "values", "reason"),
    [
        ((1.0, 2.0), np.ones((2, 8)), "2 points: expected 3"),
        ((1.0, 2.0, 4.0), np.ones((3, 2)), "2 seeds: expected 3"),
        ((1.0, 2.0, 4.0), np.array([[1.0] * 3, [1.0, np.nan, 1.0], [1.0] * 3]), "nothing was measured at 2, seed 1"),
        ((1.0, 2.0, 4.0), np.array([[1.0] * 3, [1.0] * 3, [1.0, 1.0, 0.0]]), "the value is 0 at 4, seed 2"),
        ((1.0, 2.0, 4.0), np.array([[1.0] * 3, [1.0] * 3, [1.0, 1.0, np.inf]]), "the value is inf at 4"),
    ],
)
def test_what_cannot_be_fitted_is_undetermined(x: tuple[float, ...], values: np.ndarray, reason: str) -> None:
    fit = fit_power_law(x, values)
    assert fit.exponent is None and reason in fit.method
    assert judge(fit, -0.5) is Verdict.UNDETERMINED


def test_a_long_interval_is_undetermined_only_where_it_has_the_prediction() -> None:
    rng = np.random.default_rng(0)
    values = np.exp(-3.0 * np.log(WIDTHS)[:, None] + 2.0 * rng.standard_normal((4, 6)))
    fit = fit_power_law(WIDTHS, values)
    assert fit.exponent is not None and fit.exponent.width > 0.5
    assert judge(fit, fit.exponent.estimate) is Verdict.UNDETERMINED
    assert judge(fit, -0.5) is Verdict.STEEPER


def test_exact_values_leave_room_for_their_rounding() -> None:
    fit = fit_power_law(WIDTHS, np.repeat(np.array(WIDTHS)[:, None] ** -0.5, 8, axis=1))
    assert fit.exponent is not None and fit.exponent.contains(-0.5) and fit.exponent.width < 1e-5


@pytest.mark.parametrize("exponent", [-2.0, -1.0, -0.5])
@pytest.mark.parametrize("constant", [7.3, 1e3, 3e6])
def test_integers_enclose_the_exponent_of_the_law_that_was_rounded_up(exponent: float, constant: float) -> None:
    places = np.array([0.5, 0.3, 0.2, 0.1])
    values = [2 * int(np.ceil(constant * place**exponent / 2)) for place in places]
    interval = fit_integers(places.tolist(), values, step=2).exponent
    assert interval is not None and interval.contains(exponent)


def test_integers_of_another_law_are_told_apart() -> None:
    places = [0.4, 0.2, 0.1, 0.05]
    values = [2 * int(np.ceil(1e4 * place**-1.99 / 2)) for place in places]
    assert judge(fit_integers(places, values, step=2), -2.0) is Verdict.FLATTER
    assert judge(fit_integers(places, values, step=2), -1.98) is Verdict.STEEPER


def test_integers_that_are_too_small_or_too_few_have_no_fit() -> None:
    assert fit_integers([0.4, 0.2, 0.1], [2, 4, 8], step=2).exponent is None
    assert fit_integers([0.4, 0.2], [20, 40], step=2).exponent is None


@pytest.mark.parametrize(
    ("x", "values", "confidence"),
    [
        ((1.0, 1.0, 2.0), np.ones((3, 3)), 0.95),
        ((0.0, 1.0, 2.0), np.ones((3, 3)), 0.95),
        ((1.0, 2.0, 3.0), np.ones((4, 3)), 0.95),
        ((1.0, 2.0, 3.0), np.ones((3, 3)), 1.0),
    ],
)
def test_refusals(x: tuple[float, ...], values: np.ndarray, confidence: float) -> None:
    with pytest.raises(InvalidInput):
        fit_power_law(x, values, confidence=confidence)
