"""The bar goes to stderr, and nowhere when JSON is piped."""

import sys

import pytest

from robustntk.cli.progress import is_silent, progress


@pytest.mark.parametrize(
    ("as_json", "terminal", "silent"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_silence(as_json: bool, terminal: bool, silent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert is_silent(as_json=as_json) is silent


def test_bar_is_on_stderr_only(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("training", as_json=False) as report:
        report("step", 3, 7)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "3/7" in captured.err


def test_nothing_is_printed_with_json_and_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("training", as_json=True) as report:
        report("step", 7, 7)
    assert capsys.readouterr() == ("", "")
