"""The ends of the spectrum of a Gram matrix that is never held, by Lanczos' method: a pass over the matrix a step."""

from __future__ import annotations

from ...bounds import InvalidInput
from ..spectrum.lanczos import STEPS
from ..spectrum.operator_spectrum import OperatorSpectrum, operator_spectrum
from .operator import GramOperator

__all__ = ["block_spectrum"]


def block_spectrum(operator: GramOperator, *, steps: int = STEPS, seed: int = 0) -> OperatorSpectrum:
    """The largest eigenvalue between proved bounds, where it stands out; of the smallest one a proved upper bound.

    The matrix is the one whose floating-point entries the operator holds, and the rounding errors of its products are
    counted: entry by entry at most `Product.error` ||v||_1, so at most n times that for a unit vector v. At most
    2 steps + 4 passes over the matrix. Raises InvalidInput unless the matrix is symmetric, and as the operator does.
    """
    if not operator.symmetric:
        raise InvalidInput(f"the operator of shape {operator.shape} is not symmetric: expected K(X, X)")
    n = operator.shape[0]
    size = operator.size()
    return operator_spectrum(
        operator.matvec,
        n,
        product_error=n * size.product_error * (1 + 2.0**-50),
        frobenius_norm=size.frobenius_norm,
        steps=steps,
        seed=seed,
    )
