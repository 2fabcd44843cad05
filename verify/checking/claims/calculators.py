"""What the calculators return meets its target, and the next smaller choice does not: theory sections 2, 3 and 6."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ....bounds import CONVERGENCE_THEOREMS, Plan, end_to_end, margins, nearest_float, required_width
from ....bounds.backward import share_at_width
from ....bounds.forward import forward
from ....bounds.letters import epsilon, s, tau
from ..claim import UNIT, Sides, claim
from ..evaluation import at, constant
from ..strategies import activation_names, require_hypothesis

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_THEOREMS = tuple(CONVERGENCE_THEOREMS)


@dataclass(frozen=True)
class PlanCase:
    """The arguments of `required_width`, as texts so that they stay exact."""

    theorem: str = "E1"
    activation: str = "erf"
    target: str = "1/2"
    radius: str = "1"

    @property
    def loss(self) -> str:
        return "squared_hinge" if self.theorem.startswith(("E3", "E9")) else "hinge"

    @cached_property
    def plan(self) -> Plan:
        """The least width."""
        return self.plan_at(None)

    def plan_at(self, width: int | None) -> Plan:
        """The plan of the fewest iterations for a network of that width."""
        known: dict[str, Any] = {"dimension": 5} if width is None else {"initial_operator_norm": "3"}
        return required_width(
            target_epsilon=self.target,
            radius=self.radius,
            activation=self.activation,
            loss=self.loss,
            width=width,
            row_radius=self.radius,
            operator_radius=self.radius,
            theorem=self.theorem,
            **known,
        )


def plan_cases() -> SearchStrategy[PlanCase]:
    """Every convergence theorem, at targets and radii of all sizes."""
    st = require_hypothesis()

    @st.composite  # type: ignore[untyped-decorator]
    def case(draw: Any) -> PlanCase:
        theorem = draw(st.sampled_from(_THEOREMS))
        names = activation_names(smooth=theorem.endswith("tied") or theorem == "E2", bounded=False)
        targets = st.integers(1, 60).map(lambda count: f"{count}/64")
        return PlanCase(theorem, draw(st.sampled_from(names)), draw(targets), f"{draw(st.integers(1, 200))}/16")

    return case()  # type: ignore[no-any-return]


@claim("section 3/plan", "the plan's width, step size and iterations bring the loss to epsilon at most", plan_cases)
def meets_its_target(case: PlanCase) -> Sides:
    return Sides(constant(case.plan.guarantee.value), nearest_float(case.plan.epsilon), 4.0 * UNIT)


@claim(
    "section 3/least width", "two neurons fewer, and near-linearity takes more than its share of epsilon", plan_cases
)
def least_width(case: PlanCase) -> Sides:
    plan = case.plan
    if plan.width <= 2:
        return Sides(0.0, 0.0)
    taken = share_at_width(plan.guarantee.basis, plan.problem, plan.epsilon, plan.width - 2)
    return Sides(nearest_float(plan.guarantee.basis.share), nearest_float(taken), 8.0 * UNIT)


@claim("section 3/fewest iterations", "one step fewer, and the bound exceeds epsilon", plan_cases)
def fewest_iterations(case: PlanCase) -> Sides:
    plan = case.plan_at(case.plan.width)
    found = plan.guarantee
    if plan.iterations < 2:
        return Sides(0.0, 0.0)
    run = {"width": plan.width, "step_size": plan.step_size, "iterations": plan.iterations - 1}
    value = forward(found.basis, found.problem, **run).value
    return Sides(nearest_float(plan.epsilon), constant(value), 8.0 * UNIT)


@dataclass(frozen=True)
class TradeCase:
    """A target and two free choices: the slack of a comparator as a share of it, and the stretch k."""

    target: float = 0.5
    share: float = 0.0
    stretch: float = 2.0


def trade_cases() -> SearchStrategy[TradeCase]:
    """Targets in (0, 1)."""
    st = require_hypothesis()
    return st.builds(TradeCase, st.floats(0.01, 0.99), st.floats(0.0, 0.99), st.floats(1.0, 20.0))  # type: ignore[no-any-return]


def _slack(tied: bool, case: TradeCase) -> Sides:
    law = end_to_end.TIED_WIDTH_LAW if tied else end_to_end.WIDTH_LAW
    best = end_to_end.OPTIMAL_TIED_SLACK if tied else end_to_end.OPTIMAL_SLACK
    chosen = at(best, {epsilon: case.target})
    least = at(law, {epsilon: case.target, s: chosen})
    tried = np.array([case.share * case.target, max(0.0, float(chosen) - 0.01 * case.target)])
    found = at(law, {epsilon: case.target, s: tried})
    return Sides(least, found, 64.0 * UNIT * found)


def _stretch(tied: bool, case: TradeCase) -> Sides:
    """The width goes like the square of k^2/(k - 1 + epsilon/tau), for tied pairs like k^3/(k - 1 + epsilon/tau)."""
    power = 3 if tied else 2
    best = float(at(margins.STRETCH_TIED if tied else margins.STRETCH, {epsilon: case.target, tau: 1.0}))
    tried = np.array([case.stretch, 1.02 * best])
    found = tried**power / (tried - 1.0 + case.target)
    return Sides(best**power / (best - 1.0 + case.target), found, 64.0 * UNIT * found)


CLAIMS = (
    meets_its_target,
    least_width,
    fewest_iterations,
    claim("E6/slack", "(1-s)^4/(epsilon-s)^2 is least at s = max(0, 2 epsilon - 1)", trade_cases)(
        partial(_slack, False)
    ),
    claim("E6/slack tied", "(1-s)^3/(epsilon-s) is least at s = max(0, (3 epsilon - 1)/2)", trade_cases)(
        partial(_slack, True)
    ),
    claim("E8/stretch", "k^2/(k-1+epsilon/tau) is least at k = max(1, 2(1 - epsilon/tau))", trade_cases)(
        partial(_stretch, False)
    ),
    claim("E8/stretch tied", "k^3/(k-1+epsilon/tau) is least at k = max(1, 3/2 (1 - epsilon/tau))", trade_cases)(
        partial(_stretch, True)
    ),
)
