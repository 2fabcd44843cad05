"""h >= 0 or h > 0 on an interval or the whole line, for a smooth h, by cutting it up until balls decide every piece.

A piece is settled by the first of these that applies.
* A ball around h on the piece, by the mean value theorem too, lies above 0.
* h is monotone on the piece (a ball around h' has a sign), and is as it should be at the end where it is least.
* h is convex on the piece (a ball around h'' is positive): h >= h(c) - h'(c)^2 / (2 min h'') > 0.
* Contact: h and its derivatives up to order n - 1 vanish at a point e of the piece, exactly (proved by algebra), and
  the n-th has the sign on the piece that makes (z - e)^n h^(n) >= 0: then h >= 0 by Taylor's formula, though h(e) = 0.
Near infinity the sign comes from the leading term (`tails`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, ctx

from ..enclosure import enclose
from ..errors import InvalidInput
from ..outcome import Outcome
from .closed_form import ball_of, exact_ball, fraction_of, guesses, is_zero, lies_in, outside
from .smooth import derivative, enclosed
from .tails import STARTS, Tail, TooNear, Unknown, tail

_BITS = 128
_MORE_BITS = (512, 2048, 8192)
_PIECES = 5_000
_STUCK = 16
_ONE = Fraction(1)
_NARROW = Fraction(1, 2**10)
_VERY_NARROW = Fraction(1, 2**16)
_NARROWEST = Fraction(1, 2**60)
_NEARLY_ZERO = arb(2) ** -100
_CONTACT_ORDERS = 7

Piece = tuple[Fraction, Fraction]


class _Refuted(Exception):
    """The claim fails at this point."""


class _Undecided(Exception):
    """Why the claim could not be decided."""


def nonnegative(
    expression: sympy.Expr, symbol: sympy.Symbol, lower: Any, upper: Any, *, strict: bool = False
) -> Outcome:
    """Whether a smooth `expression` is >= 0 (> 0 if `strict`) for every value of `symbol` in [lower, upper].

    The ends are exact constants or -oo and oo. Refuted comes with a point, rational unless the function only just
    touches 0. Inconclusive says where the trouble is.
    """
    try:
        with ctx.workprec(_BITS):
            _Claim(expression, symbol, sympy.sympify(lower), sympy.sympify(upper), strict).prove()
    except _Refuted as refuted:
        return Outcome.refuted(refuted.args[0], f"{expression} is not {'> 0' if strict else '>= 0'} there")
    except (_Undecided, Unknown) as undecided:
        return Outcome.inconclusive(str(undecided))
    return Outcome.proved("every piece of the interval is settled by balls, tails and exact contacts included")


@dataclass
class _Claim:
    """One claim and what is known about its function."""

    expression: sympy.Expr
    symbol: sympy.Symbol
    lower: Any
    upper: Any
    strict: bool
    contacts: dict[sympy.Expr, int] = field(default_factory=dict)

    def prove(self) -> None:
        if self.symbol not in self.expression.free_symbols:
            return self._constant()
        start = self._outermost_start()
        left = self._left_end(start)
        right = self._right_end(start)
        if left > right:
            raise InvalidInput(f"the interval from {self.lower} to {self.upper} is empty")
        pieces = [(left, right)]
        stuck: list[Piece] = []
        for _ in range(_PIECES):
            if not pieces or len(stuck) >= _STUCK:
                break
            piece = pieces.pop()
            if not self._settled(piece):
                (stuck if _is_narrowest(piece) else pieces).extend(_halves(piece))
        if stuck or pieces:  # only now, since the claim might have been refuted elsewhere
            place = float((stuck or pieces)[0][0])
            raise _Undecided(f"the sign of {self.expression} is not decided near {self.symbol} = {place:.12g}")

    def _constant(self) -> None:
        ball = enclose(self.expression)
        if ball > 0 or (not self.strict and is_zero(self.expression)):
            return
        if ball < 0 or self.strict:
            raise _Refuted(next(iter(self._finite_ends()), sympy.Integer(0)))
        raise _Undecided(f"the sign of {self.expression} is not decided")

    def _outermost_start(self) -> int:
        """A power of two beyond the finite ends."""
        reach = max((abs(outside(end, 1)) for end in self._finite_ends()), default=Fraction(0))
        if reach >= STARTS[-1]:
            raise _Undecided(f"an end of the interval is beyond {STARTS[-1]}")
        return next(start for start in STARTS if start > reach)

    def _finite_ends(self) -> list[sympy.Expr]:
        return [end for end in (self.lower, self.upper) if end not in (-sympy.oo, sympy.oo)]

    def _left_end(self, start: int) -> Fraction:
        if self.lower == -sympy.oo:
            return Fraction(-self._settled_beyond(-1, start))
        return outside(self.lower, -1)

    def _right_end(self, start: int) -> Fraction:
        if self.upper == sympy.oo:
            return Fraction(self._settled_beyond(1, start))
        return outside(self.upper, 1)

    def _settled_beyond(self, direction: int, least: int) -> int:
        """A start A such that the claim holds on [A, oo) or (-oo, -A]."""
        behaviour = tail(self.expression, self.symbol, direction)
        for start in behaviour.starts():
            if start < least:
                continue
            sign = _sign_beyond(behaviour, start) or self._sign_by_monotony(behaviour, direction, start)
            if sign < 0:
                raise _Refuted(sympy.Integer(direction * start))
            if sign > 0:
                return start
        side = "oo" if direction > 0 else "-oo"
        raise _Undecided(f"the sign of {self.expression} is not decided near {side}")

    def _sign_by_monotony(self, behaviour: Tail, direction: int, start: int) -> int:
        """The sign of a function that tends to 0 and is monotone from `start` on."""
        if behaviour.limit() != 0:
            return 0
        slope = tail(derivative(self.expression, self.symbol), self.symbol, direction)
        return -direction * _sign_beyond(slope, start)

    def _settled(self, piece: Piece) -> bool:
        """Whether the claim is proved on the piece. Raises _Refuted at a point where it fails."""
        whole = self._on(piece)
        if self._holds(whole):
            return True
        middle = (piece[0] + piece[1]) / 2
        value = self._at(middle)
        if value < 0:
            self._refute(middle, piece)
        if not whole.is_finite():
            return False
        with ctx.workprec(_bits_for(value)):
            return self._settled_by_slopes(piece, value)

    def _settled_by_slopes(self, piece: Piece, value: arb) -> bool:
        """The same by the first two derivatives; `value` is the one in the middle."""
        left, right = piece
        slope = self._on(piece, 1)
        if not slope.is_finite():
            return False
        if self._holds(value + slope * arb(0, exact_ball((right - left) / 2))):
            return True
        if slope >= 0 and self._holds(self._at(left)):
            return True
        if slope <= 0 and self._holds(self._at(right)):
            return True
        curvature = self._on(piece, 2)
        if curvature > 0 and self._convex(piece, curvature):
            return True
        return self._touches(piece)

    def _refute(self, point: Fraction, piece: Piece) -> None:
        """Raises _Refuted at the point, or at one nearby with a shorter name, if it belongs to the interval."""
        left, right = piece
        shorter = [point.limit_denominator(10**digits) for digits in (2, 4, 8, 16)]
        for candidate in (*(each for each in shorter if left <= each <= right), point):
            number = sympy.Rational(candidate.numerator, candidate.denominator)
            if self._at(candidate) < 0 and lies_in(number, self.lower, self.upper):
                raise _Refuted(number)

    def _convex(self, piece: Piece, curvature: arb) -> bool:
        """The least value of a function whose second derivative is at least that of the piece, by Newton's method."""
        point = self._stationary(piece)
        value, slope = self._at(point), self._at(point, 1)
        if value < 0:
            self._refute(point, piece)
        least = value - slope * slope / (2 * curvature.lower())
        return self._holds(least)

    def _stationary(self, piece: Piece, order: int = 1) -> Fraction:
        """A point of the piece where the derivative of that order is nearly 0, if there is one, by Newton's method."""
        left, right = piece
        point = (left + right) / 2
        for _ in range(9):
            step = self._at(point, order) / self._at(point, order + 1)
            if not step.is_finite():
                return point
            target = min(max(fraction_of(exact_ball(point) - step), left), right)
            if target == point:
                return point
            point = target
        return point

    def _touches(self, piece: Piece) -> bool:
        """Whether the function touches 0 at a point of the piece where this is an exact equation."""
        left, right = piece
        if right - left > _NARROW * max(_ONE, abs(left), abs(right)):
            return False
        for point, order in self._contacts_in(piece):
            if self.strict:
                raise _Refuted(point)
            ball = self._enclosed(order, _hull(piece).union(ball_of(point)))
            if ball > 0 and (order % 2 == 0 or point in (self.lower, left)):
                return True
            if ball < 0 and order % 2 and point in (self.upper, right):
                return True
        return False

    def _contacts_in(self, piece: Piece) -> Iterator[tuple[sympy.Expr, int]]:
        """Exact zeros of the function in the piece, each with the order of the first derivative that is not 0 there."""
        hull = _hull(piece)
        for point in self._candidates(piece):
            if point not in self.contacts:
                self.contacts[point] = self._order(point)
            if self.contacts[point] and hull.overlaps(ball_of(point)) and lies_in(point, self.lower, self.upper):
                yield point, self.contacts[point]

    def _candidates(self, piece: Piece) -> Iterator[sympy.Expr]:
        left, right = piece
        yield from (point for point in list(self.contacts) if _hull(piece).overlaps(ball_of(point)))
        yield from (end for end in self._finite_ends() if _hull(piece).overlaps(ball_of(end)))
        # Where h vanishes to the order 2, 4 or 6, this derivative has a simple zero.
        for order in (1, 3, 5) if right - left < _VERY_NARROW * max(_ONE, abs(left)) else (1,):
            with ctx.workprec(2 * _BITS):
                near = self._stationary(piece, order)
                if not self._at(near) < _NEARLY_ZERO:
                    continue
            yield from guesses(near, self.expression)

    def _order(self, point: sympy.Expr) -> int:
        """The order of the first derivative that does not vanish at the point; 0 if the function itself does not."""
        for order in range(_CONTACT_ORDERS):
            if not is_zero(derivative(self.expression, self.symbol, order).xreplace({self.symbol: point})):
                return order
        return 0

    def _holds(self, ball: arb) -> bool:
        return bool(ball > 0 if self.strict else ball >= 0)

    def _on(self, piece: Piece, order: int = 0) -> arb:
        return self._enclosed(order, _hull(piece))

    def _at(self, point: Fraction, order: int = 0) -> arb:
        """The value at a point, with more bits where the first ones do not tell its sign."""
        ball = self._enclosed(order, exact_ball(point))
        for bits in _MORE_BITS:
            if ball.is_finite() and not ball.contains(0):
                break
            with ctx.workprec(max(bits, ctx.prec)):
                ball = self._enclosed(order, exact_ball(point))
        return ball

    def _enclosed(self, order: int, at: arb) -> arb:
        return enclosed(self.expression, self.symbol, order, at, ctx.prec)


def _bits_for(value: arb) -> int:
    """The precision at which balls can tell a number of that size from 0."""
    if value.contains(0) or not value.is_finite():
        return _BITS
    mantissa, exponent = value.mid().man_exp()
    magnitude = int(mantissa).bit_length() + int(exponent)
    return min(_BITS + max(0, -magnitude), _MORE_BITS[-1])


def _halves(piece: Piece) -> list[Piece]:
    left, right = piece
    middle = (left + right) / 2
    return [(left, middle), (middle, right)]


def _is_narrowest(piece: Piece) -> bool:
    left, right = piece
    return right - left < _NARROWEST * max(_ONE, abs(left))


def _sign_beyond(behaviour: Tail, start: int) -> int:
    try:
        return behaviour.sign_from(start)
    except (TooNear, Unknown):
        return 0


def _hull(piece: Piece) -> arb:
    """A ball around the piece."""
    left, right = piece
    return arb(exact_ball((left + right) / 2), exact_ball((right - left) / 2))
