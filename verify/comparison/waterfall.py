"""Where a theorem loses: from the bound that it promises to what was measured, one estimate at a time.

For the T' <= T steps of a run, with ``rho_t`` split into near-linearity and convexity, E1.post without its estimates is
an identity:

    mean L_A(W_t) = mean l_t(W_*) + (|W_1 - W_*|^2 - |W_T'+1 - W_*|^2) / (2 alpha T') + alpha mean |g_t|^2 / 2
                    + mean <remainders of near-linearity> - <what convexity and the projections save>.

A theorem bounds these terms one by one, the last by 0. Replacing its bounds by what they bound leads from the
guarantee to the measured average, and the best iterate is at most that. Only what a bound is made of differs from
theorem to theorem. E8 for the robust error counts misclassified points: the same identity, solved for the margins
that these have at W_*, in units of mu.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from ...bounds import Target, upper_float
from ...bounds.letters import C, G, H, L, R, alpha, mu, s
from ...bounds.margins import Margins
from ...bounds.recursion import DistanceRecursion
from ...bounds.smooth_losses import SmoothLosses
from ..planning.certified_plan import DrawnPlan
from ..training.training_run import TrainingRun
from .proof_record import ProofRecord
from .shared_chain import distance_term, step_term
from .trace import Trace


class Kind(StrEnum):
    """A level that is reached, or a change from one to the next."""

    LEVEL = "level"
    CHANGE = "change"


@dataclass(frozen=True)
class Stage:
    """A level, or by how much an estimate that is replaced by its measured value changes it."""

    label: str
    value: float
    kind: Kind = Kind.CHANGE

    def to_json(self) -> dict[str, str | float]:
        """Plain values."""
        return {"label": self.label, "value": self.value, "kind": self.kind.value}


@dataclass(frozen=True)
class Waterfall:
    """Stages from the guarantee to the best iterate; changes add up to the next level up to rounding."""

    stages: tuple[Stage, ...]
    unit: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"unit": self.unit, "stages": [stage.to_json() for stage in self.stages]}


@dataclass(frozen=True)
class _Parts:
    """The terms of a bound or of the identity, in units of the target."""

    distance: float
    step: float
    linearity: float
    comparator: float


def waterfall(drawn: DrawnPlan, record: ProofRecord, training: TrainingRun) -> Waterfall:
    """How the a-priori bound of the plan's theorem decomposes, and what each part of it was along this run."""
    trace, problem = Trace.of(drawn, record), drawn.plan.problem
    errors = problem.target is Target.ROBUST_ERROR
    by_margins = errors and isinstance(trace.theorem, Margins)
    unit = 1.0 if not errors or by_margins else upper_float(problem.loss_per_target)
    guarantee = upper_float(drawn.plan.guarantee.value)
    promised = _of_errors(trace, guarantee) if by_margins else _promised(trace, guarantee * unit, drawn)
    scale = trace[mu] if by_margins else 1.0
    stages = [Stage(f"guaranteed after T steps ({drawn.plan.theorem})", guarantee, Kind.LEVEL)]
    stages += _replaced(trace, promised, scale, unit, drawn.plan.iterations)
    average = float(np.mean(record.errors if errors else record.losses))
    stages += _savings(trace, scale, unit, errors, by_margins, average)
    best = training.best_error if errors else training.best_surrogate_loss
    stages += [
        Stage("average of the run", average, Kind.LEVEL),
        Stage("the best iterate, not the average", best - average),
        Stage("best iterate", best, Kind.LEVEL),
    ]
    return Waterfall(tuple(stages), "fraction of points misclassified" if errors else "surrogate loss")


def _promised(trace: Trace, bound: float, drawn: DrawnPlan) -> _Parts:
    """The terms of the theorem's bound, in units of the loss; those that are implicit in it, at the bound itself."""
    regret = trace[R] ** 2 / (2.0 * trace[alpha] * drawn.plan.iterations)
    if isinstance(trace.theorem, SmoothLosses):
        step = trace[alpha] * trace[H] * trace[G] ** 2 * bound
        comparator = trace[s]
        return _Parts(regret, step, bound - regret - step - comparator, comparator)
    if isinstance(trace.theorem, Margins):
        step = trace[alpha] * trace[G] ** 2 / 2.0
        linearity = trace[C] * trace[R] ** 2
        return _Parts(regret, step, linearity, bound - regret - step - linearity)
    step = trace[alpha] * (trace[L] * trace[G]) ** 2 / 2.0
    if isinstance(trace.theorem, DistanceRecursion):
        linearity = trace[L] * trace[C] * trace[R] ** 2
        return _Parts(bound - step - linearity - trace[s], step, linearity, trace[s])
    return _Parts(regret, step, bound - regret - step - trace[s], trace[s])


def _of_errors(trace: Trace, bound: float) -> _Parts:
    """E8 for the robust error: ``eps mu = R^2/(2 alpha T) + eps r + eps^2 alpha G^2/2`` at the bound eps.

    Where the other of its two conditions is the stricter one, the difference is counted as the comparator's.
    """
    step = bound**2 * trace[alpha] * trace[G] ** 2 / 2.0
    linearity = bound * trace[C] * trace[R] ** 2
    return _Parts(bound * trace[mu] - step - linearity, step, linearity, 0.0)


def _replaced(trace: Trace, promised: _Parts, scale: float, unit: float, iterations: int) -> Iterator[Stage]:
    """The theorem's terms, each replaced by what it bounds."""
    record, steps = trace.record, trace.record.steps
    each = 1.0 / (scale * unit)
    travelled = trace[R] ** 2 / (2.0 * trace[alpha] * steps)
    if steps < iterations:
        yield Stage(f"stopped after {steps:,} of {iterations:,} steps", (travelled - promised.distance) * each)
    else:
        travelled = promised.distance
    yield Stage("distance covered, not R²", (distance_term(trace) - travelled) * each)
    yield Stage("gradients as they were", (step_term(trace) - promised.step) * each)
    linearity = float(np.mean(record.chords - record.pulls))
    yield Stage("near-linearity as it was", (linearity - promised.linearity) * each)
    comparator = float(np.mean(record.comparator_losses)) if scale == 1.0 else 0.0
    yield Stage("comparator at the points met", (comparator - promised.comparator) * each)


def _savings(
    trace: Trace, scale: float, unit: float, errors: bool, by_margins: bool, average: float
) -> Iterator[Stage]:
    """What no term of the bound stands for: all of it is taken to be 0 by the proof, and is below."""
    record = trace.record
    each = 1.0 / (scale * unit)
    regret = distance_term(trace) + step_term(trace)
    projected = float(np.mean(record.pulls)) - regret
    linearity = float(np.mean(record.chords - record.pulls))
    if by_margins:
        before = (regret + linearity) * each
        beyond = average - float(np.mean(record.wrong_margins)) * each
        yield Stage("margins of W* beyond μ", beyond)
        others = -float(np.mean(record.depths + record.unsure)) * each
        yield Stage("other points, and depth of the errors", others)
        if not trace.rounding.free.all():
            yield Stage("projections", average - before - beyond - others)
        return
    comparator = float(np.mean(record.comparator_losses))
    losses = float(np.mean(record.losses))
    yield Stage("convexity of the loss", (losses - comparator - float(np.mean(record.chords))) * each)
    if not trace.rounding.free.all():
        yield Stage("projections", projected * each)
    if errors:
        yield Stage("losses that are no errors", average - losses / unit)
