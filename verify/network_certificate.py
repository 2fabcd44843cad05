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
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ..bounds import Activation, InvalidInput, upper_float
from ..kernels import numeric
from .cap import SphericalCap
from .cap_model import CapGeometry, QuadraticModel, minimum_over_cap
from .kernel_certificate import CapBounds

_EPSILON = float(np.finfo(np.float64).eps)
Array = NDArray[np.float64]


@dataclass(frozen=True)
class PairedMoves:
    """``W - W_0`` in pair coordinates: rows ``w_r``, half differences ``t_r`` and means ``q_r``, each (N, d) float64.

    ``signs`` are the output signs ``a_r`` of the first halves. The network is
    ``f(x) = (1/sqrt(m)) sum_r a_r [sigma((w_r + q_r + t_r).x) - sigma((w_r + q_r - t_r).x)]``.
    """

    rows: Array
    signs: Array
    differences: Array
    means: Array

    @classmethod
    def between(cls, initial: Float[np.ndarray, "m d"], signs: Float[np.ndarray, " m"], weights: Array) -> PairedMoves:
        """Pair coordinates of ``weights`` about a symmetric initialisation.

        Raises:
            InvalidInput: if the initialisation is not symmetric (then ``f(W_0, .)`` is not 0).
        """
        half = len(initial) // 2
        if not (np.array_equal(initial[:half], initial[half:]) and np.array_equal(signs[:half], -signs[half:])):
            raise InvalidInput("the initial weights are not mirrored pairs: expected w_{r+m/2} = w_r, a_{r+m/2} = -a_r")
        first = np.asarray(weights[:half], np.float64) - initial[:half]
        second = np.asarray(weights[half:], np.float64) - initial[half:]
        rows = np.asarray(initial[:half], np.float64)
        return cls(rows, np.asarray(signs[:half], np.float64), (first - second) / 2.0, (first + second) / 2.0)

    @property
    def width(self) -> int:
        """The number m of neurons of the network."""
        return 2 * len(self.rows)

    def scaled(self, factor: float) -> PairedMoves:
        """The same direction of motion, ``factor`` times as far."""
        return PairedMoves(self.rows, self.signs, factor * self.differences, factor * self.means)

    @cached_property
    def operator_norms(self) -> tuple[float, float]:
        """Upper bounds of the spectral norms of the half differences and of the means, bias column left out."""
        return _operator_norm(self.differences), _operator_norm(self.means)

    @property
    def frobenius_norm(self) -> float:
        """``|W - W_0|_F``, rounded up."""
        squared = 2.0 * (np.sum(self.differences**2) + np.sum(self.means**2))
        return float(np.sqrt(squared)) * (1.0 + 4.0 * len(self.rows) * _EPSILON + 1e-12)


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
    rows = [_certify_at(moves, activation, point, float(sign), cap) for point, sign in zip(points, signs, strict=True)]
    linear, remainder = np.array(rows).reshape(-1, 2).T
    return NetworkBounds(linear, remainder)


def certify_linear_part(
    moves: PairedMoves,
    activation: Activation,
    points: Float[np.ndarray, "n d"],
    signs: Float[np.ndarray, " n"],
    cap: SphericalCap,
) -> CapBounds:
    """Lower bounds of ``signs[i] g(x')`` for the linearisation ``g`` (no remainder): see `certify_network`."""
    lower = [
        _linear_part(_at_center(moves, activation, point, cap), float(sign))
        for point, sign in zip(points, signs, strict=True)
    ]
    return CapBounds(np.array(lower), np.full(len(points), 2))


@dataclass(frozen=True)
class _Center:
    """Everything about one cap that the bounds share; arrays over the N pairs."""

    moves: PairedMoves
    activation: Activation
    cap: SphericalCap
    direction: Array
    rows: Array  # sub-sphere coordinates of w_r
    velocities: Array  # sub-sphere coordinates of v_r
    preactivation: Array  # b_r
    projection: Array  # c_r = v_r . x
    reach: Array  # largest |w_r . p|
    velocity_reach: Array  # largest |v_r . p|


