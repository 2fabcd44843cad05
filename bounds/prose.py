"""Exact numbers as a reader wants to see them."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact

import sympy

from .enclosure import enclose

_DIGITS = 12


def number_text(value: sympy.Expr) -> str:
    """The exact decimal where it is short, else six digits marked as approximate."""
    if value.is_Integer:
        return integer_text(int(value))
    if value.is_Rational:
        context = Context(prec=_DIGITS)
        quotient = context.divide(Decimal(int(value.p)), Decimal(int(value.q)))
        if not context.flags[Inexact]:
            return str(quotient.normalize()).lower()
    return f"about {enclose(value, 512).str(6, radius=False)}"


def integer_text(number: int) -> str:
    """All digits, unless there are thousands of them (Python refuses to write out more than 4300)."""
    if number.bit_length() > 14_000:
        return f"about 10^{int(number.bit_length() * 0.30103)}"
    return str(number)
