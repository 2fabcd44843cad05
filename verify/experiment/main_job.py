"""The main job, end to end: data, plan certified at a drawn network, training at exactly that plan, comparison."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...bounds import InvalidInput, Target, exact, lower_float, upper_float
from ...bounds.progress import Report
from ..attacks.adversary import Adversary
from ..attacks.projected_gradient import ProjectedGradientAttack
from ..certificates.tiles import single_threaded_products
from ..comparison.anatomy import anatomy
from ..comparison.inequality import Inequality
from ..comparison.infinite_width import InfiniteWidthRun
from ..comparison.proof_record import ProofRecord, ProofRecorder
from ..comparison.robust_loss import Bracket, RobustLoss
from ..comparison.waterfall import Waterfall, waterfall
from ..planning.certified_plan import DrawnPlan
from ..planning.data_plan import search_json
from ..planning.draws import Draw
from ..planning.minimum_norm import describe_radius
from ..planning.optimise import Search, search_plans
from ..training.projected_descent import train
from ..training.run_state import Checkpoint
from ..training.training_run import TrainingRun, TrainingStep
from .configuration import ExperimentConfig, Problem, adversary_of, check_config
from .figure import BandCurve, Curves
from .observers import RecordedCheckpoint, Recorder, RobustLossRecorder
from .prediction import Prediction, predict
from .robust_bracket import squeeze
from .run_folder import ANATOMY, CURVES, FIGURE, REPORT, RunFolder

# report(stage, done, total): total is None where it is not known.
# What robust losses along the run are measured by.
_PROBE, _PROBE_NAME = ProjectedGradientAttack(steps=20, restarts=3, seed=1), "PGD, 20 steps, 3 restarts"


@dataclass(frozen=True)
class Experiment:
    """Everything that one run found out."""

    config: ExperimentConfig
    problem: Problem
    search: Search
    training: TrainingRun
    prediction: Prediction
    robust: RobustLoss
    inequalities: tuple[Inequality, ...]
    waterfall: Waterfall
    record: ProofRecord
    seconds: float

    @property
    def drawn(self) -> DrawnPlan:
        """The plan that was trained."""
        return self.search.best

    @property
    def infinite(self) -> InfiniteWidthRun:
        """The infinite-width run."""
        return self.prediction.infinite

    @property
    def max_deviation(self) -> float:
        """Largest distance between the measured and the infinite-width curve over the steps that both have."""
        return self.prediction.max_deviation(self.training)

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
            self._band_curve(),
        )

    def _band_curve(self) -> BandCurve | None:
        band = self.prediction.band
        if band is None or self.drawn.plan.problem.target is Target.ROBUST_ERROR:
            return None
        return BandCurve(band.bound, band.steps, band.coverage, band.is_extrapolated)

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
                "certificate_methods": self.robust.methods,
            },
            "predicted": {
                "guarantee": upper_float(drawn.plan.guarantee.value),
                **self.prediction.to_json(self.training, self.robust.attacked),
            },
            "holds": self.holds,
            "anatomy": [row.to_json() for row in self.inequalities],
            "waterfall": self.waterfall.to_json(),
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
    adversary = adversary_of(config)
    recorder = ProofRecorder.of(drawn, data.y)
    robust_recorder = RobustLossRecorder(
        _PROBE, _PROBE_NAME, drawn.plan.loss, problem.centers, data.y, problem.perturbations
    )
    training = _train(config, problem, drawn, adversary, (recorder, robust_recorder), checkpoint, tell)
    record = recorder.finish(training)
    prediction = predict(config, problem, drawn, adversary, training, robust_recorder, tell=tell)
    tell("certifying the best iterate", 0, None)
    robust = squeeze(problem, drawn, training)
    inequalities = anatomy(
        drawn,
        training,
        record,
        data.X,
        robust_loss=Bracket(robust.attacked, robust.certified),
        robust_error=robust.error,
    )
    return Experiment(
        config,
        problem,
        search,
        training,
        prediction,
        robust,
        inequalities,
        waterfall(drawn, record, training),
        record,
        time.perf_counter() - began,
    )


def save(experiment: Experiment, folder: RunFolder) -> dict[str, Any]:
    """Write curves, figures, report and, last, the result; returns the result."""
    from ..figure_files import save_figure
    from .figure import draw
    from .report import render_report
    from .waterfall_figure import draw_waterfall

    result = experiment.to_json(str(folder.path))
    curves = experiment.curves()
    figure = draw(
        curves,
        epsilon=float(exact(experiment.config.epsilon, name="epsilon")),
        reached_at=experiment.training.best_step,
    )
    losses = draw_waterfall(experiment.waterfall)
    folder.write_arrays(
        CURVES,
        {
            **curves.arrays(),
            "gradient_norms": experiment.training.gradient_norms,
            "distances": experiment.training.distances,
            "infinite_width_norms": experiment.infinite.norms,
            **{f"proof_{name}": values for name, values in experiment.record.arrays().items()},
        },
    )
    vectors = [save_figure(each, folder.path / name)[0] for each, name in ((figure, FIGURE), (losses, ANATOMY))]
    pictures = (file.read_text(encoding="utf-8") for file in vectors)
    folder.write_bytes(REPORT, render_report(result, *pictures).encode("utf-8"))
    folder.finish(result)
    return result


def verify_in_folder(config: ExperimentConfig, out: str | Path, *, report: Report | None = None) -> dict[str, Any]:
    """`run_experiment` with its run folder: claims it, resumes a killed run, writes all files; returns the result.

    Raises:
        InvalidInput: as `run_experiment`, or if the folder cannot be claimed; nothing was written then.
    """
    folder = RunFolder.claim(out, config.to_json(), defaults=ExperimentConfig.defaults())
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
    adversary: Adversary,
    recorders: tuple[Recorder, ...],
    checkpoint: Checkpoint | None,
    tell: Report,
) -> TrainingRun:
    plan = drawn.plan

    def observe(step: TrainingStep) -> None:
        for recorder in recorders:
            recorder(step)

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
        checkpoint=None if checkpoint is None else RecordedCheckpoint(checkpoint, recorders),
        observer=observe,
        progress=lambda step, total, loss: tell(f"training at m = {plan.width:,}: loss {loss:.4g}", step, total),
    )
