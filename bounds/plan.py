"""What the calculators return: a plan (width, step size, iterations for an epsilon) and its forward twin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from .activation import Activation
from .exact import Number, exact, is_at_most, lower_float, nearest_float, upper_float
from .loss import Loss
from .problem import Problem, Target
from .prose import integer_text, number_text
from .theorem import Hypothesis, Kind, Theorem, kind_of

Json = dict[str, Any]


@dataclass(frozen=True)
class Alternative:
    """What another theorem asks for, for the same end."""

    theorem: str
    width: int
    iterations: int

    def to_json(self) -> Json:
        return {"theorem": self.theorem, "width": self.width, "iterations": self.iterations}


@dataclass(frozen=True)
class Guarantee:
    """The bound that a theorem gives for a run: min over t <= T of what `problem.target` names is <= `value`.

    `terms` are in units of the loss; `value` is their sum, divided by the loss of a misclassified point if
    the target is the robust error. For the target excess-loss, it is the bound on min L_A(W_t) - L_*(W_*).
    """

    basis: Theorem
    problem: Problem
    width: int
    step_size: sympy.Expr
    iterations: int
    gradient_bound: sympy.Expr
    value: sympy.Expr
    terms: Mapping[str, sympy.Expr]
    hypotheses: tuple[Hypothesis, ...]

    @property
    def theorem(self) -> str:
        """The id of the theorem."""
        return self.basis.id

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
        return _statement(self, number_text(self.value))

    def to_json(self) -> Json:
        return {
            **_common_json(self),
            "value": upper_float(self.value),
            "terms": {name: upper_float(term) for name, term in self.terms.items()},
            "hypotheses": [hypothesis.to_json() for hypothesis in self.hypotheses],
            "statement": self.statement(),
            "exact": {**_exact_json(self), "value": str(self.value)},
        }


@dataclass(frozen=True)
class Plan:
    """Width, step size and iterations at which `theorem` brings the target of `problem` to at most `epsilon`.

    `guarantee` is the forward evaluation at exactly these values; it is what makes the plan right.
    """

    epsilon: sympy.Expr
    shares: Mapping[str, sympy.Expr]
    required_width: int
    guarantee: Guarantee
    alternatives: tuple[Alternative, ...]

    @property
    def theorem(self) -> str:
        """The id of the theorem."""
        return self.guarantee.theorem

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

    def statement(self) -> str:
        """The plan in prose: what to run, what then holds, and what it rests on."""
        return _statement(self.guarantee, number_text(self.epsilon))

    def to_json(self) -> Json:
        """Plain JSON values: bounds are rounded outward, integers are exact, "exact" has the rest as text."""
        guarantee = self.guarantee.to_json()
        return {
            **guarantee,
            "epsilon": nearest_float(self.epsilon),
            "shares": {name: nearest_float(share) for name, share in self.shares.items()},
            "required_width": self.required_width,
            "alternatives": [alternative.to_json() for alternative in self.alternatives],
            "statement": self.statement(),
            "exact": {**guarantee["exact"], "epsilon": str(self.epsilon)},
        }


def _common_json(guarantee: Guarantee) -> Json:
    problem, confidence = guarantee.problem, guarantee.confidence
    norm = problem.initial_operator_norm
    return {
        "theorem": guarantee.theorem,
        "kind": guarantee.kind.value,
        "target": problem.target.value,
        "radius": nearest_float(problem.radius),
        "activation": problem.activation.name,
        "scale": nearest_float(problem.activation.scale),
        "loss": problem.loss.name,
        "kappa": None if problem.loss.kappa is None else nearest_float(problem.loss.kappa),
        "dimension": problem.dimension,
        "initial_operator_norm": None if norm is None else upper_float(norm),
        "comparator_loss": upper_float(problem.comparator_loss),
        "width": guarantee.width,
        "step_size": nearest_float(guarantee.step_size),
        "iterations": guarantee.iterations,
        "confidence": None if confidence is None else lower_float(confidence),
        "gradient_bound": upper_float(guarantee.gradient_bound),
    }


def _exact_json(guarantee: Guarantee) -> Json:
    return {
        "radius": str(guarantee.problem.radius),
        "step_size": str(guarantee.step_size),
        "gradient_bound": str(guarantee.gradient_bound),
    }


def _statement(guarantee: Guarantee, bound: str) -> str:
    problem, theorem = guarantee.problem, guarantee.basis
    article = "a conditional guarantee" if guarantee.kind is Kind.CONDITIONAL_GUARANTEE else "a guarantee"
    sentences = [
        f"Theorem {theorem.id} ({theorem.title}), {article}.",
        f"Take the two-layer network of width m = {integer_text(guarantee.width)} with activation "
        f"{problem.activation.label} and symmetric Gaussian initialisation W_0, and run T = "
        f"{integer_text(guarantee.iterations)} iterations of projected gradient descent with step size "
        f"alpha = {number_text(guarantee.step_size)} on the surrogate {problem.loss.label} loss over B(R) "
        f"= {{||W - W_0||_F <= R}}, R = {number_text(problem.radius)}, against any adversary A.",
        _conclusion(guarantee, bound),
        _budget(guarantee),
    ]
    still_open = [hypothesis for hypothesis in guarantee.hypotheses if hypothesis.satisfied is None]
    if still_open:
        listed = "; ".join(f"{hypothesis.text} ({hypothesis.reason})" for hypothesis in still_open)
        sentences.append(f"Hypotheses to be checked: {listed}.")
    return " ".join(sentences)


def _conclusion(guarantee: Guarantee, bound: str) -> str:
    problem = guarantee.problem
    supposed = "" if problem.comparator_verified else "if "
    comparator = f"some W_* in B(R) has robust loss at most {number_text(problem.comparator_loss)}"
    chance = "" if guarantee.confidence is None else "with probability at least "
    chance += "" if guarantee.confidence is None else f"{number_text(guarantee.confidence)} over W_0, "
    if problem.target is Target.EXCESS_LOSS:
        sentence = f"{chance}min over t <= T of L_A(W_t) is at most L_*(W_*) + {bound} for every W_* in B(R)."
        return sentence[0].upper() + sentence[1:]
    reached = "L_A(W_t)"
    if problem.target is Target.ROBUST_ERROR:
        reached = "the fraction of training points that A makes misclassified"
    joint = ", then " if supposed else "; hence "
    sentence = f"{supposed}{comparator}{joint}{chance}min over t <= T of {reached} is at most {bound}."
    return sentence[0].upper() + sentence[1:]


def _budget(guarantee: Guarantee) -> str:
    linearization, regret = (number_text(guarantee.terms[name]) for name in ("linearization", "regret"))
    return f"Of the loss, {linearization} is owed to near-linearity and {regret} to the regret."
