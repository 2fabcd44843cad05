"""Each notebook is its script: the .py is the source, the .ipynb is made from it, and the whole runs.

What was executed stays in build/notebooks for the documentation; there it is found again as long as neither the script
nor the package changes.
"""

from pathlib import Path
from typing import Any

import jupytext
import nbclient
import nbformat
import pytest

from docs.executed import current, executed, scripts

SCRIPTS = scripts()
REMEDY = "run: jupytext --update --to ipynb notebooks/*.py"


def cells(notebook: Any) -> list[tuple[str, str]]:
    """Kind and content of all cells."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


@pytest.fixture(params=SCRIPTS, ids=lambda path: path.stem)
def script(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_there_is_a_notebook_for_every_script_and_no_other() -> None:
    folder = SCRIPTS[0].parent
    assert [path.stem for path in SCRIPTS] == sorted(path.stem for path in folder.glob("*.ipynb"))


def test_the_notebook_is_in_sync_with_its_script(script: Path) -> None:
    assert cells(jupytext.read(script.with_suffix(".ipynb"))) == cells(jupytext.read(script)), REMEDY


def test_the_notebook_is_stored_without_outputs(script: Path) -> None:
    code = [cell for cell in jupytext.read(script.with_suffix(".ipynb")).cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_the_notebook_runs_and_shows_its_plots(script: Path) -> None:
    notebook = nbformat.read(executed(script), as_version=4)
    assert cells(notebook) == cells(jupytext.read(script))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    drawn = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(drawn) == sum("plt.subplots" in cell.source for cell in notebook.cells)
    assert not any(output.get("name") == "stderr" for output in outputs)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.py"
    path.write_text("# %%\nprint(6 * 7)\n")
    return path


def test_a_notebook_is_executed_once_and_again_when_its_script_changes(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "executed"
    assert current(tiny, folder=folder) is None
    path = executed(tiny, folder=folder)
    assert nbformat.read(path, as_version=4).cells[0].outputs[0].text == "42\n"
    written = path.stat().st_mtime_ns
    assert executed(tiny, folder=folder) == path and path.stat().st_mtime_ns == written
    tiny.write_text("# %%\nprint(6 * 8)\n")
    assert current(tiny, folder=folder) is None
    assert nbformat.read(executed(tiny, folder=folder), as_version=4).cells[0].outputs[0].text == "48\n"


def test_a_notebook_that_fails_leaves_nothing_behind(tiny: Path, tmp_path: Path) -> None:
    tiny.write_text("# %%\nassert False\n")
    with pytest.raises(nbclient.exceptions.CellExecutionError):
        executed(tiny, folder=tmp_path / "executed")
    assert not list(tmp_path.glob("executed/*"))