def _at_center(moves: PairedMoves, activation: Activation, point: Array, cap: SphericalCap) -> _Center:
    velocity = (np.sqrt(moves.width) * moves.signs)[:, None] * moves.differences
    rows, velocities = moves.rows[:, :-1], velocity[:, :-1]
    delta = cap.delta * (1.0 + 16.0 * _EPSILON)
    return _Center(
        moves,
        activation,
        cap,
        point[:-1] / np.linalg.norm(point[:-1]),
        rows,
        velocities,
        moves.rows @ point,
        velocity @ point,
        delta * np.linalg.norm(rows, axis=1),
        delta * np.linalg.norm(velocities, axis=1),
    )


def _certify_at(
    moves: PairedMoves, activation: Activation, point: Array, sign: float, cap: SphericalCap
) -> tuple[float, float]:
    center = _at_center(moves, activation, point, cap)
    return _linear_part(center, sign), _remainder(center, point)


def _linear_part(center: _Center, sign: float) -> float:
    """The quadratic model of ``s g`` and its minimum on the cap."""
    geometry = CapGeometry(center.cap.radius, center.cap.angle)
    return minimum_over_cap(_model(center, sign, _threshold(center)), center.direction, geometry)[0]


def _threshold(center: _Center) -> float:
    """Twice the preactivation below which a kink is charged by a constant, not a curvature: typical ``|w.p|``."""
    if _is_smooth(center.activation):
        return 0.0
    return 1.5 * float(np.median(center.reach)) / float(np.sqrt(center.rows.shape[1]))


def _is_smooth(activation: Activation) -> bool:
    return activation.curvature_lipschitz is not None


def _model(center: _Center, sign: float, threshold: float) -> QuadraticModel:
    """``s g(x + p)`` from below: exact quadratic part minus the majorant of the Taylor remainder of sigma'."""
    count = len(center.rows)
    first = numeric(center.activation, 1)(center.preactivation)
    second = numeric(center.activation, 2)(center.preactivation)
    weight, constant = _charged(center, sign, threshold)
    value = sign * float(first @ center.projection) / count - float(np.sum(constant)) / count
    gradient = sign * (first @ center.velocities + (second * center.projection) @ center.rows) / count
    left = sign * second[:, None] * center.velocities - weight[:, None] * center.rows
    half = left.T @ center.rows / count
    return QuadraticModel(value, gradient, half + half.T, _model_rounding(center, first, second, weight, constant))


def _charged(center: _Center, sign: float, threshold: float) -> tuple[Array, Array]:
    """``(omega, kappa)`` with ``s E_r <v_r, x'> >= -(omega_r (w_r.p)^2 + kappa_r)`` on the cap."""
    aligned = sign * center.projection
    negative = np.maximum(center.velocity_reach - aligned, 0.0)
    positive = np.maximum(center.velocity_reach + aligned, 0.0)
    activation = center.activation
    if _is_smooth(activation):
        gamma = upper_float(activation.curvature_lipschitz)
        return 0.5 * gamma * np.maximum(negative, positive), np.zeros_like(negative)
    beta = upper_float(activation.derivative_lipschitz)
    if activation.name == "quadratic_relu":
        omega, kappa = _switching_majorant(np.abs(center.preactivation), center.reach, threshold)
        return beta * omega * negative, beta * kappa * negative
    # Only |E| <= 2 beta |w.p| is known, and 2 |a| <= a^2 / threshold + threshold.
    worst = beta * np.maximum(negative, positive)
    return worst / threshold, worst * threshold


def _switching_majorant(distance: Array, reach: Array, threshold: float) -> tuple[Array, Array]:
    """``(omega, kappa)`` with ``(|a| - distance)_+ <= omega a^2 + kappa`` for all ``|a| <= reach``.

    ``(|a| - b) / a^2`` is largest at ``|a| = 2 b`` (value ``1 / (4 b)``), or at ``reach`` if that comes first. Close to
    the kink ``|a| <= a^2 / (2 c) + c / 2`` with ``c = threshold`` is used instead, at a constant cost ``c / 2 - b``.
    """
    near = distance < threshold / 2.0
    safe = np.maximum(distance, threshold / 2.0)
    beyond = np.maximum(reach - safe, 0.0) / np.maximum(reach, 1e-300) ** 2
    far = np.where(reach >= 2.0 * safe, 0.25 / safe, beyond)
    omega = np.where(near, 0.5 / threshold, far)
    return omega, np.where(near, threshold / 2.0 - distance, 0.0)


