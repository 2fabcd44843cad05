"""What a function of one real variable does near infinity: its limit, its sign and its range on [A, oo).

The function is written as a finite sum of monomials (`growth`) whose coefficients are polynomials in a few symbols for
bounded functions, each with a proved range on [A, oo): for r(z) -> 0, the mean value theorem gives
f(c + r) = f(c) + r q with q in f'(c + [0, r]), and such a q is one of these symbols. So tanh z = 1 - 2 exp(-2z) q with
q near 1, from which the sign of 1 - tanh z follows however large z is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import sympy
from flint import arb, ctx

from ..enclosure import enclose
from ..errors import InvalidInput
from .growth import LOG, ONE, Monomial, NotReal, Sum, TooNear, Unknown, Z
from .point import sign_of

__all__ = ["STARTS", "NotReal", "Tail", "TooNear", "Unknown", "tail"]

Ranges = dict[Any, arb]
STARTS: tuple[int, ...] = tuple(2**power for power in range(2, 41))
_BITS = 128
_x = sympy.Dummy("x", real=True)


@lru_cache(maxsize=512)
def tail(expression: sympy.Expr, symbol: sympy.Symbol, direction: int = 1) -> Tail:
    """The behaviour for symbol -> oo, or -> -oo where direction is -1. Raises Unknown where the rules do not reach."""
    with ctx.workprec(_BITS):
        return Tail(expression.xreplace({symbol: direction * symbol}), symbol)


class Tail:
    """A smooth expression in one symbol as a sum of comparable monomials, for all large values of the symbol."""

    def __init__(self, expression: sympy.Expr, symbol: sympy.Symbol) -> None:
        self._bounded: dict[Any, tuple[Callable[[int, Ranges], arb], sympy.Expr | None]] = {}
        self._known: dict[Any, Sum] = {symbol: Sum.of(sympy.Integer(1), Z)}
        self._ranges: dict[int, Ranges] = {}
        self.sum = self._of(expression)

    def starts(self) -> Iterator[int]:
        """Points from which on every part of the expansion is proved to hold."""
        for start in STARTS:
            try:
                self._ranges_from(start)
            except TooNear:
                continue
            yield start

    def limit(self) -> sympy.Expr | None:
        """The exact limit, oo and -oo included; None where it is not known to exist."""
        if not self.sum.terms:
            return sympy.Integer(0)
        monomial, coefficient = self.sum.leading()
        if monomial.order() < 0:
            return sympy.Integer(0)
        limit = self._limit_of(coefficient)
        if limit is None or monomial.order() == 0:
            return limit
        sign = sign_of(limit)
        return sign * sympy.oo if sign else None

    def sign_from(self, start: int) -> int:
        """1 or -1 where the function has that sign on all of [start, oo), else 0. Raises TooNear."""
        with ctx.workprec(_BITS):
            monomial, _ = self.sum.leading()
            ball = self._range(self.sum.times(1, monomial ** sympy.Integer(-1)), start, self._ranges_from(start))
        return int(ball > 0) - int(ball < 0)

    def range_from(self, start: int) -> arb:
        """A ball that contains the function's values on [start, oo). Raises TooNear, and Unknown if unbounded."""
        with ctx.workprec(_BITS):
            return self._range(self.sum, start, self._ranges_from(start))

    def _ranges_from(self, start: int) -> Ranges:
        """The ranges of all bounded symbols on [start, oo)."""
        if start not in self._ranges:
            at: Ranges = {}
            with ctx.workprec(_BITS):
                for symbol, (rule, _) in self._bounded.items():
                    at[symbol] = _finite(rule(start, at))
            self._ranges[start] = at
        return self._ranges[start]

    def _range(self, total: Sum, start: int, at: Ranges) -> arb:
        ball = arb(0)
        for monomial, coefficient in total:
            factor = enclose(coefficient, _BITS, at=at)
            if monomial != ONE:
                if monomial.order() > 0:
                    raise Unknown("the function is unbounded")
                factor *= arb(0).union(monomial.largest_from(start))
            ball += factor
        return ball

    def _limit_of(self, coefficient: sympy.Expr) -> sympy.Expr | None:
        limits = {symbol: self._bounded[symbol][1] for symbol in coefficient.free_symbols}
        return None if None in limits.values() else coefficient.xreplace(limits)

    def _new(self, rule: Callable[[int, Ranges], arb], limit: sympy.Expr | None) -> Sum:
        symbol = sympy.Dummy("q", real=True)
        self._bounded[symbol] = rule, limit
        return Sum.of(symbol)

    def _of(self, expression: sympy.Expr) -> Sum:
        if expression not in self._known:
            self._known[expression] = self._expanded(expression)
        return self._known[expression]

    def _expanded(self, expression: Any) -> Sum:
        if not expression.free_symbols:
            return Sum.of(expression)
        if expression.is_Add:
            return sum((self._of(term) for term in expression.args), Sum({}))
        if expression.is_Mul:
            product = Sum.of(sympy.Integer(1))
            for factor in expression.args:
                product *= self._of(factor)
            return product
        if expression.is_Pow and not expression.exp.free_symbols:
            return self._power(self._of(expression.base), expression.exp)
        if expression.is_Pow:
            return self._exp(self._of(expression.exp * sympy.log(expression.base)))
        rule = _RULES.get(expression.func)
        if rule is None:
            raise Unknown(f"the behaviour of {expression.func.__name__} near infinity")
        return rule(self, self._of(expression.args[0]))

    def _smooth(self, function: Callable[[Any], sympy.Expr], constant: sympy.Expr, small: Sum) -> Sum:
        """function(constant + small), where small tends to 0 and the constant may contain bounded symbols."""
        if constant.free_symbols:
            limit, argument = self._limit_of(constant), Sum.of(constant) + small
            return self._new(
                lambda start, at: enclose(function(_x), _BITS, at={_x: self._range(argument, start, at)}),
                None if limit is None else function(limit),
            )
        value = Sum.of(_real(function(constant)))
        if not small.terms:
            return value
        slope = sympy.diff(function(_x), _x)

        def quotient(start: int, at: Ranges) -> arb:
            reach = arb(0).union(self._range(small, start, at))
            return enclose(slope, _BITS, at={_x: enclose(constant) + reach})

        return value + small * self._new(quotient, _real(slope.xreplace({_x: constant})))

    def _power(self, base: Sum, exponent: sympy.Expr) -> Sum:
        if exponent.is_Integer and exponent > 0:
            product = base
            for _ in range(int(exponent) - 1):
                product *= base
            return product
        monomial, coefficient = base.leading()
        _, constant, small = base.times(1, monomial ** sympy.Integer(-1)).parts()
        return self._smooth(lambda x: x**exponent, constant, small).times(1, monomial**exponent)

    def _exp(self, argument: Sum) -> Sum:
        growing, constant, small = argument.parts()
        head = ONE
        for monomial, coefficient in growing:
            if coefficient.free_symbols or monomial.rate:
                raise Unknown("an exponential that outgrows those of polynomials, or oscillates")
            if monomial == LOG:
                head *= Monomial(power=coefficient)
            elif monomial.logs == 0:
                head *= Monomial(rate=((monomial.power, coefficient),))
            else:
                raise Unknown("the exponential of a product with a logarithm")
        return self._smooth(sympy.exp, constant, small).times(1, head)

    def _log(self, argument: Sum) -> Sum:
        monomial, _ = argument.leading()
        if monomial.logs != 0:
            raise Unknown("the logarithm of a logarithm")
        _, constant, small = argument.times(1, monomial ** sympy.Integer(-1)).parts()
        total = self._smooth(sympy.log, constant, small) + Sum.of(monomial.power, LOG)
        for degree, coefficient in monomial.rate:
            total += Sum.of(coefficient, Monomial(power=degree))
        return total

    def _tanh(self, argument: Sum) -> Sum:
        growing, constant, small = argument.parts()
        if not growing.terms:
            return self._smooth(sympy.tanh, constant, small)
        grown = self._exp(argument.times(2)) + Sum.of(sympy.Integer(1))
        return Sum.of(sympy.Integer(1)) + self._power(grown, sympy.Integer(-1)).times(-2)

    def _atan(self, argument: Sum) -> Sum:
        growing, constant, small = argument.parts()
        if not growing.terms:
            return self._smooth(sympy.atan, constant, small)
        sign = self._sign_of_leading(growing)
        inverse = self._power(argument, sympy.Integer(-1))
        return Sum.of(sign * sympy.pi / 2) + self._smooth(sympy.atan, sympy.Integer(0), inverse).times(-1)

    def _asinh(self, argument: Sum) -> Sum:
        root = self._power(argument * argument + Sum.of(sympy.Integer(1)), sympy.S.Half)
        return self._log(argument + root)

    def _erf(self, argument: Sum) -> Sum:
        """erf x = 1 - q exp(-x^2) / (x sqrt(pi)) with q in [1 - 1/(2 x^2), 1] for x > 0, and erf is odd."""
        growing, constant, small = argument.parts()
        if not growing.terms:
            return self._smooth(sympy.erf, constant, small)
        sign = self._sign_of_leading(growing)
        inverse = self._power(argument.times(sign), sympy.Integer(-1))
        square = inverse * inverse

        def quotient(start: int, at: Ranges) -> arb:
            return 1 - arb(0).union(self._range(square, start, at) / 2)

        rest = self._exp((argument * argument).times(-1)) * inverse * self._new(quotient, sympy.Integer(1))
        return Sum.of(sign) + rest.times(-sign / sympy.sqrt(sympy.pi))

    def _sign_of_leading(self, growing: Sum) -> sympy.Integer:
        _, coefficient = growing.leading()
        limit = self._limit_of(coefficient)
        sign = None if limit is None else sign_of(limit)
        if not sign:
            raise Unknown("the sign of an argument that is unbounded")
        return sympy.Integer(sign)

    def _wave(self, function: Any, argument: Sum) -> Sum:
        growing, constant, small = argument.parts()
        if not growing.terms:
            return self._smooth(function, constant, small)
        return self._new(lambda start, at: arb(0, 1), None)


