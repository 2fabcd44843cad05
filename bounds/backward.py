"""Backward: the plan of one theorem, at a share of near-linearity or at a width, each re-checked forward."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy
from sympy import Integer, Rational

from .convergence import ConvergenceTheorem
from .curvature import curvature
from .errors import InvalidInput, WidthTooSmall
from .exact import Number, ceil_integer, is_less, positive
from .forward import forward_within
from .letters import epsilon, theta
from .plan import Plan
from .problem import Problem
from .prose import number_text

# What near-linearity may get where the share is found, not given: towards 1 the iterations grow without limit.
LEAST_SHARE, LARGEST_SHARE = Rational(1, 100), Rational(99, 100)


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a plan has to reach: epsilon for the target of the problem; with a step size, at that very one."""

    problem: Problem
    epsilon: sympy.Expr
    step_size: sympy.Expr | None = None

    @classmethod
    def validated(cls, problem: Problem, target_epsilon: Number, step_size: Number | None = None) -> Goal:
        """The goal in exact form; InvalidInput if a number is out of range or the comparator's loss uses up epsilon."""
        goal = cls(
            problem=problem,
            epsilon=positive(target_epsilon, name="epsilon"),
            step_size=None if step_size is None else positive(step_size, name="step_size"),
        )
        if not is_less(problem.comparator_loss, goal.budget):
            raise InvalidInput(
                f"comparator_loss is {number_text(problem.comparator_loss)}: expected less than "
                f"{number_text(goal.budget)}, the loss that epsilon allows"
            )
        return goal

    @property
    def budget(self) -> sympy.Expr:
        """Epsilon in units of the loss."""
        return self.epsilon * self.problem.loss_per_target

    def at_radius(self, radius: sympy.Expr) -> Goal:
        """The same goal in another ball."""
        return replace(self, problem=replace(self.problem, radius=radius))


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What one theorem asks for to reach a goal, before the forward check that makes it a plan.

    `problem` is that of the goal, prepared for the theorem.
    """

    theorem: ConvergenceTheorem
    goal: Goal
    problem: Problem
    width: int
    share: sympy.Expr
    step_size: sympy.Expr
    iterations: int

    @classmethod
    def made(cls, theorem: ConvergenceTheorem, goal: Goal, problem: Problem, *, width: int, share: sympy.Expr) -> Draft:
        """With the step size of the goal, or else the theorem's own; InvalidInput if that of the goal is too large."""
        wanted = {"width": width, "loss_budget": goal.budget, "share": share}
        step = theorem.step_size(problem, **wanted) if goal.step_size is None else goal.step_size
        return cls(
            theorem=theorem,
            goal=goal,
            problem=problem,
            width=width,
            share=share,
            step_size=step,
            iterations=ceil_integer(theorem.iterations(problem, step_size=step, **wanted)),
        )

    def plan(self) -> Plan:
        """The plan, re-checked."""
        return Plan(
            epsilon=self.goal.epsilon,
            shares={"linearization": self.share, "regret": 1 - self.share},
            required_width=self.width,
            guarantee=forward_within(
                self.theorem,
                self.problem,
                self.goal.epsilon,
                width=self.width,
                step_size=self.step_size,
                iterations=self.iterations,
            ),
        )


def least_width(theorem: ConvergenceTheorem, goal: Goal, share: sympy.Expr) -> int:
    """The least even width at which near-linearity takes no more than that share.

    Raises InvalidInput if the comparator leaves nothing of epsilon.
    """
    return _least_width(theorem, theorem.prepare(goal.problem, goal.budget), goal, share)


def draft_at_share(theorem: ConvergenceTheorem, goal: Goal, share: sympy.Expr) -> Draft:
    """The least width for that share; the regret gets the rest."""
    problem = theorem.prepare(goal.problem, goal.budget)
    width = _least_width(theorem, problem, goal, share)
    return Draft.made(theorem, goal, problem, width=width, share=share)


def draft_at_width(theorem: ConvergenceTheorem, goal: Goal, width: int) -> Draft:
    """The fewest iterations at that width: the regret gets all that near-linearity leaves there.

    Raises WidthTooSmall if near-linearity leaves nothing.
    """
    problem = theorem.prepare(goal.problem, goal.budget, width=width)
    share = share_at_width(theorem, problem, goal.budget, width)
    if not is_less(share, 1):
        raise too_narrow(theorem, width, least_width(theorem, goal, LARGEST_SHARE))
    return Draft.made(theorem, goal, problem, width=width, share=share)


def share_at_width(theorem: ConvergenceTheorem, problem: Problem, budget: sympy.Expr, width: int) -> sympy.Expr:
    """What near-linearity takes of the budget at that width; 1 or more if the network is too narrow."""
    return curvature(problem, theorem.network, width) / _largest_curvature(theorem, problem, budget)


def plan_for_drawn(theorem: ConvergenceTheorem, goal: Goal, width: int, share: sympy.Expr) -> Plan:
    """The plan at the width of a network that is as wide as the plan at that share asks for; else WidthTooSmall."""
    required = least_width(theorem, goal, share)
    if width < required:
        raise too_narrow(theorem, width, required)
    return replace(draft_at_width(theorem, goal, width).plan(), required_width=required)


def too_narrow(theorem: ConvergenceTheorem, width: int, required: int, *, name: str = "width") -> WidthTooSmall:
    """The error that names both widths."""
    message = f"{name} is {width}: theorem {theorem.id} asks for at least {required} here"
    return WidthTooSmall(message, required=required)


def _least_width(theorem: ConvergenceTheorem, problem: Problem, goal: Goal, share: sympy.Expr) -> int:
    _largest_curvature(theorem, problem, goal.budget)
    return 2 * max(1, ceil_integer(theorem.width(problem, loss_budget=goal.budget, share=share) / 2))


def _largest_curvature(theorem: ConvergenceTheorem, problem: Problem, budget: sympy.Expr) -> sympy.Expr:
    """The curvature that uses up all that the comparator leaves of the budget; InvalidInput if that is nothing."""
    largest = theorem.largest_curvature(theorem.values(problem) | {epsilon: budget, theta: Integer(1)})
    if not is_less(0, largest):
        margin = problem.comparator_margin
        known = f"loss {number_text(problem.comparator_loss)}" if margin is None else f"margin {number_text(margin)}"
        raise InvalidInput(f"a comparator of {known} leaves nothing of epsilon to theorem {theorem.id}")
    return largest
