"""Monomials exp(p(z)) z^a log(z)^b as z tends to infinity, and finite sums of them with bounded coefficients.

This is the part of Hardy's scale of orders of infinity that the derivatives of activations need: two monomials are
always comparable, so that a sum has a leading term, which decides its sign and its limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sympy
from flint import arb

from ..enclosure import enclose
from .closed_form import is_zero
from .point import sign_of

Rate = tuple[tuple[sympy.Rational, sympy.Expr], ...]


class TooNear(Exception):
    """What holds near infinity is not yet known to hold from this point on; it may from a larger one."""


class Unknown(Exception):
    """The behaviour near infinity cannot be told by the rules here."""


class NotReal(Unknown):
    """The function has no real value near infinity."""


@dataclass(frozen=True)
class Monomial:
    """exp(sum of c z^k over the pairs (k, c) of `rate`) z^power log(z)^logs, positive for z > 1.

    The degrees k > 0 fall along `rate`, and no c is 0.
    """

    rate: Rate = ()
    power: sympy.Expr = sympy.Integer(0)
    logs: sympy.Expr = sympy.Integer(0)

    def __mul__(self, other: Monomial) -> Monomial:
        return Monomial(_merged(self.rate, other.rate), self.power + other.power, self.logs + other.logs)

    def __pow__(self, exponent: sympy.Expr) -> Monomial:
        rate = tuple((degree, coefficient * exponent) for degree, coefficient in self.rate)
        return Monomial(rate, self.power * exponent, self.logs * exponent)

    def order(self) -> int:
        """1 if it tends to infinity, -1 if to 0, 0 for the constant 1."""
        return _order(self)

    def largest_from(self, start: int) -> arb:
        """The value at `start`, where a monomial that tends to 0 is largest on [start, oo).

        Raises TooNear unless it is proved to decrease all the way.
        """
        if not _decreases_from(self, start):
            raise TooNear
        z = arb(start)
        exponent = sum((_power(z, degree) * enclose(coefficient) for degree, coefficient in self.rate), arb(0))
        return exponent.exp() * _power(z, self.power) * _power(z.log(), self.logs)


ONE = Monomial()
Z = Monomial(power=sympy.Integer(1))
LOG = Monomial(logs=sympy.Integer(1))


def _merged(left: Rate, right: Rate) -> Rate:
    total: dict[sympy.Rational, sympy.Expr] = dict(left)
    for degree, coefficient in right:
        total[degree] = total.get(degree, sympy.Integer(0)) + coefficient
    kept = ((degree, coefficient) for degree, coefficient in total.items() if not is_zero(coefficient))
    return tuple(sorted(kept, key=lambda pair: pair[0], reverse=True))


@lru_cache(maxsize=4096)
def _order(monomial: Monomial) -> int:
    leading = [coefficient for _, coefficient in monomial.rate[:1]]
    for exponent in (*leading, monomial.power, monomial.logs):
        sign = sign_of(exponent)
        if sign is None:
            raise Unknown(f"the sign of {exponent}")
        if sign:
            return sign
    return 0


def _decreases_from(monomial: Monomial, start: int) -> bool:
    """Whether z times the logarithmic derivative, divided by its leading power, is negative on [start, oo).

    z (log M)' = sum k c_k z^k + a + b / log z. Positive terms are bounded by their values at `start`.
    """
    z = arb(start)
    slowest = [(degree, enclose(degree * coefficient)) for degree, coefficient in monomial.rate]
    slowest.append((sympy.Integer(0), enclose(monomial.power) + _positive_part(enclose(monomial.logs) / z.log())))
    leading_degree, leading = slowest[0]
    if len(slowest) == 1 and monomial.power == 0:
        return bool(enclose(monomial.logs) < 0)
    rest = (_positive_part(value) * _power(z, degree - leading_degree) for degree, value in slowest[1:])
    return bool(leading + sum(rest, arb(0)) < 0)


def _positive_part(ball: arb) -> arb:
    return ball.max(arb(0))


def _power(base: arb, exponent: sympy.Expr) -> arb:
    return arb(1) if exponent == 0 else base ** enclose(exponent)


@dataclass(frozen=True)
class Sum:
    """A finite sum of monomials with coefficients: constants, or expressions in symbols for bounded functions."""

    terms: Mapping[Monomial, sympy.Expr]

    @classmethod
    def of(cls, coefficient: sympy.Expr, monomial: Monomial = ONE) -> Sum:
        return cls(_cleaned({monomial: coefficient}))

    def __add__(self, other: Sum) -> Sum:
        total = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            total[monomial] = total.get(monomial, sympy.Integer(0)) + coefficient
        return Sum(_cleaned(total))

    def __mul__(self, other: Sum) -> Sum:
        total: dict[Monomial, sympy.Expr] = {}
        for left, first in self.terms.items():
            for right, second in other.terms.items():
                product = left * right
                total[product] = total.get(product, sympy.Integer(0)) + first * second
        return Sum(_cleaned(total))

    def times(self, coefficient: sympy.Expr, monomial: Monomial = ONE) -> Sum:
        return self * Sum.of(sympy.sympify(coefficient), monomial)

    def leading(self) -> tuple[Monomial, sympy.Expr]:
        """The term that outgrows all others. Raises Unknown for the empty sum."""
        best: tuple[Monomial, sympy.Expr] | None = None
        for monomial, coefficient in self.terms.items():
            if best is None or (monomial * best[0] ** sympy.Integer(-1)).order() > 0:
                best = monomial, coefficient
        if best is None:
            raise Unknown("the function is 0 near infinity")
        return best

    def parts(self) -> tuple[Sum, sympy.Expr, Sum]:
        """The growing terms, the coefficient of 1, and the terms that tend to 0."""
        growing = {monomial: value for monomial, value in self.terms.items() if monomial.order() > 0}
        small = {monomial: value for monomial, value in self.terms.items() if monomial.order() < 0}
        return Sum(growing), self.terms.get(ONE, sympy.Integer(0)), Sum(small)

    def __iter__(self) -> Iterator[tuple[Monomial, sympy.Expr]]:
        return iter(self.terms.items())


def _cleaned(terms: Mapping[Monomial, sympy.Expr]) -> dict[Monomial, sympy.Expr]:
    """The terms without those whose coefficient is proved to be 0."""
    expanded = {monomial: _expanded(coefficient) for monomial, coefficient in terms.items()}
    return {monomial: value for monomial, value in expanded.items() if not _vanishes(value)}


def _expanded(coefficient: sympy.Expr) -> sympy.Expr:
    return sympy.expand(coefficient) if coefficient.free_symbols else coefficient


def _vanishes(coefficient: sympy.Expr) -> bool:
    return coefficient == 0 if coefficient.free_symbols else is_zero(coefficient)
