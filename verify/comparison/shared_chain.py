"""The inequalities that the proofs of all convergence theorems share (theory E1.a to E1.post, E2.a).

Of an inequality that is claimed at every step the tightest instance is shown. Rounding is charged as `rounding.py`
derives it. Where no projection acts, a step changes distances by an identity: that row fails for a run whose steps are
not those of the theorem, also where they happen to help.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...bounds.convergence import ConvergenceTheorem
from ...bounds.curvature import Network
from ...bounds.letters import C, H, L, R, alpha
from .inequality import Inequality
from .trace import Trace

Array = NDArray[np.float64]


def network_rows(trace: Trace) -> Iterator[Inequality]:
    """Near-linearity neuron by neuron, and gradients."""
    record, curvature = trace.record, trace[C]
    name = curvature_id(trace.theorem)
    sphere = 1.0 + trace.setting.sphere
    squares = record.distances[:-1] ** 2
    yield Inequality.tightest(
        f"per neuron ({name}): |f(W_*, x) - f(W_t, x) - <grad f(W_t, x), W_* - W_t>| <= C |(W_* - W_t) x|^2",
        record.remainders,
        curvature * record.reaches * sphere + trace.rounding.remainders,
    )
    yield Inequality.tightest(
        f"all neurons ({name}): C max_i |(W_* - W_t) x_i|^2 <= C |W_* - W_t|^2",
        curvature * record.furthest,
        curvature * squares * sphere + trace.rounding.values,
    )
    yield Inequality.tightest(
        "gradients (E1.b): max_i |grad f(W_t, x_i)| <= G",
        record.point_gradients,
        trace.per_point * sphere + trace.rounding.gradients,
    )


def step_rows(trace: Trace) -> Iterator[Inequality]:
    """Convexity, linearisation, and what a projected step does to the distances."""
    record, rounding = trace.record, trace.rounding
    yield Inequality.tightest(
        "convexity: l_t(W_t) - l_t(W_*) <= mean_i l'_i (f(W_t, x_i) - f(W_*, x_i))",
        record.losses - record.comparator_losses,
        record.chords + record.slope_gaps + rounding.losses,
    )
    yield Inequality.tightest(
        "linearisation: mean_i l'_i (f(W_t, x_i) - f(W_*, x_i)) - <g_t, W_t - W_*> <= mean_i |l'_i| C |W_t - W_*|^2",
        record.chords - record.pulls,
        record.slopes * (trace[C] * record.distances[:-1] ** 2 + rounding.remainders),
    )
    claimed = trace.squares[:-1] - 2.0 * trace[alpha] * record.pulls + trace.step_squared
    yield Inequality.tightest(
        "a projected step: |W_(t+1) - W_*|^2 <= |W_t - W_*|^2 - 2 alpha <g_t, W_t - W_*> + alpha^2 |g_t|^2",
        trace.squares[1:],
        claimed + rounding.squares,
    )
    yield from _identities(trace, claimed)


def _identities(trace: Trace, claimed: Array) -> Iterator[Inequality]:
    record, rounding, free = trace.record, trace.rounding, trace.rounding.free
    if not free.any():
        return
    moved = record.moves[:-1] ** 2 - 2.0 * trace[alpha] * record.outward + trace.step_squared
    for name, after, before, allowance in (
        ("W_*", trace.squares[1:], claimed, rounding.squares),
        ("W_0", record.moves[1:] ** 2, moved, rounding.moves),
    ):
        yield Inequality.tightest(
            f"a step inside the set is the one prescribed, by its distance to {name}: | |W_(t+1) - {name}|^2 - "
            f"|W_t - {name}|^2 + 2 alpha <g_t, W_t - {name}> - alpha^2 |g_t|^2 | <= rounding",
            np.abs(after - before)[free],
            allowance[free],
        )


def comparator_rows(trace: Trace, bound: float) -> Iterator[Inequality]:
    """The comparator at the points that the run met, and its distance."""
    record = trace.record
    yield Inequality.tightest(
        "comparator at the points met: l_t(W_*) <= its certified robust loss s",
        record.comparator_losses,
        bound + trace.rounding.values * _steepest(trace) + trace.rounding.losses,
    )
    yield Inequality.tightest(
        "comparator at the points met: certified mu_i <= y_i f(W_*, x_i^t)",
        np.zeros(record.steps),
        record.least_margins + trace.rounding.values,
    )
    measured = record.distances[0]
    yield Inequality("comparator: |W_1 - W_*| <= R", measured, trace[R] * (1.0 + trace.setting.norm))


def _steepest(trace: Trace) -> Array:
    """A bound of ``|l'|`` at the comparator's values: L, or ``sqrt(2 H l)`` and what a rounding of f adds to it."""
    if str(L) in trace.values:
        return np.full(trace.record.steps, trace[L])
    smooth = trace[H]
    return np.asarray(np.sqrt(2.0 * smooth * trace.record.comparator_losses) + smooth * trace.rounding.values)


def summed_rows(trace: Trace) -> Iterator[Inequality]:
    """The sum over the run, and E1.post."""
    record, steps = trace.record, trace.record.steps
    travelled, shortened = distance_term(trace), step_term(trace)
    allowance = float(np.mean(trace.rounding.squares)) / (2.0 * trace[alpha])
    yield Inequality(
        "summed: mean_t <g_t, W_t - W_*> <= (|W_1 - W_*|^2 - |W_T'+1 - W_*|^2) / (2 alpha T') + alpha mean |g_t|^2 / 2",
        float(np.mean(record.pulls)),
        travelled + shortened + allowance,
    )
    parts = float(np.mean(record.comparator_losses)), travelled, shortened, float(np.mean(record.residuals))
    text = "average <= mean l_t(W_*) + distances + steps + mean rho_t (E1.post)"
    yield Inequality(text, float(np.mean(record.losses)), sum(parts) + allowance)
    yield Inequality(
        "best <= average over the steps taken", float(np.min(record.losses)), float(np.mean(record.losses))
    )
    yield Inequality(
        "distances: (|W_1 - W_*|^2 - |W_T'+1 - W_*|^2) / (2 alpha T') <= R^2 / (2 alpha T')",
        travelled,
        trace[R] ** 2 * (1.0 + 2.0 * trace.setting.norm) / (2.0 * trace[alpha] * steps),
    )


def distance_term(trace: Trace) -> float:
    """``(|W_1 - W_*|^2 - |W_{T'+1} - W_*|^2) / (2 alpha T')``."""
    return float(trace.squares[0] - trace.squares[-1]) / (2.0 * trace[alpha] * trace.record.steps)


def step_term(trace: Trace) -> float:
    """``alpha mean |g_t|^2 / 2``."""
    return 0.5 * trace[alpha] * float(np.mean(trace.record.gradient_squares))


def ball_rows(trace: Trace, row_radius: float | None) -> Iterator[Inequality]:
    """The set that the run stays in."""
    record, room = trace.record, trace.rounding.radius
    yield Inequality("ball, all steps: max_t |W_t - W_0| <= R", float(np.max(record.moves)), trace[R] + room)
    if row_radius is not None:
        longest = float(np.sqrt(trace.setting.width) * np.max(record.rows))
        text = "rows, all steps: max_t sqrt(m) max_r |w_r - w_(0,r)| <= rho"
        yield Inequality(text, longest, row_radius + trace.setting.rows(row_radius))


def curvature_id(theorem: ConvergenceTheorem) -> str:
    """The lemma that gives C."""
    return "E2.a" if theorem.network is Network.TIED else "E1.a"
