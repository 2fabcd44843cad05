"""Links that nobody has to write: ids of the theory in running text, and public names in code.

"E1.b" in a docstring, a notebook or a page leads to the statement, "theory section 4" to the section. A public name in
backticks leads to its entry in the reference. An id that the theory does not state is a warning, and so fails the
build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

from . import public_names, statements

ID = r"(?<![\w.])[EP][1-9]\d?(?:\.(?:post|[a-z]))?(?![\w])"
THEORY_SECTION = r"[Tt]heory(?:\.md|'s)?,? sections? \d"
SECTION = r"sections? \d(?![\d.])"
REFTYPE = "theory"
# Text in these is code, a formula, a heading, or a link already.
UNTOUCHED = (
    nodes.literal,
    nodes.literal_block,
    nodes.doctest_block,
    nodes.FixedTextElement,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.reference,
    nodes.title,
    nodes.rubric,
    addnodes.pending_xref,
    addnodes.desc_signature,
    addnodes.toctree,
)
logger = logging.getLogger(__name__)


class LinkedTheory(SphinxTransform):
    """Ids and sections of the theory in running text become links."""

    default_priority = 860

    def apply(self, **kwargs: Any) -> None:
        pattern = re.compile(f"{ID}|{SECTION if self.env.docname == statements.PAGE else THEORY_SECTION}")
        for text in list(self.document.findall(nodes.Text)):
            if not _inside(text, UNTOUCHED) and pattern.search(text):
                text.parent.replace(text, list(_linked(text, pattern, self.env.docname)))


def _inside(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    parent = node.parent
    while parent is not None:
        if isinstance(parent, kinds):
            return True
        parent = parent.parent
    return False


def _linked(text: nodes.Text, pattern: re.Pattern[str], docname: str) -> Iterator[nodes.Node]:
    rest = 0
    for found in pattern.finditer(text):
        if found.start() > rest:
            yield nodes.Text(text[rest : found.start()])
        cited = found.group()
        target = f"section {cited[-1]}" if "ection" in cited else cited
        yield addnodes.pending_xref(
            "", nodes.inline("", cited), refdomain="", reftype=REFTYPE, reftarget=target, refdoc=docname, refwarn=True
        )
        rest = found.end()
    if rest < len(text):
        yield nodes.Text(text[rest:])


class LinkedNames(SphinxTransform):
    """Public names in backticks become links to their entry in the reference."""

    default_priority = 861

    def apply(self, **kwargs: Any) -> None:
        in_reference = self.env.docname.startswith("api/")
        for literal in list(self.document.findall(nodes.literal)):
            name = public_names.full_name(literal.astext(), bare=in_reference)
            if name is not None and not _inside(literal, (nodes.reference, nodes.title, addnodes.pending_xref)):
                literal.replace_self(
                    addnodes.pending_xref(
                        "",
                        literal.deepcopy(),
                        refdomain="py",
                        reftype="obj",
                        reftarget=name,
                        refdoc=self.env.docname,
                        refwarn=True,
                    )
                )


def _resolve(app: Sphinx, env: Any, node: addnodes.pending_xref, content: nodes.Element) -> nodes.Node | None:
    """A citation of the theory, or a type in a signature that is one of the public names."""
    if node.get("reftype") == REFTYPE:
        anchor = env.theory_anchors.get(node["reftarget"])
        if anchor is None:
            return None
        target = nodes.make_id(anchor) if anchor.startswith("section") else anchor
        return make_refnode(app.builder, node["refdoc"], statements.PAGE, target, content)
    if node.get("refdomain") == "py":
        return _python(app, env, node, content)
    return None


def _python(app: Sphinx, env: Any, node: addnodes.pending_xref, content: nodes.Element) -> nodes.Node | None:
    name = public_names.full_name(node["reftarget"].rpartition(".")[2], bare=True)
    entry = env.domains["py"].data["objects"].get(name)
    return entry and make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, content, name)


def _load(app: Sphinx) -> None:
    app.env.theory_anchors = statements.page_anchors(Path(app.srcdir))  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the links after reading, and resolve them when pages are written."""
    app.connect("builder-inited", _load)
    app.connect("missing-reference", _resolve)
    app.add_transform(LinkedTheory)
    app.add_transform(LinkedNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
