"""Kernels of deep networks to 60 digits in mpmath, from the exact entries of two vectors: what all tables and tests are
held against.

Nothing here is shared with the package but the description of the network (`robustntk.kernels.architecture`). For
preactivations a, b that are centred Gaussian with variances q1, q2 and covariance c, `expectations` gives E[s(a) s(b)]
and E[s'(a) s'(b)], in closed form (80 digits by default) for linear, relu, quadratic_relu, powers of max(0, z), erf,
gelu, sin and sin_cos, by the trapezoidal rule in the plane for tanh, softplus and sigmoid (26 digits or more). The
kernel follows layer by layer:

    q <- s^2 E[sigma(a) sigma(b)] + t^2,    ntk <- s^2 E[sigma'(a) sigma'(b)] ntk + (what the layer itself contributes).

>>> from robustntk.kernels.architecture import fully_connected
>>> mp.nstr(kernel(fully_connected("relu", 1), [3.0, 0.0], [0.0, 4.0]), 5), mp.nstr(REFERENCE_DIGITS, 2)
('0.0', '80')
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy
from mpmath import mp, mpf

__all__ = ["CLOSED", "QUADRATURE", "REFERENCE_DIGITS", "expectations", "kernel", "of_covariance", "trapezoidal"]

# Vectors at distance 1e-12 cost 24 digits in the angle, so that 56 are left.
REFERENCE_DIGITS = 80
_QUADRATURE_DIGITS = 30

Pair = tuple[mpf, mpf]


def kernel(architecture: Any, x: Sequence[float], z: Sequence[float], *, digits: int = REFERENCE_DIGITS) -> mpf:
    """The kernel of `architecture` (NTK of the layers that it trains) at two vectors of any norm.

    Entries are taken as the binary numbers that they are. Right to 50 digits for vectors at a distance of 1e-12 or
    more, and for equal ones; to 24 digits or more with activations that need quadrature.
    """
    with mp.workdps(digits):
        left, right = ([mpf(float(entry)) for entry in vector] for vector in (x, z))
        q1, q2, c = (mp.fdot(a, b) for a, b in ((left, left), (right, right), (left, right)))
        return of_covariance(architecture, q1, q2, c, digits=digits)


def of_covariance(architecture: Any, q1: mpf, q2: mpf, c: mpf, *, digits: int = REFERENCE_DIGITS) -> mpf:
    """The same, from |x|^2, |z|^2 and <x, z>."""
    with mp.workdps(digits):
        standard = architecture.parametrization == "standard"
        ntk = mpf(0)
        for index in range(len(architecture.activations) + 1):
            weight, bias = (
                _exact(each[index]) for each in (architecture.weight_variances, architecture.bias_variances)
            )
            slope = mpf(1)
            if index:
                activation = architecture.activations[index - 1]
                name, scale = _name_and_scale(activation)
                square1, square2 = (expectations(name, scale, q, q, q)[0] for q in (q1, q2))
                value, slope = expectations(name, scale, q1, q2, c)
                q1, q2, c = square1, square2, value
            own = mpf(0)
            if architecture.trained[index]:
                fan_in = architecture.width if index else 1
                own = fan_in * c + (1 if bias else 0) if standard else weight * c + bias
            ntk = weight * slope * ntk + own
            q1, q2, c = (weight * each + bias for each in (q1, q2, c))
        return +ntk


def _exact(number: Any) -> mpf:
    return mpf(str(sympy.N(number, mp.dps + 5)))


def _name_and_scale(activation: Any) -> tuple[str, mpf]:
    """The name under which `expectations` knows an activation; a power of max(0, z) by its exponent."""
    name, scale = activation.name, _exact(activation.scale)
    if name in CLOSED or name in QUADRATURE:
        return name, scale
    (symbol,) = activation.expression.free_symbols
    positive_part = activation.expression.args[0][0]
    return f"power {sympy.degree(positive_part, symbol)}", scale


def expectations(name: str, scale: mpf, q1: mpf, q2: mpf, c: mpf) -> Pair:
    """E[s(a) s(b)] and E[s'(a) s'(b)] for s(z) = sigma(scale z), at the working precision.

    For a variance 0 the second one is that of sigma'(0) = 0 (relu); the kernel multiplies it by 0.
    """
    square = mpf(scale) ** 2
    q1, q2, c = square * q1, square * q2, square * c
    if name in QUADRATURE:
        value, slope = _by_quadrature(name, q1, q2, c)
    elif name.startswith("power"):
        value, slope = rectified(int(name.split()[1]), q1, q2, c)
    else:
        value, slope = CLOSED[name](q1, q2, c)
    return value, square * slope


def linear(q1: mpf, q2: mpf, c: mpf) -> Pair:
    return c, mpf(1)


def rectified(power: int, q1: mpf, q2: mpf, c: mpf) -> Pair:
    """max(0, z)^p: in polar coordinates of the plane of (a, b) both are integrals of (sin t sin(f - t))^p over
    0 < t < f, where f is pi minus the angle of a and b."""
    if not q1 * q2:
        return mpf(0), mpf(0)
    supplement = mp.atan2(mp.sqrt(max(q1 * q2 - c * c, mpf(0))), -c)
    norms = mp.sqrt(q1 * q2)
    value = norms**power * _radial(power) * _sines(power, supplement)
    slope = power**2 * norms ** (power - 1) * _radial(power - 1) * _sines(power - 1, supplement)
    return value, slope


def _radial(power: int) -> mpf:
    """(1/2pi) int_0^inf r^(2p+1) exp(-r^2/2) dr."""
    return mpf(2) ** power * mp.factorial(power) / (2 * mp.pi)


def _sines(power: int, f: mpf) -> mpf:
    """int_0^f (sin t sin(f - t))^p dt, for p <= 3 from the Fourier series of the integrand."""
    cos, sin = mp.cos(f), mp.sin(f)
    if power == 0:
        return f
    if power == 1:
        return (sin - f * cos) / 2
    if power == 2:
        return (f * (1 + 2 * cos**2) - 3 * sin * cos) / 8
    if power == 3:
        return (sin * (11 * cos**2 + 4) / 3 - f * cos * (2 * cos**2 + 3)) / 16
    relative = mp.quad(lambda t: (mp.sin(f * t) * mp.sin(f * (1 - t)) / f**2) ** power, [0, 1]) if f else mpf(0)
    return f ** (2 * power + 1) * relative


def erf(q1: mpf, q2: mpf, c: mpf) -> Pair:
    """2/pi arcsin(2c/sqrt(A1 A2)), A = 1 + 2q; its derivative by c is the other one."""
    product = (1 + 2 * q1) * (1 + 2 * q2)
    return 2 / mp.pi * mp.asin(2 * c / mp.sqrt(product)), 4 / mp.pi / mp.sqrt(product - 4 * c**2)


def gelu(q1: mpf, q2: mpf, c: mpf) -> Pair:
    """From E[Phi(a) Phi(b)] = P and E[phi(a) phi(b)] = R by partial integration."""
    one, two = 1 + q1, 1 + q2
    determinant = one * two - c**2
    P = mpf(1) / 4 + mp.asin(c / mp.sqrt(one * two)) / (2 * mp.pi)
    R = 1 / (2 * mp.pi * mp.sqrt(determinant))
    value = c * P + R * (q1 * q2 - c**2 + c**2 * (1 / one + 1 / two))
    return value, P + R * c * (1 / one + 1 / two + 1 / determinant)


def sin(q1: mpf, q2: mpf, c: mpf) -> Pair:
    decay = mp.exp(-(q1 + q2) / 2)
    return decay * mp.sinh(c), decay * mp.cosh(c)


def sin_cos(q1: mpf, q2: mpf, c: mpf) -> Pair:
    """E[cos(a - b)] + E[sin(a + b)] and the difference of the two; the sine has mean 0."""
    both = mp.exp(c - (q1 + q2) / 2)
    return both, both


CLOSED: dict[str, Callable[[mpf, mpf, mpf], Pair]] = {
    "linear": linear,
    "relu": lambda q1, q2, c: rectified(1, q1, q2, c),
    "quadratic_relu": lambda q1, q2, c: rectified(2, q1, q2, c),
    "erf": erf,
    "gelu": gelu,
    "sin": sin,
    "sin_cos": sin_cos,
}


@dataclass(frozen=True)
class Smooth:
    """(sigma, sigma') at a point, and the distance of the nearest pole of sigma' from the real line in units of pi."""

    both: Callable[[mpf], Pair]
    pole: mpf


def _tanh(z: mpf) -> Pair:
    return mp.tanh(z), mp.sech(z) ** 2


def _softplus(z: mpf) -> Pair:
    decay = mp.exp(-abs(z))
    return max(z, mpf(0)) + mp.log1p(decay), (decay if z < 0 else 1) / (1 + decay)


def _sigmoid(z: mpf) -> Pair:
    decay = mp.exp(-abs(z))
    return (decay if z < 0 else 1) / (1 + decay), decay / (1 + decay) ** 2


QUADRATURE = {
    "tanh": Smooth(_tanh, mpf(0.5)),
    "softplus": Smooth(_softplus, mpf(1)),
    "sigmoid": Smooth(_sigmoid, mpf(1)),
}


def _by_quadrature(name: str, q1: mpf, q2: mpf, c: mpf) -> Pair:
    """Symmetric in the order of a and b, with the cache of `trapezoidal`."""
    (q1, q2) = sorted((q1, q2), reverse=True)
    return _cached(name, q1, q2, c)


@lru_cache(maxsize=4096)
def _cached(name: str, q1: mpf, q2: mpf, c: mpf) -> Pair:
    smooth = QUADRATURE[name]
    return trapezoidal(smooth.both, q1, q2, c, pole=smooth.pole * mp.pi, digits=_QUADRATURE_DIGITS)


def trapezoidal(both: Callable[[mpf], Pair], q1: mpf, q2: mpf, c: mpf, *, pole: mpf, digits: int) -> Pair:
    """E[s(a) s(b)] and E[s'(a) s'(b)] for s analytic within `pole` of the real line, to about `digits` digits.

    a = sqrt(q1) x and b = (c/sqrt(q1)) x + rest y with x, y independent and standard normal, q1 >= q2. A trapezoidal
    rule of step h errs by exp(-2 pi p/h) for a pole at distance p, and by exp(-2 pi^2/h^2) for the normal density.
    """
    rest = mp.sqrt(max(q2 - c * c / q1, mpf(0))) if q1 else mpf(0)
    with mp.workdps(digits + 8):
        along, across = mp.sqrt(q1), c / mp.sqrt(q1) if q1 else mpf(0)
        columns = _nodes(pole / rest if rest else mp.inf, digits) if rest else [(mpf(0), mpf(1))]
        values, slopes = [], []
        smallest = mpf(10) ** (-digits - 4)
        for x, weight in _nodes(pole / max(along, abs(across)) if along else mp.inf, digits):
            a = both(along * x)
            b = [(w, both(across * x + rest * y)) for y, w in columns if w * weight > smallest]
            values.append(weight * a[0] * mp.fsum(w * value for w, (value, _) in b))
            slopes.append(weight * a[1] * mp.fsum(w * slope for w, (_, slope) in b))
        return mp.fsum(values), mp.fsum(slopes)


def _nodes(pole: mpf, digits: int) -> list[Pair]:
    exponent = (digits + 3) * mp.log(10)
    # The second bound leaves room for the growth of the density, exp(p^2/2), on the way to a distant pole.
    step = min(2 * mp.pi * pole / (exponent + min(pole, 10) ** 2 / 2), mp.pi * mp.sqrt(2 / exponent))
    reach = mp.sqrt(2 * exponent)
    last = int(reach / step) + 1
    return [(step * j, step * mp.npdf(step * j)) for j in range(-last, last + 1)]
