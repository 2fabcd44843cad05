"""Is a Gram matrix safely positive definite, how well is it conditioned, and which rows are to blame if not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ...bounds import Interval, InvalidInput, Outcome, Verdict
from .definiteness import decide_definiteness
from .directed_decimals import rounded_down, rounded_up
from .effective_rank import EffectiveRank, effective_rank
from .extreme_eigenvalues import extreme_eigenvalues, work_bytes
from .symmetric_matrix import SymmetricMatrix
from .troublesome_rows import RowPair, RowWeight, most_correlated_pairs, rows_of_eigenvector

__all__ = ["ConditioningReport", "conditioning", "conditioning_bytes"]

ENTRY_ERROR = 1e-13  # of a float64 Gram matrix; as many units in the last place in lower precision
_PAIRS = 5


@dataclass(frozen=True)
class ConditioningReport:
    """Extreme eigenvalues of a symmetric matrix, each within `error_bound` of the exact one.

    The exact matrix is one whose entries are within `entry_error` of those given (relative to the largest one); for it
    `min_eigenvalue_bounds` and `max_eigenvalue_bounds` are proved, rounding included, and `positive_definite` is
    decided. `condition_number` is the ratio of the computed eigenvalues, inf unless the smallest is positive;
    `condition_number_bounds` enclose the exact one (inf for a matrix that is not positive definite, so that they still
    hold where this is undecided) and are None once definiteness is refuted.

    `most_correlated` are the two rows of the largest K_ij / sqrt(K_ii K_jj), `correlation` its value. `pairs` are
    ranked by |correlation|, `rows` by their weight in the computed eigenvector of the smallest eigenvalue.
    `entry_error` is the one that was assumed.
    """

    n: int
    min_eigenvalue: float
    max_eigenvalue: float
    condition_number: float
    error_bound: float
    positive_definite: Outcome
    most_correlated: tuple[int, int] | None
    correlation: float | None
    min_eigenvalue_bounds: Interval
    max_eigenvalue_bounds: Interval
    condition_number_bounds: Interval | None
    effective_rank: EffectiveRank
    pairs: tuple[RowPair, ...]
    rows: tuple[RowWeight, ...]
    entry_error: float

    @property
    def summary(self) -> str:
        """Definiteness, conditioning and who is to blame, for a reader."""
        return f"{self._definiteness}{self._blame}"

    @property
    def _definiteness(self) -> str:
        bounds, outcome = self.condition_number_bounds, self.positive_definite
        if outcome.verdict is Verdict.PROVED and bounds is not None:
            ends = f"{rounded_down(bounds.lower, 4)} to {rounded_up(bounds.upper, 4)}"
            return f"Positive definite: {outcome.reason}, condition number {ends}."
        word = "Not positive definite" if outcome.verdict is Verdict.REFUTED else "Not known to be positive definite"
        return f"{word}: {outcome.reason}."

    @property
    def _blame(self) -> str:
        if not self.pairs:
            return ""
        pair, heaviest = self.pairs[0], self.rows[: min(2, self.n)]
        weights = " and ".join(f"{each.row} ({each.weight:.0%})" for each in heaviest)
        return (
            f" {str(pair).capitalize()}, which alone keeps the smallest eigenvalue below about {pair.eigenvalue:.3g}; "
            f"the eigenvector of that eigenvalue weighs most on rows {weights}."
        )

    def to_json(self) -> dict[str, Any]:
        """Plain numbers; an infinite condition number is None, which JSON can write."""
        condition = self.condition_number_bounds
        return {
            "n": self.n,
            "min_eigenvalue": self.min_eigenvalue,
            "max_eigenvalue": self.max_eigenvalue,
            "condition_number": self.condition_number if math.isfinite(self.condition_number) else None,
            "error_bound": self.error_bound,
            "positive_definite": self.positive_definite.to_json(),
            "most_correlated": None if self.most_correlated is None else list(self.most_correlated),
            "correlation": self.correlation,
            "min_eigenvalue_bounds": self.min_eigenvalue_bounds.to_json(),
            "max_eigenvalue_bounds": self.max_eigenvalue_bounds.to_json(),
            "condition_number_bounds": None if condition is None else condition.to_json(),
            "effective_rank": self.effective_rank.to_json(),
            "pairs": [pair.to_json() for pair in self.pairs],
            "rows": [row.to_json() for row in self.rows],
            "entry_error": self.entry_error,
            "summary": self.summary,
        }


def conditioning(K: Float[np.ndarray, "n n"], *, entry_error: float | None = None) -> ConditioningReport:
    """Report on a Gram matrix whose entries are known up to entry_error * max |K_ij|.

    `gram_error_bound` proves an entry_error for a kernel and a dimension. The default is an assumption: 1e-13 for
    float64, as many units in the last place (5.4e-5) for float32. By Weyl's inequality an error matrix E moves every
    eigenvalue by at most ||E||_2 <= ||E||_F <= n entry_error max|K|. The ends of the spectrum of the given entries are
    bounded by Rayleigh quotients and by Cholesky factorisations, see `extreme_eigenvalues`: about n^3 operations,
    `conditioning_bytes(n)` bytes, in float64 always, from fixed start vectors.

    Raises InvalidInput for an entry_error that is negative or not finite, and for a matrix that is not square, real,
    finite and symmetric.
    """
    if entry_error is None:
        entry_error = _default_entry_error(K)
    if not 0 <= entry_error < math.inf:
        raise InvalidInput(f"entry_error is {entry_error}: expected a finite number >= 0")
    matrix = SymmetricMatrix.of(K)
    ends = extreme_eigenvalues(matrix)
    error = matrix.error_from_entries(entry_error)
    smallest, largest = _widened(ends.smallest.bounds, error), _widened(ends.largest.bounds, error)
    definite = decide_definiteness(smallest, ends.smallest.vector)
    above, below = most_correlated_pairs(matrix, _PAIRS)
    return ConditioningReport(
        n=len(matrix),
        min_eigenvalue=smallest.estimate,
        max_eigenvalue=largest.estimate,
        condition_number=largest.estimate / smallest.estimate if smallest.estimate > 0 else math.inf,
        error_bound=max(_reach(smallest), _reach(largest)),
        positive_definite=definite,
        most_correlated=above[0].rows if above else None,
        correlation=above[0].correlation if above else None,
        min_eigenvalue_bounds=smallest,
        max_eigenvalue_bounds=largest,
        condition_number_bounds=_condition_number(smallest, largest),
        effective_rank=effective_rank(matrix, ends, entry_error=entry_error),
        pairs=_ranked([*above, *below]),
        rows=rows_of_eigenvector(ends.smallest.vector, _PAIRS),
        entry_error=float(entry_error),
    )


def conditioning_bytes(n: int, dtype: Any = np.float64) -> int:
    """The memory that a report on n rows needs beside the matrix, in bytes: one float64 matrix for the factorisations,
    another one for the entries unless they are contiguous and float64 already, and the vectors of Lanczos' method.
    """
    if n < 1:
        raise InvalidInput(f"n is {n}: expected a positive integer")
    return work_bytes(n) + (0 if np.dtype(dtype) == np.float64 else 8 * n * n)


def _default_entry_error(K: Any) -> float:
    dtype = np.asarray(K).dtype
    units = float(np.finfo(dtype).eps) / float(np.finfo(np.float64).eps) if dtype.kind == "f" else 1.0
    return ENTRY_ERROR * max(units, 1.0)


def _widened(bounds: Interval, error: float) -> Interval:
    lower, upper = math.nextafter(bounds.lower - error, -math.inf), math.nextafter(bounds.upper + error, math.inf)
    return Interval(lower, bounds.estimate, upper)


def _reach(bounds: Interval) -> float:
    """The distance from the estimate to the farther end, rounded upwards."""
    return math.nextafter(max(bounds.estimate - bounds.lower, bounds.upper - bounds.estimate), math.inf)


def _condition_number(smallest: Interval, largest: Interval) -> Interval | None:
    """None unless the smallest eigenvalue may be positive."""
    if not smallest.upper > 0:
        return None
    lower = max(1.0, math.nextafter(largest.lower / smallest.upper, -math.inf))
    upper = math.nextafter(largest.upper / smallest.lower, math.inf) if smallest.lower > 0 else math.inf
    estimate = largest.estimate / smallest.estimate if smallest.estimate > 0 else math.inf
    return Interval(lower, min(max(lower, estimate), upper), upper)


def _ranked(pairs: list[RowPair]) -> tuple[RowPair, ...]:
    """The largest |correlation| first, every pair once: with few rows one can be among the largest and the smallest."""
    return tuple(sorted(dict.fromkeys(pairs), key=lambda pair: -abs(pair.correlation))[:_PAIRS])
