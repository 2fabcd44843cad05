"""Taylor expansions of the ridge functions of networks and kernels, with one-sided bounds of what they leave out.

For ``|a| <= reach`` an expansion keeps below ``o phi(b + a)`` (see `ridge_sums`):

* smooth sigma: to third order with ``bend = Lip(sigma''') reach^2 / 24``, or, where Lip(sigma''') is not known, to
  second order with ``bend = gamma reach / 6``;
* quadratic ReLU: the quadratic at b is exact unless the neuron switches, and then errs on one side only, by at most
  ``(|a| - |b|)^2 <= (1 - |b| / reach)^2 a^2``;
* only beta known: to first order with ``bend = beta / 2``;
* kernels: a quadratic that touches kappa and stays on the safe side on the range of its argument (theory E4.c).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...bounds import Activation, InvalidInput, upper_float
from ...bounds.constant_search import third_derivative_lipschitz
from ...kernels import DualKernel, numeric
from .neuron_curvature import is_quadratic_relu

_EPSILON = float(np.finfo(np.float64).eps)
_KERNEL_ERROR = 2e-13  # relative error of kappa and its derivatives in float64, as the kernels room tests it
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Expansion:
    """Value and derivatives at b of what replaces phi, and the bend; all of one shape. ``third`` may be left out."""

    value: Array
    slope: Array
    curvature: Array
    bend: Array
    third: Array | None = None


class RidgeProfile(Protocol):
    """A function phi of one argument, as a sum of ridges needs it."""

    @property
    def relative_error(self) -> float:
        """Of phi and its derivatives in float64, beyond a few roundings."""

    def values(self, arguments: Array) -> Array:
        """phi."""

    def expand(self, arguments: Array, reach: Array, outputs: Array) -> Expansion:
        """The expansion at ``arguments``, good for ``|a| <= reach`` and the signs of ``outputs``."""

    def sizes(self, arguments: Array, lengths: Array) -> Array:
        """Bounds of what enters the sums, for the rounding error: see `RidgeSum.rounding`."""


@dataclass(frozen=True)
class _Network:
    activation: Activation
    beta: float
    gamma: float | None

    @property
    def relative_error(self) -> float:
        return 16.0 * _EPSILON

    def values(self, arguments: Array) -> Array:
        return np.asarray(numeric(self.activation, 0)(arguments))

    def sizes(self, arguments: Array, lengths: Array) -> Array:
        """By Taylor from 0: ``|sigma| + |sigma'| L + (beta + gamma) (L^2 + L^3)`` with ``|b|, |a| <= L``."""
        sigma, slope = (np.abs(numeric(self.activation, order)(arguments)) for order in (0, 1))
        higher = self.beta * lengths**2 + (self.gamma or 0.0) * (lengths**2 + lengths**3)
        return np.asarray(sigma + slope * lengths + higher)


@dataclass(frozen=True)
class _Smooth(_Network):
    fourth: float | None

    def expand(self, arguments: Array, reach: Array, outputs: Array) -> Expansion:
        if self.gamma is None:
            raise TypeError("a smooth profile needs gamma")
        value, slope, curvature = (np.asarray(numeric(self.activation, order)(arguments)) for order in range(3))
        if self.fourth is None:
            return Expansion(value, slope, curvature, self.gamma / 6.0 * reach)
        third = np.asarray(numeric(self.activation, 3)(arguments))
        return Expansion(value, slope, curvature, self.fourth / 24.0 * reach**2, third)


@dataclass(frozen=True)
class _QuadraticRelu(_Network):
    def expand(self, arguments: Array, reach: Array, outputs: Array) -> Expansion:
        value, slope, curvature = (np.asarray(numeric(self.activation, order)(arguments)) for order in range(3))
        adverse = np.where(arguments > 0.0, outputs > 0.0, outputs < 0.0)
        switching = np.maximum(1.0 - np.abs(arguments) / np.maximum(reach, 1e-300), 0.0) ** 2
        # beta / 2 is the square of the scale.
        return Expansion(value, slope, curvature, np.where(adverse, 0.5 * self.beta * switching, 0.0))


@dataclass(frozen=True)
class _OnlyBeta(_Network):
    def expand(self, arguments: Array, reach: Array, outputs: Array) -> Expansion:
        value, slope = (np.asarray(numeric(self.activation, order)(arguments)) for order in range(2))
        return Expansion(value, slope, np.zeros_like(value), np.full_like(value, 0.5 * self.beta))


