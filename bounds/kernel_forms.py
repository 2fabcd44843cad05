"""kappa(u) = u E[sigma'(xi) sigma'(eta)] in closed form (theory section 4), for standard normals of correlation u.

Scale 1; `kernels.closed_forms` evaluates the same functions, for every scale, in floating point.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import sympy
from sympy import acos, cosh, exp, pi, sqrt

u = sympy.Symbol("u", real=True)

KERNEL_FORMS: Mapping[str, sympy.Expr] = MappingProxyType(
    {
        "relu": u * (pi - acos(u)) / (2 * pi),
        "quadratic_relu": 2 / pi * u * (sqrt(1 - u**2) + (pi - acos(u)) * u),
        "erf": 4 / pi * u / sqrt(9 - 4 * u**2),
        "sin": u * exp(-1) * cosh(u),
        "sin_cos": u * exp(u - 1),
    }
)
