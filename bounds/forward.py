"""Forward: what a theorem gives for a run of known width, step size and iterations, and how it is re-checked."""

from __future__ import annotations

import sympy

from .convergence import ConvergenceTheorem
from .plan import Guarantee
from .problem import Problem


def forward(
    theorem: ConvergenceTheorem, problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int
) -> Guarantee:
    """The guarantee of one theorem for the run, on a problem that is prepared for it.

    Raises InvalidInput if the theorem has no bound at this step size.
    """
    run = {"width": width, "step_size": step_size, "iterations": iterations}
    return Guarantee(
        basis=theorem,
        problem=problem,
        width=width,
        step_size=step_size,
        iterations=iterations,
        gradient_bound=theorem.gradient_bound(problem, width),
        value=theorem.value(problem, **run),
        terms=theorem.terms(problem, **run),
        hypotheses=theorem.hypotheses(problem),
    )


def forward_within(
    theorem: ConvergenceTheorem,
    problem: Problem,
    epsilon: sympy.Expr,
    *,
    width: int,
    step_size: sympy.Expr,
    iterations: int,
) -> Guarantee:
    """The guarantee for a run that was planned to bring the target to epsilon: it is only returned if it does.

    One more iteration is added where the value ties with epsilon in a way that no arithmetic here decides.
    """
    for count in (iterations, iterations + 1):
        found = forward(theorem, problem, width=width, step_size=step_size, iterations=count)
        if found.meets(epsilon):
            return found
    raise RuntimeError(
        f"the plan of {theorem.id} for epsilon = {epsilon} failed its own check: the guarantee at width {width} and "
        f"{iterations} iterations is not provably at most epsilon; please report this"
    )
