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
from .attacks.attacked_loss import AttackedLoss, attacked_robust_loss
from .attacks.auto_projected_gradient import AutoProjectedGradientAttack
from .attacks.diagnostics import AttackDiagnostics, diagnose
from .attacks.fast_gradient import FastGradientAttack
from .attacks.projected_gradient import ProjectedGradientAttack
from .attacks.random_search import RandomSearchAttack
from .attacks.worst_of import WorstOf, strongest
from .certificates.branch_and_bound import ExactMinimum, branch_and_bound, exact_minima
from .certificates.certify import CertifiedMargins, certify
from .certificates.evaluation_error import evaluation_error
from .certificates.kernel import CapBounds, certify_kernel
from .certificates.losses import certified_loss
from .certificates.network import NetworkBounds, certify_network
from .certificates.paired_moves import PairedMoves
from .comparison.anatomy import anatomy
from .comparison.band import Band, Place, monte_carlo_band
from .comparison.inequality import Inequality
from .comparison.infinite_width import InfiniteWidthRun, train_infinite_width
from .comparison.overshoot import Overshoot, OvershootTable, overshoot_table
from .comparison.proof_record import ProofRecord, ProofRecorder
from .comparison.robust_loss import Bracket, RobustLoss, bracket_robust_loss
from .comparison.waterfall import Waterfall, waterfall
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
from .sets.block import Block
from .sets.cap import SphericalCap
from .sets.named import perturbation_set
from .sets.pixel_ball import PixelBall
from .sets.product_set import ProductSet
from .sets.protocol import PerturbationSet
from .sets.protocol_check import SetReport, check_perturbation_set
from .sweep.configuration import SweepConfig
from .sweep.sweep import SweepReport, run_sweep
from .training.constraint_set import ConstraintSet
from .training.many_seeds import train_many
from .training.projected_descent import train
from .training.run_state import Checkpoint
from .training.stochastic import StochasticRun, train_stochastic
from .training.training_run import Coverage, TrainingRun, require_coverage

__all__ = [
    "AdversarialPoints",
    "Adversary",
    "anatomy",
    "AttackDiagnostics",
    "attacked_robust_loss",
    "AttackedLoss",
    "AutoProjectedGradientAttack",
    "Band",
    "Block",
    "Bracket",
    "bracket_robust_loss",
    "branch_and_bound",
    "BUNDLED",
    "candidate_activations",
    "CapBounds",
    "certified_loss",
    "CertifiedMargins",
    "certify",
    "certify_kernel",
    "certify_network",
    "check_candidates",
    "check_config",
    "check_perturbation_set",
    "Checkpoint",
    "Comparator",
    "ConstraintSet",
    "Coverage",
    "DataPlan",
    "Dataset",
    "describe_radius",
    "diagnose",
    "Draw",
    "draw_certified_plan",
    "DrawnPlan",
    "embed",
    "evaluation_error",
    "exact_minima",
    "ExactMinimum",
    "Experiment",
    "ExperimentConfig",
    "FastGradientAttack",
    "find_comparator",
    "FiniteWidthSpace",
    "Goal",
    "Inequality",
    "InfiniteWidthRun",
    "InfiniteWidthSpace",
    "KernelPredictor",
    "LinearisedNetwork",
    "load_data",
    "mean_gradient_bound",
    "MinimumNormSolution",
    "monte_carlo_band",
    "NetworkBounds",
    "Overshoot",
    "overshoot_table",
    "OvershootTable",
    "PairedMoves",
    "perturbation_set",
    "PerturbationSet",
    "PixelBall",
    "Place",
    "plan_from_data",
    "plan_json",
    "ProductSet",
    "ProjectedGradientAttack",
    "ProofRecord",
    "ProofRecorder",
    "radius_interval",
    "RandomSearchAttack",
    "render_report",
    "require_coverage",
    "robust_minimum_norm",
    "RobustLoss",
    "run_experiment",
    "run_sweep",
    "Search",
    "search_json",
    "search_plans",
    "SetReport",
    "SphericalCap",
    "StochasticRun",
    "strongest",
    "SweepConfig",
    "SweepReport",
    "TooWide",
    "train",
    "train_infinite_width",
    "train_many",
    "train_stochastic",
    "TrainingRun",
    "TwoLayerNetwork",
    "verify_in_folder",
    "Waterfall",
    "waterfall",
    "WorstOf",
]
