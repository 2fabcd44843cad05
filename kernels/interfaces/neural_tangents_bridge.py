"""To and from neural-tangents: their `kernel_fn` as a Gram function, ours as a `kernel_fn`, networks in terms of stax.

It works on the pinned jax without TensorFlow (`bridge` prepares the ground). Faults of their kernels stay: half the
digits are lost where x and z nearly agree (with a ReLU on the diagonal, too), and RectifiedMonomial(2) is NaN there, or
everywhere if another layer follows, which is refused here.

>>> from robustntk.kernels.architecture import fully_connected
>>> network = fully_connected("erf", 2, trained="all", bias_variance="1/10")
>>> init_fn, apply_fn, kernel_fn = stax_of(network, 3)
>>> theirs = from_neural_tangents(kernel_fn)
>>> X = np.array([[1.0, 2.0, 2.0], [0.0, 3.0, -4.0]])
>>> bool(np.allclose(theirs(X), to_neural_tangents(network)(X, None, "ntk"), rtol=1e-5))
True
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import pi, sqrt
from typing import Any, Literal

import numpy as np
import sympy
from jaxtyping import Float

from ...bounds import Activation, InvalidInput, get_activation
from ...bounds.exact import nearest_float
from ..any_norm.covariance_map import rectified_power
from ..any_norm.differentiable_ntk import ntk_pair
from ..any_norm.matrix import ntk_matrix
from ..architecture import LINEAR, Architecture
from .bridge import import_neural_tangents

__all__ = ["NeuralTangentsGram", "from_neural_tangents", "stax_of", "to_neural_tangents"]

Which = Literal["ntk", "nngp"]
Get = Which | tuple[Which, ...] | None
_WIDTH = 512


def from_neural_tangents(
    kernel_fn: Callable[..., Any], get: Which = "ntk", *, tile: int = 1024, compiled: bool = True
) -> NeuralTangentsGram:
    """K(X, Z) of any `kernel_fn(x1, x2, get)`, such as that of a stax network, as a function of NumPy arrays.

    Computed in tiles of `tile` rows and columns; of K(X, X) one triangle is, so that it is exactly symmetric. The tiles
    are compiled unless `compiled` is False (for a kernel_fn that jax.jit does not take). Raises InvalidInput for
    another `get`, or a tile that is not positive.
    """
    if get not in ("ntk", "nngp"):
        raise InvalidInput(f"get is {get!r}: expected 'ntk' or 'nngp'")
    if tile < 1:
        raise InvalidInput(f"tile is {tile}: expected a positive number of rows")
    return NeuralTangentsGram(kernel_fn, get, tile, compiled)


@dataclass(frozen=True)
class NeuralTangentsGram:
    """A `kernel_fn` of neural-tangents as a plain function K(X, Z) (see `from_neural_tangents`)."""

    kernel_fn: Callable[..., Any]
    get: Which = "ntk"
    tile: int = 1024
    compiled: bool = True

    def __call__(
        self, X: Float[np.ndarray, "n ..."], Z: Float[np.ndarray, "p ..."] | None = None, *, dtype: Any = np.float64
    ) -> Float[np.ndarray, "n p"]:
        """K(X, Z), or K(X, X): computed in float64, or in float32 throughout if that is asked for.

        Points lie along the first axis, with as many others as the network wants. Raises InvalidInput for another
        dtype, a result that is no matrix (a network that does not flatten), and values that are not finite.
        """
        import jax

        kind = np.dtype(dtype)
        if kind not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise InvalidInput(f"dtype is {kind}: expected float32 or float64")
        left = np.asarray(X, dtype=kind)
        right = left if Z is None else np.asarray(Z, dtype=kind)
        result = np.empty((len(left), len(right)), dtype=kind)
        with jax.enable_x64(kind == np.float64):
            for top in range(0, len(left), self.tile):
                rows = slice(top, top + self.tile)
                for start in range(0 if Z is not None else top, len(right), self.tile):
                    columns = slice(start, start + self.tile)
                    same = Z is None and start == top
                    result[rows, columns] = self._tile(left[rows], None if same else right[columns])
                    if Z is None and not same:
                        result[columns, rows] = result[rows, columns].T
        _check_finite(result)
        return result

    def _tile(self, left: Float[np.ndarray, "a ..."], right: Float[np.ndarray, "b ..."] | None) -> Any:
        kernel = _compiled(self.kernel_fn, self.get) if self.compiled else _one_kernel(self.kernel_fn, self.get)
        values = np.asarray(kernel(left, right))
        if values.shape != (len(left), len(left if right is None else right)):
            raise InvalidInput(
                f"the kernel has shape {values.shape} at {len(left)} points: expected a matrix; end the network with "
                "Flatten or GlobalAvgPool, and Dense"
            )
        if right is None:
            # Rounding may differ on both sides of their diagonal.
            lower = np.tril_indices(len(values), -1)
            values = np.array(values)
            values[lower] = values.T[lower]
        return values


def _one_kernel(kernel_fn: Callable[..., Any], get: Which) -> Callable[..., Any]:
    return lambda left, right: kernel_fn(left, right, get)


@lru_cache(maxsize=32)
def _compiled(kernel_fn: Callable[..., Any], get: Which) -> Callable[..., Any]:
    import jax

    compiled: Callable[..., Any] = jax.jit(_one_kernel(kernel_fn, get))
    return compiled


def _check_finite(result: Float[np.ndarray, "n p"]) -> None:
    wrong = ~np.isfinite(result)
    if wrong.any():
        row, column = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        raise InvalidInput(
            f"the kernel of neural-tangents is {result[row, column]} at row {row}, column {column}: expected finite "
            "values (RectifiedMonomial(2) has none where x = z: take `ntk_matrix` of quadratic_relu)"
        )


def to_neural_tangents(architecture: Architecture, *, largest_norm: float = 1.0) -> Callable[..., Any]:
    """`kernel_fn(x1, x2=None, get=("nngp", "ntk"))` for what neural-tangents does with one: `predict`, `batch`.

    `get` is a name (an array comes back) or a tuple of names (a named tuple with these; both for None). "ntk" is the
    kernel of the layers that `architecture` trains, "nngp" the covariance of the outputs. Points are (n, d) arrays.
    Values are those of `ntk_matrix`, in float64 rounded to the type of x1. Under jit, vmap and grad, and so in `batch`,
    they are those of `ntk_pair` in that type, pair by pair and therefore slower; there, activations without closed form
    want `largest_norm`. Raises InvalidInput for an unknown name, and where `ntk_matrix` or `ntk_pair` do.
    """
    both = {
        "nngp": _matrix_function(_covariance_of_outputs(architecture), largest_norm),
        "ntk": _matrix_function(architecture, largest_norm),
    }

    def kernel_fn(x1: Any, x2: Any = None, get: Get = ("nngp", "ntk"), **_: Any) -> Any:
        names = tuple(both) if get is None else (get,) if isinstance(get, str) else tuple(get)
        if not names or not set(names) <= set(both) or len(set(names)) < len(names):
            raise InvalidInput(f"get is {get!r}: expected 'nngp', 'ntk', or a tuple of these")
        values = [both[name](x1, x2) for name in names]
        return values[0] if isinstance(get, str) else _named(names)(*values)

    return kernel_fn


@lru_cache(maxsize=8)
def _named(names: tuple[str, ...]) -> Any:
    return namedtuple("KernelValues", names)


def _covariance_of_outputs(architecture: Architecture) -> Architecture:
    """The network whose kernel is the NNGP kernel: in the standard parametrization a readout contributes more."""
    return replace(architecture, parametrization="ntk", width=None).only("readout")


def _matrix_function(architecture: Architecture, largest_norm: float) -> Callable[[Any, Any], Any]:
    """K(x1, x2) for arrays of jax, and for what jit, vmap and grad put in their place."""
    import jax
    import jax.numpy as jnp

    # Not by a callback to the host: in its thread, jax would know nothing of a 64-bit scope around the caller.
    def by_pairs(x1: Any, x2: Any) -> Any:
        pair = ntk_pair(architecture, largest_norm=largest_norm)
        return jax.lax.map(lambda x: jax.vmap(lambda z: pair(x, z))(x2), x1)

    def matrix(x1: Any, x2: Any = None) -> Any:
        x1 = jnp.asarray(x1, jnp.result_type(x1, float))
        x2 = None if x2 is None else jnp.asarray(x2, x1.dtype)
        if isinstance(x1, jax.core.Tracer) or isinstance(x2, jax.core.Tracer):
            return by_pairs(x1, x1 if x2 is None else x2)
        values = ntk_matrix(architecture, np.asarray(x1), None if x2 is None else np.asarray(x2))
        return jnp.asarray(values, x1.dtype)

    return matrix


def stax_of(architecture: Architecture, dimension: int, *, width: int | None = None) -> tuple[Any, Any, Any]:
    """(init_fn, apply_fn, kernel_fn) of the same network of stax, for inputs of that dimension.

    Their first layer divides by the dimension d: its W_std^2 is d s_1^2. `width` is that of the hidden layers of
    init_fn and apply_fn (512 if it is not given; in the standard parametrization the architecture has it). stax trains
    every layer: raises InvalidInput for an architecture that does not (`architecture.only("all")` has the same NNGP
    kernel), for an activation that stax has no closed form for, and unless dimension and width are positive;
    ImportError with advice where neural-tangents is absent.
    """
    if not all(architecture.trained):
        raise InvalidInput(f'{architecture.label}: stax trains every layer; expected architecture.only("all")')
    width = _width(architecture, width)
    if dimension < 1 or width < 1:
        raise InvalidInput(f"dimension is {dimension}, width is {width}: expected positive integers")
    stax = import_neural_tangents().stax
    layers = []
    for index in range(architecture.depth + 1):
        layers.append(
            stax.Dense(
                width if index < architecture.depth else 1,
                W_std=nearest_float(sympy.sqrt(architecture.weight_variances[index] * (1 if index else dimension))),
                b_std=_standard_deviation(architecture.bias_variances[index]),
                parameterization=architecture.parametrization,
            )
        )
        if index < architecture.depth:
            layers.append(_activation_layer(stax, architecture.activations[index]))
    network: tuple[Any, Any, Any] = stax.serial(*layers)
    return network


def _width(architecture: Architecture, width: int | None) -> int:
    if architecture.width is None:
        return _WIDTH if width is None else width
    if width not in (None, architecture.width):
        raise InvalidInput(f"width is {width}: expected {architecture.width}, as the architecture has it")
    return architecture.width


def _standard_deviation(variance: sympy.Expr) -> float | None:
    return None if variance == 0 else nearest_float(sympy.sqrt(variance))


def _activation_layer(stax: Any, activation: Activation) -> Any:
    power, scale = rectified_power(activation), nearest_float(activation.scale)
    if activation.expression == LINEAR.expression:
        return stax.Identity()
    if power is not None and power.power == 1:
        return stax.ABRelu(0.0, power.scale)
    if power is not None and power.scale == 1:
        return stax.RectifiedMonomial(power.power)
    layers: dict[str, Callable[[], Any]] = {
        "erf": lambda: stax.Erf(b=scale),
        "sin": lambda: stax.Sin(b=scale),
        "sin_cos": lambda: stax.Sin(a=sqrt(2), b=scale, c=pi / 4),
    }
    if scale == 1:
        layers["gelu"] = stax.Gelu
    for name, layer in layers.items():
        if activation.expression == get_activation(name, activation.scale).expression:
            return layer()
    raise InvalidInput(
        f"activation {activation.label}: expected one that stax has a closed form for: linear, relu, erf, sin, "
        "sin_cos, and at scale 1 gelu and powers of the ReLU"
    )
