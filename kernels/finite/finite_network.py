"""A fully-connected network of finite width: the parameters of an `Architecture`, drawn or given, and its output.

>>> import numpy as np
>>> from robustntk.kernels.architecture import fully_connected
>>> network = FiniteNetwork.initialise(fully_connected("erf", 2, trained="all"), 3, 100, seed=0)
>>> network.forward(np.eye(3)).shape
(3,)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import sympy
from jaxtyping import Float

from ...bounds import InvalidInput
from ...bounds.exact import nearest_float
from ..activation_function import numeric
from ..architecture import Architecture

__all__ = ["FiniteNetwork", "Layer"]

Layer: TypeAlias = tuple[Float[np.ndarray, "fan_out fan_in"], Float[np.ndarray, " fan_out"] | None]


@dataclass(frozen=True, eq=False)
class FiniteNetwork:
    """An architecture with the parameters (W_l, b_l) of its layers l = 1, ..., H + 1, freshly drawn or trained.

    The parameters are what gradient descent moves: in the NTK parametrisation the W_l and b_l of the formula in
    `architecture`, standard normal when drawn; in the standard one the products s_l W_l / sqrt(fan-in) and t_l b_l
    (without 1/sqrt(fan-in) in the first layer). A layer with t_l = 0 has no bias: None. The readout has one row. All
    arrays share one dtype, float32 or float64, in which everything is computed; they are not copied.

    Raises InvalidInput for a wrong number of layers, shapes that do not fit together, a bias that is missing or too
    many, mixed or other dtypes, and hidden widths that differ from the width of a standard parametrisation.
    """

    architecture: Architecture
    parameters: tuple[Layer, ...]

    def __post_init__(self) -> None:
        layers = self.architecture.depth + 1
        if len(self.parameters) != layers:
            raise InvalidInput(f"{len(self.parameters)} layers of parameters are given: expected {layers}")
        fan_in = None
        for number, (weights, bias) in enumerate(self.parameters, start=1):
            self._check_layer(number, weights, bias, fan_in)
            fan_in = len(weights)
        if fan_in != 1:
            raise InvalidInput(f"the readout has {fan_in} rows: expected 1, the output is a number")
        arrays = [array for layer in self.parameters for array in layer if array is not None]
        dtypes = {np.dtype(array.dtype) for array in arrays}
        if dtypes not in ({np.dtype(np.float32)}, {np.dtype(np.float64)}):
            raise InvalidInput(f"dtypes are {', '.join(sorted(map(str, dtypes)))}: expected all float32 or all float64")
        self._check_widths()

    @classmethod
    def initialise(
        cls,
        architecture: Architecture,
        dimension: int,
        widths: int | Sequence[int] | None = None,
        *,
        seed: int = 0,
        dtype: Any = np.float64,
    ) -> FiniteNetwork:
        """Parameters drawn by NumPy's PCG64 from this seed, W_1, b_1, W_2, ... in turn, the same on every machine.

        `widths` is one number or one for each hidden layer; in the standard parametrisation it may be left out, as the
        architecture has it. The draw is made in float64 always and rounded to `dtype`. Raises InvalidInput for widths
        or a dimension that are not positive, or as the class does.
        """
        if widths is None:
            widths = architecture.width
        if widths is None:
            raise InvalidInput("widths is None: expected a width, which the NTK parametrization does not name")
        hidden = [widths] * architecture.depth if isinstance(widths, int | np.integer) else list(widths)
        if len(hidden) != architecture.depth:
            raise InvalidInput(f"{len(hidden)} widths are given: expected one, or {architecture.depth}")
        if min(hidden) < 1 or dimension < 1:
            raise InvalidInput(f"widths are {hidden}, the dimension is {dimension}: expected positive integers")
        generator = np.random.Generator(np.random.PCG64(seed))
        sizes = [dimension, *hidden, 1]
        layers = []
        for index, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
            weights = generator.standard_normal((fan_out, fan_in))
            bias = None if architecture.bias_variances[index] == 0 else generator.standard_normal(fan_out)
            if architecture.parametrization == "standard":
                weight_factor, bias_factor = _factors(architecture, index, fan_in)
                weights *= weight_factor
                bias = None if bias is None else bias * bias_factor
            layers.append((weights.astype(dtype, copy=False), None if bias is None else bias.astype(dtype, copy=False)))
        return cls(architecture, tuple(layers))

    @property
    def dimension(self) -> int:
        """The number of coordinates of an input."""
        return int(self.parameters[0][0].shape[1])

    @property
    def widths(self) -> tuple[int, ...]:
        """The number of neurons of each hidden layer."""
        return tuple(len(weights) for weights, _ in self.parameters[:-1])

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.parameters[0][0].dtype)

    @cached_property
    def multipliers(self) -> tuple[tuple[float, float], ...]:
        """(c_l, t_l) of z_l = c_l W_l h_{l-1} + t_l b_l in terms of the parameters, (1, 1) in the standard
        parametrisation; t_l is 0 without a bias.
        """
        ntk = self.architecture.parametrization == "ntk"
        return tuple(
            _factors(self.architecture, index, weights.shape[1]) if ntk else (1.0, float(bias is not None))
            for index, (weights, bias) in enumerate(self.parameters)
        )

    def forward(self, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
        """f(x) for every row of X, in the dtype of the parameters. Raises InvalidInput as `points` does."""
        hidden = self.points(X)
        for index, activation in enumerate(self.architecture.activations):
            hidden = numeric(activation)(self.preactivation(index, hidden))
        return np.asarray(self.preactivation(len(self.parameters) - 1, hidden)[:, 0])

    def preactivation(self, index: int, hidden: Float[Any, "n fan_in"]) -> Float[Any, "n fan_out"]:
        """z_l of layer l = index + 1, for the rows h_{l-1}."""
        weights, bias = self.parameters[index]
        weight_factor, bias_factor = self.multipliers[index]
        product = hidden @ weights.T
        # Python numbers keep the dtype; the products are made in place, which NumPy allows and JAX emulates.
        if weight_factor != 1:
            product *= weight_factor
        if bias is not None:
            product += bias_factor * bias
        return product

    def points(self, X: Float[np.ndarray, "n d"], name: str = "X") -> Float[np.ndarray, "n d"]:
        """X in the dtype of the network. Raises InvalidInput unless its rows have the input dimension."""
        X = np.asarray(X, dtype=self.dtype)
        if X.ndim != 2 or X.shape[1] != self.dimension:
            raise InvalidInput(f"{name} has shape {X.shape}: expected (n, {self.dimension}), the dimension of inputs")
        return X

    def __repr__(self) -> str:
        widths = ", ".join(map(str, self.widths))
        return f"FiniteNetwork({self.architecture.label}; inputs {self.dimension}, widths {widths}, {self.dtype})"

    def _check_layer(self, number: int, weights: Any, bias: Any, fan_in: int | None) -> None:
        expected = f"(fan-out, {'d' if fan_in is None else fan_in})"
        if weights.ndim != 2 or 0 in weights.shape or fan_in not in (None, weights.shape[1]):
            raise InvalidInput(f"the weights of layer {number} have shape {weights.shape}: expected {expected}")
        needed = self.architecture.bias_variances[number - 1] != 0
        if needed != (bias is not None):
            raise InvalidInput(f"layer {number} has {'no' if needed else 'a'} bias: the architecture differs")
        if bias is not None and bias.shape != (len(weights),):
            raise InvalidInput(f"the bias of layer {number} has shape {bias.shape}: expected ({len(weights)},)")

    def _check_widths(self) -> None:
        width = self.architecture.width
        if width is not None and set(self.widths) != {width}:
            raise InvalidInput(f"widths are {self.widths}: expected {width}, the width of the architecture")


def _factors(architecture: Architecture, index: int, fan_in: int) -> tuple[float, float]:
    """(s_l / sqrt(fan-in), t_l), the first layer without its fan-in."""
    weight, bias = architecture.weight_variances[index], architecture.bias_variances[index]
    return nearest_float(sympy.sqrt(weight / (1 if index == 0 else fan_in))), nearest_float(sympy.sqrt(bias))
