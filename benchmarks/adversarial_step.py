"""Time of one full-batch adversarial training step against plain NumPy and the memory-bandwidth floor.

    python -m benchmarks.adversarial_step [--width 60000] [--samples 20] [--repeats 9]

Both sides do the same step in the same dtype: a 10-step projected-gradient attack that keeps the best
iterate, the gradient at the points found, the step and the projection on the ball. The NumPy side uses
BLAS, works in place and allocates nothing. Repeats are interleaved, so that a busy machine slows both
sides. The floor is the time to read the weights as often as the step must (twice per attack step, four
and a half times in the update), at the measured rate of reading an array far larger than the caches;
weights that fit in a cache may beat it. Exits with 1 if float32 is less than 1.5 times as fast as NumPy.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robustntk.bounds import get_activation, get_loss
from robustntk.kernels import SymmetricInitialisation
from robustntk.verify.attacks.projected_gradient import ProjectedGradientAttack
from robustntk.verify.data import load_data
from robustntk.verify.predictors import network_parts
from robustntk.verify.sets.cap import SphericalCap
from robustntk.verify.training.network_step import compiled_step
from robustntk.verify.training.projected_descent import DeviceNetwork

Array = NDArray[Any]
STEP_SIZE = 0.125
RADIUS = 3.91
PASSES = 2 * 10 + 1 + 4.5
REQUIRED_RATIO = 1.5


@dataclass
class Problem:
    """One step's input, in one dtype."""

    weights: Array
    start: Array
    signs: Array
    X: Array
    y: Array
    cap: SphericalCap
    attack: ProjectedGradientAttack


