"""Deviation of width-m adversarial training from the infinite-width curve, against 1 / sqrt(m).

    python -m benchmarks.deviation [--seeds 8] [--out runs/deviation]

For every activation, width and seed a network is trained adversarially on digits 0 and 1 (n = 20, delta =
0.1, hinge loss, 60 steps), and the largest distance of its surrogate loss from the infinite-width curve
of theory section 4 is recorded. The slope of log(deviation) over log(m), fitted over all runs, should be
-1/2. That is what a band carries its distances over by: the last column counts the runs of each width that
lie in the band of the runs of width 256 (S of S + 1 are expected, over many bands). Prints a table, writes
deviation.csv, deviation.svg and deviation.png, and exits with 1 if a slope lies outside [-0.65, -0.35].
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robustntk.bounds import get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation, dual_kernel
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.comparison.band import Band, largest_distance
from robustntk.verify.comparison.infinite_width import train_infinite_width
from robustntk.verify.data import load_data
from robustntk.verify.figure_files import save_figure
from robustntk.verify.palette import BLUE, VERMILION
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.many_seeds import train_many

Array = NDArray[np.float64]
WIDTHS = (64, 256, 1024, 4096, 16384)
STEPS = 60
BAND_WIDTH = 256
# Activation, step size and radius; the radii are the reference values of theory section 4.
SETTINGS = (("erf", 0.5, 7.75), ("quadratic_relu", 0.125, 3.91))
ALLOWED = (-0.65, -0.35)


@dataclass(frozen=True)
class Fit:
    """A line through log(deviation) over log(m)."""

    slope: float
    standard_error: float
    intercept: float


def deviations(name: str, step_size: float, radius: float, seeds: int) -> Array:
    """Largest distance from the infinite-width curve, shape (widths, seeds)."""
    data = load_data("digits", classes=(0, 1), samples=20, seed=1, bias=0.5)
    activation, loss = get_activation(name), get_loss("hinge")
    problem = (loss, data.X, data.y, SphericalCap(0.1), ProjectedGradientAttack())
    options = {"step_size": step_size, "radius": radius}
    limit = train_infinite_width(dual_kernel(activation), *problem, iterations=STEPS, **options).surrogate_losses
    found = np.empty((len(WIDTHS), seeds))
    for row, width in enumerate(WIDTHS):
        starts = [SymmetricInitialisation(width, data.dimension, seed) for seed in range(seeds)]
        runs = train_many(starts, activation, *problem, iterations=STEPS, **options)
        found[row] = [largest_distance(run.surrogate_losses, limit) for run in runs]
    return found


def inside(found: Array) -> list[int]:
    """How many runs of each width lie in the band that the runs of width 256 give for it."""
    reference = found[WIDTHS.index(BAND_WIDTH)]
    bounds = [Band(BAND_WIDTH, width, STEPS, reference).bound for width in WIDTHS]
    return [int(np.sum(row <= bound)) for row, bound in zip(found, bounds, strict=True)]


def fit(found: Array) -> Fit:
    """Least squares over all runs."""
    x = np.repeat(np.log(WIDTHS), found.shape[1])
    y = np.log(found).ravel()
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    intercept = float(y.mean() - slope * x.mean())
    residual = y - intercept - slope * x
    error = np.sqrt(residual @ residual / (len(y) - 2) / (centred @ centred))
    return Fit(slope, float(error), intercept)


def report(name: str, found: Array, line: Fit) -> bool:
    """Print one activation's table; whether its slope is as theory says."""
    print(f"\n{name}: largest deviation over {STEPS} steps, {found.shape[1]} seeds")
    print(f"{'m':>7} {'mean':>9} {'least':>9} {'largest':>9} {'mean * sqrt(m)':>15} {'in the band':>12}")
    for width, row, kept in zip(WIDTHS, found, inside(found), strict=True):
        scaled = row.mean() * np.sqrt(width)
        counted = "-" if width == BAND_WIDTH else f"{kept} of {len(row)}"
        print(f"{width:7d} {row.mean():9.5f} {row.min():9.5f} {row.max():9.5f} {scaled:15.3f} {counted:>12}")
    holds = ALLOWED[0] <= line.slope <= ALLOWED[1]
    verdict = "as predicted" if holds else f"outside {list(ALLOWED)}"
    print(f"slope {line.slope:.3f} +- {line.standard_error:.3f}, predicted -0.5: {verdict}")
    return holds


def save(results: dict[str, tuple[Array, Fit]], folder: Path) -> None:
    """deviation.csv with every run, deviation.svg and .png with the fitted lines."""
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "deviation.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(("activation", "width", "seed", "deviation"))
        for name, (found, _) in results.items():
            for width, row in zip(WIDTHS, found, strict=True):
                writer.writerows((name, width, seed, value) for seed, value in enumerate(row))
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for color, (name, (found, line)) in zip((BLUE, VERMILION), results.items(), strict=True):
        axes.plot(np.repeat(WIDTHS, found.shape[1]), found.ravel(), "o", color=color, alpha=0.4)
        label = f"{name}: slope {line.slope:.2f} ± {line.standard_error:.2f}"
        axes.plot(WIDTHS, np.exp(line.intercept) * np.array(WIDTHS) ** line.slope, color=color, label=label)
    axes.set(xscale="log", yscale="log", xlabel="width m", ylabel="largest deviation of the surrogate loss")
    axes.legend()
    written = (folder / "deviation.csv", *save_figure(figure, folder / "deviation"))
    print(f"\nwritten: {', '.join(map(str, written))}")


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and save; 1 if a slope is not as predicted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8, help="at least 5")
    parser.add_argument("--out", type=Path, default=Path("runs/deviation"))
    options = parser.parse_args(arguments)
    if options.seeds < 5:
        parser.error(f"--seeds is {options.seeds}: expected at least 5")
    results = {}
    for name, step_size, radius in SETTINGS:
        found = deviations(name, step_size, radius, options.seeds)
        results[name] = (found, fit(found))
    hold = [report(name, *result) for name, result in results.items()]
    save(results, options.out)
    return 0 if all(hold) else 1


if __name__ == "__main__":
    sys.exit(main())
