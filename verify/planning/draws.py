"""Which width to draw: the a posteriori loop of theory section 6, and the narrowest network that can be certified."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from ...bounds import Activation, InvalidInput, Loss, Number, Target, WidthTooSmall
from ...bounds.convergence import ConvergenceTheorem
from ...kernels import SymmetricInitialisation
from ..sets.protocol import PerturbationSet
from .certified_plan import DrawnPlan, TooManyIterations, certify, run_dtype
from .comparator import FiniteWidthSpace, LeastMove, NoComparator, least_move
from .goal import AUTO, Goal
from .minimum_norm import MarginRange, MinimumNormSolution
from .prediction import Prediction, infinite_width_cost, margin_targets, predictions

Report = Callable[[str], None]


class TooWide(InvalidInput):
    """The plan needs a wider network than may be drawn."""


# From here on a drawn kernel is close to the infinite-width one: more neurons hardly need fewer iterations.
_SETTLED = 1024
# The widest network that a free loss margin is tried at.
WIDEST = 65_536
# A plan that would do with less than this part of its width is tried at that.
_TIGHT = 0.95
# Weights of a network at which several theorems are tried.
_SMALL = 100_000


@dataclass(frozen=True)
class Draw:
    """Data and seed: what determines a network of a given width and its least move.

    ``X`` has shape (n, k), in the coordinates of the perturbation sets.
    """

    X: Float[np.ndarray, "n k"]
    y: Float[np.ndarray, " n"]
    perturbations: PerturbationSet
    seed: int = 0

    @property
    def dimension(self) -> int:
        """Dimension d of the points that networks see."""
        return int(self.perturbations.embed(self.X[:1]).shape[1])

    def least_move(
        self,
        activation: Activation,
        width: int,
        goal: Goal,
        *,
        margins: MarginRange | None = None,
        start: MinimumNormSolution | None = None,
    ) -> LeastMove:
        """The least move of that network, drawn in the dtype that its run would take."""
        dimension = self.dimension
        drawn = SymmetricInitialisation(width, dimension, self.seed, dtype=run_dtype(goal, width, dimension))
        space = FiniteWidthSpace(drawn, activation)
        wanted = MarginRange() if margins is None else margins
        return least_move(space, self.X, self.y, self.perturbations, margins=wanted, start=start, seed=self.seed)


def draw_certified_plan(
    X: Float[np.ndarray, "n k"],
    y: Float[np.ndarray, " n"],
    perturbations: PerturbationSet,
    *,
    activation: Activation,
    loss: str | Loss,
    target_epsilon: Number,
    solution: MinimumNormSolution,
    target: str | Target = Target.LOSS,
    theorem: str = AUTO,
    loss_margin: Number | None = None,
    share: Number | None = None,
    slack: Number | None = None,
    seed: int = 0,
    max_draws: int = 12,
    max_width: int = 4_000_000,
    max_iterations: int | None = None,
    report: Report | None = None,
) -> DrawnPlan:
    """A certified plan at a drawn network: at the narrowest network if the loss margin is "auto".

    Args:
        X, y, perturbations: the data, in the coordinates of the perturbation sets, and these.
        activation: sigma.
        loss: of the training; ``loss_margin`` is the tau of a hinge loss, or "auto".
        target_epsilon: for the target.
        solution: the infinite-width interval for R, whose lower end suggests the first width.
        theorem: an id, or "auto" for the one of least width.
        share: theta, the share of the near-linearity term; None for the theorem's own.
        slack: what the comparator's margins may lack, in units of the loss's; None for the one of least width.
        seed: of the initial weights.
        max_draws: after how many widths to give up.
        max_width: the largest network that will be drawn (neurons).
        max_iterations: refuse plans that need more.
        report: called with one line per draw.

    Raises:
        InvalidInput: if the needed width exceeds ``max_width`` or no draw fits.
    """
    goal = Goal.validated(
        loss=loss,
        target_epsilon=target_epsilon,
        target=target,
        theorem=theorem,
        loss_margin=loss_margin,
        share=share,
        slack=slack,
        max_iterations=max_iterations,
        max_width=max_width,
    )
    draw = Draw(X, y, perturbations, seed)
    if goal.free_margin:
        return narrowest_plan(
            draw, activation, goal, widths=ladder(min(max_width, WIDEST)), start=solution, report=report
        )
    return fitted_plans(draw, activation, goal, solution=solution, max_draws=max_draws, report=report)[0]


def fitted_plans(
    draw: Draw,
    activation: Activation,
    goal: Goal,
    *,
    solution: MinimumNormSolution,
    max_draws: int = 12,
    report: Report | None = None,
) -> tuple[DrawnPlan, ...]:
    """The a posteriori loop: draw, solve, certify, plan; change the width until the plan fits the network.

    Once one fits, narrower ones are tried: at what it requires, or half way to the widest that was too narrow. All that
    fit are returned, the narrowest first.

    Raises:
        TooWide: if the needed width exceeds the goal's limit.
        InvalidInput: if no draw fits.
    """
    predicted = _predicted(draw, activation, goal, solution)
    first = predicted[0]
    width, too_narrow = _even(first.plan.width + first.plan.width // 15), 0
    plans: list[DrawnPlan] = []
    for count in range(1, max_draws + 1):
        if width > goal.max_width:
            raise TooWide(f"the plan needs width {width}, above the limit of {goal.max_width} neurons")
        try:
            move = draw.least_move(activation, width, goal, margins=first.target.margins, start=solution)
            _tell(report, count, move)
            plans.insert(0, _quickest(move, goal, _worth_trying(predicted, width, draw.dimension), draws=count))
        except (NoComparator, TooManyIterations, WidthTooSmall) as error:
            too_narrow, width = width, _after(error, width)
        if plans:
            least = plans[0].plan
            width = max(_with_reserve(least.required_width), _even((too_narrow + least.width) // 2))
            if width > _TIGHT * least.width:
                return tuple(replace(plan, draws=count) for plan in plans)
    if not plans:
        raise InvalidInput(f"no width satisfied its own plan in {max_draws} draws; the last was {width}")
    return tuple(plans)


def narrowest_plan(
    draw: Draw,
    activation: Activation,
    goal: Goal,
    *,
    widths: Iterable[int],
    start: MinimumNormSolution | None = None,
    report: Report | None = None,
) -> DrawnPlan:
    """The plan at the first of the ascending widths at which one is certified.

    For goals whose loss margin is free: any width will do at which the drawn kernel separates the caps.

    Raises:
        InvalidInput: if there is none, with the reason at the last width.
    """
    theorem = goal.applicable(activation)[0]
    refusal = InvalidInput("no width is allowed: expected a limit of at least 2 neurons")
    for count, width in enumerate(widths, start=1):
        try:
            move = draw.least_move(activation, width, goal, start=start)
            _tell(report, count, move)
            return certify(move, goal, theorem, draws=count)
        except (NoComparator, WidthTooSmall) as error:
            refusal = error
        except TooManyIterations as error:
            refusal = error
            if width >= _SETTLED:
                break
    raise InvalidInput(f"activation {activation.label}: {refusal}")


def ladder(limit: int, *, above: int = 0) -> Iterator[int]:
    """Even widths 2, 4, 6, 8, 12, 16, 24, ... up to the limit."""
    rungs = (2, *(rung for power in range(2, limit.bit_length()) for rung in (2**power, 3 * 2 ** (power - 1))))
    yield from (rung for rung in rungs if above < rung <= limit)


def _after(error: InvalidInput, width: int) -> int:
    """The next width to try: a hair more than is required; if that is unknown, the next rung of the ladder."""
    if isinstance(error, WidthTooSmall):
        return _with_reserve(error.required)
    return next(ladder(2 * width, above=width))


def _with_reserve(required: int) -> int:
    """One per cent more than a network of another width asks for."""
    return _even(required + required // 100)


def _worth_trying(predicted: list[Prediction], width: int, dimension: int) -> list[ConvergenceTheorem]:
    """The theorem of least width, and at small networks, where it costs little, the others that predict no larger one.

    The width of a small network is often that which the kernel needs, with room for a theorem of fewer iterations.
    """
    others = [each.theorem for each in predicted[1:] if each.plan.width <= width and width * dimension <= _SMALL]
    return [predicted[0].theorem, *others]


def _quickest(move: LeastMove, goal: Goal, theorems: list[ConvergenceTheorem], *, draws: int) -> DrawnPlan:
    """The certified plan with the fewest iterations; if there is none, the first theorem's error."""
    plans, refusal = [], None
    for theorem in theorems:
        try:
            plans.append(certify(move, goal, theorem, draws=draws))
        except InvalidInput as error:
            refusal = refusal or error
    if refusal is not None and not plans:
        raise refusal
    return min(plans, key=lambda each: each.plan.iterations)


def _predicted(draw: Draw, activation: Activation, goal: Goal, solution: MinimumNormSolution) -> list[Prediction]:
    """Plans at the lower end of R, the narrowest first: no smaller one can come out of the loop, up to fluctuations."""
    cost = infinite_width_cost(activation, solution)
    targets = margin_targets(goal, activation, cost, draw.X, draw.y, draw.perturbations)
    limit = None if goal.share is not None else goal.max_iterations
    return predictions(goal, activation, targets, least=True, dimension=2, max_iterations=limit)


def _tell(report: Report | None, count: int, move: LeastMove) -> None:
    if report is not None:
        width, radius = move.moves.width, move.solution.norm
        report(f"draw {count}: width {width}, R = {radius:.4g} for margin 1, |W_0| = {move.space.operator_norm:.5g}")


def _even(width: int) -> int:
    return width + width % 2
