"""The reference: one page for each theme of each room, made from ``__all__`` and the docstrings before pages are read.

A public name that belongs to no theme is a warning, and so fails the build.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

from robustntk.bounds import Theorem

from .docstrings import escaped
from .public_names import ROOMS, THEMES, Theme, room, theme_of, value_of

FOLDER = "api"
logger = logging.getLogger(__name__)


def entry(name: str, public: str) -> str:
    """The directive that documents one public name."""
    value, module = value_of(name, public), f"robustntk.{name}"
    full = f"{module}.{public}"
    if isinstance(value, type):
        kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
        return f".. {kind}:: {full}\n   :members:\n"
    if callable(value) and not isinstance(value, Theorem):
        return f".. autofunction:: {full}\n"
    body = "\n".join(f"   {line}".rstrip() for line in described(value))
    return f".. py:data:: {public}\n   :module: {module}\n\n{body}\n"


def described(value: object) -> Iterator[str]:
    """What a constant is, in words of its own."""
    if isinstance(value, Theorem):
        yield f"**{escaped(value.title[:1].upper() + value.title[1:])}.** {escaped(value.statement)}"
        if value.latex:
            yield from ("", ".. math::", "", f"   {value.latex}")
        yield from ("", f"*{value.kind.value}*; {escaped(value.source)}")
    elif isinstance(value, Mapping):
        yield "By name: " + ", ".join(f"``{key}``" for key in value) + "."
    elif isinstance(value, tuple | int):
        yield f"``{value!r}``"
    else:
        summary = (type(value).__doc__ or "").strip().partition("\n")[0]
        yield f"``{type(value).__name__}``: {escaped(summary)}" if not _is_union(value) else f"``{value}``"


def _is_union(value: object) -> bool:
    return type(value).__name__ == "UnionType"


def page(name: str, theme: Theme, names: Iterable[str]) -> str:
    """One theme as reStructuredText: theorems first, then the rest in the order of the alphabet."""
    listed = sorted(names, key=lambda public: (not isinstance(value_of(name, public), Theorem), *_natural(public)))
    entries = "\n".join(entry(name, public) for public in listed)
    return f"{theme.title}\n{'=' * len(theme.title)}\n\n{theme.about}\n\n{entries}"


def _natural(public: str) -> tuple[str, int]:
    """E2 before E10."""
    letter, number = public[:1], public[1:]
    return (letter.lower(), int(number)) if number.isdigit() else (public.lower(), 0)


def room_page(name: str) -> str:
    """A room: its docstring, and its themes."""
    title = f"robustntk.{name}"
    listed = "\n".join(f":doc:`{name}/{theme.slug}`\n   {theme.about}\n" for theme in THEMES[name])
    themes = "\n".join(f"   {name}/{theme.slug}" for theme in THEMES[name])
    text = escaped(room(name).__doc__ or "")
    return f"{title}\n{'=' * len(title)}\n\n{text}\n\n{listed}\n.. toctree::\n   :hidden:\n\n{themes}\n"


def pages() -> dict[str, str]:
    """All pages of the reference, by path below its folder."""
    found: dict[str, str] = {}
    for name in ROOMS:
        found[f"{name}.rst"] = room_page(name)
        places = {public: theme_of(name, public) for public in room(name).__all__}
        for public in (public for public, theme in places.items() if theme is None):
            logger.warning("robustntk.%s.%s belongs to no theme of docs/extensions/public_names.py", name, public)
        for theme in THEMES[name]:
            found[f"{name}/{theme.slug}.rst"] = page(
                name, theme, [public for public, place in places.items() if place is theme]
            )
    return found


def write_changed(folder: Path, wanted: Mapping[str, str]) -> None:
    """Write what is new or different, and remove what is no longer there."""
    for path in {*folder.rglob("*.rst")} - {folder / name for name in wanted}:
        path.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def _generate(app: Sphinx) -> None:
    write_changed(Path(app.srcdir) / FOLDER, pages())


def setup(app: Sphinx) -> dict[str, bool]:
    """Generate the pages before they are looked for."""
    app.connect("builder-inited", _generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
