"""The ends of the spectrum of an operator known only by its products: what is proved, and what is an estimate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ...bounds import Interval, InvalidInput
from .lanczos import STEPS, RitzPair, largest_ritz_pair
from .rayleigh_quotient import RayleighQuotient, quotient_with_error

__all__ = ["EigenvalueEstimate", "OperatorSpectrum", "operator_spectrum"]

Product = Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]]


@dataclass(frozen=True)
class EigenvalueEstimate:
    """A number that is not enclosed: at most one of `lower` and `upper` is a proved bound, None means none."""

    estimate: float
    lower: float | None = None
    upper: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {"kind": "estimate", "estimate": self.estimate, "lower": self.lower, "upper": self.upper}


@dataclass(frozen=True)
class OperatorSpectrum:
    """The ends of the spectrum: an Interval has two proved ends, an EigenvalueEstimate has not.

    `min_eigenvalue` never is an Interval: no number of products with K proves that there is nothing further down.
    `products` counts how often the operator was applied.
    """

    n: int
    max_eigenvalue: Interval | EigenvalueEstimate
    min_eigenvalue: EigenvalueEstimate
    products: int

    def to_json(self) -> dict[str, Any]:
        largest = self.max_eigenvalue.to_json()
        return {
            "n": self.n,
            "max_eigenvalue": {"kind": "bounds", **largest} if isinstance(self.max_eigenvalue, Interval) else largest,
            "min_eigenvalue": self.min_eigenvalue.to_json(),
            "products": self.products,
        }


def operator_spectrum(
    product: Product,
    n: int,
    *,
    product_error: float,
    frobenius_norm: float | None = None,
    semidefinite_trace: float | None = None,
    steps: int = STEPS,
    seed: int = 0,
) -> OperatorSpectrum:
    """The extreme eigenvalues of a symmetric K given by v -> K v for float64 vectors of shape (n,).

    `product_error` bounds ||computed K v - K v|| for unit vectors v (for a `GramOperator`, n times the `error` of any
    of its products): with it the Rayleigh quotients of the Ritz vectors are proved, lambda_max >= and lambda_min <=.
    An upper bound of lambda_max needs to know more: `frobenius_norm`, an upper bound of ||K||_F, or
    `semidefinite_trace`, one of tr K where K is known to be positive semidefinite (kernel matrices are, in exact
    arithmetic). Each is an upper bound itself, and gives one close to lambda_max where that stands out from the other
    eigenvalues (`RayleighQuotient.above_largest`). The caller vouches for symmetry.

    Lanczos' method runs at most `steps` products for each end. Raises InvalidInput for n < 1, a bound that is negative
    or NaN, or a product that is not finite or has another shape.
    """
    given = {
        "product_error": product_error,
        "frobenius_norm": frobenius_norm,
        "semidefinite_trace": semidefinite_trace,
    }
    for name, value in given.items():
        if value is not None and not 0 <= value < math.inf:
            raise InvalidInput(f"{name} is {value}: expected a finite number >= 0")
    if n < 1 or steps < 1:
        raise InvalidInput(f"n is {n} and steps {steps}: expected positive integers")
    checked = _checked(product, n)
    top = largest_ritz_pair(checked, n, seed=seed, steps=steps)
    # Relative to lambda_max: a smallest eigenvalue far below it takes more.
    bottom = largest_ritz_pair(lambda v: -checked(v), n, seed=seed, steps=steps, tolerance=1e-9)
    high, low = (_quotient(checked, pair, product_error) for pair in (top, bottom))
    return OperatorSpectrum(
        n=n,
        max_eigenvalue=_largest(high, frobenius_norm, semidefinite_trace),
        min_eigenvalue=EigenvalueEstimate(low.value, upper=low.upper),
        products=top.products + bottom.products + 2,
    )


def _quotient(product: Product, pair: RitzPair, product_error: float) -> RayleighQuotient:
    """The vector is normalised up to rounding, which the factor 2 covers amply."""
    return quotient_with_error(pair.vector, product(pair.vector), 2 * product_error, 2 * product_error)


def _largest(
    quotient: RayleighQuotient, frobenius_norm: float | None, semidefinite_trace: float | None
) -> Interval | EigenvalueEstimate:
    candidates = []
    if frobenius_norm is not None:
        candidates += [frobenius_norm, quotient.above_largest(quotient.second_from_frobenius(frobenius_norm))]
    if semidefinite_trace is not None:
        candidates += [semidefinite_trace, quotient.above_largest(quotient.second_from_trace(semidefinite_trace))]
    if not candidates:
        return EigenvalueEstimate(quotient.value, lower=quotient.lower)
    upper = min(candidates)
    if not quotient.lower <= upper:
        raise InvalidInput(
            f"a norm or trace of {upper:.6g} is below a Rayleigh quotient of {quotient.lower:.6g}: expected a bound"
        )
    return Interval(quotient.lower, min(quotient.value, upper), upper)


def _checked(product: Product, n: int) -> Product:
    def applied(v: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        image = np.asarray(product(v), dtype=np.float64)
        if image.shape != (n,) or not np.isfinite(image).all():
            raise InvalidInput(f"a product has shape {image.shape} or is not finite: expected {n} finite numbers")
        return image

    return applied
