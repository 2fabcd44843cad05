"""The symmetric initialisation of theory section 0 and the empirical kernel K_m of theory E4.a."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from ...bounds import Activation, InvalidInput
from ..activation_function import numeric
from ..spectrum.definiteness import gamma, semidefinite_deficit

__all__ = ["SymmetricInitialisation", "empirical_gram"]

_ENTRIES_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class SymmetricInitialisation:
    """w_r ~ N(0, I_d) for r <= m/2, w_{r+m/2} = w_r, and a_r = +1, a_{r+m/2} = -1, so that f(W_0, .) = 0.

    (The two members of a pair are interchangeable, so +1 first is no restriction.) The draw is that of
    NumPy's PCG64 for this seed and the same on every machine. `weights` are float64 always; with
    dtype=np.float32 every draw is first rounded to float32, so that a network trained in float32 starts from
    exactly the W_0 that float64 certificates use. Raises InvalidInput unless the width is even and positive
    and the dimension positive.
    """

    width: int
    dimension: int
    seed: int = 0
    dtype: Any = np.float64

    def __post_init__(self) -> None:
        if self.width < 2 or self.width % 2:
            raise InvalidInput(f"width is {self.width}: expected a positive even integer, the network is made of pairs")
        if self.dimension < 1:
            raise InvalidInput(f"dimension is {self.dimension}: expected a positive integer")
        if np.dtype(self.dtype) not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise InvalidInput(f"dtype is {self.dtype}: expected float32 or float64")

    @cached_property
    def half_weights(self) -> Float[np.ndarray, "half d"]:
        """The m/2 distinct rows, read-only."""
        draw = np.random.Generator(np.random.PCG64(self.seed)).standard_normal((self.width // 2, self.dimension))
        if np.dtype(self.dtype) == np.float32:
            draw = draw.astype(np.float32).astype(np.float64)
        draw.flags.writeable = False
        return draw

    @property
    def weights(self) -> Float[np.ndarray, "m d"]:
        """W_0, a new array at each call."""
        return np.concatenate([self.half_weights, self.half_weights])

    @property
    def signs(self) -> Float[np.ndarray, " m"]:
        """a."""
        return np.repeat([1.0, -1.0], self.width // 2)

    def operator_norm_upper(self) -> float:
        """A rigorous upper bound of the spectral norm of the (m, d) matrix W_0, tight to about 1e-10.

        ||W_0||^2 = 2 lambda_max(G), G = W~^T W~ for the n = m/2 distinct rows. In float64 with unit roundoff u, (1) the
        computed G' has |G' - G| <= gamma_n |W~|^T |W~| whatever the order of summation, so that ||G' - G|| <= gamma_n
        ||W~||_F^2 with gamma_n = n u / (1 - n u); (2) if Cholesky's factorisation of the computed t I - G' runs to its
        end, then lambda_max(G') <= t + e with the deficit e of `semidefinite_deficit`. The eigenvalue solver only
        proposes t. The few operations of the bound itself are covered by a factor 1 + 1e-12.
        """
        rows, dimension = self.half_weights.shape
        gram = self.half_weights.T @ self.half_weights
        largest = float(np.linalg.eigvalsh(gram)[-1])
        frobenius_squared = float(np.einsum("ij,ij->", self.half_weights, self.half_weights))
        product_error = gamma(rows) * frobenius_squared
        for power in range(40):
            t = largest * (1 + 1e-12 * 4.0**power)
            shifted = t * np.eye(dimension) - gram
            deficit = semidefinite_deficit(shifted.T)
            if deficit < math.inf:
                return math.sqrt(2 * (t + deficit + product_error) * (1 + 1e-12))
        raise RuntimeError("the factorisation of a shifted Gram matrix failed at every shift")


def empirical_gram(
    initialisation: SymmetricInitialisation,
    activation: Activation | str,
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "p d"] | None = None,
    *,
    weights: Float[np.ndarray, "m d"] | None = None,
) -> Float[np.ndarray, "n p"]:
    """K_W(x, z) = <x, z> (1/m) sum_r sigma'(w_r x) sigma'(w_r z), the empirical NTK at W (theory E4.a).

    W is `weights`, by default W_0, where half the neurons suffice. Summed over tiles of neurons, so memory stays at
    about 32 MiB beside the result and nothing is computed twice: for this network better than the layers of
    `empirical_ntk`, which go by points. Raises InvalidInput if the points do not have the dimension of the
    initialisation, or the weights not its shape. `activation` is scaled already.
    """
    X = _points(X, initialisation.dimension, "X")
    other = X if Z is None else _points(Z, initialisation.dimension, "Z")
    neurons = initialisation.half_weights if weights is None else _moved(weights, initialisation)
    slope = numeric(activation, 1)
    total = np.zeros((len(X), len(other)))
    for rows in _tiles(neurons, len(X) + len(other)):
        left = slope(X @ rows.T)
        total += left @ (left if Z is None else slope(other @ rows.T)).T
    mean: Float[np.ndarray, "n p"] = total / len(neurons)
    mean *= X @ other.T
    return mean


def _points(X: Float[np.ndarray, "n d"], dimension: int, name: str) -> Float[np.ndarray, "n d"]:
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != dimension:
        raise InvalidInput(
            f"{name} has shape {X.shape}: expected (n, {dimension}), the dimension of the initialisation"
        )
    return X


def _moved(weights: Float[np.ndarray, "m d"], initialisation: SymmetricInitialisation) -> Float[np.ndarray, "m d"]:
    weights = np.asarray(weights, dtype=np.float64)
    expected = (initialisation.width, initialisation.dimension)
    if weights.shape != expected:
        raise InvalidInput(f"weights have shape {weights.shape}: expected {expected}, that of the initialisation")
    return weights


def _tiles(weights: Float[np.ndarray, "half d"], points: int) -> Iterator[Float[np.ndarray, "rows d"]]:
    height = max(_ENTRIES_AT_ONCE // max(points, 1), 1)
    for start in range(0, len(weights), height):
        yield weights[start : start + height]
