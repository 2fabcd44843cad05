"""The page's figures as SVG: they take the page's colour for text and axes, and its width."""

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..output import integer, number
from .answer import Plan
from .curves import Curve, log10
from .prediction import InfiniteWidthCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Stands for the colour of the page's text, which is dark or light, and is put in when the figure is inserted.
_TEXT = "#010203"
_SIZES = {"wide": (7.6, 4.3), "narrow": (4.0, 4.2)}
_FONT = 10.0
# Least distance of two labels, as a part of the height.
_APART = 0.055
# From a name to its curve, in points.
_LEADER = 14


@dataclass(frozen=True)
class Drawing:
    """A figure for wide and one for narrow windows, and what both show in words."""

    wide: str
    narrow: str
    description: str


def draw_widths(curves: Sequence[Curve], plan: Plan, epsilon: str) -> Drawing:
    """Width against epsilon for every theorem, both axes logarithmic, with the plan marked.

    Args:
        curves: from `width_curves`.
        plan: the answer.
        epsilon: as it was given.
    """
    return _both(lambda axes: _widths(axes, curves, plan, epsilon), _describe_widths(curves, plan, epsilon))


def draw_prediction(run: InfiniteWidthCurve) -> Drawing:
    """What is to reach epsilon, step by step, at infinite width."""
    return _both(lambda axes: _prediction(axes, run), describe_prediction(run))


def _both(draw: Callable[["Axes"], None], description: str) -> Drawing:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    drawn = {}
    colours = dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _TEXT)
    for name, size in _SIZES.items():
        settings: Any = {"svg.fonttype": "none", "svg.hashsalt": f"{name} {description}", "font.size": _FONT, **colours}
        with rc_context(settings):
            figure = Figure(figsize=size, layout="constrained")
            figure.patch.set_alpha(0.0)
            axes = figure.subplots()
            axes.patch.set_alpha(0.0)
            axes.spines[["top", "right"]].set_visible(False)
            draw(axes)
            drawn[name] = _svg(figure)
    return Drawing(drawn["wide"], drawn["narrow"], description)


def _svg(figure: "Figure") -> str:
    """The figure as an element for a page: it fills the width it is given, and its texts have the page's font."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :].replace(_TEXT, "currentColor").replace("'DejaVu Sans', ", "")
    width, height = (
        f'{side}="{inches * 72:g}pt"'
        for side, inches in zip(("width", "height"), figure.get_size_inches(), strict=True)
    )
    return text.replace(width, 'width="100%"', 1).replace(height, "", 1)


def _style(theorem: str) -> dict[str, Any]:
    """The look of a theorem's curve: a colour and a marker for its argument, dashes for tied pairs."""
    from ...verify.palette import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

    argument, _, tied = theorem.partition("-")
    colour, marker = {
        "E1": (BLUE, "o"),
        "E2": (ORANGE, "s"),
        "E3": (GREEN, "^"),
        "E7": (VERMILION, "D"),
        "E8": (PURPLE, "v"),
        "E9": (SKY, "P"),
        "E10": (_TEXT, "X"),
    }[argument]
    return {"color": colour, "marker": marker, "linestyle": "--" if tied or argument == "E2" else "-"}


def _widths(axes: "Axes", curves: Sequence[Curve], plan: Plan, epsilon: str) -> None:
    ends = []
    for curve in curves:
        xs = [log10(at) for at, _ in curve.points]
        ys = [math.log10(width) for _, width in curve.points]
        axes.plot(xs, ys, linewidth=1.8, markersize=4.0, **_style(curve.theorem))
        ends.append((ys[0], xs[0], curve.theorem))
    chosen = (log10(epsilon), math.log10(plan["width"]))
    axes.axvline(chosen[0], color=_TEXT, linewidth=0.9, linestyle=":")
    axes.plot(*chosen, "o", markersize=11, markerfacecolor="none", markeredgecolor=_TEXT, markeredgewidth=1.8)
    axes.margins(x=0.0, y=0.16)
    low, high = axes.get_xlim()
    _make_room(axes, max((len(curve.theorem) for curve in curves), default=0))
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        axis.set_ticks(_ticks(*limits))
        axis.set_major_formatter(_power)
    axes.set(xlabel="ε", ylabel="width m")
    _name_plan(axes, chosen, epsilon, f"m = {integer(plan['width'])}", left=chosen[0] > (low + high) / 2)
    _label_ends(axes, ends)
    axes.grid(color=_TEXT, alpha=0.15, linewidth=0.6)


def _name_plan(axes: "Axes", chosen: tuple[float, float], epsilon: str, width: str, *, left: bool) -> None:
    """The plan's epsilon above its line, and its width where falling curves leave room."""
    above: Any = axes.get_xaxis_transform()
    shared: Any = {"textcoords": "offset points", "fontweight": "bold"}
    axes.annotate(f"ε = {epsilon}", (chosen[0], 1.0), xycoords=above, xytext=(0, 4), ha="center", **shared)
    side: Any = {"ha": "right", "va": "top", "xytext": (-7, -8)} if left else {"ha": "left", "xytext": (9, 9)}
    axes.annotate(width, chosen, **side, **shared)


