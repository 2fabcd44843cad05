"""What the trainer of the library does is what theory section 0 says: it keeps to its set, and every step contracts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ....bounds import Loss
from ...attacks.adversary import AdversarialPoints
from ...predictors import Predictor
from ...sets.protocol import PerturbationSet
from ...training.projected_descent import train
from ...training.training_run import TrainingStep
from ..claim import Sides, claim
from ..data_case import DataCase
from ..run_case import RunCase
from ..strategies import require_hypothesis, seeds

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class _Answers:
    """An adversary of the library that answers as that of the case; iterations are counted from 1."""

    case: RunCase

    def perturb(
        self,
        predictor: Predictor,
        X: np.ndarray,
        y: np.ndarray,
        perturbations: PerturbationSet,
        *,
        loss: Loss | None = None,
        iteration: int = 0,
    ) -> AdversarialPoints:
        weights: Any = predictor
        points = self.case.answer(np.asarray(weights.weights(), np.float64), iteration - 1)
        return AdversarialPoints.at(points, predictor.predict(points), X, perturbations)


def _cases(constraint: str) -> SearchStrategy[RunCase]:
    """Runs of a few shapes only, so that few steps are compiled."""
    st = require_hypothesis()
    names = ["erf"] if constraint == "tied" else ["erf", "quadratic_relu"]
    return st.builds(  # type: ignore[no-any-return]
        RunCase,
        activation=st.sampled_from(names),
        data=st.builds(DataCase, samples=st.just(2), angle=st.sampled_from([0.1, 0.5]), seed=seeds()),
        pairs=st.just(2),
        level=st.just("gaussian"),
        radius=st.sampled_from([0.3, 0.1, 1.0]),
        pace=st.sampled_from([1.0, 0.3, 3.0]),
        iterations=st.integers(1, 6),
        adversary=st.sampled_from(["none", "random"]),
        constraint=st.just(constraint),
        cut=st.sampled_from([1.0, 0.5]),
        seed=seeds(),
    )


def _weights(case: RunCase) -> tuple[np.ndarray, ...]:
    """``W_1, ..., W_{T+1}`` of the library's trainer, in float64."""
    seen: list[np.ndarray] = []

    def observe(step: TrainingStep) -> None:
        seen.append(np.asarray(step.weights(), np.float64))

    run = train(
        case.initialisation,
        case.sigma,
        case.function,
        case.data.X,
        case.data.y,
        case.data.cap,
        _Answers(case),
        step_size=case.step_size,
        iterations=case.iterations,
        radius=case.radius,
        row_radius=case.row_radius if case.tied else None,
        dtype=np.float64,
        observer=observe,
    )
    return (*seen, np.asarray(run.final_weights, np.float64))


def _kept(case: RunCase) -> Sides:
    moves = np.stack(_weights(case)) - case.initial
    distances = np.linalg.norm(moves, axis=(1, 2)) / case.radius
    if case.tied:
        rows = np.max(np.linalg.norm(moves, axis=2), axis=1) * np.sqrt(case.width) / case.row_radius
        distances = np.concatenate([distances, rows])
    return Sides(distances, 1.0, case.run.rounding / min(case.radius, case.row_radius if case.tied else 1.0))


def _contracts(case: RunCase) -> Sides:
    weights, step = _weights(case), case.step_size
    squares = np.array([float(np.sum((each - case.comparator) ** 2)) for each in weights])
    gradients = [case.mean_gradient(each, case.answer(each, t)) for t, each in enumerate(weights[:-1])]
    pulls = np.array([float(np.sum(g * (w - case.comparator))) for g, w in zip(gradients, weights, strict=False)])
    norms = np.array([float(np.sum(gradient**2)) for gradient in gradients])
    return Sides(np.diff(squares) + 2.0 * step * pulls, step**2 * norms, 2.0 * step * case.run.rounding)


CLAIMS = tuple(
    made
    for constraint, theorem in (("ball", "E1.c"), ("tied", "E2.d"))
    for made in (
        claim(f"{theorem}/trainer keeps to its set", "every W_t of train lies in the set", partial(_cases, constraint))(
            _kept
        ),
        claim(
            f"{theorem}/trainer's step",
            "D_(t+1) - D_t + 2 alpha <g_t, W_t - W_*> <= alpha^2 |g_t|^2 for the steps that train takes",
            partial(_cases, constraint),
        )(_contracts),
    )
)
