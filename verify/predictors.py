"""Functions that can be attacked: kernel expansions, two-layer networks and their linearisations.

Each predictor evaluates itself in NumPy float64 (`predict`, `input_gradient`) and hands attacks a JAX
twin in its own
dtype: `evaluator()` is a pure, hashable function of `parameters()`, so that one compilation serves every
    set of weights of the same shape.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import sympy
from jaxtyping import Float
from numpy.typing import NDArray

from ..bounds import Activation, nearest_float
from ..kernels import DualKernel, numeric

Array = NDArray[np.float64]
Parameters = tuple[Any, ...]
# Entries that one tile of a float64 evaluation may hold: temporaries of 32 MB.
_TILE = 2**22


class Evaluator(Hashable, Protocol):
    """The JAX twin of a predictor: traced by attacks, hashable, and equal for equal functions."""

    def values(self, parameters: Parameters, points: Any) -> Any:
        """f at the points, shape (n,)."""
        ...

    def values_and_gradients(self, parameters: Parameters, points: Any) -> tuple[Any, Any]:
        """f at the points, shape (n,), and its gradients with respect to them, shape (n, d)."""
        ...


class Predictor(Protocol):
    """A function on the sphere that knows its own gradient."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype in which attacks run."""
        ...

    def predict(self, X: Any) -> Array:
        """f at the rows of ``X``, float64, shape (n,)."""
        ...

    def evaluator(self) -> Evaluator:
        """The JAX twin."""
        ...

    def parameters(self) -> Parameters:
        """Arrays (a nested tuple) that `evaluator` takes."""
        ...


@dataclass(frozen=True, eq=False)
class KernelPredictor:
    """``f(x) = sum_j c_j K(x, z_j)`` with unit centres (theory section 4).

    Args:
        kernel: the dual function of K.
        centers: ``z_j``, unit rows, shape (p, d), float64; p may be 0.
        coefficients: ``c_j``, shape (p,), float64.
    """

    kernel: DualKernel
    centers: Float[Array, "p d"]
    coefficients: Float[Array, " p"]

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float64)

    @property
    def norm_squared(self) -> float:
        """``|f|_H^2 = c' K(Z, Z) c``; takes time quadratic in the number of centres."""
        return float(self.coefficients @ self.predict(self.centers))

    def predict(self, X: Float[Any, "n d"]) -> Float[Array, " n"]:
        X = np.asarray(X, np.float64)
        values = np.empty(len(X))
        for block in self._row_blocks(len(X)):
            values[block] = kernel_values(self.kernel, X[block], self.centers, np) @ self.coefficients
        return np.asarray(values)

    def input_gradient(self, X: Float[Any, "n d"]) -> Float[Array, "n d"]:
        """Gradient of f with respect to x in R^d; where K has a kink its tangential part is taken as 0."""
        X = np.asarray(X, np.float64)
        gradients = np.empty_like(X)
        for block in self._row_blocks(len(X)):
            slopes = kernel_slopes(self.kernel, X[block], self.centers, np)
            gradients[block] = (slopes * self.coefficients) @ self.centers
        return np.asarray(gradients)

    def _row_blocks(self, rows: int) -> Iterator[slice]:
        """Rows of X in blocks: the kernel values of one block, or its differences for ReLU, fit in a tile."""
        count, dimension = self.centers.shape
        return _blocks(rows, count * (dimension if self.kernel.order < 1 else 1))

    def evaluator(self) -> Evaluator:
        return _KernelEvaluator(self.kernel)

    def parameters(self) -> Parameters:
        """Centres and coefficients, padded by terms with coefficient 0: few shapes, few compilations."""
        count, dimension = self.centers.shape
        padding = _padded_size(count) - count
        filler = np.zeros((padding, dimension))
        filler[:, 0] = 1.0
        return np.concatenate([self.centers, filler]), np.concatenate([self.coefficients, np.zeros(padding)])


def _padded_size(count: int) -> int:
    """64, 256, or a power of two from 1024 on."""
    return next((size for size in (64, 256) if count <= size), 2 ** max(10, (count - 1).bit_length()))


def kernel_values(kernel: DualKernel, X: Any, Z: Any, xp: Any) -> Any:
    """K between the rows of ``X`` and ``Z``, shape (n, p)."""
    return kernel.value(X @ Z.T, _angles(kernel, X, Z, xp), xp=xp)


def kernel_slopes(kernel: DualKernel, X: Any, Z: Any, xp: Any) -> Any:
    """kappa' between the rows of ``X`` and ``Z``, shape (n, p); 0 where it is infinite."""
    slopes = kernel.first(X @ Z.T, _angles(kernel, X, Z, xp), xp=xp)
    return xp.where(xp.isfinite(slopes), slopes, 0.0)


