"""E8, margins: a comparator that beats the margin of the hinge loss pays for the remainder and for the step.

A point with loss 0 has no gradient. So if p_t is the fraction of points with a loss, the step against them brings W_t
closer to W_* in proportion to L_A(W_t) + p_t (mu - tau - r), mu the margin of W_* and r = C R^2 the remainder, and
||g_t|| <= p_t G. With mu - tau >= r + alpha G^2/2 nothing but the loss is left: T goes like 1/epsilon, and the width
needs no epsilon at all. For the robust error, where a misclassified point counts by mu - r and not by mu - tau - r,
the loss may even have a tiny margin tau: then W_* is close to W_0, and any width has room for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy
from sympy import Integer, Max, Min, Rational, sqrt

from .convergence import ConvergenceTheorem, Values, to_be_verified
from .curvature import Network
from .enclosure import enclose
from .exact import is_at_most, is_less
from .letters import C, G, R, T, alpha, epsilon, mu, tau, theta
from .problem import Problem, Target
from .prose import number_text
from .theorem import Hypothesis

r = C * R**2
REGRET = R**2 / (2 * alpha * T)
STEP_TERM = alpha * G**2 / 2

# For the loss; epsilon is what it may end with. A step gains at least GAIN times 2 alpha.
GAIN = Min(epsilon, epsilon + mu - tau - r - STEP_TERM)
BOUND = REGRET + Max(0, STEP_TERM + r - (mu - tau))
STEP_SIZE = Max(mu - tau - r + epsilon, 2 * (mu - tau - r)) / G**2

# For the robust error; here epsilon is the fraction of misclassified points.
GAIN_OF_ERRORS = Min(epsilon * (mu - r) - epsilon**2 * STEP_TERM, mu - r - (1 - epsilon) * tau - STEP_TERM)
FEWEST_ERRORS = 2 * REGRET / (mu - r + sqrt((mu - r) ** 2 - 4 * STEP_TERM * REGRET))
FEWEST_UNSURE = 1 - (mu - r - STEP_TERM - REGRET) / tau
STEP_SIZE_OF_ERRORS = 2 * Max((mu - tau - r) / (1 + epsilon), (mu - r - (1 - epsilon) * tau) / 2) / G**2

# For both, with epsilon in units of the loss; k = mu / tau is the best stretch of a comparator of margin tau.
LARGEST_CURVATURE = theta * (mu - tau + epsilon) / R**2
LARGEST_STEP_SIZE = 2 * (mu - tau - r + epsilon) / G**2
STRETCH = Max(1, 2 * (1 - epsilon / tau))
STRETCH_TIED = Max(1, Rational(3, 2) * (1 - epsilon / tau))
STRETCHES = tuple(map(Rational, ("1", "5/4", "3/2", "2", "3", "4", "6", "8", "12", "16")))


@dataclass(frozen=True, kw_only=True)
class Margins(ConvergenceTheorem):
    """E8, for full and for tied networks; the loss is the hinge of margin tau."""

    @property
    def loss_assumption(self) -> str:
        return "l is the hinge loss max(0, tau - y f)"

    @property
    def comparator_assumption(self) -> str:
        return "some W_* in B(R) has y_i f(W_*, x') >= mu on every B(x_i)"

    def prepare(self, problem: Problem, loss_budget: sympy.Expr | None, *, width: int | None = None) -> Problem:
        """A comparator of margin tau at distance R becomes one of margin k tau at k R, k the stretch of least width.

        At a given `width`, k is the stretch of the fewest iterations among STRETCHES and that one. A comparator that is
        verified, or has a `comparator_margin`, or is that of a given run, stays where it is.
        """
        if problem.comparator_margin is not None or problem.loss.margin is None:
            return problem
        if loss_budget is None or problem.comparator_verified:
            return _stretched(problem, Integer(1))
        law = STRETCH_TIED if self.network is Network.TIED else STRETCH
        least = _stretched(problem, law.xreplace({epsilon: loss_budget, tau: problem.loss.margin}))
        if width is None:
            return least
        candidates = [least, *(_stretched(problem, k) for k in STRETCHES)]
        return min(candidates, key=lambda candidate: self._iterations_about(candidate, width, loss_budget))

    def largest_curvature(self, values: Values) -> sympy.Expr:
        return LARGEST_CURVATURE.xreplace(values)

    def step_size(self, problem: Problem, *, width: int, loss_budget: sympy.Expr, share: sympy.Expr) -> sympy.Expr:
        formula = STEP_SIZE_OF_ERRORS if problem.target is Target.ROBUST_ERROR else STEP_SIZE
        return formula.xreplace(self._with_target(problem, width, loss_budget))

    def iterations(
        self,
        problem: Problem,
        *,
        width: int,
        step_size: sympy.Expr,
        loss_budget: sympy.Expr,
        share: sympy.Expr,
    ) -> sympy.Expr:
        values = self._with_target(problem, width, loss_budget) | {alpha: step_size}
        largest = LARGEST_STEP_SIZE.xreplace(values | {epsilon: loss_budget})
        gain = (GAIN_OF_ERRORS if problem.target is Target.ROBUST_ERROR else GAIN).xreplace(values)
        self.check_step(step_size, gain, largest)
        return (R**2 / (2 * alpha * gain)).xreplace(values)

    def terms(self, problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int) -> dict[str, sympy.Expr]:
        """What the remainder and the regret come to, and what the comparator's spare margin takes off them."""
        values = self.at_width(problem, width) | {alpha: step_size, T: Integer(iterations)}
        return {
            "linearization": r.xreplace(values),
            "regret": (REGRET + STEP_TERM).xreplace(values),
            "comparator": (tau - mu).xreplace(values),
        }

    def value(self, problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int) -> sympy.Expr:
        values = self.at_width(problem, width) | {alpha: step_size, T: Integer(iterations)}
        if problem.target is not Target.ROBUST_ERROR:
            return BOUND.xreplace(values)
        trivial = Integer(1)  # every fraction of points is at most 1
        room = ((mu - r) ** 2 - 4 * STEP_TERM * REGRET).xreplace(values)
        if not (is_less(0, (mu - r).xreplace(values)) and is_at_most(0, room)):
            return trivial
        bound = Max(FEWEST_ERRORS.xreplace(values), FEWEST_UNSURE.xreplace(values))
        return bound if is_less(bound, trivial) else trivial

    def values(self, problem: Problem) -> Values:
        margin = {} if problem.comparator_margin is None else {mu: problem.comparator_margin}
        return super().values(problem) | margin

    def _iterations_about(self, problem: Problem, width: int, loss_budget: sympy.Expr) -> float:
        """The iterations at the best step size, in floating point: a stretch need not be the best of all exactly."""
        errors = problem.target is Target.ROBUST_ERROR
        point = {letter: enclose(value) for letter, value in self._with_target(problem, width, loss_budget).items()}
        point[alpha] = enclose(STEP_SIZE_OF_ERRORS if errors else STEP_SIZE, at=point)
        gain = enclose(GAIN_OF_ERRORS if errors else GAIN, at=point)
        return float(enclose(R**2 / (2 * alpha), at=point) / gain) if gain > 0 else math.inf

    def _with_target(self, problem: Problem, width: int, loss_budget: sympy.Expr) -> Values:
        """The letters with epsilon in the unit of the target's own formulas."""
        return self.at_width(problem, width) | {epsilon: loss_budget / problem.loss_per_target}

    def _loss(self, problem: Problem) -> Hypothesis:
        text, loss = "l is the hinge loss max(0, tau - y f), and the target is a loss or an error", problem.loss
        if loss.name != "hinge":
            return Hypothesis(text, False, f"the loss is {loss.label}")
        if problem.target is Target.EXCESS_LOSS:
            return Hypothesis(text, False, "the comparator must have margins, and so no loss of its own")
        return Hypothesis(text, True, f"tau = {loss.margin}")

    def _comparator(self, problem: Problem) -> Iterator[Hypothesis]:
        if problem.comparator_loss != 0:
            reason = f"this one has robust loss up to {number_text(problem.comparator_loss)}"
            yield Hypothesis("W_* has margins, and so robust loss 0", False, reason)
            return
        margin = "mu" if problem.comparator_margin is None else number_text(problem.comparator_margin)
        yield to_be_verified(problem, f"some W_* in B(R) has y_i f(W_*, x') >= {margin} on every B(x_i)")


