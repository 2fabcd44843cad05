"""Progress on stderr, for all that takes more than a second: a bar for who watches, a line at times for a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Report = Callable[[str, int, int | None], None]

SECONDS_BETWEEN_LINES = 10.0

_WATCHER: ContextVar[Report | None] = ContextVar("watcher", default=None)


@contextmanager
def progress(description: str, *, as_json: bool) -> Iterator[Report]:
    """Show how the body gets on; the body calls ``report(stage, done, total)``.

    A terminal gets a bar that vanishes at the end, a log gets a line every ten seconds (so that a refusal is the only
    line of a command that is refused at once), and a log gets nothing when JSON was asked for. Inside `watched` the
    watcher gets it all instead.
    """
    watcher = _WATCHER.get()
    if watcher is not None:
        yield watcher
    elif sys.stderr.isatty():
        with _bar(description) as report:
            yield report
    else:
        yield _ignore if as_json else _Log(description)


@contextmanager
def watched(report: Report) -> Iterator[None]:
    """Whatever shows progress in the body, in this thread, calls `report` and prints nothing."""
    token = _WATCHER.set(report)
    try:
        yield
    finally:
        _WATCHER.reset(token)


@contextmanager
def _bar(description: str) -> Iterator[Report]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    task = bar.add_task(description, total=None)

    def report(stage: str, done: int, total: int | None = None) -> None:
        bar.update(task, description=stage or description, completed=done, total=total)

    with bar:
        yield report


@dataclass
class _Log:
    """A line on stderr at most every `every` seconds, the first one after that time."""

    description: str
    every: float = field(default_factory=lambda: SECONDS_BETWEEN_LINES)
    printed_at: float = field(default_factory=time.monotonic)

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        now = time.monotonic()
        if now - self.printed_at >= self.every:
            self.printed_at = now
            count = "" if total is None else f" ({done:,} of {total:,})"
            print(f"{stage or self.description}{count}", file=sys.stderr, flush=True)


def _ignore(stage: str, done: int, total: int | None = None) -> None:
    """Nobody watches."""
