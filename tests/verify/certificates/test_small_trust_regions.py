"""Batches of small quadratic programs: below every point of their sets, and tight."""

import numpy as np
import pytest
from scipy.optimize import minimize

from robustntk.verify.certificates.small_trust_regions import BallPrograms
from robustntk.verify.certificates.trust_region import minimum_over_ball


def random_programs(seed: int, k: int, count: int = 60, *, constrained: bool) -> BallPrograms:
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((count, k, k)) * 10.0 ** rng.uniform(-3, 1, (count, 1, 1))
    curvature = matrix + np.swapaxes(matrix, 1, 2)
    gradient = rng.standard_normal((count, k)) * 10.0 ** rng.uniform(-4, 0.5, (count, 1))
    plane = rng.standard_normal((count, k)) if constrained else np.zeros((count, k))
    radius = float(10.0 ** rng.uniform(-2, 0))
    level = radius * rng.uniform(-1, 0.6, count) * np.linalg.norm(plane, axis=1)
    bend = rng.uniform(0.0, 0.4, count) if constrained else np.zeros(count)
    return BallPrograms(rng.standard_normal(count), gradient, curvature, radius, plane, level, bend)


def values(programs: BallPrograms, points: np.ndarray) -> np.ndarray:
    """Of every program at its own points, shape (count, samples)."""
    linear = np.einsum("na,nsa->ns", programs.gradient, points)
    return programs.constant[:, None] + linear + 0.5 * np.einsum("nsa,nab,nsb->ns", points, programs.curvature, points)


def samples(programs: BallPrograms, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of the balls, half of them on the sphere, and whether they satisfy the second constraint."""
    rng = np.random.default_rng(seed)
    count, k = programs.gradient.shape
    points = rng.standard_normal((count, 4000, k))
    points *= programs.radius / np.linalg.norm(points, axis=2, keepdims=True)
    points[:, ::2] *= rng.random((count, 2000, 1)) ** (1.0 / k)
    side = np.einsum("na,nsa->ns", programs.plane, points) - programs.bend[:, None] * np.sum(points**2, axis=2)
    return points, side >= programs.level[:, None]


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_bounds_on_balls_are_those_of_the_single_program(k: int, seed: int) -> None:
    programs = random_programs(seed, k, constrained=False)
    lower, steps = programs.lower_bounds(np.zeros(60))
    singles = [
        minimum_over_ball(c, g, a, programs.radius).lower
        for c, g, a in zip(programs.constant, programs.gradient, programs.curvature, strict=True)
    ]
    scale = 1.0 + np.linalg.norm(programs.curvature, axis=(1, 2))
    assert np.all(np.abs(lower - singles) <= 1e-9 * scale)
    attained = values(programs, steps[:, None, :])[:, 0]
    assert np.all(attained >= lower)
    assert np.all(np.linalg.norm(steps, axis=1) <= programs.radius * (1.0 + 1e-12))


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_no_point_of_a_constrained_ball_is_below_its_bound(k: int, seed: int) -> None:
    programs = random_programs(seed, k, constrained=True)
    points, allowed = samples(programs, seed)
    found = values(programs, points)
    lowest = np.min(np.where(allowed, found, np.inf), axis=1)
    best = np.max([programs.lower_bounds(start)[0] for start in (np.zeros(60), np.ones(60), np.full(60, 1e4))], axis=0)
    assert np.all(best <= lowest)
    raised = best + 0.1 * (np.max(found, axis=1) - np.min(found, axis=1))
    assert not np.all(raised <= lowest), "bounds raised by a tenth of the range are not refuted"


def test_the_second_constraint_closes_what_it_can() -> None:
    """Convex programs have no duality gap: the bound must come near the minimum on the part that is left."""
    rng = np.random.default_rng(3)
    factors = rng.standard_normal((40, 3, 3))
    convex = factors @ np.swapaxes(factors, 1, 2) + 0.1 * np.eye(3)
    gradient, plane = rng.standard_normal((2, 40, 3))
    # The plane points uphill, so the constraint takes the minimiser away.
    plane *= np.sign(np.sum(plane * gradient, axis=1))[:, None]
    level = rng.uniform(0.2, 0.6, 40) * np.linalg.norm(plane, axis=1)
    programs = BallPrograms(np.zeros(40), gradient, convex, 1.0, plane, level, np.full(40, 0.1))
    lowest = np.array([_minimum(programs, row) for row in range(40)])
    without, _ = programs.lower_bounds(np.zeros(40))
    bounded, _ = programs.lower_bounds(np.ones(40))
    assert np.all(bounded <= lowest + 1e-9)
    assert np.median(lowest - without) >= 0.3
    assert np.all(lowest - bounded <= 1e-3 * (1.0 + np.abs(lowest)))


def _minimum(programs: BallPrograms, row: int) -> float:
    """By sequential quadratic programming from a feasible point: the program is convex."""
    gradient, curvature, plane = programs.gradient[row], programs.curvature[row], programs.plane[row]
    inside = {"type": "ineq", "fun": lambda t: programs.radius**2 - t @ t}
    beyond = {"type": "ineq", "fun": lambda t: plane @ t - programs.bend[row] * (t @ t) - programs.level[row]}
    start = 0.9 * plane / np.linalg.norm(plane)
    found = minimize(
        lambda t: gradient @ t + 0.5 * t @ curvature @ t, start, constraints=[inside, beyond], options={"ftol": 1e-12}
    )
    assert found.success
    return float(found.fun)
