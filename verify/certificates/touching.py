"""Certified lower bounds of ``s f(x')`` over a cap, for any two-layer network, by quadratics that touch it.

Around a point ``x_0`` of the cap every neuron (or mirrored pair of neurons) is replaced by a quadratic in
``q = x' - x_0`` that has its value and slope at ``x_0`` and stays below it on the whole cap (`neuron_curvature`). Their
sum is minimised over the cap exactly. Nothing is linearised in the weights, so narrow networks and long moves cost
nothing extra, and the initialisation is not needed.

*Neurons one by one*: ``sigma(w.x')`` along ``a = w.q``; what this gives away adds up to O(sqrt(m)).
*Mirrored pairs* ``sigma((y + t).x') - sigma((y - t).x')`` (a_(r + m/2) = -a_r): along ``a = y.q`` and ``e = t.q``. What
is given away is of the size of t, so that sums over pairs do not grow with the width near a symmetric initialisation.
Each pair takes whichever of the two is cheaper. The point ``x_0`` starts at the centre and moves to the last minimiser;
every such bound is sound, and the best is kept (theory E4.c).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, upper_float
from ...kernels import numeric
from ..predictors import TwoLayerNetwork
from ..sets.cap import SphericalCap
from .cap_model import CapGeometry, QuadraticModel, minimum_over_cap
from .neuron_curvature import Curvature, Interval, curvature_of
from .paired_moves import PairedMoves
from .tiles import in_parallel, weighted_product

_EPSILON = float(np.finfo(np.float64).eps)
_TOUCHES = 4
Array = NDArray[np.float64]


def certify_touching(
    network: TwoLayerNetwork,
    points: Float[np.ndarray, "n d"],
    signs: Float[np.ndarray, " n"],
    cap: SphericalCap,
    *,
    touches: int = _TOUCHES,
) -> Float[np.ndarray, " n"]:
    """Lower bounds of ``signs[i] f(W, x')`` for every ``x'`` in the cap around ``points[i]``.

    Args:
        network: any width and weights; pairs are used if its output signs are mirrored.
        points: centres, shape (n, d), float64, on ``S_b``.
        signs: +1 for lower bounds of f, -1 for upper ones.
        cap: the perturbation set, of polar angle at most pi/2.
        touches: how many points x_0 to try, at least 1.

    Raises:
        InvalidInput: if sigma' is not Lipschitz.
    """
    return _certify_all(_Neurons.of(network), points, signs, cap, touches)


def certify_touching_pairs(
    moves: PairedMoves,
    activation: Activation,
    points: Float[np.ndarray, "n d"],
    signs: Float[np.ndarray, " n"],
    cap: SphericalCap,
    *,
    touches: int = _TOUCHES,
) -> Float[np.ndarray, " n"]:
    """`certify_touching` for a network given by its pairs: moves far smaller than the weights lose no digits."""
    outputs = moves.signs / np.sqrt(moves.width)
    means = moves.rows + moves.means
    neurons = _Neurons(activation, curvature_of(activation), means, moves.differences, outputs, True)
    return _certify_all(neurons, points, signs, cap, touches)


@dataclass(frozen=True)
class _Neurons:
    """Pairs ``y + t``, ``y - t`` (``means`` and ``differences``); without mirrored signs, all neurons as ``means``."""

    activation: Activation
    curvature: Curvature
    means: Array
    differences: Array
    outputs: Array
    paired: bool

    @cached_property
    def beta(self) -> float:
        """Lip(sigma')."""
        return upper_float(self.activation.derivative_lipschitz)

    @classmethod
    def of(cls, network: TwoLayerNetwork) -> _Neurons:
        weights = np.asarray(network.weights, np.float64)
        outputs = np.asarray(network.signs, np.float64) / np.sqrt(len(weights))
        half = len(weights) // 2
        mirrored = 2 * half == len(weights) and np.array_equal(network.signs[:half], -network.signs[half:])
        curvature = curvature_of(network.activation)
        if not mirrored:
            return cls(network.activation, curvature, weights, np.zeros_like(weights), outputs, False)
        first, second = weights[:half], weights[half:]
        return cls(network.activation, curvature, (first + second) / 2.0, (first - second) / 2.0, outputs[:half], True)


def _certify_all(neurons: _Neurons, points: Array, signs: Array, cap: SphericalCap, touches: int) -> Array:
    rows = zip(points, signs, strict=True)
    return np.array(in_parallel(lambda row: _certify(neurons, row[0], float(row[1]), cap, touches), rows))


def _certify(neurons: _Neurons, point: Array, sign: float, cap: SphericalCap, touches: int) -> float:
    """The best bound of a few quadratics; x_0 moves to the last minimiser."""
    geometry = CapGeometry(cap.radius, cap.angle)
    direction = point[:-1] / np.linalg.norm(point[:-1])
    displacement, best = np.zeros_like(direction), -np.inf
    for _ in range(touches):
        model = _model(neurons, point, sign, cap, displacement)
        lower, displacement = minimum_over_cap(model, direction, geometry)
        if not lower > best:
            break
        best = lower
    return best


def _model(neurons: _Neurons, point: Array, sign: float, cap: SphericalCap, displacement: Array) -> QuadraticModel:
    """A quadratic below ``s f(x + p)``, as a function of ``p``, that touches at ``p = displacement``."""
    touch = point.copy()
    touch[:-1] += displacement
    pieces = _Pieces.at(neurons, touch, point, sign, cap)
    y, t = neurons.means[:, :-1], neurons.differences[:, :-1]
    hessian = weighted_product(y, pieces.along_means, y)
    if neurons.paired:
        mixed = weighted_product(y, pieces.mixed, t)
        hessian += mixed + mixed.T + weighted_product(t, pieces.along_differences, t)
    slope = pieces.slope_means @ y + pieces.slope_differences @ t
    hessian = (hessian + hessian.T) / 2.0
    bent = hessian @ displacement
    constant = pieces.value - float(slope @ displacement) + 0.5 * float(displacement @ bent)
    return QuadraticModel(constant, slope - bent, hessian, pieces.rounding)


@dataclass(frozen=True)
class _Pieces:
    """The quadratics ``value + slope.q + q'Hq / 2`` of all neurons, by coefficients along ``y`` and ``t``."""

    value: float
    slope_means: Array
    slope_differences: Array
    along_means: Array
    mixed: Array
    along_differences: Array
    rounding: float

    @classmethod
    def at(cls, neurons: _Neurons, touch: Array, point: Array, sign: float, cap: SphericalCap) -> _Pieces:
        """Quadratics that touch at ``touch`` and hold on the cap around ``point``."""
        y, t = neurons.means @ touch, neurons.differences @ touch
        weights = sign * neurons.outputs
        sides = np.sign(weights)
        means = _Range.of(neurons.means, touch - point, cap)
        if not neurons.paired:
            return cls._single(neurons, y, weights, sides, means)
        return cls._pairs(neurons, y, t, weights, sides, means, touch - point, cap)

    @classmethod
    def _single(cls, neurons: _Neurons, y: Array, weights: Array, sides: Array, means: _Range) -> _Pieces:
        activation = neurons.activation
        sigma, slope = numeric(activation, 0)(y), numeric(activation, 1)(y)
        along = np.abs(weights) * neurons.curvature.of_neurons(y, sides, means.interval)
        zero = np.zeros_like(along)
        size = np.abs(weights) * (np.abs(sigma) + (np.abs(slope) + neurons.beta * means.size) * means.size)
        size += np.abs(along) * means.size**2
        rounding = _rounding(len(y), neurons.means.shape[1], size)
        return cls(float(weights @ sigma), weights * slope, zero, along, zero, zero, rounding)

    @classmethod
    def _pairs(
        cls,
        neurons: _Neurons,
        y: Array,
        t: Array,
        weights: Array,
        sides: Array,
        means: _Range,
        moved: Array,
        cap: SphericalCap,
    ) -> _Pieces:
        activation, curvature = neurons.activation, neurons.curvature
        differences = _Range.of(neurons.differences, moved, cap)
        first, second = y + t, y - t
        sigma = numeric(activation, 0)
        slope = numeric(activation, 1)
        one, other = slope(first), slope(second)
        values = sigma(first) - sigma(second)
        separate = _separate(neurons, first, second, sides, moved, cap)
        together = _together(curvature, first, second, sides, means, differences)
        cheaper = _cost(together, means, differences) >= _cost(separate, means, differences)
        along, mixed, across, constant = (
            np.abs(weights) * np.where(cheaper, *both) for both in zip(together, separate, strict=True)
        )
        length = means.size + differences.size
        size = np.abs(weights) * (np.abs(sigma(first)) + np.abs(sigma(second)))
        # A preactivation that is off moves sigma' by beta times that; no coefficient of q exceeds a few beta.
        size += np.abs(weights) * (np.abs(one) + np.abs(other) + 4.0 * neurons.beta * length) * length
        size += (np.abs(along) + np.abs(mixed) + np.abs(across)) * length**2
        return cls(
            float(weights @ values) - float(np.sum(constant)),
            weights * (one - other),
            weights * (one + other),
            along,
            mixed,
            across,
            _rounding(2 * len(y), neurons.means.shape[1], size),
        )


@dataclass(frozen=True)
class _Range:
    """How far ``row.q`` gets on the cap, for every row."""

    interval: Interval
    size: Array  # a bound of |row . x'| and of |row . q|, for rounding

    @classmethod
    def of(cls, rows: Array, moved: Array, cap: SphericalCap) -> _Range:
        """``row.q = row.p - row.moved`` with ``|p| <= delta`` in the coordinates of the sub-sphere."""
        lengths = np.linalg.norm(rows[:, :-1], axis=1) * (1.0 + 4.0 * rows.shape[1] * _EPSILON)
        reach = cap.delta * (1.0 + 16.0 * _EPSILON) * lengths
        offset = rows[:, :-1] @ moved[:-1]
        slack = 4.0 * rows.shape[1] * _EPSILON * lengths
        interval = Interval(np.minimum(-reach - offset - slack, 0.0), np.maximum(reach - offset + slack, 0.0))
        return cls(interval, np.linalg.norm(rows, axis=1) * (1.0 + 2.0 * cap.delta))


Coefficients = tuple[Array, Array, Array, Array]


def _separate(
    neurons: _Neurons, first: Array, second: Array, sides: Array, moved: Array, cap: SphericalCap
) -> Coefficients:
    """Both neurons of a pair on their own: ``(along y, mixed, along t, constant)``."""
    curvature = neurons.curvature
    above = _Range.of(neurons.means + neurons.differences, moved, cap).interval
    below = _Range.of(neurons.means - neurons.differences, moved, cap).interval
    one = curvature.of_neurons(first, sides, above)
    other = curvature.of_neurons(second, -sides, below)
    return one + other, one - other, one + other, np.zeros_like(one)


def _together(
    curvature: Curvature, first: Array, second: Array, sides: Array, means: _Range, differences: _Range
) -> Coefficients:
    """The pair as a function of ``a = y.q``, corrected for ``e = t.q``."""
    reach, shift = means.interval.reach, differences.interval.reach
    omega, eta, kappa = curvature.mixed(first, second, reach, shift)
    one, other = curvature.second(first), curvature.second(second)
    along = curvature.of_pairs(first, second, sides, means.interval) - 2.0 * omega
    return along, sides * (one + other), sides * (one - other) - 2.0 * eta, kappa


def _cost(coefficients: Coefficients, means: _Range, differences: _Range) -> Array:
    """The worst that the curvature may do, so that the greater is the better."""
    along, _, across, constant = coefficients
    cost = along * means.interval.reach**2 + across * differences.interval.reach**2 - 2.0 * constant
    return np.asarray(np.where(np.isnan(cost), -np.inf, cost))


def _rounding(count: int, dimension: int, sizes: Array) -> float:
    """Standard model of floating-point sums: (terms + lengths) unit roundoffs of the sum of absolute values."""
    return float(4.0 * (count + 16.0 * dimension + 64.0) * _EPSILON * np.sum(sizes))
