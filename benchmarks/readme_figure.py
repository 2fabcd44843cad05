"""Draw the figure of README.md from a run of the demo: ``python benchmarks/readme_figure.py`` (under a minute)."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from robustntk.verify import Experiment, ExperimentConfig, run_experiment
from robustntk.verify.figure_files import save_figure
from robustntk.verify.palette import BLUE, GREY, ORANGE, VERMILION

DEMO = ExperimentConfig(data="digits", classes=("0", "1"), samples=20, delta=0.1, epsilon="0.5")
FIGURE = Path(__file__).resolve().parent.parent / "notebooks" / "figures" / "main_job"


def draw(experiment: Experiment) -> Figure:
    """What was perturbed, what was guaranteed, predicted and measured, and margins from both sides."""
    figure = Figure(figsize=(11.0, 3.7), layout="constrained")
    left, middle, right = figure.subfigures(1, 3, width_ratios=(0.85, 1.9, 1.25))
    left.suptitle("Data and perturbations", fontsize="medium")
    for axes, label in zip(left.subplots(2, 2), (1.0, -1.0), strict=True):
        draw_image(axes, experiment, int(np.flatnonzero(experiment.problem.data.y == label)[0]))
    middle.suptitle("Training at the prescribed width", fontsize="medium")
    draw_losses(middle.subplots(), experiment)
    right.suptitle("Worst margin of every point", fontsize="medium")
    draw_margins(right.subplots(), experiment)
    return figure


def draw_image(axes: np.ndarray, experiment: Experiment, row: int) -> None:
    """A sample, and the point that the adversary of the training put in its place."""
    for axis, points, name in zip(
        axes, (experiment.problem.data.X, experiment.training.best_points), ("sample", "attacked"), strict=True
    ):
        axis.imshow(points[row, :-1].reshape(8, 8), cmap="gray_r", vmin=0.0)
        axis.set(xticks=[], yticks=[])
        axis.set_xlabel(name, fontsize="small")


def draw_losses(axis: Axes, experiment: Experiment) -> None:
    """The three curves."""
    plan, curves = experiment.drawn.plan, experiment.curves()
    reached, epsilon = experiment.training.best_step, float(plan.epsilon)
    bound = f"guaranteed by theorem {plan.theorem}: T = {plan.iterations:,}"
    axis.plot(curves.guarantee_steps, curves.guarantee, color=VERMILION, linestyle="-.", label=bound)
    steps = np.arange(1, len(curves.measured) + 1)
    axis.plot(steps, curves.measured, color=BLUE, linewidth=2.6, label=f"measured, width m = {plan.width:,}")
    predicted = curves.infinite_width[: len(steps)]
    axis.plot(steps, predicted, color=ORANGE, linestyle="--", label="predicted, infinite width")
    axis.plot([reached], [curves.measured[reached - 1]], "o", color=BLUE)
    axis.annotate(f"step {reached}", (reached, epsilon), xytext=(5, 5), textcoords="offset points", color=BLUE)
    axis.axhline(epsilon, color=GREY, linewidth=0.9, linestyle=":")
    axis.annotate(f"ε = {epsilon:g}", (1.0, epsilon), xytext=(2, 3), textcoords="offset points", color=GREY)
    axis.set(xscale="log", ylim=(0.0, 1.6), xlabel="training step", ylabel="adversarial training loss")
    axis.legend(frameon=False, fontsize="small", loc="lower left")


def draw_margins(axis: Axes, experiment: Experiment) -> None:
    """Attacked and certified margins of the best iterate."""
    attacked, certified = experiment.robust.attacked_margins, experiment.robust.certified_margins
    order, place = np.argsort(attacked), np.arange(1, len(attacked) + 1)
    axis.plot(place, attacked[order], "v", color=BLUE, markersize=5, label="attacked: at most this")
    axis.plot(place, certified[order], "^", color=VERMILION, markersize=5, label="certified: at least this")
    axis.axhline(0.0, color=GREY, linewidth=0.9, linestyle=":")
    axis.set(xlabel="training point, sorted", ylabel="worst $y\\,f(x')$ on its cap", xticks=(1, 5, 10, 15, 20))
    axis.legend(frameon=False, fontsize="small", loc="lower right")


def main() -> None:
    """Run the demo and write the figure; refuse to draw a run that does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FIGURE, help="the .svg and .png files, less the suffix")
    out = parser.parse_args().out
    experiment = run_experiment(DEMO)
    if not experiment.holds:
        raise SystemExit("error: the run does not hold; no figure was written")
    out.parent.mkdir(parents=True, exist_ok=True)
    print(*save_figure(draw(experiment), out), sep="\n")


if __name__ == "__main__":
    main()
