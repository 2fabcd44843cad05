"""Theorems as symbols: activations and losses with exact constants, statements, and calculators.

Integers and bounds come from exact arithmetic or rigorous balls, never from floating point. What is proved
(E1) and what is a scaling law with constants of the user's choice (P1, P2) are different types and cannot
be confused.

>>> from robustntk.bounds import required_width
>>> plan = required_width(target_epsilon=0.5, radius=3.91, activation="quadratic_relu", dimension=65)
>>> plan.width, plan.kind.value
(59834, 'conditional-guarantee')
>>> plan.guarantee.meets(0.5)
True
"""

from .activation import Activation
from .activation_table import ACTIVATIONS, get_activation
from .calculator import guarantee, required_width
from .constant_check import check_constants
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
from .gradient import gradient_bound
from .interval import Interval
from .loss import LOSSES, Loss, get_loss, huber
from .outcome import Outcome, Verdict
from .plan import Alternative, Guarantee, OtherBound, Plan
from .problem import Problem, Target
from .scaling_law import ScalingLaw, ScalingLawValue
from .scaling_laws import SCALING_LAWS, scaling_law
from .solve import Solution, fewest_iterations, largest_radius, smallest_epsilon, smallest_width
from .theorem import Hypothesis, Kind, Theorem
from .two_layer import E1, TwoLayerConvergence
from .two_layer_scaling import P2

__all__ = [
    "ACTIVATIONS",
    "E1",
    "LOSSES",
    "P1",
    "P2",
    "SCALING_LAWS",
    "Activation",
    "Alternative",
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
    "ScalingLaw",
    "ScalingLawValue",
    "Solution",
    "Target",
    "Theorem",
    "TooFewIterations",
    "TwoLayerConvergence",
    "Verdict",
    "WidthTooSmall",
    "ceil_integer",
    "check_consistency",
    "check_constants",
    "enclose",
    "exact",
    "fewest_iterations",
    "get_activation",
    "get_loss",
    "gradient_bound",
    "guarantee",
    "huber",
    "is_at_most",
    "is_less",
    "largest_radius",
    "lower_float",
    "nearest_float",
    "required_width",
    "scaling_law",
    "smallest_epsilon",
    "smallest_width",
    "upper_float",
]
