"""Build the documentation: `python docs/build.py`, or `make docs`. Every warning is an error.

Notebooks that are not executed yet (the tests leave executed ones behind) are, two at a time. The pages are written to
build/docs.
"""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE, PAGES = ROOT / "docs", ROOT / "build" / "docs"
NOTEBOOKS = SOURCE / "notebooks"


def collect_notebooks() -> None:
    """Put the executed notebooks among the pages; those whose script is gone go."""
    from docs.executed import executed, scripts

    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(executed, scripts()))  # raises the error of a cell that fails
    NOTEBOOKS.mkdir(exist_ok=True)
    for path in NOTEBOOKS.glob("*.ipynb"):
        if path.stem not in {notebook.stem for notebook in found}:
            path.unlink()
    for notebook in found:
        target = NOTEBOOKS / notebook.name
        if not target.exists() or target.read_bytes() != notebook.read_bytes():
            shutil.copyfile(notebook, target)


def main() -> int:
    """0 if the pages were built without a warning."""
    sys.path.insert(0, str(ROOT))
    os.environ["PYTHONPATH"] = str(ROOT)
    collect_notebooks()
    from sphinx.cmd.build import main as sphinx_build

    trees = ROOT / "build" / "doctrees"
    options = ["-W", "--keep-going", "-n", "-q", "-b", "html", "-d", str(trees)]
    code = sphinx_build([*options, str(SOURCE), str(PAGES)])
    if code:
        shutil.rmtree(trees, ignore_errors=True)  # pages that were read already would not warn a second time
    else:
        print(f"The pages are in {(PAGES / 'index.html').relative_to(ROOT)}.")
    return code


if __name__ == "__main__":
    sys.exit(main())
