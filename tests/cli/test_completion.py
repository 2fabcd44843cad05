"""Shell completion: every shell gets commands, options and the names that options take, by the shell's own protocol."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from robustntk.bounds import ACTIVATIONS, LOSSES, SCALING_LAWS, InvalidInput, Target, get_loss
from robustntk.bounds.convergence_theorems import CONVERGENCE_THEOREMS
from robustntk.cli.app import app
from robustntk.cli.completion import one_of, some_of
from robustntk.verify import Goal
from robustntk.verify.data import BUNDLED

RUNNER = CliRunner()
COMMANDS = [command.name or "" for command in app.registered_commands]
TAKES_NAMES = {"NAME", "ID", "SOURCE", "LIST", "NAME=VALUE"}
# Lists of numbers, and a name of the network: nobody can complete these.
FREE = {"--widths", "--samples", "--deltas", "--epsilons", "--radii", "--host"}


def bash(*words: str) -> list[str]:
    environment = {"_ROBUSTNTK_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(("robustntk", *words))}
    return RUNNER.invoke(app, [], env=environment | {"COMP_CWORD": str(len(words))}).stdout.split()


def zsh(*words: str) -> list[str]:
    environment = {"_ROBUSTNTK_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": shlex.join(("robustntk", *words))}
    return re.findall(r'^(?:_arguments .*\(\()?"([^"]+)"', RUNNER.invoke(app, [], env=environment).stdout, re.MULTILINE)


def fish(*words: str) -> list[str]:
    environment = {
        "_ROBUSTNTK_COMPLETE": "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": shlex.join(("robustntk", *words)),
    }
    return [line.partition("\t")[0] for line in RUNNER.invoke(app, [], env=environment).stdout.splitlines() if line]


SHELLS = {"bash": bash, "zsh": zsh, "fish": fish}
CASES = {
    "commands": (["ver"], ["verify"]),
    "options": (["width", "--act"], ["--activation"]),
    "an activation": (["width", "--activation", "sin"], ["sin", "sin_cos"]),
    "auto, where it can be chosen": (["verify", "--activation", "a"], ["auto"]),
    "no auto, where it cannot": (["radius", "--activation", "a"], []),
    "a loss": (["verify", "--epsilon", "0.5", "--loss", "h"], ["hinge", "huber"]),
    "a theorem": (["width", "--theorem", "E7"], ["E7", "E7-tied"]),
    "a target": (["width", "--target", "r"], ["robust-error"]),
    "bundled data": (["radius", "--data", "di"], ["digits"]),
    "a perturbation": (["radius", "--perturbation", "l"], ["l2", "linf"]),
    "an adversary": (["verify", "--adversary", "a"], ["apgd"]),
    "a quantity": (["width", "--solve-for", "e"], ["epsilon"]),
    "the second of a list": (["sweep", "--measure", "kernel,re"], ["kernel,residual", "kernel,required-width"]),
    "a proof": (["prove", "--theorem", "E1"], ["E1", "E10", "E11"]),
    "a claim": (["check", "--claim", "E1.a/"], ["E1.a/direction", "E1.a/ball", "E1.a/centre"]),
    "a layer": (["kernel", "--trained", "re"], ["readout"]),
    "nothing known": (["width", "--activation", "swish"], []),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", CASES)
def test_what_is_offered(shell: str, name: str) -> None:
    words, offered = CASES[name]
    assert SHELLS[shell](*words) == offered


def test_a_real_bash_completes(tmp_path: Path) -> None:
    """The script that `--show-completion` prints, run by bash as its readline would."""
    script = """
        eval "$(robustntk --show-completion)"
        complete -p robustntk
        COMP_WORDS=(robustntk width --activation quad) COMP_CWORD=3
        _robustntk_completion robustntk
        echo "${COMPREPLY[@]}"
    """
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    command = ["bash", "--norc", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert done.stdout.splitlines() == ["complete -o default -F _robustntk_completion robustntk", "quadratic_relu"]


def test_install_writes_a_script_for_the_shell_and_nothing_else(tmp_path: Path) -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    command = ["bash", "--norc", "-c", "robustntk --install-completion; true"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {".bashrc", ".bash_completions/robustntk.sh"}, done.stdout + done.stderr
    assert "_robustntk_completion" in (tmp_path / ".bash_completions/robustntk.sh").read_text()


def options_that_take_names() -> Iterator[tuple[str, Any]]:
    group: Any = get_command(app)
    for name, command in group.commands.items():
        for parameter in command.params:
            if parameter.metavar in TAKES_NAMES and not FREE & set(parameter.opts):
                yield f"{name} {parameter.opts[0]}", parameter


@pytest.mark.parametrize("option", dict(options_that_take_names()))
def test_every_option_that_takes_a_name_offers_names(option: str) -> None:
    command, name = option.split()
    assert bash(command, name, "")


def test_what_is_offered_is_accepted() -> None:
    """The names are written out, since looking them up would slow every call: they must be the real ones."""
    assert sorted(bash("radius", "--activation", "")) == sorted(ACTIVATIONS)
    assert sorted(bash("verify", "--loss", "")) == sorted(LOSSES)
    assert sorted(bash("radius", "--data", "")) == sorted(BUNDLED)
    assert sorted(bash("overshoot", "--theorem", "E")) == sorted(CONVERGENCE_THEOREMS)
    assert sorted(bash("width", "--theorem", "")) == sorted(["auto", *CONVERGENCE_THEOREMS, *SCALING_LAWS])
    assert sorted(bash("width", "--target", "")) == sorted(Target)


def test_what_is_offered_where_a_network_is_trained_is_accepted() -> None:
    for theorem in bash("verify", "--theorem", ""):
        assert Goal.validated(loss=get_loss("hinge"), target_epsilon="1/2", theorem=theorem)
    with pytest.raises(InvalidInput):
        Goal.validated(loss=get_loss("hinge"), target_epsilon="1/2", theorem="E10")
    for target in bash("verify", "--target", ""):
        assert Goal.validated(loss=get_loss("hinge"), target_epsilon="1/4", target=target)


def test_completers_by_themselves() -> None:
    assert one_of("a, b", "ab")("a") == ["a", "ab"]
    assert some_of("a, b, c")("a,") == ["a,b", "a,c"]
    assert some_of("a, b, c")("") == ["a", "b", "c"]
