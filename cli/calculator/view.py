"""Answers as HTML for the page: the plan, its statement, all theorems, and the figures' frames."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..output import above, below, integer, interval, number
from .answer import Answer, Plan
from .figures import Drawing
from .question import Arguments, command_line

_TEMPLATE = "answer.html.j2"
_SHOWN_ROWS = 14
_STATUS = {True: "holds", False: "fails", None: "to be checked"}


@dataclass(frozen=True)
class Row:
    """What one theorem asks for, or why it asks for nothing."""

    theorem: str
    title: str
    width: str = ""
    iterations: str = ""
    remark: str = ""


def headline_html(arguments: Arguments, answer: Answer) -> str:
    """The numbers of the plan and what they are worth, or the line of refusal; and the command that says the same."""
    plan = None if answer.plan is None else shown(answer.plan)
    return _render("headline", refusal=answer.refusal, plan=plan, command=command_line(arguments))


def details_html(plan: Plan) -> str:
    """The statement, its hypotheses, and what every theorem asks for."""
    return _render("details", plan=shown(plan))


def figure_html(drawing: Drawing, caption: str) -> str:
    """A figure for both widths of window, with its description for readers who do not see it."""
    return _render("drawn", drawing=drawing, caption=caption)


def laws_html() -> str:
    """The paper's theorems, which guarantee nothing as long as their constants are not known."""
    from ...bounds import SCALING_LAWS

    return _render("laws", laws=SCALING_LAWS.values())


def shown(plan: Plan) -> dict[str, Any]:
    """The plan in the words and digits of the page."""
    radius = plan.get("data_radius")
    return {
        "kind": plan["kind"],
        "kind_text": _kind_text(plan),
        "theorem": plan["theorem"],
        "title": _title(plan["theorem"]),
        "width": integer(plan["width"]),
        "step_size": number(plan["step_size"]),
        "iterations": integer(plan["iterations"]),
        "activation": _label(plan),
        "network": plan["network"],
        "statement": plan["statement"],
        "hypotheses": [{**row, "status": _STATUS[row["satisfied"]]} for row in plan["hypotheses"]],
        "open": sum(row["satisfied"] is None for row in plan["hypotheses"]),
        "rows": list(_rows(plan["alternatives"])),
        "not_certified": plan.get("not_certified"),
        "radius": None if radius is None else _radius(radius),
    }


def _kind_text(plan: Plan) -> str:
    chance = ""
    if plan["confidence"] is not None:
        # Of the lower end of an exact number all digits but the last, in which the two differ.
        chance = f", with probability at least {plan['confidence']:.15g} over W₀"
    if plan["kind"] == "guarantee":
        where = " at the drawn network" if plan.get("certified") else ""
        return f"Guarantee: every hypothesis holds{where}{chance}."
    if plan["kind"] == "conditional-guarantee":
        return f"Conditional guarantee: it holds once these hypotheses are checked{chance}."
    return "Scaling law: no guarantee."


def _radius(described: Mapping[str, Any]) -> dict[str, str]:
    return {
        "interval": interval(described["radius"]),
        "separation": number(described["separation"]),
        "margin": below(described["certified_margin"]),
        "chord": above(described["largest_chord"]),
        "points": f"{described['n']} points, d = {described['dim']}",
    }


def _rows(alternatives: Iterable[Mapping[str, Any]]) -> Iterable[Row]:
    possible = [other for other in alternatives if other.get("width") is not None]
    telling = [key for key in ("activation", "kind") if len({other.get(key) for other in possible}) > 1]
    for other in possible[:_SHOWN_ROWS]:
        details = [str(other[key]) for key in telling if other.get(key)]
        details += [other["reason"]] if other.get("reason") else []
        yield Row(
            other["theorem"],
            _title(other["theorem"]),
            integer(other["width"]),
            integer(other["iterations"]),
            ", ".join(details),
        )
    reasons: dict[str, list[str]] = {}
    for other in alternatives:
        if other.get("width") is None:
            reasons.setdefault(other.get("reason") or "no plan", []).append(other["theorem"])
    for reason, theorems in reasons.items():
        yield Row(", ".join(theorems), "", remark=reason)


def _label(plan: Plan) -> str:
    scale = plan["scale"]
    return plan["activation"] if scale == 1 else f"{plan['activation']}, scale {number(scale)}"


def _title(theorem: str) -> str:
    from ...bounds import CONVERGENCE_THEOREMS

    return CONVERGENCE_THEOREMS[theorem].title


def _render(macro: str, **values: Any) -> str:
    html: str = getattr(_template(), macro)(**values)
    return str(html)


@cache
def _template() -> Any:
    from importlib.resources import files

    from jinja2 import Environment, StrictUndefined

    from ...verify.experiment.typography import mathematics

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["mathematics"] = mathematics
    return environment.from_string(files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8")).module
