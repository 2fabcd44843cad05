"""Theorems as symbols: activations and losses with exact constants, statements, calculators, and checked proofs.

Integers and bounds come from exact arithmetic or rigorous balls, never from floating point. What is proved (the E
theorems) and what is a scaling law with constants of the user's choice (the P theorems, the paper's) are different
types and cannot be confused. `check_ledger` has every step of every proof checked by a machine.

>>> from robustntk.bounds import required_width
>>> plan = required_width(target_epsilon=0.5, radius=3.91, activation="quadratic_relu", dimension=65)
>>> plan.theorem, plan.width, plan.kind.value
('E8', 2104, 'conditional-guarantee')
>>> plan.guarantee.meets(0.5)
True
>>> {other.theorem: other.width for other in plan.alternatives if other.width}
{'E8': 2104, 'E7': 2598, 'E1': 59834}
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .activation import Activation
from .activation_expression import activation_from_text
from .activation_table import ACTIVATIONS, get_activation
from .calculator import guarantee, required_width
from .capacity_scaling import P4
from .constant_check import check_constants
from .convergence_theorems import CONVERGENCE_THEOREMS
from .deep_convergence import P1, check_consistency
from .errors import HypothesisError, InvalidInput, TooFewIterations, WidthTooSmall
from .exact import (
    Number,
    ceil_integer,
    enclose,
    exact,
    is_at_most,
    is_less,
    lower_float,
    nearest_float,
    upper_float,
)
from .existence_scaling import P3
from .gradient import gradient_bound
from .interval import Interval
from .loss import LOSSES, Loss, get_loss, hinge, huber, squared_hinge
from .margins import E8
from .mean_gradient import E11
from .operator_ball import E10
from .outcome import Outcome, Verdict
from .plan import Alternative, Guarantee, OtherBound, Plan
from .problem import Problem, Target
from .proof import Proof, ProofReport, Step, check_proof
from .recursion import E7
from .scaling_law import ScalingLaw, ScalingLawValue
from .scaling_laws import SCALING_LAWS, scaling_law
from .smooth_losses import E3
from .smooth_recursion import E9
from .solve import Solution, fewest_iterations, largest_radius, smallest_epsilon, smallest_width
from .theorem import Hypothesis, Kind, Theorem
from .tied_pairs import E2
from .two_layer import E1, TwoLayerConvergence
from .two_layer_scaling import P2

if TYPE_CHECKING:
    from .a_priori import a_priori_confidence, a_priori_deviation, a_priori_width
    from .capacity import E5, Capacity, necessary_width_plain, necessary_width_robust
    from .end_to_end import E6, optimal_slack
    from .end_to_end_plan import a_priori_plan
    from .existence import E4
    from .ledger import check_ledger
    from .progress import show_progress
    from .proofs_on_record import load_proof
    from .worst_case import compare, step_of_e1

# Formulas that take long to put together are imported when they are asked for.
_LATE = {
    "E4": "existence",
    "E5": "capacity",
    "E6": "end_to_end",
    "Capacity": "capacity",
    "a_priori_confidence": "a_priori",
    "a_priori_deviation": "a_priori",
    "a_priori_plan": "end_to_end_plan",
    "a_priori_width": "a_priori",
    "check_ledger": "ledger",
    "compare": "worst_case",
    "load_proof": "proofs_on_record",
    "necessary_width_plain": "capacity",
    "necessary_width_robust": "capacity",
    "optimal_slack": "end_to_end",
    "show_progress": "progress",
    "step_of_e1": "worst_case",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LATE[name]}", __name__), name)


__all__ = [
    "ACTIVATIONS",
    "CONVERGENCE_THEOREMS",
    "E1",
    "E10",
    "E11",
    "E2",
    "E3",
    "E4",
    "E5",
    "E6",
    "E7",
    "E8",
    "E9",
    "LOSSES",
    "P1",
    "P2",
    "P3",
    "P4",
    "SCALING_LAWS",
    "Activation",
    "Alternative",
    "Capacity",
    "Guarantee",
    "Hypothesis",
    "HypothesisError",
    "Interval",
    "InvalidInput",
    "Kind",
    "Loss",
    "Number",
    "OtherBound",
    "Outcome",
    "Plan",
    "Problem",
    "Proof",
    "ProofReport",
    "ScalingLaw",
    "ScalingLawValue",
    "Solution",
    "Step",
    "Target",
    "Theorem",
    "TooFewIterations",
    "TwoLayerConvergence",
    "Verdict",
    "WidthTooSmall",
    "a_priori_confidence",
    "a_priori_deviation",
    "a_priori_plan",
    "a_priori_width",
    "activation_from_text",
    "ceil_integer",
    "check_consistency",
    "check_constants",
    "check_ledger",
    "check_proof",
    "compare",
    "enclose",
    "exact",
    "fewest_iterations",
    "get_activation",
    "get_loss",
    "gradient_bound",
    "guarantee",
    "hinge",
    "huber",
    "is_at_most",
    "is_less",
    "largest_radius",
    "load_proof",
    "lower_float",
    "nearest_float",
    "necessary_width_plain",
    "necessary_width_robust",
    "optimal_slack",
    "required_width",
    "scaling_law",
    "show_progress",
    "smallest_epsilon",
    "smallest_width",
    "squared_hinge",
    "upper_float",
    "step_of_e1",
]
