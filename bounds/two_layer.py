"""E1, explicit convergence of adversarial training for two-layer networks: every constant written out.

The formulas stand as SymPy expressions in the paper's letters; the calculator substitutes exact numbers
into them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Rational, sqrt

from .convergence import ConvergenceTheorem, Values, lipschitz_loss
from .letters import C, G, L, R, T, alpha, beta, epsilon, m, s, theta
from .problem import Problem
from .theorem import Hypothesis

LARGEST_DISTANCE = 2 * R  # of two points of B(R)
LINEARIZATION = L * C * LARGEST_DISTANCE**2  # E1.a, through the L-Lipschitz loss
NEAR_LINEARITY = 2 * L * beta * R**2 / sqrt(m)  # the same at C = beta / (2 sqrt(m))
REGRET = R**2 / (2 * alpha * T) + alpha * L**2 * G**2 / 2  # E1.c
REGRET_BUDGET = (1 - theta) * (epsilon - s)
LARGEST_CURVATURE = theta * (epsilon - s) / (4 * L * R**2)
WIDTH = (2 * L * beta * R**2 / (theta * (epsilon - s))) ** 2
STEP_SIZE = REGRET_BUDGET / (L**2 * G**2)
ITERATIONS = R**2 / (2 * alpha * (REGRET_BUDGET - alpha * L**2 * G**2 / 2))
LARGEST_STEP_SIZE = 2 * REGRET_BUDGET / (L**2 * G**2)

_STATEMENT = (
    "Let sigma' be beta-Lipschitz and let l be convex and L-Lipschitz in f. Then projected gradient "
    "descent on the surrogate loss over B(R) from a symmetric initialisation W_0, against any adversary "
    "A, satisfies for every W_* in B(R): min over t <= T of L_A(W_t) <= L_*(W_*) + R^2/(2 alpha T) + "
    "alpha L^2 G^2/2 + 2 L beta R^2/sqrt(m)."
)
_LATEX = (
    r"\min_{t\le T}\mathcal L_A(W_t)\le\mathcal L_\ast(W_\ast)+\frac{R^2}{2\alpha T}+\frac{\alpha L^2G^2}{2}"
    r"+\frac{2L\beta R^2}{\sqrt m}"
)


@dataclass(frozen=True, kw_only=True)
class TwoLayerConvergence(ConvergenceTheorem):
    """E1, and E2 for tied networks, which differs in the curvature alone."""

    needs_mean_gradient_only: ClassVar[bool] = True

    @property
    def loss_assumption(self) -> str:
        return "l is convex and L-Lipschitz in f, and l(y, y) = 0"

    def largest_curvature(self, values: Values) -> sympy.Expr:
        return LARGEST_CURVATURE.xreplace(values)

    def step_size(self, problem: Problem, *, width: int, loss_budget: sympy.Expr, share: sympy.Expr) -> sympy.Expr:
        return STEP_SIZE.xreplace(self.at_width(problem, width) | {epsilon: loss_budget, theta: share})

    def iterations(
        self,
        problem: Problem,
        *,
        width: int,
        step_size: sympy.Expr,
        loss_budget: sympy.Expr,
        share: sympy.Expr,
    ) -> sympy.Expr:
        values = self.at_width(problem, width) | {epsilon: loss_budget, theta: share, alpha: step_size}
        largest = LARGEST_STEP_SIZE.xreplace(values)
        self.check_step(step_size, largest - step_size, largest)
        return ITERATIONS.xreplace(values)

    def terms(self, problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int) -> dict[str, sympy.Expr]:
        values = self.at_width(problem, width) | {alpha: step_size, T: sympy.Integer(iterations)}
        return {
            "linearization": LINEARIZATION.xreplace(values),
            "regret": REGRET.xreplace(values),
            "comparator": problem.comparator_loss,
        }

    def _loss(self, problem: Problem) -> Hypothesis:
        return lipschitz_loss(problem)


E1 = TwoLayerConvergence(
    id="E1",
    title="explicit convergence, two layers",
    source="the project's theory, section 2, after arXiv:1906.07916v2",
    statement=_STATEMENT,
    latex=_LATEX,
    needs=("R", "s"),
    share=Rational(1, 2),
)
