"""The nine activations of the theory, with their constants as exact suprema.

Where each supremum of |sigma^(k)| sits: a zero of sigma^(k+1), or the limit z -> infinity (softplus, k = 1).
`proofs.activations` proves all of them over the whole line, and that those which are None do not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import sympy
from sympy import E, Integer, Piecewise, Rational, cos, cosh, erf, exp, log, pi, sin, sqrt, tanh

from .activation import Activation, z
from .errors import InvalidInput, expected_one_of
from .exact import Number

_UNBOUNDED = "sigma'(z) = 2 max(0, z) is unbounded: |sigma'(z)| <= 2 |z| is all there is"
_CURVATURE_JUMPS = "sigma'' jumps at 0, so it has no Lipschitz constant"
_SLOPE_JUMPS = "sigma' jumps at 0, so it has no Lipschitz constant"


def _row(
    name: str,
    expression: sympy.Expr,
    constants: tuple[sympy.Expr | None, sympy.Expr | None, sympy.Expr | None],
    **reasons: str,
) -> Activation:
    """A row of the table: sigma, then B_1, beta and gamma, then why those that are None do not exist."""
    return Activation(name, expression, *constants, proved=True, reasons=reasons)


def _gelu() -> Activation:
    # With phi the normal density: sigma'' = (2 - z^2) phi, sigma''' = (z^3 - 4z) phi, and
    # sigma'''' = -(z^4 - 7z^2 + 4) phi, so the suprema sit at z = sqrt(2), 0 and the smaller root.
    peak = (7 - sqrt(33)) / 2
    return _row(
        "gelu",
        z * (1 + erf(z / sqrt(2))) / 2,
        (
            (1 + erf(Integer(1))) / 2 + exp(-1) / sqrt(pi),
            sqrt(2 / pi),
            sqrt(peak) * (4 - peak) * exp(-peak / 2) / sqrt(2 * pi),
        ),
    )


# Softplus and sigmoid are written with the half argument so that no derivative overflows in floating point.
_ROWS = (
    _row("erf", erf(z), (2 / sqrt(pi), sqrt(8 / (pi * E)), 4 / sqrt(pi))),
    _row("tanh", tanh(z), (Integer(1), 4 / (3 * sqrt(3)), Integer(2))),
    _row("softplus", z / 2 + log(2 * cosh(z / 2)), (Integer(1), Rational(1, 4), 1 / (6 * sqrt(3)))),
    _row("sigmoid", (1 + tanh(z / 2)) / 2, (Rational(1, 4), 1 / (6 * sqrt(3)), Rational(1, 8))),
    _gelu(),
    _row("sin", sin(z), (Integer(1), Integer(1), Integer(1))),
    _row("sin_cos", sin(z) + cos(z), (sqrt(2), sqrt(2), sqrt(2))),
    _row(
        "quadratic_relu",
        Piecewise((z**2, z > 0), (0, True)),
        (None, Integer(2), None),
        derivative_bound=_UNBOUNDED,
        curvature_lipschitz=_CURVATURE_JUMPS,
    ),
    _row(
        "relu",
        Piecewise((z, z > 0), (0, True)),
        (Integer(1), None, None),
        derivative_lipschitz=_SLOPE_JUMPS,
        curvature_lipschitz="sigma' jumps at 0, so sigma'' does not exist there",
    ),
)

ACTIVATIONS: Mapping[str, Activation] = MappingProxyType({row.name: row for row in _ROWS})


def get_activation(name: str | Activation, scale: Number = 1) -> Activation:
    """The activation of that name (or the one given) with sigma(z) replaced by sigma(scale z).

    A text that is no name is read as an expression in z, such as "log(cosh(z))" (see `activation_expression`). Raises
    InvalidInput with the known names for an unknown one, with what is wrong for a text that cannot be read, and unless
    scale > 0.
    """
    if isinstance(name, Activation):
        return name.scaled(scale)
    if name in ACTIVATIONS:
        return ACTIVATIONS[name].scaled(scale)
    if not isinstance(name, str) or (name.strip().isidentifier() and name.strip() != "z"):
        known = expected_one_of(name, ACTIVATIONS, others="an expression in z")
        raise InvalidInput(f"unknown activation {name!r}: {known}")
    from .activation_expression import activation_from_text  # which composes the activations of the table

    return activation_from_text(name).scaled(scale)
