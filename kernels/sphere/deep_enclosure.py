"""The NTK of an architecture on the unit sphere, in balls: what floating-point kernels are held against.

On the sphere everything is a function of u = <x, z>. With C_l the covariance of the preactivations of layer l, q_l its
value at u = 1, rho_l = C_l/q_l, V_l the dual of sigma_l at variance q_l (`layer_dual`), s^2 and t^2 the variances of
layer l + 1, and (p, p') what it contributes as a parameter (`Architecture.layer_weights`):

    C_1 = s_1^2 u + t_1^2,          Theta_1 = p_1 u + p_1',
    C_{l+1} = s^2 V_l(rho_l) + t^2, Theta_{l+1} = p V_l(rho_l) + p' + Theta_l s^2 V_l'(rho_l)/q_l.

The kernel is Theta_{H+1} (Jacot et al., Neural tangent kernel, 2018, theorem 1). Sums, products and compositions of
power series with nonnegative coefficients are such series, so Theta is one: on the complex disc |u| <= 1 it is
bounded by Theta(1), and on [0, 1] it increases.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil

from flint import arb, ctx, fmpq

from ...bounds import InvalidInput
from ...bounds.enclosure import enclose
from ..architecture import LINEAR, Architecture
from .layer_dual import Correlation, LayerDual, is_odd, layer_dual, relu_power

__all__ = ["layers_of", "ntk_enclosure"]

_WORKING_BITS = 160


@dataclass(frozen=True)
class Layer:
    """Layer l and the way to the next: the variances of layer l + 1 and what it contributes.

    `odd`: C_{l+1} is an odd function of rho_l. `value_at_one` is V(1).
    """

    dual: LayerDual
    odd: bool
    value_at_one: arb
    variance: arb
    weight_variance: arb
    covariance_weight: arb
    constant_weight: arb


def ntk_enclosure(
    architecture: Architecture, cosine: float | int | Fraction, *, derivative: int = 0, bits: int | None = None
) -> arb:
    """A ball that contains the kernel, or its first derivative by u, at u = `cosine` in [-1, 1] exactly.

    A float stands for its exact binary value; pass a Fraction to come nearer to 1 than floats do. The ball is far
    smaller than float64 can tell, but for activations with a Hermite series never smaller than the proved tails,
    about 1e-17 of the kernel at u = 1 for each layer. Infinite for the derivative of ReLU at u = 1. Raises
    InvalidInput where `derivative` or `cosine` is out of range, or an activation has neither closed form nor series.
    """
    if derivative not in (0, 1):
        raise InvalidInput(f"derivative is {derivative}: expected 0 or 1")
    u = Fraction(cosine)
    if not -1 <= u <= 1:
        raise InvalidInput(f"cosine is {cosine}: expected a number between -1 and 1")
    bits = _enough_bits(architecture, u) if bits is None else bits
    with ctx.workprec(bits):
        return _recursion(architecture, u, derivative, bits)


def _enough_bits(architecture: Architecture, u: Fraction) -> int:
    """A layer of ReLU costs as many bits as sqrt(1 - |u|) is small: errors of rho grow by that in sqrt(1 - rho^2)."""
    layers = sum(relu_power(each) is not None for each in architecture.activations)
    gap = 1 - abs(u)
    lost = 0 if gap == 0 else (gap.denominator.bit_length() - gap.numerator.bit_length() + 1) // 2 + 1
    # A few sizes only, so that the layers are prepared but a few times.
    return 128 * ceil((_WORKING_BITS + (layers + 1) * lost) / 128) if layers else _WORKING_BITS


def _recursion(architecture: Architecture, u: Fraction, derivative: int, bits: int) -> arb:
    """Theta or Theta' at u."""
    cosine, gap, rest = (arb(fmpq(each.numerator, each.denominator)) for each in (u, 1 - u, 1 + u))
    p, constant = (enclose(each, bits) for each in architecture.layer_weights[0])
    weight = enclose(architecture.weight_variances[0], bits)
    layers = layers_of(architecture, bits)
    theta, slope = p * cosine + constant, p
    biased = architecture.bias_variances[0] != 0
    at = Correlation.of_gap(weight * gap / layers[0].variance) if biased else Correlation(cosine, gap, rest)
    rho_slope = weight / layers[0].variance
    for index, layer in enumerate(layers):
        drop, V1 = _drop(layer.dual, at), layer.dual(at, 1)
        V = layer.value_at_one - drop
        gain = layer.weight_variance / layer.variance
        if derivative:
            curved = _unless_zero(gain * theta * rho_slope, layer.dual(at, 2))
            slope = layer.covariance_weight * V1 * rho_slope + gain * slope * V1 + curved
        theta = layer.covariance_weight * V + layer.constant_weight + gain * theta * V1
        if index + 1 < len(layers):
            ratio = layer.weight_variance / layers[index + 1].variance
            rho_slope = ratio * V1 * rho_slope
            # Where the output is odd, so is the covariance: 1 + rho is as accurate as 1 - rho.
            other_end = _drop(layer.dual, at.opposite) * ratio if layer.odd else None
            at = Correlation.of_gap(drop * ratio, other_end)
    return slope if derivative else theta


def _drop(dual: LayerDual, at: Correlation) -> arb:
    """V(1) - V(rho), exactly 0 at rho = 1, which rounding would hide from square roots.

    By the mean value theorem about the middle of the ball, as |V'| <= V'(1): balls would forget that gap and sine are
    one number twice.
    """
    if at.gap.is_zero():
        return arb(0)
    middle = at.middle
    spread = (at.gap if at.gap.mid() <= 1 else at.rest).rad() * dual(Correlation.of_gap(arb(0)), 1)
    return dual.drop(middle) + arb(0, spread.upper())


def _unless_zero(factor: arb, second: arb) -> arb:
    """The product, 0 where the factor is exactly 0 although V'' may be infinite."""
    return arb(0) if factor.is_zero() else factor * second


@lru_cache(maxsize=256)
def layers_of(architecture: Architecture, bits: int) -> tuple[Layer, ...]:
    """The layers with their variances q_l and duals, in balls of that precision."""
    with ctx.workprec(bits):
        layers = []
        variance = enclose(architecture.weight_variances[0] + architecture.bias_variances[0], bits)
        for index, activation in enumerate(architecture.activations):
            weights = (architecture.weight_variances, architecture.bias_variances)
            weight_variance, bias_variance = (enclose(each[index + 1], bits) for each in weights)
            p, constant = (enclose(each, bits) for each in architecture.layer_weights[index + 1])
            dual = layer_dual(activation, variance)
            odd = (activation == LINEAR or is_odd(activation)) and architecture.bias_variances[index + 1] == 0
            one = dual(Correlation.of_gap(arb(0)), 0)
            layers.append(Layer(dual, bool(odd), one, variance, weight_variance, p, constant))
            variance = weight_variance * one + bias_variance
        return tuple(layers)
