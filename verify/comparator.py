"""The comparator ``W^c`` of a drawn network, and the a posteriori loop of theory section 6.

At a drawn ``W_0`` the robust minimum-norm problem is solved with the finite-width kernel ``K_m``; its solution moves
the weights to ``W^c`` (E4.a), and ``W^c`` is certified as a network, remainder included. What comes out is a radius
``R`` and a robust loss ``s`` that hold for *this* network: no probability is left in the plan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial

import numpy as np
import sympy
from jaxtyping import Float
from numpy.typing import NDArray

from ..bounds import Activation, InvalidInput, Loss, Number, Plan, WidthTooSmall, required_width, upper_float
from ..kernels import SymmetricInitialisation, dual_kernel, empirical_gram, numeric
from .attack import ProjectedGradientAttack
from .cap import SphericalCap
from .dual_program import Infeasible
from .losses import certified_loss
from .margin_target import MarginTarget, check_epsilon, choose_margins
from .minimum_norm import InfiniteWidthSpace, MarginRange, MinimumNormSolution, robust_minimum_norm
from .network_certificate import NetworkBounds, certify_linear_part, certify_network
from .paired_moves import PairedMoves
from .predictors import LinearisedNetwork

Array = NDArray[np.float64]
_BLOCK = 16384
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

    def function(self, centers: Array, coefficients: Array) -> LinearisedNetwork:
        """``<grad f(W_0, .), D>`` with ``D = sum_j c_j grad f(W_0, z_j)``."""
        displacement = self.displacement(centers, coefficients)
        start = self.initialisation
        # Attacks run in the dtype of these weights: float32 where the draw has no more digits.
        return LinearisedNetwork(start.weights.astype(start.dtype), displacement, start.signs, self.activation)

    def margins(self, function: LinearisedNetwork, points: Array, labels: Array, cap: SphericalCap) -> Array:
        """The linear part of the network certificate."""
        start = self.initialisation
        moves = PairedMoves.between(start.weights, start.signs, start.weights + function.displacement)
        return certify_linear_part(moves, self.activation, points, labels, cap).lower

    def displacement(self, centers: Array, coefficients: Array) -> Float[np.ndarray, "m d"]:
        """``sum_j c_j grad f(W_0, z_j)``, shape (m, d), float64, exactly antisymmetric in the pairs."""
        start = self.initialisation
        half = len(start.weights) // 2
        slope = numeric(self.activation, 1)
        moved = np.empty((half, centers.shape[1]))
        for begin in range(0, half, _BLOCK):
            block = slice(begin, min(begin + _BLOCK, half))
            active = slope(start.weights[block] @ centers.T) * coefficients
            moved[block] = (start.signs[block] / np.sqrt(2 * half))[:, None] * (active @ centers)
        return np.vstack([moved, -moved])


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


@dataclass(frozen=True)
class DrawnPlan:
    """A plan whose every hypothesis has been checked on the drawn network."""

    initialisation: SymmetricInitialisation
    comparator: Comparator
    plan: Plan
    operator_norm: float
    draws: int


class NoComparator(InvalidInput):
    """No comparator could be certified at a drawn network; a wider one may have one."""


def find_comparator(
    space: FiniteWidthSpace,
    X: Float[np.ndarray, "n d"],
    y: Float[np.ndarray, " n"],
    cap: SphericalCap,
    *,
    loss: Loss,
    margins: MarginRange = _MARGIN_ONE,
    start: MinimumNormSolution | None = None,
    seed: int = 0,
) -> Comparator:
    """Solve E4.b at the drawn ``W_0`` and certify the network ``W^c``, scaled so that its least margin is reached.

    Args:
        space: the drawn network's kernel space.
        X: data on ``S_b``, shape (n, d).
        y: labels, shape (n,).
        cap: perturbation set.
        loss: for the robust loss of the comparator.
        margins: the margins wanted on the caps; only a one-sided range is met exactly, by scaling.
        start: the infinite-width solution for margin 1, whose support points warm-start the working set.
        seed: of the attack's restarts.

    Raises:
        NoComparator: if the margins cannot be met, or not be certified, at this width.
    """
    try:
        return _comparator(space, X, y, cap, loss, margins, start, seed)
    except Infeasible as error:
        width = space.initialisation.width
        raise NoComparator(f"no comparator exists at width {width}: {error}; expected a larger width") from error


def _comparator(
    space: FiniteWidthSpace,
    X: Array,
    y: Array,
    cap: SphericalCap,
    loss: Loss,
    margins: MarginRange,
    start: MinimumNormSolution | None,
    seed: int,
) -> Comparator:
    """`find_comparator`, for constraints that can be met."""
    one_sided = math.isinf(margins.upper)
    warm = start if one_sided else None
    solution = robust_minimum_norm(
        space,
        X,
        y,
        cap,
        margins=_MARGIN_ONE if one_sided else margins,
        attack=ProjectedGradientAttack(steps=20, restarts=1, seed=seed),
        start=None if warm is None else warm.centers,
        start_labels=None if warm is None else np.sign(warm.coefficients),
        tolerance=2e-3,
        max_iterations=12,
    )
    displacement = space.displacement(solution.centers, solution.coefficients)
    weights = space.initialisation.weights
    moves = PairedMoves.between(weights, space.initialisation.signs, weights + displacement)
    if one_sided:
        factor, bounds = _scale_to_margin(moves, space.activation, X, y, cap, margins.lower)
        moves = moves.scaled(factor)
        return Comparator(moves, moves.frobenius_norm, certified_loss(loss, bounds.lower), bounds.lower, solution)
    lower = certify_network(moves, space.activation, X, y, cap).lower
    upper = -certify_network(moves, space.activation, X, -y, cap).lower
    return Comparator(moves, moves.frobenius_norm, certified_loss(loss, lower, upper), lower, solution)


def _scale_to_margin(
    moves: PairedMoves, activation: Activation, X: Array, y: Array, cap: SphericalCap, margin: float
) -> tuple[float, NetworkBounds]:
    """The smallest factor (to 1e-3) at which the certified margins reach ``margin``, with the bounds there.

    The linear part scales with the factor and the remainder at least quadratically, so a secant step from the last
    bounds approaches the factor from below; each candidate is certified afresh.
    """
    factor = margin
    bounds = certify_network(moves.scaled(factor), activation, X, y, cap)
    for _ in range(8):
        lower = float(np.min(bounds.lower))
        if lower >= margin:
            return factor, bounds
        growth = float(np.min(bounds.linear - 2.0 * bounds.remainder)) / factor
        if not growth > 0.0:
            break
        factor += (margin - lower) / growth * 1.0005 + 1e-6
        bounds = certify_network(moves.scaled(factor), activation, X, y, cap)
    raise NoComparator(
        f"no comparator of margin {margin:.3g} could be certified at width {moves.width} (certified margin "
        f"{float(np.min(bounds.lower)):.3g}): expected a smaller delta or a larger width"
    )


def draw_certified_plan(
    X: Float[np.ndarray, "n d"],
    y: Float[np.ndarray, " n"],
    cap: SphericalCap,
    *,
    activation: Activation,
    loss: Loss,
    target_epsilon: Number,
    solution: MinimumNormSolution,
    share: Number = Fraction(1, 2),
    seed: int = 0,
    max_draws: int = 8,
    max_width: int = 4_000_000,
    report: Callable[[str], None] | None = None,
) -> DrawnPlan:
    """The a posteriori loop: draw, solve, certify, plan; enlarge the width until the plan fits the network.

    Args:
        solution: the infinite-width interval for R, whose lower end suggests the first width.
        share: theta, the share of the near-linearity term.
        max_draws: after how many widths to give up.
        max_width: the largest network that will be drawn (neurons).
        report: called with one line per draw.

    Raises:
        InvalidInput: if the needed width exceeds ``max_width`` or no draw fits.
    """
    epsilon = check_epsilon(loss, target_epsilon)
    space = InfiniteWidthSpace(dual_kernel(activation))
    target = choose_margins(space, X, y, cap, loss=loss, target_epsilon=epsilon, solution=solution)
    width = _first_width(activation, loss, epsilon, target, share)
    for draw in range(1, max_draws + 1):
        if width > max_width:
            raise InvalidInput(f"the plan needs width {width}, above the limit of {max_width} neurons")
        start = SymmetricInitialisation(width, X.shape[1], seed, dtype=np.float32)
        drawn_space = FiniteWidthSpace(start, activation)
        norm = drawn_space.operator_norm
        try:
            comparator = find_comparator(
                drawn_space,
                X,
                y,
                cap,
                loss=loss,
                margins=target.margins,
                start=solution,
                seed=seed,
            )
            if report is not None:
                report(f"draw {draw}: width {width}, R = {comparator.radius:.4g}, |W_0| = {norm:.5g}")
            plan = _plan(activation, loss, epsilon, comparator, share, width, norm)
        except WidthTooSmall as error:
            width = _even(error.required + error.required // 100)
            continue
        except NoComparator:
            width = 2 * width
            continue
        return DrawnPlan(start, comparator, plan, norm, draw)
    raise InvalidInput(f"no width satisfied its own plan in {max_draws} draws; the last was {width}")


def _first_width(activation: Activation, loss: Loss, epsilon: sympy.Expr, target: MarginTarget, share: Number) -> int:
    """The width for the infinite-width lower end of R: no smaller one can come out of the loop, up to fluctuations."""
    plan = required_width(
        target_epsilon=epsilon,
        radius=Fraction(target.least_radius),
        activation=activation,
        loss=loss,
        dimension=2,
        comparator_loss=target.robust_loss,
        share=share,
    )
    return _even(plan.width + plan.width // 15)


def _plan(
    activation: Activation,
    loss: Loss,
    epsilon: sympy.Expr,
    comparator: Comparator,
    share: Number,
    width: int,
    operator_norm: float,
) -> Plan:
    """E1 at the drawn network, with a radius and a step size that float32 represents: the run uses these very numbers.

    Raises:
        NoComparator: if the comparator's own loss leaves nothing of epsilon.
        WidthTooSmall: if the drawn width is below the required one.
    """
    if not Fraction(comparator.robust_loss) < epsilon:
        raise NoComparator(f"the comparator's certified loss {comparator.robust_loss:.4g} is not below {epsilon}")
    calculate = partial(
        required_width,
        target_epsilon=epsilon,
        radius=Fraction(_float32_above(comparator.radius)),
        activation=activation,
        loss=loss,
        initial_operator_norm=Fraction(operator_norm),
        width=width,
        comparator_loss=Fraction(comparator.robust_loss),
        share=share,
        comparator_verified=True,
    )
    step = np.float32(float(calculate().step_size))
    return calculate(step_size=Fraction(float(step)))


def _float32_above(value: float) -> float:
    """The least float32 number that is not below the value."""
    rounded = np.float32(value)
    return float(rounded if float(rounded) >= value else np.nextafter(rounded, np.float32(np.inf)))


def _even(width: int) -> int:
    return width + width % 2
