"""Exponents of power laws: least squares in logarithms with an interval, and the verdict beside a prediction.

**Method.** For every seed s a line is fitted through (log x, log value(x, s)); the exponent is the mean of these
slopes, which is the slope of the means of the logarithms as well, and the interval is Student's for that mean, with one
degree of freedom less than there are seeds. Whatever scatter the values have at each x, and however the values of one
seed depend on each other (networks of one seed share their first rows), the slopes of different seeds are independent
and alike, and that is all that the interval needs beside their being nearly normal.

**Corrections.** What is predicted in the width holds as m grows, with corrections at finite m. Where the law names the
order q of the first one, and the data bend (the quadratic coefficient in log x differs from 0 by the same test at 99 %,
which takes four points), the lines of the seeds get a third term, ``log value = a + p log x + c x^q``, and the rest is
as before. `Fit.method` says which it was, and `Fit.local` shows the slopes between neighbours.

**Verdict.** Where k predictions are judged together, one of k right ones would often miss its interval: so they are
held against the intervals of 1 - (1 - 95 %)/k, all of which hold together with 95 % at least (Bonferroni). Without the
predicted exponent, such an interval is `steeper` (on the far side of it from 0) or `flatter`. With it, the verdict is
`consistent` if the interval of 95 % is shorter than 1/2, so that exponents as different as -1/2 and -1 could not both
be in it, and `undetermined` otherwise, as it is for fewer than three points or three seeds, and for values that have
no logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from jaxtyping import Float

from ...bounds import Interval, InvalidInput

__all__ = ["RESOLUTION", "Fit", "Verdict", "fit_integers", "fit_power_law", "judge"]

RESOLUTION = 0.5
CONFIDENCE = 0.95
_LEAST = 3
# Of the chance that an interval misses, the part that a test for bends may add where there are none.
_DOUBT = 0.2
# Relative rounding errors that measured values may have, since training runs in float32; and, for numbers that are
# known exactly, those of a few dozen float64 operations on their logarithms.
_MEASURED, _EXACT = 1e-6, 1e-12


class Verdict(StrEnum):
    """Where the interval lies beside the predicted exponent; the module says by which rule."""

    CONSISTENT = "consistent"
    STEEPER = "steeper"
    FLATTER = "flatter"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class Fit:
    """``log(value) = intercept + exponent log(x) + bend x^correction``; the bend is 0 where a line fits.

    ``exponent`` has the interval of 95 %, ``joint`` that of all fits that are judged together. Both are None, and
    ``method`` says why, where there is no fit. ``means`` are the geometric means over the
    seeds, and ``local`` the slopes between neighbouring points of them.
    """

    exponent: Interval | None
    joint: Interval | None
    intercept: float | None
    means: tuple[float | None, ...]
    local: tuple[float, ...]
    method: str
    bend: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "exponent": None if self.exponent is None else self.exponent.to_json(),
            "joint": None if self.joint is None else self.joint.to_json(),
            "intercept": self.intercept,
            "means": list(self.means),
            "local_exponents": list(self.local),
            "bend": self.bend,
            "method": self.method,
        }


def fit_power_law(
    x: Sequence[float],
    values: Float[np.ndarray, "points seeds"],
    *,
    correction: float | None = None,
    together: int = 1,
    confidence: float = CONFIDENCE,
) -> Fit:
    """The exponent of values that were measured at each x once for every seed; NaN where one could not be.

    Args:
        x: different positive numbers, shape (points,).
        values: float64, shape (points, seeds).
        correction: the order q of the first correction of the law, if it has any.
        together: how many fits are judged together.
        confidence: of the interval, 0.95 by default.

    Raises:
        InvalidInput: shapes that do not fit, an x that is not positive or there twice, a confidence outside (0, 1).
    """
    places, values = np.asarray(x, np.float64), np.asarray(values, np.float64)
    _check(places, values, confidence)
    trouble = _trouble(places, values)
    if trouble is not None:
        return Fit(None, None, None, tuple(_mean_or_none(row) for row in values), (), trouble)
    logarithms = np.log(values)
    bends = correction is not None and _bends(np.log(places), logarithms, confidence)
    terms = [np.ones_like(places), np.log(places), *([places**correction] if bends and correction is not None else [])]
    inverse = np.linalg.pinv(np.stack(terms, axis=1))
    coefficients = inverse @ logarithms
    rounding = _MEASURED * float(np.sum(np.abs(inverse[1])))
    levels = (confidence, 1.0 - (1.0 - confidence) / together)
    half, joint = (_half_width(coefficients[1], level) + rounding for level in levels)
    intercept, slope, *bend = coefficients.mean(axis=1).tolist()
    means = logarithms.mean(axis=1)
    line = f"lines with a correction of order {correction:g}" if bends else "lines"
    return Fit(
        Interval(slope - half, slope, slope + half),
        Interval(slope - joint, slope, slope + joint),
        intercept,
        tuple(np.exp(means).tolist()),
        _neighbours(places, means),
        f"mean exponent of {values.shape[1]} {line}, one for each seed; Student's {confidence:.0%} interval",
        *bend,
    )


def _bends(positions: Float[np.ndarray, " points"], logarithms: Any, confidence: float) -> bool:
    """Whether the quadratic coefficient is away from 0; with three points nobody can tell."""
    if len(positions) <= _LEAST:
        return False
    curvatures = np.polynomial.polynomial.polyfit(positions - positions.mean(), logarithms, 2)[2]
    return bool(abs(curvatures.mean()) > _half_width(curvatures, 1.0 - (1.0 - confidence) * _DOUBT))


def _half_width(samples: Any, confidence: float) -> float:
    """Of Student's interval for the mean of independent, nearly normal numbers."""
    from scipy.stats import t

    count = len(samples)
    return float(t.ppf((1.0 + confidence) / 2.0, count - 1) * samples.std(ddof=1) / math.sqrt(count))


