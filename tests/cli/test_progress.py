"""Progress goes to stderr: a bar to a terminal, lines to a log, nothing when JSON is piped."""

import sys

import pytest

from robustntk.bounds import progress as module
from robustntk.cli.progress import progress, watched

Captured = pytest.CaptureFixture[str]


def test_a_terminal_gets_a_bar_even_with_json(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for as_json in (False, True):
        with progress("training", as_json=as_json) as report:
            report("step", 3, 7)
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "3/7" in captured.err


def test_a_log_gets_lines_when_it_is_time(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(module, "SECONDS_BETWEEN_LINES", 0.0)
    with progress("training", as_json=False) as report:
        report("step", 3000, 7000)
        report("", 1, None)
    assert capsys.readouterr() == ("", "step (3,000 of 7,000)\ntraining\n")


def test_what_ends_soon_leaves_no_line_in_a_log(capsys: Captured) -> None:
    with pytest.raises(ValueError, match="refused"), progress("training", as_json=False) as report:
        report("step", 3, 7)
        raise ValueError("refused")
    assert capsys.readouterr() == ("", "")


def test_nothing_is_printed_with_json_and_no_terminal(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(module, "SECONDS_BETWEEN_LINES", 0.0)
    with progress("training", as_json=True) as report:
        report("step", 7, 7)
    assert capsys.readouterr() == ("", "")


def test_who_calls_a_command_in_this_process_can_watch_it(capsys: Captured) -> None:
    told: list[tuple[str, int, int | None]] = []
    with watched(lambda *report: told.append(report)), progress("training", as_json=False) as report:
        report("step", 3, 7)
    with progress("training", as_json=False) as report:
        report("nobody watches any more", 4, 7)
    assert told == [("step", 3, 7)]
    assert capsys.readouterr() == ("", "")
