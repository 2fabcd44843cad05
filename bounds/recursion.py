"""E7, the distance to the comparator contracts until the loss is small: E1 with far smaller constants.

E1 pays for the largest distance 2R between two points of the ball, at every step. But a step that finds a loss above
the target brings W_t closer to W_*, and near-linearity is paid at the distance there is: D_{t+1}^2 <= (1 + 2 alpha L C)
D_t^2 - 2 alpha (target - s - alpha L^2 G^2/2). Solved from D_1 <= R, this gives a bound below E1's for every m and T.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import sympy
from sympy import Rational, log, tanh

from .convergence import ConvergenceTheorem, Values, lipschitz_loss
from .curvature import Network
from .letters import C, G, L, R, T, alpha, epsilon, s, theta
from .problem import Problem
from .theorem import Hypothesis

GROWTH = 1 + 2 * alpha * L * C
STEP_TERM = alpha * L**2 * G**2 / 2
HALFWAY = tanh(T * log(GROWTH) / 2)
CONTRACTION = (1 - HALFWAY) / (1 + HALFWAY)  # GROWTH^(-T), in a form that SymPy does not write out as a fraction
DISTANCE_TERM = L * C * R**2 / (1 - GROWTH**-T)  # near-linearity and regret in one
LARGEST_CURVATURE = theta * (epsilon - s) / (L * R**2)
STEP_SIZE = (1 - theta) * (epsilon - s) / (L**2 * G**2)
ROOM = epsilon - s - STEP_TERM
ITERATIONS = log(ROOM / (ROOM - L * C * R**2)) / log(GROWTH)
LARGEST_STEP_SIZE = 2 * (epsilon - s - L * C * R**2) / (L**2 * G**2)


@dataclass(frozen=True, kw_only=True)
class DistanceRecursion(ConvergenceTheorem):
    """E7, for full and for tied networks."""

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
        values = self.at_width(problem, width) | {epsilon: loss_budget, alpha: step_size}
        largest = LARGEST_STEP_SIZE.xreplace(values)
        self.check_step(step_size, largest - step_size, largest)
        return ITERATIONS.xreplace(values)

    def terms(self, problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int) -> dict[str, sympy.Expr]:
        values = self.at_width(problem, width) | {alpha: step_size, T: sympy.Integer(iterations)}
        values |= {GROWTH**-T: CONTRACTION.xreplace(values)}
        linearization = (L * C * R**2).xreplace(values)
        return {
            "linearization": linearization,
            "regret": (DISTANCE_TERM + STEP_TERM).xreplace(values) - linearization,
            "comparator": problem.comparator_loss,
        }

    def _loss(self, problem: Problem) -> Hypothesis:
        return lipschitz_loss(problem)


_STATEMENT = (
    "Let l be convex and L-Lipschitz in f, and let C bound the curvature of the network on its ball ({network}). Then "
    "projected gradient descent on the surrogate loss over B(R), against any adversary A, satisfies for every W_* in "
    "B(R): min over t <= T of L_A(W_t) <= L_*(W_*) + alpha L^2 G^2/2 + L C R^2/(1 - (1 + 2 alpha L C)^(-T))."
)
_LATEX = (
    r"\min_{t\le T}\mathcal L_A(W_t)\le\mathcal L_\ast(W_\ast)+\frac{\alpha L^2G^2}{2}"
    r"+\frac{LCR^2}{1-(1+2\alpha LC)^{-T}}"
)

E7 = DistanceRecursion(
    id="E7",
    title="the distance to the comparator contracts",
    source="the project's theory, section 3",
    statement=_STATEMENT.format(network="C = beta/(2 sqrt(m))"),
    latex=_LATEX,
    needs=("R", "s"),
    share=Rational(3, 5),
)

E7_TIED = DistanceRecursion(
    id="E7-tied",
    title="the distance to the comparator contracts, tied pairs",
    source="the project's theory, section 3",
    statement=_STATEMENT.format(network="tied pairs, C = gamma rho/(2 m)"),
    latex=_LATEX,
    needs=("R", "rho", "s"),
    network=Network.TIED,
    share=Rational(9, 20),
)
