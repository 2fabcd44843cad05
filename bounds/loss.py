"""Losses l(f, y) >= 0, convex in the prediction f, with their exact constants.

`lipschitz` is L, `smoothness` is H with |l'|^2 <= 2 H l. Hinge-type losses are functions of the margin y f
with y = 1 or -1; regression-type losses (absolute, Huber) are functions of f - y for any real y.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Max, Piecewise, Rational, exp, log

from .errors import InvalidInput
from .exact import Number, is_less, positive
from .loss_functions import SLOPES, VALUES

f = sympy.Symbol("f", real=True)
y = sympy.Symbol("y", real=True)


@dataclass(frozen=True)
class Loss:
    """A convex loss, exact as `expression` in the symbols f and y, numeric as `value` and `slope`.

    `misclassification_loss` is the least loss of a prediction with the wrong sign (or 0): a fraction p of
    points misclassified costs at least p times that. `kappa` is the parameter of the Huber loss, None
    elsewhere.
    """

    name: str
    expression: sympy.Expr
    lipschitz: sympy.Expr | None
    smoothness: sympy.Expr | None
    zero_at_label: bool
    misclassification_loss: sympy.Expr
    kappa: sympy.Expr | None = None
    reasons: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def label(self) -> str:
        return self.name if self.kappa is None else f"{self.name} (kappa {self.kappa})"

    def value(self, prediction: Any, target: Any, xp: Any = None) -> Any:
        """l(f, y) elementwise, by broadcasting, in the dtype of the prediction (integers become floats).

        `xp` is the array namespace, `numpy` unless another (`jax.numpy`) is given.
        """
        return VALUES[self.name](*self._arguments(prediction, target, xp))

    def slope(self, prediction: Any, target: Any, xp: Any = None) -> Any:
        """A subgradient dl/df elementwise, like `value`; at a kink the one nearest to 0."""
        return SLOPES[self.name](*self._arguments(prediction, target, xp))

    def _arguments(self, prediction: Any, target: Any, xp: Any) -> tuple[Any, Any, float | None, Any]:
        if xp is None:
            import numpy as xp  # late, so that the exact side of this room stays light
        prediction = xp.asarray(prediction) * 1.0
        target = xp.asarray(target, dtype=prediction.dtype)
        return prediction, target, None if self.kappa is None else float(self.kappa), xp


def huber(kappa: Number = 1) -> Loss:
    """(f - y)^2 / 2 up to |f - y| = kappa, then on with slope kappa. Raises InvalidInput unless kappa > 0."""
    threshold = positive(kappa, name="kappa")
    at_zero = threshold - threshold**2 / 2 if is_less(threshold, 1) else Rational(1, 2)
    distance = sympy.Abs(f - y)
    return Loss(
        "huber",
        Piecewise((distance**2 / 2, distance <= threshold), (threshold * distance - threshold**2 / 2, True)),
        lipschitz=threshold,
        smoothness=Integer(1),
        zero_at_label=True,
        misclassification_loss=at_zero,
        kappa=threshold,
    )


_NOT_SMOOTH = "l' jumps at a kink, so no finite H exists"
_ROWS = (
    Loss(
        "hinge",
        Max(0, 1 - y * f),
        lipschitz=Integer(1),
        smoothness=None,
        zero_at_label=True,
        misclassification_loss=Integer(1),
        reasons={"smoothness": _NOT_SMOOTH},
    ),
    Loss(
        "squared_hinge",
        Max(0, 1 - y * f) ** 2 / 2,
        lipschitz=None,
        smoothness=Integer(1),
        zero_at_label=True,
        misclassification_loss=Rational(1, 2),
        reasons={"lipschitz": "it is Lipschitz only on a bounded range, and E1 needs one constant for all predictions"},
    ),
    Loss(
        "absolute",
        sympy.Abs(f - y),
        lipschitz=Integer(1),
        smoothness=None,
        zero_at_label=True,
        misclassification_loss=Integer(1),
        reasons={"smoothness": _NOT_SMOOTH},
    ),
    huber(1),
    Loss(
        "logistic",
        log(1 + exp(-y * f)),
        lipschitz=Integer(1),
        smoothness=Rational(1, 4),
        zero_at_label=False,
        misclassification_loss=log(2),
        reasons={"zero_at_label": "it is positive everywhere, so no network has loss 0, nor is l(y, y) = 0"},
    ),
)

LOSSES: Mapping[str, Loss] = MappingProxyType({row.name: row for row in _ROWS})


def get_loss(name: str | Loss, kappa: Number = 1) -> Loss:
    """The loss of that name (or the one given); `kappa` belongs to the Huber loss only.

    Raises InvalidInput with the known names for an unknown one, and for a kappa that is not used.
    """
    if name == "huber":
        return huber(kappa)
    if kappa != 1:
        raise InvalidInput(f"kappa is {kappa}: only the loss named huber has this parameter")
    if isinstance(name, Loss):
        return name
    if name not in LOSSES:
        raise InvalidInput(f"unknown loss {name!r}: expected one of {', '.join(LOSSES)}")
    return LOSSES[name]
