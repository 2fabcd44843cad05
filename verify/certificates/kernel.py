"""Certified lower bounds of ``s f(x')`` over a cap, for kernel functions ``f = sum_j c_j K(., z_j)`` (theory E4.c).

Three orders, each sound by itself; `certify_kernel` returns the best of those asked for.

* order 0: only ``|f|_H`` and ``f(x)`` are used;
* order 1: the value and gradient at the centre and the norm of what is orthogonal to both: the optimal bound given
  these data (it implies the integral form of E4.c);
* order 2: the coefficients themselves are used. Every ``kappa(<x', z_j>)`` is replaced by a quadratic in
  ``<x' - x, z_j>`` that stays on the safe side over the whole cap, and the sum is minimised exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput
from ...kernels import DualKernel
from ..predictors import KernelPredictor
from ..sets.cap import SphericalCap
from .cap_model import CapGeometry, QuadraticModel, minimum_over_cap

_EPSILON = float(np.finfo(np.float64).eps)
_KERNEL_ERROR = 2e-13  # relative error of kappa and its derivatives in float64, as the kernels room tests it
_GRID = 2000
_REFINEMENTS = 6
Array = NDArray[np.float64]


@dataclass(frozen=True)
class CapBounds:
    """``lower[i]`` is at most ``min s_i f(x')`` over the cap of row i; ``order[i]`` says which argument gave it."""

    lower: Array
    order: NDArray[np.int64]

    @property
    def minimum(self) -> float:
        """The smallest certified value; NaN if any row is NaN, so that it cannot pass a comparison."""
        return float(np.min(self.lower))


def certify_kernel(
    predictor: KernelPredictor,
    points: Float[np.ndarray, "n d"],
    signs: Float[np.ndarray, " n"],
    cap: SphericalCap,
    *,
    orders: tuple[int, ...] = (0, 1, 2),
) -> CapBounds:
    """Lower bounds of ``signs[i] f(x')`` for every ``x'`` in the cap around ``points[i]``.

    Args:
        predictor: the kernel function; its centres must lie on the same ``S_b``.
        points: centres of the caps, float64, on ``S_b``.
        signs: +1 for a lower bound of ``f``, -1 for an upper one (labels, for a margin).
        cap: the perturbation set.
        orders: which arguments to try; orders that the kernel is not smooth enough for fall back to order 0.

    Raises:
        InvalidInput: for an unknown order.
    """
    unknown = set(orders) - {0, 1, 2}
    if unknown:
        raise InvalidInput(f"certificate order {sorted(unknown)[0]!r}: expected 0, 1 or 2")
    # Order 2 touches kappa strictly inside the range of u, so it needs no derivative at u = 1; order 1 does.
    usable = [order for order in orders if order != 1 or predictor.kernel.order >= 1] or [0]
    if cap.angle > np.pi / 2.0:
        usable = [0]
    columns = [_BY_ORDER[order](predictor, points, signs, cap) for order in usable]
    stacked = np.stack(columns)
    best = np.argmax(stacked, axis=0)
    return CapBounds(stacked[best, np.arange(len(points))], np.asarray(usable)[best])


def _order_zero(predictor: KernelPredictor, points: Array, signs: Array, cap: SphericalCap) -> Array:
    """``f(x') >= f(x) k(t)/k(0) - residual * sqrt(k(0) - k(t)^2/k(0))`` with ``k`` the angular kernel."""
    value = signs * predictor.predict(points)
    top = predictor.kernel.at_one
    residual = _residual_norm(predictor, _surely(value, value_error(predictor)) ** 2 / top)
    angles = np.linspace(0.0, cap.angle, _GRID + 1)[None, :]
    drop = predictor.kernel.angular_drop(angles, cap.height)
    power = np.sqrt(drop * (2.0 - drop / top) * (1.0 + _KERNEL_ERROR) + 1e-15 * top)
    candidates = value[:, None] * (1.0 - drop / top) - residual[:, None] * power
    return _settle(candidates, predictor, cap)


def _order_one(predictor: KernelPredictor, points: Array, signs: Array, cap: SphericalCap) -> Array:
    """The optimal bound given ``f(x)`` and its gradient by angle (theory E4.c, "sharper still")."""
    kernel, bias = predictor.kernel, cap.height
    value = signs * predictor.predict(points)
    slope = cap.radius * np.linalg.norm(_tangential(predictor.input_gradient(points), points), axis=1)
    error = value_error(predictor)
    top, stiffness = kernel.at_one, -float(kernel.angular_second(np.zeros(1), bias)[0])
    # What the data explain of the norm is rounded down, what they take off the value is rounded up.
    explained = _surely(value, error) ** 2 / top + _surely(slope, 4.0 * error) ** 2 / stiffness
    residual, slope = _residual_norm(predictor, explained), slope + 4.0 * error
    angles = np.linspace(0.0, cap.angle, _GRID + 1)[None, :]
    drop = kernel.angular_drop(angles, bias)
    turn = -kernel.angular_first(angles, bias)
    power = np.sqrt(np.maximum(drop * (2.0 - drop / top) - turn**2 / stiffness, 0.0) + 1e-12 * top)
    candidates = value[:, None] * (1.0 - drop / top) - slope[:, None] * (turn / stiffness) - residual[:, None] * power
    return _settle(candidates, predictor, cap)


def _order_two(predictor: KernelPredictor, points: Array, signs: Array, cap: SphericalCap) -> Array:
    """Quadratic minorants of every term, summed and minimised on the cap."""
    geometry = CapGeometry(cap.radius, cap.angle)
    return np.array(
        [_order_two_at(predictor, point, float(sign), cap, geometry) for point, sign in zip(points, signs, strict=True)]
    )


def _order_two_at(
    predictor: KernelPredictor, point: Array, sign: float, cap: SphericalCap, geometry: CapGeometry
) -> float:
    """The bound at one cap. Tangency moves to the last minimiser and the best of all the sound bounds is kept."""
    terms = _Terms.on_cap(predictor, point, sign, cap)
    direction = point[:-1] / np.linalg.norm(point[:-1])
    displacement = np.zeros_like(direction)
    best = -np.inf
    for _ in range(_REFINEMENTS):
        model = terms.model(displacement)
        if not np.isfinite(model.curvature).all():
            break
        lower, displacement = minimum_over_cap(model, direction, geometry)
        if not lower > best:
            break
        best = lower
    return best


@dataclass(frozen=True)
class _Terms:
    """The terms ``w_j kappa(u_j + <p, z_j>)`` over one cap, with the range ``[low, high]`` of each argument."""

    kernel: DualKernel
    weights: Array
    centers: Array
    cosines: Array
    low: Array
    high: Array

    @classmethod
    def on_cap(cls, predictor: KernelPredictor, point: Array, sign: float, cap: SphericalCap) -> _Terms:
        """Ranges by the angle between the sub-sphere parts: it changes by at most the angle of the cap."""
        from ...kernels import angles

        radius, bias = cap.radius, cap.height
        sub = predictor.centers[:, :-1] / radius
        _, angle = angles(point[None, :-1] / radius, sub)
        widest = np.minimum(angle[0] + cap.angle + 4 * _EPSILON, np.pi)
        nearest = np.maximum(angle[0] - cap.angle - 4 * _EPSILON, 0.0)
        low = np.maximum(radius**2 * np.cos(widest) + bias**2 - 4 * _EPSILON, -1.0)
        high = np.minimum(radius**2 * np.cos(nearest) + bias**2 + 4 * _EPSILON, 1.0)
        cosines = predictor.centers @ point
        return cls(predictor.kernel, sign * predictor.coefficients, predictor.centers[:, :-1], cosines, low, high)

    def model(self, displacement: Array) -> QuadraticModel:
        """Sum of the minorants that touch ``kappa`` at the point with the given displacement.

        Where some minorant needs an infinite curvature the model is not finite, and the caller drops it.
        """
        with np.errstate(invalid="ignore"):
            return self._touching(displacement)

    def _touching(self, displacement: Array) -> QuadraticModel:
        width = self.high - self.low
        tangency = np.clip(
            self.cosines + self.centers @ displacement, self.low + 0.05 * width, self.high - 0.05 * width
        )
        value, slope = self.kernel.value(tangency), self.kernel.first(tangency)
        curvature = self._safe_curvature(tangency, value, slope)
        offset = self.cosines - tangency
        constant = value + slope * offset + 0.5 * curvature * offset**2
        gradient = (self.weights * (slope + curvature * offset)) @ self.centers
        hessian = (self.centers * (self.weights * curvature)[:, None]).T @ self.centers
        return QuadraticModel(
            float(self.weights @ constant), gradient, hessian, self._rounding(value, slope, curvature, width)
        )

    def _safe_curvature(self, tangency: Array, value: Array, slope: Array) -> Array:
        """Curvatures that keep each weighted quadratic below its weighted term on ``[low, high]``.

        Where ``low >= 0`` the Taylor quotient ``(kappa(u) - kappa(v) - kappa'(v)(u - v)) / (u - v)^2`` is
        non-decreasing in ``u`` (kappa'' is, having non-negative power-series coefficients), so its extreme sits at
        an end of the range; elsewhere an enclosure of kappa'' is used.
        """
        end = np.where(self.weights > 0.0, self.low, self.high)
        step = end - tangency
        with np.errstate(divide="ignore", invalid="ignore"):
            quotient = (self.kernel.value(end) - value - slope * step) / step**2
            pad = 4.0 * _KERNEL_ERROR * (self.kernel.at_one + np.abs(slope * step)) / step**2
        by_quotient = 2.0 * (quotient - np.sign(self.weights) * pad)
        below, above = self.kernel.second_bounds(self.low, self.high)
        by_range = np.where(self.weights > 0.0, below, above)
        curvature = np.where((self.low >= 0.0) & (step != 0.0), by_quotient, by_range)
        return np.where(self.weights == 0.0, 0.0, curvature)

    def _rounding(self, value: Array, slope: Array, curvature: Array, width: Array) -> float:
        """Absolute error of the evaluated model on the cap, from errors of kappa and of sums of p terms."""
        relative = _KERNEL_ERROR + 4.0 * (len(value) + self.centers.shape[1]) * _EPSILON
        # u_j itself is a rounded inner product, off by at most d roundings: hence the 1 beside each width.
        size = np.abs(value) + np.abs(slope) * (width + 1.0) + np.abs(curvature) * (width + 1.0) * width
        return float(4.0 * relative * (np.abs(self.weights) @ size))


def _settle(candidates: Array, predictor: KernelPredictor, cap: SphericalCap) -> Array:
    """The least candidate over the grid of angles, less what lies between grid angles and the rounding."""
    return np.asarray(np.min(candidates, axis=1) - _between_grid(predictor, cap) - value_error(predictor))


def _tangential(gradients: Array, points: Array) -> Array:
    """The part of each gradient tangential to the sub-sphere at its point, shape (n, d - 1)."""
    direction = points[:, :-1] / np.linalg.norm(points[:, :-1], axis=1, keepdims=True)
    return np.asarray(gradients[:, :-1] - np.sum(gradients[:, :-1] * direction, axis=1, keepdims=True) * direction)


def _between_grid(predictor: KernelPredictor, cap: SphericalCap) -> float:
    """What order 0 allows ``f`` to change between a grid angle and its neighbours' midpoint."""
    half = np.array([0.5 * cap.angle / _GRID * (1.0 + 1e-12)])
    drop = float(predictor.kernel.angular_drop(half, cap.height)[0])
    return float(np.sqrt(2.0 * _norm_squared(predictor) * drop)) * (1.0 + 1e-12)


def _norm_squared(predictor: KernelPredictor) -> float:
    """``|f|_H^2``, rounded up."""
    rounding = value_error(predictor) * float(np.sum(np.abs(predictor.coefficients)))
    return predictor.norm_squared * (1.0 + 1e-12) + rounding


def _residual_norm(predictor: KernelPredictor, explained: Array) -> Array:
    """The norm of what the data leave open, rounded up; ``explained`` is the squared norm of what they fix."""
    return np.asarray(np.sqrt(np.maximum(_norm_squared(predictor) - explained * (1.0 - 1e-12), 0.0)))


def _surely(values: Array, error: float) -> Array:
    """Magnitudes less the error with which they were evaluated."""
    return np.asarray(np.maximum(np.abs(values) - error, 0.0))


def value_error(predictor: KernelPredictor) -> float:
    """Absolute error of ``f(x)`` and of its gradient as evaluated in float64."""
    terms = len(predictor.coefficients) + predictor.centers.shape[1]
    scale = predictor.kernel.at_one + float(predictor.kernel.first(np.ones(1) * (1.0 - 1e-9))[0])
    return float((_KERNEL_ERROR + 4.0 * terms * _EPSILON) * scale * np.sum(np.abs(predictor.coefficients)))


_BY_ORDER = {0: _order_zero, 1: _order_one, 2: _order_two}
