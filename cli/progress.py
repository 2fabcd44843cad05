"""A progress bar on stderr, for everything that takes more than a second."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

Report = Callable[[str, int, int | None], None]


def is_silent(*, as_json: bool) -> bool:
    """Whether no bar is drawn: JSON was asked for and nobody watches stderr."""
    return as_json and not sys.stderr.isatty()


@contextmanager
def progress(description: str, *, as_json: bool) -> Iterator[Report]:
    """Show a bar while the body runs; the body calls ``report(stage, done, total)``."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(
        *columns,
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=is_silent(as_json=as_json),
        transient=sys.stderr.isatty(),
    )
    task = bar.add_task(description, total=None)

    def report(stage: str, done: int, total: int | None = None) -> None:
        bar.update(task, description=stage or description, completed=done, total=total)

    with bar:
        yield report
