"""The configuration of a run, checked before any work is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...bounds import Activation, HypothesisError, InvalidInput, get_loss
from ...bounds.errors import expected_one_of
from ..attacks.adversary import Adversary
from ..attacks.auto_projected_gradient import AutoProjectedGradientAttack
from ..attacks.fast_gradient import FastGradientAttack
from ..attacks.projected_gradient import ProjectedGradientAttack
from ..data import Dataset, load_data
from ..planning.data_plan import candidate_activations
from ..planning.goal import AUTO, Goal
from ..sets.named import perturbation_set
from ..sets.protocol import PerturbationSet
from ..sets.separation import check_separation


@dataclass(frozen=True)
class ExperimentConfig:
    """What determines a run. Numbers that enter exact arithmetic are text: "0.1" means 1/10.

    ``seed`` orders the data, ``network_seed`` draws the network. ``activation``, ``scale``, ``theorem`` and
    ``loss_margin`` may be "auto"; a loss margin of None is 1, or for the target robust-error
    auto: only signs count there.
    ``full`` runs all T steps instead of stopping at the first that meets epsilon. ``adversary`` is the rule A that is
    trained against: "pgd", "apgd" or "fgsm". ``band_runs`` networks of other seeds are trained for the band around the
    infinite-width curve; 0 for no band. ``perturbation`` is "cap" (``delta`` is its chord), or "l2" or "linf": balls of
    radius ``delta`` in feature space, within the ``pixel_range`` of valid values if one is given. A bias of None stands
    for data without bias coordinate. ``standardize`` as in `load_data`.
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
    loss_margin: str | None = None
    target: str = "loss"
    theorem: str = AUTO
    bias: float | None = 0.5
    share: str | None = None
    slack: str | None = None
    seed: int = 1
    network_seed: int = 0
    attack_steps: int = 10
    adversary: str = "pgd"
    band_runs: int = 9
    perturbation: str = "cap"
    pixel_range: tuple[float, float] | None = None
    standardize: bool = False
    full: bool = False
    max_width: int = 4_000_000
    max_iterations: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        values = asdict(self)
        return values | {
            name: None if values[name] is None else list(values[name]) for name in ("classes", "pixel_range")
        }

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The fields that a configuration may leave out, as those of earlier versions do, and what is meant then."""
        return {each.name: each.default for each in fields(cls) if each.default is not MISSING}


@dataclass(frozen=True)
class Problem:
    """The checked inputs of a run."""

    data: Dataset
    perturbations: PerturbationSet
    candidates: tuple[Activation, ...]
    goal: Goal

    @property
    def centers(self) -> NDArray[np.float64]:
        """The data in the coordinates of the perturbation sets, shape (n, k)."""
        return self.data.centers(self.perturbations)


def adversary_of(config: ExperimentConfig) -> Adversary:
    """The rule A of the run.

    Raises:
        InvalidInput: an unknown name, or a number of steps that is not positive.
    """
    builders: dict[str, Callable[[], Adversary]] = {
        "pgd": lambda: ProjectedGradientAttack(steps=config.attack_steps),
        "apgd": lambda: AutoProjectedGradientAttack(steps=config.attack_steps, restarts=1),
        "fgsm": FastGradientAttack,
    }
    if config.adversary not in builders:
        raise InvalidInput(f"unknown adversary {config.adversary!r}: {expected_one_of(config.adversary, builders)}")
    return builders[config.adversary]()


def goal_of(config: ExperimentConfig) -> Goal:
    """What the run is to reach.

    Raises:
        InvalidInput: naming the offending value.
    """
    loss = get_loss(config.loss) if config.huber_kappa is None else get_loss(config.loss, kappa=config.huber_kappa)
    return Goal.validated(
        loss=loss,
        target_epsilon=config.epsilon,
        target=config.target,
        theorem=config.theorem,
        loss_margin=config.loss_margin,
        share=config.share,
        slack=config.slack,
        max_iterations=config.max_iterations,
        max_width=config.max_width,
    )


def check_candidates(goal: Goal, candidates: Iterable[Activation]) -> None:
    """Refuse at once what no theorem admits for any candidate, with the reason for the last.

    Raises:
        HypothesisError: naming theorem, hypothesis and reason.
    """
    refusal = None
    for activation in candidates:
        try:
            goal.applicable(activation)
        except HypothesisError as error:
            refusal = error
        else:
            return
    if refusal is not None:
        raise refusal


def check_config(config: ExperimentConfig) -> Problem:
    """Load and check all inputs, before any work is done.

    Raises:
        InvalidInput: naming the offending value.
    """
    goal = goal_of(config)
    candidates = tuple(candidate_activations(config.activation, config.scale, drawn_margin=not goal.free_margin))
    check_candidates(goal, candidates)
    adversary_of(config)
    if config.band_runs < 0:
        raise InvalidInput(f"band_runs is {config.band_runs}: expected a number of networks, or 0 for no band")
    if config.network_seed < 0:
        raise InvalidInput(f"network_seed is {config.network_seed}: expected an integer of at least 0")
    perturbations = perturbation_set(
        config.perturbation, config.delta, bias=config.bias, pixel_range=config.pixel_range
    )
    data = load_data(
        config.data,
        classes=config.classes,
        samples=config.samples,
        seed=config.seed,
        bias=config.bias,
        standardize=config.standardize,
    )
    check_separation(perturbations, data.centers(perturbations), data.y)
    return Problem(data, perturbations, candidates, goal)
