"""How many directions a Gram matrix really has: effective ranks by three definitions, and the numerical rank."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from .extreme_eigenvalues import ExtremeEigenvalues
from .symmetric_matrix import SymmetricMatrix

__all__ = ["EffectiveRank", "effective_rank"]

_EPSILON = 2.0**-52


@dataclass(frozen=True)
class EffectiveRank:
    """Four answers for eigenvalues lambda_1 >= ... >= lambda_n of a positive semidefinite matrix K.

    `trace_over_largest` = tr K / lambda_1 (Vershynin, High-Dimensional Probability, 5.6.3; Bartlett, Long, Lugosi and
    Tsigler 2020) and `participation_ratio` = (tr K)^2 / ||K||_F^2 = (sum lambda_i)^2 / sum lambda_i^2, the exponential
    of the spectrum's Renyi entropy of order 2, need no spectrum; they are None where the trace is not positive.
    `entropy` = exp(-sum p_i log p_i), p_i = lambda_i / tr K (Roy and Vetterli 2007), needs one: None without, and if
    an eigenvalue is below -tolerance. 1 <= trace_over_largest <= participation_ratio <= entropy <= n.

    `numerical_rank` counts the eigenvalues above `tolerance`: None where the spectrum is not known, unless the
    smallest one is proved to be above. All are computed in float64, not proved.
    """

    trace_over_largest: float | None
    participation_ratio: float | None
    entropy: float | None
    numerical_rank: int | None
    tolerance: float

    def to_json(self) -> dict[str, Any]:
        return {
            "trace_over_largest": self.trace_over_largest,
            "participation_ratio": self.participation_ratio,
            "entropy": self.entropy,
            "numerical_rank": self.numerical_rank,
            "tolerance": self.tolerance,
        }


def effective_rank(matrix: SymmetricMatrix, ends: ExtremeEigenvalues, *, entry_error: float = 0.0) -> EffectiveRank:
    """The effective ranks of a matrix with these extreme eigenvalues.

    The tolerance of the numerical rank is n eps lambda_1, as in `numpy.linalg.matrix_rank`, or what errors of the
    entries up to entry_error max |K_ij| can do to an eigenvalue, if that is more.
    """
    trace, largest = matrix.trace, ends.largest.bounds.estimate
    tolerance = max(len(matrix) * _EPSILON * abs(largest), matrix.error_from_entries(entry_error))
    positive = trace > 0 and largest > 0
    return EffectiveRank(
        trace_over_largest=trace / largest if positive else None,
        participation_ratio=(trace / matrix.frobenius_norm) ** 2 if positive else None,
        entropy=_entropy(ends.spectrum, tolerance) if positive else None,
        numerical_rank=_numerical_rank(matrix, ends, tolerance),
        tolerance=tolerance,
    )


def _numerical_rank(matrix: SymmetricMatrix, ends: ExtremeEigenvalues, tolerance: float) -> int | None:
    if ends.smallest.bounds.lower > tolerance:
        return len(matrix)
    return None if ends.spectrum is None else int(np.sum(ends.spectrum > tolerance))


def _entropy(spectrum: Float[np.ndarray, " n"] | None, tolerance: float) -> float | None:
    if spectrum is None or not (spectrum >= -tolerance).all():
        return None
    positive = spectrum[spectrum > 0]
    shares = positive / positive.sum()
    return math.exp(-float(shares @ np.log(shares)))
