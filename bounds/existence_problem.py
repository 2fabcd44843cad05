"""What E4.d has to be told of a robust function and its caps: validated once, exact from then on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import sympy

from .activation import Activation
from .activation_table import get_activation
from .errors import HypothesisError, InvalidInput
from .exact import Number, exact, is_at_most, is_less, positive, whole_number
from .existence import (
    B_1,
    E4,
    PAIRED_REMAINDER,
    REMAINDER,
    SPREAD,
    F,
    V,
    b,
    delta,
    n,
    q,
    velocity_bound,
)
from .letters import beta, d, gamma
from .theorem import Hypothesis

SPREAD_ORDERS = tuple(sympy.Integer(order) for order in range(1, 9))  # the q that are tried in `SPREAD`


@dataclass(frozen=True)
class ExistenceProblem:
    """A function f = sum_j c_j K(., z_j) by its norm and its coefficients, and n caps of chord delta on S_b.

    `norm` is an upper bound F of |f|_H, `velocity` one of sup_w |sum_j c_j sigma'(w.z_j) z_j|. `verified` says that
    both, and margins >= 1 on every cap, have been checked; else they stay open hypotheses.
    """

    activation: Activation
    norm: sympy.Expr
    velocity: sympy.Expr
    samples: int
    dimension: int
    delta: sympy.Expr
    bias: sympy.Expr
    verified: bool

    @classmethod
    def validated(
        cls,
        *,
        activation: str | Activation,
        norm: Number,
        coefficient_sum: Number | None = None,
        velocity: Number | None = None,
        samples: int,
        dimension: int,
        delta: Number,
        bias: Number = "1/2",
        verified: bool = False,
    ) -> ExistenceProblem:
        """The problem in exact form.

        Give `coefficient_sum`, an upper bound of ||c||_1, for V = B_1 ||c||_1, or a sharper V as `velocity`. Raises
        HypothesisError where sigma' is not bounded or not Lipschitz, InvalidInput for an argument out of range.
        """
        chosen = get_activation(activation)
        _require_constants(chosen)
        problem = cls(
            activation=chosen,
            norm=positive(norm, name="norm"),
            velocity=_velocity(chosen, coefficient_sum, velocity),
            samples=whole_number(samples, name="samples"),
            dimension=whole_number(dimension, name="dimension"),
            delta=positive(delta, name="delta"),
            bias=exact(bias, name="bias"),
            verified=verified,
        )
        problem._check_caps()
        return problem

    @cached_property
    def values(self) -> dict[sympy.Symbol, sympy.Expr]:
        """The letters of `existence`, but for the order of the spread, the width, the mesh and the probability."""
        fixed = {
            F: self.norm,
            V: self.velocity,
            B_1: self.activation.derivative_bound,
            beta: self.activation.derivative_lipschitz,
            n: sympy.Integer(self.samples),
            d: sympy.Integer(self.dimension),
            delta: self.delta,
            b: self.bias,
        }
        third = self.activation.curvature_lipschitz
        return fixed if third is None else fixed | {gamma: third}

    @property
    def remainder(self) -> sympy.Expr:
        """What W^c differs from its linearisation by, at most: by E4.a, or pair by pair if sigma'' is Lipschitz."""
        if self.activation.curvature_lipschitz is None:
            return REMAINDER
        return sympy.Min(REMAINDER, PAIRED_REMAINDER)

    @cached_property
    def spread_order(self) -> sympy.Integer:
        """The q for which the bound of E |v|^2 (w.u)^2 is least."""
        best = SPREAD_ORDERS[0]
        for order in SPREAD_ORDERS[1:]:
            if is_at_most(*(SPREAD.xreplace(self.values | {q: each}) for each in (order, best))):
                best = order
        return best

    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """The hypotheses of E4.d, each satisfied or to be checked."""
        return tuple(self._hypotheses())

    def _hypotheses(self) -> Iterator[Hypothesis]:
        yield Hypothesis(
            "data and perturbations lie on S_b, in caps of chord delta and angle below pi/2", True, "given"
        )
        yield Hypothesis("f(W_0, .) = 0 (symmetric initialisation)", True, "by construction of W_0")
        yield self._constant("|sigma'| <= B_1", "B_1", self.activation.derivative_bound)
        yield self._constant("sigma' is beta-Lipschitz", "beta", self.activation.derivative_lipschitz)
        text = "f has norm <= F and margins >= 1 on every cap, and |v(w)| <= V"
        if self.verified:
            yield Hypothesis(text, True, "the caller has verified it (theory E4.b and E4.c)")
        else:
            yield Hypothesis(text, None, "to be certified (theory E4.c)")

    def _constant(self, text: str, letter: str, value: sympy.Expr) -> Hypothesis:
        if self.activation.proved:
            return Hypothesis(text, True, f"{self.activation.label}: {letter} = {value}")
        return Hypothesis(text, None, f"{letter} = {value} is declared and not proved")

    def _check_caps(self) -> None:
        if is_less(self.bias, 0) or not is_less(self.bias, 1):
            raise InvalidInput(f"bias is {self.bias}: expected a number in [0, 1)")
        if self.dimension < 3:
            raise InvalidInput(f"dimension is {self.dimension}: expected at least 3, the bias coordinate included")
        if not is_less(self.delta**2, 2 * (1 - self.bias**2)):
            raise InvalidInput(
                f"delta is {self.delta}: expected less than sqrt(2 (1 - b^2)), the chord of a quarter turn on S_b"
            )


def _require_constants(activation: Activation) -> None:
    for name, need in (("derivative_bound", "|sigma'| <= B_1"), ("derivative_lipschitz", "sigma' is beta-Lipschitz")):
        if getattr(activation, name) is None:
            reason = f"{activation.label}: {activation.reasons[name]}"
            raise HypothesisError(f"{E4.id} does not apply a priori: it needs {need}, but {reason}")


def _velocity(activation: Activation, coefficient_sum: Number | None, velocity: Number | None) -> sympy.Expr:
    if (coefficient_sum is None) == (velocity is None):
        given = "neither is" if velocity is None else "both are"
        raise InvalidInput(f"coefficient_sum and velocity: {given} given, expected exactly one of them")
    if velocity is not None:
        return positive(velocity, name="velocity")
    return velocity_bound(activation.derivative_bound, positive(coefficient_sum or 0, name="coefficient_sum"))
