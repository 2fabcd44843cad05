"""Perturbation sets, attacks, certificates, training, and the comparison of what is predicted with what is measured.

`verify_in_folder` is the main job end to end; `radius_interval` computes the radius that the theorems ask for;
`certify` bounds margins on whole perturbation sets, soundly; attacks bound them from the other side.

>>> from robustntk.bounds import get_activation
>>> from robustntk.verify import SphericalCap, load_data, radius_interval
>>> data = load_data("digits", classes=("0", "1"), samples=20)
>>> solution = radius_interval(data.X, data.y, SphericalCap(0.1), activation=get_activation("erf"))
>>> solution.radius.lower <= 7.75 <= solution.radius.upper
True
"""

from .attacks.adversary import AdversarialPoints, Adversary
from .attacks.projected_gradient import ProjectedGradientAttack
from .certificates.certify import CertifiedMargins, certify
from .certificates.evaluation_error import evaluation_error
from .certificates.kernel import CapBounds, certify_kernel
from .certificates.losses import certified_loss
from .certificates.network import NetworkBounds, certify_network
from .certificates.paired_moves import PairedMoves
from .comparison.anatomy import anatomy
from .comparison.inequality import Inequality
from .comparison.infinite_width import InfiniteWidthRun, train_infinite_width
from .comparison.proof_record import ProofRecord, ProofRecorder
from .comparison.robust_loss import Bracket, RobustLoss, bracket_robust_loss
from .data import BUNDLED, Dataset, embed, load_data
from .experiment.configuration import ExperimentConfig, check_candidates, check_config
from .experiment.main_job import Experiment, run_experiment, verify_in_folder
from .experiment.report import render_report
from .planning.certified_plan import DrawnPlan
from .planning.comparator import Comparator, FiniteWidthSpace, find_comparator
from .planning.data_plan import DataPlan, candidate_activations, plan_from_data, plan_json, search_json
from .planning.draws import Draw, TooWide, draw_certified_plan
from .planning.goal import Goal
from .planning.mean_gradient import mean_gradient_bound
from .planning.minimum_norm import (
    InfiniteWidthSpace,
    MinimumNormSolution,
    describe_radius,
    radius_interval,
    robust_minimum_norm,
)
from .planning.optimise import Search, search_plans
from .predictors import KernelPredictor, LinearisedNetwork, TwoLayerNetwork
from .sets.cap import SphericalCap
from .sets.protocol import PerturbationSet
from .training.projected_descent import train
from .training.run_state import Checkpoint
from .training.training_run import TrainingRun

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
    "CertifiedMargins",
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
    "ProofRecord",
    "ProofRecorder",
    "RobustLoss",
    "SphericalCap",
    "TrainingRun",
    "TooWide",
    "TwoLayerNetwork",
    "check_candidates",
    "anatomy",
    "bracket_robust_loss",
    "candidate_activations",
    "certified_loss",
    "certify",
    "certify_kernel",
    "certify_network",
    "check_config",
    "describe_radius",
    "draw_certified_plan",
    "embed",
    "evaluation_error",
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
