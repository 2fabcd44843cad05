"""What rounding may do to a prediction: bounds of ``|computed f(x) - f(x)|``, in float32 and float64.

Certificates bound the function that real arithmetic gives for the stored weights. Who compares them with computed
values must allow for this error. The argument is the standard model of floating point: a sum of k terms is off by at
most ``k u / (1 - k u)`` times the sum of their absolute values, in any order, with or without fused operations.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import DTypeLike, NDArray

from ...bounds import InvalidInput, upper_float
from ...kernels import numeric
from ..predictors import KernelPredictor, TwoLayerNetwork
from .kernel import value_error

# sigma and its derivatives, as `numeric` evaluates them, are good to so many roundings of 1 + |sigma|.
_FUNCTION_ROUNDINGS = 64
Array = NDArray[np.float64]


def evaluation_error(
    function: KernelPredictor | TwoLayerNetwork, points: Float[Array, "n d"], *, dtype: DTypeLike = np.float64
) -> Float[Array, " n"]:
    """Bounds of the rounding error of f at the rows of ``points``, evaluated in ``dtype`` by `predict` or an attack.

    For a network the points may be rounded to ``dtype`` first, its weights being given in float32 or float64.

    Raises:
        InvalidInput: another dtype, or a kernel function in float32, which is never evaluated so.
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise InvalidInput(f"dtype is {dtype}: expected float32 or float64")
    if isinstance(function, KernelPredictor):
        if dtype == np.float32:
            raise InvalidInput("dtype is float32: expected float64, in which kernel functions are evaluated")
        return np.full(len(points), value_error(function))
    return np.array([_network_error(function, point, float(np.finfo(dtype).eps) / 2.0) for point in points])


def _network_error(network: TwoLayerNetwork, point: Array, unit: float) -> float:
    """Preactivations, sigma, output weights, the sum over neurons: each with its roundings."""
    weights = np.asarray(network.weights, np.float64)
    width, dimension = weights.shape
    beta = network.activation.derivative_lipschitz
    if beta is None:
        raise InvalidInput(f"activation {network.activation.label}: rounding is bounded through a Lipschitz sigma'")
    arguments = weights @ point
    lengths = np.linalg.norm(weights, axis=1) * float(np.linalg.norm(point))
    slopes = np.abs(numeric(network.activation, 1)(arguments))
    shift = (dimension + 4.0) * unit * 1.01 * lengths
    moved = slopes * shift + upper_float(beta) * shift**2
    values = np.abs(numeric(network.activation, 0)(arguments))
    # Homogeneous activations are also evaluated through Euler's identity, by sums over |w| |x| |sigma'|.
    sizes = values + slopes * lengths + moved
    total = moved + (_FUNCTION_ROUNDINGS + width + dimension) * unit * 1.01 * (1.0 + sizes)
    return float(np.sum(total)) / math.sqrt(width) * (1.0 + 1e-9)
