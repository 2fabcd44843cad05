"""Every figure of the tool: labelled, with colours that readers with any colour vision tell apart, saved the same."""

import ast
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from robustntk.verify import palette
from robustntk.verify.comparison.waterfall import Kind, Stage, Waterfall
from robustntk.verify.experiment.figure import BandCurve, Curves, draw
from robustntk.verify.experiment.waterfall_figure import draw_waterfall
from robustntk.verify.figure_files import save_figure
from robustntk.verify.sweep.figure import draw_law
from robustntk.verify.sweep.fit import fit_power_law
from robustntk.verify.sweep.law import LawKind, Prediction

VERIFY = Path(__file__).resolve().parent.parent.parent / "verify"

# Linear RGB of what is seen, at severity 1: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based
# Model for Simulation of Color Vision Deficiency", IEEE Trans. Vis. Comput. Graph. 15 (2009), table of supplement.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
# CIE XYZ of linear sRGB (IEC 61966-2-1).
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
# In CIELAB, five times what is just noticeable (2.3: Mahy, Van Eycken, Oosterlinck, Color Res. Appl. 19, 1994).
TOLD_APART = 5 * 2.3


def lab(color: str, vision: str) -> NDArray[np.float64]:
    """The color in CIELAB as it is seen."""
    gamma = np.array(to_rgb(color))
    linear = np.where(gamma <= 0.04045, gamma / 12.92, ((gamma + 0.055) / 1.055) ** 2.4)
    relative = XYZ @ np.clip(np.array(VISIONS[vision]) @ linear, 0.0, 1.0) / XYZ.sum(axis=1)
    x, y, z = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def least_distance(colors: set[str], vision: str) -> float:
    """Of two of the colours, as they are seen."""
    pairs = itertools.combinations(colors, 2)
    return min(float(np.linalg.norm(lab(first, vision) - lab(second, vision))) for first, second in pairs)


def run_figure(target: str = "loss", *, band: BandCurve | None = None) -> Figure:
    steps = np.arange(1.0, 41.0)
    curves = Curves(
        measured=1.0 / np.sqrt(steps),
        infinite_width=1.02 / np.sqrt(steps),
        guarantee_steps=steps,
        guarantee=np.minimum(1.0, 3.0 / np.sqrt(steps)),
        certified_margins=np.linspace(-0.2, 0.7, 8),
        attacked_margins=np.linspace(-0.1, 0.9, 8),
        target=target,
        band=band,
    )
    return draw(curves, epsilon=0.5, reached_at=4)


def waterfall_figure() -> Figure:
    stages = (
        Stage("guaranteed", 0.5, Kind.LEVEL),
        Stage("near-linearity", -0.2),
        Stage("convexity", -0.1),
        Stage("comparator", 0.05),
        Stage("measured", 0.25, Kind.LEVEL),
    )
    return draw_waterfall(Waterfall(stages, "mean surrogate loss"))


def law_figure(slices: int = 6) -> Figure:
    places, rng = [16.0, 64.0, 256.0, 1024.0], np.random.default_rng(0)
    prediction = Prediction(LawKind.LIMIT_LAW, -0.5, "planted")
    laws: list[Any] = []
    for index in range(slices):
        values = (index + 1.0) * np.power(places, -0.5)[:, None] * np.exp(0.05 * rng.standard_normal((4, 5)))
        law = SimpleNamespace(axis="width", quantity="largest deviation of the surrogate loss")
        fixed = {"samples": 10 * (index + 1)}
        fit = fit_power_law(places, values)
        laws.append(
            SimpleNamespace(
                law=law,
                name="planted deviation",
                fixed=fixed,
                points=places,
                values=values,
                fit=fit,
                prediction=prediction,
            )
        )
    return draw_law(laws)


FIGURES: dict[str, tuple[str, Callable[[], Figure]]] = {
    "run": ("draw", run_figure),
    "run-errors": ("draw", lambda: run_figure("robust-error")),
    "run-with-band": ("draw", lambda: run_figure(band=BandCurve(0.1, 20, 0.9, extrapolated=True))),
    "waterfall": ("draw_waterfall", waterfall_figure),
    "law": ("draw_law", law_figure),
    "law-of-one-slice": ("draw_law", lambda: law_figure(1)),
}


