"""Links that work where the files lie (notebooks/ beside docs/) made to work on the site (notebooks/ in docs/)."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

FROM_PAGES = ((re.compile(r"\]\(\.\./notebooks/(\w+\.ipynb)"), r"](notebooks/\1"),)
FROM_NOTEBOOKS = (
    (re.compile(r"\]\(\.\./docs/(\w+\.md)"), r"](../\1"),
    (re.compile(r"\]\((\w+)\.py\)"), r"](\1.ipynb)"),
    (re.compile(r"\]\(\.\./README\.md(?:#[\w-]*)?\)"), "](../index.md)"),
)


def moved(docname: str, source: str) -> str:
    """The source of a page with its links as they are on the site."""
    for pattern, replacement in FROM_NOTEBOOKS if docname.startswith("notebooks/") else FROM_PAGES:
        source = pattern.sub(replacement, source)
    return source


def _on_read(app: Sphinx, docname: str, content: list[str]) -> None:
    content[0] = moved(docname, content[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Rewrite the links of every page when it is read."""
    app.connect("source-read", _on_read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
