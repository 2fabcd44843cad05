"""Colour is for terminals, unless someone forces or forbids it; JSON and refusals are plain everywhere."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from tests.terminal import everything_shown

PLAN = ["width", "--radius", "3.91", "--dim", "65", "--epsilon", "0.5"]
COMMAND = [sys.executable, "-m", "robustntk.cli"]
SWITCHES = ("NO_COLOR", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TERM", "COLUMNS")
ESCAPE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(rb"\x1b\[(?:[0-9]+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9]+)*m")


def environment(**switches: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in SWITCHES}
    return kept | {"TERM": "xterm-256color"} | switches


def piped(*arguments: str, **switches: str) -> bytes:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, env=environment(**switches)).stdout


def in_a_terminal(*arguments: str, stdout: int | None = None, **switches: str) -> tuple[bytes, bytes]:
    """What a terminal shows, and what a pipe gets if standard output is one."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        env=environment(**switches),
    )
    os.close(theirs)
    shown = everything_shown(ours)
    return shown, process.communicate()[0] or b""


@pytest.mark.parametrize("arguments", [PLAN, ["--help"]], ids=["plan", "help"])
class TestColour:
    def test_a_terminal_gets_colour(self, arguments: list[str]) -> None:
        assert COLOUR.search(in_a_terminal(*arguments)[0])

    def test_a_pipe_gets_none(self, arguments: list[str]) -> None:
        printed = piped(*arguments)
        assert printed and not ESCAPE.search(printed)

    def test_no_color_forbids_it_in_a_terminal(self, arguments: list[str]) -> None:
        shown, _ = in_a_terminal(*arguments, NO_COLOR="1")
        assert shown and not COLOUR.search(shown)

    def test_a_dumb_terminal_gets_none(self, arguments: list[str]) -> None:
        shown, _ = in_a_terminal(*arguments, TERM="dumb")
        assert shown and not ESCAPE.search(shown)

    def test_force_color_demands_it_in_a_pipe(self, arguments: list[str]) -> None:
        assert COLOUR.search(piped(*arguments, FORCE_COLOR="1"))


def test_json_is_plain_wherever_it_goes() -> None:
    for printed in (in_a_terminal(*PLAN, "--json")[0], piped(*PLAN, "--json", FORCE_COLOR="1")):
        assert json.loads(printed)["width"] and not ESCAPE.search(printed)


def test_json_stays_json_beside_a_bar() -> None:
    """Standard error is a terminal, standard output a pipe."""
    radius = ["radius", "--classes", "0,1", "--samples", "6", "--json"]
    shown, printed = in_a_terminal(*radius, stdout=subprocess.PIPE)
    assert ESCAPE.search(shown), "no bar was shown"
    assert json.loads(printed)["radius"] and not ESCAPE.search(printed)


def test_a_refusal_is_plain_in_a_terminal() -> None:
    shown, _ = in_a_terminal("width", "--epsilon", "0")
    assert shown.startswith(b"error: ") and not ESCAPE.search(shown)
