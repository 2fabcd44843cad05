"""``robustntk prove``: the ledger of all proofs, checked step by step."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from . import options
from .completion import one_from, proof_names
from .output import number, print_json, print_prose, print_table, stdout
from .progress import progress

if TYPE_CHECKING:
    from ..bounds.ledger import LedgerReport, TheoremReport
    from ..bounds.outcome import Outcome
    from ..bounds.proof import StepReport
    from ..bounds.worst_case import WorstCase

EXAMPLES = ("robustntk prove --theorem E1 --falsify",)

STYLES = {"proved": "green", "cited": "cyan", "refuted": "red", "inconclusive": "yellow", "unsupported": "yellow"}
WITH_REGRET = "E1"
STEP_WIDTH = 26


def run(
    theorem: Annotated[
        list[str] | None,
        typer.Option(
            "--theorem",
            metavar="ID",
            autocompletion=one_from(proof_names),
            help="A proof, such as E1, activations or losses, and what it rests on; may be repeated. All by default.",
        ),
    ] = None,
    falsify: Annotated[
        bool, typer.Option("--falsify", help="Also require that every falsified variant of every step is refuted.")
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", metavar="INTEGER", parser=options.whole_number, help="Processes to use.")
    ] = 2,
    worst_case: Annotated[
        bool,
        typer.Option(
            "--worst-case/--no-worst-case",
            help="Put the exact worst case of the subgradient method beside the regret of E1 (4 seconds).",
        ),
    ] = True,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "--steps",
            help="Say of each step why it holds, what it rests on and how long it took.",
            rich_help_panel=options.OUTPUT_PANEL,
        ),
    ] = False,
    as_json: options.Json = False,
) -> int:
    """Check every step of every proof; exit 0 only if all are proved or rest on a citation and no fault passes."""
    from ..bounds.exact import whole_number
    from ..bounds.ledger import check_ledger
    from ..bounds.outcome import Verdict

    whole_number(processes, name="processes")
    with progress("prove", as_json=as_json) as report:
        ledger = check_ledger(theorem, falsify=falsify, processes=processes, report=report)
        asked = worst_case and any(checked.id == WITH_REGRET for checked in ledger.theorems)
        if asked:
            report("prove: the worst case beside the regret of E1", 0, None)
        cases, missing = worst_cases() if asked else ((), "")
    if as_json:
        told = {"worst_case": [case.to_json() for case in cases], "worst_case_missing": missing or None}
        print_json(ledger.to_json() | told)
    else:
        print_ledger(ledger, verbose=verbose)
        print_worst_cases(cases, missing)
    return 0 if ledger.holds and all(case.outcome.verdict is not Verdict.REFUTED for case in cases) else 1


def worst_cases() -> "tuple[tuple[WorstCase, ...], str]":
    """The worst cases beside the regret of E1, or why there are none."""
    from ..bounds.worst_case import compare

    try:
        return compare(), ""
    except ImportError as error:
        return (), str(error)


def print_ledger(ledger: "LedgerReport", *, verbose: bool) -> None:
    """A table for each theorem, then what all of it comes to."""
    for theorem in ledger.theorems:
        print_theorem(theorem, verbose=verbose)
    print_summary(ledger)


def print_theorem(theorem: "TheoremReport", *, verbose: bool) -> None:
    """The steps of one proof: the claims get the room."""
    table = Table(title=f"{theorem.id}, {theorem.title}: {theorem.outcome.value}", title_justify="left")
    table.add_column("step", max_width=STEP_WIDTH, overflow="fold")
    table.add_column("claim", ratio=1)
    table.add_column("engine")
    table.add_column("outcome", no_wrap=True)
    if verbose:
        table.add_column("seconds", justify="right", no_wrap=True)
    for step in theorem.steps:
        claim = Text("\n").join(_lines(step, verbose=verbose))
        seconds = (f"{step.seconds:.2f}",) if verbose else ()
        engine = step.step.engine.name
        table.add_row(Text(step.step.name), claim, engine, _verdict(step.outcome.value), *seconds)
    stdout().print(table)


def _verdict(name: str) -> Text:
    return Text(name, style=STYLES[name])


def _lines(step: "StepReport", *, verbose: bool) -> Iterator[Text]:
    """The claim, what became of it unless it is proved, and what became of its falsified variants."""
    yield Text(step.step.claim)
    name = step.outcome.value
    if step.found.counterexample is not None:
        yield Text(f"counterexample: {step.found.counterexample}", style=STYLES[name])
    if verbose or name != "proved":
        yield Text(step.reason, style=STYLES[name])
    if verbose:
        for title, names in (
            ("rests on", step.step.premises),
            ("supposes", step.step.assumptions),
            ("by definition", step.step.definitions),
        ):
            if names:
                yield Text(f"{title}: {'; '.join(names)}", style="dim")
    yield from (_variant(change, outcome) for change, outcome in step.falsified)


def _variant(change: str, outcome: "Outcome") -> Text:
    found = "" if outcome.counterexample is None else f" at {outcome.counterexample}"
    name = outcome.verdict.value
    return Text.assemble(f"falsified, {change}: ", (name, "dim" if name == "refuted" else "red"), (found, "dim"))


def print_summary(ledger: "LedgerReport") -> None:
    """What is machine-checked, what is cited, what is assumed, and what is not proved at all."""
    counts = ("proved", "cited", "refuted", "inconclusive", "unsupported")
    columns = ("theorem", "kind", *counts, "outcome")
    print_table("Ledger", columns, [_summary_row(theorem, counts) for theorem in ledger.theorems])
    print_table("Cited, and not refuted by a stress test", ("theorem", "step", "reference"), _citations(ledger))
    assumed = _listed((theorem.id, theorem.assumptions) for theorem in ledger.theorems)
    print_table("Assumed", ("theorem", "hypotheses"), assumed)
    defined = _listed((theorem.id, theorem.definitions) for theorem in ledger.theorems)
    print_table("What the symbols mean, and textbook facts", ("theorem", "used by name"), defined)
    recorded = ledger.to_json()["recorded"]
    rows = [(law["id"], law["title"], law["source"], law["status"]) for law in recorded]
    print_table("Not on the ledger", ("id", "title", "source", "status"), rows)
    print_prose(_verdict_in_words(ledger))


def _summary_row(theorem: "TheoremReport", counts: Iterable[str]) -> tuple[object, ...]:
    found = Counter(step.outcome.value for step in theorem.steps)
    return (theorem.id, theorem.kind, *(found[name] for name in counts), _verdict(theorem.outcome.value))


def _citations(ledger: "LedgerReport") -> list[tuple[str, str, str]]:
    return [(theorem.id, *citation) for theorem in ledger.theorems for citation in theorem.citations]


def _listed(entries: Iterable[tuple[str, Iterable[str]]]) -> list[tuple[str, str]]:
    return [(theorem, "\n".join(names)) for theorem, names in entries if names]


def _verdict_in_words(ledger: "LedgerReport") -> str:
    engines = Counter(step.step.engine.name for step in ledger.steps if step.outcome.value == "proved")
    by_engine = ", ".join(f"{count} by {engine}" for engine, count in engines.most_common()) or "none"
    cited = sum(step.outcome.value == "cited" for step in ledger.steps)
    checked = f"Of {len(ledger.steps)} steps {engines.total()} are machine-checked ({by_engine})"
    sentences = [
        "The ledger holds." if ledger.holds else "The ledger does not hold.",
        f"{checked}, {cited} rest on a citation.",
    ]
    if ledger.falsify:
        sentences.append(f"{ledger.falsified_refuted} of {len(ledger.falsified)} falsified variants are refuted.")
    return " ".join(sentences) + f" ({ledger.seconds:.1f} s)"


def print_worst_cases(cases: "Collection[WorstCase]", missing: str) -> None:
    """The regret of E1.c beside the computed worst cases, one row for each T."""
    if missing:
        print_prose(f"The worst case beside the regret of E1 is missing: {missing}")
    rows: dict[int, dict[str, Any]] = {}
    for case in cases:
        row = rows.setdefault(case.iterations, {"T": case.iterations})
        described = case.to_json()
        row |= {"alpha": described["step_size"], "regret of E1.c": described["bound"]}
        row[case.measure.value] = number(described["worst_case"])
    if rows:
        columns = tuple(next(iter(rows.values())))
        title = "Regret of E1.c (R = L G = 1) beside the worst case that PEPit computes"
        print_table(title, columns, [tuple(row[column] for column in columns) for row in rows.values()])
        closest = max((case.ratio for case in cases if case.ratio == case.ratio), default=0.0)
        print_prose(f"The worst case comes to {closest:.6f} of the regret: at 1 no better bound is possible.")
