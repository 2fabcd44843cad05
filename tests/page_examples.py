"""What a page shows is what happens: its Python and console blocks are run, section by section.

A python block is followed by a text block with its output. In a console block the lines after ``$ robustntk ...`` are
its output; a line ``...`` stands for any lines left out. Blocks run in the folder that they are given, one after the
other, each in a process of its own.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
# Attacks and solvers in floating point differ a little between processors; exact arithmetic does not.
TOLERANCE = 0.02
DATA = ("--classes", "--data", "load_data")


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
        return TOLERANCE if any(word in self.text for word in DATA) else 0.0

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


def unfolded(page: str) -> str:
    """The page without its blocks, of which a comment must not be taken for a heading."""
    return BLOCK.sub("", page)


def sections(page: str) -> dict[str, list[Example]]:
    """Title -> examples, for the sections of a page that have any."""
    titles = re.findall(r"^##? (.*)$", unfolded(page), re.MULTILINE)
    heading = "|".join(re.escape(title) for title in titles)
    parts = re.split(rf"^##? (?=(?:{heading})$)", page, flags=re.MULTILINE)[1:]
    titled = {part.partition("\n")[0]: examples(part) for part in parts}
    return {title: found for title, found in titled.items() if found}


def run_in(folder: Path, found: list[Example]) -> None:
    """Run the examples one after the other; each must give the output shown."""
    for example in found:
        output = example.run(folder)
        assert agrees(lines_of(example.expected), lines_of(output), example.tolerance), f"{example.text}\n{output}"


def trains(example: Example) -> bool:
    """Whether the example is the main job, which takes a while."""
    return "verify" in example.arguments or "run_experiment" in example.text


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
