"""What rounding may add to the inequalities of a proof along a run: derived from the number formats, not chosen.

*The step.* Let u be the unit roundoff of the training dtype, ``gamma_k = k u / (1 - k u)`` and ``N = |W_0| + |W_t -
W_0| + alpha |g_t|``. A step computes ``W_t - alpha G`` and may shrink the move; every weight takes at most 8 roundings
of quantities whose matrices have norms of at most N. With ``z = w.x`` off by ``gamma_(d+8) |w||x|`` (the inputs are
rounded once, the sum may run in any order), ``sigma'(z)`` by beta times that and by 8 u (1 + |sigma'|) more (what the
elementary functions of the libraries in use are good for), and sums over n points, G is off by at most ``2 lambda (beta
gamma_(d+8) N / sqrt(m) + (gamma_n + 16 u)(1 + max_i |grad f(W_t, x_i)|))``, lambda the mean of ``|l'_i|``; the factor
2 is for products of errors. The slopes ``l'_i`` are no part of it: ``g_t`` is defined by those that the run used.

*An active projection* is the exact one onto the ball of the radius R' that it ends with, whatever R' is, up to the
roundings above. It does not lengthen the way to a W_* of that ball, and to another at most by ``|W_* - W_0| - R'``.

*What is measured* takes float64, with sums of at most m d terms: first-order errors, doubled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from .proof_record import ProofRecord

Array = NDArray[np.float64]
_FINE = float(np.finfo(np.float64).eps) / 2.0


@dataclass(frozen=True)
class RunSetting:
    """The constants of a run that its rounding depends on; ``lipschitz`` is beta, ``size`` ``|W_0|_F``, ``longest_row``
    ``max_r |w_r|`` there.
    """

    width: int
    dimension: int
    points: int
    step_size: float
    radius: float
    lipschitz: float
    size: float
    longest_row: float
    dtype: np.dtype[Any]

    @property
    def unit(self) -> float:
        """The unit roundoff of the training dtype."""
        return float(np.finfo(self.dtype).eps) / 2.0

    @property
    def sphere(self) -> float:
        """How far from 1 the norm of a point in float64 may be, relatively."""
        return 4.0 * roundings(self.dimension + 8, _FINE)

    @property
    def norm(self) -> float:
        """The relative rounding of a Frobenius norm in float64."""
        return roundings(self.width * self.dimension + 8, _FINE)

    def rows(self, row_radius: float) -> float:
        """The rounding of ``sqrt(m) |w_r - w_(0,r)| <= rho``: a move is found, capped and added to a row again."""
        root = math.sqrt(self.width)
        return 16.0 * self.unit * root * (self.longest_row + row_radius / root) + row_radius * roundings(
            self.dimension + 8, self.unit
        )


@dataclass(frozen=True)
class Allowances:
    """Upper bounds of what rounding adds, step by step.

    ``squares`` belongs to ``|W_(t+1) - W_*|^2`` after a step, ``moves`` to ``|W_(t+1) - W_0|^2``, ``pulls`` to ``<g_t,
    W_t - W_*>``, ``values`` to f and ``remainders`` to its linearisation error at one point, ``gradients`` to ``|grad
    f|`` there, ``losses`` to a mean loss, and ``radius`` to ``|W_t - W_0| <= R``. ``free`` are the steps that no
    projection can have touched.
    """

    squares: Float[Array, " t"]
    moves: Float[Array, " t"]
    pulls: Float[Array, " t"]
    values: Float[Array, " t"]
    remainders: Float[Array, " t"]
    gradients: Float[Array, " t"]
    losses: Float[Array, " t"]
    radius: float
    free: NDArray[np.bool_]


def roundings(count: float, unit: float) -> float:
    """``gamma_k = k u / (1 - k u)`` for k roundings of unit u; infinite where they may add up to anything."""
    product = count * unit
    return product / (1.0 - product) if product < 1.0 else math.inf


def allowances(record: ProofRecord, setting: RunSetting, row_radius: float | None = None) -> Allowances:
    """The allowances of one run; ``row_radius`` is the rho of tied pairs."""
    stride = setting.step_size * np.sqrt(record.gradient_squares)
    size = setting.size + record.moves[:-1] + stride
    values, slants, gradients = _measured(record, setting, size)
    pulls = record.slopes * slants
    stray = _step(record, setting, size)
    norm = roundings(setting.width + setting.dimension + 8, setting.unit)
    radius = norm * setting.radius + 8.0 * setting.unit * size
    free = _free(record, setting, norm, row_radius)
    short = np.maximum(record.distances[0] - record.moves[1:], 0.0)
    lost = stray + np.where(free, 0.0, np.minimum(short, radius))
    terms = 2.0 * setting.step_size * pulls + roundings(setting.width, _FINE) * stride**2
    return Allowances(
        squares=_squares(record.distances, stride, lost, size, setting) + terms,
        moves=_squares(record.moves, stride, stray, size, setting) + terms,
        pulls=pulls,
        values=values,
        remainders=2.0 * values + slants,
        gradients=gradients,
        losses=record.slopes * values + roundings(setting.points + 16, _FINE) * (1.0 + record.losses + record.slopes),
        radius=float(np.max(radius)),
        free=free,
    )


def _squares(lengths: Array, stride: Array, stray: Array, size: Array, setting: RunSetting) -> Array:
    """For the squares of lengths before and after a step that ends ``stray`` off, measured in float64."""
    landing = lengths[:-1] + stride
    entries = 6.0 * _FINE * size * (lengths[:-1] + lengths[1:])
    sums = roundings(setting.width * setting.dimension, _FINE) * (lengths[:-1] ** 2 + lengths[1:] ** 2)
    return np.asarray(entries + sums + stray * (2.0 * landing + stray))


def _step(record: ProofRecord, setting: RunSetting, size: Array) -> Array:
    """``|W_(t+1) - P(W_t - alpha g_t)|`` as far as rounding goes."""
    unit = setting.unit
    inputs = setting.lipschitz * roundings(setting.dimension + 8, unit) * size / math.sqrt(setting.width)
    sums = (roundings(setting.points, unit) + 16.0 * unit) * (1.0 + record.point_gradients)
    return np.asarray(8.0 * unit * size + 2.0 * setting.step_size * record.slopes * (inputs + sums))


def _measured(record: ProofRecord, setting: RunSetting, size: Array) -> tuple[Array, Array, Array]:
    """What float64 adds to f, to ``<grad f(W_t, x), W_* - W_t>`` and to ``|grad f(W_t, x)|``.

    The first two are sums of ``sigma(z) / sqrt(m)`` and ``sigma'(z) (z_* - z) / sqrt(m)``, whose absolute values come
    to at most ``|sigma(W x)|`` and ``|grad f| |(W_* - W) x|`` (Cauchy and Schwarz).
    """
    inputs = roundings(setting.dimension + 8, _FINE) * (size + record.distances[:-1])
    sums = roundings(setting.width + 16, _FINE)
    reach, steepest = np.sqrt(record.furthest), record.point_gradients
    bends = setting.lipschitz * inputs / math.sqrt(setting.width) + 8.0 * _FINE * (1.0 + steepest)
    values = 2.0 * (steepest * inputs + sums * (1.0 + record.values))
    slants = 2.0 * (steepest * (2.0 * inputs + sums * reach) + bends * reach)
    return np.asarray(values), np.asarray(slants), np.asarray(2.0 * (bends + sums * steepest))


def _free(record: ProofRecord, setting: RunSetting, norm: float, row_radius: float | None) -> NDArray[np.bool_]:
    """Steps that would have ended inside the ball, with all rows short, by more than the rounding of norms."""
    alpha = setting.step_size
    squares = record.moves[:-1] ** 2 - 2.0 * alpha * record.outward + alpha**2 * record.gradient_squares
    # Negated, so that a step that was not measured counts as free, and fails there.
    inside = ~(np.sqrt(np.maximum(squares, 0.0)) >= setting.radius * (1.0 - norm))
    if row_radius is not None:
        longest = row_radius / math.sqrt(setting.width)
        inside &= record.rows[1:] < longest * (1.0 - 16.0 * roundings(setting.dimension + 8, setting.unit))
    return np.asarray(inside)
