"""kappa from its Hermite-Mehler series in floating point (theory section 4).

All coefficients are nonnegative, so nothing cancels for u >= 0; even and odd powers are kept apart, so
nothing cancels for u < 0 either where kappa has one parity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..closed_forms import SMOOTH
from ..cosines import Cosine
from .hermite import HermiteSeries

__all__ = ["PowerSeries", "SeriesForm"]

# NumPy evaluates in bands of |u|: the smaller u, the fewer terms.
_BANDS = (0.5, 0.8, 0.93, 0.98, 1.0)
_NEGLIGIBLE = 2.0**-56
_CHUNK = 1 << 15


@dataclass(frozen=True)
class PowerSeries:
    """sum_n coefficients[n] u^n with nonnegative coefficients, for |u| <= 1."""

    coefficients: tuple[float, ...]

    def __call__(self, u: Any, xp: Any = np) -> Any:
        evaluate = _banded if xp is np else _scanned
        total = 0 * u
        for first_power, factors in self._halves:
            total = total + u**first_power * evaluate(factors, u * u, xp)
        return total

    @property
    def parity(self) -> int | None:
        """0 or 1 if all powers are even or odd, else None."""
        present = {first_power % 2 for first_power, _ in self._halves}
        return present.pop() if len(present) == 1 else None

    @cached_property
    def _halves(self) -> list[tuple[int, np.ndarray[Any, Any]]]:
        """Even and odd powers as u^p times a polynomial in u^2 whose first coefficient is not 0."""
        halves = []
        for parity in (0, 1):
            part = np.array(self.coefficients[parity::2])
            (present,) = np.nonzero(part)
            if present.size:
                halves.append((parity + 2 * int(present[0]), part[present[0] : present[-1] + 1]))
        return halves

    def derivative(self) -> PowerSeries:
        return PowerSeries(tuple(n * c for n, c in enumerate(self.coefficients))[1:])

    def quotient_at_one(self) -> PowerSeries:
        """(P(1) - P(u)) / (1 - u) = sum_j (sum_{n > j} c_n) u^j, again with nonnegative coefficients."""
        suffixes = np.cumsum(self.coefficients[::-1])[::-1]
        return PowerSeries(tuple(float(c) for c in suffixes[1:]))

    def shortened(self) -> tuple[PowerSeries, float]:
        """Without the last terms that do not matter in float64, and what those terms add up to at u = 1."""
        suffixes = np.cumsum(self.coefficients[::-1])[::-1]
        kept = max(int(np.count_nonzero(suffixes > _NEGLIGIBLE * suffixes[0])), 1)
        return PowerSeries(self.coefficients[:kept]), math.fsum(self.coefficients[kept:])


def _scanned(factors: np.ndarray[Any, Any], x: Any, xp: Any) -> Any:
    return xp.polyval(xp.asarray(factors[::-1], dtype=x.dtype), x, unroll=16)


def _banded(factors: np.ndarray[Any, Any], x: Any, xp: Any = np) -> Any:
    """Horner's rule with as many terms as the band of each entry needs, in chunks that stay in the cache."""
    lengths = [_needed(factors, radius**2) for radius in _BANDS]
    if lengths[0] == lengths[-1]:
        return _horner(factors, np.asarray(x))
    flat = np.ravel(x)
    result = np.empty_like(flat)
    for start in range(0, flat.size, _CHUNK):
        chunk = flat[start : start + _CHUNK]
        band = np.searchsorted([radius**2 for radius in _BANDS[:-1]], chunk)
        for index in np.unique(band):
            here = band == index
            result[start : start + _CHUNK][here] = _horner(factors[: lengths[index]], chunk[here])
    return result.reshape(np.shape(x))


def _needed(factors: np.ndarray[Any, Any], x: float) -> int:
    terms = factors * x ** np.arange(len(factors))
    suffixes = np.cumsum(terms[::-1])[::-1]
    return max(int(np.count_nonzero(suffixes > _NEGLIGIBLE * factors[0])), 1)


def _horner(factors: np.ndarray[Any, Any], x: Any) -> Any:
    total = np.full_like(x, factors[-1])
    for factor in factors[-2::-1].tolist():
        total *= x
        total += factor
    return total


@dataclass(frozen=True, eq=False)
class SeriesForm:
    """The form (see `closed_forms`) of an activation without a closed form."""

    series: HermiteSeries
    order = SMOOTH

    @cached_property
    def _kappa(self) -> tuple[PowerSeries, PowerSeries, PowerSeries, PowerSeries]:
        value = PowerSeries((0.0, *(float(square) for square in self.series.squares)))
        first = value.derivative()
        second = first.derivative()
        return value, first, second, second.derivative()

    @cached_property
    def _short(self) -> list[tuple[PowerSeries, float]]:
        return [series.shortened() for series in self._kappa]

    @cached_property
    def _quotients(self) -> list[PowerSeries]:
        return [series.quotient_at_one().shortened()[0] for series in self._kappa[:2]]

    @property
    def tails(self) -> tuple[float, float, float]:
        """Bounds on what value, first and second omit, at every u in [-1, 1]."""
        value, first, second = (
            math.nextafter(tail + 2 * dropped, math.inf) if tail + dropped else 0.0
            for tail, (_, dropped) in zip(self.series.tails, self._short, strict=False)
        )
        return value, first, second

    @property
    def turning_points(self) -> tuple[float, ...] | None:
        """Zeros of kappa''': with odd powers only none, with even powers only 0, else unknown."""
        parity = self._kappa[2].parity
        return None if parity is None else ((), (0.0,))[parity == 0]

    def value(self, u: Cosine) -> Any:
        return self._short[0][0](u.value, u.xp)

    def first(self, u: Cosine) -> Any:
        return self._short[1][0](u.value, u.xp)

    def second(self, u: Cosine) -> Any:
        return self._short[2][0](u.value, u.xp)

    def third(self, u: Cosine) -> Any:
        return self._short[3][0](u.value, u.xp)

    def value_drop(self, u: Cosine) -> Any:
        return u.gap * self._quotients[0](u.value, u.xp)

    def first_drop(self, u: Cosine) -> Any:
        return u.gap * self._quotients[1](u.value, u.xp)
