"""A network near a symmetric initialisation, in the coordinates of its mirrored pairs (theory E2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput
from .tiles import gram_upper_eigenvalue

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

    @classmethod
    def tied(
        cls, rows: Float[np.ndarray, "half d"], signs: Float[np.ndarray, " half"], differences: Array
    ) -> PairedMoves:
        """Exactly antisymmetric moves: ``w_r + t_r`` and ``w_r - t_r``."""
        return cls(rows, signs, differences, np.zeros_like(differences))

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
    def is_tied(self) -> bool:
        """Whether the moves are exactly antisymmetric, as the tied theorems suppose."""
        return not self.means.any()

    @property
    def displacement(self) -> Float[np.ndarray, "m d"]:
        """``W - W_0``."""
        return np.vstack([self.means + self.differences, self.means - self.differences])

    @property
    def row_radius(self) -> float:
        """``rho = sqrt(m) max_r |t_r|``, rounded up."""
        rounding: float = 4.0 * (self.differences.shape[1] + 8) * _EPSILON
        return float(np.sqrt(self.width * np.max(np.sum(self.differences**2, axis=1)))) * (1.0 + rounding)

    @property
    def frobenius_norm(self) -> float:
        """``|W - W_0|_F``, rounded up."""
        squared = 2.0 * (np.sum(self.differences**2) + np.sum(self.means**2))
        return float(np.sqrt(squared)) * (1.0 + 4.0 * len(self.rows) * _EPSILON + 1e-12)


def _operator_norm(matrix: Array) -> float:
    """The spectral norm without the bias column, rounded up."""
    return float(np.sqrt(gram_upper_eigenvalue(matrix[:, :-1], np.ones(len(matrix)))))
