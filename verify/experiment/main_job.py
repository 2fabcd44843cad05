"""The main job, end to end: data, plan certified at a drawn network, training at exactly that plan, comparison."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...bounds import InvalidInput, Target, exact, lower_float, upper_float
from ...kernels import dual_kernel
from ..attacks.projected_gradient import ProjectedGradientAttack
from ..certificates.losses import certified_loss, needs_upper_margins
from ..certificates.paired_moves import PairedMoves
from ..certificates.per_cap import network_bounds
from ..certificates.tiles import single_threaded_products
from ..comparison.anatomy import Bracket, anatomy
from ..comparison.inequality import Inequality
from ..comparison.infinite_width import InfiniteWidthRun, train_infinite_width
from ..planning.certified_plan import DrawnPlan
from ..planning.data_plan import search_json
from ..planning.draws import Draw
from ..planning.minimum_norm import describe_radius
from ..planning.optimise import Search, search_plans
from ..predictors import TwoLayerNetwork
from ..training.projected_descent import train
from ..training.run_state import Checkpoint
from ..training.training_run import TrainingRun
from .configuration import ExperimentConfig, Problem, check_config
from .figure import Curves
from .run_folder import CURVES, FIGURE, REPORT, RunFolder

Array = NDArray[np.float64]
# report(stage, done, total): total is None where it is not known.
Report = Callable[[str, int, int | None], None]
# The infinite-width run keeps all points it has met; beyond so many steps it is not followed.
_LONGEST_PREDICTION = 300


@dataclass(frozen=True)
class RobustLoss:
    """The robust loss of one network, from both sides; margins are of ``y_i f(x')`` over the caps, shape (n,)."""

    attacked: float
    certified: float
    attacked_margins: Array
    certified_margins: Array

    @property
    def error(self) -> Bracket:
        """The fraction of points misclassified on their caps: as an attack shows, and at most."""
        return Bracket(float(np.mean(~(self.attacked_margins > 0.0))), float(np.mean(~(self.certified_margins > 0.0))))


@dataclass(frozen=True)
class Experiment:
    """Everything that one run found out."""

    config: ExperimentConfig
    problem: Problem
    search: Search
    training: TrainingRun
    infinite: InfiniteWidthRun
    robust: RobustLoss
    inequalities: tuple[Inequality, ...]
    seconds: float

    @property
    def drawn(self) -> DrawnPlan:
        """The plan that was trained."""
        return self.search.best

    @property
    def max_deviation(self) -> float:
        """Largest distance between the measured and the infinite-width curve over the steps taken."""
        common = min(len(self.training.surrogate_losses), len(self.infinite.surrogate_losses))
        gaps = self.training.surrogate_losses[:common] - self.infinite.surrogate_losses[:common]
        return float(np.max(np.abs(gaps)))

    @property
    def holds(self) -> bool:
        """Whether the guarantee applies to this network and nothing measured contradicts it."""
        return all(row.kept for row in self.inequalities) and self.drawn.is_settled

    def curves(self) -> Curves:
        """What the figure shows."""
        plan, training, infinite = self.drawn.plan, self.training, self.infinite
        errors = plan.problem.target is Target.ROBUST_ERROR
        steps, bound = self.drawn.promises()
        return Curves(
            training.errors if errors else training.surrogate_losses,
            infinite.errors if errors else infinite.surrogate_losses,
            steps,
            bound,
            self.robust.certified_margins,
            self.robust.attacked_margins,
            plan.theorem,
            plan.problem.target.value,
        )

    def to_json(self, run_dir: str | None = None) -> dict[str, Any]:
        """The ``verify`` object of the JSON contract."""
        drawn, data, perturbations = self.drawn, self.problem.data, self.problem.perturbations
        error = self.robust.error
        return {
            "config": self.config.to_json(),
            "plan": search_json(self.search, data, perturbations),
            "radius": describe_radius(data, perturbations, drawn.activation, self.search.solution),
            "comparator": {
                "radius": drawn.comparator.radius,
                "robust_loss": drawn.comparator.robust_loss,
                "margin": drawn.comparator.margin,
                "row_radius": drawn.comparator.row_radius,
                "operator_norm": drawn.operator_norm,
                "draws": drawn.draws,
            },
            "empirical": {
                "best_surrogate_loss": self.training.best_surrogate_loss,
                "best_error": self.training.best_error,
                "reached_at": self.training.best_step,
                "steps": self.training.steps,
                "stopped": self.training.stopped,
                "attacked_robust_loss": self.robust.attacked,
                "certified_robust_loss": self.robust.certified,
                "attacked_robust_error": error.attacked,
                "certified_robust_error": error.certified,
            },
            "predicted": {
                "guarantee": upper_float(drawn.plan.guarantee.value),
                "infinite_width_final": float(self.infinite.surrogate_losses[-1]),
                "infinite_width_steps": self.infinite.steps,
                "max_deviation": self.max_deviation,
            },
            "holds": self.holds,
            "anatomy": [row.to_json() for row in self.inequalities],
            "seconds": self.seconds,
            "run_dir": run_dir,
        }


@single_threaded_products
def run_experiment(
    config: ExperimentConfig,
    *,
    problem: Problem | None = None,
    checkpoint: Checkpoint | None = None,
    report: Report | None = None,
) -> Experiment:
    """Plan at a drawn network, training at exactly that plan, and the comparison (theory section 6).

    Args:
        config: the run.
        problem: the result of `check_config`, if it was called before.
        checkpoint: where training saves its state and resumes from.
        report: called with (stage, done, total) as the run goes on.

    Raises:
        InvalidInput: if an input is refused, or no certified plan exists at a width that may be drawn.
    """
    began = time.perf_counter()
    problem = problem or check_config(config)
    tell = report or (lambda *_: None)
    data = problem.data
    search = search_plans(
        Draw(problem.centers, data.y, problem.perturbations, config.network_seed),
        problem.candidates,
        problem.goal,
        report=tell,
        radius_progress=lambda count, margin: tell(f"radius: attacked margin {margin:.4f}", count, None),
    )
    drawn = search.best
    adversary = ProjectedGradientAttack(steps=config.attack_steps)
    training = _train(config, problem, drawn, adversary, checkpoint, tell)
    infinite = _train_infinite(problem, drawn, adversary, min(training.steps, _LONGEST_PREDICTION), tell)
    tell("certifying the best iterate", 0, None)
    robust = squeeze(problem, drawn, training)
    inequalities = anatomy(
        drawn,
        training,
        data.X,
        robust_loss=Bracket(robust.attacked, robust.certified),
        robust_error=robust.error,
    )
    return Experiment(config, problem, search, training, infinite, robust, inequalities, time.perf_counter() - began)


def squeeze(problem: Problem, drawn: DrawnPlan, training: TrainingRun) -> RobustLoss:
    """The best iterate's robust loss: the strongest of two attacks below, a certificate above, both in float64."""
    data, start = problem.data, drawn.initialisation
    activation, loss = drawn.activation, drawn.plan.loss
    network = TwoLayerNetwork(training.best_weights, start.signs, activation)
    attack = ProjectedGradientAttack(steps=20, restarts=3, seed=1)
    found = attack.perturb(network, problem.centers, data.y, problem.perturbations, loss=loss).points
    candidates = np.stack([data.y * network.predict(points) for points in (found, training.best_points, data.X)])
    losses = loss.value(candidates, np.ones_like(candidates))
    moves = PairedMoves.between(start.weights, start.signs, training.best_weights)
    centers, perturbations = problem.centers, problem.perturbations
    lower = network_bounds(moves, activation, centers, data.y, perturbations).lower
    upper = None
    if needs_upper_margins(loss):
        upper = -network_bounds(moves, activation, centers, -data.y, perturbations).lower
    return RobustLoss(
        float(np.mean(np.max(losses, axis=0))),
        certified_loss(loss, lower, upper),
        np.min(candidates, axis=0),
        lower,
    )


def save(experiment: Experiment, folder: RunFolder) -> dict[str, Any]:
    """Write curves, figure, report and, last, the result; returns the result."""
    from .figure import draw, render
    from .report import render_report

    result = experiment.to_json(str(folder.path))
    curves = experiment.curves()
    figure = draw(
        curves,
        epsilon=float(exact(experiment.config.epsilon, name="epsilon")),
        reached_at=experiment.training.best_step,
    )
    folder.write_arrays(
        CURVES,
        {
            **curves.arrays(),
            "gradient_norms": experiment.training.gradient_norms,
            "distances": experiment.training.distances,
            "infinite_width_norms": experiment.infinite.norms,
        },
    )
    folder.write_bytes(FIGURE, render(figure, "png"))
    folder.write_bytes(REPORT, render_report(result, render(figure, "svg").decode("utf-8")).encode("utf-8"))
    folder.finish(result)
    return result


def verify_in_folder(config: ExperimentConfig, out: str | Path, *, report: Report | None = None) -> dict[str, Any]:
    """`run_experiment` with its run folder: claims it, resumes a killed run, writes all files; returns the result.

    Raises:
        InvalidInput: as `run_experiment`, or if the folder cannot be claimed; nothing was written then.
    """
    folder = RunFolder.claim(out, config.to_json())
    problem = check_config(config)
    folder.begin(config.to_json())
    try:
        experiment = run_experiment(config, problem=problem, checkpoint=Checkpoint(folder.checkpoint), report=report)
    except InvalidInput:
        folder.abandon()
        raise
    return save(experiment, folder)


def _train(
    config: ExperimentConfig,
    problem: Problem,
    drawn: DrawnPlan,
    adversary: ProjectedGradientAttack,
    checkpoint: Checkpoint | None,
    tell: Report,
) -> TrainingRun:
    plan = drawn.plan
    row_radius = plan.problem.row_radius
    return train(
        drawn.initialisation,
        plan.activation,
        plan.loss,
        problem.centers,
        problem.data.y,
        problem.perturbations,
        adversary,
        step_size=float(plan.step_size),
        iterations=plan.iterations,
        radius=float(plan.radius),
        stop_at=None if config.full else lower_float(plan.epsilon),
        dtype=drawn.initialisation.dtype,
        target=plan.problem.target,
        row_radius=None if row_radius is None else float(row_radius),
        landmark=drawn.comparator.moves.displacement if drawn.follows_distances else None,
        checkpoint=checkpoint,
        progress=lambda step, total, loss: tell(f"training at m = {plan.width:,}: loss {loss:.4g}", step, total),
    )


def _train_infinite(
    problem: Problem, drawn: DrawnPlan, adversary: ProjectedGradientAttack, steps: int, tell: Report
) -> InfiniteWidthRun:
    plan = drawn.plan
    return train_infinite_width(
        dual_kernel(plan.activation),
        plan.loss,
        problem.centers,
        problem.data.y,
        problem.perturbations,
        adversary,
        step_size=float(plan.step_size),
        iterations=steps,
        radius=float(plan.radius),
        progress=lambda step, total, loss: tell(f"infinite width: loss {loss:.4g}", step, total),
    )
