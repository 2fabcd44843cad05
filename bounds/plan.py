"""What the calculators return: a plan (width, step size, iterations for an epsilon) and its forward twin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from .activation import Activation
from .convergence import ConvergenceTheorem
from .curvature import Network
from .exact import Number, exact, is_at_most, lower_float, nearest_float, upper_float
from .loss import Loss
from .problem import Problem
from .prose import number_text
from .statement import statement
from .theorem import Hypothesis, Kind, kind_of

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """What a theorem asks for, for the same end; or, with width and iterations None, the reason why it has no plan."""

    theorem: str
    network: Network
    width: int | None = None
    iterations: int | None = None
    share: sympy.Expr | None = None
    kind: Kind | None = None
    reason: str | None = None

    def to_json(self) -> Json:
        return {
            "theorem": self.theorem,
            "width": self.width,
            "iterations": self.iterations,
            "network": self.network.value,
            "share": _nearest(self.share),
            "kind": None if self.kind is None else self.kind.value,
            "reason": self.reason,
        }


@dataclass(frozen=True, kw_only=True)
class OtherBound:
    """The bound that a theorem gives for the same run; or, with value None, the reason why it gives none."""

    theorem: str
    network: Network
    value: sympy.Expr | None = None
    reason: str | None = None

    def to_json(self) -> Json:
        value = None if self.value is None else upper_float(self.value)
        return {"theorem": self.theorem, "value": value, "network": self.network.value, "reason": self.reason}


@dataclass(frozen=True)
class Guarantee:
    """The bound that a theorem gives for a run: min over t <= T of what `problem.target` names is <= `value`.

    `terms` are in units of the loss. Except for E8, where they are parts of the margin, `value` is their sum, divided
    by the loss of a misclassified point if the target is the robust error. For the target excess-loss, it is the bound
    on min L_A(W_t) - L_*(W_*). `alternatives` are the bounds of all theorems, the least first, where they were asked.
    """

    basis: ConvergenceTheorem
    problem: Problem
    width: int
    step_size: sympy.Expr
    iterations: int
    gradient_bound: sympy.Expr
    value: sympy.Expr
    terms: Mapping[str, sympy.Expr]
    hypotheses: tuple[Hypothesis, ...]
    alternatives: tuple[OtherBound, ...] = ()

    @property
    def theorem(self) -> str:
        """The id of the theorem."""
        return self.basis.id

    @property
    def network(self) -> Network:
        """Which moves are trained."""
        return self.basis.network

    @property
    def of_margins(self) -> bool:
        """Whether the comparator is supposed to have margins (E8), not just a small loss."""
        return "mu" in self.basis.needs

    @property
    def kind(self) -> Kind:
        return kind_of(self.hypotheses)

    @property
    def confidence(self) -> sympy.Expr | None:
        """The probability over W_0 with which the guarantee holds; None if it is certain."""
        return self.problem.gradient_confidence

    def meets(self, epsilon: Number) -> bool:
        """Whether value <= epsilon is proved; an exact tie counts."""
        return is_at_most(self.value, exact(epsilon, name="epsilon"))

    def statement(self) -> str:
        """The guarantee in prose."""
        return statement(self, number_text(self.value))

    def to_json(self) -> Json:
        return {
            **_common_json(self),
            "value": upper_float(self.value),
            "terms": {name: upper_float(term) for name, term in self.terms.items()},
            "hypotheses": [hypothesis.to_json() for hypothesis in self.hypotheses],
            "alternatives": [other.to_json() for other in self.alternatives],
            "statement": self.statement(),
            "exact": {**_exact_json(self), "value": str(self.value)},
        }


@dataclass(frozen=True)
class Plan:
    """Width, step size and iterations at which `theorem` brings the target of `problem` to at most `epsilon`.

    `guarantee` is the forward evaluation at exactly these values; it is what makes the plan right. Its problem is the
    one that the theorem prefers: `radius` is that of the ball to train in, which E8 may stretch. `required_width` is
    what the theorem asks for at its share of near-linearity, `shares` are those at the plan's own width.
    `alternatives` are all theorems, this one first, those without a plan last.
    """

    epsilon: sympy.Expr
    shares: Mapping[str, sympy.Expr]
    required_width: int
    guarantee: Guarantee
    alternatives: tuple[Alternative, ...] = ()

    @property
    def theorem(self) -> str:
        """The id of the theorem."""
        return self.guarantee.theorem

    @property
    def network(self) -> Network:
        """Which moves are trained."""
        return self.guarantee.network

    @property
    def share(self) -> sympy.Expr:
        """theta, the part of what the comparator leaves of epsilon that near-linearity gets."""
        return self.shares["linearization"]

    @property
    def fewest_iterations(self) -> Alternative:
        """The alternative with the fewest gradient evaluations, n per iteration; of several the least wide."""
        possible = [other for other in self.alternatives if other.iterations is not None]
        return min(possible, key=lambda other: (other.iterations, other.width), default=self.as_alternative())

    @property
    def kind(self) -> Kind:
        return self.guarantee.kind

    @property
    def problem(self) -> Problem:
        return self.guarantee.problem

    @property
    def width(self) -> int:
        return self.guarantee.width

    @property
    def step_size(self) -> sympy.Expr:
        return self.guarantee.step_size

    @property
    def iterations(self) -> int:
        return self.guarantee.iterations

    @property
    def radius(self) -> sympy.Expr:
        return self.problem.radius

    @property
    def activation(self) -> Activation:
        return self.problem.activation

    @property
    def loss(self) -> Loss:
        return self.problem.loss

    @property
    def confidence(self) -> sympy.Expr | None:
        return self.guarantee.confidence

    @property
    def gradient_bound(self) -> sympy.Expr:
        return self.guarantee.gradient_bound

    @property
    def terms(self) -> Mapping[str, sympy.Expr]:
        return self.guarantee.terms

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        return self.guarantee.hypotheses

    def as_alternative(self) -> Alternative:
        """The plan in short."""
        return Alternative(
            theorem=self.theorem,
            network=self.network,
            width=self.width,
            iterations=self.iterations,
            share=self.share,
            kind=self.kind,
        )

    def statement(self) -> str:
        """The plan in prose: what to run, what then holds, and what it rests on."""
        return statement(self.guarantee, number_text(self.epsilon))

    def to_json(self) -> Json:
        """Plain JSON values: bounds are rounded outward, integers are exact, "exact" has the rest as text."""
        guarantee = self.guarantee.to_json()
        return {
            **guarantee,
            "epsilon": nearest_float(self.epsilon),
            "share": nearest_float(self.share),
            "shares": {name: nearest_float(share) for name, share in self.shares.items()},
            "required_width": self.required_width,
            "alternatives": [alternative.to_json() for alternative in self.alternatives],
            "fewest_iterations": self.fewest_iterations.to_json(),
            "statement": self.statement(),
            "exact": {**guarantee["exact"], "epsilon": str(self.epsilon), "share": str(self.share)},
        }


def _common_json(guarantee: Guarantee) -> Json:
    problem, confidence = guarantee.problem, guarantee.confidence
    norm, mean = problem.initial_operator_norm, problem.mean_gradient_bound
    return {
        "theorem": guarantee.theorem,
        "kind": guarantee.kind.value,
        "network": guarantee.network.value,
        "target": problem.target.value,
        "radius": nearest_float(problem.radius),
        "row_radius": None if problem.row_radius is None else upper_float(problem.row_radius),
        "operator_radius": None if problem.operator_radius is None else upper_float(problem.operator_radius),
        "activation": problem.activation.name,
        "scale": nearest_float(problem.activation.scale),
        "loss": problem.loss.name,
        "kappa": _nearest(problem.loss.kappa),
        "loss_margin": _nearest(problem.loss.margin),
        "dimension": problem.dimension,
        "initial_operator_norm": None if norm is None else upper_float(norm),
        "mean_gradient_bound": None if mean is None else upper_float(mean),
        "comparator_loss": upper_float(problem.comparator_loss),
        "comparator_margin": None if problem.comparator_margin is None else lower_float(problem.comparator_margin),
        "width": guarantee.width,
        "step_size": nearest_float(guarantee.step_size),
        "iterations": guarantee.iterations,
        "confidence": None if confidence is None else lower_float(confidence),
        "gradient_bound": upper_float(guarantee.gradient_bound),
    }


def _exact_json(guarantee: Guarantee) -> Json:
    problem = guarantee.problem
    known = {
        "row_radius": problem.row_radius,
        "operator_radius": problem.operator_radius,
        "mean_gradient_bound": problem.mean_gradient_bound,
        "comparator_margin": problem.comparator_margin,
        "loss_margin": problem.loss.margin,
    }
    return {
        "radius": str(problem.radius),
        "step_size": str(guarantee.step_size),
        "gradient_bound": str(guarantee.gradient_bound),
        **{name: str(value) for name, value in known.items() if value is not None},
    }


def _nearest(value: sympy.Expr | None) -> float | None:
    return None if value is None else nearest_float(value)
