"""Kernels of deep networks as kernels of scikit-learn's Gaussian processes, which `SVC` and `KernelRidge` take, too.

>>> from sklearn.datasets import load_iris
>>> from sklearn.gaussian_process import GaussianProcessClassifier
>>> X, y = load_iris(return_X_y=True)
>>> kernel = NeuralTangentKernel("erf", 2, bias_variance=0)
>>> model = GaussianProcessClassifier(kernel, optimizer=None).fit(X[::2], y[::2])
>>> bool(model.score(X[1::2], y[1::2]) > 0.9)
True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel

from ...bounds import Activation, InvalidInput
from ..any_norm.layer_recursion import Layers
from ..any_norm.matrix import Points, ntk_matrix
from ..any_norm.preactivation_pair import PreactivationPair
from ..any_norm.variance_gradient import variance_gradient, with_fixed_series
from ..architecture import Architecture, Trained, fully_connected

__all__ = ["FunctionKernel", "NeuralTangentKernel"]

Bounds = tuple[float, float] | Literal["fixed"]
_ROWS_AT_ONCE = 64


class NeuralTangentKernel(Kernel):  # type: ignore[misc]
    """The NTK of a fully-connected network, or its NNGP kernel with trained="readout", at points of any norm.

    `weight_variance` and `bias_variance`, the s^2 and t^2 of `architecture.py`, one of each for all layers, are
    hyperparameters with exact derivatives (`variance_gradient`); without biases (bias_variance=0) there is nothing to
    learn of them. Activation, depth and trained layers (a name, or one bool a layer) stay. As in all kernels of
    scikit-learn nothing is checked before the first use, which raises InvalidInput as `fully_connected` and
    `ntk_matrix` do. An activation without closed form allows variances of up to about 8 over the squared norm of the
    points: choose the upper bounds accordingly.
    """

    def __init__(
        self,
        activation: Activation | str = "relu",
        depth: int = 1,
        *,
        trained: Trained | Sequence[bool] = "all",
        weight_variance: float = 1.0,
        bias_variance: float = 0.1,
        weight_variance_bounds: Bounds = (1e-3, 1e3),
        bias_variance_bounds: Bounds = (1e-5, 1e3),
    ) -> None:
        self.activation = activation
        self.depth = depth
        self.trained = trained
        self.weight_variance = weight_variance
        self.bias_variance = bias_variance
        self.weight_variance_bounds = weight_variance_bounds
        self.bias_variance_bounds = bias_variance_bounds

    @property
    def hyperparameter_weight_variance(self) -> Hyperparameter:
        return Hyperparameter("weight_variance", "numeric", self.weight_variance_bounds)

    @property
    def hyperparameter_bias_variance(self) -> Hyperparameter:
        # The logarithm of 0 cannot be learnt.
        bounds = "fixed" if self.bias_variance == 0 else self.bias_variance_bounds
        return Hyperparameter("bias_variance", "numeric", bounds)

    @property
    def architecture(self) -> Architecture:
        """The network at the present hyperparameters."""
        return fully_connected(
            self.activation,
            self.depth,
            trained=self.trained,
            weight_variance=_number(self.weight_variance),
            bias_variance=_number(self.bias_variance),
        )

    def __call__(
        self, X: Float[np.ndarray, "n d"], Y: Float[np.ndarray, "p d"] | None = None, eval_gradient: bool = False
    ) -> Any:
        """K(X, Y), or K(X, X); with eval_gradient also its derivatives by theta, shape (n, n, free hyperparameters)."""
        architecture, X = self.architecture, np.atleast_2d(X)
        if Y is not None:
            if eval_gradient:
                raise InvalidInput("eval_gradient is true and Y is given: expected the gradient of K(X, X) alone")
            return ntk_matrix(architecture, X, np.atleast_2d(Y))
        K = ntk_matrix(architecture, X)
        if not eval_gradient:
            return K
        free = [each.name for each in self.hyperparameters if not each.fixed]
        if not free:
            return K, np.empty((*K.shape, 0))
        directions = ["weight_variance", "bias_variance"]
        return K, variance_gradient(architecture, X)[:, :, [directions.index(name) for name in free]]

    def diag(self, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """K(x, x) for every row, which depends on its norm alone."""
        squares = Points.of(np.atleast_2d(X), name="X").squares
        layers = with_fixed_series(Layers.of(self.architecture), squares)
        with np.errstate(under="ignore"):
            values = layers.kernel(PreactivationPair.equal(squares[:, None]))
        return np.asarray(values)[:, 0]

    def is_stationary(self) -> bool:
        """It is not: norms matter."""
        return False

    def __repr__(self) -> str:
        activation = self.activation.label if isinstance(self.activation, Activation) else self.activation
        return (
            f"{type(self).__name__}({activation}, depth={self.depth}, trained={self.trained}, "
            f"weight_variance={self.weight_variance:.3g}, bias_variance={self.bias_variance:.3g})"
        )


class FunctionKernel(Kernel):  # type: ignore[misc]
    """Any function K(X, Z), such as those of `from_neural_tangents`, without hyperparameters of its own.

    Called with one argument it has to return K(X, X). Multiply by a ConstantKernel to learn its scale.
    """

    def __init__(self, function: Callable[..., Float[np.ndarray, "n p"]]) -> None:
        self.function = function

    def __call__(
        self, X: Float[np.ndarray, "n ..."], Y: Float[np.ndarray, "p ..."] | None = None, eval_gradient: bool = False
    ) -> Any:
        """K(X, Y), or K(X, X); with eval_gradient also an array of shape (n, n, 0)."""
        if Y is not None and eval_gradient:
            raise InvalidInput("eval_gradient is true and Y is given: expected the gradient of K(X, X) alone")
        K = np.asarray(self.function(X) if Y is None else self.function(X, Y))
        return (K, np.empty((*K.shape, 0))) if eval_gradient else K

    def diag(self, X: Float[np.ndarray, "n ..."]) -> Float[np.ndarray, " n"]:
        """K(x, x) for every row, from matrices of 64 rows."""
        parts = [np.diag(self(X[start : start + _ROWS_AT_ONCE])) for start in range(0, len(X), _ROWS_AT_ONCE)]
        return np.concatenate([np.empty(0), *parts])

    def is_stationary(self) -> bool:
        """Nothing is known of the function."""
        return False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self.function, '__qualname__', repr(self.function))})"


def _number(value: Any) -> Any:
    """Numbers of NumPy, which optimisers set, as those of Python."""
    return (
        value.item() if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.size == 1) else value
    )
