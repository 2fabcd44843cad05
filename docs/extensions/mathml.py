"""Formulas become MathML when the pages are built: no script, no network and no waiting where they are read.

A formula that cannot be read is a warning, and so fails the build.
"""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging

NAME = "mathml"
logger = logging.getLogger(__name__)
converter = LatexToMathML(fancy_error=False)


def to_mathml(latex: str, *, display: bool) -> str:
    """One formula; LatexError names what is wrong with it."""
    return str(converter.convert_with_local_state(latex, displaystyle=display))


def converted(node: nodes.Element, *, display: bool) -> str:
    """The formula of a node; its source, with a warning, if it cannot be read."""
    latex = node.astext()
    try:
        return to_mathml(latex, display=display)
    except LatexError as error:
        logger.warning("cannot read the formula %r: %s", latex, error, location=node)
        return escape(latex)


def visit_inline(self: Any, node: nodes.math) -> None:
    self.body.append(converted(node, display=False))
    raise nodes.SkipNode


def visit_display(self: Any, node: nodes.math_block) -> None:
    # A formula wider than a phone scrolls by itself.
    self.body.append(f'<div class="formula" tabindex="0">{converted(node, display=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Make this the renderer that ``html_math_renderer`` may name."""
    app.add_html_math_renderer(NAME, (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
