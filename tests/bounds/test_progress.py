"""Progress: a bar in a terminal, few lines in a log, one output that is updated in a notebook."""

import os
import pty
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from robustntk.bounds import progress as module
from robustntk.bounds.progress import show_progress
from tests.terminal import everything_shown

Captured = pytest.CaptureFixture[str]
# A second of work that reports every millisecond.
LONG = """
import time
from robustntk.bounds.progress import show_progress
with show_progress("searching") as report:
    for step in range(1200):
        report("step <a>", step, 1200)
        time.sleep(0.001)
"""
SHORT = """
from robustntk.bounds.progress import show_progress
with show_progress("searching") as report:
    for step in range(2000):
        report("step", step, 2000)
"""


class Clock:
    """A clock that is read and set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_a_log_gets_at_most_a_line_every_ten_seconds(clock: Clock, capsys: Captured) -> None:
    with show_progress("searching") as report:
        for step in range(9500):
            clock.now += 0.01
            report("step" if step % 2 else "", step, 9500)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 9
    assert lines[0].endswith("9,500)") and {line.partition(" (")[0] for line in lines} <= {"step", "searching"}


def test_without_a_log_nothing_is_written(clock: Clock, capsys: Captured) -> None:
    with show_progress("searching", log=False) as report:
        clock.now += 60.0
        report("step", 1, None)
    assert capsys.readouterr() == ("", "")


def in_a_terminal(code: str, **environment: str) -> bytes:
    """What a terminal gets from a process."""
    ours, theirs = pty.openpty()
    settings = os.environ | {"TERM": "xterm-256color"} | environment
    process = subprocess.Popen([sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, env=settings)
    os.close(theirs)
    shown = everything_shown(ours)
    assert process.wait() == 0
    return shown


def test_a_terminal_gets_a_bar_that_vanishes() -> None:
    shown = in_a_terminal(LONG)
    assert b"step <a>" in shown and b"/1200" in shown
    assert shown.count(b"\n") <= 2, "one line, written over and over"
    assert shown.rstrip().endswith(b"\x1b[2K"), "the line is erased at the end"


def test_a_terminal_without_a_cursor_gets_what_a_log_gets() -> None:
    assert in_a_terminal(LONG, TERM="dumb") == b""


def run_notebook(code: str) -> tuple[list[Any], Counter[str]]:
    """The outputs of a notebook of one cell, and the messages by which they came."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    messages: Counter[str] = Counter()

    class Client(nbclient.NotebookClient):  # type: ignore[misc, name-defined]
        def process_message(self, message: Any, cell: Any, index: int) -> Any:
            messages[message["msg_type"]] += 1
            return super().process_message(message, cell, index)

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    Client(notebook, timeout=60, kernel_name="python3").execute()
    return notebook.cells[0].outputs, messages


def test_a_notebook_gets_one_output_that_is_updated_and_ends_as_one_line() -> None:
    (output,), messages = run_notebook(LONG)
    assert output.output_type == "display_data"
    assert output.data["text/plain"].startswith("searching: ") and output.data["text/plain"].endswith(" s")
    assert "<progress" not in output.data["text/html"]
    assert messages["display_data"] == 1 and 2 <= messages["update_display_data"] <= 10
    assert messages["stream"] == 0


def test_in_a_notebook_what_ends_at_once_shows_nothing() -> None:
    outputs, _ = run_notebook(SHORT)
    assert outputs == []


def test_the_bar_of_a_notebook_says_where_it_is(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    shown: list[dict[str, str]] = []

    class Handle:
        def update(self, content: dict[str, str], *, raw: bool) -> None:
            shown.append(content)

    def display(content: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        shown.append(content)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(module, "_in_a_notebook", lambda: True)
    with show_progress("searching") as report:
        clock.now += 1.0
        report("step <a>", 3000, 7000)
        report("too soon", 3001, 7000)
        clock.now += 1.0
        report("", 5, None)
    assert [content["text/plain"] for content in shown] == [
        "step <a> (3,000 of 7,000)",
        "searching",
        "searching: 2.0 s",
    ]
    assert '<progress value="3000" max="7000"' in shown[0]["text/html"] and "step &lt;a&gt;" in shown[0]["text/html"]
    assert "<progress style" in shown[1]["text/html"] and "<progress" not in shown[2]["text/html"]
