"""Plain-text mathematics as HTML, and numbers that are rounded to the safe side where they are bounds."""

from __future__ import annotations

import math
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

from markupsafe import Markup, escape

_DIGITS = 4
_WORDS = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "sigma": "σ",
    "epsilon": "ε",
    "rho": "ρ",
    "theta": "θ",
    "tau": "τ",
    "mu": "μ",
    "grad": "∇",
}
_SIGNS = (("&lt;=", "≤"), ("&gt;=", "≥"), ("||", "‖"), ("sqrt(m)", "√m"), ("^2", "²"), ("_F", "<sub>F</sub>"))


def mathematics(text: str) -> Markup:
    """Text such as ``||W - W_0||_F <= R`` with Greek letters, signs and subscripts; everything else is escaped."""
    marked = str(escape(text)).replace("&#39;", "'")
    for sign, shown in _SIGNS:
        marked = marked.replace(sign, shown)
    marked = re.sub(r"\b(" + "|".join(_WORDS) + r")(?=\b|_|²)", lambda found: _WORDS[found.group(1)], marked)
    marked = re.sub(r"(?<![A-Za-z])([A-Za-zℓ∇])_(?:\(([^()]*)\)|([A-Za-z0-9*]+))", r"\1<sub>\2\3</sub>", marked)
    return Markup(re.sub(r"\^([A-Za-z0-9])\b", r"<sup>\1</sup>", marked))


def number(value: float | int | None, rounding: str = ROUND_HALF_EVEN, digits: int = _DIGITS) -> str:
    """A few significant digits, integers in full with separators; None is an infinite end."""
    if value is None:
        return "∞"
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    rounded = Context(prec=digits, rounding=rounding).create_decimal(Decimal(value))
    plain = rounded == 0 or Decimal("1e-3") <= abs(rounded) < Decimal("1e6")
    return (
        f"{float(rounded):.{digits}g}" if plain else f"{rounded:.2e}" if rounding == ROUND_HALF_EVEN else f"{rounded:e}"
    )


def at_most(value: float | int | None, digits: int = _DIGITS) -> str:
    """An upper bound, rounded up."""
    return number(value, ROUND_CEILING, digits)


def at_least(value: float | int | None, digits: int = _DIGITS) -> str:
    """A lower bound, rounded down."""
    return number(value, ROUND_FLOOR, digits)
