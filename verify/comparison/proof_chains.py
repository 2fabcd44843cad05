"""The inequalities that each convergence theorem's proof multiplies or sums, evaluated at every step of a run.

E7, E8, E9 and E3 follow the distance ``D_t = |W_t - W_*|`` to the certified comparator; E1 and E2 sum over the run. Of
an inequality that is claimed at every step the tightest instance is shown. Squared distances are charged for the
rounding of the weights, so that a step that gains less than that is no refutation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Target, lower_float, upper_float
from ...bounds.convergence import ConvergenceTheorem
from ...bounds.letters import C, G, H, L, alpha, epsilon, mu, s, tau
from ...bounds.margins import GAIN, GAIN_OF_ERRORS, Margins
from ...bounds.recursion import DistanceRecursion
from ...bounds.smooth_losses import SmoothLosses
from ..planning.certified_plan import DrawnPlan
from ..training.training_run import TrainingRun
from .inequality import Inequality

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """A run in the letters of its theorem: constants as floats, curves over the T' steps taken.

    ``squares`` are ``D_t^2``, one more than steps; ``allowance`` covers the rounding of one step of them.
    """

    theorem: ConvergenceTheorem
    values: dict[str, float]
    losses: Float[Array, " t"]
    errors: Float[Array, " t"]
    active: Float[Array, " t"]
    gradients: Float[Array, " t"]
    squares: Float[Array, " t_plus_one"]
    allowance: Float[Array, " t"]
    missed: NDArray[np.bool_]
    gain: float

    @classmethod
    def of(cls, drawn: DrawnPlan, training: TrainingRun) -> Trace:
        plan, problem = drawn.plan, drawn.plan.problem
        theorem = plan.guarantee.basis
        assert isinstance(theorem, ConvergenceTheorem)
        letters = theorem.at_width(problem, plan.width) | {alpha: plan.step_size, epsilon: plan.epsilon}
        values = {letter.name: upper_float(value) for letter, value in letters.items()}
        measured = training.surrogate_losses if problem.target is Target.LOSS else training.errors
        gain = GAIN_OF_ERRORS if problem.target is Target.ROBUST_ERROR else GAIN
        return cls(
            theorem,
            values,
            training.surrogate_losses,
            training.errors,
            training.active,
            training.gradient_norms,
            training.remaining**2,
            _allowance(drawn, training),
            measured > lower_float(plan.epsilon),
            lower_float(gain.xreplace(letters)) if isinstance(theorem, Margins) else 0.0,
        )

    def __getitem__(self, letter: object) -> float:
        return self.values[str(letter)]

    @property
    def step_squared(self) -> Array:
        """``alpha^2 |g_t|^2``."""
        return np.asarray((self[alpha] * self.gradients) ** 2)


def chain(trace: Trace) -> tuple[Inequality, ...]:
    """The inequalities on which the theorem's proof rests, E1's and E2's excepted."""
    if isinstance(trace.theorem, DistanceRecursion):
        return tuple(_recursion(trace))
    if isinstance(trace.theorem, Margins):
        return tuple(_margins(trace))
    if isinstance(trace.theorem, SmoothLosses):
        return tuple(_smooth(trace))
    return ()


def _recursion(trace: Trace) -> Iterator[Inequality]:
    """E7: near-linearity is paid at the distance there is, and that shrinks."""
    before, after = trace.squares[:-1], trace.squares[1:]
    growth = 1.0 + 2.0 * trace[alpha] * trace[L] * trace[C]
    claimed = growth * before - 2.0 * trace[alpha] * (trace.losses - trace[s]) + trace.step_squared
    yield Inequality.tightest(
        "a step (E7): D_(t+1)^2 <= (1 + 2 alpha L C) D_t^2 - 2 alpha (L_A(W_t) - s) + alpha^2 |g_t|^2",
        after,
        claimed + trace.allowance,
    )
    yield from _gradients(trace, trace[L] * trace[G] * np.ones_like(trace.gradients), "|g_t| <= L G")
    yield from _distances(trace)


