"""Rayleigh quotients v^T K v / v^T v with their rounding counted: every one is a bound of both extreme eigenvalues."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .definiteness import UNIT_ROUNDOFF, gamma
from .symmetric_matrix import SymmetricMatrix

__all__ = ["RayleighQuotient", "quotient_with_error", "rayleigh_quotient"]

_UNDERFLOW = 2.0**-900  # more than all that underflow can lose in a sum of products of numbers near 1


@dataclass(frozen=True)
class RayleighQuotient:
    """The exact quotient lies in [lower, upper], and ||K v - value v|| / ||v|| is at most `residual`.

    lambda_min(K) <= upper and lambda_max(K) >= lower.
    """

    lower: float
    value: float
    upper: float
    residual: float

    def second_from_frobenius(self, norm: float) -> float:
        """An upper bound of lambda_2 from one of ||K||_F: lambda_2^2 <= ||K||_F^2 - theta^2, as lambda_1 >= theta, if
        the quotient theta is positive (else inf).
        """
        if not self.lower > 0:
            return math.inf
        rest = norm**2 * (1 + 8 * UNIT_ROUNDOFF) - self.lower**2 * (1 - 8 * UNIT_ROUNDOFF)
        return math.sqrt(max(rest, 0.0)) * (1 + 8 * UNIT_ROUNDOFF)

    def second_from_trace(self, trace: float) -> float:
        """An upper bound of lambda_2 from one of the trace of a positive semidefinite K: lambda_2 <= tr K - theta."""
        return max(trace - self.lower, 0.0) + 4 * UNIT_ROUNDOFF * (trace + abs(self.lower))

    def above_largest(self, second: float) -> float:
        """An upper bound of lambda_1 from one of lambda_2, inf unless the latter is below the quotient theta.

        With rho for `second`, lambda_1 is the only eigenvalue beyond rho, so (K - lambda_1)(K - rho) is positive
        semidefinite and lambda_1 <= theta + r^2 / (theta - rho) with the residual r (Temple 1928, Kato 1949).
        """
        if not (math.isfinite(self.lower) and self.lower - second > 1e-6 * abs(second)):
            return math.inf
        excess = self.residual**2 / (self.lower - second) * (1 + 16 * UNIT_ROUNDOFF)
        return self.upper + excess + 4 * UNIT_ROUNDOFF * (abs(self.upper) + excess)


def rayleigh_quotient(matrix: SymmetricMatrix, v: Float[np.ndarray, " n"]) -> RayleighQuotient:
    """The quotient of any vector v with a norm of about 1.

    With w = K v computed, |w - K v| <= gamma_n |K| |v| entry by entry, whatever the order of summation.
    """
    image = matrix.entries @ v
    errors = gamma(len(v) + 1) / (1 - gamma(len(v))) * matrix.image_of_sizes(v) + _UNDERFLOW
    return quotient_with_error(v, image, float(np.abs(v) @ errors), float(np.linalg.norm(errors)))


def quotient_with_error(
    v: Float[np.ndarray, " n"], image: Float[np.ndarray, " n"], form_error: float, image_error: float
) -> RayleighQuotient:
    """From a computed image w of v with |v^T (w - K v)| <= form_error and ||w - K v|| <= image_error.

    Rounding of the inner products and norms is added here. Bounds are infinite where something is not finite.
    """
    n, form, square = len(v), float(v @ image), float(v @ v)
    slack = 1 + 2 * gamma(n + 8)
    error = (form_error + gamma(n + 4) * float(np.abs(v) @ np.abs(image)) + _UNDERFLOW) * slack
    residual_vector, size = math.inf, math.inf
    if square > 0:
        value = form / square
        residual_vector = float(np.linalg.norm(image - value * v))
        size = float(np.linalg.norm(np.abs(image) + abs(value) * np.abs(v)))
    residual = (residual_vector + image_error + 4 * UNIT_ROUNDOFF * size + _UNDERFLOW) * slack
    if not (square > 0 and math.isfinite(form) and math.isfinite(error) and math.isfinite(residual)):
        return RayleighQuotient(-math.inf, math.nan, math.inf, math.inf)
    lower = min((form - error) / (square * factor) for factor in (1 / slack, slack))
    upper = max((form + error) / (square * factor) for factor in (1 / slack, slack))
    relative = 8 * UNIT_ROUNDOFF
    return RayleighQuotient(
        lower - relative * abs(lower), value, upper + relative * abs(upper), residual * slack / math.sqrt(square)
    )
