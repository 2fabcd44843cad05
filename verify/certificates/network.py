"""Certified lower bounds of ``s f(W, x')`` over a cap, for two-layer networks near a symmetric initialisation.

The network is ``f(W, x) = g(x) + e(x)`` with the linearisation ``g(x) = <grad f(W_0, x), W - W_0>``. Grouping the
mirrored neurons, ``g(x) = (1/N) sum_r sigma'(w_r.x) <v_r, x>`` with ``N = m/2``, ``v_r = sqrt(m) a_r t_r``,
``t_r = (D_r - D_{r+N}) / 2`` and ``D = W - W_0``: an average, so its Taylor bounds do not grow with the width.

*Linear part.* With ``b_r = w_r.x``, ``p = x' - x``: ``sigma'(b + w.p) = sigma'(b) + sigma''(b) w.p + E``. The first
two give a quadratic in ``p``, kept exactly; ``E`` is bounded by a quadratic ``omega (w.p)^2 + kappa``, with
``gamma (w.p)^2 / 2`` where sigma'' is gamma-Lipschitz; for the quadratic ReLU only neurons that may switch contribute.

*Remainder.* A pair contributes ``sigma(y+t) - sigma(y-t) - 2 sigma'(z) t`` with ``y = z + q``, ``q`` the mean move of
the pair: at most ``gamma |t|^3 / 3 + 2 beta |t q|``, or ``(|t| - |y|)_+^2 + 2 beta |t q|`` for the quadratic ReLU, or
E1.a's ``beta (D_r.x')^2 / 2`` per neuron. The smallest of the applicable bounds is used (theory E1.a, E2, E4.c).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, InvalidInput, upper_float
from ...kernels import numeric
from ..sets.cap import SphericalCap
from .cap_model import CapGeometry, QuadraticModel, minimum_over_cap
from .kernel import CapBounds
from .neuron_curvature import is_quadratic_relu, switching_majorant
from .paired_moves import PairedMoves
from .tiles import gram_upper_eigenvalue, in_parallel, weighted_product

_EPSILON = float(np.finfo(np.float64).eps)
Array = NDArray[np.float64]


@dataclass(frozen=True)
class NetworkBounds:
    """Bounds at one configuration: of the linear part, and of what the network may deviate from it, per row.

    ``linear[i] - remainder[i]`` is at most ``min s_i f(W, x')`` over the cap of row i.
    """

    linear: Array
    remainder: Array

    @property
    def lower(self) -> Array:
        """Lower bounds of ``s_i f(W, x')``, shape (n,)."""
        return np.asarray(self.linear - self.remainder - 4.0 * _EPSILON * np.abs(self.linear))


def certify_network(
    moves: PairedMoves,
    activation: Activation,
    points: Float[np.ndarray, "n d"],
    signs: Float[np.ndarray, " n"],
    cap: SphericalCap,
) -> NetworkBounds:
    """Lower bounds of ``signs[i] f(W, x')`` for every ``x'`` in the cap around ``points[i]``.

    Args:
        moves: the network about its initialisation.
        activation: needs a finite beta; gamma, or the quadratic ReLU, makes the bounds independent of the width.
        points: centres, shape (n, d), float64, on ``S_b``.
        signs: +1 for lower bounds of f, -1 for upper ones.
        cap: the perturbation set, of polar angle at most pi/2.

    Raises:
        InvalidInput: if sigma' is not Lipschitz.
    """
    if activation.derivative_lipschitz is None:
        raise InvalidInput(f"activation {activation.label}: a network certificate needs a Lipschitz sigma'")
    network = _Network.of(moves, activation, cap)
    _ = moves.operator_norms  # shared by all rows: computed once, before they run side by side

    def certify(row: tuple[Array, float]) -> tuple[float, float]:
        center = _Center.of(network, row[0])
        return _linear_part(center, float(row[1])), _remainder(center)

    linear, remainder = np.array(in_parallel(certify, zip(points, signs, strict=True))).reshape(-1, 2).T
    return NetworkBounds(linear, remainder)


def certify_linear_part(
    moves: PairedMoves,
    activation: Activation,
    points: Float[np.ndarray, "n d"],
    signs: Float[np.ndarray, " n"],
    cap: SphericalCap,
) -> CapBounds:
    """Lower bounds of ``signs[i] g(x')`` for the linearisation ``g`` (no remainder): see `certify_network`."""
    network = _Network.of(moves, activation, cap)
    rows = zip(points, signs, strict=True)
    lower = in_parallel(lambda row: _linear_part(_Center.of(network, row[0]), float(row[1])), rows)
    return CapBounds(np.array(lower), np.full(len(points), 2))


@dataclass(frozen=True)
class _Network:
    """What all caps share; arrays over the N pairs, without the bias coordinate where it says sub."""

    moves: PairedMoves
    activation: Activation
    cap: SphericalCap
    rows: Array  # w_r, sub
    velocities: Array  # v_r, sub
    velocity_scale: Array  # v_r = velocity_scale_r t_r
    reach: Array  # largest |w_r . p|
    velocity_reach: Array  # largest |v_r . p|
    difference_reach: Array  # largest |t_r . p|
    beta: float
    gamma: float | None
    kinked: bool

    @classmethod
    def of(cls, moves: PairedMoves, activation: Activation, cap: SphericalCap) -> _Network:
        delta = cap.delta * (1.0 + 16.0 * _EPSILON)
        scale = np.sqrt(moves.width) * moves.signs
        rows = np.ascontiguousarray(moves.rows[:, :-1])
        difference_reach = delta * np.linalg.norm(moves.differences[:, :-1], axis=1)
        gamma = activation.curvature_lipschitz
        return cls(
            moves,
            activation,
            cap,
            rows,
            scale[:, None] * moves.differences[:, :-1],
            scale,
            delta * np.linalg.norm(rows, axis=1),
            np.abs(scale) * difference_reach,
            difference_reach,
            upper_float(activation.derivative_lipschitz),
            None if gamma is None else upper_float(gamma),
            is_quadratic_relu(activation),
        )

    @property
    def typical_reach(self) -> float:
        """Typical ``|w_r.p|``: neurons closer to a kink than this are charged as if they switched."""
        typical = float(np.median(self.reach)) / float(np.sqrt(self.rows.shape[1]))
        return typical or self.cap.delta  # where most neurons see no perturbation; any positive number is right


@dataclass(frozen=True)
class _Center:
    """One cap: its centre x, and over the pairs ``b_r = w_r.x``, ``c_r = v_r.x`` and ``t_r.x``."""

    network: _Network
    point: Array
    direction: Array
    preactivation: Array
    projection: Array
    difference: Array

    @classmethod
    def of(cls, network: _Network, point: Array) -> _Center:
        moves = network.moves
        difference = moves.differences @ point
        direction = point[:-1] / np.linalg.norm(point[:-1])
        return cls(network, point, direction, moves.rows @ point, network.velocity_scale * difference, difference)


def _linear_part(center: _Center, sign: float) -> float:
    """The quadratic model of ``s g`` and its minimum on the cap."""
    cap = center.network.cap
    return minimum_over_cap(_model(center, sign), center.direction, CapGeometry(cap.radius, cap.angle))[0]


def _model(center: _Center, sign: float) -> QuadraticModel:
    """``s g(x + p)`` from below: exact quadratic part minus the majorant of the Taylor remainder of sigma'."""
    network = center.network
    rows, velocities = network.rows, network.velocities
    count = len(rows)
    first = numeric(network.activation, 1)(center.preactivation)
    second = numeric(network.activation, 2)(center.preactivation)
    weight, constant = _charged(center, sign)
    value = sign * float(first @ center.projection) / count - float(np.sum(constant)) / count
    gradient = sign * (first @ velocities + (second * center.projection) @ rows) / count
    half = sign * weighted_product(velocities, second, rows) - weighted_product(rows, weight, rows)
    half /= count
    return QuadraticModel(value, gradient, half + half.T, _model_rounding(center, first, second, weight, constant))


def _charged(center: _Center, sign: float) -> tuple[Array, Array]:
    """``(omega, kappa)`` with ``s E_r <v_r, x'> >= -(omega_r (w_r.p)^2 + kappa_r)`` on the cap."""
    network = center.network
    aligned = sign * center.projection
    negative = np.maximum(network.velocity_reach - aligned, 0.0)
    positive = np.maximum(network.velocity_reach + aligned, 0.0)
    if network.gamma is not None:
        return 0.5 * network.gamma * np.maximum(negative, positive), np.zeros_like(negative)
    threshold = 1.5 * network.typical_reach
    if network.kinked:
        omega, kappa = switching_majorant(np.abs(center.preactivation), network.reach, threshold)
        return network.beta * omega * negative, network.beta * kappa * negative
    # Only |E| <= 2 beta |w.p| is known, and 2 |a| <= a^2 / threshold + threshold.
    worst = network.beta * np.maximum(negative, positive)
    return worst / threshold, worst * threshold


def _model_rounding(center: _Center, first: Array, second: Array, weight: Array, constant: Array) -> float:
    """Standard model of floating-point sums: (terms + lengths) unit roundoffs of the sum of absolute values.

    A preactivation is off by at most ``d eps |w| |x|``, which moves sigma' by beta times that; at a kink of sigma' the
    same amount covers a misjudged side.
    """
    network = center.network
    count, size = network.rows.shape
    delta = network.cap.delta
    speed = network.velocity_reach / delta + np.abs(center.projection)
    length = network.reach / delta + np.abs(center.preactivation) + 1.0
    bend = network.beta + (network.gamma or 0.0)  # sigma'' moves by gamma times the error of a preactivation
    terms = (np.abs(first) + (np.abs(second) + bend) * length) * speed + weight * length**2 + np.abs(constant)
    return float(4.0 * (count + 8.0 * size + 64.0) * _EPSILON * np.sum(terms) / count)


def _remainder(center: _Center) -> float:
    """Upper bound of ``|f(W, x') - g(x')|`` on the cap: the smaller of E1.a's and the paired one."""
    network, moves = center.network, center.network.moves
    delta, beta = network.cap.delta, network.beta
    difference = float(np.linalg.norm(center.difference)) + delta * moves.operator_norms[0]
    mean = float(np.linalg.norm(moves.means @ center.point)) + delta * moves.operator_norms[1]
    root = float(np.sqrt(moves.width))
    # The sum over both neurons of a pair of (D_r.x')^2 is 2 (t.x')^2 + 2 (q.x')^2.
    plain = beta * (difference**2 + mean**2) / root
    paired = _pair_remainder(center) / root + 2.0 * beta * difference * mean / root
    return min(plain, paired) * (1.0 + 1e-9)


def _pair_remainder(center: _Center) -> float:
    """``sum_r |sigma(y+t) - sigma(y-t) - 2 sigma'(y) t|`` on the cap, for ``y = (w+q).x'`` and ``t = t_r.x'``."""
    network, moves = center.network, center.network.moves
    moved = np.abs(center.difference) + network.difference_reach
    if network.gamma is not None:
        return network.gamma / 3.0 * float(np.sum(moved**3))
    if not network.kinked:
        return float("inf")
    shifted = moves.rows + moves.means
    # beta / 2 is the square of the scale: sigma(z) = max(0, scale z)^2.
    return network.beta / 2.0 * _switched_squares(shifted, np.abs(shifted @ center.point), moved, network)


def _switched_squares(shifted: Array, distance: Array, moved: Array, network: _Network) -> float:
    """``sum_r (moved_r - |y_r + u_r.p|)_+^2`` over ``|p| <= delta``, with ``|y_r| = distance_r`` and rows ``u_r``.

    A neuron contributes only if ``|u_r.p| >= distance - moved``, hence at most ``moved^2 (u_r.p)^2 / gap^2``; neurons
    whose gap is below the typical ``|w_r.p|`` are charged ``moved^2``.
    """
    rows, delta = shifted[:, :-1], network.cap.delta * (1.0 + 16.0 * _EPSILON)
    gap = distance - moved
    certain = gap <= network.typical_reach
    possible = ~certain & (gap <= delta * np.linalg.norm(rows, axis=1) * (1.0 + 1e-9))
    weights = np.where(possible, (moved / np.where(possible, gap, 1.0)) ** 2, 0.0)
    return float(np.sum(moved[certain] ** 2)) + delta**2 * gram_upper_eigenvalue(rows, weights)
