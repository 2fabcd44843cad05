"""What is known of a deep kernel without computing it: where it vanishes, its parity, and where it is not smooth.

Each is read off the recursion of `deep_enclosure`, layer by layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from ...bounds import Activation
from ..architecture import LINEAR, Architecture
from .layer_dual import is_odd, relu_power

__all__ = ["Structure", "structure_of"]


@dataclass(frozen=True)
class Structure:
    """Of Theta or Theta', as a function of u and c = sqrt((1 - |u|)/2): see `profile`.

    `zero` is 1 where Theta(0) = 0, else 0; `even_quotient` says that Theta(u)/u^zero is even. Theta is a multiple of
    c^plus_power for u > 0 and of c^minus_power for u < 0, with a quotient that is analytic in c (in |u| where all
    activations are `smooth`).
    """

    smooth: bool
    zero: int
    even_quotient: bool
    plus_power: int
    minus_power: int


def structure_of(architecture: Architecture, derivative: int = 0) -> Structure:
    smooth = all(relu_power(each) is None for each in architecture.activations)
    odd = all(map(_odd, architecture.activations)) and not _has_constants(architecture)
    if derivative == 0:
        zero = int(_vanishes_at_zero(architecture))
        return Structure(smooth, zero, odd, 0, _order_at_antipodes(architecture))
    if smooth:
        return Structure(True, 0, odd, 0, 0)
    # d/du = -+(1/(4c)) d/dc, so a zero of order j > 0 becomes one of order j - 2, and a linear term in c a pole.
    order = _order_at_antipodes(architecture)
    linear_term = _power_at_antipodes(architecture) == 1
    return Structure(False, 0, odd, _slope_order_at_one(architecture), order - 2 if order else -int(linear_term))


def _odd(activation: Activation) -> bool:
    return bool(activation == LINEAR) or is_odd(activation)


def _has_constants(architecture: Architecture) -> bool:
    """Whether a bias is there, as a parameter or as part of the covariance."""
    return any(bool(bias != 0) for bias in architecture.bias_variances)


def _vanishes_at_zero(architecture: Architecture) -> bool:
    """Whether Theta(0) = 0: no term of the recursion is positive there."""
    covariance = architecture.bias_variances[0] == 0
    theta = architecture.layer_weights[0][1] == 0
    for index, activation in enumerate(architecture.activations):
        weight, constant = architecture.layer_weights[index + 1]
        dual = covariance and _odd(activation)
        theta = theta and (weight == 0 or dual) and constant == 0
        covariance = dual and architecture.bias_variances[index + 1] == 0
    return bool(theta)


def _order_at_antipodes(architecture: Architecture) -> int:
    """A j such that Theta is a multiple of c^j near u = -1; 0 unless a power of ReLU meets rho = -1.

    There V_p is of order 2p + 1 in c and V_p' of order 2p - 1 (arc-cosine kernels). Theta_1 is of order 0; what is not
    trained is of order infinity.
    """
    opposite = architecture.bias_variances[0] == 0
    weight, constant = architecture.layer_weights[0]
    order: float = 0 if weight != 0 or constant != 0 else inf
    for index, activation in enumerate(architecture.activations):
        weight, constant = architecture.layer_weights[index + 1]
        power = relu_power(activation)
        value = slope = 0
        if opposite and power is not None:
            value, slope = 2 * power + 1, 2 * power - 1
        order = min(order + slope, value if weight != 0 else inf, 0 if constant != 0 else inf)
        opposite = opposite and _odd(activation) and architecture.bias_variances[index + 1] == 0
    return int(order)


def _power_at_antipodes(architecture: Architecture) -> int | None:
    """The power of the ReLU that meets rho = -1, None if none does."""
    for index, activation in enumerate(architecture.activations):
        if architecture.bias_variances[index] != 0:
            return None
        if not _odd(activation):
            return relu_power(activation)
    return None


def _slope_order_at_one(architecture: Architecture) -> int:
    """-1 where Theta'(1) is infinite (a ReLU below a trained layer's path), else 0."""
    from .deep_enclosure import ntk_enclosure

    return 0 if ntk_enclosure(architecture, 1, derivative=1).is_finite() else -1
