"""How far a long computation has come: a bar for who watches a terminal or a notebook, a line at times for a log.

Whatever takes long in this package tells ``report(stage, done, total)``, or has a callback from which that is easily
made. Where nobody asks for it, nothing is shown.
"""

from __future__ import annotations

import html
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Report", "show_progress"]

Report = Callable[[str, int, int | None], None]

SECONDS_BETWEEN_LINES = 10.0
# Of a display in a notebook: so little is stored, and what ends at once shows nothing.
SECONDS_BETWEEN_UPDATES = 0.25
SECONDS_TO_THE_FIRST = 0.5


@contextmanager
def show_progress(description: str, *, log: bool = True) -> Iterator[Report]:
    """Show how the body gets on; the body calls ``report(stage, done, total)``, with a total of None if it is unknown.

    A Jupyter notebook gets one bar that is updated in place, without widgets; what stays of it is one line with the
    time that it took. A terminal gets a bar on stderr that vanishes at the end. A log gets a line every ten seconds,
    the first one after that time, or none at all with ``log=False``.

    >>> from robustntk.bounds import check_ledger
    >>> with show_progress("losses") as report:
    ...     check_ledger(["losses"], processes=1, report=report).holds
    True
    """
    if _in_a_notebook():
        shown = _Display(description)
        yield shown
        shown.close()
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _bar(description) as report:
            yield report
    else:
        yield _Log(description) if log else _ignore


def _in_a_notebook() -> bool:
    """Whether this is a kernel of Jupyter; a terminal of IPython is a terminal."""
    get_shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return getattr(get_shell(), "kernel", None) is not None


@contextmanager
def _bar(description: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    task = bar.add_task(description, total=None)

    def report(stage: str, done: int, total: int | None = None) -> None:
        bar.update(task, description=stage or description, completed=done, total=total)

    with bar:
        yield report


def _in_words(stage: str, done: int, total: int | None) -> str:
    return stage if total is None else f"{stage} ({done:,} of {total:,})"


@dataclass
class _Log:
    """A line on stderr at most every `every` seconds, the first one after that time."""

    description: str
    every: float = field(default_factory=lambda: SECONDS_BETWEEN_LINES)
    printed_at: float = field(default_factory=lambda: time.monotonic())

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        now = time.monotonic()
        if now - self.printed_at >= self.every:
            self.printed_at = now
            print(_in_words(stage or self.description, done, total), file=sys.stderr, flush=True)


@dataclass
class _Display:
    """An output of a notebook's cell that is replaced as the computation goes on."""

    description: str
    began: float = field(default_factory=lambda: time.monotonic())
    handle: Any = None
    updated_at: float = 0.0

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        now = time.monotonic()
        wait = SECONDS_TO_THE_FIRST if self.handle is None else SECONDS_BETWEEN_UPDATES
        if now - max(self.began, self.updated_at) >= wait:
            self.updated_at = now
            self._show(_in_words(stage or self.description, done, total), _bar_as_html(done, total))

    def close(self) -> None:
        """Leave one line, if anything was shown."""
        if self.handle is not None:
            self._show(f"{self.description}: {time.monotonic() - self.began:.1f} s", "")

    def _show(self, words: str, bar: str) -> None:
        from IPython import display as outputs

        display: Any = outputs.display  # which has no types
        content = {"text/plain": words, "text/html": f"<div>{bar}{html.escape(words)}</div>"}
        if self.handle is None:
            self.handle = display(content, raw=True, display_id=True)
        else:
            self.handle.update(content, raw=True)


def _bar_as_html(done: int, total: int | None) -> str:
    size = "" if total is None else f' value="{done}" max="{total}"'
    return f'<progress{size} style="width: 16em; margin-right: 1em"></progress>'


def _ignore(stage: str, done: int, total: int | None = None) -> None:
    """Nobody watches."""
