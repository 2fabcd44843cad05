"""The comparator ``W^c`` of a drawn network (theory section 6, step 4).

At a drawn ``W_0`` the robust minimum-norm problem is solved with the finite-width kernel ``K_m``; its solution moves
the weights to ``W^c`` (E4.a), and ``W^c`` is certified as a network, remainder included. Margins are asked for later
and as often as one likes: the same move, scaled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, InvalidInput, Loss, upper_float
from ...kernels import SymmetricInitialisation, empirical_gram, numeric
from ..attacks.projected_gradient import ProjectedGradientAttack
from ..certificates.losses import certified_loss, needs_upper_margins
from ..certificates.paired_moves import PairedMoves
from ..certificates.per_cap import linear_part_bounds, network_bounds, touching_pairs_bounds
from ..predictors import LinearisedNetwork
from ..sets.protocol import PerturbationSet
from .dual_program import Infeasible
from .minimum_norm import MarginRange, MinimumNormSolution, robust_minimum_norm

Array = NDArray[np.float64]
_BLOCK = 16384
_TRIALS = 10
_MARGIN_ONE = MarginRange()


@dataclass(frozen=True)
class FiniteWidthSpace:
    """The space of the empirical kernel ``K_m`` at a drawn ``W_0`` (theory E4.a)."""

    initialisation: SymmetricInitialisation
    activation: Activation

    def gram(self, left: Array, right: Array) -> Array:
        """``K_m(left, right)``."""
        return empirical_gram(self.initialisation, self.activation, left, right)

    def entry_error(self, dimension: int) -> float:
        """A mean over the neurons: one rounding each, of at most ``(|sigma'(0)| + beta |W_0| / sqrt(m))^2`` (E1.b)."""
        width, activation = self.initialisation.width, self.activation
        slope = upper_float(activation.derivative_at_zero)
        slope += upper_float(activation.derivative_lipschitz) * self.operator_norm / math.sqrt(width)
        return 4.0 * (width + dimension) * float(np.finfo(np.float64).eps) * slope**2

    @cached_property
    def operator_norm(self) -> float:
        """Upper bound of ``|W_0|_op``."""
        return self.initialisation.operator_norm_upper()

    @property
    def gradient_bound(self) -> tuple[float, float]:
        """E1.b in floating point: G for a ball of radius 0, and what it gains with the radius."""
        activation = self.activation
        if activation.derivative_bound is not None:
            return upper_float(activation.derivative_bound), 0.0
        growth = upper_float(activation.derivative_lipschitz) / math.sqrt(self.initialisation.width)
        return upper_float(activation.derivative_at_zero) + growth * self.operator_norm, growth

    def function(self, centers: Array, coefficients: Array) -> LinearisedNetwork:
        """``<grad f(W_0, .), D>`` with ``D = sum_j c_j grad f(W_0, z_j)``."""
        displacement = self.displacement(centers, coefficients)
        start = self.initialisation
        # Attacks run in the dtype of these weights: float32 where the draw has no more digits.
        return LinearisedNetwork(start.weights.astype(start.dtype), displacement, start.signs, self.activation)

    def margins(self, function: LinearisedNetwork, X: Array, labels: Array, perturbations: PerturbationSet) -> Array:
        """The linear part of the network certificate."""
        moves = self._tied(function.displacement[: self.initialisation.width // 2])
        return linear_part_bounds(moves, self.activation, X, labels, perturbations)

    def moves(self, centers: Array, coefficients: Array) -> PairedMoves:
        """``sum_j c_j grad f(W_0, z_j)``, which is antisymmetric in the pairs, float64."""
        start = self.initialisation
        half, signs = start.width // 2, start.signs
        slope = numeric(self.activation, 1)
        moved = np.empty((half, centers.shape[1]))
        for begin in range(0, half, _BLOCK):
            block = slice(begin, min(begin + _BLOCK, half))
            active = slope(start.half_weights[block] @ centers.T) * coefficients
            moved[block] = (signs[block] / np.sqrt(2 * half))[:, None] * (active @ centers)
        return self._tied(moved)

    def displacement(self, centers: Array, coefficients: Array) -> Float[np.ndarray, "m d"]:
        """The same as a matrix, shape (m, d)."""
        return self.moves(centers, coefficients).displacement

    def _tied(self, differences: Array) -> PairedMoves:
        start = self.initialisation
        return PairedMoves.tied(start.half_weights, start.signs[: start.width // 2], differences)


@dataclass(frozen=True)
class Comparator:
    """A point of the ball that the theorem compares with.

    ``radius`` is ``|W^c - W_0|_F`` rounded up, ``robust_loss`` a certified upper bound of ``L_*(W^c)``, ``margins`` the
    certified lower bounds of ``y_i f(W^c, x')``.
    """

    moves: PairedMoves
    radius: float
    robust_loss: float
    margins: Array
    solution: MinimumNormSolution

    @property
    def margin(self) -> float:
        """The least certified margin."""
        return float(np.min(self.margins))

    @property
    def row_radius(self) -> float:
        """``rho``: no neuron moves by more than ``rho / sqrt(m)``; rounded up."""
        return self.moves.row_radius


class NoComparator(InvalidInput):
    """No comparator could be certified at a drawn network; a wider one may have one."""


@dataclass(frozen=True)
class LeastMove:
    """The least move of a drawn network that meets the constraints, as far as an attack can tell.

    The constraints are margin 1 on every set, to be scaled, or for losses that rise again a range of margins. ``X`` has
    shape (n, k), in the coordinates of the perturbation sets.
    """

    space: FiniteWidthSpace
    X: Float[np.ndarray, "n k"]
    y: Float[np.ndarray, " n"]
    perturbations: PerturbationSet
    solution: MinimumNormSolution
    moves: PairedMoves

    @property
    def radius(self) -> float:
        """The norm per unit of margin that the certificate of the linear part leaves; infinite if it leaves none."""
        return self.solution.radius.upper

    def comparator(self, loss: Loss, margin: float) -> Comparator:
        """A certified comparator: of that margin, or for two-sided losses the move as it is.

        Raises:
            NoComparator: if no multiple of the move has the margin.
        """
        if needs_upper_margins(loss):
            lower, upper = self._margins(self.moves, self.y), -self._margins(self.moves, -self.y)
            robust = certified_loss(loss, lower, upper)
            return Comparator(self.moves, self.moves.frobenius_norm, robust, lower, self.solution)
        moves, lower = self._scaled_to(margin)
        return Comparator(moves, moves.frobenius_norm, certified_loss(loss, lower), lower, self.solution)

    def _margins(self, moves: PairedMoves, signs: Array) -> Array:
        """Certified lower bounds of ``signs_i f(x')``: by touching quadratics, or through the linearisation."""
        problem = (moves, self.space.activation, self.X, signs, self.perturbations)
        return np.maximum(network_bounds(*problem).lower, touching_pairs_bounds(*problem))

    def _scaled_to(self, margin: float) -> tuple[PairedMoves, Array]:
        """The smallest multiple (to 1e-3) at which the certified margins reach ``margin``, with the margins there.

        Margins grow with the factor, less and less as what is lost grows faster: steps proportional to the margins, and
        then secants, close in on the factor. Each candidate is certified afresh, and only certified ones are returned.
        """
        linear = lower = self.solution.certified_margin
        factor = margin / linear * (1.0 + 1e-9) if linear > 0.0 else math.nan
        before, best = (0.0, 0.0), None
        for _ in range(_TRIALS if linear > 0.0 else 0):
            moves = self.moves.scaled(factor)
            margins = self._margins(moves, self.y)
            lower = float(np.min(margins))
            if lower >= margin and (best is None or factor < best[0]):
                best = (factor, moves, margins)
            if margin <= lower <= margin * (1.0 + 1e-3):
                break
            growth = (lower - before[1]) / (factor - before[0]) if factor != before[0] else math.nan
            if not growth > 0.0:
                break
            before, factor = (factor, lower), factor + (margin * (1.0 + 3e-4) - lower) / growth
        if best is None:
            raise NoComparator(
                f"no comparator of margin {margin:.3g} could be certified at width {self.moves.width} (certified "
                f"margin {lower:.3g}): expected a smaller delta or a larger width"
            )
        return best[1], best[2]


def least_move(
    space: FiniteWidthSpace,
    X: Float[np.ndarray, "n k"],
    y: Float[np.ndarray, " n"],
    perturbations: PerturbationSet,
    *,
    margins: MarginRange = _MARGIN_ONE,
    start: MinimumNormSolution | None = None,
    seed: int = 0,
) -> LeastMove:
    """Solve E4.b at the drawn ``W_0``: for margin 1 if only lower margins are asked for, else for ``margins``.

    Args:
        space: the drawn network's kernel space.
        X: data in the coordinates of the perturbation sets, shape (n, k).
        y: labels, shape (n,).
        perturbations: ``B``.
        margins: the margins wanted on the sets.
        start: the infinite-width solution for margin 1, whose support points warm-start the working set.
        seed: of the attack's restarts.

    Raises:
        NoComparator: if the constraints cannot be met at this width.
    """
    one_sided = math.isinf(margins.upper)
    wanted, warm = (_MARGIN_ONE, start) if one_sided else (margins, None)
    try:
        solution = robust_minimum_norm(
            space,
            X,
            y,
            perturbations,
            margins=wanted,
            attack=ProjectedGradientAttack(steps=20, restarts=1, seed=seed),
            start=None if warm is None else warm.centers,
            start_labels=None if warm is None else np.sign(warm.coefficients),
            tolerance=2e-3,
            max_iterations=12,
        )
    except Infeasible as error:
        width = space.initialisation.width
        raise NoComparator(f"no comparator exists at width {width}: {error}; expected a larger width") from error
    return LeastMove(space, X, y, perturbations, solution, space.moves(solution.centers, solution.coefficients))


def find_comparator(
    space: FiniteWidthSpace,
    X: Float[np.ndarray, "n k"],
    y: Float[np.ndarray, " n"],
    perturbations: PerturbationSet,
    *,
    loss: Loss,
    margins: MarginRange = _MARGIN_ONE,
    start: MinimumNormSolution | None = None,
    seed: int = 0,
) -> Comparator:
    """`least_move`, scaled so that the least certified margin reaches ``margins.lower`` (one-sided losses), certified.

    Args:
        space, X, y, perturbations, margins, start, seed: see `least_move`.
        loss: for the robust loss of the comparator.

    Raises:
        NoComparator: if the margins cannot be met, or not be certified, at this width.
    """
    move = least_move(space, X, y, perturbations, margins=margins, start=start, seed=seed)
    return move.comparator(loss, margins.lower)
