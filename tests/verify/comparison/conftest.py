"""Small runs whose proofs are followed: a plan drawn once, trained as prescribed or with a planted fault."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from robustntk.verify import ExperimentConfig, ProjectedGradientAttack, check_config
from robustntk.verify.comparison.proof_record import ProofRecord, ProofRecorder
from robustntk.verify.planning.certified_plan import DrawnPlan
from robustntk.verify.planning.draws import Draw
from robustntk.verify.planning.optimise import search_plans
from robustntk.verify.training.projected_descent import train
from robustntk.verify.training.training_run import TrainingRun, TrainingStep

CONFIG = ExperimentConfig(data="digits", classes=("0", "1"), samples=6, delta=0.05, epsilon="0.7")
CASES = {
    "E1": replace(CONFIG, theorem="E1", epsilon="0.9", share="1/2"),
    "E2": replace(CONFIG, theorem="E2", activation="tanh", epsilon="0.9"),
    "E7": replace(CONFIG, theorem="E7"),
    "E8": replace(CONFIG, theorem="E8"),
    "E8-tied": replace(CONFIG, theorem="E8-tied", activation="tanh"),
    "E9": replace(CONFIG, theorem="E9", loss="squared_hinge", epsilon="0.3"),
    "E3-tied": replace(CONFIG, theorem="E3-tied", activation="tanh", loss="squared_hinge", epsilon="0.3"),
    "E8 errors": replace(CONFIG, theorem="E8", activation="tanh", target="robust-error", epsilon="1/4"),
    "E7 errors": replace(CONFIG, theorem="E7", target="robust-error", epsilon="1/2", loss_margin="1"),
}


@dataclass(frozen=True, eq=False)
class Run:
    """A run of a plan with what was recorded of it."""

    drawn: DrawnPlan
    training: TrainingRun
    record: ProofRecord


@lru_cache(maxsize=len(CASES))
def plan_of(case: str) -> tuple[DrawnPlan, Any]:
    problem = check_config(CASES[case])
    draw = Draw(problem.centers, problem.data.y, problem.perturbations, 0)
    return search_plans(draw, problem.candidates, problem.goal).best, problem


def train_case(
    case: str,
    *,
    iterations: int | None = 60,
    dtype: Any = None,
    step_factor: float = 1.0,
    radius_factor: float = 1.0,
    watch: Callable[[TrainingStep], None] | None = None,
    recorder: ProofRecorder | None = None,
) -> Run:
    """At most ``iterations`` steps; ``step_factor`` and ``radius_factor`` are planted faults."""
    drawn, problem = plan_of(case)
    plan = drawn.plan
    if dtype is not None:
        drawn = replace(drawn, initialisation=replace(drawn.initialisation, dtype=dtype))
    recorder = recorder or ProofRecorder.of(drawn, problem.data.y)

    def observe(step: TrainingStep) -> None:
        recorder(step)
        if watch is not None:
            watch(step)

    rows = plan.problem.row_radius
    training = train(
        drawn.initialisation,
        plan.activation,
        plan.loss,
        problem.centers,
        problem.data.y,
        problem.perturbations,
        ProjectedGradientAttack(steps=5),
        step_size=step_factor * float(plan.step_size),
        iterations=plan.iterations if iterations is None else min(iterations, plan.iterations),
        radius=radius_factor * float(plan.radius),
        dtype=np.dtype(drawn.initialisation.dtype),
        target=plan.problem.target,
        row_radius=None if rows is None else float(rows),
        observer=observe,
    )
    return Run(drawn, training, recorder.finish(training))


@pytest.fixture
def planned() -> Callable[[str], tuple[DrawnPlan, Any]]:
    """The plan and the problem of a case, drawn once."""
    return plan_of


@pytest.fixture
def trained() -> Callable[..., Run]:
    """A run of a case."""
    return train_case


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> str:
    """Every case in turn."""
    name: str = request.param
    return name