def fit_integers(x: Sequence[float], values: Sequence[int], *, step: int) -> Fit:
    """The exponent of real numbers known as integers only, each rounded up to the next multiple of ``step``.

    The number behind v lies in (v - step, v]: the interval encloses all slopes of least squares through such numbers,
    so that it contains the exponent of an exact law, without statistics.

    Raises:
        InvalidInput: as `fit_power_law`.
    """
    places, found = np.asarray(x, np.float64), np.asarray(values, np.float64)
    _check(places, found[:, None], CONFIDENCE)
    if len(places) < _LEAST or not np.all(found > step):
        return Fit(
            None, None, None, tuple(found.tolist()), (), f"expected {_LEAST} points or more, of values above {step}"
        )
    centred = np.log(places) - np.log(places).mean()
    weights = centred / (centred @ centred)
    upper, lower = np.log(found), np.log(found - step)
    least = float(np.sum(np.minimum(weights * lower, weights * upper))) - _EXACT
    greatest = float(np.sum(np.maximum(weights * lower, weights * upper))) + _EXACT
    slope = float(weights @ upper)
    enclosure = Interval(least, slope, greatest)
    return Fit(
        enclosure,
        enclosure,
        float(upper.mean() - slope * np.log(places).mean()),
        tuple(found.tolist()),
        _neighbours(places, upper),
        f"encloses every slope of numbers that round up to these multiples of {step}",
    )


def judge(fit: Fit, predicted: float) -> Verdict:
    """The verdict on a predicted exponent other than 0, by the rule that the module states."""
    if fit.exponent is None or fit.joint is None:
        return Verdict.UNDETERMINED
    if not fit.joint.contains(predicted):
        beyond = fit.joint.upper < predicted if predicted < 0 else fit.joint.lower > predicted
        return Verdict.STEEPER if beyond else Verdict.FLATTER
    return Verdict.CONSISTENT if fit.exponent.width < RESOLUTION else Verdict.UNDETERMINED


def _check(places: Any, values: Any, confidence: float) -> None:
    if values.ndim != 2 or len(values) != len(places):
        raise InvalidInput(f"values of shape {values.shape} at {len(places)} points: expected one row for each point")
    if not np.all(np.isfinite(places) & (places > 0)) or len(set(places.tolist())) != len(places):
        raise InvalidInput(f"points {places.tolist()}: expected different positive numbers")
    if not 0.0 < confidence < 1.0:
        raise InvalidInput(f"confidence is {confidence}: expected a number strictly between 0 and 1")


def _trouble(places: Any, values: Any) -> str | None:
    """Why there is no fit."""
    points, seeds = values.shape
    if points < _LEAST:
        return f"{points} points: expected {_LEAST} or more"
    if seeds < _LEAST:
        return f"{seeds} seeds: expected {_LEAST} or more"
    wrong = np.argwhere(~(np.isfinite(values) & (values > 0)))
    if len(wrong):
        row, column = wrong[0].tolist()
        what = "nothing was measured" if np.isnan(values[row, column]) else f"the value is {values[row, column]:g}"
        return f"{what} at {places[row]:g}, seed {column} ({len(wrong)} such values): no logarithm"
    return None


def _mean_or_none(row: Any) -> float | None:
    """The geometric mean, where there is one."""
    return float(np.exp(np.log(row).mean())) if len(row) and np.all(np.isfinite(row) & (row > 0)) else None


def _neighbours(places: Any, logarithms: Any) -> tuple[float, ...]:
    order = np.argsort(places)
    return tuple((np.diff(logarithms[order]) / np.diff(np.log(places[order]))).tolist())
