"""The figures of a sweep: for every law the values in logarithmic axes, the fitted line, and the predicted slope."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..palette import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION
from .law import LawKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .sweep import FittedLaw

__all__ = ["draw_law", "draw_laws"]

Array = NDArray[np.float64]
# Markers tell the laws apart in print as well.
_COLORS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
_MARKERS = ("o", "s", "^", "D", "v", "P")
_PREDICTED, _PREDICTED_LABEL = GREY, "predicted"
_AXIS = {
    "width": "width m",
    "samples": "number of points n",
    "delta": "perturbation radius δ",
    "epsilon": "target ε",
    "radius": "radius R",
}
_LETTERS = {"width": "m", "samples": "n", "delta": "δ", "epsilon": "ε", "radius": "R"}


def draw_laws(laws: Iterable[FittedLaw]) -> dict[str, Figure]:
    """A figure for each law, by the name of its files."""
    groups: dict[str, list[FittedLaw]] = {}
    for law in laws:
        groups.setdefault(law.name, []).append(law)
    return {re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"): draw_law(group) for name, group in groups.items()}


def draw_law(laws: list[FittedLaw]) -> Figure:
    """One law, with a colour for each combination of its other settings, on a new figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    axes = figure.subplots()
    for index, law in enumerate(laws):
        _draw_slice(axes, law, _COLORS[index % len(_COLORS)], _MARKERS[index % len(_MARKERS)], _label(law, laws))
    first = laws[0]
    axes.set(xscale="log", yscale="log", xlabel=_AXIS[first.law.axis], ylabel=first.law.quantity, title=first.name)
    _label_places(axes, sorted({place for law in laws for place in law.points}))
    # Slices first, predictions last.
    entries = zip(*axes.get_legend_handles_labels(), strict=True)
    handles, labels = zip(*sorted(entries, key=lambda entry: entry[1].startswith(_PREDICTED_LABEL)), strict=True)
    axes.legend(handles, labels, frameon=False, fontsize="small")
    axes.grid(alpha=0.25, linewidth=0.6)
    return figure


def _draw_slice(axes: Axes, law: FittedLaw, color: str, marker: str, label: str) -> None:
    places = np.array(law.points)
    values = np.array(law.values, np.float64)
    if values.shape[1] > 1:
        spread = np.repeat(places[:, None], values.shape[1], axis=1)
        axes.plot(spread.ravel(), values.ravel(), ".", color=color, alpha=0.3, markersize=4)
    means = np.array([np.nan if mean is None else mean for mean in law.fit.means])
    axes.plot(places, means, marker, color=color, label=label, markersize=6)
    if law.fit.exponent is None or law.fit.intercept is None:
        return
    grid = np.geomspace(places.min(), places.max(), 50)
    center = np.exp(np.log(places).mean())
    height = np.exp(law.fit.intercept) * center**law.fit.exponent.estimate
    order = law.prediction.correction
    bend = np.ones_like(grid) if order is None else np.exp(law.fit.bend * (grid**order - center**order))
    height *= 1.0 if order is None else np.exp(law.fit.bend * center**order)
    lines = {
        end: height * bend * (grid / center) ** getattr(law.fit.exponent, end) for end in ("lower", "estimate", "upper")
    }
    axes.plot(grid, lines["estimate"], color=color, linewidth=1.6)
    axes.fill_between(grid, lines["lower"], lines["upper"], color=color, alpha=0.15, linewidth=0)
    if law.prediction.exponent is not None:
        bound = law.prediction.kind is LawKind.UPPER_BOUND
        shown = _prediction(law)
        drawn = any(line.get_label() == shown for line in axes.get_lines())
        axes.plot(
            grid,
            height * (grid / center) ** law.prediction.exponent,
            color=_PREDICTED,
            linestyle=":" if bound else "--",
            linewidth=1.4,
            label=None if drawn else shown,
        )


def _prediction(law: FittedLaw) -> str:
    return _minus(f"{_PREDICTED_LABEL} {law.prediction.exponent:g} ({law.prediction.kind})")


def _label(law: FittedLaw, laws: list[FittedLaw]) -> str:
    """What tells this slice from the others, and its exponent with the interval."""
    differing = [axis for axis in law.fixed if len({str(other.fixed[axis]) for other in laws}) > 1]
    settings = ", ".join(f"{_LETTERS[axis]} = {_short(law.fixed[axis])}" for axis in differing)
    found = law.fit.exponent
    shown = "no fit" if found is None else _minus(f"{found.estimate:.3f} [{found.lower:.3f}, {found.upper:.3f}]")
    return f"{settings}: {shown}" if settings else f"fitted {shown}"


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def _label_places(axes: Axes, places: list[float]) -> None:
    """Ticks where something was measured, as long as they are few."""
    from matplotlib.ticker import NullLocator

    if len(places) <= 8:
        axes.set_xticks(places, [f"{place:g}" for place in places])
        axes.xaxis.set_minor_locator(NullLocator())
