"""Neural tangent kernels: of infinite width and any depth, their Gram matrices and geometry, and the kernel K_m of a
finite network.

On the unit sphere a kernel is a function of u = <x, z>. `dual_kernel` is the one of the first layer, kappa of the
theory, with all that certificates need of it; `deep_kernel` is that of any fully-connected network. Both are right to
a few units in the last place, near-identical points included, and come with rigorous enclosures.

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
from .empirical_ntk import empirical_ntk
from .enclosure import kappa_enclosure, kappa_expression
from .finite_network import FiniteNetwork
from .finite_width import SymmetricInitialisation, empirical_gram
from .geometry import PairAngles, angles, pair_angles, unit_rows
from .gram import GramMemory, gram, gram_gradient, gram_memory
from .gram_enclosure import GramEnclosure, gram_enclosure, pair_enclosure
from .gram_error import gram_error_bound
from .hermite import HermiteSeries, hermite_series
from .profile import Profile
from .width_concentration import entry_deviation_bound
from .width_deviation import Deviations, WidthRow, kernel_deviation, two_layer_deviation

__all__ = [
    "LINEAR",
    "SMOOTH",
    "Architecture",
    "ConditioningReport",
    "DeepKernel",
    "Deviations",
    "DualKernel",
    "FiniteNetwork",
    "GramEnclosure",
    "GramMemory",
    "HermiteSeries",
    "PairAngles",
    "Profile",
    "SphereKernel",
    "SymmetricInitialisation",
    "WidthRow",
    "angles",
    "conditioning",
    "deep_kernel",
    "dual_kernel",
    "empirical_gram",
    "empirical_ntk",
    "entry_deviation_bound",
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
    "kernel_deviation",
    "neural_tangents_first_layer_kernel",
    "ntk_enclosure",
    "numeric",
    "pair_angles",
    "pair_enclosure",
    "paper_network",
    "two_layer_deviation",
    "unit_rows",
]
