"""The reference of the command line, made from the application itself: a page for each command."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import typer.main
from sphinx.application import Sphinx

from robustntk.cli.app import app as application

from .docstrings import escaped
from .reference import write_changed

FOLDER = "cli"


def commands() -> dict[str, Any]:
    """The commands by name, as the application has them."""
    return dict(typer.main.get_command(application).commands)  # type: ignore[attr-defined]


def command_page(name: str, command: Any) -> str:
    """One command as reStructuredText: what it does, examples, options by panel."""
    title = f"robustntk {name}"
    parts = [f"{title}\n{'=' * len(title)}", escaped(command.help or ""), *_examples(command.epilog or "")]
    shown = sorted((p for p in command.params if not p.hidden), key=lambda p: p.rich_help_panel or "")
    for panel, parameters in groupby(shown, key=lambda p: p.rich_help_panel or "Options"):
        parts += [f"{panel}\n{'-' * len(panel)}", "\n".join(_option(each) for each in parameters)]
    return "\n\n".join(parts) + "\n"


def _examples(epilog: str) -> Iterator[str]:
    heading, *examples = [part.strip() for part in epilog.split("\n\n") if part.strip()]
    yield heading.removesuffix(":") + "::"
    yield "\n".join(f"   {example}" for example in examples)


def _option(parameter: Any) -> str:
    names = ", ".join((*parameter.opts, *parameter.secondary_opts))
    value = "" if parameter.is_flag or not parameter.metavar else f" {parameter.metavar}"
    default = parameter.default
    shown = default is not None and not parameter.is_flag and default != ()
    remark = f" Default: ``{default}``." if shown else ""
    return f"``{names}{value}``\n   {escaped(parameter.help or '')}{remark}\n"


def index_page(names: dict[str, Any]) -> str:
    """All commands, with the first sentence of each."""
    rows = "\n".join(f":doc:`{FOLDER}/{name}`\n   {_summary(command)}\n" for name, command in names.items())
    listed = "\n".join(f"   {FOLDER}/{name}" for name in names)
    return (
        "Commands\n========\n\n"
        "Exit code 0 means that what was asked holds, 1 that it does not or stays open, 2 that the input was refused; "
        "one line on standard error then says why. ``--json`` prints one JSON object and nothing else.\n\n"
        f"{rows}\n.. toctree::\n   :hidden:\n\n{listed}\n"
    )


def _summary(command: Any) -> str:
    return escaped(" ".join((command.help or "").partition("\n\n")[0].split()))


def _generate(app: Sphinx) -> None:
    found = commands()
    folder = Path(app.srcdir) / FOLDER
    write_changed(folder, {f"{name}.rst": command_page(name, command) for name, command in found.items()})
    (Path(app.srcdir) / f"{FOLDER}.rst").write_text(index_page(found), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Generate the pages before they are looked for."""
    app.connect("builder-inited", _generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
