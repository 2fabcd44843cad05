"""Progress of a command: on stderr, or to whoever called it in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# That of ``bounds.progress``, which imports more than the help of a command may.
Report = Callable[[str, int, int | None], None]

_WATCHER: ContextVar[Report | None] = ContextVar("watcher", default=None)


@contextmanager
def progress(description: str, *, as_json: bool) -> Iterator[Report]:
    """Show how the body gets on; the body calls ``report(stage, done, total)``.

    A terminal gets a bar that vanishes at the end, a log gets a line every ten seconds (so that a refusal is the only
    line of a command that is refused at once), and a log gets nothing when JSON was asked for. Inside `watched` the
    watcher gets it all instead.
    """
    from ..bounds.progress import show_progress

    watcher = _WATCHER.get()
    if watcher is not None:
        yield watcher
    else:
        with show_progress(description, log=not as_json) as report:
            yield report


@contextmanager
def watched(report: Report) -> Iterator[None]:
    """Whatever shows progress in the body, in this thread, calls `report` and prints nothing."""
    token = _WATCHER.set(report)
    try:
        yield
    finally:
        _WATCHER.reset(token)
