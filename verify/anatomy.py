"""The inequalities of E1's proof, evaluated along one run: both sides and the slack of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy
from jaxtyping import Float
from numpy.typing import NDArray

from ..bounds import Loss, lower_float, upper_float
from .comparator import DrawnPlan
from .predictors import LinearisedNetwork, TwoLayerNetwork
from .training import TrainingRun

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Inequality:
    """``lhs <= rhs``, as evaluated; ``slack`` is what the proof gives away there."""

    step: str
    lhs: float
    rhs: float

    @property
    def slack(self) -> float:
        """``rhs - lhs``."""
        return self.rhs - self.lhs

    @property
    def kept(self) -> bool:
        """Whether the inequality holds as evaluated; False for NaN."""
        return self.slack >= 0.0

    def to_json(self) -> dict[str, str | float]:
        """The contract's ``anatomy`` entry."""
        return {"step": self.step, "lhs": self.lhs, "rhs": self.rhs, "slack": self.slack}


def anatomy(
    drawn: DrawnPlan,
    training: TrainingRun,
    epsilon: sympy.Expr,
    loss: Loss,
    X: Float[np.ndarray, "n d"],
    attacked: float,
    certified: float,
) -> tuple[Inequality, ...]:
    """The chain of theory E1.a to E1.c, for the T' steps that the run took (T' <= T, the plan's T).

    The comparator ``W_*`` is the certified one; its losses along the run are replaced by their certified bound s, and
    the linearisation residuals by their bound of E1.a.
    """
    plan, steps = drawn.plan, training.steps
    alpha, radius = float(plan.step_size), float(plan.radius)
    comparator = drawn.comparator.robust_loss
    linearization = upper_float(plan.terms["linearization"])
    travelled = _distance_terms(drawn, training) / (2.0 * alpha * steps)
    gradients = 0.5 * alpha * float(np.mean(training.gradient_norms**2))
    average = float(np.mean(training.surrogate_losses))
    slope_bound = upper_float(plan.gradient_bound * loss.lipschitz)
    a_posteriori = comparator + travelled + gradients + linearization
    residual, residual_bound = _near_linearity(drawn, training, X)
    drawn_distance = float(np.linalg.norm(training.best_weights - drawn.initialisation.weights))
    return (
        Inequality("near-linearity at the best iterate (E1.a): max_i |f - linearisation|", residual, residual_bound),
        Inequality("gradients (E1.b): max_t |g_t| <= L G", float(np.max(training.gradient_norms)), slope_bound),
        Inequality("ball: |W_best - W_0| <= R", drawn_distance, radius),
        Inequality("comparator: |W_* - W_0| <= R", drawn.comparator.radius, radius),
        Inequality(
            "best <= average over the steps taken, as trained", float(np.min(training.surrogate_losses)), average
        ),
        Inequality("average <= a posteriori bound (E1.post)", average, a_posteriori),
        Inequality(
            "distances: (|W_1 - W_*|^2 - |W_T'+1 - W_*|^2) / (2 alpha T') <= R^2 / (2 alpha T')",
            travelled,
            radius**2 / (2.0 * alpha * steps),
        ),
        Inequality("steps: alpha mean |g_t|^2 / 2 <= alpha L^2 G^2 / 2", gradients, 0.5 * alpha * slope_bound**2),
        Inequality("guarantee at T steps <= epsilon (E1.c)", upper_float(plan.guarantee.value), upper_float(epsilon)),
        Inequality("best surrogate loss <= epsilon", training.best_surrogate_loss, lower_float(epsilon)),
        Inequality("robust loss of the best iterate: attacked <= certified", attacked, certified),
    )


def _distance_terms(drawn: DrawnPlan, training: TrainingRun) -> float:
    """``|W_1 - W_*|^2 - |W_{T'+1} - W_*|^2``."""
    moves = drawn.comparator.moves
    signed = np.vstack([moves.means + moves.differences, moves.means - moves.differences])
    final = np.asarray(training.final_weights, np.float64) - drawn.initialisation.weights - signed
    return float(np.sum(signed**2) - np.sum(final**2))


def _near_linearity(drawn: DrawnPlan, training: TrainingRun, X: Array) -> tuple[float, float]:
    """Largest ``|f(W, x_i) - <grad f(W_0, x_i), W - W_0>|`` at the best iterate, and E1.a's bound of it."""
    start, activation = drawn.initialisation, drawn.plan.problem.activation
    network = TwoLayerNetwork(training.best_weights, start.signs, activation)
    linear = LinearisedNetwork(start.weights, training.best_weights - start.weights, start.signs, activation)
    beta = upper_float(activation.derivative_lipschitz)
    bound = beta * float(drawn.plan.radius) ** 2 / (2.0 * np.sqrt(drawn.plan.width))
    return float(np.max(np.abs(network.predict(X) - linear.predict(X)))), float(bound)