def _angles(kernel: DualKernel, X: Any, Z: Any, xp: Any) -> Any:
    """Accurate angles where the kernel has a kink (ReLU); None where u itself is accurate enough."""
    if kernel.order > 0:
        return None
    pairs = X[:, None, :], Z[None, :, :]
    apart, together = (xp.sqrt(xp.sum(pair * pair, axis=-1)) for pair in (pairs[0] - pairs[1], pairs[0] + pairs[1]))
    return 2.0 * xp.arctan2(apart, together)


@dataclass(frozen=True)
class _KernelEvaluator:
    kernel: DualKernel

    def values(self, parameters: Parameters, points: Any) -> Any:
        import jax.numpy as jnp

        centers, coefficients = parameters
        return kernel_values(self.kernel, points, centers, jnp) @ coefficients

    def values_and_gradients(self, parameters: Parameters, points: Any) -> tuple[Any, Any]:
        import jax.numpy as jnp

        centers, coefficients = parameters
        slopes = kernel_slopes(self.kernel, points, centers, jnp)
        return self.values(parameters, points), (slopes * coefficients) @ centers


@dataclass(frozen=True, eq=False)
class TwoLayerNetwork:
    """``f(x) = sum_r a_r sigma(w_r.x) / sqrt(m)`` (theory section 0).

    Args:
        weights: ``W``, shape (m, d), float64 or float32; attacks run in its dtype.
        signs: ``a``, +-1, shape (m,).
        activation: sigma.
    """

    weights: Float[NDArray[Any], "m d"]
    signs: Float[NDArray[Any], " m"]
    activation: Activation

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.weights.dtype)

    def predict(self, X: Float[Any, "n d"]) -> Float[Array, " n"]:
        X = np.asarray(X, np.float64)
        sigma = numeric(self.activation, 0)
        total = np.zeros(len(X))
        for tile, signs in self._tiles(len(X)):
            total += sigma(X @ tile.T) @ signs
        return np.asarray(total)

    def input_gradient(self, X: Float[Any, "n d"]) -> Float[Array, "n d"]:
        """Gradient with respect to x, float64."""
        X = np.asarray(X, np.float64)
        slope = numeric(self.activation, 1)
        total = np.zeros_like(X)
        for tile, signs in self._tiles(len(X)):
            total += (slope(X @ tile.T) * signs) @ tile
        return np.asarray(total)

    def evaluator(self) -> Evaluator:
        return NetworkEvaluator(self.activation)

    def parameters(self) -> Parameters:
        return network_parts(self.weights, self.signs)

    def _tiles(self, count: int) -> Iterator[tuple[Array, Array]]:
        """Neurons in blocks, float64, with their output weights ``a_r / sqrt(m)``."""
        for block in _blocks(len(self.weights), count):
            signs = np.asarray(self.signs[block], np.float64) / math.sqrt(len(self.weights))
            yield np.asarray(self.weights[block], np.float64), signs


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    """Rows in blocks whose entries fit in a tile."""
    size = max(1, _TILE // max(columns, 1))
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))


def network_parts(weights: Any, signs: Any) -> Parameters:
    """The two halves of the neurons, each as (weights, output weights), in the dtype of the weights.

    The halves are summed apart and in the same order. At the symmetric initialisation, where they differ
    in sign only, the network and its gradients are therefore exactly 0 in floating point too, as they are
    in theory.
    """
    first, second = output_weights(signs, weights.dtype)
    half = len(first)
    return (weights[:half], first), (weights[half:], second)


