"""``robustntk check``: the search for counterexamples to every lemma and theorem that is a numerical inequality."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from . import options
from .completion import claim_names, one_from
from .output import print_json, print_prose, print_table
from .progress import progress

if TYPE_CHECKING:
    from ..verify.checking.claim import Claim
    from ..verify.checking.search import Finding

EXAMPLES = ("robustntk check --claim E1.a --examples 100",)

EXAMPLES_OF_A_CLAIM, EXAMPLES_OF_A_FAULT = 200, 2000
FOUND, NOT_FOUND = "refuted", "no counterexample"


def run(
    claim: Annotated[
        list[str] | None,
        typer.Option(
            "--claim",
            metavar="ID",
            autocompletion=one_from(claim_names),
            help="A claim, such as E1.a/ball, or a label of the theory, such as E4.c, for all claims below it; may be "
            "repeated. All by default.",
        ),
    ] = None,
    examples: Annotated[
        int | None,
        typer.Option(
            "--examples",
            metavar="INTEGER",
            parser=options.whole_number,
            help=f"Examples for each claim ({EXAMPLES_OF_A_CLAIM}; with --falsify at most {EXAMPLES_OF_A_FAULT}).",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="INTEGER", parser=options.whole_number, help="Seed of the examples.")
    ] = 0,
    falsify: Annotated[
        bool,
        typer.Option(
            "--falsify",
            help="Make every right side 20 per cent too small, and require that the search refutes each.",
        ),
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="Only list the claims.")] = False,
    as_json: options.Json = False,
) -> int:
    """Search random and adversarial examples for counterexamples; exit 1 if there is one.

    Finding none proves nothing: `robustntk prove` is for that.
    """
    from ..verify.checking.registry import choose
    from ..verify.checking.search import search_all

    chosen = choose(claim)
    if listed:
        print_claims(chosen, as_json=as_json)
        return 0
    if falsify:
        chosen = tuple(each.falsified() for each in chosen)
    count = examples if examples is not None else (EXAMPLES_OF_A_FAULT if falsify else EXAMPLES_OF_A_CLAIM)
    with progress("check", as_json=as_json) as report:
        findings = search_all(chosen, examples=count, seed=seed, shrink=not falsify, report=report)
    holds = kept(findings, falsify=falsify)
    if as_json:
        print_json({"falsify": falsify, "seed": seed, "holds": holds, "claims": [each.to_json() for each in findings]})
    else:
        print_findings(findings, falsify=falsify)
    return 0 if holds else 1


def kept(findings: "Sequence[Finding]", *, falsify: bool) -> bool:
    """Whether no claim is refuted; of falsified ones, whether all are but those that say why they cannot be."""
    if falsify:
        return all(found.refuted or found.claim.slack for found in findings)
    return not any(found.refuted for found in findings)


def print_claims(claims: "Sequence[Claim]", *, as_json: bool) -> None:
    """The ids and what they say."""
    if as_json:
        keys = ("id", "theorem", "statement", "slack")
        print_json({"claims": [{key: getattr(each, key) for key in keys} for each in claims]})
    else:
        print_table(f"{len(claims)} claims", ("id", "claim"), [(each.id, each.statement) for each in claims])


def print_findings(findings: "Sequence[Finding]", *, falsify: bool) -> None:
    """A table, then every counterexample with the lines of Python that evaluate it again."""
    title = "Falsified claims: right sides 20 per cent too small" if falsify else "Claims"
    rows = [
        (each.claim.id, each.claim.statement, each.examples, outcome(each), f"{each.ratio:.4f}") for each in findings
    ]
    print_table(title, ("claim", "statement", "examples", "outcome", "lhs/rhs"), rows)
    for found in findings:
        if found.refuted and not falsify:
            print_prose(f"{found.claim.id} is refuted; the smallest counterexample found:")
            print(found.snippet)
        elif falsify and not found.refuted and found.claim.slack:
            print_prose(f"{found.claim.id} is not refuted, as expected: {found.claim.slack}.")
    print_prose(in_words(findings, falsify=falsify))


def outcome(found: "Finding") -> Text:
    """The outcome, in words that do not claim too much."""
    return Text(FOUND, style="red") if found.refuted else Text(NOT_FOUND, style="default")


def in_words(findings: "Sequence[Finding]", *, falsify: bool) -> str:
    """What the search came to, in a sentence."""
    refuted, total = sum(found.refuted for found in findings), len(findings)
    examples = sum(found.examples for found in findings)
    if falsify:
        slow = max((found.examples for found in findings if found.refuted), default=0)
        return f"{refuted} of {total} falsified claims are refuted, each within {slow:,} examples."
    if refuted:
        return f"{refuted} of {total} claims are refuted."
    return f"No counterexample to {total} claims in {examples:,} examples: evidence, no proof."
