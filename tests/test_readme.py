"""What README.md shows is what happens: see `page_examples`."""

import re
from pathlib import Path

import pytest

from tests.page_examples import ROOT, agrees, lines_of, run_in, sections, trains

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTIONS = sections(README)


def titles() -> list[object]:
    """Section titles; those that train a network are slow."""
    slow = {title: [pytest.mark.slow] * any(map(trains, found)) for title, found in SECTIONS.items()}
    return [pytest.param(title, marks=marks) for title, marks in slow.items()]


@pytest.mark.parametrize("title", titles())
def test_the_examples_of_the_readme_give_the_output_shown(title: str, tmp_path: Path) -> None:
    run_in(tmp_path, SECTIONS[title])


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
