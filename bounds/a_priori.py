"""E4.d as a calculator: how far the network W^c may be from f, with what confidence, and from which width on.

The free constants (the mesh of the net, and whether means are taken at the centres of the caps first) are optimised
over a fixed grid. Every bound falls with the width and grows with everything else, so the least width is found by
bisection on integers; what is found is checked again in exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import Any

import sympy
from flint import arb
from sympy import Integer, Rational

from .concentration import eta, p
from .enclosure import enclose
from .errors import InvalidInput
from .exact import Number, between_zero_and_one, is_at_most, lower_float, positive, upper_float, whole_number
from .existence import (
    AT_CENTRES,
    E4,
    FROM_CENTRES,
    LIPSCHITZ,
    ON_NET,
    ONE_SCALE,
    RADIUS,
    TWO_SCALES,
    q,
)
from .existence_problem import ExistenceProblem
from .letters import m
from .prose import integer_text, number_text
from .theorem import Hypothesis, Kind, kind_of

_BITS = 128
_MESHES = tuple(Rational(1, 2**power) for power in range(64))
_MOST_PAIRS = 2**4096
_FINEST_FAILURE = 8 * 1024
Choice = tuple[bool, sympy.Rational]  # whether the centres come first, and the mesh in units of delta
_CHOICES: tuple[Choice, ...] = tuple(product((True, False), _MESHES))


@dataclass(frozen=True)
class ExistenceGuarantee:
    """With `confidence` over W_0: |W^c - W_0| <= `radius`, and |f(W^c, x') - f(x')| <= `deviation` on all caps.

    So where f has margins >= 1 on the caps, W^c has robust hinge loss <= `deviation`. `terms` sum up to it; `mesh` is
    the mesh of the net in units of delta.
    """

    problem: ExistenceProblem
    width: int
    confidence: sympy.Expr
    deviation: sympy.Expr
    radius: sympy.Expr
    mesh: sympy.Expr
    terms: Mapping[str, sympy.Expr]

    @property
    def theorem(self) -> str:
        return E4.id

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        return self.problem.hypotheses()

    @property
    def kind(self) -> Kind:
        return kind_of(self.hypotheses)

    def statement(self) -> str:
        """The guarantee in prose."""
        problem = self.problem
        return (
            f"Theorem {E4.id} ({E4.title}), a priori. With probability at least {number_text(self.confidence)} over "
            f"the symmetric Gaussian initialisation W_0 of width m = {integer_text(self.width)} (activation "
            f"{problem.activation.label}), the network W^c lies within {number_text(self.radius)} of W_0 and differs "
            f"from f by at most {number_text(self.deviation)} on all {problem.samples} caps of chord "
            f"{number_text(problem.delta)}: where f has margins >= 1, its robust hinge loss is at most that. "
            + self._open()
        ).rstrip()

    def _open(self) -> str:
        still_open = [item for item in self.hypotheses if item.satisfied is None]
        listed = "; ".join(f"{item.text} ({item.reason})" for item in still_open)
        return f"Hypotheses to be checked: {listed}." if listed else ""

    def to_json(self) -> dict[str, Any]:
        problem = self.problem
        return {
            "theorem": self.theorem,
            "kind": self.kind.value,
            "activation": problem.activation.name,
            "norm": upper_float(problem.norm),
            "velocity": upper_float(problem.velocity),
            "samples": problem.samples,
            "dimension": problem.dimension,
            "delta": upper_float(problem.delta),
            "bias": lower_float(problem.bias),
            "width": self.width,
            "confidence": lower_float(self.confidence),
            "deviation": upper_float(self.deviation),
            "radius": upper_float(self.radius),
            "terms": {name: upper_float(term) for name, term in self.terms.items()},
            "hypotheses": [hypothesis.to_json() for hypothesis in self.hypotheses],
            "statement": self.statement(),
        }


def a_priori_deviation(*, width: int, confidence: Number = "0.99", **function: Any) -> ExistenceGuarantee:
    """How far W^c may be from f on the caps, at that width and with that confidence (theory E4.d).

    `function` are the arguments of `ExistenceProblem.validated`: activation, norm, coefficient_sum (or velocity),
    samples, dimension, delta, bias, verified.
    """
    problem = ExistenceProblem.validated(**function)
    neurons = whole_number(width, name="width", even=True)
    return deviation_of(problem, neurons, 1 - between_zero_and_one(confidence, name="confidence"))


def deviation_of(problem: ExistenceProblem, width: int, failure: sympy.Expr) -> ExistenceGuarantee:
    """`a_priori_deviation` for a problem in exact form."""
    scheme = _Scheme(problem)
    return scheme.forward(scheme.best(width, failure), width, failure)


def a_priori_width(*, slack: Number, confidence: Number = "0.99", **function: Any) -> ExistenceGuarantee:
    """The guarantee at the least even width at which E4.d proves a deviation of at most `slack`.

    Arguments as for `a_priori_deviation`. Raises InvalidInput if no net of the grid is fine enough.
    """
    problem = ExistenceProblem.validated(**function)
    allowed = positive(slack, name="slack")
    found = width_of(problem, allowed, 1 - between_zero_and_one(confidence, name="confidence"))
    if found is None:
        raise InvalidInput(f"slack is {slack}: even nets of mesh delta/2^{len(_MESHES) - 1} are too coarse for it")
    return found


def width_of(problem: ExistenceProblem, slack: sympy.Expr, failure: sympy.Expr) -> ExistenceGuarantee | None:
    """`a_priori_width` for a problem in exact form; None if no net of the grid is fine enough."""
    scheme = _Scheme(problem)
    found = _least(lambda choice, pairs: scheme.holds(choice, 2 * pairs, failure, slack), _MOST_PAIRS)
    if found is None:
        return None
    guarantee = scheme.forward(found[1], 2 * found[0], failure)
    if not is_at_most(guarantee.deviation, slack):
        raise RuntimeError(f"the width {guarantee.width} for slack = {slack} failed its own check; please report this")
    return guarantee


def a_priori_confidence(*, width: int, slack: Number, **function: Any) -> sympy.Rational:
    """The confidence with which E4.d proves a deviation of at most `slack` at that width; 0 if it proves none.

    Arguments as for `a_priori_deviation`. The probability of failure is one of a grid of eight per octave.
    """
    scheme = _Scheme(ExistenceProblem.validated(**function))
    neurons = whole_number(width, name="width", even=True)
    allowed = positive(slack, name="slack")

    def holds(choice: Choice, rank: int) -> bool:
        return scheme.holds(choice, neurons, _failure(_FINEST_FAILURE - rank), allowed)

    found = _least(holds, _FINEST_FAILURE)
    return Rational(0) if found is None else 1 - _failure(_FINEST_FAILURE - found[0])


def _failure(step: int) -> sympy.Rational:
    """Probabilities in eight steps per octave: 15/16, 14/16, ..., 8/16, 15/32, ..."""
    octave, part = divmod(step, 8)
    return Rational(15 - part, 2 ** (octave + 4))


@dataclass(frozen=True)
class _Scheme:
    """The deviation of E4.d for one choice of the free constants at a time, by balls and exactly."""

    problem: ExistenceProblem

    def holds(self, choice: Choice, width: int, failure: sympy.Expr, slack: sympy.Expr) -> bool:
        """Whether the deviation is provably at most the slack."""
        return bool(self._ball(choice, width, failure) <= enclose(slack, _BITS))

    def best(self, width: int, failure: sympy.Expr) -> Choice:
        """The choice with the least deviation, up to rounding: any choice is right."""
        return min(_CHOICES, key=lambda choice: self._ball(choice, width, failure).mid())

    def forward(self, choice: Choice, width: int, failure: sympy.Expr) -> ExistenceGuarantee:
        """The guarantee for this choice, exactly."""
        two_scales, mesh = choice
        _, formulas = self._prepared
        values = {**self.problem.values, **self._order}
        values |= {m: Integer(width), p: failure, eta: mesh * self.problem.delta}
        first, second = (AT_CENTRES, FROM_CENTRES) if two_scales else (Integer(0), ON_NET)
        parts = {"centres": first, "net": second, "mesh": eta * LIPSCHITZ, "remainder": self.problem.remainder}
        return ExistenceGuarantee(
            problem=self.problem,
            width=width,
            confidence=1 - failure,
            deviation=formulas[two_scales].xreplace(values),
            radius=RADIUS.xreplace(values),
            mesh=mesh,
            terms={name: part.xreplace(values) for name, part in parts.items()},
        )

    def _ball(self, choice: Choice, width: int, failure: sympy.Expr) -> arb:
        two_scales, mesh = choice
        fixed, formulas = self._prepared
        at = fixed | {m: arb(width), p: enclose(failure, _BITS), eta: enclose(mesh * self.problem.delta, _BITS)}
        return enclose(formulas[two_scales], _BITS, at=at)

    @cached_property
    def _prepared(self) -> tuple[dict[sympy.Symbol, arb], dict[bool, sympy.Expr]]:
        fixed = {symbol: enclose(value, _BITS) for symbol, value in self.problem.values.items()}
        formulas = {True: TWO_SCALES + self.problem.remainder, False: ONE_SCALE + self.problem.remainder}
        return fixed, {name: formula.xreplace(self._order) for name, formula in formulas.items()}

    @property
    def _order(self) -> dict[sympy.Symbol, sympy.Expr]:
        return {q: self.problem.spread_order}


def _least(holds: Callable[[Choice, int], bool], limit: int) -> tuple[int, Choice] | None:
    """The least number up to `limit` at which some choice holds, and the choice; each holds from some number on."""
    best: tuple[int, Choice] | None = None
    for choice in _CHOICES:
        largest = limit if best is None else best[0] - 1
        if largest >= 1 and holds(choice, largest):
            best = _first(partial(holds, choice), largest), choice
    return best


def _first(holds: Callable[[int], bool], known: int) -> int:
    """The least number from 1 on at which a predicate holds that stays true, given one at which it is."""
    low, high = 0, 1
    while high < known and not holds(high):
        low, high = high, 2 * high
    high = min(high, known)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
