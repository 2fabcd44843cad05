"""The inequalities of a theorem's proof, evaluated along one run: both sides and the slack of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Target, lower_float, upper_float
from ...bounds.curvature import Network, curvature
from ...bounds.two_layer import TwoLayerConvergence
from ..planning.certified_plan import DrawnPlan
from ..predictors import LinearisedNetwork, TwoLayerNetwork
from ..training.training_run import TrainingRun
from .inequality import Inequality
from .proof_chains import Trace, chain

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Bracket:
    """A robust quantity of the best iterate: what an attack shows is below, what a certificate shows above."""

    attacked: float
    certified: float


def anatomy(
    drawn: DrawnPlan,
    training: TrainingRun,
    X: Float[np.ndarray, "n d"],
    *,
    robust_loss: Bracket,
    robust_error: Bracket,
) -> tuple[Inequality, ...]:
    """What the theorem supposes, the chain of its own proof, and what it claims, for the T' <= T steps taken.

    The comparator ``W_*`` is the certified one; its losses along the run are replaced by their certified bound s.
    """
    return (
        *_hypotheses(drawn, training, X),
        *_chain(drawn, training),
        *_claims(drawn, training, robust_loss, robust_error),
    )


def _hypotheses(drawn: DrawnPlan, training: TrainingRun, X: Array) -> Iterator[Inequality]:
    plan, radius = drawn.plan, float(drawn.plan.radius)
    residual, bound = _near_linearity(drawn, training, X)
    yield Inequality("near-linearity at the best iterate: max_i |f - linearisation| <= C R^2", residual, bound)
    moved = training.best_weights - drawn.initialisation.weights
    yield Inequality("ball: |W_best - W_0| <= R", float(np.linalg.norm(moved)), radius)
    yield Inequality("comparator: |W_* - W_0| <= R", drawn.comparator.radius, radius)
    if plan.problem.row_radius is not None:
        rows = float(np.sqrt(plan.width) * np.max(np.linalg.norm(moved, axis=1)))
        yield Inequality("rows: sqrt(m) max_r |w_r - w_(0,r)| <= rho", rows, upper_float(plan.problem.row_radius))
    if plan.problem.comparator_margin is not None:
        least = upper_float(plan.problem.comparator_margin)
        yield Inequality("comparator: mu <= its least certified margin", least, drawn.comparator.margin)


def _chain(drawn: DrawnPlan, training: TrainingRun) -> tuple[Inequality, ...]:
    if isinstance(drawn.plan.guarantee.basis, TwoLayerConvergence):
        return tuple(_regret(drawn, training))
    return chain(Trace.of(drawn, training))


def _regret(drawn: DrawnPlan, training: TrainingRun) -> Iterator[Inequality]:
    """E1.a to E1.c and E1.post; linearisation residuals are replaced by their bound."""
    plan, steps = drawn.plan, training.steps
    alpha, radius, name = float(plan.step_size), float(plan.radius), plan.theorem
    linearization = upper_float(plan.terms["linearization"])
    travelled = _distance_terms(drawn, training) / (2.0 * alpha * steps)
    gradients = 0.5 * alpha * float(np.mean(training.gradient_norms**2))
    average = float(np.mean(training.surrogate_losses))
    slope_bound = upper_float(plan.gradient_bound * plan.loss.lipschitz)
    a_posteriori = drawn.comparator.robust_loss + travelled + gradients + linearization
    yield Inequality("gradients (E1.b): max_t |g_t| <= L G", float(np.max(training.gradient_norms)), slope_bound)
    least = float(np.min(training.surrogate_losses))
    yield Inequality("best <= average over the steps taken, as trained", least, average)
    yield Inequality(f"average <= a posteriori bound ({name}.post)", average, a_posteriori)
    yield Inequality(
        "distances: (|W_1 - W_*|^2 - |W_T'+1 - W_*|^2) / (2 alpha T') <= R^2 / (2 alpha T')",
        travelled,
        radius**2 / (2.0 * alpha * steps),
    )
    yield Inequality("steps: alpha mean |g_t|^2 / 2 <= alpha L^2 G^2 / 2", gradients, 0.5 * alpha * slope_bound**2)


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


def _distance_terms(drawn: DrawnPlan, training: TrainingRun) -> float:
    """``|W_1 - W_*|^2 - |W_{T'+1} - W_*|^2``."""
    move = drawn.comparator.moves.displacement
    final = np.asarray(training.final_weights, np.float64) - drawn.initialisation.weights - move
    return float(np.sum(move**2) - np.sum(final**2))


def _near_linearity(drawn: DrawnPlan, training: TrainingRun, X: Array) -> tuple[float, float]:
    """Largest ``|f(W, x_i) - <grad f(W_0, x_i), W - W_0>|`` at the best iterate, and the bound of E1.a or E2."""
    start, plan = drawn.initialisation, drawn.plan
    network = TwoLayerNetwork(training.best_weights, start.signs, plan.activation)
    linear = LinearisedNetwork(start.weights, training.best_weights - start.weights, start.signs, plan.activation)
    kind = Network.FULL if plan.problem.row_radius is None else Network.TIED
    bound = upper_float(curvature(plan.problem, kind, plan.width) * plan.radius**2)
    return float(np.max(np.abs(network.predict(X) - linear.predict(X)))), bound
