"""E[sigma(a) sigma(b)] for a smooth activation without closed form: Mehler's series for every pair of variances.

With h_k(v) = E[sigma(sqrt(v) x) he_k(x)], he_k = He_k/sqrt(k!), it is sum_k h_k(v) h_k(w) rho^k. The coefficients come
from a trapezoidal rule with orthonormal Hermite functions, whose recurrence is stable. What N terms leave out is at
most sqrt(tail(v) tail(w)), tail(v) = E[sigma(sqrt(v) x)^2] - sum_{k < N} h_k(v)^2: N is the least at which that is
below 2^-52 of the moment, for sigma and sigma'. These are estimates in float64, not proofs; `hermite_series` has
proofs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float

from ...bounds import Activation, InvalidInput
from ..activation_function import numeric
from ..series.power_series import PowerSeries
from .logistic_mixture import LogisticMixture, logistic_mixture
from .preactivation_pair import PreactivationPair

__all__ = ["HermiteMap"]

_FEWEST, _MOST = 32, 2048
_NEGLIGIBLE = 2.0**-52
# The squares of the coefficients may miss the moment, by a rule four times as fine, by this part of it.
_AGREEMENT = 1e-13
_REACH = 13.0
_POINTS_AT_ONCE = 1024
# Variances of points of a sphere differ by the rounding of their norms.
_SAME = 16 * np.finfo(float).eps


@dataclass(frozen=True)
class HermiteMap:
    """An activation with its coefficients; pairs carry those of sigma and sigma' as `features`.

    With `terms` given (needed under jit, where variances are unknown) pairs need no features. Without both, tanh,
    sigmoid and softplus are taken as mixtures.
    """

    activation: Activation
    terms: int | None = None
    smooth = True

    @property
    def odd(self) -> bool:
        from .covariance_map import is_odd

        return is_odd(self.activation)

    def square(self, variance: Any, features: Any = None, *, xp: Any = np) -> Any:
        return self.covariance(PreactivationPair.equal(variance, features, xp=xp))

    def covariance(self, pair: PreactivationPair) -> Any:
        mixture = self._mixture(pair)
        return self._moment(pair, 0, 0) if mixture is None else mixture.covariance(pair)

    def slope(self, pair: PreactivationPair) -> Any:
        mixture = self._mixture(pair)
        return self._moment(pair, 1, 1) if mixture is None else mixture.slope(pair)

    def gaps(self, pair: PreactivationPair) -> tuple[Any, Any]:
        from .output_gaps import smooth_gaps

        return smooth_gaps(self, self.activation, pair)

    def tangent(self, which: str, pair: PreactivationPair, dv: Any, dw: Any, dc: Any) -> Any:
        """d/dc E[f(a) g(b)] = E[f' g'] and d/dv E[f(a) g(b)] = E[f'' g]/2."""
        mixture = self._mixture(pair)
        if mixture is not None:
            return mixture.tangent(which, pair, dv, dw, dc)
        order = int(which == "slope")
        by_c = self._moment(pair, order + 1, order + 1)
        by_v, by_w = self._moment(pair, order + 2, order), self._moment(pair, order, order + 2)
        return by_c * dc + (by_v * dv + by_w * dw) / 2

    def features(self, variances: Float[np.ndarray, " n"]) -> Float[np.ndarray, "2 terms m"] | None:
        """h_k(v) of sigma and sigma' at all variances; m = 1 where these are all the same but for rounding, else n.

        Where 2048 terms are too few, because of a kink, or of a variance that is too large for the width of the strip
        in which the activation is analytic: None if there is a `logistic_mixture`, else raises InvalidInput.
        """
        largest = float(variances.max(initial=0))
        if len(variances) and largest - float(variances.min()) <= _SAME * largest:
            variances = variances[:1]
        terms = _terms_needed(self.activation, largest)
        if terms is None:
            if logistic_mixture(self.activation) is None:
                raise _too_many(self.activation, largest)
            return None
        found = np.empty((2, terms, len(variances)))
        for order in (0, 1):
            for start in range(0, len(variances), _POINTS_AT_ONCE):
                part = slice(start, start + _POINTS_AT_ONCE)
                found[order, :, part] = _checked(self.activation, order, variances[part], terms)
        return found

    def _mixture(self, pair: PreactivationPair) -> LogisticMixture | None:
        """For pairs without a series."""
        return logistic_mixture(self.activation) if pair.features is None and self.terms is None else None

    def _moment(self, pair: PreactivationPair, left: int, right: int) -> Any:
        """E[sigma^(left)(a) sigma^(right)(b)]."""
        if pair.features is not None:
            return _sum(pair.features[0][left], pair.features[1][right], pair)
        assert self.terms is not None
        of_left = _coefficients(self.activation, left, pair.variance, self.terms, pair.xp)
        of_right = _coefficients(self.activation, right, pair.other_variance, self.terms, pair.xp)
        return _sum(of_left, of_right, pair)


def _sum(left: Any, right: Any, pair: PreactivationPair) -> Any:
    """sum_k left_k right_k rho^k by Horner's rule; the factors may be single numbers."""
    rho = pair.correlation
    if pair.xp is not np:
        import jax

        def step(total: Any, factors: Any) -> tuple[Any, None]:
            return total * rho + factors[0] * factors[1], None

        start = 0 * (rho + left[0] * right[0])
        return jax.lax.scan(step, start, (left[::-1], right[::-1]))[0]
    if left[0].size == right[0].size == 1:
        products = (left * right).ravel()
        if np.all(products >= 0):
            return PowerSeries(tuple(products.tolist()))(rho)
    total = np.zeros(np.broadcast_shapes(rho.shape, left.shape[1:], right.shape[1:]))
    for a, b in zip(left[::-1], right[::-1], strict=True):
        total *= rho
        total += a * b
    return total


