"""Perturbation sets, attacks, certificates, training, and the comparison of what is predicted with what is measured.

`verify_in_folder` is the main job end to end; `radius_interval` computes the radius that the theorems ask for;
`certify_kernel` and `certify_network` bound margins on whole perturbation sets, soundly; attacks bound them from the
other side.

>>> from robustntk.bounds import get_activation
>>> from robustntk.verify import SphericalCap, load_data, radius_interval
>>> data = load_data("digits", classes=("0", "1"), samples=20)
>>> solution = radius_interval(data.X, data.y, SphericalCap(0.1), activation=get_activation("erf"))
>>> solution.radius.lower <= 7.75 <= solution.radius.upper
True
"""

from .anatomy import Bracket, anatomy
from .attack import AdversarialPoints, Adversary, ProjectedGradientAttack
from .cap import PerturbationSet, SphericalCap
from .certified_plan import DrawnPlan
from .comparator import Comparator, FiniteWidthSpace, find_comparator
from .configuration import ExperimentConfig, check_candidates, check_config
from .data import BUNDLED, Dataset, embed, load_data
from .draws import Draw, TooWide, draw_certified_plan
from .experiment import Experiment, RobustLoss, run_experiment, verify_in_folder
from .goal import Goal
from .inequality import Inequality
from .infinite_width import InfiniteWidthRun, train_infinite_width
from .kernel_certificate import CapBounds, certify_kernel
from .losses import certified_loss
from .mean_gradient import mean_gradient_bound
from .minimum_norm import (
    InfiniteWidthSpace,
    MinimumNormSolution,
    describe_radius,
    radius_interval,
    robust_minimum_norm,
)
from .network_certificate import NetworkBounds, certify_network
from .optimise import Search, search_plans
from .paired_moves import PairedMoves
from .planning import DataPlan, candidate_activations, plan_from_data, plan_json, search_json
from .predictors import KernelPredictor, LinearisedNetwork, TwoLayerNetwork
from .report import render_report
from .run_state import Checkpoint
from .training import train
from .training_run import TrainingRun

__all__ = [
    "BUNDLED",
    "AdversarialPoints",
    "Bracket",
    "Draw",
    "Goal",
    "Search",
    "search_json",
    "search_plans",
    "Adversary",
    "CapBounds",
    "Checkpoint",
    "Comparator",
    "DataPlan",
    "Dataset",
    "DrawnPlan",
    "Experiment",
    "ExperimentConfig",
    "FiniteWidthSpace",
    "Inequality",
    "InfiniteWidthRun",
    "InfiniteWidthSpace",
    "KernelPredictor",
    "LinearisedNetwork",
    "MinimumNormSolution",
    "NetworkBounds",
    "PairedMoves",
    "PerturbationSet",
    "ProjectedGradientAttack",
    "RobustLoss",
    "SphericalCap",
    "TrainingRun",
    "TooWide",
    "TwoLayerNetwork",
    "check_candidates",
    "anatomy",
    "candidate_activations",
    "certified_loss",
    "certify_kernel",
    "certify_network",
    "check_config",
    "describe_radius",
    "draw_certified_plan",
    "embed",
    "find_comparator",
    "load_data",
    "mean_gradient_bound",
    "plan_from_data",
    "plan_json",
    "radius_interval",
    "render_report",
    "robust_minimum_norm",
    "run_experiment",
    "train",
    "train_infinite_width",
    "verify_in_folder",
]
