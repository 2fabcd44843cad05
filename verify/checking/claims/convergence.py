"""The convergence theorems on small runs, and the steps of their proofs: theory E1, E2, E3, E7, E8, E9, E10.

The perturbation sets are the points that the adversary chose in the run, the smallest that the theorems allow.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from ....bounds import curvature, guarantee, two_layer
from ....bounds.letters import L, R, alpha, beta, m
from ..claim import UNIT, Claim, Sides, claim
from ..evaluation import at, constant, slope_lipschitz
from ..run_case import RunCase, run_cases

_HINGES = (("hinge", "1"), ("hinge", "1/2"), ("hinge", "1/10"))
_SMOOTH = (("squared_hinge", "1"), ("squared_hinge", "1/2"), ("huber", "1"))


def _value(case: RunCase, theorem: str, **known: Any) -> float:
    """What the theorem says of the run, rounded up; the numbers of the run are taken as the binary ones they are."""
    norm = float(np.linalg.norm(case.initial, 2)) * (1.0 + 16.0 * (case.width + case.data.dimension) * UNIT)
    if case.tied:
        known["row_radius"] = Fraction(case.row_radius)
    if "operator" in case.constraint:
        known["operator_radius"] = Fraction(case.operator_radius)
    found = guarantee(
        width=case.width,
        step_size=Fraction(case.step_size),
        iterations=case.iterations,
        radius=Fraction(case.radius),
        activation=case.sigma,
        loss=case.function,
        initial_operator_norm=norm,
        theorem=theorem,
        **known,
    )
    return constant(found.value)


def _above_the_comparator(theorem: str, case: RunCase) -> Sides:
    """``min_t L_A(W_t) - L_*(W_*)`` against the regret and the near-linearity."""
    run = case.run
    return Sides(float(np.min(run.losses)) - run.robust_loss, _value(case, theorem, target="excess-loss"), run.rounding)


def _smooth(theorem: str, case: RunCase) -> Sides:
    """``min_t L_A(W_t)`` against the bound of E3 or E9; where the step is too long there is no bound."""
    run = case.run
    try:
        bound = _value(case, theorem, comparator_loss=Fraction(run.robust_loss))
    except ValueError:
        return Sides(0.0, 0.0)
    return Sides(float(np.min(run.losses)), bound, run.rounding)


def _margins(target: str, theorem: str, case: RunCase) -> Sides:
    """``min_t L_A(W_t)``, or the least fraction of errors, against the bound of E8 for the margin of the comparator."""
    run = case.run
    margin = run.margin - run.rounding
    if not margin > 0.0:
        return Sides(0.0, 0.0)
    bound = _value(case, theorem, comparator_margin=Fraction(margin), target=target)
    if target == "loss":
        return Sides(float(np.min(run.losses)), bound, run.rounding)
    # A fraction is at most 1: then nothing is claimed.
    return Sides(float(np.min(run.errors)), bound) if bound < 1.0 else Sides(0.0, 0.0)


def _theorem(
    id: str,
    statement: str,
    evaluate: Callable[[str, RunCase], Sides],
    *,
    constraint: str = "ball",
    losses: tuple[tuple[str, str | None], ...] | None = None,
    slack: str = "",
    **options: Any,
) -> Claim:
    options |= {"constraints": (constraint,)} | ({} if losses is None else {"losses": losses})
    name = id.partition("/")[2]
    theorem = id.partition("/")[0] + ("-tied" if name.startswith("tied") else "")
    return Claim(id, statement, partial(run_cases, **options), partial(evaluate, theorem), slack=slack)


_REGRET = "min_t L_A(W_t) <= L_*(W_*) + R^2/(2 alpha T) + alpha L^2 G^2/2 + "
_E3 = "v = min_t L_A(W_t) has k v - r sqrt(2Hv) <= s + R^2/(2 alpha T), k = 1 - alpha H G^2, "
_E7 = "min_t L_A(W_t) <= s + alpha L^2 G^2/2 + L C R^2/(1 - (1 + 2 alpha L C)^-T)"
_E8 = "min_t L_A(W_t) <= R^2/(2 alpha T) + max(0, alpha G^2/2 + C R^2 - (mu - tau))"
_STEPS = "small runs that the bound is not trivial for have no errors left: the bound is far above them"

THEOREMS = (
    _theorem("E1", _REGRET + "2 L beta R^2/sqrt(m)", _above_the_comparator),
    _theorem("E2", _REGRET + "2 L gamma rho R^2/m, tied pairs", _above_the_comparator, constraint="tied"),
    _theorem("E3", _E3 + "r = 4 C R^2", _smooth, losses=_SMOOTH),
    _theorem("E3/tied", _E3 + "r = 4 C R^2, tied pairs", _smooth, losses=_SMOOTH, constraint="tied"),
    _theorem("E7", _E7, _above_the_comparator),
    _theorem("E7/tied", _E7 + ", tied pairs", _above_the_comparator, constraint="tied"),
    _theorem("E8", _E8, partial(_margins, "loss"), losses=_HINGES),
    _theorem("E8/tied", _E8 + ", tied pairs", partial(_margins, "loss"), losses=_HINGES, constraint="tied"),
    _theorem(
        "E8/errors",
        "min_t of the fraction of errors <= epsilon, where epsilon (mu - r) - epsilon^2 alpha G^2/2 and mu - r - "
        "(1 - epsilon) tau - alpha G^2/2 are at least R^2/(2 alpha T)",
        partial(_margins, "robust-error"),
        losses=_HINGES[-1:],
        slack=_STEPS,
        largest_iterations=40,
        radii=(0.5, 1.0),
    ),
    _theorem("E9", _E3 + "r = C R^2", _smooth, losses=_SMOOTH),
    _theorem("E9/tied", _E3 + "r = C R^2, tied pairs", _smooth, losses=_SMOOTH, constraint="tied"),
    _theorem("E10", _REGRET + "2 L beta R_op^2/sqrt(m)", _above_the_comparator, constraint="operator"),
    _theorem("E10/tied", _REGRET + "2 L gamma rho R_op^2/m", _above_the_comparator, constraint="tied operator"),
)


@claim("E1.c/step", "D_(t+1) - D_t + 2 alpha <g_t, W_t - W_*> <= alpha^2 |g_t|^2", run_cases)
def one_step(case: RunCase) -> Sides:
    run, step = case.run, case.step_size
    pulls = np.array([np.sum(g * (w - case.comparator)) for g, w in zip(run.gradients, run.weights, strict=False)])
    gained = np.diff(run.squares) + 2.0 * step * pulls
    return Sides(gained, step**2 * run.squared_norms, 2.0 * step * run.rounding)


@claim("E1.c/convexity", "l_t(W_t) - l_t(W_*) - <g_t, W_t - W_*> <= L C |W_t - W_*|^2", run_cases)
def linearised_loss(case: RunCase) -> Sides:
    run = case.run
    pulls = np.array([np.sum(g * (w - case.comparator)) for g, w in zip(run.gradients, run.weights, strict=False)])
    excess = run.losses - np.mean(run.comparator_losses, axis=1) - pulls
    bend = float(at(curvature.FULL_CURVATURE, {beta: slope_lipschitz(case.sigma), m: case.width}))
    return Sides(excess, constant(case.function.lipschitz) * bend * run.squares[:-1], run.rounding)


@claim(
    "E1.post",
    "mean_t L_A(W_t) - s - (|W_1-W_*|^2 - |W_(T+1)-W_*|^2)/(2 alpha T) <= alpha/(2T) sum_t |g_t|^2 + "
    "2 L beta R^2/sqrt(m)",
    run_cases,
)
def a_posteriori(case: RunCase) -> Sides:
    run, step = case.run, case.step_size
    values = {L: constant(case.function.lipschitz), beta: slope_lipschitz(case.sigma), R: case.radius, m: case.width}
    near = float(at(two_layer.NEAR_LINEARITY, values))
    travelled = (run.squares[0] - run.squares[-1]) / (2.0 * step * case.iterations)
    paid = step / 2.0 * float(np.mean(run.squared_norms))
    return Sides(float(np.mean(run.losses)) - run.robust_loss - travelled, paid + near, run.rounding)


@claim(
    "E1.c/regret",
    "the average regret of T linear losses of slope at most L G is R^2/(2 alpha T) + alpha L^2 G^2/2 at most",
    run_cases,
)
def regret_of_linear_losses(case: RunCase) -> Sides:
    """Orthogonal gradients of the same length, one after the other, as in E1.d."""
    from ....bounds.letters import G, T

    step, count = case.step_size, case.iterations
    slopes = case.steepest * np.eye(count)
    weights = [np.zeros(count)]
    for slope in slopes:
        moved = weights[-1] - step * slope
        weights.append(moved * min(1.0, case.radius / max(float(np.linalg.norm(moved)), 1e-300)))
    best = -case.radius * float(np.linalg.norm(np.mean(slopes, axis=0)))
    average = float(np.mean([slope @ point for slope, point in zip(slopes, weights, strict=False)]))
    values = {R: case.radius, alpha: step, T: count, L: 1.0, G: case.steepest}
    return Sides(average - best, float(at(two_layer.REGRET, values)), 64.0 * count * UNIT * case.radius * case.steepest)


CLAIMS = (one_step, linearised_loss, regret_of_linear_losses, a_posteriori, *THEOREMS)
