"""Few digits of a bound, rounded to the side on which it still is one."""

from __future__ import annotations

import sys
from decimal import ROUND_CEILING, ROUND_FLOOR, Context

__all__ = ["rounded_down", "rounded_up"]


def rounded_down(value: float, digits: int = 6) -> str:
    """The largest decimal with that many significant digits that is at most `value`."""
    return _rounded(value, digits, ROUND_FLOOR)


def rounded_up(value: float, digits: int = 6) -> str:
    """The smallest decimal with that many significant digits that is at least `value`."""
    return _rounded(value, digits, ROUND_CEILING)


def _rounded(value: float, digits: int, rounding: str) -> str:
    decimal = Context(prec=digits, rounding=rounding).create_decimal_from_float(value)
    # A subnormal double holds fewer digits than were asked for: through it, the decimal would move.
    shown = decimal if 0 < abs(decimal) < sys.float_info.min else float(decimal)
    return f"{shown:.{digits}g}"