def output_weights(signs: Any, dtype: Any) -> tuple[Any, Any]:
    """The two halves of ``a_r / sqrt(m)``."""
    scale = math.sqrt(len(signs))
    first, second = np.split((np.asarray(signs, np.float64) / scale).astype(dtype), [len(signs) // 2])
    return first, second


@dataclass(frozen=True)
class NetworkEvaluator:
    """JAX twin of `TwoLayerNetwork`; its parameters are those of `network_parts`."""

    activation: Activation

    def values(self, parameters: Parameters, points: Any) -> Any:
        import jax.numpy as jnp

        sigma = numeric(self.activation, 0, jnp)
        # A matrix-vector product: XLA sums rows one term at a time, this one is vectorised and more accurate.
        first, second = (sigma(points @ weights.T) @ outputs for weights, outputs in parameters)
        return first + second

    def values_and_gradients(self, parameters: Parameters, points: Any) -> tuple[Any, Any]:
        import jax.numpy as jnp

        slope = numeric(self.activation, 1, jnp)
        first, second = ((slope(points @ weights.T) * outputs) @ weights for weights, outputs in parameters)
        gradients = first + second
        degree = homogeneity(self.activation)
        if degree is None:
            return self.values(parameters, points), gradients
        # Euler's identity: a sigma of degree k has f(x) = <x, grad f(x)> / k, which saves a pass over all
        # neurons.
        return jnp.sum(points * gradients, axis=-1) / degree, gradients


@lru_cache(maxsize=256)
def homogeneity(activation: Activation) -> float | None:
    """The degree k with ``sigma(t z) = t^k sigma(z)`` for all ``t > 0``, or None.

    It is proved by ``z sigma'(z) = k sigma(z)`` on either side of 0.
    """
    degrees = set()
    positive = sympy.Symbol("p", positive=True)
    for branch in (positive, -positive):
        (symbol,) = activation.expression.free_symbols
        value = activation.expression.subs(symbol, branch)
        slope = sympy.diff(value, positive)
        if value == 0:
            continue
        degree = sympy.cancel(positive * slope / value)
        if not degree.is_number or not degree.is_positive:
            return None
        degrees.add(float(degree))
    return degrees.pop() if len(degrees) == 1 else None


@dataclass(frozen=True, eq=False)
class LinearisedNetwork:
    """``g(x) = <grad f(W_0, x), D> = sum_r a_r sigma'(w_r.x) D_r.x / sqrt(m)`` (theory E1.a, E4.a).

    Args:
        weights: ``W_0``, shape (m, d), float64 or float32; attacks run in its dtype.
        displacement: ``D = W - W_0``, same shape.
        signs: ``a``, +-1, shape (m,).
        activation: sigma.
    """

    weights: Float[NDArray[Any], "m d"]
    displacement: Float[NDArray[Any], "m d"]
    signs: Float[NDArray[Any], " m"]
    activation: Activation

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.weights.dtype)

    def predict(self, X: Float[Any, "n d"]) -> Float[Array, " n"]:
        X = np.asarray(X, np.float64)
        slope = numeric(self.activation, 1)
        total = np.zeros(len(X))
        for weights, displacement, outputs in self._tiles(len(X)):
            total += (slope(X @ weights.T) * (X @ displacement.T)) @ outputs
        return np.asarray(total)

    def input_gradient(self, X: Float[Any, "n d"]) -> Float[Array, "n d"]:
        """Gradient with respect to x, float64."""
        X = np.asarray(X, np.float64)
        slope, curvature = numeric(self.activation, 1), numeric(self.activation, 2)
        total = np.zeros_like(X)
        for weights, displacement, outputs in self._tiles(len(X)):
            total += _linearised_gradient(X, weights, displacement, outputs, slope, curvature)
        return np.asarray(total)

    def evaluator(self) -> Evaluator:
        return _LinearisedEvaluator(unscaled(self.activation))

    def parameters(self) -> Parameters:
        """Both halves, times the scale of sigma: with sigma_s(z) = sigma(s z) all scales share one compilation.

        Small networks are padded by neurons with output 0, so that few widths have one of their own.
        """
        scale = nearest_float(self.activation.scale)
        halves = network_parts(self.weights, self.signs)
        moves = network_parts(np.asarray(self.displacement, self.dtype), self.signs)
        padding = _padded_half(len(self.signs) // 2) - len(self.signs) // 2
        return tuple(
            (_padded(scale * half[0], padding), _padded(scale * move[0], padding), _padded(half[1], padding))
            for half, move in zip(halves, moves, strict=True)
        )

    def _tiles(self, count: int) -> Iterator[tuple[Array, Array, Array]]:
        scale = 1.0 / math.sqrt(len(self.weights))
        for block in _blocks(len(self.weights), count):
            arrays = (self.weights[block], self.displacement[block], self.signs[block])
            weights, displacement, signs = (np.asarray(array, np.float64) for array in arrays)
            yield weights, displacement, signs * scale


@lru_cache(maxsize=256)
def unscaled(activation: Activation) -> Activation:
    """sigma for sigma_s(z) = sigma(s z)."""
    return activation.scaled(1 / activation.scale)


def _padded_half(count: int) -> int:
    """32, 128 or 512 neurons; as many as there are beyond that."""
    return next((size for size in (32, 128, 512) if count <= size), count)


def _padded(array: Any, rows: int) -> Any:
    return np.concatenate([array, np.zeros((rows, *array.shape[1:]), array.dtype)]) if rows else array


def _linearised_gradient(X: Any, weights: Any, displacement: Any, outputs: Any, slope: Any, curvature: Any) -> Any:
    inputs = X @ weights.T
    bends = curvature(inputs) * (X @ displacement.T) * outputs
    return bends @ weights + (slope(inputs) * outputs) @ displacement


@dataclass(frozen=True)
class _LinearisedEvaluator:
    activation: Activation

    def values(self, parameters: Parameters, points: Any) -> Any:
        import jax.numpy as jnp

        slope = numeric(self.activation, 1, jnp)
        return sum(
            (slope(points @ weights.T) * (points @ displacement.T)) @ outputs
            for weights, displacement, outputs in parameters
        )

    def values_and_gradients(self, parameters: Parameters, points: Any) -> tuple[Any, Any]:
        import jax.numpy as jnp

        slope, curvature = numeric(self.activation, 1, jnp), numeric(self.activation, 2, jnp)
        gradients = sum(
            _linearised_gradient(points, weights, displacement, outputs, slope, curvature)
            for weights, displacement, outputs in parameters
        )
        return self.values(parameters, points), gradients
