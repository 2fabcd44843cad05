"""The calculators: from a target to width, step size and iterations, and forward from a run to its guarantee.

The backward answer is always re-checked by the forward function, in exact arithmetic or by rigorous balls.
"""

from __future__ import annotations

from fractions import Fraction

import sympy

from .activation import Activation
from .errors import InvalidInput, WidthTooSmall
from .exact import Number, between_zero_and_one, ceil_integer, is_less, positive, whole_number
from .loss import Loss
from .plan import Alternative, Guarantee, Plan
from .problem import Problem, Target
from .theorem import require
from .two_layer import E1

_CONFIDENCE = Fraction(99, 100)


def guarantee(
    *,
    width: int,
    step_size: Number,
    iterations: int,
    radius: Number,
    activation: str | Activation,
    loss: str | Loss = "hinge",
    dimension: int | None = None,
    confidence: Number = _CONFIDENCE,
    initial_operator_norm: Number | None = None,
    comparator_loss: Number = 0,
    comparator_verified: bool = False,
    target: str | Target = Target.LOSS,
) -> Guarantee:
    """The bound that theorem E1 gives for a run with these values (theory E1.a to E1.c).

    Raises HypothesisError with a reason if E1 does not apply, InvalidInput for arguments out of range.
    """
    problem = Problem.validated(
        radius=radius,
        activation=activation,
        loss=loss,
        target=target,
        dimension=dimension,
        confidence=confidence,
        initial_operator_norm=initial_operator_norm,
        comparator_loss=comparator_loss,
        comparator_verified=comparator_verified,
    )
    require(E1.id, E1.hypotheses(problem))
    return _forward(
        problem,
        width=whole_number(width, name="width", even=True),
        step_size=positive(step_size, name="step_size"),
        iterations=whole_number(iterations, name="iterations"),
    )


def required_width(
    *,
    target_epsilon: Number,
    radius: Number,
    activation: str | Activation,
    loss: str | Loss = "hinge",
    dimension: int | None = None,
    confidence: Number = _CONFIDENCE,
    initial_operator_norm: Number | None = None,
    comparator_loss: Number = 0,
    comparator_verified: bool = False,
    share: Number = Fraction(1, 2),
    step_size: Number | None = None,
    width: int | None = None,
    target: str | Target = Target.LOSS,
    theorem: str = "auto",
) -> Plan:
    """The width, step size and iterations with which E1 brings the target to at most `target_epsilon`.

    `share` is the part theta of the budget that near-linearity gets; the regret gets the rest. With
    `step_size` the iterations are solved for that very step size. With `width` the plan is for a network
    already drawn, which must be wide enough; `initial_operator_norm`, an upper bound measured on that
    network, then replaces the probability.

    Numbers are taken exactly: a float stands for its shortest decimal, so pass `Fraction(x)` for a
    measured number x, or for the step size that a run will really use.

    Raises HypothesisError with a reason if E1 does not apply, WidthTooSmall (with the width required) if
    the drawn network is too narrow, InvalidInput for arguments out of range, such as comparator_loss >=
    target_epsilon.
    """
    _check_theorem(theorem)
    epsilon = positive(target_epsilon, name="epsilon")
    theta = between_zero_and_one(share, name="share")
    if initial_operator_norm is not None and width is None:
        raise InvalidInput("initial_operator_norm belongs to a drawn network: expected its width as well")
    problem = Problem.validated(
        radius=radius,
        activation=activation,
        loss=loss,
        target=target,
        dimension=dimension,
        confidence=confidence,
        initial_operator_norm=initial_operator_norm,
        comparator_loss=comparator_loss,
        comparator_verified=comparator_verified,
    )
    require(E1.id, E1.hypotheses(problem))
    budget = epsilon * problem.loss_per_target
    if not is_less(problem.comparator_loss, budget):
        raise InvalidInput(
            f"comparator_loss is {comparator_loss}: expected less than {budget}, the loss that epsilon allows"
        )
    required = 2 * ceil_integer(E1.width(problem, loss_budget=budget, share=theta) / 2)
    chosen = required if width is None else _drawn(width, required)
    forward = _backward(problem, chosen, budget, theta, step_size)
    _recheck(forward, epsilon)
    return Plan(
        epsilon=epsilon,
        shares={"linearization": theta, "regret": 1 - theta},
        required_width=required,
        guarantee=forward,
        alternatives=(Alternative(E1.id, chosen, forward.iterations),),
    )


def _backward(
    problem: Problem, width: int, budget: sympy.Expr, theta: sympy.Expr, step_size: Number | None
) -> Guarantee:
    if step_size is None:
        step = E1.step_size(problem, width=width, loss_budget=budget, share=theta)
    else:
        step = positive(step_size, name="step_size")
    bound = E1.iterations(problem, width=width, step_size=step, loss_budget=budget, share=theta)
    return _forward(problem, width=width, step_size=step, iterations=ceil_integer(bound))


def _forward(problem: Problem, *, width: int, step_size: sympy.Expr, iterations: int) -> Guarantee:
    terms = E1.terms(problem, width=width, step_size=step_size, iterations=iterations)
    return Guarantee(
        basis=E1,
        problem=problem,
        width=width,
        step_size=step_size,
        iterations=iterations,
        gradient_bound=problem.gradient_bound(width),
        value=sympy.Add(*terms.values()) / problem.loss_per_target,
        terms=terms,
        hypotheses=E1.hypotheses(problem),
    )


def _drawn(width: int, required: int) -> int:
    drawn = whole_number(width, name="width", even=True)
    if drawn < required:
        raise WidthTooSmall(f"width is {drawn}: theorem E1 asks for at least {required} here", required=required)
    return drawn


def _recheck(forward: Guarantee, epsilon: sympy.Expr) -> None:
    if not forward.meets(epsilon):
        raise RuntimeError(
            f"the plan for epsilon = {epsilon} failed its own check: the guarantee at width "
            f"{forward.width} and {forward.iterations} iterations is not provably at most epsilon; please "
            "report this"
        )


def _check_theorem(theorem: str) -> None:
    if theorem in ("P1", "P2"):
        raise InvalidInput(
            f"theorem {theorem} is a scaling law with constants that the paper does not give, so it "
            "guarantees no width: evaluate it with constants of your own by "
            f"scaling_law({theorem!r}).evaluate(...)"
        )
    if theorem not in ("auto", E1.id):
        raise InvalidInput(f"unknown theorem {theorem!r}: expected auto, {E1.id}, or a scaling law (P1, P2)")