def _finite(ball: arb) -> arb:
    if not ball.is_finite():
        raise TooNear
    return ball


def _real(constant: sympy.Expr) -> sympy.Expr:
    """The constant, which has to be a finite real number."""
    try:
        if enclose(constant, _BITS).is_finite():
            return constant
    except InvalidInput:
        pass
    kind = NotReal if constant.is_real is False else Unknown
    raise kind(f"{constant} is no finite real number")


_Rule = Callable[[Tail, Sum], Sum]
_RULES: Mapping[Any, _Rule] = {
    sympy.exp: Tail._exp,
    sympy.log: Tail._log,
    sympy.tanh: Tail._tanh,
    sympy.sinh: lambda self, x: self._exp(x).times(sympy.Rational(1, 2)) + self._exp(x.times(-1)).times(-sympy.S.Half),
    sympy.cosh: lambda self, x: (self._exp(x) + self._exp(x.times(-1))).times(sympy.S.Half),
    sympy.atan: Tail._atan,
    sympy.asinh: Tail._asinh,
    sympy.erf: Tail._erf,
    sympy.erfc: lambda self, x: Sum.of(sympy.Integer(1)) + self._erf(x).times(-1),
    sympy.sin: lambda self, x: self._wave(sympy.sin, x),
    sympy.cos: lambda self, x: self._wave(sympy.cos, x),
}
