"""All kinds of cases under one roof: what it takes to evaluate the repr of a counterexample."""

from .claims.before_the_draw import LevelCase, SpreadCase, TwoPointCase
from .claims.calculators import PlanCase, TradeCase
from .claims.capacity import CapacityCase, GrowthCase, SplitCase
from .claims.constants import LossCase, PreactivationCase
from .claims.gradient_of_the_mean import CubeCase, MeanGradientCase
from .claims.kernels import CosineCase, DeviationCase, DualityCase, EntryCase, QuadraticCase
from .claims.near_linearity import StartCase
from .claims.pair_remainders import PairCase, RealisationCase
from .claims.projections import ProjectionCase
from .data_case import DataCase, FunctionCase
from .moves import Move
from .network_case import NetworkCase
from .run_case import RunCase

__all__ = [
    "CapacityCase",
    "CosineCase",
    "CubeCase",
    "DataCase",
    "DeviationCase",
    "DualityCase",
    "EntryCase",
    "FunctionCase",
    "GrowthCase",
    "LevelCase",
    "LossCase",
    "MeanGradientCase",
    "Move",
    "NetworkCase",
    "PairCase",
    "PlanCase",
    "PreactivationCase",
    "ProjectionCase",
    "QuadraticCase",
    "RealisationCase",
    "RunCase",
    "SplitCase",
    "SpreadCase",
    "StartCase",
    "TradeCase",
    "TwoPointCase",
]
