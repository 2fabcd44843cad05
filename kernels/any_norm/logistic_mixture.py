"""tanh, sigmoid and softplus at variances too large for a series: the logistic law as a mixture of normal ones.

1/(1 + exp(-z)) is the distribution function of 2 K g, with g standard normal and K > 0 of Kolmogorov's law (Andrews and
Mallows, Scale mixtures of normal distributions, 1974). Let s = 2 K with weights w_i at s_i. Then the sigmoid is the
mean of the step at z - s g, tanh(z) that of sign(2 z - s g) and softplus(z) that of max(0, z - s g), so that with
A_i = v + s_i^2, B_j = w + s_j^2 and D_ij = A_i B_j - c^2

    E[softplus softplus] = sum_ij w_i w_j (sqrt(D_ij) + c (pi/2 + arctan(c/sqrt(D_ij))))/(2 pi),
    E[sigmoid sigmoid]   = sum_ij w_i w_j (1/4 + arctan(c/sqrt(D_ij))/(2 pi)),
    E[sigmoid' sigmoid'] = sum_ij w_i w_j/(2 pi sqrt(D_ij)),

whatever the variances. In log K the density of K decays double exponentially both ways and is analytic up to pi/4 from
the real line, as are the terms; so the trapezoidal rule converges exponentially.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ...bounds import Activation, get_activation
from ...bounds.exact import nearest_float
from .covariance_map import SmoothForm
from .preactivation_pair import PreactivationPair

__all__ = ["LogisticMixture", "logistic_mixture"]

# The weights then add up to 1 within 2e-16; outside this range of K, and for smaller products, they do not matter.
_STEP, _SMALLEST, _LARGEST = 0.115, 0.155, 4.9
_NEGLIGIBLE = 1e-20
_TERMS = 12


@lru_cache(maxsize=64)
def logistic_mixture(activation: Activation) -> LogisticMixture | None:
    """The form of tanh, sigmoid or softplus at any scale, None for another activation."""
    for name in ("tanh", "sigmoid", "softplus"):
        if activation.expression == get_activation(name, activation.scale).expression:
            return LogisticMixture(activation, nearest_float(activation.scale), name)
    return None


@dataclass(frozen=True)
class LogisticMixture(SmoothForm):
    """`name` says which of the three."""

    name: str

    def _value(self, pair: PreactivationPair) -> Any:
        if self.name == "softplus":
            return _mixed(_rectified, pair)
        if self.name == "sigmoid":
            return 0.25 + _mixed(_arc, pair)
        return 4 * _mixed(_arc, pair.scaled(4.0))

    def _slope(self, pair: PreactivationPair) -> Any:
        if self.name == "softplus":
            return 0.25 + _mixed(_arc, pair)
        if self.name == "sigmoid":
            return _mixed(_density, pair)
        return 16 * _mixed(_density, pair.scaled(4.0))


def _arc(root: Any, c: Any, xp: Any) -> Any:
    return xp.arctan2(c, root) / (2 * math.pi)


def _rectified(root: Any, c: Any, xp: Any) -> Any:
    return (root + c * xp.arctan2(root, -c)) / (2 * math.pi)


def _density(root: Any, c: Any, xp: Any) -> Any:
    return 1 / (2 * math.pi * root)


def _mixed(term: Callable[[Any, Any, Any], Any], pair: PreactivationPair) -> Any:
    """sum_ij w_i w_j term(sqrt(D_ij), c); nothing cancels in D = v w - c^2 + s_i^2 w + s_j^2 v + s_i^2 s_j^2."""
    xp, v, w, c, determinant = pair.xp, pair.variance, pair.other_variance, pair.covariance, pair.determinant

    def weighted(weight: Any, first: Any, second: Any) -> Any:
        return weight * term(xp.sqrt(determinant + (first * w + second * v) + first * second), c, xp)

    table = _weights_and_squares()
    if xp is np:
        total = np.zeros(np.broadcast_shapes(v.shape, w.shape, c.shape))
        for row in table.tolist():
            total += weighted(*row)
        return total
    import jax

    def step(total: Any, row: Any) -> tuple[Any, None]:
        # Recomputed for derivatives, since hundreds of terms of a table of pairs do not fit into memory.
        return total + jax.checkpoint(weighted)(*row), None

    return jax.lax.scan(step, 0 * (v + w + c), xp.asarray(table, dtype=c.dtype))[0]


@lru_cache(maxsize=1)
def _weights_and_squares() -> Any:
    """Rows (w_i w_j, s_i^2, s_j^2)."""
    k = np.exp(np.arange(math.log(_SMALLEST), math.log(_LARGEST), _STEP))
    weights = _STEP * k * _kolmogorov_density(k)
    squares = 4 * k * k
    i, j = (index.ravel() for index in np.indices((len(k), len(k))))
    table = np.stack([weights[i] * weights[j], squares[i], squares[j]], axis=1)
    return table[table[:, 0] > _NEGLIGIBLE]


def _kolmogorov_density(k: Any) -> Any:
    """8 k sum_n (-1)^(n+1) n^2 exp(-2 n^2 k^2); for small k by the other theta series, in which nothing cancels."""
    n = np.arange(1, _TERMS)[:, None]
    far = 8 * k * np.sum((-1.0) ** (n + 1) * n**2 * np.exp(-2 * (n * k) ** 2), axis=0)
    odd = (2 * n - 1) ** 2 * math.pi**2 / (8 * k**2)
    near = math.sqrt(2 * math.pi) / k**2 * np.sum((2 * odd - 1) * np.exp(-odd), axis=0)
    return np.where(k < 1, near, far)