class NumpyStep:
    """The same step in plain NumPy, for the quadratic ReLU and the hinge loss; buffers are allocated once."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        shape = (len(problem.X), len(problem.weights))
        dtype = problem.weights.dtype
        self.active, self.weighted = np.empty(shape, dtype), np.empty(shape, dtype)
        self.gradient, self.moved = np.empty_like(problem.weights), np.empty_like(problem.weights)
        self.outputs = problem.signs.astype(dtype) / dtype.type(np.sqrt(len(problem.weights)))

    def values(self, points: Array) -> Array:
        np.matmul(points, self.problem.weights.T, out=self.active)
        np.maximum(self.active, 0, out=self.active)
        np.multiply(self.active, self.outputs, out=self.weighted)
        return np.einsum("nm,nm->n", self.active, self.weighted)

    def attack(self) -> Array:
        problem = self.problem
        labels = problem.y[:, None]
        points, best = problem.X, problem.X
        lowest = np.full(len(points), np.inf, points.dtype)
        for size in problem.attack.sizes():
            margins = problem.y * self.values(points)
            slopes = 2 * (self.weighted @ problem.weights)
            best = np.where((margins < lowest)[:, None], points, best)
            lowest = np.minimum(margins, lowest)
            moved = problem.cap.move(points, -labels * slopes, points.dtype.type(size))
            points = problem.cap.project(moved, problem.X)
        return np.where((problem.y * self.values(points) < lowest)[:, None], points, best)

    def __call__(self) -> tuple[float, Array]:
        problem = self.problem
        points = self.attack()
        margins = problem.y * self.values(points)
        pulls = np.where(margins < 1, -problem.y, 0) / len(margins)
        np.matmul(self.active.T, (2 * pulls.astype(points.dtype))[:, None] * points, out=self.gradient)
        self.gradient *= self.outputs[:, None]
        np.linalg.norm(self.gradient)
        self.gradient *= points.dtype.type(STEP_SIZE)
        np.subtract(problem.weights, self.gradient, out=self.moved)
        np.subtract(self.moved, problem.start, out=self.gradient)
        distance = np.linalg.norm(self.gradient)
        if distance > RADIUS:
            self.gradient *= points.dtype.type(RADIUS) / distance
            np.add(problem.start, self.gradient, out=self.moved)
        return float(np.mean(np.maximum(0, 1 - margins))), self.moved


def jax_step(problem: Problem) -> Callable[[], tuple[float, Array]]:
    """The step as `robustntk.verify.train` takes it, with the weights on the device."""
    import jax

    activation, loss = get_activation("quadratic_relu"), get_loss("hinge")
    dtype = problem.weights.dtype
    double = dtype == np.float64
    with jax.enable_x64(double):
        parts = jax.device_put(network_parts(problem.weights, problem.signs))
        half = jax.device_put(problem.start[: len(problem.start) // 2])
    network = DeviceNetwork((parts[0][0], parts[1][0]), (parts[0][1], parts[1][1]), activation)

    def step() -> tuple[float, Array]:
        with jax.enable_x64(double):
            X = problem.X.astype(np.float64)
            found = problem.attack.perturb(network, X, problem.y.astype(np.float64), problem.cap, loss=loss)
            result = compiled_step(activation, loss)(
                parts,
                (half, half),
                found.points.astype(dtype),
                problem.y,
                dtype.type(STEP_SIZE),
                dtype.type(RADIUS),
            )
            jax.block_until_ready(result)
        return float(result.loss), result.weights

    return step


def make_problem(width: int, samples: int, dtype: np.dtype[Any]) -> Problem:
    """Digits 0 and 1 with weights some way off their start, so that the attack has something to do."""
    data = load_data("digits", classes=(0, 1), samples=samples, seed=1, bias=0.5)
    start = SymmetricInitialisation(width, data.dimension, 0)
    move = np.random.default_rng(1).standard_normal(start.weights.shape)
    weights = start.weights + move * (2.0 / np.linalg.norm(move))
    arrays = (array.astype(dtype) for array in (weights, start.weights, start.signs, data.X, data.y))
    return Problem(*arrays, SphericalCap(0.1), ProjectedGradientAttack())


def seconds_per_byte() -> float:
    """Time to read memory, all cores, from an array far larger than the caches."""
    array = np.ones(2**26, np.float32)
    return _median_seconds([lambda: array @ array], 7)[0] / array.nbytes


def _median_seconds(functions: list[Callable[[], Any]], repeats: int) -> list[float]:
    """Medians over interleaved blocks of consecutive calls, as in training.

    Unmeasured calls come first in each block: OpenBLAS threads keep a core busy for some 30 ms after their
    last product, and idle cores take as long to wake up.
    """
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats):
        for function, record in zip(functions, times, strict=True):
            _call_for(0.1, function)
            for _ in range(5):
                begun = time.perf_counter()
                function()
                record.append(time.perf_counter() - begun)
    return [float(np.median(record)) for record in times]


def _call_for(seconds: float, function: Callable[[], Any]) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        function()


def measure(width: int, samples: int, dtype: np.dtype[Any], repeats: int) -> tuple[float, float, float]:
    """Seconds of the NumPy step, of the JAX step, and the floor; the two steps are checked to agree."""
    problem = make_problem(width, samples, dtype)
    plain, compiled = NumpyStep(problem), jax_step(problem)
    (loss, moved), (other_loss, halves) = plain(), compiled()
    tolerance = 1e3 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(loss, other_loss, rtol=tolerance)
    np.testing.assert_allclose(moved, np.concatenate([np.asarray(half) for half in halves]), atol=tolerance)
    plain_seconds, compiled_seconds = _median_seconds([plain, compiled], repeats)
    return plain_seconds, compiled_seconds, PASSES * problem.weights.nbytes * seconds_per_byte()


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if float32 is too slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=60_000)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args(arguments)
    print(f"one step, 10 attack steps, n = {options.samples}, d = 65, m = {options.width}, quadratic ReLU, hinge")
    print(f"{'dtype':>8} {'NumPy ms':>9} {'JAX ms':>8} {'faster':>7} {'floor ms':>9} {'over floor':>11}")
    ratios = {}
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        plain, compiled, floor = measure(options.width, options.samples, dtype, options.repeats)
        ratios[dtype.name] = plain / compiled
        print(
            f"{dtype.name:>8} {1e3 * plain:9.2f} {1e3 * compiled:8.2f} {plain / compiled:6.2f}x "
            f"{1e3 * floor:9.2f} {compiled / floor:10.2f}x"
        )
    return 0 if ratios["float32"] >= REQUIRED_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
