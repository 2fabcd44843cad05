"""The theory page with real theorem directives, made from its plain source as it is read.

In the source a statement is a paragraph that starts with a bold label (``**E1.a (near-linearity).**``), and a proof
runs from ``*Proof.*`` to ``∎``, so that it can be read where no directive is understood. Here the statement becomes a
directive with a label, and the proof one of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx_proof.nodes import proof_node

PAGE = "theory"
LABEL = re.compile(r"\*\*(?P<id>[EP]\d+(?:\.(?:post|[a-z]))?)(?P<rest>[^*]*?)\.?\*\*\s*")
SECTION = re.compile(r"^## (?P<number>\d)\. .*?(?:: (?P<ids>E.*))?$")
RUN_IN = re.compile(r"\*[A-Z]|\*\*|#|\d\. |\|")
PROOF, QED = "*Proof.*", "∎"
FENCE = "::::::"


@dataclass(frozen=True)
class Statement:
    """A labelled statement: ``E1.a`` is its id, ``near-linearity`` what it is called."""

    id: str
    rest: str

    @property
    def title(self) -> str:
        return f"{self.id}{self.rest}"

    @property
    def label(self) -> str:
        """The id where nothing else is said; with a name, as in "E6, the slack", one of its own."""
        named = self.rest.startswith(",") and "." not in self.id
        return re.sub(r"[^\w.]+", "-", self.title) if named else self.id

    @property
    def kind(self) -> str:
        if "calculator" in self.rest:
            return "corollary"
        if self.rest.startswith(","):
            return "proposition"
        return "theorem" if "." not in self.id or self.id == "E1.c" else "lemma"


@dataclass
class _Page:
    """The directives written so far; `kind` is that of the open one, if one is open."""

    blocks: list[str] = field(default_factory=list)
    kind: str = ""

    def open(self, kind: str, *head: str) -> None:
        self.close()
        self.kind = kind
        self.blocks.append("\n".join((f"{FENCE}{{prf:{kind}}}{head[0] if head else ''}", *head[1:], "")).rstrip())

    def close(self) -> None:
        if self.kind:
            self.blocks.append(FENCE)
        self.kind = ""

    def add(self, text: str) -> None:
        if text.strip():
            self.blocks.append(text.strip("\n"))


def transformed(source: str) -> str:
    """The page with directives."""
    page = _Page()
    for block in re.split(r"\n{2,}", source.strip()):
        _place(page, block)
    page.close()
    return "\n\n".join(page.blocks) + "\n"


def _place(page: _Page, block: str) -> None:
    if page.kind == "proof":
        _continue_proof(page, block)
        return
    if (label := LABEL.match(block)) is not None:
        statement = Statement(label["id"], label["rest"])
        page.open(statement.kind, f" {statement.title}", f":label: {statement.label}", ":nonumber:")
        block = block[label.end() :]
    elif RUN_IN.match(block):
        page.close()
    _with_proof(page, block)


def _with_proof(page: _Page, block: str) -> None:
    """Text that may turn into a proof."""
    before, found, proof = block.partition(PROOF)
    if not found:
        page.add(_with_target(block))
        return
    page.add(before)
    page.open("proof")
    _continue_proof(page, proof.lstrip())


def _continue_proof(page: _Page, block: str) -> None:
    inside, ended, after = block.partition(QED)
    page.add(f"{inside.rstrip()} {ended}".rstrip())
    if ended:
        page.close()
        if after.strip():
            _with_proof(page, after.lstrip())


def _with_target(block: str) -> str:
    """A numbered section gets the target that citations of it lead to."""
    section = SECTION.match(block)
    return block if section is None else f"({section_target(section['number'])})=\n\n{block}"


def section_target(number: str) -> str:
    """The anchor of a numbered section."""
    return f"section-{number}"


def labels(source: str) -> Iterator[Statement]:
    """All statements of the page, in order."""
    return (Statement(label["id"], label["rest"]) for label in re.finditer(rf"^{LABEL.pattern}", source, re.MULTILINE))


def anchors(source: str) -> dict[str, str]:
    """Ids and sections ("section 4") that may be cited, each with its anchor on the page.

    A theorem without a statement of its own (E4, whose parts are E4.a and so on) is the section that names it.
    """
    found: dict[str, str] = {}
    for statement in labels(source):
        if statement.label == statement.id:
            found[statement.id] = statement.label
    for line in source.splitlines():
        if (section := SECTION.match(line)) is not None:
            target = section_target(section["number"])
            found[f"section {section['number']}"] = target
            for name in re.findall(r"E\d+", section["ids"] or ""):
                found.setdefault(name, target)
    return found


def _on_read(app: Sphinx, docname: str, content: list[str]) -> None:
    if docname == PAGE:
        content[0] = transformed(content[0])


def page_anchors(source_folder: Path) -> dict[str, str]:
    """`anchors` of the theory page in a folder."""
    return anchors((source_folder / f"{PAGE}.md").read_text(encoding="utf-8"))


class ProofInItalics(SphinxTransform):
    """The word that opens a proof set apart, as in print."""

    default_priority = 870

    def apply(self, **kwargs: Any) -> None:
        for proof in self.document.findall(proof_node):
            first = next(iter(proof.findall(nodes.Text)), None)
            if first is not None and first.startswith("Proof. "):
                first.parent.replace(first, [nodes.emphasis("", "Proof."), nodes.Text(first.removeprefix("Proof."))])


def setup(app: Sphinx) -> dict[str, bool]:
    """Rewrite the theory page when it is read."""
    app.connect("source-read", _on_read)
    app.add_transform(ProofInItalics)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