def functions_that_draw() -> Iterator[str]:
    """The public functions of the room that return a figure."""
    for path in sorted(VERIFY.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.returns is not None and ast.unparse(node.returns) == "Figure":
                yield node.name


def test_every_function_that_draws_is_tested_here() -> None:
    assert set(functions_that_draw()) == {function for function, _ in FIGURES.values()}


@pytest.fixture(params=FIGURES)
def figure(request: pytest.FixtureRequest) -> Figure:
    """Each of the figures."""
    return FIGURES[request.param][1]()


def unlabelled(figure: Figure) -> list[str]:
    """What a reader would miss."""
    missing = []
    for axes in figure.axes:
        named_ticks = any(label.get_text().strip("−-.0123456789") for label in axes.get_yticklabels())
        missing += [] if axes.get_xlabel() else ["x axis"]
        missing += [] if axes.get_ylabel() or named_ticks else ["y axis"]
        missing += [] if axes.get_title() else ["title"]
        labels = axes.get_legend_handles_labels()[1]
        legend = axes.get_legend()
        shown = [] if legend is None else [text.get_text() for text in legend.get_texts()]
        missing += [] if sorted(shown) == sorted(labels) else ["legend"]
        missing += [label for label in labels if labels.count(label) > 1]
    return missing


def test_axes_have_labels_titles_and_legends(figure: Figure) -> None:
    assert unlabelled(figure) == []


def test_what_lacks_a_label_is_seen() -> None:
    figure = Figure()
    figure.subplots().plot([1, 2], label="a line")
    assert unlabelled(figure) == ["x axis", "y axis", "title", "legend"]


def colors_of(figure: Figure) -> set[str]:
    """The colours of everything that a figure draws."""
    found = set()
    for axes in figure.axes:
        found |= {to_hex(line.get_color()) for line in axes.get_lines()}
        found |= {to_hex(patch.get_facecolor()) for patch in axes.patches}
        found |= {
            to_hex(color) for drawn in axes.collections for color in (*drawn.get_facecolor(), *drawn.get_edgecolor())
        }
    return found


def test_the_colours_of_a_figure_come_from_the_palette(figure: Figure) -> None:
    assert colors_of(figure) <= {getattr(palette, name).lower() for name in palette.__all__}


@pytest.mark.parametrize("vision", VISIONS)
def test_the_colours_of_a_figure_are_told_apart(figure: Figure, vision: str) -> None:
    assert least_distance(colors_of(figure), vision) >= TOLD_APART


@pytest.mark.parametrize("vision", VISIONS)
def test_all_colours_of_the_palette_are_told_apart(vision: str) -> None:
    assert least_distance({getattr(palette, name) for name in palette.__all__}, vision) >= TOLD_APART


@pytest.mark.parametrize(
    ("vision", "pair"),
    [
        ("protanopia", {"red", "green"}),
        ("deuteranopia", {"tab:red", "tab:green"}),
        ("tritanopia", {"steelblue", "darkcyan"}),
    ],
)
def test_a_pair_that_some_readers_confuse_is_seen(vision: str, pair: set[str]) -> None:
    assert least_distance(pair, "normal") > 2 * TOLD_APART > 2 * least_distance(pair, vision)


def test_curves_differ_in_more_than_their_colour(figure: Figure) -> None:
    for axes in figure.axes:
        handles = [handle for handle in axes.get_legend_handles_labels()[0] if hasattr(handle, "get_marker")]
        styles = [(line.get_linestyle(), line.get_marker(), line.get_linewidth()) for line in handles]
        assert len(set(styles)) == len(styles)


def test_rises_and_falls_differ_in_more_than_their_colour() -> None:
    bars = waterfall_figure().axes[0].patches
    hatches = {to_hex(bar.get_facecolor()): bar.get_hatch() for bar in bars}
    assert hatches[palette.VERMILION.lower()] and not hatches[palette.ORANGE.lower()]


def test_a_figure_is_saved_as_svg_and_png_with_the_same_bytes_each_time(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in save_figure(run_figure(), tmp_path / "a.b")]
    again = [path.read_bytes() for path in save_figure(run_figure(), tmp_path / "again")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.b.png", "a.b.svg", "again.png", "again.svg"]
    assert first == again
    assert b"<svg" in first[0] and b"<dc:date>" not in first[0]
    assert first[1].startswith(b"\x89PNG\r\n")


def test_nothing_is_left_of_a_figure_that_cannot_be_drawn(tmp_path: Path) -> None:
    figure = run_figure()
    figure.axes[0].set_title("$\\no_such_command$")
    with pytest.raises(ValueError, match="no_such_command"):
        save_figure(figure, tmp_path / "broken")
    assert list(tmp_path.iterdir()) == []
