"""The calculators of the convergence theorems, on worked problems: what they answer is enough, and no more than that.

The proofs of the theorems hold the formulas from both sides. What a calculator does with them (which letters it puts
in, what it adds up, which share it chooses) is checked by its results, in exact arithmetic, on one problem for each
theorem. The constants of that problem are all different and such that the calculator asks for the width WIDTH.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import sympy
from sympy import Integer, Rational, sqrt

from ..activation import Activation, z
from ..convergence import ConvergenceTheorem
from ..convergence_theorems import CONVERGENCE_THEOREMS
from ..engines.finite import Exact
from ..errors import InvalidInput
from ..exact import ceil_integer, is_at_most, is_less
from ..letters import epsilon, theta
from ..loss import Loss, f
from ..margins import STRETCHES, Margins
from ..outcome import Outcome
from ..problem import Problem, Target
from ..proof import Proof, Step
from ..recursion import DistanceRecursion
from ..smooth_losses import SmoothLosses
from .building import LARGER, SMALLER, by

WIDTH = 10**6
EPSILON = Rational(1, 2)
NEARBY = Rational(1, 20)  # how far away nothing may be better
MARGIN, SPARE = Rational(4, 5), Rational(1, 20)
ROW_RADIUS = Rational(7, 2)
OPERATOR_RADIUS = Integer(2)
ROUNDS = 1000


@dataclass(frozen=True)
class Worked:
    """A calculator at work on a problem."""

    theorem: ConvergenceTheorem
    problem: Problem

    @property
    def budget(self) -> sympy.Expr:
        """The loss that the target allows."""
        return EPSILON * self.problem.loss_per_target

    @property
    def spare(self) -> sympy.Expr:
        """What the margin of the comparator is beyond tau, less its loss."""
        margin = self.problem.comparator_margin
        return (Integer(0) if margin is None else margin - MARGIN) - self.problem.comparator_loss

    def width(self, share: sympy.Expr) -> sympy.Expr:
        return self.theorem.width(self.problem, loss_budget=self.budget, share=share)

    def step(self, share: sympy.Expr, width: int = WIDTH) -> sympy.Expr:
        return self.theorem.step_size(self.problem, width=width, loss_budget=self.budget, share=share)

    def iterations(self, share: sympy.Expr, step: sympy.Expr, width: int = WIDTH) -> sympy.Expr:
        return self.theorem.iterations(self.problem, width=width, step_size=step, loss_budget=self.budget, share=share)

    def value(self, step: sympy.Expr, iterations: int) -> sympy.Expr:
        return self.theorem.value(self.problem, width=WIDTH, step_size=step, iterations=iterations)

    def terms(self, step: sympy.Expr, iterations: int) -> dict[str, sympy.Expr]:
        return self.theorem.terms(self.problem, width=WIDTH, step_size=step, iterations=iterations)


def worked(theorem: ConvergenceTheorem, target: Target = Target.LOSS, *, spare: sympy.Expr = SPARE) -> Worked:
    """The calculator of a theorem on a problem that asks for WIDTH; `spare` is what a margin has beyond tau."""
    first = _problem(theorem, target, Integer(1), spare)
    values = theorem.values(first) | {epsilon: EPSILON * first.loss_per_target, theta: theorem.share}
    return Worked(theorem, _problem(theorem, target, theorem.largest_curvature(values), spare))


def _problem(theorem: ConvergenceTheorem, target: Target, curvature: sympy.Expr, spare: sympy.Expr) -> Problem:
    """beta and gamma are such that the curvature at WIDTH is the one given."""
    margins = isinstance(theorem, Margins)
    activation = Activation(
        "any",
        z,
        derivative_bound=Rational(5, 4),
        derivative_lipschitz=2 * sqrt(WIDTH) * curvature,
        curvature_lipschitz=2 * WIDTH * curvature / ROW_RADIUS,
        proved=True,
    )
    loss = Loss(
        "any",
        f,
        lipschitz=Rational(3, 2),
        smoothness=Integer(4),
        zero_at_label=True,
        misclassification_loss=MARGIN,
        margin=MARGIN,
    )
    return Problem(
        radius=Integer(3),
        activation=activation,
        loss=loss,
        target=target,
        dimension=None,
        confidence=Rational(99, 100),
        initial_operator_norm=None,
        comparator_loss=Integer(0) if margins else Rational(1, 10),
        comparator_verified=False,
        comparator_margin=MARGIN + spare if margins else None,
        row_radius=ROW_RADIUS,
        operator_radius=OPERATOR_RADIUS,
    )


def width(theorem: ConvergenceTheorem, factor: sympy.Expr) -> Outcome:
    """At the largest curvature that the calculator allows, times `factor`, it asks for the width of that curvature."""
    calculator = worked(theorem)
    found = calculator.width(factor * theorem.share)
    if found == WIDTH:
        return Outcome.proved(f"the width is {found}")
    return Outcome.refuted(f"the width is {found}", f"{WIDTH} is that of the curvature")


def plan(theorem: ConvergenceTheorem, factor: sympy.Expr) -> Outcome:
    """With the iterations asked for, times `factor`, the value is at most epsilon; with one less it is not."""
    for target in (Target.LOSS, Target.ROBUST_ERROR):
        calculator = worked(theorem, target)
        step = calculator.step(theorem.share)
        rounds = ceil_integer(factor * calculator.iterations(theorem.share, step))
        if not is_at_most(calculator.value(step, rounds), EPSILON):
            return Outcome.refuted(f"T = {rounds} for {target.value}", "there the bound exceeds epsilon")
        if not is_less(EPSILON, calculator.value(step, rounds - 1)):
            return Outcome.refuted(f"T = {rounds - 1} for {target.value}", "there the bound is within epsilon already")
    return Outcome.proved(f"T = {rounds} is enough and {rounds - 1} is not")


def terms(theorem: ConvergenceTheorem, factor: sympy.Expr) -> Outcome:
    """The parts are what near-linearity (times `factor`), the comparator and the regret come to; they are the bound."""
    calculator = worked(theorem)
    chosen = calculator.step(theorem.share)
    bound, parts = calculator.value(chosen, ROUNDS), calculator.terms(chosen, ROUNDS)
    for name, part, expected in (
        ("linearization", parts["linearization"], factor * linearization(calculator, bound, chosen)),
        ("comparator", parts["comparator"], -calculator.spare),
        ("all parts", sympy.Add(*parts.values()), bound),
    ):
        if sympy.expand(part - expected) != 0:
            return Outcome.refuted(f"{name} = {part}", f"{expected} is expected")
    return Outcome.proved(f"at T = {ROUNDS} they add up to the bound")


def linearization(calculator: Worked, bound: sympy.Expr, step: sympy.Expr) -> sympy.Expr:
    """The share of what is there to be shared; for a smooth loss, what the bound is above that of a linear network."""
    if not isinstance(calculator.theorem, SmoothLosses):
        return calculator.theorem.share * (calculator.budget + calculator.spare)
    flat = replace(calculator.problem.activation, derivative_lipschitz=Integer(0), curvature_lipschitz=Integer(0))
    linear = replace(calculator, problem=replace(calculator.problem, activation=flat))
    return bound - linear.value(step, ROUNDS)


def step(theorem: ConvergenceTheorem, factor: sympy.Expr) -> Outcome:
    """The step size, times `factor`, needs no more iterations than one a twentieth smaller or larger."""
    calculator = worked(theorem)
    chosen = factor * calculator.step(theorem.share)
    least = calculator.iterations(theorem.share, chosen)
    for other in (1 - NEARBY, 1 + NEARBY):
        if is_less(calculator.iterations(theorem.share, other * chosen), least):
            return Outcome.refuted(f"{other} times the step", "there fewer iterations are enough")
    return Outcome.proved("both need more")


def largest_step(theorem: ConvergenceTheorem, factor: sympy.Expr) -> Outcome:
    """Twice the step size, times `factor`, is refused, and a hundredth less than that is not."""
    calculator = worked(theorem)
    twice = 2 * factor * calculator.step(theorem.share)
    if not _refuses(calculator, twice):
        return Outcome.refuted(f"alpha = {twice}", "it is not refused")
    if _refuses(calculator, SMALLER * twice):
        return Outcome.refuted(f"alpha = {SMALLER * twice}", "it is refused")
    return Outcome.proved("twice the step leaves no room for the regret")


def _refuses(calculator: Worked, step: sympy.Expr) -> bool:
    try:
        calculator.iterations(calculator.theorem.share, step)
    except InvalidInput:
        return True
    return False


def share(theorem: ConvergenceTheorem, shift: sympy.Expr) -> Outcome:
    """The share theta, shifted by `shift`, makes the work m T no larger than one a twentieth away does.

    For margins that is so where the spare margin is large beside epsilon.
    """
    calculator = worked(theorem, spare=Integer(1000))
    chosen = theorem.share + shift
    least = work(calculator, chosen)
    for other in (chosen - NEARBY, chosen + NEARBY):
        if is_less(work(calculator, other), least):
            return Outcome.refuted(f"theta = {other}", "there m T is less")
    return Outcome.proved(f"m T is no less at {chosen - NEARBY} and at {chosen + NEARBY}")


def work(calculator: Worked, share: sympy.Expr) -> sympy.Expr:
    """m T, before they are rounded up."""
    width = calculator.width(share)
    drawn = ceil_integer(width)
    return width * calculator.iterations(share, calculator.step(share, drawn), drawn)


def stretch(theorem: ConvergenceTheorem, factor: sympy.Expr) -> Outcome:
    """A comparator that may be stretched is stretched (times `factor`) to where the width is least, never shrunk."""
    for target in (Rational(1, 10), EPSILON):
        calculator = worked(theorem)
        plain = replace(calculator.problem, comparator_margin=None)
        budget = target * plain.loss_per_target
        k = factor * theorem.prepare(plain, budget).radius / plain.radius
        if is_less(k, 1):
            return Outcome.refuted(f"k = {k} at epsilon = {target}", "that is a comparator without its margin")
        least = _width_at(theorem, plain, k, budget)
        for other in (k - NEARBY, k + NEARBY):
            if is_at_most(1, other) and is_less(_width_at(theorem, plain, other, budget), least):
                return Outcome.refuted(f"k = {other} at epsilon = {target}", "there the width is less")
    return Outcome.proved("no stretch a twentieth away asks for a smaller width")


def _width_at(theorem: ConvergenceTheorem, plain: Problem, k: sympy.Expr, budget: sympy.Expr) -> sympy.Expr:
    return theorem.width(_stretched(plain, k), loss_budget=budget, share=theorem.share)


def _stretched(plain: Problem, k: sympy.Expr) -> Problem:
    return replace(plain, radius=k * plain.radius, row_radius=k * ROW_RADIUS, comparator_margin=k * MARGIN)


def prepared(theorem: ConvergenceTheorem, factor: sympy.Expr) -> Outcome:
    """Stretching multiplies R, rho and the margin alike (the margin times `factor`); a known comparator stays."""
    plain = replace(worked(theorem).problem, comparator_margin=None)
    budget = Rational(1, 10) * plain.loss_per_target
    known = replace(plain, comparator_verified=True)
    stretched = theorem.prepare(plain, budget)
    for found in (stretched, theorem.prepare(known, budget), theorem.prepare(plain, None)):
        ratios = (found.radius / plain.radius, found.row_radius / ROW_RADIUS, found.comparator_margin / MARGIN * factor)
        if len(set(ratios)) > 1:
            return Outcome.refuted(str(ratios), "the ratios of R, rho and the margin")
        if found is not stretched and ratios[0] != 1:
            return Outcome.refuted(str(ratios[0]), "a comparator that is known was moved")
    return Outcome.proved("all by the same number, by 1 where the comparator is known")


def drawn(theorem: ConvergenceTheorem, factor: sympy.Expr) -> Outcome:
    """For a drawn network the stretch (times `factor`) needs no more iterations than another one on the list."""
    for target in (Target.LOSS, Target.ROBUST_ERROR):
        plain = replace(worked(theorem, target).problem, comparator_margin=None)
        budget = Rational(1, 10) * plain.loss_per_target
        for width in (10 * WIDTH, 100 * WIDTH):
            k = factor * theorem.prepare(plain, budget, width=width).radius / plain.radius
            least = _iterations_at(theorem, plain, k, budget, width)
            for other in STRETCHES:
                there = _iterations_at(theorem, plain, other, budget, width)
                if least is None or (there is not None and is_less(there, least)):
                    return Outcome.refuted(f"k = {other} for {target.value}", f"there T is less than at {k}")
    return Outcome.proved("no other stretch on the list needs fewer")


def _iterations_at(
    theorem: ConvergenceTheorem, plain: Problem, k: sympy.Expr, budget: sympy.Expr, width: int
) -> sympy.Expr | None:
    moved, share = _stretched(plain, k), theorem.share
    step = theorem.step_size(moved, width=width, loss_budget=budget, share=share)
    try:
        return theorem.iterations(moved, width=width, step_size=step, loss_budget=budget, share=share)
    except InvalidInput:
        return None


def trivial(theorem: ConvergenceTheorem, factor: sympy.Expr) -> Outcome:
    """The fraction of errors is bounded by 1, and by less only where 4 X w (times `factor`) is at most a^2.

    X = alpha G^2/2, w = R^2/(2 alpha T) and a = mu - r; at X = a/2, 4 X w <= a^2 is w <= a/2.
    """
    calculator = worked(theorem, Target.ROBUST_ERROR)
    a = calculator.problem.comparator_margin - theorem.share * (calculator.budget + calculator.spare)
    chosen = a / calculator.problem.gradient_bound(WIDTH) ** 2
    rounds = calculator.problem.radius**2 / (chosen * a)  # where w = a / 2
    enough, few = ceil_integer(factor * rounds / CLOSE), ceil_integer(CLOSE * factor * rounds)
    if not is_less(calculator.value(chosen, enough), 1):
        return Outcome.refuted(f"T = {enough}", "there the bound is trivial, though 4 X w < a^2")
    if calculator.value(chosen, few) != 1:
        return Outcome.refuted(f"T = {few}", "there the bound is below 1, though 4 X w > a^2")
    return Outcome.proved(f"below 1 at T = {enough}, trivial at T = {few}")


CLOSE = Rational(19, 20)
Check = Callable[[ConvergenceTheorem, sympy.Expr], Outcome]


def finite(
    theorem: ConvergenceTheorem, check: Check, claim: str, value: int, changes: Mapping[str, sympy.Expr]
) -> Step:
    """A step that `check` decides at `value`, and has to refute at the changed values."""

    def engine(value: sympy.Expr) -> Exact:
        return Exact(lambda: check(theorem, value))

    falsified = {change: engine(changed) for change, changed in changes.items()}
    return by(f"{theorem.id}.{check.__name__}", claim, engine(Integer(value)), falsified=falsified)


HUNDREDTHS = {"a hundredth less": SMALLER, "a hundredth more": LARGER}
TENTHS = {"a tenth less": Rational(9, 10), "a tenth more": Rational(11, 10)}
SHIFTS = {"a twentieth less": -NEARBY, "a twentieth more": NEARBY}


def steps(theorem: ConvergenceTheorem) -> tuple[Step, ...]:
    """What is checked of every calculator."""
    return (
        finite(theorem, width, "the width of the largest curvature is asked for", 1, HUNDREDTHS),
        finite(theorem, plan, "with the T asked for the bound is at most epsilon, with T - 1 it is not", 1, HUNDREDTHS),
        finite(theorem, terms, "near-linearity, comparator and regret make the bound", 1, HUNDREDTHS),
        finite(theorem, largest_step, "from twice the step size on no T is enough", 1, {"a hundredth less": SMALLER}),
        finite(theorem, share, "no share a twentieth away makes m T less", 0, SHIFTS),
    )


def of_margins(theorem: ConvergenceTheorem) -> tuple[Step, ...]:
    """What is checked of the calculator of E8 besides."""
    return (
        finite(theorem, stretch, "the comparator is stretched to where the width is least", 1, TENTHS),
        finite(theorem, prepared, "R, rho and the margin are stretched alike", 1, HUNDREDTHS),
        finite(theorem, drawn, "of the stretches tried for a drawn network none needs fewer iterations", 1, TENTHS),
        finite(theorem, trivial, "where the margin is used up the bound is 1", 1, TENTHS),
    )


def of_steps(theorem: ConvergenceTheorem) -> Step:
    """That the step size is the best; E7 makes do with one that is near it."""
    return finite(theorem, step, "no step size a twentieth away needs fewer iterations", 1, TENTHS)


def proof() -> Proof:
    """All calculators."""
    theorems = CONVERGENCE_THEOREMS.values()
    return Proof(
        "calculators",
        "what the calculators answer is enough, and no more than that",
        (
            *(step for theorem in theorems for step in steps(theorem)),
            *(of_steps(theorem) for theorem in theorems if not isinstance(theorem, DistanceRecursion)),
            *(step for theorem in theorems if isinstance(theorem, Margins) for step in of_margins(theorem)),
        ),
    )
