"""What README.md shows is what happens: its Python and console blocks are run, section by section.

A python block is followed by a text block with its output. In a console block the lines after ``$ robustntk ...`` are
its output; a line ``...`` stands for any lines left out.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
# Attacks and solvers in floating point differ a little between processors; exact arithmetic does not.
TOLERANCE = 0.02


@dataclass(frozen=True)
class Example:
    """A command with the output that the README claims for it."""

    arguments: tuple[str, ...]
    expected: str

    @property
    def text(self) -> str:
        return " ".join(self.arguments)

    @property
    def tolerance(self) -> float:
        return TOLERANCE if any(word in self.text for word in ("--classes", "--data", "load_data")) else 0.0

    def run(self, folder: Path) -> str:
        """Standard output in `folder`, which the command must leave with exit code 0."""
        # Beside other test processes, several BLAS threads per process only wait for each other.
        environment = os.environ | {"COLUMNS": "100", "PYTHONIOENCODING": "utf-8", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, *self.arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def console_examples(block: str) -> list[Example]:
    """One example for every ``$`` line."""
    parts = re.split(r"^\$ ", block.replace("\\\n", " "), flags=re.MULTILINE)[1:]
    commands = [part.partition("\n") for part in parts]
    assert all(line.startswith("robustntk ") for line, _, _ in commands), commands
    return [Example(("-m", "robustntk.cli", *shlex.split(line)[1:]), output) for line, _, output in commands]


def examples(section: str) -> list[Example]:
    """All examples of a section, in order."""
    blocks = BLOCK.findall(section)
    found: list[Example] = []
    for place, (language, content) in enumerate(blocks):
        if language == "console":
            found += console_examples(content)
        elif language == "python":
            follows = blocks[place + 1] if place + 1 < len(blocks) else ("", "")
            found.append(Example(("-c", content), follows[1] if follows[0] == "text" else ""))
    return found


def sections() -> dict[str, list[Example]]:
    """Title -> examples, for the sections that have any."""
    parts = re.split(r"^##? ", README, flags=re.MULTILINE)[1:]
    titled = {part.partition("\n")[0]: examples(part) for part in parts}
    return {title: found for title, found in titled.items() if found}


def lines_of(text: str) -> list[str]:
    """Lines without table rules, whose length depends on the numbers, and with single blanks."""
    return [" ".join(re.sub(r"[─━]+", " ", line).split()) for line in text.strip().splitlines()]


def same(expected: str, actual: str, tolerance: float) -> bool:
    """Whether two lines agree, their numbers up to a relative tolerance."""
    if NUMBER.sub("#", expected) != NUMBER.sub("#", actual):
        return False
    values = ([float(n.replace(",", "")) for n in NUMBER.findall(line)] for line in (expected, actual))
    return all(abs(a - b) <= tolerance * max(abs(a), abs(b)) for a, b in zip(*values, strict=True))


def agrees(expected: list[str], actual: list[str], tolerance: float) -> bool:
    """Whether the lines agree, ``...`` standing for any lines."""
    if not expected:
        return not actual
    if expected[0] == "...":
        return any(agrees(expected[1:], actual[skip:], tolerance) for skip in range(len(actual) + 1))
    return bool(actual) and same(expected[0], actual[0], tolerance) and agrees(expected[1:], actual[1:], tolerance)


def trains(example: Example) -> bool:
    """Whether the example trains a network, which takes a while."""
    return "verify" in example.arguments or "run_experiment" in example.text


def titles() -> list[object]:
    """Section titles; those that train a network are slow."""
    slow = {title: [pytest.mark.slow] * any(map(trains, found)) for title, found in SECTIONS.items()}
    return [pytest.param(title, marks=marks) for title, marks in slow.items()]


SECTIONS = sections()


@pytest.mark.parametrize("title", titles())
def test_the_examples_of_the_readme_give_the_output_shown(title: str, tmp_path: Path) -> None:
    for example in SECTIONS[title]:
        output = example.run(tmp_path)
        assert agrees(lines_of(example.expected), lines_of(output), example.tolerance), f"{example.text}\n{output}"


def test_every_command_in_the_readme_and_every_file_it_names_exists() -> None:
    from robustntk.cli.app import app

    commands = {command.name for command in app.registered_commands}
    named = set(re.findall(r"`robustntk (\w+)", README)) | set(re.findall(r"^\$ robustntk (\w+)", README, re.MULTILINE))
    assert named == commands
    for path in re.findall(r"\]\((?!http|#)([^)]+)\)", README):
        assert (ROOT / path).exists(), path


def test_every_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([\w-]+)", README)) <= targets


@pytest.mark.parametrize(
    ("expected", "actual", "tolerance", "verdict"),
    [
        ("m = 59,834", "m = 59,834", 0.0, True),
        ("m = 59,834", "m = 59,832", 0.0, False),
        ("R in [3.91, 3.94]", "R in [3.93, 3.96]", 0.02, True),
        ("R in [3.91, 3.94]", "R in [3.71, 3.94]", 0.02, False),
        ("proved", "refuted", 0.02, False),
        ("a\n...\nz", "a\nb\nc\nz", 0.0, True),
        ("a\n...\nz", "a\nb\nc", 0.0, False),
        ("a", "a\nb", 0.0, False),
        ("E1", "E2", 1.0, False),
    ],
)
def test_the_comparison_of_outputs_can_fail(expected: str, actual: str, tolerance: float, verdict: bool) -> None:
    assert agrees(lines_of(expected), lines_of(actual), tolerance) is verdict
