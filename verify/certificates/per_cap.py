"""Certificates on perturbation sets of any kind, through the caps around them, which may differ from row to row.

Sets in feature space are certified on the smallest caps known to enclose them. Caps of the whole sphere (without bias
coordinate) are certified as caps of ``S_0`` in one more dimension: a zero column changes no inner product.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, InvalidInput
from ..predictors import KernelPredictor, TwoLayerNetwork
from ..sets.cap import SphericalCap, with_zero_column
from ..sets.protocol import PerturbationSet
from .kernel import certify_kernel
from .network import NetworkBounds, certify_linear_part, certify_network
from .paired_moves import PairedMoves
from .tiles import in_parallel
from .touching import certify_touching, certify_touching_pairs

Array = NDArray[np.float64]
Bound = Callable[[Array, Array, SphericalCap], Array]


def lower_bounds(
    bound: Bound, points: Float[Array, "n d"], signs: Float[Array, " n"], caps: Sequence[SphericalCap]
) -> Array:
    """What ``bound(points, signs, cap)`` gives for each row with its own cap; rows of equal caps share a call.

    Args:
        bound: returns an array whose first axis is that of the rows it was given.
        points: the centres of the caps.
        signs: +1 for lower bounds of f, -1 for upper ones.
        caps: one for each row.
    """
    groups: dict[SphericalCap, list[int]] = {}
    for row, cap in enumerate(caps):
        groups.setdefault(cap, []).append(row)
    if len(groups) == 1:
        return bound(points, signs, caps[0])
    listed = [(cap, np.array(rows)) for cap, rows in groups.items()]
    found = in_parallel(lambda group: bound(points[group[1]], signs[group[1]], group[0]), listed)
    together = np.empty((len(points), *found[0].shape[1:]))
    for (_, rows), values in zip(listed, found, strict=True):
        together[rows] = values
    return together


def kernel_bounds(
    predictor: KernelPredictor,
    centers: Float[Array, "n k"],
    signs: Float[Array, " n"],
    perturbations: PerturbationSet,
    *,
    orders: tuple[int, ...] = (0, 1, 2),
) -> Float[Array, " n"]:
    """Lower bounds of ``signs[i] f(x')`` over the sets around ``centers[i]``, in the sets' own coordinates.

    The arguments are those of `certify_kernel`, but for the centres and the sets.

    Raises:
        InvalidInput: if a set cannot be enclosed by a cap.
    """
    points, caps, is_lifted = _enclosed(centers, perturbations)
    if is_lifted:
        predictor = KernelPredictor(predictor.kernel, with_zero_column(predictor.centers), predictor.coefficients)

    def bound(points: Array, signs: Array, cap: SphericalCap) -> Array:
        return certify_kernel(predictor, points, signs, cap, orders=orders).lower

    return lower_bounds(bound, points, signs, caps)


def network_bounds(
    moves: PairedMoves,
    activation: Activation,
    centers: Float[Array, "n k"],
    signs: Float[Array, " n"],
    perturbations: PerturbationSet,
) -> NetworkBounds:
    """`certify_network` over the sets around ``centers``; rows whose cap is wider than a quarter turn get no bound.

    Raises:
        InvalidInput: if a set cannot be enclosed by a cap.
    """
    points, caps, is_lifted = _enclosed(centers, perturbations)
    moves = _lifted(moves) if is_lifted else moves
    _ = moves.operator_norms  # shared by all caps: computed once, before they run side by side

    def bound(points: Array, signs: Array, cap: SphericalCap) -> Array:
        if cap.angle > math.pi / 2.0:
            return np.tile([-math.inf, 0.0], (len(points), 1))
        found = certify_network(moves, activation, points, signs, cap)
        return np.stack([found.linear, found.remainder], axis=1)

    linear, remainder = lower_bounds(bound, points, signs, caps).T
    return NetworkBounds(linear, remainder)


def touching_bounds(
    network: TwoLayerNetwork,
    centers: Float[Array, "n k"],
    signs: Float[Array, " n"],
    perturbations: PerturbationSet,
) -> Float[Array, " n"]:
    """`certify_touching` over the sets around ``centers``; rows beyond a quarter turn get no bound.

    Raises:
        InvalidInput: if a set cannot be enclosed by a cap, or sigma' is not Lipschitz.
    """
    points, caps, is_lifted = _enclosed(centers, perturbations)
    if is_lifted:
        network = TwoLayerNetwork(with_zero_column(network.weights), network.signs, network.activation)

    return lower_bounds(_up_to_a_quarter_turn(partial(certify_touching, network)), points, signs, caps)


def touching_pairs_bounds(
    moves: PairedMoves,
    activation: Activation,
    centers: Float[Array, "n k"],
    signs: Float[Array, " n"],
    perturbations: PerturbationSet,
) -> Float[Array, " n"]:
    """`certify_touching_pairs` over the sets around ``centers``; rows beyond a quarter turn get no bound.

    Raises:
        InvalidInput: if a set cannot be enclosed by a cap, or sigma' is not Lipschitz.
    """
    points, caps, is_lifted = _enclosed(centers, perturbations)
    moves = _lifted(moves) if is_lifted else moves

    bound = partial(certify_touching_pairs, moves, activation)
    return lower_bounds(_up_to_a_quarter_turn(bound), points, signs, caps)


def linear_part_bounds(
    moves: PairedMoves,
    activation: Activation,
    centers: Float[Array, "n k"],
    signs: Float[Array, " n"],
    perturbations: PerturbationSet,
) -> Float[Array, " n"]:
    """`certify_linear_part` over the sets around ``centers``; rows beyond a quarter turn get no bound.

    Raises:
        InvalidInput: if a set cannot be enclosed by a cap.
    """
    points, caps, is_lifted = _enclosed(centers, perturbations)
    moves = _lifted(moves) if is_lifted else moves

    def bound(points: Array, signs: Array, cap: SphericalCap) -> Array:
        return certify_linear_part(moves, activation, points, signs, cap).lower

    return lower_bounds(_up_to_a_quarter_turn(bound), points, signs, caps)


def _up_to_a_quarter_turn(bound: Bound) -> Bound:
    """Quadratic models say nothing of wider caps: minus infinity there."""

    def limited(points: Array, signs: Array, cap: SphericalCap) -> Array:
        return np.full(len(points), -math.inf) if cap.angle > math.pi / 2.0 else bound(points, signs, cap)

    return limited


def _enclosed(centers: Array, perturbations: PerturbationSet) -> tuple[Array, tuple[SphericalCap, ...], bool]:
    """Points and caps with a bias coordinate, and whether it had to be added."""
    points, caps = perturbations.enclosing_caps(centers)
    biases = {cap.bias for cap in caps}
    if len(caps) != len(points) or len(biases) != 1:
        raise InvalidInput(f"{len(caps)} caps with biases {biases} for {len(points)} rows: expected one bias for all")
    if None not in biases:
        return points, caps, False
    return with_zero_column(points), tuple(cap.lifted() for cap in caps), True


def _lifted(moves: PairedMoves) -> PairedMoves:
    rows, differences, means = (with_zero_column(each) for each in (moves.rows, moves.differences, moves.means))
    return PairedMoves(rows, moves.signs, differences, means)
