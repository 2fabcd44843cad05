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

from typing import TYPE_CHECKING, Any

from .activation_function import numeric
from .any_norm.differentiable_ntk import ntk_gradient, ntk_pair
from .any_norm.matrix import ntk_matrix
from .any_norm.variance_gradient import variance_gradient
from .architecture import LINEAR, Architecture, fully_connected, paper_network
from .blocks.conjugate_gradient import LinearSolution, conjugate_gradients
from .blocks.gram import BlockReport, gram_to_zarr
from .blocks.memory_plan import MemoryPlan
from .blocks.nystrom import NystromPreconditioner, nystrom
from .blocks.operator import GramOperator
from .blocks.spectrum import block_spectrum
from .closed_forms import SMOOTH
from .deep import DeepKernel, SphereKernel, deep_kernel
from .dual import DualKernel, dual_kernel
from .enclosure import kappa_enclosure, kappa_expression
from .finite.empirical_ntk import empirical_ntk
from .finite.finite_network import FiniteNetwork
from .finite.finite_width import SymmetricInitialisation, empirical_gram
from .finite.width_concentration import entry_deviation_bound
from .finite.width_deviation import Deviations, WidthRow, kernel_deviation, two_layer_deviation
from .geometry import PairAngles, angles, pair_angles, unit_rows
from .gram import GramMemory, gram, gram_gradient, gram_memory
from .gram_enclosure import GramEnclosure, gram_enclosure, pair_enclosure
from .gram_error import gram_error_bound
from .interfaces.bridge import import_neural_tangents, neural_tangents_first_layer_kernel
from .interfaces.jax_function import sphere_pair
from .interfaces.neural_tangents_bridge import NeuralTangentsGram, from_neural_tangents, stax_of, to_neural_tangents
from .series.hermite import HermiteSeries, hermite_series
from .spectrum.conditioning import ConditioningReport, conditioning, conditioning_bytes
from .spectrum.effective_rank import EffectiveRank
from .spectrum.operator_spectrum import EigenvalueEstimate, OperatorSpectrum, operator_spectrum
from .spectrum.troublesome_rows import RowPair, RowWeight
from .sphere.deep_enclosure import ntk_enclosure
from .sphere.profile import Profile

if TYPE_CHECKING:
    from .interfaces.scikit_learn import FunctionKernel, NeuralTangentKernel

__all__ = [
    "LINEAR",
    "SMOOTH",
    "Architecture",
    "BlockReport",
    "ConditioningReport",
    "DeepKernel",
    "Deviations",
    "DualKernel",
    "EffectiveRank",
    "EigenvalueEstimate",
    "FiniteNetwork",
    "FunctionKernel",
    "GramEnclosure",
    "GramMemory",
    "GramOperator",
    "HermiteSeries",
    "LinearSolution",
    "MemoryPlan",
    "NeuralTangentKernel",
    "NeuralTangentsGram",
    "NystromPreconditioner",
    "OperatorSpectrum",
    "PairAngles",
    "Profile",
    "RowPair",
    "RowWeight",
    "SphereKernel",
    "SymmetricInitialisation",
    "WidthRow",
    "angles",
    "block_spectrum",
    "conditioning",
    "conditioning_bytes",
    "conjugate_gradients",
    "deep_kernel",
    "dual_kernel",
    "empirical_gram",
    "empirical_ntk",
    "entry_deviation_bound",
    "from_neural_tangents",
    "fully_connected",
    "gram",
    "gram_enclosure",
    "gram_error_bound",
    "gram_gradient",
    "gram_memory",
    "gram_to_zarr",
    "hermite_series",
    "import_neural_tangents",
    "kappa_enclosure",
    "kappa_expression",
    "kernel_deviation",
    "neural_tangents_first_layer_kernel",
    "ntk_enclosure",
    "ntk_gradient",
    "ntk_matrix",
    "ntk_pair",
    "numeric",
    "nystrom",
    "operator_spectrum",
    "pair_angles",
    "pair_enclosure",
    "paper_network",
    "sphere_pair",
    "stax_of",
    "to_neural_tangents",
    "two_layer_deviation",
    "unit_rows",
    "variance_gradient",
]

_LATE = ("FunctionKernel", "NeuralTangentKernel")


def __getattr__(name: str) -> Any:
    """The classes that need scikit-learn, imported when they are first asked for."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .interfaces import scikit_learn

    return getattr(scikit_learn, name)
