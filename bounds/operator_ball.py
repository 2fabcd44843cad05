"""E10, the operator-norm ball: the remainder of E1.a sees a move only through |(W' - W) x|.

Train in {||W - W_0||_F <= R} cut with {||W - W_0||_op <= R_op}: W, W' in it have |(W' - W) x| <= 2 R_op on the unit
sphere, so near-linearity costs 4 L C R_op^2, while the regret keeps R. The projection is one scalar search over the
singular values (E10.b). E7 and E8 pay for near-linearity at the Frobenius distance R, a quarter of E1's 4 L C R^2: E10
asks for less than they do only if R_op < R/2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy
from sympy import Rational, sqrt

from .convergence import Values, to_be_verified
from .curvature import Network
from .letters import C, L, T, alpha, beta, epsilon, gamma, m, rho, s, theta
from .problem import Problem, Target
from .theorem import Hypothesis
from .two_layer import REGRET, TwoLayerConvergence

R_op = sympy.Symbol("R_op", positive=True)

LARGEST_STRETCH = 2 * R_op  # of |(W' - W) x| for two points of the set, |x| = 1
LINEARIZATION = L * C * LARGEST_STRETCH**2
NEAR_LINEARITY = 2 * L * beta * R_op**2 / sqrt(m)  # the same at C = beta / (2 sqrt(m))
NEAR_LINEARITY_TIED = 2 * L * gamma * rho * R_op**2 / m  # and at C = gamma rho / (2 m)
LARGEST_CURVATURE = theta * (epsilon - s) / (4 * L * R_op**2)
WIDTH = (2 * L * beta * R_op**2 / (theta * (epsilon - s))) ** 2
WIDTH_TIED = 2 * L * gamma * rho * R_op**2 / (theta * (epsilon - s))


@dataclass(frozen=True, kw_only=True)
class OperatorBall(TwoLayerConvergence):
    """E10, for full and for tied networks: E1 and E2 with R_op in the place of R where near-linearity is paid."""

    @property
    def comparator_assumption(self) -> str:
        return "some W_* in B(R) with ||W_* - W_0||_op <= R_op has robust loss <= s"

    def largest_curvature(self, values: Values) -> sympy.Expr:
        return LARGEST_CURVATURE.xreplace(values)

    def terms(self, problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int) -> dict[str, sympy.Expr]:
        values = self.at_width(problem, width) | {alpha: step_size, T: sympy.Integer(iterations)}
        return {
            "linearization": LINEARIZATION.xreplace(values),
            "regret": REGRET.xreplace(values),
            "comparator": problem.comparator_loss,
        }

    def values(self, problem: Problem) -> Values:
        known = {} if problem.operator_radius is None else {R_op: problem.operator_radius}
        return super().values(problem) | known

    def _comparator(self, problem: Problem) -> Iterator[Hypothesis]:
        yield from super()._comparator(problem)
        text = "||W_* - W_0||_op <= R_op"
        if problem.operator_radius is None:
            yield Hypothesis(text, False, "no R_op is given (operator_radius; it is measured on a drawn network)")
        elif problem.target is not Target.EXCESS_LOSS:
            yield to_be_verified(problem, text)


_STATEMENT = (
    "Let {network}, and let l be convex and L-Lipschitz in f. Then projected gradient descent on the surrogate loss "
    "over {{||W - W_0||_F <= R, ||W - W_0||_op <= R_op}}{rows} from a symmetric initialisation W_0, against any "
    "adversary A, satisfies for every W_* in this set: min over t <= T of L_A(W_t) <= L_*(W_*) + R^2/(2 alpha T) + "
    "alpha L^2 G^2/2 + {near}."
)
_LATEX = (
    r"\min_{{t\le T}}\mathcal L_A(W_t)\le\mathcal L_\ast(W_\ast)+\frac{{R^2}}{{2\alpha T}}+\frac{{\alpha L^2G^2}}{{2}}"
    r"+{near}"
)

E10 = OperatorBall(
    id="E10",
    title="training in an operator-norm ball",
    source="the project's theory, section 3",
    statement=_STATEMENT.format(network="sigma' be beta-Lipschitz", rows="", near="2 L beta R_op^2/sqrt(m)"),
    latex=_LATEX.format(near=r"\frac{2L\beta R_{op}^2}{\sqrt m}"),
    needs=("R", "R_op", "s"),
    share=Rational(1, 2),
)

E10_TIED = OperatorBall(
    id="E10-tied",
    title="training in an operator-norm ball, tied pairs",
    source="the project's theory, section 3",
    statement=_STATEMENT.format(
        network="sigma'' be gamma-Lipschitz, |sigma'| <= B_1, train only antisymmetric moves of the symmetric pairs",
        rows=" cut with {||u_r|| <= rho/sqrt(m)}",
        near="2 L gamma rho R_op^2/m, with G = B_1",
    ),
    latex=_LATEX.format(near=r"\frac{2L\gamma\rho R_{op}^2}{m}"),
    needs=("R", "rho", "R_op", "s"),
    network=Network.TIED,
    share=Rational(1, 3),
)
