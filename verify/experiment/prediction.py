"""What is predicted without the network of the run: infinite-width curves, and a band of networks of other seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import lower_float
from ...kernels import dual_kernel
from ..attacks.adversary import Adversary
from ..comparison.band import Band, Place, band_seeds, largest_distance, monte_carlo_band
from ..comparison.infinite_width import InfiniteWidthRun, train_infinite_width
from ..planning.certified_plan import DrawnPlan
from ..training.training_run import TrainingRun
from .configuration import ExperimentConfig, Problem
from .observers import RobustLossRecorder
from .robust_bracket import strongest_attack

Array = NDArray[np.float64]
# The infinite-width run, and with it the band, goes on for this many times the steps that it needs itself.
_OVERTIME = 1.25


@dataclass(frozen=True, eq=False)
class RobustCurves:
    """Attacked robust losses of the network and of the infinite-width function after the same steps.

    The attack is ``attack``; at ``best_step`` it is the strongest there is, and only the infinite-width loss is given
    here: that of the network belongs to the bracket of the best iterate. None if that step was not predicted.
    """

    steps: tuple[int, ...]
    measured: Float[Array, " steps"]
    predicted: Float[Array, " steps"]
    attack: str
    best_step: int
    predicted_at_best: float | None

    def to_json(self, measured_at_best: float) -> dict[str, Any]:
        """The ``predicted.robust`` object of the JSON contract."""
        return {
            "attack": self.attack,
            "steps": list(self.steps),
            "measured": self.measured.tolist(),
            "infinite_width": self.predicted.tolist(),
            "max_deviation": float(np.max(np.abs(self.measured - self.predicted), initial=0.0)),
            "best_step": self.best_step,
            "measured_at_best": measured_at_best,
            "infinite_width_at_best": self.predicted_at_best,
        }


@dataclass(frozen=True, eq=False)
class Prediction:
    """The infinite-width run, the band around it if one was asked for, and robust losses at selected steps."""

    infinite: InfiniteWidthRun
    band: Band | None
    robust: RobustCurves

    def max_deviation(self, training: TrainingRun) -> float:
        """Largest distance between the measured and the infinite-width curve over the steps that both have."""
        return largest_distance(training.surrogate_losses, self.infinite.surrogate_losses)

    def place(self, training: TrainingRun) -> Place:
        """Whether the measured curve stays in the band."""
        if self.band is None:
            return Place.NO_BAND
        return self.band.place(training.surrogate_losses, self.infinite.surrogate_losses)

    def to_json(self, training: TrainingRun, attacked: float) -> dict[str, Any]:
        """The part of the ``predicted`` object of the JSON contract that needs no theorem."""
        infinite = self.infinite
        return {
            "infinite_width_final": float(infinite.surrogate_losses[min(infinite.steps, training.steps) - 1]),
            "infinite_width_steps": min(infinite.steps, training.steps),
            "infinite_width_stopped": infinite.stopped,
            "infinite_width_centers": len(infinite.predictor.centers),
            "infinite_width_lost": infinite.lost,
            "max_deviation": self.max_deviation(training),
            "band": None if self.band is None else self.band.to_json(),
            "inside_band": self.place(training).value,
            "robust": self.robust.to_json(attacked),
        }


def predict(
    config: ExperimentConfig,
    problem: Problem,
    drawn: DrawnPlan,
    adversary: Adversary,
    training: TrainingRun,
    robust: RobustLossRecorder,
    *,
    tell: Any,
) -> Prediction:
    """Follow the infinite-width run as far as the network and its own horizon ask for, and draw the band.

    Args:
        robust: what was recorded of the network in training.
        tell: called with (stage, done, total) as it goes on.
    """
    plan = drawn.plan
    setting = (plan.loss, problem.centers, problem.data.y, problem.perturbations, adversary)
    infinite = train_infinite_width(
        dual_kernel(plan.activation),
        *setting,
        step_size=float(plan.step_size),
        iterations=plan.iterations,
        radius=float(plan.radius),
        stop_at=None if config.full else lower_float(plan.epsilon),
        target=plan.problem.target,
        overtime=_OVERTIME,
        least_steps=training.steps,
        snapshots={*robust.steps, training.best_step},
        progress=lambda step, total, loss: tell(f"infinite width: loss {loss:.4g}", step, total),
    )
    curves = _robust_curves(problem, drawn, training, infinite, robust)
    return Prediction(infinite, _band(config, problem, drawn, adversary, infinite, tell), curves)


def _robust_curves(
    problem: Problem,
    drawn: DrawnPlan,
    training: TrainingRun,
    infinite: InfiniteWidthRun,
    robust: RobustLossRecorder,
) -> RobustCurves:
    common = [step for step in robust.steps if step in infinite.snapshots]
    predicted = np.array([robust.attacked(infinite.snapshots[step]) for step in common])
    last = infinite.snapshots.get(training.best_step)
    at_best = None
    if last is not None:
        setting = (drawn.plan.loss, problem.centers, problem.data.y, problem.perturbations)
        at_best = RobustLossRecorder(strongest_attack(), "strongest", *setting).attacked(last)
    return RobustCurves(
        tuple(common), robust.losses[: len(common)], predicted, robust.label, training.best_step, at_best
    )


def _band(
    config: ExperimentConfig,
    problem: Problem,
    drawn: DrawnPlan,
    adversary: Adversary,
    infinite: InfiniteWidthRun,
    tell: Any,
) -> Band | None:
    if config.band_runs == 0:
        return None
    plan, start = drawn.plan, drawn.initialisation
    rows = plan.problem.row_radius
    return monte_carlo_band(
        infinite,
        plan.activation,
        plan.loss,
        problem.centers,
        problem.data.y,
        problem.perturbations,
        adversary,
        width=plan.width,
        runs=config.band_runs,
        seeds=band_seeds(config.network_seed, config.band_runs),
        dimension=start.dimension,
        step_size=float(plan.step_size),
        radius=float(plan.radius),
        row_radius=None if rows is None else float(rows),
        dtype=start.dtype,
        progress=lambda done, total, step: tell(f"band of networks: step {step}", done, total),
    )
