"""What is verified, by theorem: tables made from the proofs as `robustntk prove` checks them, at every change of them.

``{ledger}`` is one row for each proof; ``{ledger-steps}`` lists the steps of each, folded; ``{ledger-cited}`` what is
cited; ``{ledger-recorded}`` the laws that are not proved.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from docs.kept_ledger import check_ledger

KINDS = {"guarantee": "Theorems", "lemmas": "What they rest on", "constants": "Tables and calculators"}
Json = dict[str, Any]


def engines_of(steps: Iterable[Json]) -> str:
    """How many steps each engine proved: "12 smt, 3 sympy"."""
    found = Counter(step["engine"] for step in steps if step["outcome"] == "proved")
    return ", ".join(f"{count} {engine}" for engine, count in found.most_common())


def summary_rows(ledger: Json, kind: str) -> Iterator[list[str]]:
    """Proof, what it states, its steps by engine, cited steps, assumptions that its steps name, what it rests on."""
    for proof in ledger["theorems"]:
        if proof["kind"] == kind:
            yield [
                proof["id"],
                proof["title"],
                f"{len(proof['steps'])}: {engines_of(proof['steps'])}",
                str(len(proof["citations"])),
                str(len(proof["assumptions"])),
                ", ".join(proof["rests_on"]) or "–",
            ]


def table(header: list[str], rows: Iterable[Iterable[str | nodes.Node]], *, widths: list[int]) -> nodes.table:
    """A table of text, or of nodes where a cell has markup."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in widths), cols=len(header))
    group += nodes.thead("", _row(header))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group, classes=["ledger"])


def _row(cells: Iterable[str | nodes.Node]) -> nodes.row:
    inline = (nodes.Text(cell) if isinstance(cell, str) else cell for cell in cells)
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", each)) for each in inline))


class _LedgerDirective(SphinxDirective):
    """All of them read the ledger of this build."""

    path: ClassVar[Path]

    @property
    def ledger(self) -> Json:
        self.env.note_dependency(str(self.path))
        return dict(json.loads(self.path.read_text(encoding="utf-8")))

    @classmethod
    def check(cls, app: Sphinx) -> None:
        """Before pages are read, so that those with an older ledger are read again."""
        cls.path = check_ledger()


class Summary(_LedgerDirective):
    """One table for each kind of proof."""

    def run(self) -> list[nodes.Node]:
        ledger = self.ledger
        total = [step for proof in ledger["theorems"] for step in proof["steps"]]
        found: list[nodes.Node] = [
            nodes.paragraph(
                "",
                f"{len(total)} steps: {ledger['proved']} checked by machine ({engines_of(total)}), "
                f"{ledger['cited']} cited, none open.",
            )
        ]
        header = ["proof", "states", "steps by engine", "cited", "assumed", "rests on"]
        for kind, title in KINDS.items():
            rows = summary_rows(ledger, kind)
            found += [nodes.rubric("", title), table(header, rows, widths=[10, 30, 30, 6, 8, 16])]
        return found


class Steps(_LedgerDirective):
    """Every proof with its steps and what they suppose, folded."""

    def run(self) -> list[nodes.Node]:
        return [node for proof in self.ledger["theorems"] for node in self._folded(proof)]

    def _folded(self, proof: Json) -> Iterator[nodes.Node]:
        title = f"{proof['id']}, {proof['title']}: {len(proof['steps'])} steps"
        yield nodes.raw("", f"<details><summary>{_html(title)}</summary>", format="html")
        rows = (
            [step["name"], nodes.literal("", step["claim"]), step["engine"], step["outcome"]] for step in proof["steps"]
        )
        yield table(["step", "claim", "checked by", "outcome"], rows, widths=[18, 52, 12, 10])
        for heading, names in (("Supposed", proof["assumptions"]), ("By definition", proof["definitions"])):
            if names:
                items = (nodes.list_item("", nodes.paragraph("", "", nodes.literal("", name))) for name in names)
                yield nodes.paragraph("", f"{heading}:")
                yield nodes.bullet_list("", *items)
        yield nodes.raw("", "</details>", format="html")


class Cited(_LedgerDirective):
    """The steps that rest on published theorems."""

    def run(self) -> list[nodes.Node]:
        rows = ([each["step"], each["reference"]] for proof in self.ledger["theorems"] for each in proof["citations"])
        return [table(["step", "published theorem"], rows, widths=[25, 60])]


class Recorded(_LedgerDirective):
    """The laws that nothing here proves."""

    def run(self) -> list[nodes.Node]:
        rows = ([law["id"], law["title"], law["source"], law["status"]] for law in self.ledger["recorded"])
        return [table(["law", "about", "source", "status"], rows, widths=[6, 30, 40, 20])]


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def setup(app: Sphinx) -> dict[str, bool]:
    """The directives, and the check."""
    app.connect("builder-inited", _LedgerDirective.check)
    for name, directive in (("", Summary), ("-steps", Steps), ("-cited", Cited), ("-recorded", Recorded)):
        app.add_directive(f"ledger{name}", directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
