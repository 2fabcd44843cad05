"""Every `--help` is quick and has an example that runs; the names it lists are the real ones."""

import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from robustntk.bounds import ACTIVATIONS, LOSSES
from robustntk.cli import options
from robustntk.cli.app import app

RUNNER = CliRunner()
COMMANDS = [command.name or "" for command in app.registered_commands]
SLOW_EXAMPLES = {"verify"}


def example_of(*command: str) -> list[str]:
    """The arguments of the example at the end of the help text."""
    printed = RUNNER.invoke(app, [*command, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).stdout
    found = re.search(r"Example: robustntk (.*)", printed)
    assert found, f"no example in the help of {command}"
    return shlex.split(found[1])


def quickest(*arguments: str) -> float:
    """Seconds that a fresh interpreter takes with `arguments`: the best of three."""
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in SLOW_EXAMPLES])
def test_example_runs(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = example_of(command)
    assert arguments[0] == command
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout


def test_example_of_the_whole_program_runs() -> None:
    assert RUNNER.invoke(app, example_of()).exit_code == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_help_answers_within_a_second(command: str) -> None:
    assert quickest("-m", "robustntk.cli", command, "--help") < 1.0


def test_a_plan_from_a_radius_answers_within_a_second_and_a_half() -> None:
    assert quickest("-m", "robustntk.cli", *example_of("width")) < 1.5


def test_help_lists_exactly_the_activations_and_losses_there_are() -> None:
    assert sorted(options.ACTIVATION_NAMES.split(", ")) == sorted(ACTIVATIONS)
    assert sorted(options.LOSS_NAMES.split(", ")) == sorted(LOSSES)
