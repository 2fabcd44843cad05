"""Notebooks with their outputs, in build/notebooks: executed once for each state of script and package."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from docs.digests import ROOT, digest

SCRIPTS = ROOT / "notebooks"
EXECUTED = ROOT / "build" / "notebooks"
_KEY = "robustntk_sources"
# Several kernels at a time, each with several BLAS threads, only wait for each other.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
# The kernel says that its sockets are not encrypted; they do not leave this machine.
_QUIET = ["--log-level=ERROR"]


def scripts() -> list[Path]:
    """The notebooks' sources, in order."""
    return sorted(SCRIPTS.glob("*.py"))


def current(script: Path, *, folder: Path = EXECUTED) -> Path | None:
    """The executed notebook of a script, if neither the script nor the package changed since."""
    import nbformat

    path = folder / f"{script.stem}.ipynb"
    if path.exists() and nbformat.read(path, as_version=4).metadata.get(_KEY) == digest(script):
        return path
    return None


def executed(script: Path, *, folder: Path = EXECUTED, timeout: int = 600) -> Path:
    """The notebook of a script with all outputs: the one that is there if it is `current`, or else a new one.

    Raises nbclient's CellExecutionError if a cell fails; nothing is written then.
    """
    return current(script, folder=folder) or _execute(script, folder, timeout)


def _execute(script: Path, folder: Path, timeout: int) -> Path:
    import jupytext
    import nbclient
    import nbformat

    before = digest(script)
    notebook: Any = jupytext.read(script)
    with tempfile.TemporaryDirectory() as empty:
        resources = {"metadata": {"path": empty}}
        client = nbclient.NotebookClient(notebook, timeout=timeout, resources=resources, extra_arguments=_QUIET)
        client.execute(env={**os.environ, **_ONE_THREAD})
    notebook.metadata[_KEY] = before
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{script.stem}.{os.getpid()}.partial"
    nbformat.write(notebook, partial)
    return partial.replace(folder / f"{script.stem}.ipynb")