@dataclass(frozen=True)
class _Kernel:
    kernel: DualKernel

    @property
    def relative_error(self) -> float:
        return _KERNEL_ERROR

    def values(self, arguments: Array) -> Array:
        return np.asarray(self.kernel.value(np.clip(arguments, -1.0, 1.0)))

    def sizes(self, arguments: Array, lengths: Array) -> Array:
        """kappa and kappa' are largest at 1, where |kappa'' a^2| is at most of the size of kappa'."""
        return np.full_like(arguments, self.kernel.at_one + 4.0 * self.kernel.first_at_one)

    def expand(self, arguments: Array, reach: Array, outputs: Array) -> Expansion:
        low = np.clip(arguments - reach - 8.0 * _EPSILON, -1.0, 1.0)
        high = np.clip(arguments + reach + 8.0 * _EPSILON, -1.0, 1.0)
        width = high - low
        # At u = 1 kappa'' may be infinite: the quadratics touch a little inside the range.
        tangency = np.clip(arguments, low + 0.05 * width, high - 0.05 * width)
        value, slope = self.kernel.value(tangency), self.kernel.first(tangency)
        curvature = self._curvature(tangency, value, slope, low, high, outputs)
        offset = arguments - tangency
        with np.errstate(invalid="ignore"):
            touched = value + slope * offset + 0.5 * curvature * offset**2, slope + curvature * offset
        return Expansion(*touched, curvature, np.zeros_like(value))

    def _curvature(self, tangency: Array, value: Array, slope: Array, low: Array, high: Array, outputs: Array) -> Array:
        """A bound of kappa'' on the range, or of the Taylor quotient ``2 (kappa(u) - kappa(v) - kappa'(v) (u - v)) /
        (u - v)^2``, a mean of kappa'' between v and u: where kappa'' is monotone so is that, and extreme at an end.
        """
        raised = outputs > 0.0
        below, above = self.kernel.second_bounds(low, high)
        by_range = np.where(raised, below, above)
        quotients = [self._quotient(end, tangency, value, slope, raised) for end in (low, high)]
        by_quotient = np.where(raised, np.minimum(*quotients), np.maximum(*quotients))
        better = np.where(raised, np.fmax(by_quotient, by_range), np.fmin(by_quotient, by_range))
        return np.asarray(np.where(outputs == 0.0, 0.0, np.where(self._monotone(low, high), better, by_range)))

    def _quotient(self, end: Array, tangency: Array, value: Array, slope: Array, raised: NDArray[np.bool_]) -> Array:
        """The Taylor quotient at an end, rounded to the safe side; NaN where nothing can be said."""
        step = end - tangency
        with np.errstate(divide="ignore", invalid="ignore"):
            quotient = 2.0 * (self.kernel.value(end) - value - slope * step) / step**2
            pad = 8.0 * _KERNEL_ERROR * (self.kernel.at_one + np.abs(slope * step)) / step**2
            return np.asarray(np.where(raised, quotient - pad, quotient + pad))

    def _monotone(self, low: Array, high: Array) -> NDArray[np.bool_]:
        """Where kappa'' is known to be monotone: on [0, 1], and where kappa''' has no zero (those known are floats)."""
        turns = self.kernel.form.turning_points
        if turns is None:
            return np.asarray(low >= 0.0)
        apart = [(high < turn - 1e-9) | (low > turn + 1e-9) for turn in turns]
        return np.asarray((low >= 0.0) | np.all([np.ones(low.shape, bool), *apart], axis=0))


def network_profile(activation: Activation) -> RidgeProfile:
    """The best expansion that the activation allows.

    Raises:
        InvalidInput: if sigma' is not Lipschitz.
    """
    if activation.derivative_lipschitz is None:
        raise InvalidInput(f"activation {activation.label}: branch and bound needs a Lipschitz sigma'")
    beta = upper_float(activation.derivative_lipschitz)
    gamma = None if activation.curvature_lipschitz is None else upper_float(activation.curvature_lipschitz)
    if is_quadratic_relu(activation):
        return _QuadraticRelu(activation, beta, None)
    if gamma is None or not activation.proved:
        return _OnlyBeta(activation, beta, None)
    fourth = third_derivative_lipschitz(activation)
    return _Smooth(activation, beta, gamma, None if fourth is None else upper_float(fourth))


def kernel_profile(kernel: DualKernel) -> RidgeProfile:
    """For kernels whose kappa' is finite.

    Raises:
        InvalidInput: for the kernel of ReLU.
    """
    if kernel.order < 1:
        raise InvalidInput(f"kernel of {kernel.activation.label}: branch and bound needs a finite kappa'(1)")
    return _Kernel(kernel)
