"""Robust losses from ranges of the prediction: an upper bound from a certificate, a lower one from an attack."""

from __future__ import annotations

import numpy as np
import sympy
from jaxtyping import Float

from ...bounds import InvalidInput, Loss, Number, exact
from ...bounds.loss import f, y

_MARGIN_LOSSES = frozenset({"hinge", "squared_hinge", "logistic"})


def needs_upper_margins(loss: Loss) -> bool:
    """Whether the loss also grows when ``y f`` exceeds 1 (absolute, Huber), so that both ends of a range count."""
    return loss.name not in _MARGIN_LOSSES


def loss_at(loss: Loss, margin: Number) -> sympy.Expr:
    """The exact loss of a prediction with ``y f = margin``."""
    return loss.expression.subs({f: exact(margin, name="margin"), y: 1})


def certified_loss(loss: Loss, lower: Float[np.ndarray, " n"], upper: Float[np.ndarray, " n"] | None = None) -> float:
    """Upper bound of the robust loss of a function whose ``y_i f(x')`` stays in ``[lower_i, upper_i]``.

    A convex loss is largest at an end of the range. For labels +-1 every loss here depends on ``y f`` alone. The mean
    is rounded up; a NaN bound gives NaN, which fails every comparison.

    Raises:
        InvalidInput: if the loss needs ``upper`` and it is missing.
    """
    values = loss.value(lower, np.ones_like(lower))
    if needs_upper_margins(loss):
        if upper is None:
            raise InvalidInput(f"upper is None: expected upper margins, which the robust {loss.label} loss needs")
        values = np.maximum(values, loss.value(upper, np.ones_like(upper)))
    return float(np.mean(values)) * (1.0 + 4.0 * len(values) * float(np.finfo(np.float64).eps))
