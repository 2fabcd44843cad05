"""The figure of a run: guarantee, infinite-width prediction and measured curve; margins from both sides."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..palette import BLUE, GREY, ORANGE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_MEASURED, _PREDICTED, _PROVED, _TARGET = BLUE, ORANGE, VERMILION, GREY


@dataclass(frozen=True)
class BandCurve:
    """A band of half height ``bound`` around the infinite-width curve over so many steps."""

    bound: float
    steps: int
    coverage: float
    extrapolated: bool


@dataclass(frozen=True)
class Curves:
    """What the target counts (losses, or errors) by step t = 1, 2, ..., measured, predicted and guaranteed.

    ``guarantee`` is the theorem's bound had the run been stopped after t of its T steps. ``certified_margins`` and
    ``attacked_margins`` bracket ``min y_i f(W_best, x')`` for each of the n points.
    """

    measured: Array
    infinite_width: Array
    guarantee_steps: Array
    guarantee: Array
    certified_margins: Array
    attacked_margins: Array
    theorem: str = "E1"
    target: str = "loss"
    band: BandCurve | None = None

    def arrays(self) -> dict[str, Array]:
        """The curves by name."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.type == "Array"}


def draw(curves: Curves, *, epsilon: float, reached_at: int | None) -> Figure:
    """Both panels on a new figure; nothing global is touched."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1.0))
    _draw_losses(left, curves, epsilon, reached_at)
    _draw_margins(right, curves)
    return figure


def _draw_losses(axes: Axes, curves: Curves, epsilon: float, reached_at: int | None) -> None:
    axes.plot(
        curves.guarantee_steps,
        curves.guarantee,
        color=_PROVED,
        linestyle="-.",
        label=f"guaranteed for the best iterate ({curves.theorem})",
    )
    steps = np.arange(1, len(curves.measured) + 1)
    axes.plot(steps, curves.measured, color=_MEASURED, linewidth=2.2, label="measured, this network")
    predicted = np.arange(1, len(curves.infinite_width) + 1)
    axes.plot(predicted, curves.infinite_width, color=_PREDICTED, linestyle="--", label="predicted, infinite width")
    _draw_band(axes, curves)
    axes.axhline(epsilon, color=_TARGET, linewidth=0.9, linestyle=":")
    axes.annotate(f"ε = {epsilon:g}", (1.0, epsilon), xytext=(2, 3), textcoords="offset points", color=_TARGET)
    if reached_at is not None:
        axes.plot([reached_at], [curves.measured[reached_at - 1]], "o", color=_MEASURED)
        axes.annotate(
            f"step {reached_at}",
            (reached_at, curves.measured[reached_at - 1]),
            xytext=(5, 6),
            textcoords="offset points",
            color=_MEASURED,
        )
    errors = curves.target == "robust-error"
    top = 1.4 if errors else 2.0 * max(float(np.max(curves.measured)), epsilon)  # room for the legend
    what = "fraction that $A$ misclassifies" if errors else "surrogate loss $L_A(W_t)$"
    axes.set(xscale="log", ylim=(0.0, top), xlabel="step t", ylabel=what)
    axes.set_title("Training: predicted and measured")
    axes.legend(frameon=False, fontsize="small", loc="upper left")


def _draw_band(axes: Axes, curves: Curves) -> None:
    band = curves.band
    if band is None:
        return
    shown = curves.infinite_width[: band.steps]
    label = f"networks of this width, {band.coverage:.0%}{' (extrapolated)' if band.extrapolated else ''}"
    steps = np.arange(1, len(shown) + 1)
    low = np.maximum(shown - band.bound, 0.0)
    axes.fill_between(steps, low, shown + band.bound, color=_PREDICTED, alpha=0.25, linewidth=0, label=label)


def _draw_margins(axes: Axes, curves: Curves) -> None:
    order = np.argsort(curves.attacked_margins)
    place = np.arange(1, len(order) + 1)
    low, high = curves.certified_margins[order], curves.attacked_margins[order]
    axes.vlines(place, low, high, color=_TARGET, linewidth=1.2)
    axes.plot(place, high, "v", color=_MEASURED, markersize=5, label="attacked (upper bound)")
    axes.plot(place, low, "^", color=_PROVED, markersize=5, label="certified (lower bound)")
    axes.axhline(0.0, color=_TARGET, linewidth=0.9, linestyle=":")
    axes.set(xlabel="training point, sorted", ylabel="worst margin $y\\,f(x')$ on the set")
    axes.set_title("Best iterate: margins from both sides")
    axes.legend(frameon=False, fontsize="small", loc="upper left")
