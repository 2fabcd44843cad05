"""E1, explicit convergence of adversarial training for two-layer networks: every constant written out.

The formulas stand as SymPy expressions in the paper's letters; the calculator substitutes exact numbers
into them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy
from sympy import sqrt

from .errors import InvalidInput
from .exact import is_less, nearest_float
from .gradient import R, beta, m
from .problem import Problem, Target
from .prose import number_text
from .theorem import Hypothesis, Kind, Theorem

L, G, alpha, T, theta, epsilon = sympy.symbols("L G alpha T theta epsilon", positive=True)
s = sympy.Symbol("s", nonnegative=True)

NEAR_LINEARITY = 2 * L * beta * R**2 / sqrt(m)  # E1.a, through the L-Lipschitz loss
REGRET = R**2 / (2 * alpha * T) + alpha * L**2 * G**2 / 2  # E1.c
REGRET_BUDGET = (1 - theta) * (epsilon - s)
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


@dataclass(frozen=True, kw_only=True)
class TwoLayerConvergence(Theorem):
    """E1 with its formulas evaluated for a problem. All results are exact SymPy constants."""

    @property
    def kind(self) -> Kind:
        return Kind.GUARANTEE

    @property
    def assumptions(self) -> tuple[str, ...]:
        return (
            "inputs and perturbations lie on the unit sphere",
            "f(W_0, .) = 0 (symmetric initialisation)",
            "sigma' is beta-Lipschitz",
            "l is convex and L-Lipschitz in f",
            "l(y, y) = 0",
            "||grad_W f|| <= G on B(R)",
            "some W_* in B(R) has robust loss <= s",
        )

    def hypotheses(self, problem: Problem) -> tuple[Hypothesis, ...]:
        """The hypotheses that this problem puts into play, each satisfied, failed or to be checked."""
        return tuple(_hypotheses(problem))

    def width(self, problem: Problem, *, loss_budget: sympy.Expr, share: sympy.Expr) -> sympy.Expr:
        """The real number that the width has to reach, given what the bound as a whole may come to."""
        return WIDTH.xreplace(_values(problem, loss_budget, share))

    def step_size(self, problem: Problem, *, width: int, loss_budget: sympy.Expr, share: sympy.Expr) -> sympy.Expr:
        """The step size that makes the fewest iterations necessary."""
        values = _values(problem, loss_budget, share)
        return STEP_SIZE.xreplace({**values, G: problem.gradient_bound(width)})

    def iterations(
        self,
        problem: Problem,
        *,
        width: int,
        step_size: sympy.Expr,
        loss_budget: sympy.Expr,
        share: sympy.Expr,
    ) -> sympy.Expr:
        """The real number that T has to reach at this step size; InvalidInput if no T is large enough."""
        values = _values(problem, loss_budget, share) | {G: problem.gradient_bound(width), alpha: step_size}
        limit = LARGEST_STEP_SIZE.xreplace(values)
        if not is_less(step_size, limit):
            raise InvalidInput(
                f"step_size is {step_size}: no number of iterations brings the regret below its share, "
                f"expected less than about {nearest_float(limit):.6g}"
            )
        return ITERATIONS.xreplace(values)

    def terms(self, problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int) -> dict[str, sympy.Expr]:
        """The three terms of the bound, in units of the loss; the comparator's is 0 for an excess loss."""
        values = {
            R: problem.radius,
            L: problem.loss.lipschitz,
            beta: problem.activation.derivative_lipschitz,
            G: problem.gradient_bound(width),
            m: sympy.Integer(width),
            alpha: step_size,
            T: sympy.Integer(iterations),
        }
        return {
            "linearization": NEAR_LINEARITY.xreplace(values),
            "regret": REGRET.xreplace(values),
            "comparator": problem.comparator_loss,
        }


def _values(problem: Problem, loss_budget: sympy.Expr, share: sympy.Expr) -> dict[sympy.Symbol, sympy.Expr]:
    return {
        R: problem.radius,
        L: problem.loss.lipschitz,
        beta: problem.activation.derivative_lipschitz,
        s: problem.comparator_loss,
        epsilon: loss_budget,
        theta: share,
    }


def _hypotheses(problem: Problem) -> Iterator[Hypothesis]:
    yield Hypothesis("inputs and perturbations lie on the unit sphere", True, "the setting: data are embedded that way")
    yield Hypothesis("f(W_0, .) = 0 (symmetric initialisation)", True, "by construction of W_0")
    yield _smooth_activation(problem)
    yield _lipschitz_loss(problem)
    if problem.target is not Target.EXCESS_LOSS:
        yield _zero_at_label(problem)
    yield _gradient(problem)
    if problem.target is not Target.EXCESS_LOSS:
        yield _comparator(problem)
    if problem.target is Target.ROBUST_ERROR:
        yield Hypothesis(
            "the adversary is the strongest one, A = A_*",
            None,
            "for any other A the bound is on the fraction of points that A itself makes misclassified",
        )


def _smooth_activation(problem: Problem) -> Hypothesis:
    text, activation = "sigma' is beta-Lipschitz", problem.activation
    if activation.derivative_lipschitz is None:
        return Hypothesis(text, False, f"{activation.label}: {activation.reasons['derivative_lipschitz']}")
    if not activation.proved:
        return Hypothesis(text, None, f"beta = {activation.derivative_lipschitz} is declared, tested on a grid only")
    return Hypothesis(text, True, f"{activation.label}: beta = {activation.derivative_lipschitz}")


def _lipschitz_loss(problem: Problem) -> Hypothesis:
    text, loss = "l is convex and L-Lipschitz in f", problem.loss
    if loss.lipschitz is None:
        return Hypothesis(text, False, f"{loss.label}: {loss.reasons['lipschitz']}")
    return Hypothesis(text, True, f"{loss.label}: L = {loss.lipschitz}")


def _zero_at_label(problem: Problem) -> Hypothesis:
    text, loss = "l(y, y) = 0", problem.loss
    if not loss.zero_at_label:
        reason = f"{loss.label}: {loss.reasons['zero_at_label']} (the target excess-loss does without)"
        return Hypothesis(text, False, reason)
    return Hypothesis(text, True, f"{loss.label} has it")


def _gradient(problem: Problem) -> Hypothesis:
    text, activation = "||grad_W f|| <= G on B(R)", problem.activation
    if activation.derivative_bound is not None:
        satisfied = True if activation.proved else None
        return Hypothesis(text, satisfied, f"|sigma'| <= {activation.derivative_bound} = G")
    if problem.initial_operator_norm is not None:
        return Hypothesis(text, True, "from the measured operator norm of the drawn W_0")
    reason = f"with probability at least {problem.confidence} over W_0 (Davidson and Szarek, cited)"
    return Hypothesis(text, True, reason)


def _comparator(problem: Problem) -> Hypothesis:
    text = f"some W_* in B(R) has robust loss <= {number_text(problem.comparator_loss)}"
    if problem.comparator_verified:
        return Hypothesis(text, True, "the caller has verified it on the drawn network")
    return Hypothesis(text, None, "to be checked on the drawn W_0")


E1 = TwoLayerConvergence(
    id="E1",
    title="explicit convergence, two layers",
    source="the project's theory, section 2, after arXiv:1906.07916v2",
    statement=_STATEMENT,
)
