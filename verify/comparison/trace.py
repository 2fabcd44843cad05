"""A run in the letters of its theorem: constants as floats that are rounded up, curves over the T' steps taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Target, lower_float, upper_float
from ...bounds.convergence import ConvergenceTheorem
from ...bounds.letters import alpha, epsilon
from ...bounds.margins import GAIN, GAIN_OF_ERRORS, Margins
from ..planning.certified_plan import DrawnPlan
from .proof_record import ProofRecord
from .rounding import Allowances, RunSetting, allowances

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """What was measured, what the theorem supposes, and what rounding may add.

    ``values`` are the theorem's letters by name, ``per_point`` its bound of ``|grad f|`` at single points, ``missed``
    the steps that miss epsilon and ``gain`` what each of these gains by E8 (0 for other theorems).
    """

    theorem: ConvergenceTheorem
    values: dict[str, float]
    per_point: float
    record: ProofRecord
    setting: RunSetting
    rounding: Allowances
    missed: NDArray[np.bool_]
    gain: float

    @classmethod
    def of(cls, drawn: DrawnPlan, record: ProofRecord) -> Trace:
        """The trace of a run of this plan."""
        plan, problem = drawn.plan, drawn.plan.problem
        theorem = plan.guarantee.basis
        assert isinstance(theorem, ConvergenceTheorem)
        letters = theorem.at_width(problem, plan.width) | {alpha: plan.step_size, epsilon: plan.epsilon}
        measured = record.losses if problem.target is Target.LOSS else record.errors
        gain = GAIN_OF_ERRORS if problem.target is Target.ROBUST_ERROR else GAIN
        rows = None if problem.row_radius is None else float(problem.row_radius)
        setting = _setting(drawn)
        return cls(
            theorem,
            {letter.name: upper_float(value) for letter, value in letters.items()},
            upper_float(problem.gradient_bound(plan.width)),
            record,
            setting,
            allowances(record, setting, rows),
            measured > lower_float(plan.epsilon),
            lower_float(gain.xreplace(letters)) if isinstance(theorem, Margins) else 0.0,
        )

    def __getitem__(self, letter: object) -> float:
        return self.values[str(letter)]

    @property
    def squares(self) -> Float[Array, " t_plus_one"]:
        """``D_t^2 = |W_t - W_*|^2``."""
        return np.asarray(self.record.distances**2)

    @property
    def gradients(self) -> Float[Array, " t"]:
        """``|g_t|``."""
        return np.asarray(np.sqrt(self.record.gradient_squares))

    @property
    def step_squared(self) -> Float[Array, " t"]:
        """``alpha^2 |g_t|^2``."""
        return np.asarray(self[alpha] ** 2 * self.record.gradient_squares)

    @property
    def until_met(self) -> slice:
        """The weights ``W_t`` up to the first step that meets epsilon, all of them if none does."""
        reached = np.flatnonzero(~self.missed)
        return slice(int(reached[0]) + 1 if len(reached) else len(self.record.distances))


def _setting(drawn: DrawnPlan) -> RunSetting:
    start, plan = drawn.initialisation, drawn.plan
    return RunSetting(
        width=start.width,
        dimension=start.dimension,
        points=len(drawn.comparator.margins),
        step_size=float(plan.step_size),
        radius=float(plan.radius),
        lipschitz=upper_float(plan.activation.derivative_lipschitz),
        size=float(np.linalg.norm(start.half_weights)) * np.sqrt(2.0),
        longest_row=float(np.max(np.linalg.norm(start.half_weights, axis=1))),
        dtype=np.dtype(start.dtype),
    )
