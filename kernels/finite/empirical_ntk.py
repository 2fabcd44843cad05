"""The empirical NTK of a network at any parameters, layer by layer, without the Jacobian.

With delta_l the derivative of f by the preactivation z_l, df/dW_l = c_l delta_l h_{l-1}^T and df/db_l = t_l delta_l, so

    K_W(x, z) = sum over trained l of (c_l^2 <h_{l-1}(x), h_{l-1}(z)> + t_l^2) <delta_l(x), delta_l(z)>,

with the multipliers (c_l, t_l) of `FiniteNetwork`. Only inner products of activations and of deltas are needed: for n
points and width m, O(n m) numbers and O(n m^2 + n^2 m) operations a layer, where the Jacobian has O(n m^2) numbers and
its contraction takes O(n^2 m^2) operations.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from ...bounds import InvalidInput
from ..activation_function import numeric
from .finite_network import FiniteNetwork

__all__ = ["empirical_ntk"]

_ROWS_OF_A_TILE = 512
# Arrays of one layer that the evaluation of an activation needs besides its argument: GELU's, the most.
_TEMPORARIES = 6


class _Layer(NamedTuple):
    """A trained layer at some points: h_{l-1}, delta_l (None for the readout, where it is 1), c_l^2 and t_l^2."""

    inputs: Float[Any, "n fan_in"]
    deltas: Float[Any, "n fan_out"] | None
    weight: float
    bias: float


@dataclass(frozen=True)
class _Part:
    """Consecutive points and what K_W needs of them."""

    rows: slice
    layers: tuple[_Layer, ...]


def empirical_ntk(
    network: FiniteNetwork,
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "p d"] | None = None,
    *,
    memory: int = 1 << 29,
    xp: Any = np,
) -> Float[np.ndarray, "n p"]:
    """K_W(X, Z) at the network's parameters, or the exactly symmetric K_W(X, X), in the dtype of the network.

    Beside the result it holds at most `memory` bytes of activations and deltas (or what two points need) and 6 MiB of
    products a thread. Where not all points fit, those of the columns are passed through the network again for every
    block of rows. In float32 a preactivation may round to the other side of a kink: for relu an entry then moves by one
    neuron's share, of the order of 1/m, instead of by roundings. Runs on all cores; with `xp=jax.numpy` on JAX's device
    instead, which may hold a few arrays more. Raises InvalidInput for points of another dimension, or a memory that is
    not positive.
    """
    if memory < 1:
        raise InvalidInput(f"memory is {memory}: expected a positive number of bytes")
    X = network.points(X)
    columns = X if Z is None else network.points(Z, "Z")
    K = np.empty((len(X), len(columns)), dtype=network.dtype)
    height = _points_at_once(network, memory)
    if len(X) + (0 if Z is None else len(columns)) <= 2 * height:
        height = max(len(X), len(columns), 1)
    with _engine(network, xp) as (network, parallel):
        for above in _slices(0, len(X), height):
            left = _parts(network, X, above, xp, parallel)
            for beside in _slices(above.start if Z is None else 0, len(columns), height):
                same = Z is None and beside == above
                right = left if same else _parts(network, columns, beside, xp, parallel)
                pairs = [(a, b) for i, a in enumerate(left) for b in (right[i:] if same else right)]
                parallel(lambda pair: _fill(K, *pair, symmetric=Z is None), pairs)
    return K


def _fill(K: Float[np.ndarray, "n p"], left: _Part, right: _Part, *, symmetric: bool) -> None:
    """One tile of the kernel, and its mirror image."""
    tile = np.asarray(_tile(left, right))
    if symmetric and left.rows == right.rows:
        tile = np.tril(tile) + np.tril(tile, -1).T
    K[left.rows, right.rows] = tile
    if symmetric and left.rows != right.rows:
        K[right.rows, left.rows] = tile.T


def _tile(left: _Part, right: _Part) -> Float[Any, "rows columns"]:
    total: Any = 0
    for one, other in zip(left.layers, right.layers, strict=True):
        term = one.inputs @ other.inputs.T
        term *= one.weight
        if one.bias:
            term += one.bias
        if one.deltas is not None and other.deltas is not None:
            term *= one.deltas @ other.deltas.T
        total += term
    return total


def _parts(network: FiniteNetwork, points: Any, rows: slice, xp: Any, parallel: _Map) -> list[_Part]:
    """The points of these rows in tiles, at least one for each core."""
    count = rows.stop - rows.start
    height = min(_ROWS_OF_A_TILE, -(-count // _cores()))
    pieces = _slices(rows.start, rows.stop, height)
    return parallel(lambda piece: _Part(piece, _layers(network, xp.asarray(points[piece]), xp)), pieces)


def _layers(network: FiniteNetwork, hidden: Float[Any, "n d"], xp: Any) -> tuple[_Layer, ...]:
    """Forward, then back to the lowest trained layer; frozen layers are passed through and forgotten."""
    architecture = network.architecture
    depth, lowest = architecture.depth, architecture.trained.index(True)
    inputs: list[Any] = []
    slopes: list[Any] = []
    for index, activation in enumerate(architecture.activations):
        inputs.append(hidden if architecture.trained[index] else None)
        z = network.preactivation(index, hidden)
        slopes.append(numeric(activation, 1, xp)(z) if index >= lowest else None)
        hidden = numeric(activation, 0, xp)(z) if index + 1 < depth or architecture.trained[depth] else None
    inputs.append(hidden)
    found = []
    delta = None
    for index in range(depth, lowest - 1, -1):
        if index < depth:
            weights, factor = network.parameters[index + 1][0], network.multipliers[index + 1][0]
            delta = weights * slopes.pop() if delta is None else _times(delta @ weights, slopes.pop())
            delta *= factor
        if architecture.trained[index]:
            weight, bias = network.multipliers[index]
            found.append(_Layer(inputs[index], delta, weight**2, bias**2))
    return tuple(found)


def _times(product: Any, factor: Any) -> Any:
    product *= factor
    return product


def _points_at_once(network: FiniteNetwork, memory: int) -> int:
    """How many points of each of two blocks fit: activations, slopes or deltas, and what activations need meanwhile."""
    widths = network.widths
    numbers = 2 * (network.dimension + 2 * sum(widths)) + _TEMPORARIES * max(widths)
    return max(memory // (numbers * network.dtype.itemsize), 1)


def _slices(start: int, stop: int, height: int) -> list[slice]:
    return [slice(row, min(row + height, stop)) for row in range(start, stop, height)]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_Map = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]


@contextlib.contextmanager
def _engine(network: FiniteNetwork, xp: Any) -> Iterator[tuple[FiniteNetwork, _Map]]:
    """The network with its parameters where the work is done, and how to do many pieces of it.

    In NumPy: tasks on every core with single-threaded products, since BLAS threads of their own would wait for each
    other. In JAX: one after the other, in 64 bits where the parameters have them, and with products in full float32,
    which some devices would round to fewer digits.
    """
    if xp is np:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(_cores()) as threads:
            yield network, lambda task, items: list(threads.map(task, items))
        return
    import jax

    with jax.enable_x64(network.dtype == np.float64), jax.default_matmul_precision("highest"):
        parameters = jax.tree.map(xp.asarray, network.parameters)
        yield replace(network, parameters=parameters), lambda task, items: [task(item) for item in items]
