"""The bound ``G_D`` of the gradient of the mean loss, at a drawn ``W_0`` (theory E11).

For the hinge and the logistic loss ``|g_t| <= L G_D`` while ``W_t`` stays in the ball, whatever the adversary does.
``G_D`` has three parts: the mean gradient at ``W_0`` and the clean points, in which opposite labels cancel; what the
perturbations add at ``W_0``; and what training adds within the radius. All are upper bounds with rounding charged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, InvalidInput, get_activation, upper_float
from ...kernels import SymmetricInitialisation
from ..certificates.cube_form import largest_over_cube
from ..certificates.tiles import gram_upper_eigenvalue, in_parallel
from ..sets.cap import check_labels, with_zero_column
from ..sets.protocol import PerturbationSet
from .comparator import FiniteWidthSpace

_EPSILON = float(np.finfo(np.float64).eps)
_MARGIN = 1e-9  # for the roundings of the few operations that have no charge of their own
Array = NDArray[np.float64]


@dataclass(frozen=True)
class MeanGradient:
    """The parts of ``G_D``: ``clean`` + the mean of ``moduli`` + ``growth`` times the radius of the ball.

    ``moduli[i]`` bounds ``|grad f(W_0, x') - grad f(W_0, x_i)|`` over the perturbation set of point i.
    """

    clean: float
    moduli: Array
    growth: float

    def bound(self, radius: float) -> float:
        """``G_D`` for ``|W - W_0|_F <= radius``; the operator norm of ``W - W_0`` is as good."""
        return (self.clean + float(np.mean(self.moduli)) + self.growth * radius) * (1.0 + _MARGIN)


def mean_gradient_bound(
    initialisation: SymmetricInitialisation,
    activation: Activation,
    X: Float[np.ndarray, "n k"],
    y: Float[np.ndarray, " n"],
    perturbations: PerturbationSet,
    radius: float,
) -> float:
    """``G_D`` of theory E11, an upper bound: what the calculators take as ``mean_gradient_bound``.

    Args:
        initialisation: the drawn ``W_0``.
        activation: needs a finite beta.
        X: data in the coordinates of the perturbation sets, shape (n, k).
        y: labels +-1, shape (n,).
        perturbations: ``B``, through the caps around it.
        radius: of the ball that training keeps to.

    Raises:
        InvalidInput: if sigma' is not Lipschitz, or data or labels are not as stated.
    """
    return mean_gradient(initialisation, activation, X, y, perturbations).bound(radius)


def mean_gradient(
    initialisation: SymmetricInitialisation,
    activation: Activation,
    X: Float[np.ndarray, "n k"],
    y: Float[np.ndarray, " n"],
    perturbations: PerturbationSet,
) -> MeanGradient:
    """The parts of ``G_D``, for every radius: see `mean_gradient_bound`."""
    if activation.derivative_lipschitz is None:
        raise InvalidInput(f"activation {activation.label}: the mean gradient is bounded for a Lipschitz sigma' only")
    check_labels(X, y)
    points, caps = perturbations.enclosing_caps(X)
    caps[0].check_on_sphere(points)
    space = FiniteWidthSpace(initialisation, activation)
    kernel, error = space.gram(points, points), space.entry_error(points.shape[1])
    chords = np.array([cap.delta for cap in caps]) * (1.0 + 16.0 * _EPSILON)
    rows = initialisation.half_weights
    if caps[0].bias is None:
        rows, points = with_zero_column(rows), with_zero_column(points)
    form = largest_over_cube(np.outer(y, y) * kernel, entry_error=error)
    return MeanGradient(
        clean=float(np.sqrt(form)) / len(X),
        moduli=_moduli(activation, rows, points, np.sqrt(np.diag(kernel) + error), chords),
        growth=upper_float(activation.derivative_lipschitz) / float(np.sqrt(initialisation.width)),
    )


def _moduli(activation: Activation, rows: Array, points: Array, start: Array, chords: Array) -> Array:
    """``sqrt(E^2 + delta^2 S (S + E))`` with ``S^2 = K_m(x, x)`` and ``E`` the turn of the slopes (theory E11.a).

    ``chords[i]`` is the delta of point i; rows and points have a bias coordinate.
    """
    beta = upper_float(activation.derivative_lipschitz)
    if _is_quadratic_relu(activation):
        cases = zip(points, chords, strict=True)
        squares = np.array(in_parallel(lambda case: _largest_square(rows, _steepest_chords(rows, *case)), cases))
    else:
        squares = np.full(len(points), _largest_square(rows, np.ones(len(rows))))
    turn = beta * chords * np.sqrt(squares)
    return np.asarray(np.sqrt(turn**2 + chords**2 * start * (start + turn)))


def _largest_square(rows: Array, chords: Array) -> float:
    """``q^2 / beta^2``: the largest eigenvalue of the mean of ``chords_r^2 w_r w_r'``, the bias coordinate left out."""
    return gram_upper_eigenvalue(rows[:, :-1], chords**2) / len(rows)


def _steepest_chords(rows: Array, x: Array, delta: float) -> Array:
    """The quadratic ReLU's steepest chords of sigma' from ``w_r.x``, over beta: 1, or less where a neuron is off."""
    lengths = np.linalg.norm(rows, axis=1)
    off = -(rows @ x) - 4.0 * (rows.shape[1] + 8) * _EPSILON * lengths  # how far, at least
    reach = delta * np.linalg.norm(rows[:, :-1], axis=1) * (1.0 + 1e-12)
    return np.where(off > 0.0, np.maximum(1.0 - off / np.maximum(reach, np.finfo(np.float64).tiny), 0.0), 1.0)


def _is_quadratic_relu(activation: Activation) -> bool:
    """By the expression: a name is no proof."""
    return bool(activation.expression == get_activation("quadratic_relu", activation.scale).expression)
