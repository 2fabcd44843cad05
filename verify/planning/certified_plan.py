"""A plan at a drawn network: comparator, radius, margins, rho and ``|W_0|`` certified there, nothing left to chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ...bounds import Activation, InvalidInput, Plan, WidthTooSmall, required_width, upper_float
from ...bounds.convergence import ConvergenceTheorem
from ...bounds.curvature import Network
from ...bounds.margins import Margins
from ...bounds.two_layer import TwoLayerConvergence
from ...kernels import SymmetricInitialisation
from .comparator import Comparator, LeastMove, NoComparator
from .goal import Goal
from .loss_margin import Prospect, free_margin, stretches
from .margin_target import choose_slack

# Beyond so many weights a run takes float32, unless its margins are smaller than float32 resolves well.
_FEW_WEIGHTS = 2_000_000
_SMALL_MARGIN = Fraction(1, 100)
# A radius that comes out of a certificate is a little larger than the estimate that a stretch is chosen by.
_CAUTION = 0.8


@dataclass(frozen=True)
class DrawnPlan:
    """A plan whose every hypothesis has been checked on the drawn network."""

    initialisation: SymmetricInitialisation
    comparator: Comparator
    plan: Plan
    operator_norm: float
    draws: int

    @property
    def activation(self) -> Activation:
        """sigma, its scale included."""
        return self.plan.activation

    @property
    def is_settled(self) -> bool:
        """Whether no hypothesis is left to be checked."""
        return all(each.satisfied for each in self.plan.hypotheses)

    @property
    def follows_distances(self) -> bool:
        """Whether the proof follows the distance to the comparator from step to step (E1 and E2 sum over the run)."""
        return not isinstance(self.plan.guarantee.basis, TwoLayerConvergence)

    def promises(self, count: int = 60) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Steps t, and what the theorem promises for the target had the run of T steps been stopped after t."""
        plan, theorem = self.plan, self.plan.guarantee.basis
        assert isinstance(theorem, ConvergenceTheorem)
        steps = np.unique(np.geomspace(1, plan.iterations, count).round())
        bounds = [
            upper_float(theorem.value(plan.problem, width=plan.width, step_size=plan.step_size, iterations=int(step)))
            for step in steps
        ]
        return steps, np.array(bounds)

    @property
    def work(self) -> int:
        """Neurons times iterations."""
        return self.plan.width * self.plan.iterations


class TooManyIterations(InvalidInput):
    """A plan needs more iterations than the goal allows."""


def run_dtype(goal: Goal, width: int, dimension: int) -> type[np.float32 | np.float64]:
    """The dtype that a network of that width is drawn and trained in."""
    margin = goal.loss.margin
    small_margin = goal.free_margin or (margin is not None and margin < _SMALL_MARGIN)
    return np.float64 if width * dimension < _FEW_WEIGHTS or small_margin else np.float32


def certify(move: LeastMove, goal: Goal, theorem: ConvergenceTheorem, *, draws: int = 1) -> DrawnPlan:
    """The plan of one theorem at one drawn network.

    Radius and step size are numbers of the dtype that the network was drawn in: the run uses these very numbers.

    Raises:
        NoComparator: if no comparator is certified, or its own loss leaves nothing of epsilon.
        WidthTooSmall: if the network is narrower than the theorem asks for.
        TooManyIterations: if the plan takes more of them than the goal allows.
        HypothesisError: if the theorem does not apply.
    """
    fixed, margins = goal, iter((1.0,))  # of no meaning where the loss bounds margins on both sides
    if goal.loss.margin is not None:
        prospect = _prospect(move, theorem)
        fixed = goal.with_margin(free_margin(prospect)) if goal.free_margin else goal
        margins = _margins(fixed, theorem, prospect)
    refusal: InvalidInput | None = None
    for margin in margins:
        try:
            return _certify(move, fixed, theorem, margin, draws)
        except (NoComparator, WidthTooSmall) as error:
            refusal = error
    assert refusal is not None
    raise refusal


def _prospect(move: LeastMove, theorem: ConvergenceTheorem) -> Prospect:
    if not np.isfinite(move.radius):
        raise NoComparator(
            f"no comparator could be certified at width {move.moves.width} (certified margin "
            f"{move.solution.certified_margin:.3g} of 1): expected a smaller delta or a larger width"
        )
    return Prospect.of(move, theorem.network)


def _margins(goal: Goal, theorem: ConvergenceTheorem, prospect: Prospect) -> Iterator[float]:
    """The margins to try a comparator with."""
    loss, budget = goal.loss, goal.loss_budget(goal.loss)
    tau, slack = upper_float(loss.margin), choose_slack(theorem, loss, budget, goal.slack)
    if not isinstance(theorem, Margins):
        yield upper_float((1 - slack) * loss.margin)
        return
    share = _CAUTION * float(theorem.share if goal.drawn_share is None else goal.drawn_share)
    for stretch in stretches(prospect, goal.target, float(goal.epsilon), loss_margin=tau, share=share):
        yield stretch * tau


def _certify(move: LeastMove, goal: Goal, theorem: ConvergenceTheorem, margin: float, draws: int) -> DrawnPlan:
    comparator = move.comparator(goal.loss, margin)
    start = move.space.initialisation
    plan = _plan(goal, theorem, comparator, move.space.activation, start, move.space.operator_norm)
    if plan.iterations > goal.iteration_limit:
        raise TooManyIterations(
            f"theorem {theorem.id} needs {plan.iterations:,} iterations at width {plan.width:,}, above the limit of "
            f"{goal.iteration_limit:,}"
        )
    return DrawnPlan(start, comparator, plan, move.space.operator_norm, draws)


def _plan(
    goal: Goal,
    theorem: ConvergenceTheorem,
    comparator: Comparator,
    activation: Activation,
    start: SymmetricInitialisation,
    operator_norm: float,
) -> Plan:
    budget = goal.loss_budget(goal.loss)
    if not Fraction(comparator.robust_loss) < budget:
        raise NoComparator(f"the comparator's certified loss {comparator.robust_loss:.4g} is not below {budget}")
    calculate: Callable[..., Plan] = partial(
        required_width,
        target_epsilon=goal.epsilon,
        target=goal.target,
        theorem=theorem.id,
        radius=Fraction(_above(comparator.radius, start.dtype)),
        activation=activation,
        loss=goal.loss,
        initial_operator_norm=Fraction(operator_norm),
        width=start.width,
        comparator_loss=Fraction(comparator.robust_loss),
        comparator_margin=Fraction(comparator.margin) if isinstance(theorem, Margins) else None,
        row_radius=Fraction(comparator.row_radius) if theorem.network is Network.TIED else None,
        share=goal.drawn_share,
        comparator_verified=True,
    )
    step = start.dtype(float(calculate().step_size))
    return calculate(step_size=Fraction(float(step)))


def _above(value: float, dtype: type[np.floating]) -> float:
    """The least number of the dtype that is not below the value."""
    rounded: NDArray[np.floating] | np.floating = dtype(value)
    return float(rounded if float(rounded) >= value else np.nextafter(rounded, dtype(np.inf)))
