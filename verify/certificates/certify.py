"""Certified margins of kernel functions and networks over any perturbation set: the best of all methods that apply.

Every method gives a sound lower bound of ``s_i f(x')`` on ``B(x_i)``, so their maximum is one. They differ in what
they know of f and in cost:

* kernel functions: ``order 0`` (norm and value), ``order 1`` (and the gradient: the best bound given these),
  ``order 2`` (touching quadratics for every term), theory E4.c;
* networks: ``touching`` (quadratics that touch every neuron or mirrored pair), ``linearised`` (the linearisation at the
  initialisation, with the remainders of E1.a and E2);
* either, in small dimension, on request: ``branch and bound``, which closes the gap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import InvalidInput, Loss
from ...bounds.errors import expected_one_of
from ..predictors import KernelPredictor, TwoLayerNetwork
from ..sets.cap import SphericalCap
from ..sets.protocol import PerturbationSet
from .branch_and_bound import exact_minima
from .losses import certified_loss
from .paired_moves import PairedMoves
from .per_cap import kernel_bounds, lower_bounds, network_bounds, touching_bounds

Array = NDArray[np.float64]
Bound = Callable[[Array, Array, PerturbationSet], Array]


@dataclass(frozen=True)
class CertifiedMargins:
    """``lower[i] <= min s_i f(x')`` over ``B(x_i)`` in real arithmetic; ``method[i]`` gave it.

    ``by_method`` holds what each method gave, shape (n,); minus infinity is no bound at all.
    """

    lower: Array
    method: tuple[str, ...]
    by_method: Mapping[str, Array]

    @property
    def minimum(self) -> float:
        """The smallest certified margin; NaN if any is, so that it cannot pass a comparison."""
        return float(np.min(self.lower))

    @property
    def wins(self) -> dict[str, int]:
        """For how many rows each method gave the best bound."""
        return {name: self.method.count(name) for name in self.by_method}

    def robust_loss(self, loss: Loss, upper: CertifiedMargins | None = None) -> float:
        """Upper bound of the robust loss, s being labels; ``upper`` are bounds for ``-s``, where the loss needs it."""
        return certified_loss(loss, self.lower, None if upper is None else -upper.lower)

    def to_json(self) -> dict[str, Any]:
        """Margins and which method won how often."""
        return {"lower": self.lower.tolist(), "method": list(self.method), "wins": self.wins}


def certify(
    function: KernelPredictor | TwoLayerNetwork,
    centers: Float[Array, "n k"],
    signs: Float[Array, " n"],
    perturbations: PerturbationSet,
    *,
    initial: Float[NDArray[Any], "m d"] | None = None,
    methods: Sequence[str] | None = None,
) -> CertifiedMargins:
    """Lower bounds of ``signs[i] f(x')`` for every x' in the perturbation set of ``centers[i]``.

    Args:
        function: a kernel function, or a network of any width with a Lipschitz sigma'.
        centers: shape (n, k), float64, in the coordinates of the sets (`PerturbationSet.space`).
        signs: labels for margins; +1 for a lower bound of f, -1 for an upper one.
        perturbations: the sets.
        initial: a symmetric W_0 near which the weights are, for the method ``linearised``.
        methods: names of those to try; by default all but ``branch and bound``.

    Raises:
        InvalidInput: an unknown method, shapes that do not fit, signs other than +-1, or an activation that no method
            admits, or whose declared constants are not proved.
    """
    _check(centers, signs)
    available = _methods(function, initial)
    chosen = [name for name in available if name != BRANCH_AND_BOUND] if methods is None else list(methods)
    unknown = [name for name in chosen if name not in available]
    if unknown or not chosen:
        wrong = f"unknown method {unknown[0]!r}" if unknown else "methods is empty"
        raise InvalidInput(f"{wrong}: {expected_one_of((unknown or [''])[0], available)}")
    found = {name: available[name](centers, signs, perturbations) for name in chosen}
    stacked = np.stack(list(found.values()))
    best = np.argmax(stacked, axis=0)  # a NaN counts as the largest, and fails later
    lower = stacked[best, np.arange(len(centers))]
    return CertifiedMargins(lower, tuple(chosen[index] for index in best), found)


BRANCH_AND_BOUND = "branch and bound"


def _methods(function: KernelPredictor | TwoLayerNetwork, initial: NDArray[Any] | None) -> dict[str, Bound]:
    if isinstance(function, KernelPredictor):
        orders: dict[str, Bound] = {
            f"order {order}": partial(kernel_bounds, function, orders=(order,)) for order in (0, 1, 2)
        }
        if function.kernel.order < 1:
            del orders["order 1"]
        return {**orders, BRANCH_AND_BOUND: partial(_exact, function)}
    if not function.activation.proved:
        raise InvalidInput(
            f"activation {function.activation.label}: its constants are declared, not proved: expected proved ones, "
            "since a certificate rests on them"
        )
    methods: dict[str, Bound] = {
        "touching": partial(touching_bounds, function),
        BRANCH_AND_BOUND: partial(_exact, function),
    }
    if initial is not None:
        moves = PairedMoves.between(initial, np.asarray(function.signs, np.float64), function.weights)
        methods["linearised"] = lambda *problem: network_bounds(moves, function.activation, *problem).lower
    return methods


def _exact(
    function: KernelPredictor | TwoLayerNetwork, centers: Array, signs: Array, perturbations: PerturbationSet
) -> Array:
    """Branch and bound on the caps around the sets: exact if they are caps themselves."""
    points, caps = perturbations.enclosing_caps(centers)

    def bound(points: Array, signs: Array, cap: SphericalCap) -> Array:
        return np.array([found.lower for found in exact_minima(function, points, signs, cap)])

    return lower_bounds(bound, points, signs, caps)


def _check(centers: Array, signs: Array) -> None:
    if centers.ndim != 2 or signs.shape != (len(centers),):
        raise InvalidInput(
            f"centers of shape {centers.shape} and signs of shape {signs.shape}: expected (n, k) and (n,)"
        )
    if not np.isfinite(centers).all():
        raise InvalidInput(f"centers contain {centers[~np.isfinite(centers)][0]}: expected finite numbers")
    if not np.all(np.abs(signs) == 1.0):
        raise InvalidInput(f"signs contain {signs[np.abs(signs) != 1.0][0]}: expected +1 and -1")