def _model_rounding(center: _Center, first: Array, second: Array, weight: Array, constant: Array) -> float:
    """Standard model of floating-point sums: (terms + lengths) unit roundoffs of the sum of absolute values.

    A preactivation is off by at most ``d eps |w| |x|``, which moves sigma' by beta times that; at a kink of sigma' the
    same amount covers a misjudged side.
    """
    count, size = center.rows.shape
    speed = np.linalg.norm(center.velocities, axis=1) + np.abs(center.projection)
    length = np.linalg.norm(center.rows, axis=1) + np.abs(center.preactivation) + 1.0
    beta = upper_float(center.activation.derivative_lipschitz)
    terms = (np.abs(first) + (np.abs(second) + beta) * length) * speed + weight * length**2 + np.abs(constant)
    return float(4.0 * (count + 8.0 * size + 64.0) * _EPSILON * np.sum(terms) / count)


def _remainder(center: _Center, point: Array) -> float:
    """Upper bound of ``|f(W, x') - g(x')|`` on the cap: the smaller of E1.a's and the paired one."""
    beta = upper_float(center.activation.derivative_lipschitz)
    moves, delta = center.moves, center.cap.delta
    difference = _largest_product(moves.differences, moves.operator_norms[0], point, delta)
    mean = _largest_product(moves.means, moves.operator_norms[1], point, delta)
    root = float(np.sqrt(center.moves.width))
    # The sum over both neurons of a pair of (D_r.x')^2 is 2 (t.x')^2 + 2 (q.x')^2.
    plain = beta * (difference**2 + mean**2) / root
    paired = _pair_remainder(center, point) / root + 2.0 * beta * difference * mean / root
    return float(min(plain, paired)) * (1.0 + 1e-9)


def _largest_product(matrix: Array, operator_norm: float, point: Array, delta: float) -> float:
    """``max |matrix x'|`` over the cap, by ``|matrix x| + delta |matrix|_op``, up to a few roundings."""
    return float(np.linalg.norm(matrix @ point)) + delta * operator_norm


def _operator_norm(matrix: Array) -> float:
    """The spectral norm without the bias column, rounded up: the eigenvalue solver and the product are charged."""
    gram = matrix[:, :-1].T @ matrix[:, :-1]
    top = float(np.linalg.eigvalsh(gram)[-1]) + 4.0 * (len(matrix) + 64) * _EPSILON * float(np.trace(gram))
    return float(np.sqrt(max(top, 0.0)))


def _pair_remainder(center: _Center, point: Array) -> float:
    """``sum_r |sigma(y+t) - sigma(y-t) - 2 sigma'(y) t|`` on the cap, for ``y = (w+q).x'`` and ``t = t_r.x'``."""
    moves, delta = center.moves, center.cap.delta
    moved = np.abs(moves.differences @ point) + delta * np.linalg.norm(moves.differences[:, :-1], axis=1)
    if _is_smooth(center.activation):
        return upper_float(center.activation.curvature_lipschitz) / 3.0 * float(np.sum(moved**3))
    if center.activation.name != "quadratic_relu":
        return float("inf")
    beta = upper_float(center.activation.derivative_lipschitz)
    shifted = moves.rows + moves.means
    # beta / 2 is the square of the scale: sigma(z) = max(0, scale z)^2.
    return beta / 2.0 * _switched_squares(shifted[:, :-1], np.abs(shifted @ point), moved, delta)


def _switched_squares(rows: Array, distance: Array, moved: Array, delta: float) -> float:
    """``sum_r (moved_r - |y_r + w_r.p|)_+^2`` over ``|p| <= delta``, with ``|y_r| = distance_r``.

    A neuron contributes only if ``|w_r.p| >= distance - moved``, hence at most ``moved^2 (w_r.p)^2 / gap^2``; neurons
    whose gap is below the typical ``|w_r.p|`` are charged ``moved^2``.
    """
    gap = distance - moved
    reach = delta * np.linalg.norm(rows, axis=1) * (1.0 + 1e-12)
    typical = float(np.median(reach)) / np.sqrt(rows.shape[1])
    certain = gap <= typical
    possible = ~certain & (gap <= reach)
    weights = np.where(possible, (moved / np.where(possible, gap, 1.0)) ** 2, 0.0)
    gram = (rows * weights[:, None]).T @ rows
    top = float(np.linalg.eigvalsh(gram)[-1]) + 4.0 * (len(rows) + 64) * _EPSILON * float(np.trace(gram))
    return float(np.sum(moved[certain] ** 2)) + delta**2 * max(top, 0.0)