def _margins(trace: Trace) -> Iterator[Inequality]:
    """E8: only points with a loss have a gradient, and each pulls towards W_* by its margin."""
    before, after = trace.squares[:-1], trace.squares[1:]
    pull = trace.losses + trace.active * (trace[mu] - trace[tau] - trace[C] * before)
    yield Inequality.tightest(
        "a step (E8): D_(t+1)^2 <= D_t^2 - 2 alpha (L_A(W_t) + p_t (mu - tau - C D_t^2)) + alpha^2 |g_t|^2",
        after,
        before - 2.0 * trace[alpha] * pull + trace.step_squared + trace.allowance,
    )
    yield from _gradients(trace, trace.active * trace[G], "|g_t| <= p_t G")
    if trace.missed.any():
        yield Inequality.tightest(
            "a step that misses epsilon (E8): D_(t+1)^2 <= D_t^2 - 2 alpha gain",
            after[trace.missed],
            (before - 2.0 * trace[alpha] * trace.gain + trace.allowance)[trace.missed],
        )
        yield Inequality(
            "steps that miss epsilon <= R^2 / (2 alpha gain)",
            float(np.sum(trace.missed)),
            trace["R"] ** 2 / (2.0 * trace[alpha] * trace.gain),
        )
    yield from _distances(trace)


def _smooth(trace: Trace) -> Iterator[Inequality]:
    """E9, and E3, which bounds D_t by 2 R: gradients and linearisation errors vanish with the loss."""
    before, after = trace.squares[:-1], trace.squares[1:]
    slope = np.sqrt(2.0 * trace[H] * trace.losses)
    pull = trace.losses - trace[C] * before * slope - trace[s]
    yield Inequality.tightest(
        f"a step ({trace.theorem.id}): D_(t+1)^2 <= D_t^2 - 2 alpha (l_t - C D_t^2 sqrt(2 H l_t) - s) + alpha^2 "
        "|g_t|^2, l_t = L_A(W_t)",
        after,
        before - 2.0 * trace[alpha] * pull + trace.step_squared + trace.allowance,
    )
    yield from _gradients(trace, slope * trace[G], "|g_t| <= G sqrt(2 H L_A(W_t))")
    yield from _distances(trace)


def _gradients(trace: Trace, bound: Array, text: str) -> Iterator[Inequality]:
    # Frozen points are on the sphere up to rounding.
    yield Inequality.tightest(f"gradients (E1.b): {text}", trace.gradients, bound * (1.0 + 1e-5))


def _distances(trace: Trace) -> Iterator[Inequality]:
    """Until epsilon is met no distance exceeds the first, which is at most R."""
    reached = np.flatnonzero(~trace.missed)
    until = int(reached[0]) + 1 if len(reached) else len(trace.squares)
    largest = float(np.sqrt(np.max(trace.squares[:until])))
    rounding = float(np.sqrt(np.sum(trace.allowance[:until])))
    yield Inequality(
        "until epsilon is met: max_t |W_t - W_*| <= R", largest, trace["R"] + min(rounding, 1e-4 * largest)
    )


def _allowance(drawn: DrawnPlan, training: TrainingRun) -> Array:
    """What rounding may add to ``D_(t+1)^2`` in a step: every weight is off by an ulp, every prediction by sqrt(m)."""
    start, alpha_ = drawn.initialisation, float(drawn.plan.step_size)
    unit = 8.0 * float(np.finfo(start.dtype).eps)
    size = float(np.linalg.norm(start.half_weights)) * np.sqrt(2.0)
    largest = np.max(training.remaining) if len(training.remaining) else 0.0
    off = unit * size * (largest + unit * size) + 2.0 * alpha_ * unit * np.sqrt(start.width)
    return np.full(training.steps, off)
