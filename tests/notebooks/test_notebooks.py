"""Each notebook is its script: the .py is the source, the .ipynb is made from it, and the whole runs."""

from pathlib import Path
from typing import Any

import jupytext
import nbclient
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
SCRIPTS = sorted(FOLDER.glob("*.py"))
REMEDY = "run: jupytext --update --to ipynb notebooks/*.py"


def cells(notebook: Any) -> list[tuple[str, str]]:
    """Kind and content of all cells."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


@pytest.fixture(params=SCRIPTS, ids=lambda path: path.stem)
def script(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_there_is_a_notebook_for_every_script_and_no_other() -> None:
    assert SCRIPTS and [path.stem for path in SCRIPTS] == sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def test_the_notebook_is_in_sync_with_its_script(script: Path) -> None:
    assert cells(jupytext.read(script.with_suffix(".ipynb"))) == cells(jupytext.read(script)), REMEDY


def test_the_notebook_is_stored_without_outputs(script: Path) -> None:
    code = [cell for cell in jupytext.read(script.with_suffix(".ipynb")).cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_the_notebook_runs_and_shows_its_plots(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Beside other test processes, several BLAS threads per process only wait for each other.
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    notebook = jupytext.read(script.with_suffix(".ipynb"))
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    drawn = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(drawn) == sum("plt.subplots" in cell.source for cell in notebook.cells)
    assert not any(output.get("name") == "stderr" for output in outputs)
