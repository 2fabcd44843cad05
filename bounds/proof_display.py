"""A checked proof as a page of a notebook: Markdown tables of its steps, what became of them, and why.

Nothing is retyped: names, claims, engines and outcomes are those of the proof objects, at the time they were checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sympy
from sympy.core.alphabets import greeks

from .outcome import Outcome, Verdict

if TYPE_CHECKING:
    from .proof import ProofReport, Step, StepReport

__all__ = ["formula", "proof_markdown", "step_markdown"]

# Colour alone would not do: the word is always there too.
MARKS = {
    Verdict.PROVED: "✓ proved",
    Verdict.CITED: "❝ cited",
    Verdict.REFUTED: "✗ refuted",
    Verdict.INCONCLUSIVE: "? inconclusive",
    Verdict.UNSUPPORTED: "— unsupported",
}
GREEK = "|".join(sorted([*greeks, *(name.capitalize() for name in greeks)]))
PLAIN_SYMBOL = re.compile(rf"(?P<base>[A-Za-z]|{GREEK})(?P<index>_(?:\w|\*))?(?P<prime>'?)", re.ASCII)


def proof_markdown(report: ProofReport) -> str:
    """The steps of a checked proof in one table, with the faults that were planted in each and caught."""
    falsified = any(step.falsified for step in report.steps)
    header = ["step", "claim", "checked by", "outcome", *(["faults refuted"] if falsified else [])]
    rows = [_row(step, falsified=falsified) for step in report.steps]
    seconds = sum(step.seconds for step in report.steps)
    title = f"**{report.proof.theorem}, {report.proof.title}**: {len(rows)} steps checked in {seconds:.1f} s"
    return f"{title}\n\n{_table(header, rows)}"


def _row(report: StepReport, *, falsified: bool) -> list[str]:
    step = report.step
    caught = len(report.falsified) - len(report.missed)
    counted = [f"{caught} of {len(report.falsified)}"] if falsified else []
    return [f"**{_text(step.name)}**", _cell(step.claim), step.engine.name, MARKS[report.outcome], *counted]


def step_markdown(report: StepReport) -> str:
    """One checked step: claim, formula, what it rests on, why it holds, and each planted fault with what refutes it."""
    step = report.step
    by = "" if report.outcome is Verdict.CITED else f" by {step.engine.name}"
    lines = [f"**{_text(step.name)}** · {MARKS[report.outcome]}{by}\n", f"- claim: {_code(step.claim)}"]
    if step.engine.conclusion is not None:
        lines.append(f"- as the engine reads it: ${formula(step.engine.conclusion)}$")
    for title, names in _grounds(step):
        if names:
            lines.append(f"- {title}: " + "; ".join(_code(name) for name in names))
    lines.append(f"- why: {_text(report.reason)}")
    if report.found.counterexample is not None:
        lines.append(f"- counterexample: {_code(str(report.found.counterexample))}")
    lines += [f"- fault planted, {_text(change)}: {_fault(outcome)}" for change, outcome in report.falsified]
    return "\n".join(lines)


def _grounds(step: Step) -> Iterable[tuple[str, tuple[str, ...]]]:
    return (("rests on", step.premises), ("supposes", step.assumptions), ("by definition", step.definitions))


def _fault(outcome: Outcome) -> str:
    where = "" if outcome.counterexample is None else f" at {_code(str(outcome.counterexample))}"
    return f"{outcome.verdict.value}{where}"


def formula(relation: Any) -> str:
    r"""LaTeX of a SymPy relation; symbols whose names are words or expressions are set upright.

    >>> formula(sympy.Symbol("alpha") <= sympy.Symbol("|grad f|"))
    '\\alpha \\leq \\mathrm{|grad\\ f|}'
    """
    names = {symbol: _symbol(symbol.name) for symbol in getattr(relation, "free_symbols", ())}
    return str(sympy.latex(relation, symbol_names=names))


def _symbol(name: str) -> str:
    plain = PLAIN_SYMBOL.fullmatch(name)
    if plain is None:
        return rf"\mathrm{{{_word(name)}}}"
    return str(sympy.latex(sympy.Symbol(plain["base"] + (plain["index"] or "")))) + plain["prime"]


def _word(name: str) -> str:
    """A name such as ``|grad f|^2`` or ``next_sum``: its letters upright, its indices and powers where they belong."""
    escaped = re.sub(r"([%&#${}])", r"\\\1", name).replace(" ", r"\ ")
    return re.sub(r"([_^])(\w+|\*)", r"\1{\2}", escaped)


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    lines = [header, [":--"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`"


def _cell(text: str) -> str:
    """`text` as code inside a table, where a vertical bar would end the cell."""
    return _code(text).replace("|", r"\|")


def _text(text: str) -> str:
    """`text` without what Markdown would read as markup."""
    return re.sub(r"([\\`*_|$<>\[\]])", r"\\\1", text)
