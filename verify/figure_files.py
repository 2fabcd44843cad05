"""Every figure becomes two files, whole or absent, of the same bytes for the same figure: SVG and PNG."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from .experiment.run_folder import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "render", "save_figure"]

FORMATS = ("svg", "png")
DOTS_PER_INCH = 150
# What would differ from one writing, or one version of the program, to the next.
_OMITTED = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}


def render(figure: Figure, kind: str) -> bytes:
    """The figure as ``svg`` or ``png`` bytes."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    # Names inside an SVG are hashed with a salt, random by default; text as paths looks the same everywhere.
    with rc_context({"svg.hashsalt": "robustntk", "svg.fonttype": "path"}):
        figure.savefig(buffer, format=kind, dpi=DOTS_PER_INCH, metadata=_OMITTED[kind])
    return buffer.getvalue()


def save_figure(figure: Figure, path: str | Path) -> tuple[Path, Path]:
    """Write the figure as SVG and as PNG.

    Args:
        figure: any Matplotlib figure.
        path: of both files but for the suffix, which is appended; the folder must exist.

    Returns:
        The paths of the SVG and of the PNG.

    Raises:
        OSError: if the folder cannot be written to; neither file is half written then.
    """
    path = Path(path)
    svg, png = (path.with_name(f"{path.name}.{kind}") for kind in FORMATS)
    for file in (svg, png):
        write_atomically(file, render(figure, file.suffix[1:]))
    return svg, png
