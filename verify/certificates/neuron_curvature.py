"""The least curvature of a neuron, or of a mirrored pair, on an interval: what a quadratic from below may have.

For ``psi(a) = sigma(A + a)``, or ``sigma(A + a) - sigma(B + a)`` for a pair, and a sign, a quadratic that touches
``sign psi`` at 0 stays below it on ``[low, high]`` if its curvature is at most the infimum there of

    k(a) = 2 sign (psi(a) - psi(0) - psi'(0) a) / a^2,    k(0) = sign psi''(0).

``k`` is a mean of psi'' between 0 and a, so it has the Lipschitz constant ``sup |psi'''| / 3``: for smooth sigma a few
evaluations bound it. For the quadratic ReLU psi is piecewise quadratic, and the infimum sits at one of finitely many
points. Both are much better than ``psi''(0) - sup |psi'''| |a| / 3``, since they are of this neuron and one-sided.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...bounds import Activation, InvalidInput, get_activation, upper_float
from ...bounds.constant_search import third_derivative_lipschitz
from ...kernels import numeric

_EPSILON = float(np.finfo(np.float64).eps)
_GRID = 9
_NEAR = 1e-7
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """The range ``[low, high]`` of ``a``, per neuron; it contains 0."""

    low: Array
    high: Array

    @property
    def reach(self) -> Array:
        """The largest ``|a|``."""
        return np.maximum(-self.low, self.high)


class Curvature(Protocol):
    """What is known of the second order of an activation."""

    def second(self, arguments: Array) -> Array:
        """sigma'' where the quadratic touches, as used for directions in which no infimum is taken."""

    def of_neurons(self, arguments: Array, signs: Array, interval: Interval) -> Array:
        """A lower bound of ``inf k`` for single neurons."""

    def of_pairs(self, first: Array, second: Array, signs: Array, interval: Interval) -> Array:
        """A lower bound of ``inf k`` for pairs with arguments A and B."""

    def mixed(self, first: Array, second: Array, reach: Array, shift: Array) -> tuple[Array, Array, Array]:
        """``(omega, eta, kappa)`` with ``|rest| <= omega a^2 + eta e^2 + kappa`` if ``|a| <= reach, |e| <= shift``.

        ``rest`` is what ``sigma(A + a + e) - sigma(B + a - e)`` differs by from its value at ``e = 0`` plus
        ``(sigma'(A) + sigma'(B)) e + (sigma''(A) + sigma''(B)) a e + (sigma''(A) - sigma''(B)) e^2 / 2``.
        """


@lru_cache(maxsize=64)
def curvature_of(activation: Activation) -> Curvature:
    """The best that the activation allows.

    Raises:
        InvalidInput: if sigma' is not Lipschitz.
    """
    if activation.derivative_lipschitz is None:
        raise InvalidInput(f"activation {activation.label}: a network certificate needs a Lipschitz sigma'")
    if is_quadratic_relu(activation):
        return QuadraticReluCurvature(float(upper_float(activation.scale)))
    if activation.curvature_lipschitz is None or not activation.proved:
        return SlopeCurvature(upper_float(activation.derivative_lipschitz))
    fourth = third_derivative_lipschitz(activation)
    return SmoothCurvature(
        activation,
        upper_float(activation.derivative_lipschitz),
        upper_float(activation.curvature_lipschitz),
        float("inf") if fourth is None else upper_float(fourth),
    )


def is_quadratic_relu(activation: Activation) -> bool:
    """By the expression: a name is no proof."""
    return bool(activation.expression == get_activation("quadratic_relu", activation.scale).expression)


@dataclass(frozen=True)
class SmoothCurvature:
    """The Lipschitz constants of sigma', sigma'' and sigma'''; the last one may be infinite."""

    activation: Activation
    beta: float
    gamma: float
    fourth: float

    def second(self, arguments: Array) -> Array:
        return np.asarray(numeric(self.activation, 2)(arguments))

    def of_neurons(self, arguments: Array, signs: Array, interval: Interval) -> Array:
        return self._least([(arguments, 1.0)], signs, interval, np.full_like(arguments, self.gamma))

    def of_pairs(self, first: Array, second: Array, signs: Array, interval: Interval) -> Array:
        return self._least([(first, 1.0), (second, -1.0)], signs, interval, self._third(first, second))

    def mixed(self, first: Array, second: Array, reach: Array, shift: Array) -> tuple[Array, Array, Array]:
        """Taylor: ``S(a) = sigma'(A+a) + sigma'(B+a)`` bends by gamma a^2, the difference of sigma'' by psi'''."""
        omega = self.gamma * shift
        eta = 0.5 * self._third(first, second) * reach + self.gamma / 3.0 * shift
        return omega, eta, np.zeros_like(shift)

    def _third(self, first: Array, second: Array) -> Array:
        """``sup |psi'''|`` for a pair."""
        with np.errstate(invalid="ignore"):
            apart = self.fourth * np.abs(first - second)
        return np.fmin(2.0 * self.gamma, apart) * (1.0 + 8.0 * _EPSILON)

    def _least(self, parts: list[tuple[Array, float]], signs: Array, interval: Interval, third: Array) -> Array:
        sigma, slope = (numeric(self.activation, order) for order in (0, 1))
        value: Array = sum(factor * sigma(part) for part, factor in parts)
        tilt: Array = sum(factor * slope(part) for part, factor in parts)
        at_zero: Array = signs * sum(factor * self.second(part) for part, factor in parts)
        size = sum(np.abs(sigma(part)) for part, _ in parts)
        slopes = sum(np.abs(slope(part)) for part, _ in parts)
        least = np.full_like(value, np.inf)
        for place in np.linspace(0.0, 1.0, _GRID):
            a = interval.low + place * (interval.high - interval.low)
            moved = sum(factor * sigma(part + a) for part, factor in parts)
            with np.errstate(divide="ignore", invalid="ignore"):
                quotient = 2.0 * signs * (moved - value - tilt * a) / a**2
                # Each sigma is good to a few roundings of its size, its argument to one of its own.
                steepest = slopes + self.beta * np.abs(a) + 1.0
                scale = 2.0 * size + np.abs(tilt * a) + (np.abs(parts[0][0]) + np.abs(a)) * steepest
                rounded = quotient - 32.0 * _EPSILON * scale / a**2
            least = np.minimum(least, np.fmax(rounded, at_zero - third * np.abs(a) / 3.0))
        spacing = (interval.high - interval.low) / (_GRID - 1)
        return np.asarray(least - third / 3.0 * 0.5 * spacing * (1.0 + 8.0 * _EPSILON))


@dataclass(frozen=True)
class QuadraticReluCurvature:
    """``sigma(z) = max(0, s z)^2``; everything is done for s = 1 and multiplied by ``s^2``."""

    scale: float

    def second(self, arguments: Array) -> Array:
        return np.where(arguments > 0.0, 2.0 * self.scale**2, 0.0)

    def of_neurons(self, arguments: Array, signs: Array, interval: Interval) -> Array:
        return self._least([(arguments, 1.0)], signs, interval)

    def of_pairs(self, first: Array, second: Array, signs: Array, interval: Interval) -> Array:
        return self._least([(first, 1.0), (second, -1.0)], signs, interval)

    def mixed(self, first: Array, second: Array, reach: Array, shift: Array) -> tuple[Array, Array, Array]:
        """Only a neuron that may switch leaves a rest: ``2 (|a| - |A|)_+ |e|`` and at most ``e^2``."""
        threshold = 0.1 * float(np.median(reach))
        factor = self.scale**2 * (1.0 + 8.0 * _EPSILON)
        omega, eta, kappa = np.zeros_like(shift), np.zeros_like(shift), np.zeros_like(shift)
        for argument in (first, second):
            distance = np.abs(argument)
            switches = distance <= (reach + shift) * (1.0 + 16.0 * _EPSILON)
            quadratic, constant = switching_majorant(distance, reach, threshold)
            omega += np.where(switches, 2.0 * factor * shift * quadratic, 0.0)
            kappa += np.where(switches, 2.0 * factor * shift * constant, 0.0)
            eta += np.where(switches, factor, 0.0)
        return omega, eta, kappa

    def _least(self, parts: list[tuple[Array, float]], signs: Array, interval: Interval) -> Array:
        """The quotient is monotone between its candidates: ends, kinks, and where a piece is stationary."""
        low, high = interval.low, interval.high
        value = sum(factor * np.maximum(part, 0.0) ** 2 for part, factor in parts)
        tilt = sum(2.0 * factor * np.maximum(part, 0.0) for part, factor in parts)
        candidates = [low, high, *(-part for part, _ in parts), *_stationary(parts, value, tilt)]
        at_zero = signs * sum(2.0 * factor * (part > 0.0) for part, factor in parts)
        least = np.asarray(at_zero, np.float64)
        for candidate in candidates:
            a = np.clip(candidate, low, high)
            moved = sum(factor * np.maximum(part + a, 0.0) ** 2 for part, factor in parts)
            size = sum(np.maximum(part, 0.0) ** 2 + np.abs(part * a) + a**2 for part, _ in parts)
            with np.errstate(divide="ignore", invalid="ignore"):
                quotient = 2.0 * signs * (moved - value - tilt * a) / a**2 - 64.0 * _EPSILON * size / a**2
            # Next to 0 the quotient is psi''(0), unless a kink is as near: then only the range of psi'' is known.
            near = np.abs(a) <= _NEAR
            kinked = np.any([np.abs(part) <= 2.0 * _NEAR for part, _ in parts], axis=0)
            flat = np.where(kinked, sum(np.minimum(2.0 * signs * factor, 0.0) for _, factor in parts), at_zero)
            least = np.minimum(least, np.where(near, flat, quotient))
        return np.asarray(self.scale**2 * (least - 64.0 * _EPSILON))


@dataclass(frozen=True)
class SlopeCurvature:
    """Only that sigma' is beta-Lipschitz is known: every quotient lies within beta of 0."""

    beta: float

    def second(self, arguments: Array) -> Array:
        return np.zeros_like(arguments)

    def of_neurons(self, arguments: Array, signs: Array, interval: Interval) -> Array:
        return np.full_like(arguments, -self.beta)

    def of_pairs(self, first: Array, second: Array, signs: Array, interval: Interval) -> Array:
        return np.full_like(first, -2.0 * self.beta)

    def mixed(self, first: Array, second: Array, reach: Array, shift: Array) -> tuple[Array, Array, Array]:
        return np.full_like(first, np.inf), np.full_like(first, np.inf), np.zeros_like(first)


