"""`robustntk serve`: one line with the address, plain refusals, and Ctrl-C leaves quietly."""

import json
import re
import signal
import socket
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from robustntk.cli.app import app

RUNNER = CliRunner()


def test_check_fetches_the_page_and_leaves() -> None:
    result = RUNNER.invoke(app, ["serve", "--check", "--port", "0"])
    assert result.exit_code == 0, result.output
    assert re.fullmatch(r"Calculator at http://127\.0\.0\.1:\d+ \(answers\)\n", result.stdout)


def test_json_is_one_object() -> None:
    result = RUNNER.invoke(app, ["serve", "--check", "--port", "0", "--json"])
    assert json.loads(result.stdout)["address"].startswith("http://127.0.0.1:") and result.stdout.count("\n") == 1


def test_a_taken_port_is_refused_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = RUNNER.invoke(app, ["serve", "--check", "--port", str(port)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(port) in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port", "x"], ["--host", "256.1.1.1"]])
def test_impossible_addresses_are_refused_in_one_line(arguments: list[str]) -> None:
    result = RUNNER.invoke(app, ["serve", "--check", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert arguments[1] in result.stderr and result.stderr.count("\n") == 1


def test_without_marimo_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "marimo", None)
    result = RUNNER.invoke(app, ["serve", "--check"])
    assert result.exit_code == 2
    assert "marimo" in result.stderr and "pip install 'robustntk[calculator]'" in result.stderr


def test_ctrl_c_leaves_quietly() -> None:
    command = [sys.executable, "-m", "robustntk.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Calculator at http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=60)
    assert (process.returncode, rest, complaints) == (0, "", "")
