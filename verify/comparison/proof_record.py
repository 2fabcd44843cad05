"""What the proofs speak about, measured at every step of a run in float64.

A network in training has definite weights, the floating-point numbers that it has. What is measured here are the
losses, gradients and distances of these very weights, whatever dtype they were computed in; `rounding.py` bounds what
float64 adds. Only the slopes ``l'_i`` are those of the run, taken at its own values: they define the gradient ``g_t``
that the step takes. The comparator is ``W_* = W_0 + D`` with D in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, Loss
from ...bounds.convergence import ConvergenceTheorem
from ...bounds.curvature import Network
from ...kernels import SymmetricInitialisation, numeric
from ..planning.certified_plan import DrawnPlan
from ..training.training_run import TrainingRun, TrainingStep

Array = NDArray[np.float64]
# Neurons times points of one block: its dozen temporaries stay in cache.
_BLOCK = 1 << 16


@dataclass(frozen=True, eq=False)
class ProofRecord:
    """Curves of one run, step t = 1 ... T' first; all float64.

    ``losses`` are ``l_t(W_t) = L_A(W_t)``, ``comparator_losses`` ``l_t(W_*)``, ``pulls`` ``<g_t, W_t - W_*>``,
    ``outward`` ``<g_t, W_t - W_0>``, ``gradient_squares`` ``|g_t|^2``, ``slopes`` the mean of ``|l'_i|``, ``chords``
    the mean of ``l'_i (f(W_t, x_i^t) - f(W_*, x_i^t))``, ``slope_gaps`` what the slopes lose because they are those of
    the run's own values, ``value_gaps`` the largest difference of these and f, ``point_gradients`` ``max_i |grad f(W_t,
    x_i^t)|``, ``values`` ``max_i |sigma(W_t x_i^t)|``, which bounds the rounding of f. ``remainders`` are ``|f(W_*, x)
    - f(W_t, x) - <grad f(W_t, x), W_* - W_t>|`` and ``reaches`` ``|(W_* - W_t) x|^2`` at the point whose remainder is
    largest in proportion to its reach, ``furthest`` the largest reach, ``remainder_costs`` the mean of ``|l'_i|`` times
    the remainder. ``least_margins`` are ``min_i y_i f(W_*, x_i^t) - mu_i`` with the certified margins ``mu_i``.

    Of the fraction ``errors`` of points with ``y f <= 0`` and ``active`` of points with a slope, ``wrong_margins`` is
    the sum of ``y_i f(W_*, x_i^t) / n`` over the former, ``depths`` that of ``-y_i f(W_t, x_i^t) / n`` over these, and
    ``unsure`` that of ``y_i (f(W_*) - f(W_t)) / n`` over the other active ones. ``distances`` ``|W_t - W_*|``,
    ``moves`` ``|W_t - W_0|`` and ``rows``, the longest move of a neuron, have one entry more, for the final weights.
    """

    losses: Float[Array, " t"]
    comparator_losses: Float[Array, " t"]
    pulls: Float[Array, " t"]
    outward: Float[Array, " t"]
    gradient_squares: Float[Array, " t"]
    slopes: Float[Array, " t"]
    chords: Float[Array, " t"]
    slope_gaps: Float[Array, " t"]
    value_gaps: Float[Array, " t"]
    point_gradients: Float[Array, " t"]
    values: Float[Array, " t"]
    remainders: Float[Array, " t"]
    reaches: Float[Array, " t"]
    furthest: Float[Array, " t"]
    remainder_costs: Float[Array, " t"]
    least_margins: Float[Array, " t"]
    errors: Float[Array, " t"]
    active: Float[Array, " t"]
    wrong_margins: Float[Array, " t"]
    depths: Float[Array, " t"]
    unsure: Float[Array, " t"]
    distances: Float[Array, " t_plus_one"]
    moves: Float[Array, " t_plus_one"]
    rows: Float[Array, " t_plus_one"]

    @property
    def steps(self) -> int:
        """The number T' of steps."""
        return len(self.losses)

    def arrays(self) -> dict[str, Array]:
        """The curves by name."""
        return {name: getattr(self, name) for name in _SCALARS}

    @property
    def residuals(self) -> Float[Array, " t"]:
        """``rho_t = l_t(W_t) - l_t(W_*) - <g_t, W_t - W_*>``, the linearisation residuals of E1.post."""
        return self.losses - self.comparator_losses - self.pulls


