"""Losses l(f, y) >= 0, convex in the prediction f, with their exact constants.

`lipschitz` is L, `smoothness` is H with |l'|^2 <= 2 H l. Hinge-type losses are functions of the margin y f
with y = 1 or -1; regression-type losses (absolute, Huber) are functions of f - y for any real y.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Integer, Max, Piecewise, Rational, exp, log

from .errors import InvalidInput, expected_one_of
from .exact import Number, is_at_most, is_less, positive
from .loss_functions import SLOPES, VALUES

f = sympy.Symbol("f", real=True)
y = sympy.Symbol("y", real=True)


@dataclass(frozen=True)
class Loss:
    """A convex loss, exact as `expression` in the symbols f and y, numeric as `value` and `slope`.

    `misclassification_loss` is the least loss of a prediction with the wrong sign (or 0): a fraction p of
    points misclassified costs at least p times that. `kappa` is the parameter of the Huber loss and
    `margin` that of the hinge losses, the least y f without loss; None elsewhere.
    """

    name: str
    expression: sympy.Expr
    lipschitz: sympy.Expr | None
    smoothness: sympy.Expr | None
    zero_at_label: bool
    misclassification_loss: sympy.Expr
    kappa: sympy.Expr | None = None
    margin: sympy.Expr | None = None
    reasons: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def label(self) -> str:
        if self.margin is not None:
            return self.name if self.margin == 1 else f"{self.name} (margin {self.margin})"
        return self.name if self.kappa is None else f"{self.name} (kappa {self.kappa})"

    @property
    def parameter(self) -> sympy.Expr | None:
        """The margin of a hinge loss or the kappa of the Huber loss."""
        return self.kappa if self.margin is None else self.margin

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
        return prediction, target, None if self.parameter is None else float(self.parameter), xp


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
_NOT_LIPSCHITZ = "it is Lipschitz only on a bounded range, and one constant is needed for all predictions"


def hinge(margin: Number = 1) -> Loss:
    """max(0, tau - y f): a prediction costs nothing from the margin tau on.

    Where only signs count, tau is free: dividing tau by c is training the network c f for the margin 1.
    Raises InvalidInput unless 0 < tau <= 1, since l(y, y) = 0 needs tau <= 1.
    """
    tau = _margin(margin)
    return Loss(
        "hinge",
        Max(0, tau - y * f),
        lipschitz=Integer(1),
        smoothness=None,
        zero_at_label=True,
        misclassification_loss=tau,
        margin=tau,
        reasons={"smoothness": _NOT_SMOOTH},
    )


def squared_hinge(margin: Number = 1) -> Loss:
    """max(0, tau - y f)^2 / 2. Raises InvalidInput unless 0 < tau <= 1."""
    tau = _margin(margin)
    return Loss(
        "squared_hinge",
        Max(0, tau - y * f) ** 2 / 2,
        lipschitz=None,
        smoothness=Integer(1),
        zero_at_label=True,
        misclassification_loss=tau**2 / 2,
        margin=tau,
        reasons={"lipschitz": _NOT_LIPSCHITZ},
    )


def _margin(margin: Number) -> sympy.Expr:
    tau = positive(margin, name="margin")
    if not is_at_most(tau, 1):
        raise InvalidInput(f"margin is {margin}: expected a number in (0, 1], so that l(y, y) = 0")
    return tau


_ROWS = (
    hinge(1),
    squared_hinge(1),
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


_PARAMETERS: Mapping[str, tuple[str, Callable[..., Loss]]] = MappingProxyType(
    {"hinge": ("margin", hinge), "squared_hinge": ("margin", squared_hinge), "huber": ("kappa", huber)}
)


def get_loss(name: str | Loss, kappa: Number | None = None, *, margin: Number | None = None) -> Loss:
    """The loss of that name (or the one given); `kappa` belongs to huber, `margin` to hinge and squared_hinge.

    Raises InvalidInput with the known names for an unknown one, and for a parameter that the loss does not have.
    """
    if isinstance(name, str) and name not in LOSSES:
        raise InvalidInput(f"unknown loss {name!r}: {expected_one_of(name, LOSSES)}")
    given = {key: value for key, value in (("kappa", kappa), ("margin", margin)) if value is not None}
    own, build = _PARAMETERS.get(name, ("", None)) if isinstance(name, str) else ("", None)
    for key, value in given.items():
        if key != own:
            owners = " and ".join(owner for owner, (parameter, _) in _PARAMETERS.items() if parameter == key)
            raise InvalidInput(f"{key} is {value}: only the losses named {owners} take this parameter by name")
    if build is not None and given:
        return build(*given.values())
    return name if isinstance(name, Loss) else LOSSES[name]