def switching_majorant(distance: Array, reach: Array, threshold: float) -> tuple[Array, Array]:
    """``(omega, kappa)`` with ``(|a| - distance)_+ <= omega a^2 + kappa`` for all ``|a| <= reach``.

    ``(|a| - b) / a^2`` is largest at ``|a| = 2 b`` (value ``1 / (4 b)``), or at ``reach`` if that comes first. Close to
    the kink ``|a| <= a^2 / (2 c) + c / 2`` with ``c = threshold`` is used instead, at a constant cost ``c / 2 - b``.
    """
    near = distance < threshold / 2.0
    safe = np.maximum(distance, threshold / 2.0)
    length = np.where(reach > 0.0, reach, 1.0)
    beyond = np.maximum(reach - safe, 0.0) / length / length
    far = np.where(reach >= 2.0 * safe, 0.25 / np.where(safe > 0.0, safe, 1.0), beyond)
    omega = np.where(near, 0.5 / threshold if threshold > 0.0 else 0.0, far)
    return omega, np.where(near, threshold / 2.0 - distance, 0.0)


def _stationary(parts: list[tuple[Array, float]], value: Array | float, tilt: Array | float) -> list[Array]:
    """``a = -2 alpha / beta`` for every way in which the neurons of ``alpha + beta a + gamma a^2`` can be active."""
    places = []
    for mask in range(1 << len(parts)):
        chosen = [part for index, part in enumerate(parts) if mask >> index & 1]
        alpha = sum((factor * part**2 for part, factor in chosen), -np.asarray(value))
        beta = sum((2.0 * factor * part for part, factor in chosen), -np.asarray(tilt))
        with np.errstate(divide="ignore", invalid="ignore"):
            place = -2.0 * alpha / beta
        places.append(np.where(np.isfinite(place), place, 0.0))
    return places