def caption(curves: Sequence[Curve], plan: Plan) -> str:
    """What the curves of `draw_widths` are, and what the circle is."""
    lines = "Width m that each theorem asks for, against the target ε; dashed: only antisymmetric moves of tied pairs."
    if "data_radius" not in plan:
        return f"{lines} Circle: the plan."
    condition = "The curves hold at the infinite-width radius of the data, conditional on the network."
    circle = "the plan that was certified at a drawn network" if plan.get("certified") else "the plan"
    return f"{lines} {condition} Circle: {circle}."


def _ticks(low: float, high: float) -> list[float]:
    """Powers of ten on a logarithmic axis; where there are few of them 2 and 5 times these, too."""
    steps = (1, 2, 5) if high - low < 2.5 else (1,)
    every = max(1, math.ceil((high - low) / 7))
    powers = range(math.floor(low), math.ceil(high) + 1)
    ticks = [power + math.log10(step) for power in powers if power % every == 0 for step in steps]
    return [tick for tick in ticks if low <= tick <= high]


def _power(value: float, _: object = None) -> str:
    """A tick of a logarithmic axis."""
    return f"{10.0**value:,.4g}" if -4 < value < 3.5 else f"$10^{{{value:g}}}$"


def _make_room(axes: "Axes", letters: int) -> None:
    """Room for names of so many letters left of the curves, and for the words at the plan right of them."""
    low, high = axes.get_xlim()
    points = axes.bbox.width * 72 / axes.figure.dpi
    share = (_LEADER + 6 + 0.75 * _FONT * letters) / points
    axes.set_xlim(low - share / (1 - share) * (high - low), high + 0.05 * (high - low))


def _label_ends(axes: "Axes", ends: Sequence[tuple[float, float, str]]) -> None:
    """The theorems' names left of their curves, moved apart where they would overlap, with a line to the curve."""
    low, high = axes.get_ylim()
    height = axes.bbox.height * 72 / axes.figure.dpi
    exact = [(y - low) / (high - low) for y, _, _ in sorted(ends)]
    for at, place, (y, x, theorem) in zip(exact, _spread(exact), sorted(ends), strict=True):
        axes.annotate(
            theorem,
            (x, y),
            xytext=(-_LEADER, (place - at) * height),
            textcoords="offset points",
            ha="right",
            va="center",
            fontweight="bold",
            arrowprops={"arrowstyle": "-", "color": _style(theorem)["color"], "linewidth": 1.0, "shrinkA": 0},
        )


def _spread(places: Sequence[float]) -> list[float]:
    """Ascending places moved as little as it takes for `_APART`, pair by pair."""
    moved = list(places)
    for _ in range(len(moved) ** 2):
        for index in range(1, len(moved)):
            lack = max(0.0, _APART - (moved[index] - moved[index - 1])) / 2
            moved[index - 1], moved[index] = moved[index - 1] - lack, moved[index] + lack
    return moved


def _describe_widths(curves: Sequence[Curve], plan: Plan, epsilon: str) -> str:
    grid = sorted({at for curve in curves for at, _ in curve.points}, key=log10)
    if not grid:
        return "No theorem has a curve here."
    widths = {curve.theorem: dict(curve.points) for curve in curves}
    here = [f"{theorem} {integer(points[epsilon])}" for theorem, points in widths.items() if epsilon in points]
    return (
        f"Width m against ε, both axes logarithmic, from ε = {grid[0]} to {grid[-1]}, one curve for each theorem. "
        f"At ε = {epsilon}: {', '.join(here)}. The plan, by {plan['theorem']}, has m = {integer(plan['width'])}."
    )


def _prediction(axes: "Axes", run: InfiniteWidthCurve) -> None:
    from ...verify.palette import ORANGE

    steps = range(1, len(run.targeted) + 1)
    axes.plot(steps, run.targeted, color=ORANGE, linewidth=2.0)
    axes.axhline(run.epsilon, color=_TEXT, linewidth=0.9, linestyle=":")
    axes.annotate(f"ε = {number(run.epsilon)}", (1, run.epsilon), xytext=(2, 4), textcoords="offset points")
    if run.reached_at is not None:
        at = (run.reached_at, run.targeted[run.reached_at - 1])
        axes.plot(*at, "o", color=ORANGE, markersize=8)
        axes.annotate(f"step {run.reached_at:,}", at, xytext=(7, 5), textcoords="offset points")
    what = "fraction misclassified" if run.target == "robust-error" else "surrogate loss"
    axes.set(xscale="log", xlim=(0.9, 1.6 * len(run.targeted)), xlabel="step t", ylabel=f"{what}, against PGD")
    axes.set_ylim(bottom=0.0)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(color=_TEXT, alpha=0.15, linewidth=0.6)


def describe_prediction(run: InfiniteWidthCurve) -> str:
    """The run in words."""
    what = "fraction of misclassified points" if run.target == "robust-error" else "surrogate loss"
    first, last = number(float(run.targeted[0])), number(float(run.targeted[-1]))
    ending = (
        f"it meets ε = {number(run.epsilon)} first at step {run.reached_at:,}"
        if run.reached_at is not None
        else f"ε = {number(run.epsilon)} is not met ({run.stopped})"
    )
    return (
        f"At infinite width the {what} against projected gradient attacks goes from {first} to {last} in "
        f"{len(run.targeted):,} steps; {ending}."
    )
