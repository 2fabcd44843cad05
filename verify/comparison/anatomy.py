"""The inequalities of a theorem's proof, evaluated along one run: both sides and the slack of each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Target, lower_float, upper_float
from ...bounds.curvature import Network, curvature
from ..planning.certified_plan import DrawnPlan
from ..predictors import LinearisedNetwork, TwoLayerNetwork
from ..training.training_run import TrainingRun, require_coverage
from .inequality import Inequality
from .proof_chains import chain
from .proof_record import ProofRecord
from .robust_loss import Bracket
from .shared_chain import ball_rows
from .trace import Trace

Array = NDArray[np.float64]


def anatomy(
    drawn: DrawnPlan,
    training: TrainingRun,
    record: ProofRecord,
    X: Float[np.ndarray, "n d"],
    *,
    robust_loss: Bracket,
    robust_error: Bracket,
) -> tuple[Inequality, ...]:
    """What the theorem supposes, the chain of its own proof, and what it claims, for the T' <= T steps taken.

    Args:
        drawn: the plan, with the certified comparator ``W_*``.
        training: its run.
        record: what a `ProofRecorder` measured at every step of it.
        X: the data on the sphere.
        robust_loss, robust_error: of the best iterate.

    Raises:
        InvalidInput: for a run of an algorithm that no theorem covers, such as mini-batch training.
    """
    require_coverage(training)
    trace = Trace.of(drawn, record)
    return (
        *_hypotheses(drawn, training, trace, X),
        *chain(trace),
        *_claims(drawn, training, robust_loss, robust_error),
    )


def _hypotheses(drawn: DrawnPlan, training: TrainingRun, trace: Trace, X: Array) -> Iterator[Inequality]:
    plan, radius = drawn.plan, float(drawn.plan.radius)
    residual, bound = _near_linearity(drawn, training, X)
    yield Inequality("near-linearity at the best iterate: max_i |f - linearisation| <= C R^2", residual, bound)
    moved = training.best_weights - drawn.initialisation.weights
    yield Inequality("ball: |W_best - W_0| <= R", float(np.linalg.norm(moved)), radius)
    yield Inequality("comparator: |W_* - W_0| <= R", drawn.comparator.radius, radius)
    row_radius = None if plan.problem.row_radius is None else upper_float(plan.problem.row_radius)
    if row_radius is not None:
        rows = float(np.sqrt(plan.width) * np.max(np.linalg.norm(moved, axis=1)))
        yield Inequality("rows: sqrt(m) max_r |w_r - w_(0,r)| <= rho", rows, row_radius)
    if plan.problem.comparator_margin is not None:
        least = upper_float(plan.problem.comparator_margin)
        yield Inequality("comparator: mu <= its least certified margin", least, drawn.comparator.margin)
    yield from ball_rows(trace, row_radius)


def _claims(
    drawn: DrawnPlan, training: TrainingRun, robust_loss: Bracket, robust_error: Bracket
) -> Iterator[Inequality]:
    plan = drawn.plan
    promised, epsilon = upper_float(plan.guarantee.value), lower_float(plan.epsilon)
    yield Inequality(f"guarantee at T steps <= epsilon ({plan.theorem})", promised, upper_float(plan.epsilon))
    if plan.problem.target is Target.ROBUST_ERROR:
        yield Inequality("best fraction that A misclassifies <= epsilon", training.best_error, epsilon)
        yield Inequality(
            "robust error of the best iterate: attacked <= certified", robust_error.attacked, robust_error.certified
        )
    else:
        yield Inequality("best surrogate loss <= epsilon", training.best_surrogate_loss, epsilon)
    yield Inequality(
        "robust loss of the best iterate: attacked <= certified", robust_loss.attacked, robust_loss.certified
    )


def _near_linearity(drawn: DrawnPlan, training: TrainingRun, X: Array) -> tuple[float, float]:
    """Largest ``|f(W, x_i) - <grad f(W_0, x_i), W - W_0>|`` at the best iterate, and the bound of E1.a or E2."""
    start, plan = drawn.initialisation, drawn.plan
    network = TwoLayerNetwork(training.best_weights, start.signs, plan.activation)
    linear = LinearisedNetwork(start.weights, training.best_weights - start.weights, start.signs, plan.activation)
    kind = Network.FULL if plan.problem.row_radius is None else Network.TIED
    bound = upper_float(curvature(plan.problem, kind, plan.width) * plan.radius**2)
    return float(np.max(np.abs(network.predict(X) - linear.predict(X)))), bound
