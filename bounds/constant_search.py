"""B_1, beta, gamma, Lip(sigma''') of any activation: least constants, or bounds next to them, or why there are none.

B_1 = sup |sigma'| for a continuous sigma, beta = Lip(sigma'), gamma = Lip(sigma''). A Lipschitz constant needs a
continuous function; between break points it is the supremum of the next derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import sympy

from .engines.branches import in_order, jump
from .engines.closed_form import is_zero
from .engines.domain import trouble
from .engines.extremum import NotBounded, supremum
from .engines.lipschitz import not_smooth
from .engines.tails import Unknown
from .errors import InvalidInput

PROVED_BOUND = "a proved upper bound, less than a relative 1e-12 above the supremum"
_PRIMES = ("sigma", "sigma'", "sigma''", "sigma'''", "sigma''''")

if TYPE_CHECKING:
    from .activation import Activation

Derivatives = Callable[[int], sympy.Expr]


@dataclass(frozen=True)
class Constant:
    """A constant that is proved to be the least one (no reason) or next to it, or None with the reason."""

    value: sympy.Expr | None
    reason: str | None = None


def checked_formula(formula: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """The formula with its break points in order.

    Raises InvalidInput unless it is a continuous real function, smooth between finitely many break points.
    """
    formula = in_order(formula, symbol)
    try:
        point = trouble(formula, symbol)
    except Unknown:
        point = None  # a matter of large arguments: the constants will remain open
    if point is not None:
        raise InvalidInput(f"{formula} has no finite value at {symbol} = {_rounded(point)}")
    found = jump(formula, symbol)
    if found is not None:
        raise InvalidInput(f"{formula} is not continuous at {symbol} = {found.point}")
    return formula


def _rounded(point: sympy.Expr) -> str:
    return str(point) if len(str(point)) <= 12 else f"{sympy.N(point, 8)} or thereabouts"


def find_constant(derivatives: Derivatives, order: int, symbol: sympy.Symbol) -> Constant:
    """The constant of the given order: 1 for B_1, 2 for beta, 3 for gamma, 4 for Lip(sigma''').

    `derivatives(k)` is the k-th derivative of the activation, branch by branch.
    """
    for lower in range(1, order):
        found = jump(derivatives(lower), symbol)
        if found is not None:
            return Constant(None, _after_jump(lower, order, found.point, found.proved))
    unsmooth = not_smooth(derivatives(order - 1), symbol)
    if unsmooth is not None:
        return Constant(None, unsmooth)
    try:
        extremum = supremum(derivatives(order), symbol)
    except NotBounded as error:
        return Constant(None, f"no bound on |{_PRIMES[order]}| could be proved: {error}")
    if extremum.infinite:
        return Constant(None, f"{_PRIMES[order]} is unbounded: its modulus tends to oo for z -> {extremum.where}")
    return Constant(simplest(extremum.value)) if extremum.exact else Constant(extremum.value, PROVED_BOUND)


@lru_cache(maxsize=64)
def third_derivative_lipschitz(activation: Activation) -> sympy.Expr | None:
    """Lip(sigma'''), the fourth constant, proved like the others; None where there is none or it is not known.

    Certificates of networks use it (theory E4.c); no theorem does, so activations do not carry it along.
    """
    plain = activation.scaled(1 / activation.scale)
    (symbol,) = plain.expression.free_symbols
    found = find_constant(plain.derivative, 4, symbol)
    return None if found.value is None else found.value * activation.scale**4


def _after_jump(lower: int, order: int, point: sympy.Expr, proved: bool) -> str:
    if not proved:
        return f"whether {_PRIMES[lower]} is continuous at {point} could not be decided"
    if lower == order - 1:
        return f"{_PRIMES[lower]} jumps at {point}, so it has no Lipschitz constant"
    return f"{_PRIMES[lower]} jumps at {point}, so {_PRIMES[order - 1]} does not exist there"


def simplest(value: sympy.Expr) -> sympy.Expr:
    """The shortest of a few ways to write a constant, each proved to be equal to it."""
    above, below = (sympy.expand(part) for part in sympy.fraction(sympy.together(value)))
    forms = [sympy.expand(value), sympy.radsimp(value), sympy.factor(value), sympy.radsimp(above / below)]
    equal = [form for form in forms if is_zero(form - value)]
    return min([value, *equal], key=lambda form: (form.count_ops(), len(str(form))))
