"""What infinitely wide networks do under the plan of a question: losses step by step, without drawing a network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..progress import Report
from .answer import Plan
from .data import activation_of, loss_of, problem_of
from .question import Arguments

# About a minute of work at most; beyond it the curve ends early, and says so.
BUDGET = 5_000_000


@dataclass(frozen=True, eq=False)
class InfiniteWidthCurve:
    """Surrogate losses and fractions of misclassified points against the adversary, by step; ``stopped`` says why."""

    losses: NDArray[np.float64]
    errors: NDArray[np.float64]
    stopped: str
    epsilon: float
    target: str

    @property
    def targeted(self) -> NDArray[np.float64]:
        """What is to be at most epsilon."""
        return self.errors if self.target == "robust-error" else self.losses

    @property
    def reached_at(self) -> int | None:
        """The first step that meets epsilon, counted from 1."""
        met = np.flatnonzero(self.targeted <= self.epsilon)
        return int(met[0]) + 1 if len(met) else None


def infinite_width_curve(
    arguments: Arguments, plan: Plan, report: Report | None = None, *, budget: int = BUDGET
) -> InfiniteWidthCurve:
    """The limit of the planned training run as the width grows, against projected gradient attacks.

    Args:
        arguments: of a question about data that `plan` answers.
        plan: its answer; step size, radius, loss and iterations are taken from it.
        report: called with (stage, done, total).
        budget: most pairs of data points and kernel centres, summed over the steps.
    """
    from ...bounds import Target, exact, lower_float
    from ...kernels import dual_kernel
    from ...verify import ProjectedGradientAttack, train_infinite_width

    dataset, perturbations = problem_of(arguments)
    target = Target(plan["target"])
    run = train_infinite_width(
        dual_kernel(activation_of(plan)),
        loss_of(plan),
        dataset.centers(perturbations),
        dataset.y,
        perturbations,
        ProjectedGradientAttack(),
        step_size=plan["step_size"],
        iterations=plan["iterations"],
        radius=plan["radius"],
        stop_at=lower_float(exact(plan["exact"]["epsilon"], name="epsilon")),
        target=target,
        overtime=1.25,
        budget=budget,
        progress=None if report is None else lambda step, total, loss: report(f"loss {loss:.4f}", step, total),
    )
    return InfiniteWidthCurve(run.surrogate_losses, run.errors, run.stopped, plan["epsilon"], target.value)
