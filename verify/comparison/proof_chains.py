"""The inequalities that each convergence theorem's proof multiplies or sums, evaluated at every step of a run.

E7, E8, E9 and E3 follow the distance ``D_t = |W_t - W_*|`` to the certified comparator; E1 and E2 sum over the run.
What they share is in `shared_chain.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...bounds.letters import C, G, H, L, R, alpha, mu, s, tau
from ...bounds.margins import Margins
from ...bounds.recursion import DistanceRecursion
from ...bounds.smooth_losses import SmoothLosses
from ...bounds.two_layer import TwoLayerConvergence
from .inequality import Inequality
from .shared_chain import comparator_rows, curvature_id, network_rows, step_rows, step_term, summed_rows
from .trace import Trace

Array = NDArray[np.float64]


def chain(trace: Trace) -> tuple[Inequality, ...]:
    """The inequalities on which the theorem's proof rests, in the order in which it uses them."""
    return (
        *network_rows(trace),
        *_far(trace),
        *comparator_rows(trace, trace.values.get(str(s), 0.0)),
        *step_rows(trace),
        *_of_theorem(trace),
        *summed_rows(trace),
    )


def _of_theorem(trace: Trace) -> Iterator[Inequality]:
    if isinstance(trace.theorem, DistanceRecursion):
        return _recursion(trace)
    if isinstance(trace.theorem, Margins):
        return _margins(trace)
    if isinstance(trace.theorem, SmoothLosses):
        return _smooth(trace)
    return _regret(trace) if isinstance(trace.theorem, TwoLayerConvergence) else iter(())


def _far(trace: Trace) -> Iterator[Inequality]:
    """What the theorem takes the remainder of near-linearity to be: at the largest distance that it allows for."""
    squares, times = trace.squares[:-1], largest_distance(trace) ** 2
    text = f"near-linearity ({curvature_id(trace.theorem)}): C |W_t - W_*|^2 <= {'' if times == 1 else '4 '}C R^2"
    if times == 1:
        squares, text = trace.squares[trace.until_met], f"{text} until epsilon is met"
    bound = trace[C] * times * (trace[R] + trace.rounding.radius) ** 2
    yield Inequality(text, trace[C] * float(np.max(squares)), bound)


def largest_distance(trace: Trace) -> float:
    """The largest ``|W_t - W_*|`` that the theorem pays near-linearity for, in units of R."""
    if isinstance(trace.theorem, SmoothLosses):
        return float(trace.theorem.distance)
    return 2.0 if isinstance(trace.theorem, TwoLayerConvergence) else 1.0


def _regret(trace: Trace) -> Iterator[Inequality]:
    """E1.c; E2 differs in C and G."""
    yield from _gradients(trace, np.full(trace.record.steps, trace[L] * trace[G]), "|g_t| <= L G")
    text = "linearisation, averaged: mean rho_t <= L C (2 R)^2"
    cost = trace[L] * trace[C] * (2.0 * (trace[R] + trace.rounding.radius)) ** 2
    gaps = float(np.mean(trace.record.slope_gaps + trace.rounding.losses))
    yield Inequality(text, float(np.mean(trace.record.residuals)), cost + gaps)
    step = 0.5 * trace[alpha] * (trace[L] * trace[G]) ** 2 * (1.0 + trace.setting.norm)
    yield Inequality("steps: alpha mean |g_t|^2 / 2 <= alpha L^2 G^2 / 2", step_term(trace), step)


def _recursion(trace: Trace) -> Iterator[Inequality]:
    """E7: near-linearity is paid at the distance there is, and that shrinks."""
    before = trace.squares[:-1]
    growth = 1.0 + 2.0 * trace[alpha] * trace[L] * trace[C]
    claimed = growth * before - 2.0 * trace[alpha] * (trace.record.losses - trace[s]) + trace.step_squared
    yield _step("E7", "(1 + 2 alpha L C) D_t^2 - 2 alpha (L_A(W_t) - s) + alpha^2 |g_t|^2", trace, claimed)
    yield from _gradients(trace, np.full(trace.record.steps, trace[L] * trace[G]), "|g_t| <= L G")
    yield _distances(trace)


