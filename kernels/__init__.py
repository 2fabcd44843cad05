"""The infinite-width NTK of the first layer: kappa, Gram matrices, their geometry, and the finite-width
kernel K_m.

Every kernel is a function kappa of u = <x, z>, in closed form or as a Hermite series with a proved tail,
accurate to 1e-13 for all u, near-identical and near-antipodal points included. Each comes with rigorous
enclosures to check it by.

>>> import numpy as np
>>> from robustntk.kernels import dual_kernel, gram
>>> kernel = dual_kernel("quadratic_relu")
>>> gram(kernel, np.array([[1.0, 0.0], [0.6, 0.8]])).round(6).tolist()
[[2.0, 0.813057], [0.813057, 2.0]]
"""

from .activation_function import numeric
from .architecture import LINEAR, Architecture, fully_connected, paper_network
from .bridge import import_neural_tangents, neural_tangents_first_layer_kernel
from .closed_forms import SMOOTH
from .conditioning import ConditioningReport, conditioning
from .deep import DeepKernel, SphereKernel, deep_kernel
from .deep_enclosure import ntk_enclosure
from .dual import DualKernel, dual_kernel
from .enclosure import kappa_enclosure, kappa_expression
from .finite_width import SymmetricInitialisation, empirical_gram
from .geometry import PairAngles, angles, pair_angles, unit_rows
from .gram import GramMemory, gram, gram_gradient, gram_memory
from .gram_enclosure import GramEnclosure, gram_enclosure, pair_enclosure
from .gram_error import gram_error_bound
from .hermite import HermiteSeries, hermite_series
from .profile import Profile

__all__ = [
    "LINEAR",
    "SMOOTH",
    "Architecture",
    "ConditioningReport",
    "DeepKernel",
    "DualKernel",
    "GramEnclosure",
    "GramMemory",
    "HermiteSeries",
    "PairAngles",
    "Profile",
    "SphereKernel",
    "SymmetricInitialisation",
    "angles",
    "conditioning",
    "deep_kernel",
    "dual_kernel",
    "empirical_gram",
    "fully_connected",
    "gram",
    "gram_enclosure",
    "gram_error_bound",
    "gram_gradient",
    "gram_memory",
    "hermite_series",
    "import_neural_tangents",
    "kappa_enclosure",
    "kappa_expression",
    "neural_tangents_first_layer_kernel",
    "ntk_enclosure",
    "numeric",
    "pair_angles",
    "pair_enclosure",
    "paper_network",
    "unit_rows",
]
