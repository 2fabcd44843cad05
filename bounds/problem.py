"""A training problem as the theorems see it: validated once, exact from then on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import sympy

from .activation import Activation
from .activation_table import get_activation
from .errors import InvalidInput, expected_one_of
from .exact import Number, between_zero_and_one, exact, is_less, positive, whole_number
from .gradient import gradient_bound, is_random, measured_norm
from .loss import Loss, get_loss
from .mean_gradient import has_slopes_of_one_sign


class Target(StrEnum):
    """What is to be at most epsilon."""

    LOSS = "loss"
    ROBUST_ERROR = "robust-error"
    EXCESS_LOSS = "excess-loss"


@dataclass(frozen=True)
class Problem:
    """Radius, activation, loss and what is known about the initialisation and the comparator W_* in B(R).

    `comparator_loss` is the robust loss that some W_* is supposed (or, if `comparator_verified`, known) to
    reach, `comparator_margin` the least y f(W_*, x') on the perturbation sets where that is known, `row_radius`
    is rho (W_* is tied and moves no neuron by more than rho / sqrt(m)) and `operator_radius` R_op of E10.
    `mean_gradient_bound` is G_D of E11, valid for this radius and the drawn network.
    """

    radius: sympy.Expr
    activation: Activation
    loss: Loss
    target: Target
    dimension: int | None
    confidence: sympy.Expr
    initial_operator_norm: sympy.Expr | None
    comparator_loss: sympy.Expr
    comparator_verified: bool
    comparator_margin: sympy.Expr | None = None
    row_radius: sympy.Expr | None = None
    operator_radius: sympy.Expr | None = None
    mean_gradient_bound: sympy.Expr | None = None

    @classmethod
    def validated(
        cls,
        *,
        radius: Number,
        activation: str | Activation,
        loss: str | Loss,
        target: str | Target = Target.LOSS,
        dimension: int | None = None,
        confidence: Number = Fraction(99, 100),
        initial_operator_norm: Number | None = None,
        comparator_loss: Number = 0,
        comparator_verified: bool = False,
        comparator_margin: Number | None = None,
        row_radius: Number | None = None,
        operator_radius: Number | None = None,
        mean_gradient_bound: Number | None = None,
    ) -> Problem:
        """The problem in exact form; raises InvalidInput naming the first argument that is out of range."""
        problem = cls(
            radius=positive(radius, name="radius"),
            activation=get_activation(activation),
            loss=get_loss(loss),
            target=_target(target),
            dimension=None if dimension is None else whole_number(dimension, name="dimension"),
            confidence=between_zero_and_one(confidence, name="confidence"),
            initial_operator_norm=None if initial_operator_norm is None else measured_norm(initial_operator_norm),
            comparator_loss=exact(comparator_loss, name="comparator_loss"),
            comparator_verified=comparator_verified,
            comparator_margin=_optional("comparator_margin", comparator_margin),
            row_radius=_optional("row_radius", row_radius),
            operator_radius=_optional("operator_radius", operator_radius),
            mean_gradient_bound=_optional("mean_gradient_bound", mean_gradient_bound),
        )
        if is_less(problem.comparator_loss, 0):
            raise InvalidInput(f"comparator_loss is {comparator_loss}: expected a number >= 0")
        if problem.target is Target.EXCESS_LOSS and problem.comparator_loss != 0:
            raise InvalidInput("comparator_loss has no meaning for the target excess-loss: expected 0")
        if problem.mean_gradient_bound is not None and not has_slopes_of_one_sign(problem.loss):
            raise InvalidInput(
                f"mean_gradient_bound is {mean_gradient_bound}: it supposes slopes of one sign, which the "
                f"{problem.loss.label} loss does not have; expected the hinge or the logistic loss"
            )
        return problem

    @property
    def loss_per_target(self) -> sympy.Expr:
        """What one unit of the target costs in loss: the least loss of a misclassified point, or 1."""
        return self.loss.misclassification_loss if self.target is Target.ROBUST_ERROR else sympy.Integer(1)

    @property
    def gradient_confidence(self) -> sympy.Expr | None:
        """The probability with which the gradient bound holds, None for surely."""
        return self.confidence if is_random(self.activation, self.initial_operator_norm) else None

    def gradient_bound(self, width: int) -> sympy.Expr:
        """G of E1.b at that width."""
        return gradient_bound(
            self.activation,
            width=width,
            radius=self.radius,
            dimension=self.dimension,
            confidence=self.confidence,
            initial_operator_norm=self.initial_operator_norm,
        )


def _optional(name: str, value: Number | None) -> sympy.Expr | None:
    return None if value is None else positive(value, name=name)


def _target(target: str | Target) -> Target:
    try:
        return Target(target)
    except ValueError:
        known = [member.value for member in Target]
        raise InvalidInput(f"unknown target {target!r}: {expected_one_of(target, known)}") from None