def _stretched(problem: Problem, k: sympy.Expr) -> Problem:
    rows = None if problem.row_radius is None else k * problem.row_radius
    return replace(problem, radius=k * problem.radius, row_radius=rows, comparator_margin=k * problem.loss.margin)


_STATEMENT = (
    "Let l(f, y) = max(0, tau - y f), let C bound the curvature of the network on its ball ({network}), r = C R^2, and "
    "let some W_* with ||W_* - W_0||_F <= R have y_i f(W_*, x') >= mu on every B(x_i). Then projected gradient descent "
    "on the surrogate loss over B(R), against any adversary A, satisfies: min over t <= T of L_A(W_t) <= R^2/(2 alpha "
    "T) + max(0, alpha G^2/2 + r - (mu - tau)); and if epsilon (mu - r) - epsilon^2 alpha G^2/2 and mu - r - (1 - "
    "epsilon) tau - alpha G^2/2 are both at least R^2/(2 alpha T), then at some t <= T at most the fraction epsilon of "
    "the points is misclassified by A."
)
_LATEX = (
    r"\min_{t\le T}\mathcal L_A(W_t)\le\frac{R^2}{2\alpha T}"
    r"+\Big(\frac{\alpha G^2}{2}+CR^2-(\mu-\tau)\Big)_+"
)

E8 = Margins(
    id="E8",
    title="margins pay for the remainder",
    source="the project's theory, section 3",
    statement=_STATEMENT.format(network="C = beta/(2 sqrt(m))"),
    latex=_LATEX,
    needs=("R", "mu"),
    share=Rational(2, 3),
)

E8_TIED = Margins(
    id="E8-tied",
    title="margins pay for the remainder, tied pairs",
    source="the project's theory, section 3",
    statement=_STATEMENT.format(network="tied pairs, C = gamma rho/(2 m)"),
    latex=_LATEX,
    needs=("R", "rho", "mu"),
    network=Network.TIED,
    share=Rational(1, 2),
)
