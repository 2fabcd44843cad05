"""Exit codes and errors: one line, code 2, never a traceback, whatever command is called."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from robustntk.cli.app import app
from robustntk.cli.application import one_line

RUNNER = CliRunner()

WRONG_CALLS = {
    "unknown command": (["widht"], "widht"),
    "unknown option": (["width", "--epsilon", "1", "--foo"], "--foo"),
    "missing option": (["width", "--radius", "1"], "--epsilon"),
    "option without a value": (["width", "--epsilon"], "--epsilon"),
    "not an integer": (["width", "--epsilon", "1", "--radius", "1", "--dim", "many"], "'many'"),
    "neither radius nor data": (["width", "--epsilon", "1"], "--radius"),
}


@pytest.mark.parametrize("name", WRONG_CALLS)
def test_wrong_usage_is_one_line_and_code_2(name: str) -> None:
    arguments, culprit = WRONG_CALLS[name]
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert culprit in result.stderr


def test_a_fault_of_the_program_is_not_called_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken inside")

    monkeypatch.setattr("robustntk.cli.doctor.find_problems", fail)
    assert isinstance(RUNNER.invoke(app, ["doctor", "--json"]).exception, RuntimeError)


def test_an_error_of_the_file_system_names_the_file() -> None:
    try:
        open("/no/such/file")
    except OSError as error:
        assert one_line(error) == "No such file or directory: /no/such/file"


def test_messages_of_several_lines_become_one() -> None:
    assert one_line(ValueError("first\n  second")) == "first second"
    assert one_line(ValueError()) == "ValueError"


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_every_command(arguments: list[str]) -> None:
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 0
    for command in app.registered_commands:
        assert command.name is not None and command.name in result.stdout


def test_version_is_printed() -> None:
    result = RUNNER.invoke(app, ["--version"])
    assert (result.exit_code, result.stdout.split()[0]) == (0, "robustntk")


def test_the_module_runs_like_the_command() -> None:
    command = [sys.executable, "-m", "robustntk.cli", "width", "--epsilon", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["error: give --radius, or --data with --delta to compute it"]


def test_a_traceback_is_shown_on_request() -> None:
    command = [sys.executable, "-m", "robustntk.cli", "width", "--epsilon", "1"]
    environment = os.environ | {"ROBUSTNTK_TRACEBACK": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 2
    assert "Traceback" in done.stderr
