"""A network near a symmetric initialisation, described by a few numbers: what lemmas about networks are tried on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from ...bounds import Activation, get_activation
from ...kernels import numeric
from ..certificates.paired_moves import PairedMoves
from ..predictors import TwoLayerNetwork
from ..sets.cap import SphericalCap
from .claim import UNIT
from .evaluation import slope_lipschitz
from .moves import Move, level_of

Matrix = Float[np.ndarray, "m d"]


@dataclass(frozen=True)
class NetworkCase:
    """Weights ``W_0``, two points ``W``, ``W'`` of ``B(R)`` and a point x of ``S_b``; the repr makes it again.

    Args:
        activation, scale: sigma.
        pairs: m / 2.
        dimension: d, the bias coordinate included.
        bias: b.
        level: the preactivations ``w_r.x`` at ``W_0``: a number, or "slope", "curvature", "bend" for the z at which
            |sigma'|, |sigma''|, |sigma'''| is largest, or "gaussian" for normal ``W_0``.
        spread: standard deviation of the rows of ``W_0`` orthogonally to x.
        radius: R.
        first, second: the displacements of W and W' from ``W_0``, of length at most R.
        ascent: steps of projected gradient ascent of the remainder of E1.a that W' takes from there.
        angle: polar angle of the cap around x.
        seed: of x and the spread.
    """

    activation: str = "erf"
    scale: str = "1"
    pairs: int = 1
    dimension: int = 3
    bias: float = 0.5
    level: str | float = "curvature"
    spread: float = 0.0
    radius: float = 1.0
    first: Move = Move(size=0.0)
    second: Move = Move()
    ascent: int = 0
    angle: float = 0.1
    seed: int = 0

    @cached_property
    def sigma(self) -> Activation:
        return get_activation(self.activation, self.scale)

    @property
    def width(self) -> int:
        return 2 * self.pairs

    @cached_property
    def cap(self) -> SphericalCap:
        radius = float(np.sqrt(1.0 - self.bias**2))
        return SphericalCap(2.0 * radius * float(np.sin(self.angle / 2.0)), self.bias)

    @cached_property
    def point(self) -> Float[np.ndarray, " d"]:
        """x."""
        direction = np.random.default_rng([self.seed, 1]).standard_normal(self.dimension - 1)
        direction *= self.cap.radius / np.linalg.norm(direction)
        return np.append(direction, self.bias)

    @cached_property
    def rows(self) -> Float[np.ndarray, "half d"]:
        """The distinct rows of ``W_0``."""
        rows = np.random.default_rng([self.seed, 2]).standard_normal((self.pairs, self.dimension))
        if self.level == "gaussian":
            return rows
        across = rows - np.outer(rows @ self.point, self.point)
        return level_of(self.sigma, self.level) * self.point + self.spread * across

    @cached_property
    def initial(self) -> Matrix:
        """``W_0``."""
        return np.concatenate([self.rows, self.rows])

    @cached_property
    def signs(self) -> Float[np.ndarray, " m"]:
        """a."""
        return np.repeat([1.0, -1.0], self.pairs)

    @cached_property
    def weights(self) -> Matrix:
        """W."""
        return np.asarray(self.initial + self.first.displacement(self.pairs, self.point, self.radius))

    @cached_property
    def others(self) -> Matrix:
        """W'."""
        found = self.initial + self.second.displacement(self.pairs, self.point, self.radius)
        for _ in range(self.ascent):
            found = self._ascended(found)
        return np.asarray(found)

    def _ascended(self, weights: Matrix) -> Matrix:
        """A step of half the radius up the remainder of the move from W, back into the ball; tied moves stay tied."""
        slope = numeric(self.sigma, 1)
        pull = self.signs * (slope(weights @ self.point) - slope(self.weights @ self.point))
        pull *= np.sign(Remainder.between(self, self.weights, weights).signed) or 1.0
        if self.second.is_tied:
            first, last = np.split(pull, 2)
            pull = np.concatenate([first - last, last - first])
        length = float(np.linalg.norm(pull))
        move = weights - self.initial
        if length > 0.0:
            move = move + np.outer(0.5 * self.radius * pull / length, self.point)
        return np.asarray(self.initial + move / max(1.0, float(np.linalg.norm(move)) / self.radius))

    @property
    def network(self) -> TwoLayerNetwork:
        """The network with the weights W'."""
        return TwoLayerNetwork(self.others, self.signs, self.sigma)

    @property
    def moves(self) -> PairedMoves:
        """W' in pair coordinates."""
        return PairedMoves.between(self.initial, self.signs, self.others)

    @property
    def operator_norm(self) -> float:
        """``|W_0|_op``, rounded up by the backward error of a singular value decomposition."""
        norm = float(np.linalg.norm(self.initial, 2))
        return norm * (1.0 + 16.0 * (self.width + self.dimension) * UNIT) + 1e-300


@dataclass(frozen=True)
class Remainder:
    """``f(W', x) - f(W, x) - <grad f(W, x), W' - W>`` in float64, and a bound of its rounding error."""

    signed: float
    rounding: float

    @property
    def size(self) -> float:
        return abs(self.signed)

    @classmethod
    def between(cls, case: NetworkCase, start: Matrix, end: Matrix) -> Remainder:
        """That of the move from ``start`` to ``end``."""
        sigma, slope = numeric(case.sigma, 0), numeric(case.sigma, 1)
        before, after = start @ case.point, end @ case.point
        gain = (end - start) @ case.point
        parts = np.stack([sigma(after), -sigma(before), -slope(before) * gain])
        total = float(np.sum(case.signs * np.sum(parts, axis=0)))
        # A preactivation of d terms is off by d roundings of its absolute terms, and sigma' by beta times that.
        off = (case.dimension + 2) * UNIT * (np.abs(start) + np.abs(end)) @ np.abs(case.point)
        steep = np.abs(slope(before)) + np.abs(slope(after)) + slope_lipschitz(case.sigma) * (np.abs(gain) + off)
        charged = steep * off + (case.width + 8) * UNIT * np.sum(np.abs(parts), axis=0)
        root = float(np.sqrt(case.width))
        return cls(total / root, float(2.0 * np.sum(charged)) / root)
