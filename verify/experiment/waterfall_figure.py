"""The waterfall of a run: how the guaranteed bound turns into what was measured, one estimate after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..comparison.waterfall import Kind, Stage, Waterfall
from ..palette import BLUE, GREY, ORANGE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Rises and falls differ in hatching, too.
_LEVEL, _FALL, _RISE, _LINE = BLUE, ORANGE, VERMILION, GREY


def draw_waterfall(fall: Waterfall) -> Figure:
    """One horizontal bar for each stage, from the top down, on a new figure; nothing global is touched."""
    from matplotlib.figure import Figure

    stages = fall.stages
    figure = Figure(figsize=(10.0, 0.42 * len(stages) + 1.4), layout="constrained")
    axes = figure.subplots()
    ends = _ends(stages)
    for place, (stage, (start, end)) in enumerate(zip(stages, ends, strict=True)):
        _draw_bar(axes, place, stage, start, end)
        if place + 1 < len(stages):
            axes.plot([end, end], [place - 0.38, place + 1.38], color=_LINE, linewidth=0.7, zorder=1)
    _label(axes, stages, ends)
    axes.axvline(0.0, color=_LINE, linewidth=0.9)
    axes.set_yticks(range(len(stages)), [stage.label for stage in stages])
    axes.set(ylim=(len(stages) - 0.4, -0.6), xlabel=fall.unit)
    axes.set_title("Where the theorem loses: each estimate of its proof replaced by what was measured")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


def _ends(stages: tuple[Stage, ...]) -> list[tuple[float, float]]:
    """Where each bar starts and ends."""
    level, ends = 0.0, []
    for stage in stages:
        start = 0.0 if stage.kind is Kind.LEVEL else level
        level = stage.value if stage.kind is Kind.LEVEL else level + stage.value
        ends.append((start, level))
    return ends


def _draw_bar(axes: Axes, place: int, stage: Stage, start: float, end: float) -> None:
    if stage.kind is Kind.LEVEL:
        axes.barh(place, end - start, left=start, height=0.76, color=_LEVEL, zorder=2)
        return
    rises = end > start
    colour, hatch = (_RISE, "///") if rises else (_FALL, "")
    axes.barh(
        place, end - start, left=start, height=0.76, color=colour, hatch=hatch, edgecolor="white", linewidth=0, zorder=2
    )


def _label(axes: Axes, stages: tuple[Stage, ...], ends: list[tuple[float, float]]) -> None:
    extent = np.ptp([value for pair in ends for value in pair]) or 1.0
    for place, (stage, pair) in enumerate(zip(stages, ends, strict=True)):
        level = stage.kind is Kind.LEVEL
        text = (f"{stage.value:.3g}" if level else f"{stage.value:+.3g}").replace("-", "\N{MINUS SIGN}")
        weight = "bold" if level else "normal"
        axes.text(max(pair) + 0.01 * extent, place, text, va="center", fontsize="small", weight=weight, zorder=3)
    axes.set_xlim(min(0.0, *(min(pair) for pair in ends)) - 0.02 * extent, max(max(pair) for pair in ends) * 1.08)
