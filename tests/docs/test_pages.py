"""What the pages of the documentation show is what happens: every block is run, and its output compared."""

import re
from pathlib import Path

import pytest

from tests.page_examples import ROOT, Example, examples, run_in, trains

PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
EXAMPLES = {name: examples(page) for name, page in PAGES.items() if examples(page)}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_blocks_of_a_page_give_the_output_shown(name: str, tmp_path: Path) -> None:
    run_in(tmp_path, [example for example in EXAMPLES[name] if not trains(example)])


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, found in EXAMPLES.items() if any(map(trains, found))])
def test_the_blocks_that_train_a_network_give_the_output_shown(name: str, tmp_path: Path) -> None:
    run_in(tmp_path, EXAMPLES[name])


def test_the_guide_has_blocks_to_run_and_one_that_trains() -> None:
    assert {"start", "theorem", "choose", "your_own", "pitfalls", "design"} <= set(EXAMPLES)
    assert any(map(trains, EXAMPLES["start"]))


def test_a_wrong_output_is_noticed(tmp_path: Path) -> None:
    right, wrong = (Example(("-c", "print(2104)"), f"{shown}\n") for shown in (2104, 2106))
    run_in(tmp_path, [right])
    with pytest.raises(AssertionError, match="2104"):
        run_in(tmp_path, [right, wrong])


@pytest.mark.parametrize("name", PAGES)
def test_all_fences_are_plain_blocks(name: str) -> None:
    """Directives stand in colons: between back quotes they would hide the blocks after them from these tests."""
    assert not re.findall(r"^```\{.*$", PAGES[name], re.MULTILINE)
    assert len(re.findall(r"^```", PAGES[name], re.MULTILINE)) % 2 == 0


def test_every_make_target_and_command_that_the_pages_name_exists() -> None:
    from robustntk.cli.app import app

    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = {command.name for command in app.registered_commands}
    for page in PAGES.values():
        assert set(re.findall(r"`make ([\w-]+)", page)) <= targets
        assert set(re.findall(r"(?:`|^\$ |^)robustntk ([a-z]+)", page, re.MULTILINE)) <= commands