def _margins(trace: Trace) -> Iterator[Inequality]:
    """E8: only points with a loss have a gradient, and each pulls towards W_* by its margin."""
    record, before = trace.record, trace.squares[:-1]
    pull = record.losses + record.active * (trace[mu] - trace[tau] - trace[C] * before)
    text = "D_t^2 - 2 alpha (L_A(W_t) + p_t (mu - tau - C D_t^2)) + alpha^2 |g_t|^2"
    yield _step("E8", text, trace, before - 2.0 * trace[alpha] * pull + trace.step_squared)
    yield from _gradients(trace, record.active * trace[G], "|g_t| <= p_t G")
    if trace.missed.any():
        claimed = before - 2.0 * trace[alpha] * trace.gain
        text = "a step that misses epsilon (E8): D_(t+1)^2 <= D_t^2 - 2 alpha gain"
        room = claimed + _allowance(trace)
        yield Inequality.tightest(text, trace.squares[1:][trace.missed], room[trace.missed])
        most = trace[R] ** 2 / (2.0 * trace[alpha] * trace.gain) if trace.gain > 0.0 else np.nan
        yield Inequality("steps that miss epsilon <= R^2 / (2 alpha gain)", float(np.sum(trace.missed)), most)
    yield _distances(trace)


def _smooth(trace: Trace) -> Iterator[Inequality]:
    """E9, and E3, which bounds D_t by 2 R: gradients and linearisation errors vanish with the loss."""
    before, losses = trace.squares[:-1], trace.record.losses
    slope = np.sqrt(2.0 * trace[H] * losses)
    pull = losses - trace[C] * before * slope - trace[s]
    text = "D_t^2 - 2 alpha (l_t - C D_t^2 sqrt(2 H l_t) - s) + alpha^2 |g_t|^2, l_t = L_A(W_t)"
    # The slopes are those of the run's own values, and sqrt(2 H l) is H-Lipschitz in f.
    strays = trace[C] * before * trace[H] * trace.record.value_gaps
    claimed = before - 2.0 * trace[alpha] * (pull - strays) + trace.step_squared
    yield _step(trace.theorem.id.removesuffix("-tied"), text, trace, claimed)
    yield from _gradients(trace, slope * trace[G], "|g_t| <= G sqrt(2 H L_A(W_t))")
    if largest_distance(trace) == 1.0:
        yield _distances(trace)


def _step(theorem: str, right: str, trace: Trace, claimed: Array) -> Inequality:
    after = trace.squares[1:]
    return Inequality.tightest(f"a step ({theorem}): D_(t+1)^2 <= {right}", after, claimed + _allowance(trace))


def _allowance(trace: Trace) -> Array:
    """Rounding of a step, of its losses, and of slopes that are those of the run's own values."""
    record, rounding = trace.record, trace.rounding
    losses = record.slope_gaps + rounding.losses + record.slopes * rounding.remainders
    return np.asarray(rounding.squares + 2.0 * trace[alpha] * losses)


def _gradients(trace: Trace, bound: Array, text: str) -> Iterator[Inequality]:
    room = trace.record.slopes * (trace.rounding.gradients + trace[G] * trace.setting.sphere)
    strays = trace[H] * trace[G] * trace.record.value_gaps if str(H) in trace.values else 0.0
    yield Inequality.tightest(f"gradients (E1.b): {text}", trace.gradients, bound + room + strays)


def _distances(trace: Trace) -> Inequality:
    """Until epsilon is met no distance exceeds the first, which is at most R."""
    largest = float(np.max(trace.squares[trace.until_met]))
    room = float(np.sum(trace.rounding.squares[trace.until_met]))
    bound = float(np.sqrt(trace[R] ** 2 * (1.0 + 2.0 * trace.setting.norm) + room))
    return Inequality("until epsilon is met: max_t |W_t - W_*| <= R", float(np.sqrt(largest)), bound)
