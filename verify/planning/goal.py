"""What a plan is asked for: which quantity is to be at most epsilon, with which loss, by which theorem."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import sympy

from ...bounds import Activation, HypothesisError, InvalidInput, Loss, Number, Target, get_loss, upper_float
from ...bounds.convergence import ConvergenceTheorem
from ...bounds.convergence_theorems import CONVERGENCE_THEOREMS
from ...bounds.errors import expected_one_of
from ...bounds.exact import between_zero_and_one, positive, whole_number
from ...bounds.problem import Problem
from ...bounds.theorem import require
from ..certificates.losses import loss_at

AUTO = "auto"
_DRAWN_TARGETS = (Target.LOSS, Target.ROBUST_ERROR)
# More iterations than this are refused, unless a limit is given.
MAX_ITERATIONS = 100_000
_LARGEST_SHARE = sympy.Rational(99, 100)
# Theorems whose sets training projects on. Where tau is free they are tried in this order: at epsilon = 1/4 E8 needs
# about 1.6 R_1^2 G^2 steps, the others 16 or more.
_BY_STEPS = ("E8", "E8-tied", "E9", "E9-tied", "E7", "E7-tied", "E3", "E3-tied", "E1", "E2")


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A target for training, and the limits that a plan for it must keep.

    With ``free_margin`` the margin tau of the loss is chosen at each drawn network; ``loss`` then has margin 1.
    ``slack`` is the part of tau that the comparator's margins may lack; None for the one of least width. ``share`` is
    theta; None for the theorem's own, which makes the work least, or with ``max_iterations`` for the one of least width
    that keeps this limit.
    """

    loss: Loss
    epsilon: sympy.Expr
    target: Target = Target.LOSS
    theorem: str = AUTO
    free_margin: bool = False
    share: Number | None = None
    slack: Number | None = None
    max_iterations: int | None = None
    max_width: int = 4_000_000

    @classmethod
    def validated(
        cls,
        *,
        loss: str | Loss,
        target_epsilon: Number,
        target: str | Target = Target.LOSS,
        theorem: str = AUTO,
        loss_margin: Number | None = None,
        share: Number | None = None,
        slack: Number | None = None,
        max_iterations: int | None = None,
        max_width: int = 4_000_000,
        drawn: bool = True,
    ) -> Goal:
        """The goal in exact form; ``loss_margin`` is tau, or "auto" where it is free.

        By default it is auto for the target robust-error and a hinge loss of margin 1, where only signs count, if
        networks will be drawn; and else that of the loss.

        Raises:
            InvalidInput: naming the first argument that is out of range, or an epsilon that the initial network, which
                is 0, meets already.
        """
        chosen, wanted = get_loss(loss), _target(target)
        signs_count = drawn and wanted is Target.ROBUST_ERROR and chosen.margin == 1
        free = loss_margin == AUTO or (loss_margin is None and signs_count)
        goal = cls(
            loss=chosen if free or loss_margin is None else get_loss(chosen.name, margin=loss_margin),
            epsilon=positive(target_epsilon, name="epsilon"),
            target=wanted,
            theorem=theorem,
            free_margin=free,
            share=None if share is None else between_zero_and_one(share, name="share"),
            slack=slack,
            max_iterations=None if max_iterations is None else whole_number(max_iterations, name="max_iterations"),
            max_width=whole_number(max_width, name="max_width"),
        )
        goal._check(target_epsilon)
        return goal

    @property
    def iteration_limit(self) -> int:
        """The most iterations that a plan may have."""
        return MAX_ITERATIONS if self.max_iterations is None else self.max_iterations

    @property
    def drawn_share(self) -> Number | None:
        """The largest share of near-linearity at a drawn network: what it leaves goes to the regret anyway."""
        return _LARGEST_SHARE if self.share is None and self.max_iterations is not None else self.share

    def loss_budget(self, loss: Loss) -> sympy.Expr:
        """What epsilon is worth in units of the loss."""
        return self.epsilon * loss.misclassification_loss if self.target is Target.ROBUST_ERROR else self.epsilon

    def with_margin(self, margin: Fraction) -> Goal:
        """The same goal for one margin tau."""
        return replace(self, loss=get_loss(self.loss.name, margin=margin), free_margin=False)

    def theorems(self) -> tuple[ConvergenceTheorem, ...]:
        """The theorem that was asked for, or all, those with the fewest steps for a free margin first."""
        if self.theorem != AUTO:
            return (CONVERGENCE_THEOREMS[self.theorem],)
        return tuple(CONVERGENCE_THEOREMS[name] for name in _BY_STEPS)

    def applicable(self, activation: Activation) -> tuple[ConvergenceTheorem, ...]:
        """Those of `theorems` whose hypotheses do not fail for this activation at any radius.

        Raises:
            HypothesisError: if there is none, with the reason of the first.
        """
        problem = Problem.validated(
            radius=1,
            activation=activation,
            loss=self.loss,
            target=self.target,
            dimension=2,
            row_radius=1,
            operator_radius=1,
        )
        found, refusal = [], None
        for theorem in self.theorems():
            try:
                require(theorem.id, theorem.hypotheses(problem))
            except HypothesisError as error:
                refusal = refusal or error
            else:
                found.append(theorem)
        if refusal is not None and not found:
            raise refusal
        return tuple(found)

    def _check(self, given: Number) -> None:
        if self.theorem not in (AUTO, *_BY_STEPS):
            known = expected_one_of(self.theorem, (AUTO, *_BY_STEPS))
            raise InvalidInput(f"theorem is {self.theorem!r}, where a network is trained: {known}")
        if self.free_margin and self.loss.margin is None:
            raise InvalidInput(f"the loss margin is auto: {self.loss.label} has none, expected hinge or squared_hinge")
        if self.free_margin and self.target is not Target.ROBUST_ERROR:
            raise InvalidInput(
                "the loss margin is auto: only the target robust-error leaves it free, expected a number"
            )
        check_epsilon(self.loss, self.loss_budget(self.loss), shown=given)


def check_epsilon(loss: Loss, budget: Number, *, shown: Number | None = None) -> sympy.Expr:
    """The loss that a plan may end with in exact form, for a loss that a comparator can bring to 0.

    Raises:
        InvalidInput: if it is not positive, if the loss never reaches 0, or if the initial network, which is 0, meets
            it already; ``shown`` is the epsilon that the caller gave.
    """
    epsilon = positive(budget, name="epsilon")
    if not loss.zero_at_label:
        raise InvalidInput(f"{loss.label}: {loss.reasons['zero_at_label']}, and so no theorem here applies")
    at_start = loss_at(loss, 0)
    if upper_float(epsilon) >= upper_float(at_start):
        raise InvalidInput(
            f"epsilon is {budget if shown is None else shown}: the initial network f = 0 has {loss.label} loss "
            f"{float(at_start):g} already; expected less"
        )
    return epsilon


def _target(target: str | Target) -> Target:
    if target not in _DRAWN_TARGETS:
        known = expected_one_of(target, [member.value for member in _DRAWN_TARGETS])
        raise InvalidInput(f"target is {str(target)!r}, where a network is drawn: {known}")
    return Target(target)
