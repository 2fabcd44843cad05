"""The main job, end to end: data, radius, plan at a drawn network, training at exactly that plan, comparison."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..bounds import Activation, InvalidInput, Loss, exact, get_activation, get_loss, lower_float, upper_float
from ..bounds.exact import between_zero_and_one
from ..kernels import dual_kernel
from .anatomy import Inequality, anatomy
from .attack import ProjectedGradientAttack
from .cap import SphericalCap
from .comparator import DrawnPlan, draw_certified_plan
from .data import Dataset, load_data
from .figure import Curves
from .infinite_width import InfiniteWidthRun, train_infinite_width
from .losses import certified_loss, needs_upper_margins
from .margin_target import check_epsilon
from .minimum_norm import MinimumNormSolution, describe_radius, radius_interval
from .network_certificate import certify_network
from .paired_moves import PairedMoves
from .predictors import TwoLayerNetwork
from .run_folder import CURVES, FIGURE, REPORT, RunFolder
from .run_state import Checkpoint
from .tiles import single_threaded_products
from .training import TrainingRun, train

Array = NDArray[np.float64]
# report(stage, done, total): total is None where it is not known.
Report = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class ExperimentConfig:
    """What determines a run. Numbers that enter exact arithmetic are text: "0.1" means 1/10.

    ``seed`` orders the data, ``network_seed`` draws the network. ``full`` runs all T steps instead of stopping at the
    first that meets epsilon.
    """

    data: str
    classes: tuple[str, str] | None
    samples: int | None
    delta: float
    epsilon: str
    activation: str = "quadratic_relu"
    scale: str = "1"
    loss: str = "hinge"
    huber_kappa: str | None = None
    bias: float = 0.5
    share: str = "1/2"
    seed: int = 1
    network_seed: int = 0
    attack_steps: int = 10
    full: bool = False
    max_width: int = 4_000_000

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        values = asdict(self)
        return values | {"classes": None if self.classes is None else list(self.classes)}


@dataclass(frozen=True)
class Problem:
    """The checked inputs of a run."""

    data: Dataset
    cap: SphericalCap
    activation: Activation
    loss: Loss


@dataclass(frozen=True)
class RobustLoss:
    """The robust loss of one network, from both sides; margins are of ``y_i f(x')`` over the caps, shape (n,)."""

    attacked: float
    certified: float
    attacked_margins: Array
    certified_margins: Array


@dataclass(frozen=True)
class Experiment:
    """Everything that one run found out."""

    config: ExperimentConfig
    problem: Problem
    solution: MinimumNormSolution
    drawn: DrawnPlan
    training: TrainingRun
    infinite: InfiniteWidthRun
    robust: RobustLoss
    inequalities: tuple[Inequality, ...]
    seconds: float

    @property
    def max_deviation(self) -> float:
        """Largest distance between the measured and the infinite-width curve over the steps taken."""
        common = min(len(self.training.surrogate_losses), len(self.infinite.surrogate_losses))
        gaps = self.training.surrogate_losses[:common] - self.infinite.surrogate_losses[:common]
        return float(np.max(np.abs(gaps)))

    @property
    def holds(self) -> bool:
        """Whether the guarantee applies to this network and nothing measured contradicts it."""
        return all(row.kept for row in self.inequalities) and self.drawn.plan.kind.value == "guarantee"

    def curves(self) -> Curves:
        """What the figure shows."""
        plan = self.drawn.plan
        steps = np.unique(np.geomspace(1, plan.iterations, 200).round())
        step, radius = float(plan.step_size), float(plan.radius)
        fixed = sum(upper_float(plan.terms[name]) for name in ("linearization", "comparator"))
        step_term = upper_float(plan.terms["regret"]) - radius**2 / (2.0 * step * plan.iterations)
        bound = fixed + step_term + radius**2 / (2.0 * step * steps)
        return Curves(
            self.training.surrogate_losses,
            self.infinite.surrogate_losses,
            steps,
            bound,
            self.robust.certified_margins,
            self.robust.attacked_margins,
        )

    def to_json(self, run_dir: str | None = None) -> dict[str, Any]:
        """The ``verify`` object of the JSON contract."""
        return {
            "config": self.config.to_json(),
            "plan": self.drawn.plan.to_json(),
            "radius": describe_radius(self.problem.data, self.problem.cap, self.problem.activation, self.solution),
            "comparator": {
                "radius": self.drawn.comparator.radius,
                "robust_loss": self.drawn.comparator.robust_loss,
                "operator_norm": self.drawn.operator_norm,
                "draws": self.drawn.draws,
            },
            "empirical": {
                "best_surrogate_loss": self.training.best_surrogate_loss,
                "reached_at": self.training.best_step,
                "steps": self.training.steps,
                "stopped": self.training.stopped,
                "attacked_robust_loss": self.robust.attacked,
                "certified_robust_loss": self.robust.certified,
            },
            "predicted": {
                "guarantee": upper_float(self.drawn.plan.guarantee.value),
                "infinite_width_final": float(self.infinite.surrogate_losses[-1]),
                "max_deviation": self.max_deviation,
            },
            "holds": self.holds,
            "anatomy": [row.to_json() for row in self.inequalities],
            "seconds": self.seconds,
            "run_dir": run_dir,
        }


def check_config(config: ExperimentConfig) -> Problem:
    """Load and check all inputs, before any work is done.

    Raises:
        InvalidInput: naming the offending value.
    """
    activation = get_activation(config.activation, scale=config.scale)
    loss = get_loss(config.loss) if config.huber_kappa is None else get_loss(config.loss, kappa=config.huber_kappa)
    for owner, constant, what in (
        (activation, activation.derivative_lipschitz, "derivative_lipschitz"),
        (loss, loss.lipschitz, "lipschitz"),
    ):
        if constant is None:
            raise InvalidInput(f"{owner.label} does not meet theorem E1: {owner.reasons[what]}")
    check_epsilon(loss, config.epsilon)
    ProjectedGradientAttack(steps=config.attack_steps)
    for name, least in (("network_seed", 0), ("max_width", 2)):
        if getattr(config, name) < least:
            raise InvalidInput(f"{name} is {getattr(config, name)}: expected an integer of at least {least}")
    between_zero_and_one(config.share, name="share")
    cap = SphericalCap(config.delta, config.bias)
    data = load_data(config.data, classes=config.classes, samples=config.samples, seed=config.seed, bias=config.bias)
    cap.check_separation(data.X, data.y)
    return Problem(data, cap, activation, loss)


@single_threaded_products
def run_experiment(
    config: ExperimentConfig,
    *,
    problem: Problem | None = None,
    checkpoint: Checkpoint | None = None,
    report: Report | None = None,
) -> Experiment:
    """Radius, plan at a drawn network, training at exactly that plan, and the comparison (theory section 6).

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
    data, cap = problem.data, problem.cap
    solution = radius_interval(
        data.X,
        data.y,
        cap,
        activation=problem.activation,
        progress=lambda count, margin: tell(f"radius: attacked margin {margin:.4f}", count, None),
    )
    drawn = draw_certified_plan(
        data.X,
        data.y,
        cap,
        activation=problem.activation,
        loss=problem.loss,
        target_epsilon=config.epsilon,
        solution=solution,
        share=config.share,
        seed=config.network_seed,
        max_width=config.max_width,
        report=lambda line: tell(f"plan: {line}", 0, None),
    )
    adversary = ProjectedGradientAttack(steps=config.attack_steps)
    training = _train(config, problem, drawn, adversary, checkpoint, tell)
    infinite = _train_infinite(problem, drawn, adversary, training.steps, tell)
    tell("certifying the best iterate", 0, None)
    robust = squeeze(problem, drawn, training)
    inequalities = anatomy(
        drawn,
        training,
        exact(config.epsilon, name="epsilon"),
        problem.loss,
        problem.data.X,
        robust.attacked,
        robust.certified,
    )
    return Experiment(
        config, problem, solution, drawn, training, infinite, robust, inequalities, time.perf_counter() - began
    )


def squeeze(problem: Problem, drawn: DrawnPlan, training: TrainingRun) -> RobustLoss:
    """The best iterate's robust loss: the strongest of two attacks below, a certificate above, both in float64."""
    data, start = problem.data, drawn.initialisation
    network = TwoLayerNetwork(training.best_weights, start.signs, problem.activation)
    attack = ProjectedGradientAttack(steps=20, restarts=3, seed=1)
    found = attack.perturb(network, data.X, data.y, problem.cap, loss=problem.loss).points
    candidates = np.stack([data.y * network.predict(points) for points in (found, training.best_points, data.X)])
    losses = problem.loss.value(candidates, np.ones_like(candidates))
    moves = PairedMoves.between(start.weights, start.signs, training.best_weights)
    lower = certify_network(moves, problem.activation, data.X, data.y, problem.cap).lower
    upper = None
    if needs_upper_margins(problem.loss):
        upper = -certify_network(moves, problem.activation, data.X, -data.y, problem.cap).lower
    return RobustLoss(
        float(np.mean(np.max(losses, axis=0))),
        certified_loss(problem.loss, lower, upper),
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
            **asdict(curves),
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
    return train(
        drawn.initialisation,
        problem.activation,
        problem.loss,
        problem.data.X,
        problem.data.y,
        problem.cap,
        adversary,
        step_size=float(plan.step_size),
        iterations=plan.iterations,
        radius=float(plan.radius),
        stop_at=None if config.full else lower_float(plan.epsilon),
        checkpoint=checkpoint,
        progress=lambda step, total, loss: tell(f"training at m = {plan.width:,}: loss {loss:.4f}", step, total),
    )


def _train_infinite(
    problem: Problem, drawn: DrawnPlan, adversary: ProjectedGradientAttack, steps: int, tell: Report
) -> InfiniteWidthRun:
    return train_infinite_width(
        dual_kernel(problem.activation),
        problem.loss,
        problem.data.X,
        problem.data.y,
        problem.cap,
        adversary,
        step_size=float(drawn.plan.step_size),
        iterations=steps,
        radius=float(drawn.plan.radius),
        progress=lambda step, total, loss: tell(f"infinite width: loss {loss:.4f}", step, total),
    )
