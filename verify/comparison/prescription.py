"""What every convergence theorem prescribes for data, before a network is drawn: conditional plans, and refusals.

Nothing is drawn, so plans are conditional (theory section 6, step 3): that some comparator in the set has the robust
loss or the margins that the theorem supposes is left open, and rho and R_op are those of a sample of neurons.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from ...bounds import Activation, InvalidInput, Plan, upper_float
from ...bounds.convergence import ConvergenceTheorem
from ...bounds.convergence_theorems import CONVERGENCE_THEOREMS
from ...bounds.curvature import Network
from ...bounds.operator_ball import OperatorBall
from ...kernels import numeric
from ..planning.goal import AUTO, Goal
from ..planning.minimum_norm import MinimumNormSolution
from ..planning.prediction import infinite_width_cost, margin_targets, predictions
from ..sets.protocol import PerturbationSet
from ..training.constraint_set import ConstraintSet

# Neurons by which the operator norm of the comparator's move is estimated where none is drawn.
_SAMPLE = 2048


@dataclass(frozen=True)
class Prescription:
    """The numbers of a plan that a run takes: width m, steps T, step size alpha, and the set it is trained in."""

    theorem: str
    network: str
    kind: str
    width: int
    iterations: int
    step_size: float
    constraints: ConstraintSet

    @classmethod
    def of(cls, plan: Plan) -> Prescription:
        """Rounded to float64: the set outward, so that it holds the comparator."""
        problem = plan.problem
        numbers = (plan.radius, problem.row_radius, problem.operator_radius)
        radius, rows, operator = (None if value is None else upper_float(value) for value in numbers)
        assert radius is not None
        return cls(
            plan.theorem,
            plan.network.value,
            plan.kind.value,
            plan.width,
            plan.iterations,
            float(plan.step_size),
            ConstraintSet(radius, rows if plan.network is Network.TIED else None, operator),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "kind": self.kind,
            "width": self.width,
            "iterations": self.iterations,
            "step_size": self.step_size,
            "radius": self.constraints.radius,
            "row_radius": self.constraints.row_radius,
            "operator_radius": self.constraints.operator_radius,
        }


def prescriptions(
    goal: Goal,
    activation: Activation,
    solution: MinimumNormSolution,
    X: Float[NDArray[np.float64], "n k"],
    y: Float[NDArray[np.float64], " n"],
    perturbations: PerturbationSet,
) -> tuple[tuple[Prescription, ...], dict[str, str]]:
    """What the theorems prescribe, in the order in which they are on record, and why the others do not.

    Args:
        goal: with a fixed loss margin; its theorem, or all.
        activation: sigma.
        solution: the infinite-width radius of these data, from `radius_interval`.
        X, y, perturbations: the data.

    Raises:
        InvalidInput: if the goal's theorem does not apply, or none of all does.
    """
    cost = infinite_width_cost(activation, solution)
    targets = margin_targets(goal, activation, cost, X, y, perturbations)
    found, refused = [], {}
    for theorem in _asked(goal):
        options: dict[str, Any] = {"dimension": solution.centers.shape[1]}
        try:
            if isinstance(theorem, OperatorBall):
                radius = targets(theorem).radius * operator_norm_share(activation, solution)
                options["operator_radius"] = Fraction(radius)
            own = replace(goal, theorem=theorem.id)
            found.append(Prescription.of(predictions(own, activation, targets, **options)[0].plan))
        except InvalidInput as error:
            refused[theorem.id] = str(error)
    if not found:
        raise InvalidInput(next(iter(refused.values())))
    return tuple(found), refused


def operator_norm_share(activation: Activation, solution: MinimumNormSolution) -> float:
    """``|W_* - W_0|_op / |W_* - W_0|_F`` of the solution's realisation, as measured on a sample of neurons (E4.a)."""
    rows = np.random.default_rng(0).standard_normal((_SAMPLE, solution.centers.shape[1]))
    moves = (numeric(activation, 1)(rows @ solution.centers.T) * solution.coefficients) @ solution.centers
    return float(np.linalg.norm(moves, 2) / np.linalg.norm(moves))


def _asked(goal: Goal) -> Iterable[ConvergenceTheorem]:
    return CONVERGENCE_THEOREMS.values() if goal.theorem == AUTO else (CONVERGENCE_THEOREMS[goal.theorem],)
