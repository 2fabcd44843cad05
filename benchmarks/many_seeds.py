"""Training many seeds at once against training them one after the other.

    python -m benchmarks.many_seeds [--seeds 10] [--steps 60] [--dtype float32]

Networks of every width are trained adversarially on digits 0 and 1 (n = 20, delta = 0.1, erf, hinge loss), once by
`train_many` and once by a loop over `train`, in alternating repetitions after a first run of each that compiles. Prints
the medians, their ratio, and the largest difference of the loss curves; exits with 1 if these differ by more than
float32 training does from float64, or if training together is not faster at the smallest width.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from robustntk.bounds import get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import load_data
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.many_seeds import train_many
from robustntk.verify.training.projected_descent import train
from robustntk.verify.training.training_run import TrainingRun

WIDTHS = (16, 64, 256, 1024, 4096)
STEP_SIZE, RADIUS = 0.5, 7.75
ALLOWED = 1e-4
Runs = Callable[[], list[TrainingRun]]


@dataclass(frozen=True)
class Comparison:
    """Medians in seconds, and the largest difference of two curves of one seed."""

    width: int
    loop: float
    together: float
    difference: float

    @property
    def ratio(self) -> float:
        """How many times faster training together is."""
        return self.loop / self.together


def both_ways(width: int, seeds: int, steps: int, dtype: Any) -> tuple[Runs, Runs]:
    """The loop, and training together."""
    data = load_data("digits", classes=(0, 1), samples=20, seed=1, bias=0.5)
    problem = (get_activation("erf"), get_loss("hinge"), data.X, data.y, SphericalCap(0.1), ProjectedGradientAttack())
    options: dict[str, Any] = {"step_size": STEP_SIZE, "iterations": steps, "radius": RADIUS, "dtype": dtype}
    starts = [SymmetricInitialisation(width, data.dimension, seed, dtype=dtype) for seed in range(seeds)]

    def loop() -> list[TrainingRun]:
        return [train(start, *problem, **options) for start in starts]

    def together() -> list[TrainingRun]:
        return list(train_many(starts, *problem, **options))

    return loop, together


def compare(width: int, seeds: int, steps: int, dtype: Any, repeats: int) -> Comparison:
    """One width, both ways in turn."""
    ways = both_ways(width, seeds, steps, dtype)
    pairs = zip(*(way() for way in ways), strict=True)
    difference = max(float(np.max(np.abs(one.surrogate_losses - other.surrogate_losses))) for one, other in pairs)
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for way, taken in zip(ways, seconds, strict=True):
            began = time.perf_counter()
            way()
            taken.append(time.perf_counter() - began)
    loop, together = (float(np.median(taken)) for taken in seconds)
    return Comparison(width, loop, together, difference)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 if the curves differ or nothing is gained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    whole = partial(parser.add_argument, type=int)
    whole("--seeds", default=10)
    whole("--steps", default=60)
    whole("--repeats", default=3)
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    options = parser.parse_args(arguments)
    dtype = np.dtype(options.dtype).type
    print(f"{options.seeds} seeds, {options.steps} steps, {options.dtype}")
    print(f"{'m':>6} {'loop':>9} {'together':>9} {'ratio':>6} {'difference':>11}")
    rows = []
    for width in WIDTHS:
        row = compare(width, options.seeds, options.steps, dtype, options.repeats)
        print(f"{width:6d} {row.loop:8.3f}s {row.together:8.3f}s {row.ratio:6.2f} {row.difference:11.1e}", flush=True)
        rows.append(row)
    alike = all(row.difference <= ALLOWED for row in rows)
    return 0 if alike and rows[0].ratio > 1.0 else 1


if __name__ == "__main__":
    sys.exit(main())
