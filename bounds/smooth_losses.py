"""E3, smooth losses: |l'|^2 <= 2 H l makes width and iterations go like 1/epsilon instead of 1/epsilon^2.

Gradients and linearisation errors vanish with the loss itself. Averaged over the run, with r the remainder between two
points of the ball, k a - r sqrt(2 H a) <= s + R^2/(2 alpha T) for the mean loss a and k = 1 - alpha H G^2; the bound is
the largest such a, which is the best that any split of r sqrt(2 H a) by the inequality of means can give.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy
from sympy import Integer, Rational, sqrt

from .convergence import ConvergenceTheorem, Values, smooth_loss
from .curvature import Network
from .letters import C, G, H, R, T, alpha, epsilon, s, theta
from .problem import Problem
from .theorem import Hypothesis

r = sympy.Symbol("r", positive=True)  # the remainder: C times the squared distance at which it is paid
LOSS_KEPT = 1 - alpha * H * G**2
REGRET = R**2 / (2 * alpha * T)
BOUND = ((r * sqrt(2 * H) + sqrt(2 * H * r**2 + 4 * LOSS_KEPT * (s + REGRET))) / (2 * LOSS_KEPT)) ** 2
LARGEST_REMAINDER = theta * (epsilon - s) / sqrt(2 * H * epsilon)
STEP_SIZE = (1 - theta) * (epsilon - s) / (2 * H * G**2 * epsilon)
ROOM = LOSS_KEPT * epsilon - r * sqrt(2 * H * epsilon) - s
ITERATIONS = R**2 / (2 * alpha * ROOM)
LARGEST_STEP_SIZE = (epsilon - s - r * sqrt(2 * H * epsilon)) / (H * G**2 * epsilon)


@dataclass(frozen=True, kw_only=True)
class SmoothLosses(ConvergenceTheorem):
    """E3, and E9, which pays the remainder at the distance R instead of `distance` R = 2 R."""

    distance: sympy.Integer

    @property
    def loss_assumption(self) -> str:
        return "l is convex, |l'|^2 <= 2 H l, and l(y, y) = 0"

    def largest_curvature(self, values: Values) -> sympy.Expr:
        return (LARGEST_REMAINDER / (self.distance * R) ** 2).xreplace(values)

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
        values = self._with_remainder(problem, width) | {epsilon: loss_budget, alpha: step_size}
        largest = LARGEST_STEP_SIZE.xreplace(values)
        self.check_step(step_size, largest - step_size, largest)
        return ITERATIONS.xreplace(values)

    def terms(self, problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int) -> dict[str, sympy.Expr]:
        values = self._of_run(problem, width, step_size, iterations)
        bound = BOUND.xreplace(values)
        without = BOUND.xreplace(values | {r: Integer(0)})
        return {
            "linearization": bound - without,
            "regret": without - problem.comparator_loss,
            "comparator": problem.comparator_loss,
        }

    def value(self, problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int) -> sympy.Expr:
        values = self._of_run(problem, width, step_size, iterations)
        return BOUND.xreplace(values) / problem.loss_per_target

    def _with_remainder(self, problem: Problem, width: int) -> Values:
        values = self.at_width(problem, width)
        return values | {r: (C * (self.distance * R) ** 2).xreplace(values)}

    def _of_run(self, problem: Problem, width: int, step_size: sympy.Expr, iterations: int) -> Values:
        values = self._with_remainder(problem, width) | {alpha: step_size, T: sympy.Integer(iterations)}
        kept = LOSS_KEPT.xreplace(values)
        self.check_step(step_size, kept, step_size / (1 - kept))
        return values

    def _loss(self, problem: Problem) -> Hypothesis:
        return smooth_loss(problem)


_STATEMENT = (
    "Let l be convex with |l'|^2 <= 2 H l, let C bound the curvature of the network on its ball ({network}), and let "
    "r = {remainder}, k = 1 - alpha H G^2 > 0. Then projected gradient descent on the surrogate loss over B(R), "
    "against any adversary A, satisfies for every W_* in B(R): v = min over t <= T of L_A(W_t) has "
    "k v - r sqrt(2 H v) <= L_*(W_*) + R^2/(2 alpha T)."
)
_LATEX = r"kv-r\sqrt{2Hv}\le\mathcal L_\ast(W_\ast)+\frac{R^2}{2\alpha T},\qquad v=\min_{t\le T}\mathcal L_A(W_t)"
_SOURCE = "the project's theory, section 3"
FULL = "C = beta/(2 sqrt(m))"
TIED = "tied pairs, C = gamma rho/(2 m)"


def words_of(network: str, distance: int) -> str:
    """The statement for one kind of network, the remainder being paid at `distance` R."""
    remainder = "C R^2" if distance == 1 else f"{distance**2} C R^2"
    return _STATEMENT.format(network=network, remainder=remainder)


def smooth_theorem(id: str, title: str, *, network: Network, distance: int) -> SmoothLosses:
    """E3 or E9 for one kind of network; the shares make m T least (m goes like theta^-2, for tied pairs theta^-1)."""
    tied = network is Network.TIED
    return SmoothLosses(
        id=id,
        title=title,
        source=_SOURCE,
        statement=words_of(TIED if tied else FULL, distance),
        latex=_LATEX,
        needs=("R", "rho", "s") if tied else ("R", "s"),
        network=network,
        share=Rational(1, 3) if tied else Rational(1, 2),
        distance=Integer(distance),
    )


E3 = smooth_theorem("E3", "smooth losses", network=Network.FULL, distance=2)
E3_TIED = smooth_theorem("E3-tied", "smooth losses, tied pairs", network=Network.TIED, distance=2)