def _checked(
    activation: Activation, order: int, variances: Float[np.ndarray, " n"], terms: int
) -> Float[np.ndarray, "terms n"]:
    """The coefficients, if their squares add up to the moments. Raises InvalidInput if not."""
    coefficients = np.asarray(_coefficients(activation, order, variances, terms, np))
    moments = _moments(activation, order, variances, terms)
    wrong = ~(np.abs(moments - np.sum(coefficients**2, axis=0)) <= _AGREEMENT * moments)
    if wrong.any():
        raise _too_many(activation, float(variances[np.argmax(wrong)]))
    return coefficients


def _coefficients(activation: Activation, order: int, variance: Any, terms: int, xp: Any) -> Any:
    """h_0, ..., h_{terms-1} of the derivative of that order, on a new first axis before those of `variance`."""
    nodes, weighted = _rule(terms)
    function = numeric(activation, order, xp)
    samples = function(xp.sqrt(variance)[..., None] * xp.asarray(nodes, dtype=variance.dtype))
    return xp.moveaxis(samples @ xp.asarray(weighted.T, dtype=variance.dtype), -1, 0)


@lru_cache(maxsize=32)
def _rule(terms: int) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, "terms m"]]:
    """Nodes x_j, and weights h he_k(x_j) phi(x_j) for k < terms.

    he_k(x) exp(-x^2/4) oscillates no faster than sqrt(k), and what it multiplies no faster than the last coefficients
    that matter: three times sqrt(terms), and 16 for the Gaussian, leave a margin over Nyquist's rate.
    """
    nodes, step = _nodes(terms)
    root = np.exp(-(nodes**2) / 4) / (2 * math.pi) ** 0.25
    weighted = np.empty((terms, len(nodes)))
    weighted[0] = root
    if terms > 1:
        weighted[1] = nodes * root
    for k in range(1, terms - 1):
        weighted[k + 1] = (nodes * weighted[k] - math.sqrt(k) * weighted[k - 1]) / math.sqrt(k + 1)
    return nodes, weighted * (step * root)


def _nodes(terms: int) -> tuple[Float[np.ndarray, " m"], float]:
    step = 2 * math.pi / (3 * math.sqrt(terms) + 16)
    last = math.ceil(_REACH / step)
    return step * np.arange(-last, last + 1), step


def _moments(
    activation: Activation, order: int, variances: Float[np.ndarray, " n"], terms: int
) -> Float[np.ndarray, " n"]:
    """E[sigma^(order)(sqrt(v) x)^2] by a rule four times as fine as needed for `terms`."""
    nodes, step = _nodes(16 * terms)
    density = step * np.exp(-(nodes**2) / 2) / math.sqrt(2 * math.pi)
    values = numeric(activation, order)(np.sqrt(variances)[:, None] * nodes)
    return np.asarray(values**2 @ density)


@lru_cache(maxsize=4096)
def _terms_needed(activation: Activation, variance: float) -> int | None:
    """The least number of terms for sigma and sigma' at that variance, None if that is too many."""
    at = np.array([variance])
    terms = _FEWEST
    while terms <= _MOST:
        needed = [_needed(_coefficients(activation, order, at, terms, np)[:, 0] ** 2) for order in (0, 1)]
        # The last quarter has to be empty, so that what comes after it can be trusted to be.
        if max(needed) <= 3 * terms // 4:
            return max(*needed, 1)
        terms *= 2
    return None


def _needed(squares: Float[np.ndarray, " terms"]) -> int:
    tails = np.cumsum(squares[::-1])[::-1]
    return int(np.count_nonzero(tails > _NEGLIGIBLE * tails[0]))


def _too_many(activation: Activation, variance: float) -> InvalidInput:
    return InvalidInput(
        f"activation {activation.label} at a preactivation variance of {variance:.6g}: its kernel has no closed form "
        f"and needs more than {_MOST} Hermite coefficients; expected a smooth activation and points of smaller norm"
    )
