"""Every `--help` imports little and has an example that runs; the names it lists are the real ones."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from robustntk.bounds import ACTIVATIONS, LOSSES
from robustntk.cli import options
from robustntk.cli.app import app
from robustntk.cli.application import help_text

RUNNER = CliRunner()
COMMANDS = [command.name or "" for command in app.registered_commands]
SLOW = {"overshoot", "sweep", "verify"}


def examples_of(*command: str) -> list[list[str]]:
    """The arguments of the examples at the end of the help text, as printed in 80 columns."""
    printed = RUNNER.invoke(app, [*command, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).stdout
    found = re.findall(r"^ robustntk (.*)$", printed.partition("Example")[2], flags=re.MULTILINE)
    assert found, f"no example in the help of {command}"
    return [shlex.split(line) for line in found]


@pytest.mark.parametrize(
    "command", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in COMMANDS]
)
def test_examples_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in examples_of(command):
        assert arguments[0] == command
        result = RUNNER.invoke(app, arguments)
        assert result.exit_code == 0, result.output
        assert result.stdout


def test_example_of_the_whole_program_runs() -> None:
    assert [RUNNER.invoke(app, arguments).exit_code for arguments in examples_of()] == [0]


def imported_by(arguments: list[str], modules: set[str]) -> str:
    """Which of the modules a fresh process has loaded after running the command."""
    code = (
        f"import sys; from robustntk.cli.app import app; app({arguments!r}, standalone_mode=False);"
        f"print(sorted({modules!r} & sys.modules.keys()))"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()[
        -1
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_imports_nothing_heavy(command: str) -> None:
    """Why `--help` is quick; `benchmarks/startup.py` measures how quick."""
    assert (
        imported_by([command, "--help"], {"sympy", "flint", "numpy", "scipy", "jax", "sklearn", "matplotlib"}) == "[]"
    )


def test_a_plan_from_a_radius_imports_neither_jax_nor_the_rooms_for_data() -> None:
    heavy = {"jax", "sklearn", "robustntk.kernels", "robustntk.verify"}
    assert imported_by(examples_of("width")[0], heavy) == "[]"
    assert imported_by(examples_of("width")[0], {"sympy"}) == "['sympy']"


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=["robustntk", *COMMANDS])
def test_flags_do_not_look_as_if_they_took_a_value(command: list[str]) -> None:
    printed = RUNNER.invoke(app, [*command, "--help"]).stdout
    assert "--help" in printed and "<bool>" not in printed


def test_paragraphs_of_a_docstring_flow() -> None:
    assert help_text("First.\n\n    One\n    two.\n\n    Three.\n") == "First.\n\nOne two.\n\nThree."
    assert help_text(None) == ""


def test_brackets_in_a_docstring_are_shown() -> None:
    printed = RUNNER.invoke(app, ["serve", "--help"]).stdout
    assert "robustntk[calculator]" in printed


def test_help_lists_exactly_the_activations_and_losses_there_are() -> None:
    assert sorted(options.ACTIVATION_NAMES.split(", ")) == sorted(ACTIVATIONS)
    assert sorted(options.LOSS_NAMES.split(", ")) == sorted(LOSSES)
