"""Hermite coefficients of sigma' with rigorous enclosures and rigorous tails (Mehler's series, theory section
4).

With he_k = He_k / sqrt(k!) and h_k = E[sigma'(w) he_k(w)], w ~ N(0, 1): kappa(u) = u sum_k h_k^2 u^k. All
coefficients come from one trapezoidal rule (`strip.py` bounds its error), evaluated in integers: He_{k+1} = x
He_k - k He_{k-1} at dyadic nodes needs nothing but small products and shifts, and their rounding is bounded
by running the same recurrence on the errors. What lies beyond the last coefficient follows exactly from
moments, since differentiating lowers the index: E[sigma'^2] = sum h_k^2, E[sigma''^2] = sum k h_k^2,
E[sigma'''^2] = sum k (k - 1) h_k^2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy
from flint import acb, arb, ctx, fmpq, fmpz

from ...bounds import Activation, InvalidInput
from ...bounds.enclosure import enclose
from .complex_balls import BoxFunction, on_boxes
from .strip import Grid, Strip, find_strip

__all__ = ["HermiteSeries", "gaussian_mean", "hermite_series"]

# The tails of kappa, kappa', kappa'' are at most these times kappa(1), kappa'(1), kappa''(1).
_TOLERANCES = (2.0**-56, 2.0**-54, 2.0**-50)
_ERROR_BITS = 84
_FEWEST, _MOST = 256, 8192
_BLOCK = 16


@dataclass(frozen=True)
class HermiteSeries:
    """Balls around h_0^2, ..., h_{N-1}^2 and bounds of what is missing in kappa(1), kappa'(1), kappa''(1).

    `tails[i]` also bounds the truncation error of kappa^(i) at every u in [-1, 1].
    """

    squares: tuple[arb, ...]
    tails: tuple[float, float, float]

    def __len__(self) -> int:
        return len(self.squares)


@lru_cache(maxsize=64)
def hermite_series(activation: Activation) -> HermiteSeries:
    """The series of an activation that is analytic in a strip around the real line, long enough for float64.

    Raises InvalidInput where that cannot be proved, or where the activation comes without the constants (beta, and
    gamma) that bound sigma'' and sigma''' far out. Where those are declared, not proved, so are the tails.
    """
    return _long_enough(_Integrands.of(activation))


@lru_cache(maxsize=64)
def gaussian_mean(activation: Activation) -> arb:
    """A ball around E[sigma(w)], w ~ N(0, 1), for an activation that is analytic in a strip and has a bounded slope.

    Raises InvalidInput where that is not so.
    """
    if activation.derivative_bound is None:
        raise InvalidInput(f"activation {activation.label}: E[sigma(w)] is enclosed with a bound of sigma' only")
    function, reach = on_boxes(activation.expression, _symbol(activation)), _reach(_FEWEST)
    strip = find_strip(function, reach=reach, degree=1, error=2.0**-_ERROR_BITS)
    if strip is None:
        raise InvalidInput(
            f"activation {activation.label}: cannot prove that it is analytic in a strip around the real line"
        )
    grid = _grid(strip.step_for(1, 2.0**-_ERROR_BITS), reach)
    at_zero = enclose(abs(activation.expression.subs(_symbol(activation), 0)))
    with ctx.workprec(_ERROR_BITS + 40):
        values = _samples(function, grid)
        total = sum((weight * value for weight, value in zip(_weights(grid), values, strict=True)), arb(0))
        slope = enclose(activation.derivative_bound)
        return total + _within(strip.error(grid, 0, growth=at_zero / 4 + slope, power=1))


@dataclass(frozen=True)
class _Integrands:
    """sigma', sigma'', sigma''' on boxes; for real |x| >= 4 they are at most growth * |x|^power."""

    label: str
    functions: tuple[BoxFunction, ...]
    growth: tuple[tuple[arb, int], ...]

    @classmethod
    def of(cls, activation: Activation) -> _Integrands:
        beta, gamma = activation.derivative_lipschitz, activation.curvature_lipschitz
        if beta is None or gamma is None:
            raise InvalidInput(
                f"activation {activation.label}: its kernel has no closed form, and a series needs "
                "Lipschitz constants of sigma' and sigma'' (derivative_lipschitz, curvature_lipschitz)"
            )
        symbol = _symbol(activation)
        functions = tuple(on_boxes(activation.derivative(order), symbol) for order in (1, 2, 3))
        slope = enclose(activation.derivative_at_zero / 4 + beta)
        return cls(activation.label, functions, ((slope, 1), (enclose(beta), 0), (enclose(gamma), 0)))


def _symbol(activation: Activation) -> sympy.Symbol:
    symbols = activation.expression.free_symbols
    return next(iter(symbols)) if symbols else sympy.Symbol("z", real=True)


def _long_enough(integrands: _Integrands) -> HermiteSeries:
    """The series at a degree that suffices; h_k decays about like exp(-a sqrt(k)) for a strip of height a."""
    height = float(_strip(integrands, 0, _reach(_FEWEST), _FEWEST).half_height)
    degree = max(_FEWEST, math.ceil((24 / height) ** 2))
    while degree <= _MOST:
        series = _attempt(integrands, degree)
        if series is not None:
            return series
        degree *= 2
    raise InvalidInput(
        f"activation {integrands.label}: its kernel needs more than {_MOST} Hermite coefficients; try a smaller scale"
    )


def _attempt(integrands: _Integrands, degree: int) -> HermiteSeries | None:
    """The series with at most `degree` terms, or None if its tails are too large."""
    reach = _reach(degree)
    strips = [_strip(integrands, order, reach, degree) for order in range(3)]
    grid = _grid(min(strip.step_for(degree, 2.0**-_ERROR_BITS) for strip in strips), reach)
    bits = _ERROR_BITS + 40 + math.ceil(1.4427 * reach * math.sqrt(degree))
    with ctx.workprec(bits):
        samples = [_samples(function, grid) for function in integrands.functions]
        moments = [
            _moment(values, strip.squared().error(grid, 0, growth=growth**2, power=2 * power), grid)
            for values, strip, (growth, power) in zip(samples, strips, integrands.growth, strict=True)
        ]
        growth, power = integrands.growth[0]
        error = strips[0].error(grid, degree, growth=growth, power=power)
        return _collect(_coefficients(samples[0], grid, bits, error, degree), moments)


def _reach(degree: int) -> int:
    """Where exp(-x^2/4), times what he_k gains in the strip, is below the error wanted."""
    return math.ceil(math.sqrt(4 * (_ERROR_BITS * math.log(2) + 12 + 0.5 * math.log(degree) + 14)))


def _strip(integrands: _Integrands, order: int, reach: int, degree: int) -> Strip:
    strip = find_strip(integrands.functions[order], reach=reach, degree=degree, error=2.0**-_ERROR_BITS)
    if strip is None:
        raise InvalidInput(
            f"activation {integrands.label}: cannot prove that it is analytic in a strip around the real line"
        )
    return strip


def _grid(step: float, reach: int) -> Grid:
    """A dyadic step of at most `step`, with eight digits, and as many nodes as fit within reach."""
    shift = 8 - math.floor(math.log2(step))
    numerator = math.floor(math.ldexp(step, shift))
    return Grid(numerator, shift, math.floor(reach / math.ldexp(numerator, -shift) - 0.5))


def _samples(function: BoxFunction, grid: Grid) -> list[arb]:
    """The function at all nodes, from the left."""
    nodes = (arb(fmpq(j * grid.numerator, 1 << grid.shift)) for j in range(-grid.last, grid.last + 1))
    return [function(acb(node)).real for node in nodes]


def _weights(grid: Grid) -> list[arb]:
    """The normal density at all nodes, times the step."""
    constant, step = grid.step / (2 * arb.pi()).sqrt(), grid.step
    right = [constant * (-((step * j) ** 2) / 2).exp() for j in range(grid.last + 1)]
    return [*reversed(right[1:]), *right]


def _moment(values: list[arb], error: arb, grid: Grid) -> arb:
    """E[tau^2]."""
    total = sum((weight * value**2 for weight, value in zip(_weights(grid), values, strict=True)), arb(0))
    return total + _within(error)


def _within(error: arb) -> arb:
    """The ball of radius `error` around 0."""
    return arb(0, error.upper())


def _coefficients(values: list[arb], grid: Grid, bits: int, error: arb, degree: int) -> Iterator[arb]:
    """Balls around h_0, ..., h_{degree-1}, from integers: weight * He_k(node) / about sqrt(k!), in 2^-bits.

    `rounding` bounds the error of every entry in those units: the recurrence is linear, so the error obeys it
    too, up to two units for each floor.
    """
    products = [weight * value for weight, value in zip(_weights(grid), values, strict=True)]
    current, rounding = _integers(products, bits)
    previous, previous_rounding = np.zeros_like(current), 0
    nodes = np.array([j * grid.numerator for j in range(-grid.last, grid.last + 1)], dtype=object)
    furthest, scaled_by, factorial = math.ceil(float(grid.reach)), 0, fmpz(1)
    for k in range(degree):
        root = arb(factorial).sqrt()
        unit = arb(2) ** (scaled_by - bits) / root
        yield arb(fmpz(int(current.sum()))) * unit + _within(rounding * len(values) * unit + error)
        following = ((nodes * current) >> grid.shift) - k * previous
        previous, current = current, following
        previous_rounding, rounding = rounding, furthest * rounding + k * previous_rounding + 2
        factorial *= k + 1
        if k % _BLOCK == _BLOCK - 1:
            shift = int(factorial).bit_length() // 2 - scaled_by
            current, previous = current >> shift, previous >> shift
            rounding, previous_rounding = (rounding >> shift) + 2, (previous_rounding >> shift) + 2
            scaled_by += shift


def _integers(values: list[arb], bits: int) -> tuple[np.ndarray[Any, Any], int]:
    """The balls in units of 2^-bits, rounded, and a bound of the error of each in those units."""
    scaled = [value * arb(2) ** bits for value in values]
    whole: np.ndarray[Any, Any] = np.array([_floor(ball.mid()) for ball in scaled], dtype=object)
    radius = max(_floor(ball.rad().upper()) + 1 for ball in scaled)
    return whole, radius + 2


def _floor(exact: arb) -> int:
    """The integer part of an exact ball, downward."""
    whole = exact.floor().unique_fmpz()
    if whole is None:
        raise RuntimeError(f"{exact} is not exact")
    return int(whole)


def _collect(coefficients: Iterator[arb], moments: list[arb]) -> HermiteSeries | None:
    """Squares until the tails are small enough, or None if they never are."""
    squares: list[arb] = []
    limits = _of_kappa(moments)
    missing = list(moments)
    for k, coefficient in enumerate(coefficients):
        square = coefficient**2
        squares.append(square)
        missing = [left - weight * square for left, weight in zip(missing, (1, k, k * (k - 1)), strict=True)]
        if k % _BLOCK == 0 and _are_small(_of_kappa(missing), limits):
            return _without_zeros(squares, _of_kappa(missing))
    return None


def _of_kappa(sums: list[arb]) -> list[arb]:
    """sum h_k^2, sum (k + 1) h_k^2 and sum (k + 1) k h_k^2 from the sums weighted by 1, k and k (k - 1)."""
    return [sums[0], sums[0] + sums[1], 2 * sums[1] + sums[2]]


def _are_small(tails: list[arb], limits: list[arb]) -> bool:
    return all(
        tail.upper() <= tolerance * limit for tail, tolerance, limit in zip(tails, _TOLERANCES, limits, strict=True)
    )


def _without_zeros(squares: list[arb], tails: list[arb]) -> HermiteSeries:
    """Coefficients that may be 0 (parity makes them so) become 0; what they might be joins the tails."""
    for k, square in enumerate(squares):
        if square.contains(0):
            squares[k] = arb(0)
            tails = [
                tail + weight * square.upper() for tail, weight in zip(tails, (1, k + 1, k * (k + 1)), strict=True)
            ]
    value, first, second = (_float_above(tail) for tail in tails)
    return HermiteSeries(tuple(squares), (value, first, second))


def _float_above(ball: arb) -> float:
    upper = ball.upper()
    return 0.0 if upper <= 0 else math.nextafter(float(upper), math.inf)
