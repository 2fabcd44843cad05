"""E6 as a calculator: a plan from data alone, before W_0 is drawn, from E4.d and the convergence theorems.

Two things are chosen: by how much f is stretched, and how far W^c may be from it. A stretch k gives W^c margins of
k - t at the radius k F: with k > 1 it may have loss 0, or margins above 1, which E8 asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

import sympy
from sympy import Integer, Rational

from .a_priori import ExistenceGuarantee, deviation_of, width_of
from .calculator import required_width
from .curvature import Network
from .end_to_end import E6
from .errors import InvalidInput, WidthTooSmall
from .exact import Number, between_zero_and_one, is_less, lower_float, upper_float
from .existence_problem import ExistenceProblem
from .plan import Plan
from .prose import integer_text, number_text
from .theorem import Hypothesis, Kind, kind_of

_STRETCHES = (Integer(1), Rational(5, 4), Rational(3, 2), Integer(2), Integer(3))
_SHARES = (Rational(1, 4), Rational(1, 2), Rational(3, 4))


@dataclass(frozen=True)
class EndToEndPlan:
    """Training by `plan` reaches epsilon with `confidence` over W_0: `existence` gives the comparator of the plan.

    `stretch` is what f, of margins 1, was multiplied by.
    """

    existence: ExistenceGuarantee
    plan: Plan
    stretch: sympy.Expr

    @property
    def theorem(self) -> str:
        return E6.id

    @property
    def width(self) -> int:
        return self.plan.width

    @property
    def confidence(self) -> sympy.Expr:
        """Of E4.d: sigma' is bounded there, so the gradient bound is certain."""
        return self.existence.confidence

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        return E6.hypotheses(self.existence.hypotheses, self.plan.hypotheses, confidence=self.confidence)

    @property
    def kind(self) -> Kind:
        return kind_of(self.hypotheses)

    @property
    def margin(self) -> sympy.Expr:
        """The margins of W^c on all perturbation sets, at least."""
        return self.stretch - self.existence.deviation

    def statement(self) -> str:
        """The plan in prose: what to run, what then holds with which probability, and what it rests on."""
        plan, existence = self.plan, self.existence
        tied = "" if plan.network is Network.FULL else ", training only the antisymmetric moves of the symmetric pairs,"
        still_open = [item for item in self.hypotheses if item.satisfied is None]
        listed = "; ".join(f"{item.text} ({item.reason})" for item in still_open)
        return (
            f"Theorem {E6.id} ({E6.title}), a priori. Take the two-layer network of width m = "
            f"{integer_text(self.width)} with activation {existence.problem.activation.label}. With probability at "
            f"least {number_text(self.confidence)} over its symmetric Gaussian initialisation W_0, the network W^c of "
            f"{number_text(self.stretch)} f lies within {number_text(existence.radius)} of W_0 and has margins of at "
            f"least {number_text(self.margin)} on all {existence.problem.samples} caps (theorem E4); hence T = "
            f"{integer_text(plan.iterations)} iterations of projected gradient descent with step size alpha = "
            f"{number_text(plan.step_size)} on the surrogate hinge loss over B(R), R = {number_text(plan.radius)}{tied}"
            f" against any adversary A, reach min over t <= T of L_A(W_t) <= {number_text(plan.epsilon)} (theorem "
            f"{plan.theorem}). " + (f"Hypotheses to be checked: {listed}." if listed else "")
        ).rstrip()

    def to_json(self) -> dict[str, Any]:
        return {
            "theorem": self.theorem,
            "kind": self.kind.value,
            "width": self.width,
            "confidence": lower_float(self.confidence),
            "stretch": lower_float(self.stretch),
            "margin": lower_float(self.margin),
            "existence": self.existence.to_json(),
            "plan": self.plan.to_json(),
            "hypotheses": [hypothesis.to_json() for hypothesis in self.hypotheses],
            "statement": self.statement(),
        }


def a_priori_plan(
    *,
    target_epsilon: Number,
    confidence: Number = "0.99",
    theorem: str = "auto",
    **function: Any,
) -> EndToEndPlan:
    """The narrowest plan of a fixed grid that brings the hinge loss to at most epsilon, for a W_0 not yet drawn.

    `function` are the arguments of `ExistenceProblem.validated`: f has margins >= 1 there. Raises InvalidInput for
    arguments out of range, and what `required_width` raises where the theorem does not apply.
    """
    problem = ExistenceProblem.validated(**function)
    epsilon = between_zero_and_one(target_epsilon, name="epsilon")
    failure = 1 - between_zero_and_one(confidence, name="confidence")
    drafts = sorted(_drafts(problem, epsilon, failure), key=lambda draft: draft[0].width)
    best: EndToEndPlan | None = None
    for existence, stretch in drafts:
        if best is None or existence.width < best.width:
            found = _completed(existence, stretch, epsilon, failure, theorem)
            best = found if best is None or found.width < best.width else best
    if best is None:
        raise InvalidInput(f"epsilon is {target_epsilon}: no net of E4.d is fine enough for it")
    return best


def _drafts(
    problem: ExistenceProblem, epsilon: sympy.Expr, failure: sympy.Expr
) -> Iterator[tuple[ExistenceGuarantee, sympy.Expr]]:
    for stretch, share in product(_STRETCHES, _SHARES):
        stretched = replace(problem, norm=stretch * problem.norm, velocity=stretch * problem.velocity)
        found = width_of(stretched, share * (stretch - 1 + epsilon), failure)
        if found is not None:
            yield found, stretch


def _completed(
    existence: ExistenceGuarantee, stretch: sympy.Expr, epsilon: sympy.Expr, failure: sympy.Expr, theorem: str
) -> EndToEndPlan:
    """The convergence theorem's plan at the width of E4, or at its own width if that is larger."""
    margin = stretch - _rational(existence.deviation)
    problem = existence.problem
    loss = max(Rational(0), 1 - margin)
    wanted: dict[str, Any] = {
        "target_epsilon": epsilon,
        "radius": _rational(existence.radius),
        "activation": problem.activation,
        "comparator_loss": loss,
        "comparator_margin": None if is_less(margin, 1) else margin,
        "row_radius": _rational(problem.velocity),
        "dimension": problem.dimension,
        "theorem": theorem,
    }
    try:
        plan = required_width(**wanted, width=existence.width)
    except WidthTooSmall:
        plan = required_width(**wanted)
    if plan.width > existence.width:
        existence = deviation_of(problem, plan.width, failure)
    return EndToEndPlan(existence, plan, stretch)


def _rational(value: sympy.Expr) -> sympy.Rational:
    """A rational upper bound, of few digits."""
    bound = Fraction(upper_float(value))
    return Rational(bound.numerator, bound.denominator)
