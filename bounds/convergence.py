"""What the convergence theorems have in common: hypotheses, and how width, step size and iterations are asked for.

Each theorem turns the loss that a plan may end with into the largest curvature C that it can afford; the width then
follows from the curvature of the network (`curvature.py`). The share theta of near-linearity is the one constant that
trades width for iterations: by default the one that makes the work m T least. All others are optimal, given theta.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import sympy

from .curvature import Network, curvature, smooth_activation, width_of_curvature
from .errors import InvalidInput
from .exact import is_less, nearest_float
from .letters import C, G, H, L, R, epsilon, s, tau, theta
from .problem import Problem, Target
from .prose import number_text
from .theorem import Hypothesis, Kind, Theorem

Values = dict[sympy.Symbol, sympy.Expr]


@dataclass(frozen=True, kw_only=True)
class ConvergenceTheorem(Theorem):
    """A bound on the least surrogate loss of a run. All results are exact SymPy constants.

    `share` is the default theta, `network` says which moves are trained.
    """

    share: sympy.Rational
    network: Network = Network.FULL
    needs_mean_gradient_only: ClassVar[bool] = False  # of G it is used that |g_t| <= L G, and no more

    @property
    def kind(self) -> Kind:
        return Kind.GUARANTEE

    @property
    def assumptions(self) -> tuple[str, ...]:
        smooth = "sigma' is beta-Lipschitz"
        if self.network is Network.TIED:
            smooth = "sigma'' is gamma-Lipschitz, |sigma'| <= B_1, and U_* has rows of length at most rho / sqrt(m)"
        return (
            "inputs and perturbations lie on the unit sphere",
            "f(W_0, .) = 0 (symmetric initialisation)",
            smooth,
            self.loss_assumption,
            "||grad_W f|| <= G on B(R)",
            self.comparator_assumption,
        )

    @property
    @abstractmethod
    def loss_assumption(self) -> str:
        """What the loss has to satisfy."""

    @property
    def comparator_assumption(self) -> str:
        """What W_* has to satisfy."""
        return "some W_* in B(R) has robust loss <= s"

    def prepare(self, problem: Problem, loss_budget: sympy.Expr | None, *, width: int | None = None) -> Problem:
        """The problem with the ball and comparator that this theorem prefers; the same one unless it says otherwise.

        `loss_budget` is None where a run is given, `width` that of a drawn network.
        """
        return problem

    def hypotheses(self, problem: Problem) -> tuple[Hypothesis, ...]:
        """The hypotheses that this problem puts into play, each satisfied, failed or to be checked."""
        return tuple(self._hypotheses(problem))

    def width(self, problem: Problem, *, loss_budget: sympy.Expr, share: sympy.Expr) -> sympy.Expr:
        """The real number that the width has to reach, given what the bound as a whole may come to."""
        largest = self.largest_curvature(self.values(problem) | {epsilon: loss_budget, theta: share})
        return width_of_curvature(problem, self.network, largest)

    @abstractmethod
    def largest_curvature(self, values: Values) -> sympy.Expr:
        """The curvature that uses up the share theta of the budget epsilon."""

    @abstractmethod
    def step_size(self, problem: Problem, *, width: int, loss_budget: sympy.Expr, share: sympy.Expr) -> sympy.Expr:
        """The step size with the fewest iterations."""

    @abstractmethod
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

    @abstractmethod
    def terms(self, problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int) -> dict[str, sympy.Expr]:
        """The parts of the bound, in units of the loss: linearization, regret, comparator."""

    def value(self, problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int) -> sympy.Expr:
        """The bound for the target of the problem."""
        parts = self.terms(problem, width=width, step_size=step_size, iterations=iterations)
        return sympy.Add(*parts.values()) / problem.loss_per_target

    def values(self, problem: Problem) -> Values:
        """The letters that a problem fixes before the width is known."""
        loss = problem.loss
        known = {R: problem.radius, s: problem.comparator_loss, L: loss.lipschitz, H: loss.smoothness, tau: loss.margin}
        return {letter: value for letter, value in known.items() if value is not None}

    def at_width(self, problem: Problem, width: int) -> Values:
        """The letters, the curvature and the gradient bound of that width included."""
        return self.values(problem) | {
            C: curvature(problem, self.network, width),
            G: self.gradient_bound(problem, width),
        }

    def gradient_bound(self, problem: Problem, width: int) -> sympy.Expr:
        """G at that width: that of E1.b, or G_D of E11 where it is known, is less, and is enough."""
        bound, mean = problem.gradient_bound(width), problem.mean_gradient_bound
        if mean is None or not self.needs_mean_gradient_only:
            return bound
        return mean if is_less(mean, bound) else bound

    def check_step(self, step_size: sympy.Expr, room: sympy.Expr, largest: sympy.Expr) -> None:
        """Raise InvalidInput unless `room`, what the step size leaves for R^2/(2 alpha T), is provably positive."""
        if not is_less(0, room):
            raise InvalidInput(
                f"step_size is {step_size}: no number of iterations brings the regret below its share, "
                f"expected less than about {nearest_float(largest):.6g}"
            )

    def _hypotheses(self, problem: Problem) -> Iterator[Hypothesis]:
        yield Hypothesis(
            "inputs and perturbations lie on the unit sphere", True, "the setting: data are embedded that way"
        )
        yield Hypothesis("f(W_0, .) = 0 (symmetric initialisation)", True, "by construction of W_0")
        yield from smooth_activation(problem, self.network)
        yield self._loss(problem)
        if problem.target is not Target.EXCESS_LOSS:
            yield _zero_at_label(problem)
        yield _gradient(problem)
        if self.needs_mean_gradient_only and problem.mean_gradient_bound is not None:
            yield Hypothesis("|g_t| <= L G_D for W_t in B(R)", True, "E11, from the data and the drawn W_0")
        yield from self._comparator(problem)

    @abstractmethod
    def _loss(self, problem: Problem) -> Hypothesis:
        """Whether the loss qualifies."""

    def _comparator(self, problem: Problem) -> Iterator[Hypothesis]:
        if problem.target is Target.EXCESS_LOSS:
            return
        text = f"some W_* in B(R) has robust loss <= {number_text(problem.comparator_loss)}"
        yield to_be_verified(problem, text)


def to_be_verified(problem: Problem, text: str) -> Hypothesis:
    """A hypothesis about the comparator, which a caller may have verified on the drawn network."""
    if problem.comparator_verified:
        return Hypothesis(text, True, "the caller has verified it on the drawn network")
    return Hypothesis(text, None, "to be checked on the drawn W_0")


def lipschitz_loss(problem: Problem) -> Hypothesis:
    """Whether the loss is Lipschitz."""
    text, loss = "l is convex and L-Lipschitz in f", problem.loss
    if loss.lipschitz is None:
        return Hypothesis(text, False, f"{loss.label}: {loss.reasons['lipschitz']}")
    return Hypothesis(text, True, f"{loss.label}: L = {loss.lipschitz}")


def smooth_loss(problem: Problem) -> Hypothesis:
    """Whether |l'|^2 <= 2 H l, for a target that such a bound is good for."""
    text, loss = "l is convex with |l'|^2 <= 2 H l, and the target is a loss or an error", problem.loss
    if loss.smoothness is None:
        return Hypothesis(text, False, f"{loss.label}: {loss.reasons['smoothness']}")
    if problem.target is Target.EXCESS_LOSS:
        return Hypothesis(text, False, "the bound grows with the comparator's own loss faster than that loss")
    return Hypothesis(text, True, f"{loss.label}: H = {loss.smoothness}")


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
