"""What a command prints: one JSON object, or tables for a reader."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

SHOWN_DIGITS = 21
SHOWN_PRECISION = 6
SHOWN_ALTERNATIVES = 10
PLAN_KEYS = (
    *("kind", "target", "network", "epsilon", "radius", "row_radius", "comparator_margin", "activation", "scale"),
    *("loss", "loss_margin", "width", "step_size", "iterations"),
)
ALTERNATIVE_KEYS = ("theorem", "network", "activation", "epsilon", "radius", "share", "width", "iterations", "kind")
FROM_DATA = (
    "R is certified for infinite width. A drawn network has a kernel of its own, on which this plan is conditional: "
    "robustntk verify draws one and checks it there."
)
STATUS = {
    True: Text("holds", style="green"),
    False: Text("fails", style="red"),
    None: Text("to be checked", style="yellow"),
}


def print_json(payload: Mapping[str, Any]) -> None:
    """Print `payload` as the only object on stdout; infinities and NaN must have become null before."""
    print(json.dumps(payload, allow_nan=False))


def integer(value: int) -> str:
    """All digits with thousands separators, or the leading ones: ``1.600...e121 (122 digits)``."""
    digits = str(abs(value))
    if len(digits) <= SHOWN_DIGITS:
        return f"{value:,}"
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[0]}.{digits[1:4]}...e{len(digits) - 1} ({len(digits)} digits)"


def number(value: object) -> str:
    """A short form of `value`: integers in full, floats with six digits, None as a dash, the rest as text."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return integer(value)
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else str(value)
    return str(value)


def cell(value: object) -> Text:
    """`value` as the content of a table cell; square brackets in it are text, not markup."""
    return value if isinstance(value, Text) else Text(number(value))


def interval(value: Mapping[str, float | None]) -> str:
    """``estimate in [lower, upper]``, the ends rounded outward; an upper end of None is infinite."""
    upper = "inf" if value["upper"] is None else above(value["upper"])
    return f"{number(value['estimate'])} in [{below(value['lower'])}, {upper}]"


def below(value: float | None) -> str:
    """A lower bound, rounded down."""
    from ..verify.experiment.typography import at_least

    return at_least(value, SHOWN_PRECISION)


def above(value: float | None) -> str:
    """An upper bound, rounded up."""
    from ..verify.experiment.typography import at_most

    return at_most(value, SHOWN_PRECISION)


def stdout() -> Console:
    """A console on the present standard output, never wider than prose can be read."""
    console = Console(highlight=False, soft_wrap=False)
    console.width = min(console.width, 110)
    return console


def print_fields(title: str, fields: Mapping[str, object]) -> None:
    """Print names and values in two columns."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields.items():
        table.add_row(name, cell(value))
    stdout().print(table)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print `rows` under `columns`, numbers to the right; prints nothing when there are no rows."""
    content = list(rows)
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], int | float) for row in content)
        table.add_column(column, overflow="fold", justify="right" if numeric else "left", no_wrap=numeric)
    for row in content:
        table.add_row(*(cell(value) for value in row))
    if content:
        stdout().print(table)


def print_prose(text: str) -> None:
    """Print `text`, wrapped, without reading it as markup."""
    stdout().print(text, markup=False)


def print_hypotheses(hypotheses: Iterable[Mapping[str, Any]]) -> None:
    """Print each hypothesis of a theorem with what is known about it."""
    rows = [(h["text"], STATUS[h.get("satisfied")], h.get("reason") or "") for h in hypotheses]
    print_table("Hypotheses", ("hypothesis", "status", "reason"), rows)


def print_plan(plan: Mapping[str, Any]) -> None:
    """Print the JSON form of a plan or of a scaling law's value (the contract's ``width`` keys)."""
    print_fields(f"Plan by {plan['theorem']}", plan_fields(plan))
    print_hypotheses(plan.get("hypotheses") or ())
    print_alternatives(plan.get("alternatives") or ())
    if plan.get("statement"):
        print_prose(plan["statement"])
    if plan.get("data_radius") and plan["kind"] == "conditional-guarantee":
        print_prose(FROM_DATA)
    if plan.get("not_certified"):
        print_prose(f"No network was certified: {plan['not_certified']}.")


def plan_fields(plan: Mapping[str, Any]) -> dict[str, object]:
    """What the plan says, by the names that a reader sees; what it does not have is left out."""
    shown = {name.replace("_", " "): plan[name] for name in PLAN_KEYS if plan.get(name) is not None}
    if plan.get("data_radius"):
        shown["radius"] = f"{number(plan['radius'])}; of the data: {interval(plan['data_radius']['radius'])}"
    fewest = plan.get("fewest_iterations")
    if fewest and fewest["theorem"] != plan["theorem"]:
        iterations, width = number(fewest["iterations"]), number(fewest["width"])
        shown["fewest iterations"] = f"{iterations} by {fewest['theorem']}, at width {width}"
    if plan.get("solved_for"):
        found, next_better = number(plan["value"]), number(plan["unproved"])
        shown["solved for"] = f"{plan['solved_for']} = {found}; no plan was found for {next_better}"
    for group in ("shares", "terms"):
        shown |= {f"{group[:-1]}: {name}": value for name, value in (plan.get(group) or {}).items()}
    for name in ("confidence", "gradient_bound", "provenance", "remark"):
        if plan.get(name) not in (None, ""):
            shown[name.replace("_", " ")] = plan[name]
    return shown


def print_alternatives(alternatives: Sequence[Mapping[str, Any]]) -> None:
    """Print the plans there were to choose from, if there was a choice, and the theorems that have none.

    Of a long list its beginning is shown.
    """
    if len(alternatives) < 2:
        return
    possible = [other for other in alternatives if other.get("width") is not None]
    keys = [key for key in ALTERNATIVE_KEYS if any(other.get(key) is not None for other in possible)]
    if len({other.get("kind") for other in possible}) == 1:
        keys = [key for key in keys if key != "kind"]
    shown = possible[:SHOWN_ALTERNATIVES]
    rest = "" if len(shown) == len(possible) else f", the first {len(shown)} of {len(possible)}"
    print_table(f"Alternatives{rest}", keys, [[other.get(key) for key in keys] for other in shown])
    reasons: dict[str, list[str]] = {}
    for other in alternatives:
        if other.get("width") is None:
            reasons.setdefault(other.get("reason") or "-", []).append(str(other["theorem"]))
    print_table("Without a plan", ("theorem", "reason"), [(", ".join(ids), why) for why, ids in reasons.items()])