_SCALARS = tuple(entry.name for entry in fields(ProofRecord))


class ProofRecorder:
    """An observer of `train` that measures every step; its arrays go with the checkpoint of the run.

    Args:
        initialisation: ``W_0`` and the signs.
        activation, loss, y: sigma, l, and the labels, shape (n,).
        displacement: ``D = W_* - W_0``, shape (m, d), float64.
        margins: certified lower bounds of ``y_i f(W_*, x')``, shape (n,).
        tied: whether only antisymmetric moves are trained (E2).
    """

    def __init__(
        self,
        initialisation: SymmetricInitialisation,
        activation: Activation,
        loss: Loss,
        y: Float[Array, " n"],
        displacement: Float[Array, "m d"],
        margins: Float[Array, " n"],
        *,
        tied: bool = False,
    ) -> None:
        self._start, self._activation, self._loss = initialisation, activation, loss
        self._labels, self._margins, self._tied = np.asarray(y, np.float64), margins, tied
        self._moves = np.split(displacement, 2)
        self._curves: dict[str, list[float]] = {name: [] for name in _SCALARS}

    @classmethod
    def of(cls, drawn: DrawnPlan, y: Float[Array, " n"]) -> ProofRecorder:
        """For a run of this plan."""
        theorem, comparator = drawn.plan.guarantee.basis, drawn.comparator
        assert isinstance(theorem, ConvergenceTheorem)
        return cls(
            drawn.initialisation,
            drawn.activation,
            drawn.plan.loss,
            y,
            comparator.moves.displacement,
            comparator.margins,
            tied=theorem.network is Network.TIED,
        )

    def __call__(self, step: TrainingStep) -> None:
        """Measure one step."""
        slopes = np.asarray(self._loss.slope(step.values, self._labels), np.float64)
        sums = self._sums(step.network.halves, np.asarray(step.points, np.float64), slopes / len(slopes))
        own = np.asarray(step.values, np.float64)
        for name, value in (self._measured(sums, slopes, own) | sums.lengths()).items():
            self._curves[name].append(value)

    def arrays(self) -> dict[str, Array]:
        """The curves so far, for a checkpoint."""
        return {name: np.array(values) for name, values in self._curves.items()}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take the curves of a checkpoint."""
        self._curves = {name: arrays[name].tolist() for name in _SCALARS}

    def finish(self, training: TrainingRun) -> ProofRecord:
        """The record, the final weights included."""
        first, second = np.split(training.final_weights, 2)
        sums = self._sums((first, second), None, None)
        curves = {name: np.array(values) for name, values in self._curves.items()}
        for name, value in sums.lengths().items():
            curves[name] = np.append(curves[name], value)
        return ProofRecord(**curves)

    def _sums(self, halves: tuple[Any, Any], points: Array | None, weights: Array | None) -> _Sums:
        sums = _Sums(0 if points is None else len(points))
        for block in _blocks(len(self._start.half_weights), max(sums.count, 1)):
            start = self._start.half_weights[block]
            moves = [np.asarray(half[block], np.float64) - start for half in halves]
            aims = [half[block] for half in self._moves]
            sums.add_lengths(moves, aims)
            if points is not None and weights is not None:
                outputs = np.asarray(self._start.signs[block], np.float64) / np.sqrt(self._start.width)
                sums.add_values(points, weights, start, moves, aims, outputs, self._activation, tied=self._tied)
        return sums

    def _measured(self, sums: _Sums, slopes: Array, own: Array) -> dict[str, float]:
        y, loss, count = self._labels, self._loss, len(slopes)
        values, aimed = sums.values, sums.aimed
        losses = loss.value(values, y)
        remainders = np.abs(aimed - values - sums.towards)
        worst = int(np.argmax(remainders / np.maximum(sums.reaches, np.finfo(np.float64).tiny)))
        wrong = ~(y * values > 0.0)
        unsure = (slopes != 0.0) & ~wrong
        return {
            "losses": float(np.mean(losses)),
            "comparator_losses": float(np.mean(loss.value(aimed, y))),
            "pulls": -float(np.mean(slopes * sums.towards)),
            "outward": -float(np.mean(slopes * sums.homewards)),
            "gradient_squares": sums.gradient_square,
            "slopes": float(np.mean(np.abs(slopes))),
            "chords": float(np.mean(slopes * (values - aimed))),
            "slope_gaps": float(np.mean(losses - loss.value(own, y) - slopes * (values - own))),
            "value_gaps": float(np.max(np.abs(values - own))),
            "point_gradients": float(np.sqrt(np.max(sums.gradients))),
            "values": float(np.sqrt(np.max(sums.squares))),
            "remainders": float(remainders[worst]),
            "reaches": float(sums.reaches[worst]),
            "furthest": float(np.max(sums.reaches)),
            "remainder_costs": float(np.mean(np.abs(slopes) * remainders)),
            "least_margins": float(np.min(y * aimed - self._margins)),
            "errors": float(np.mean(wrong)),
            "active": float(np.mean(slopes != 0.0)),
            "wrong_margins": float(np.sum((y * aimed)[wrong])) / count,
            "depths": -float(np.sum((y * values)[wrong])) / count,
            "unsure": float(np.sum((y * (aimed - values))[unsure])) / count,
        }


class _Sums:
    """Sums over the neurons, block by block; entries of length n belong to the points.

    ``values`` and ``aimed`` are f at ``W_t`` and ``W_*``, ``squares`` ``|sigma(W_t x)|^2``, ``towards`` and
    ``homewards`` ``<grad f(W_t, x), W_* - W_t>`` and the same for ``W_0``, ``gradients`` ``|grad f(W_t, x)|^2``.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.values, self.aimed, self.squares, self.towards, self.homewards, self.gradients, self.reaches = np.zeros(
            (7, count)
        )
        self.gradient_square = self.distance_square = self.move_square = self.row_square = 0.0

    def lengths(self) -> dict[str, float]:
        """Distances of the weights, under their names in the record."""
        squares = {"distances": self.distance_square, "moves": self.move_square, "rows": self.row_square}
        return {name: float(np.sqrt(square)) for name, square in squares.items()}

    def add_lengths(self, moves: list[Array], aims: list[Array]) -> None:
        for move, aim in zip(moves, aims, strict=True):
            rows = np.einsum("rk,rk->r", move, move)
            self.move_square += float(np.sum(rows))
            self.row_square = max(self.row_square, float(np.max(rows)))
            self.distance_square += float(np.sum((move - aim) ** 2))

    def add_values(
        self,
        points: Array,
        weights: Array,
        start: Array,
        moves: list[Array],
        aims: list[Array],
        outputs: Array,
        activation: Activation,
        *,
        tied: bool,
    ) -> None:
        """``weights`` are ``l'_i / n``; ``outputs`` those of the first half, the negatives of the second."""
        sigma, slope = numeric(activation, 0), numeric(activation, 1)
        base = points @ start.T
        shifts, targets = ([points @ each.T for each in rows] for rows in (moves, aims))
        signed = (outputs, -outputs)
        active = [slope(base + shift) * out for shift, out in zip(shifts, signed, strict=True)]
        if tied:
            active = [(active[0] - active[1]) / 2.0, (active[1] - active[0]) / 2.0]
        # Both halves of a pair are summed in the same order: where they are equal, f is 0 exactly.
        for shift, target, out in zip(shifts, targets, signed, strict=True):
            entries = sigma(base + shift)
            self.values += entries @ out
            self.aimed += sigma(base + target) @ out
            self.squares += np.einsum("ir,ir->i", entries, entries)
        for entry, shift, target in zip(active, shifts, targets, strict=True):
            gap = target - shift
            self.towards += np.einsum("ir,ir->i", entry, gap)
            self.homewards -= np.einsum("ir,ir->i", entry, shift)
            self.gradients += np.einsum("ir,ir->i", entry, entry)
            self.reaches += np.einsum("ir,ir->i", gap, gap)
            self.gradient_square += _square(entry, weights, points)


def _square(active: Array, weights: Array, points: Array) -> float:
    """``|sum_i weights_i active_i x_i'|_F^2`` over a block, by the cheaper of two ways."""
    if len(points) > points.shape[1]:
        return float(np.sum((active.T @ (weights[:, None] * points)) ** 2))
    pulls = weights[:, None] * points
    return float(np.sum((active @ active.T) * (pulls @ pulls.T)))


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    size = max(1, _BLOCK // columns)
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))
