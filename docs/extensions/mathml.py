"""Formulas become MathML when the pages are built: no script, no network and no waiting where they are read.

A formula that cannot be read is a warning, and so fails the build.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging

NAME = "mathml"
logger = logging.getLogger(__name__)
converter = LatexToMathML(fancy_error=False)
# Browsers do not break a line within a formula: a longer one becomes several, with breaks between them.
LONGEST_PIECE, SHORTEST_PIECE = 16, 6
RELATIONS, COMMAS, SIGNS = frozenset("=<>≤≥≪≫∈⊂→"), frozenset(",;"), frozenset("+−")
BRACKETS = {**dict.fromkeys("([{⟨⌊⌈", 1), **dict.fromkeys(")]}⟩⌋⌉", -1)}
BARS = frozenset("|‖")


def to_mathml(latex: str, *, display: bool) -> str:
    """One formula; LatexError names what is wrong with it."""
    return str(converter.convert_with_local_state(latex, displaystyle=display))


def broken(mathml: str, *, display: bool) -> str:
    """A formula in pieces between which a line may end: at signs that no bracket encloses.

    That is after commas, before plus and minus, and, as is usual in print, after a relation in the text but before it
    in a display.
    """
    formula = ElementTree.fromstring(mathml.replace("&ApplyFunction;", "\u2061"))
    if len(_text(formula)) <= LONGEST_PIECE:
        return mathml
    after, before = (COMMAS, SIGNS | RELATIONS) if display else (COMMAS | RELATIONS, SIGNS)
    pieces = []
    for part in _pieces(list(formula), after, before):
        piece = ElementTree.Element("math", {"displaystyle": "true"} if display else {})
        piece.extend(part)
        pieces.append(ElementTree.tostring(piece, encoding="unicode"))
    return "<wbr>".join(pieces)


def _pieces(
    parts: list[ElementTree.Element], after: frozenset[str], before: frozenset[str]
) -> Iterator[list[ElementTree.Element]]:
    piece = list[ElementTree.Element]()
    for part, sign, outside in zip(parts, *_signs(parts), strict=True):
        if outside and sign in before and sum(len(_text(each)) for each in piece) >= SHORTEST_PIECE:
            part.set("form", "infix")  # the space around a sign stays that within a formula
            yield piece
            piece = []
        piece.append(part)
        if outside and sign in after and part is not parts[-1]:
            part.set("form", "infix")
            yield piece
            piece = []
    yield piece


def _signs(parts: list[ElementTree.Element]) -> tuple[list[str], list[bool]]:
    """The sign that each part is, if it is one, and whether it stands outside of all brackets."""
    depth, bars = 0, list[str]()
    signs, outside = [], []
    for part in parts:
        base = part[0] if part.tag in {"msup", "msub", "msubsup"} else part
        sign = (base.text or "") if base.tag == "mo" else ""
        depth += BRACKETS.get(sign, 0)
        if sign in BARS:
            bars = bars[:-1] if bars[-1:] == [sign] else [*bars, sign]
        signs.append(sign if base is part else "")
        outside.append(depth == 0 and not bars)
    return signs, outside


def _text(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def converted(node: nodes.Element, *, display: bool) -> str:
    """The formula of a node; its source, with a warning, if it cannot be read."""
    latex = node.astext()
    try:
        return broken(to_mathml(latex, display=display), display=display)
    except LatexError as error:
        logger.warning("cannot read the formula %r: %s", latex, error, location=node)
        return escape(latex)


def visit_inline(self: Any, node: nodes.math) -> None:
    self.body.append(converted(node, display=False))
    raise nodes.SkipNode


def visit_display(self: Any, node: nodes.math_block) -> None:
    # A piece wider than a phone scrolls by itself.
    self.body.append(f'<div class="formula" tabindex="0">{converted(node, display=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Make this the renderer that ``html_math_renderer`` may name."""
    app.add_html_math_renderer(NAME, (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
