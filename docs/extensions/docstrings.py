"""Docstrings are prose with code in backticks; what reStructuredText would take for markup is made plain."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

# Options count as code: their dashes are not to become others.
CODE = re.compile(r"(``[^`]+``|`[^`]+`|(?<![\w-])--[a-z][\w-]*)")
MODULE = re.compile(r"<module '(\w+)'[^>]*>")
EMPHASIS = re.compile(r"(?<![\w*])\*(?=[A-Za-z])([^*|_]*[A-Za-z])\*(?![\w*])")
MARKUP = re.compile(r"(\\|\||\*|(?<=\w)_(?!\w))")


def escaped(text: str) -> str:
    r"""The text with its code and emphasis kept, and all else taken literally. Examples (``>>>``) stay as they are.

    >>> escaped("*proved*: |f| <= R at `W_*`, W_* in B")
    '*proved*: \\|f\\| <= R at ``W_*``, W\\_\\* in B'
    """
    return "\n".join(escaped_lines(text.splitlines()))


def escaped_lines(lines: list[str]) -> list[str]:
    """`escaped`, line by line."""
    result, example = [], False
    for line in _joined_code(lines):
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        result.append(line if example else _line(line))
    return result


def _joined_code(lines: list[str]) -> list[str]:
    """Lines such that no code in backticks runs over an end of line: the next line's first words join."""
    result: list[str] = []
    for line in lines:
        if result and CODE.sub("", result[-1]).count("`") % 2:
            result[-1] = f"{result[-1]} {line.strip()}"
        else:
            result.append(line)
    return result


def _line(line: str) -> str:
    bullet = re.match(r"\s*[*-] ", line)
    start = bullet.end() if bullet else 0
    parts = CODE.split(line[start:])
    return line[:start] + "".join(_code(part) if place % 2 else _prose(part) for place, part in enumerate(parts))


def _code(text: str) -> str:
    return f"``{text.strip('`')}``"


def _prose(text: str) -> str:
    kept = EMPHASIS.split(text)
    return "".join(f"*{part}*" if place % 2 else MARKUP.sub(r"\\\1", part) for place, part in enumerate(kept))


def _process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = escaped_lines(lines)


def _signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, text: str | None, returns: str | None
) -> tuple[str, str | None] | None:
    """A module as a default value by its name, without the place where it is installed."""
    return None if text is None else (MODULE.sub(r"\1", text), returns)


def setup(app: Sphinx) -> dict[str, bool]:
    """Before napoleon, which makes sections of what is left."""
    app.connect("autodoc-process-docstring", _process, priority=400)
    app.connect("autodoc-process-signature", _signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
